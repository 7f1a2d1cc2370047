"""Write whole documents as an executed notebook would, without a kernel."""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

from mmmlib.reports.blocks import Picture
from mmmlib.reports.format import formats
from mmmlib.reports.markup import escape
from mmmlib.reports.results import Results
from mmmlib.reports.show import Section, section_markdown


def section(document: str, name: str) -> Section:
    """A section's function."""
    module = importlib.import_module(f"mmmlib.reports.sections.{document}")
    made: Section = getattr(module, name)
    return made


def undrawn(picture: Picture) -> str:
    """A picture's texts, as an open notebook has them."""
    return f"![{escape(picture.alt)}](data:image/svg+xml;base64,)\n\n*{escape(picture.caption)}*"


def write_document(results: Results, document: str, folder: Path | None) -> str:
    """A document's Markdown; figures go to ``folder``, and are not drawn where there is none."""
    with nullcontext() if folder else patch.object(Picture, "to_markdown", undrawn):
        parts = [
            section_markdown(results, section(document, form.name), folder)
            for form in formats()[document]
        ]
    return "\n".join(part for part in parts if part)
