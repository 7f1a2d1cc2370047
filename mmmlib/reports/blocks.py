"""What a section of a report is made of, as values.

A section returns blocks; :mod:`mmmlib.reports.show` writes them. Texts in blocks are
plain: escaping happens once, when they are written. A model's number enters a table
only as an :class:`~mmmlib.estimates.Estimate`; a bare ``float`` is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mmmlib.estimates import Estimate, format_number
from mmmlib.findings import Level
from mmmlib.reports.numbers import chance_text
from mmmlib.reports.style import LABEL_SYMBOLS, LEVEL_SYMBOLS, LEVEL_WORDS
from mmmlib.scenarios.pack import Label

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Observed:
    """A number that was counted, paid or set, not modelled: it needs no range."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        return format_number(self.value, self.unit)


@dataclass(frozen=True)
class Chance:
    """A probability: in itself a statement of how uncertain something is."""

    probability: float

    def __str__(self) -> str:
        return chance_text(self.probability)


@dataclass(frozen=True)
class Mark:
    """A symbol with its word, coloured where there is colour.

    ``kind`` is the class of the colour: ``label safe``, ``label review``, ``label never``,
    ``level block``, ``level warn``, ``level info``.
    """

    symbol: str
    word: str
    kind: str

    def __str__(self) -> str:
        return f"{self.symbol} {self.word}"


type Cell = str | Estimate | Observed | Chance | Mark


@dataclass(frozen=True)
class Column:
    """Head of a column; numbers stand right.

    ``unit`` is what the head says already: cells in it are written without.
    """

    head: str
    align: Literal["left", "right"] = "left"
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under heads. ``name`` is a slug, unique in its document.

    A cell that is an :class:`Estimate` shows its range; the caption or the column's
    head names the probability.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.name}: a row has {len(row)} cells, "
                    f"the table {len(self.columns)} columns"
                )
            for cell in row:
                if not isinstance(cell, str | Estimate | Observed | Chance | Mark):
                    raise TypeError(
                        f"table {self.name}: a cell is a {type(cell).__name__}. A model's "
                        f"number is an Estimate; what was counted or set is Observed."
                    )


@dataclass(frozen=True)
class Picture:
    """A figure. ``name`` is a slug, unique in its document.

    ``caption`` says what is drawn and how to read it; ``alt`` says what the figure says,
    for those who do not see it.
    """

    name: str
    figure: Figure
    caption: str
    alt: str

    def __post_init__(self) -> None:
        if len(self.alt.split()) < 5:
            raise ValueError(f"figure {self.name}: its alternative text must say what it says")


@dataclass(frozen=True)
class Prose:
    """A paragraph: a lead in bold, the text, and a label at its end; each may be missing."""

    text: str
    lead: str = ""
    mark: Mark | None = None


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
class Folded:
    """Blocks that are folded away behind a title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Statements:
    """The three to five statements that are the document's answer."""

    items: tuple[Prose, ...]


type Block = Prose | Bullets | Statements | Heading | Table | Picture | Folded


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
