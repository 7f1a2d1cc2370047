"""The site's reference lists every module of the public surface; MkDocs calls this as it builds."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from tests.docstrings import public_modules

PLACE = "EVERY PUBLIC MODULE"
TITLES = {"errors": "Errors", "estimates": "Numbers", "findings": "Verdicts", "runs": "Runs"}


def reference() -> str:
    """Write the modules by room, each to be filled in by mkdocstrings."""
    parts = []
    for room, modules in groupby(public_modules(), key=lambda name: name.split(".")[1]):
        parts += [f"## {TITLES.get(room, room.capitalize())}", *(f"::: {name}" for name in modules)]
    return "\n\n".join(parts)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the reference where a page has its place."""
    return markdown.replace(PLACE, reference())
