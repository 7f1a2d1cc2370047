"""What a section of a report is made of, as values.

A section returns blocks; :mod:`mmmlib.reports.show` writes them. A notebook shows one that
stands at the end of a cell. Texts in blocks are plain: escaping happens once, when they
are written.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmmlib.findings import Level
from mmmlib.reports.cells import Mark, mark_markdown
from mmmlib.reports.markup import escape
from mmmlib.reports.style import LABEL_SYMBOLS, LEVEL_SYMBOLS, LEVEL_WORDS, svg_bytes
from mmmlib.reports.table import Table
from mmmlib.scenarios.pack import Label

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """A figure. ``name`` is a slug, unique in its document.

    ``draw`` draws it as many inches wide as it is told, by the keyword ``width``, or in the
    width of a page: a phone gets a drawing of its own. ``caption`` says what is drawn and how
    to read it; ``alt`` says what the figure says, for those who do not see it.
    """

    name: str
    draw: Callable[..., Figure]
    caption: str
    alt: str

    def __post_init__(self) -> None:
        if len(self.alt.split()) < 5:
            raise ValueError(f"figure {self.name}: its alternative text must say what it says")

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/markdown": self.to_markdown(), "text/plain": self.alt}

    def to_markdown(self) -> str:
        """Write it for an open notebook: the figure inside the text, its caption below."""
        data = base64.b64encode(svg_bytes(self.draw())).decode()
        return (
            f"![{escape(self.alt)}](data:image/svg+xml;base64,{data})\n\n*{escape(self.caption)}*"
        )


@dataclass(frozen=True)
class Prose:
    """A paragraph: a lead in bold, the text, and a label at its end; each may be missing."""

    text: str
    lead: str = ""
    mark: Mark | None = None

    def to_markdown(self, *, attributes: bool = True) -> str:
        """Write it for pandoc and Quarto; without attributes, for a notebook."""
        parts = []
        if self.lead:
            parts.append(f"**{escape(self.lead)}**")
        if self.text:
            parts.append(escape(self.text))
        if self.mark is not None:
            parts.append(mark_markdown(self.mark, attributes=attributes))
        return " ".join(parts)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        plain = f"{self.lead} {self.text}".strip()
        return {"text/markdown": self.to_markdown(attributes=False), "text/plain": plain}


@dataclass(frozen=True)
class Bullets:
    """A list of short paragraphs."""

    items: tuple[Prose, ...]


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    level: int = 3


@dataclass(frozen=True)
class Together:
    """Blocks that one printed page holds: a plan, for instance."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Folded:
    """Blocks that are folded away behind a title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Statements:
    """The statements that are the document's answer."""

    items: tuple[Prose, ...]


type Block = Prose | Bullets | Statements | Heading | Table | Picture | Folded | Together


def label_mark(label: Label) -> Mark:
    """Return the mark of a label: safe to act on, needs review, do not infer (O8)."""
    kinds = {
        Label.SAFE: "label safe",
        Label.REVIEW: "label review",
        Label.DO_NOT_INFER: "label never",
    }
    return Mark(LABEL_SYMBOLS[label], label.value, kinds[label])


def level_mark(level: Level) -> Mark:
    """Return the mark of a level: Block, Warn, Info."""
    return Mark(LEVEL_SYMBOLS[level], LEVEL_WORDS[level], f"level {level.value}")
