"""Write whole documents as an executed notebook would, without a kernel."""

from __future__ import annotations

import importlib
from pathlib import Path

from mmmlib.reports.format import formats
from mmmlib.reports.results import Results
from mmmlib.reports.show import Section, section_markdown


def section(document: str, name: str) -> Section:
    """A section's function."""
    module = importlib.import_module(f"mmmlib.reports.sections.{document}")
    made: Section = getattr(module, name)
    return made


def write_document(results: Results, document: str, folder: Path | None) -> str:
    """A document's Markdown; figures go to ``folder``."""
    parts = [
        section_markdown(results, section(document, form.name), folder)
        for form in formats()[document]
    ]
    return "\n".join(part for part in parts if part)
