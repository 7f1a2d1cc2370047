"""The notebooks follow the fixed format."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from mmmlib.reports.documents import DOCUMENTS
from mmmlib.reports.format import format_version, formats, section_format
from mmmlib.reports.sections import health_panel
from mmmlib.reports.words import figures

REPORTS = Path(__file__).parents[2] / "reports"


def test_every_document_has_its_sections_in_reading_order() -> None:
    assert list(formats()) == [document.name for document in DOCUMENTS]
    assert format_version() >= 1


@pytest.mark.parametrize("document", formats())
def test_a_notebook_shows_its_sections_in_the_order_of_the_format(document: str) -> None:
    notebook = nbformat.read(REPORTS / f"{document}.ipynb", as_version=4)
    shown = [
        match[1]
        for cell in notebook.cells
        if (match := re.fullmatch(rf"show\(results, {document}\.(\w+)\)", cell.source))
    ]
    assert shown == [form.name for form in formats()[document]]
    # Title, parameters, opening; then one section a cell and nothing else.
    assert len(notebook.cells) == 3 + len(shown)


def test_a_section_finds_its_heading() -> None:
    assert section_format(health_panel.fit).heading == "Actual against fitted"
    assert section_format(health_panel.fit).document == "health_panel"


def test_what_is_not_a_section_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\w+ is not a section of format.toml"):
        section_format(figures.fit_words)
