"""What both renderers work from: the pages, and the project with its templates."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mmmlib.errors import MMMError
from mmmlib.provenance import workbook_folder
from mmmlib.reports.fonts import FONT_FILES, font_folder, fonts_for

RECORD = "rendering.json"
FONTS = "fonts"
"""Folder of the PDF's fonts, beside its text."""


class RenderRecord(BaseModel):
    """How the pack of a run was made; ``rendering.json``."""

    renderer: str
    notes: tuple[str, ...] = ()
    """What the reader of the pack should know: a renderer that failed, labels shown as boxes."""


class RenderError(MMMError):
    """The renderer failed; the run keeps the pack that it had."""


@dataclass(frozen=True)
class PageSource:
    """One file to render: Markdown, and the variables of its template."""

    name: str
    markdown: str
    variables: dict[str, Any]


@dataclass(frozen=True)
class Work:
    """Everything that a renderer needs."""

    pages: tuple[PageSource, ...]
    """HTML pages, the front page first."""
    prints: tuple[PageSource, ...]
    """PDF files, the pack first."""
    figures: Path
    """Folder of the figures, may be missing where no document has one."""
    created: int
    """Seconds since 1970; the time that files say they were made."""

    @property
    def names(self) -> list[str]:
        """Names of its files, in reading order."""
        pages, prints = (
            (f"{one.name}.html" for one in self.pages),
            (f"{one.name}.pdf" for one in self.prints),
        )
        return [*pages, *prints]


def printed_texts(work: Work) -> list[str]:
    """Everything that figures and PDF write; a figure's words are in its caption and alt text."""
    values = work.prints[0].variables.values()
    lists = ([value] if isinstance(value, str) else value for value in values)
    bodies = [source.markdown for source in work.prints]
    return [*bodies, *(text for one in lists if isinstance(one, list) for text in one)]


def copy_fonts(work: Work, folder: Path) -> None:
    """Copy the fonts that the PDF needs into a folder of their own: no other fonts are used."""
    folder.mkdir()
    more = (str(font.fname) for font in fonts_for(printed_texts(work)))
    for file in (*(str(font_folder() / name) for name in FONT_FILES), *more):
        shutil.copy(file, folder)


def templates() -> Path:
    """Return the folder of the pack's templates, filter and stylesheet."""
    return workbook_folder() / "reports"


@cache
def quarto_project() -> dict[str, Any]:
    """Read ``_quarto.yml``: the reader's options are written there once for both renderers."""
    from ruamel.yaml import YAML

    content: dict[str, Any] = YAML(typ="safe").load(
        (workbook_folder() / "_quarto.yml").read_text(encoding="utf-8")
    )
    return content
