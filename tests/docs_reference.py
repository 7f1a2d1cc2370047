"""What the site has by itself: every page, and every public module. MkDocs calls this as it builds."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
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


def on_page_content(html: str, **_: Any) -> str:
    """Leave out the roles of references in docstrings, which Markdown takes for text."""
    return re.sub(r":(?:class|func|meth|mod|attr|data):<code>~?", "<code>", html)


def on_config(config: Any) -> Any:
    """Add the pages that the navigation does not name, so that none is left out."""
    named = str(config["nav"])
    pages = sorted(path.name for path in Path(config["docs_dir"]).glob("*.md"))
    if more := [page for page in pages if f"'{page}'" not in named]:
        config["nav"] = [*config["nav"], {"More": more}]
    return config
