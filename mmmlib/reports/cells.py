"""What stands in a table: kinds of cells, and how each is written and counted on.

A model's number is an :class:`~mmmlib.estimates.Estimate`; what was counted, paid or set is
:class:`Observed`. Each is written in one way, wherever it stands.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from mmmlib.estimates import Estimate, decimals, format_change, format_number, format_range
from mmmlib.phrases import date_text
from mmmlib.reports.markup import escape, plain
from mmmlib.scenarios.labels import probability_text

NOTHING = "–"
SMALLEST = 6
"""Decimals up to which a spreadsheet shows a number as it is; a smaller one by its exponent."""


@dataclass(frozen=True)
class Observed:
    """A number that was counted, paid or set, not modelled: it needs no range."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        return format_number(self.value, self.unit)


@dataclass(frozen=True)
class Change:
    """A difference that is shown with its sign."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        return format_change(self.value, self.unit)


@dataclass(frozen=True)
class Chance:
    """A probability: in itself a statement of how uncertain something is."""

    probability: float

    def __str__(self) -> str:
        return probability_text(self.probability)


def observed(value: float | None, unit: str = "") -> Observed | None:
    """Show what was counted, paid or set; nothing where it is not known."""
    return None if value is None else Observed(value, unit)


def chance(value: float | None) -> Chance | None:
    """Show a probability; nothing where it is not known."""
    return None if value is None else Chance(value)


@dataclass(frozen=True)
class Places:
    """A place among others before and now."""

    before: int
    now: int

    def __str__(self) -> str:
        return f"{self.before} → {self.now}"


@dataclass(frozen=True)
class Days:
    """First and last day of something."""

    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        first, last = date_text(self.first), date_text(self.last)
        return first if first == last else f"{first} to {last}"


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


type Cell = str | dt.date | Estimate | Observed | Change | Chance | Places | Days | Mark | None
type Value = str | float | dt.date | None

NUMBERS = (Estimate, Observed, Change, Chance, Places)
CELLS = (str, type(None), dt.date, *NUMBERS, Days, Mark)


@dataclass(frozen=True)
class Column:
    """Head of a column."""

    head: str
    """What it is called, without the unit."""
    unit: str = ""
    """Stands in the head, so that numbers in it are written without."""
    longest: int | None = None
    """Letters after which a reader sees a text cut off."""

    @property
    def title(self) -> str:
        """Head and unit: "Spend (USD)"."""
        return f"{self.head} ({self.unit})" if self.unit else self.head

    def text(self, cell: Cell) -> str:
        """Write a cell for a reader."""
        if cell is None:
            return NOTHING
        if isinstance(cell, dt.date):
            return date_text(cell)
        if isinstance(cell, Estimate | Observed) and self.unit and cell.unit == self.unit:
            bare = "" if self.unit != "share" else self.unit
            if isinstance(cell, Estimate):
                return format_range(cell.low, cell.high, bare)
            return format_number(cell.value, bare)
        text = cell.text(mass=False) if isinstance(cell, Estimate) else plain(str(cell))
        if self.longest is not None and len(text) > self.longest:
            return f"{text[: self.longest - 1]}…"
        return text


def mark_markdown(mark: Mark, *, attributes: bool) -> str:
    """Write a mark: with its colour's class for pandoc and Quarto, or bold."""
    if not attributes:
        return f"**{escape(str(mark))}**"
    classes = " ".join(f".{kind}" for kind in mark.kind.split())
    return f"[{escape(str(mark))}]{{{classes}}}"


def values_of(cell: Cell) -> dict[str, Value]:
    """Return the plain values of a cell by the end of the range that each is."""
    match cell:
        case Estimate():
            return {"low": cell.low, "median": cell.median, "high": cell.high}
        case Observed() | Change():
            return {"": cell.value}
        case Chance():
            return {"": cell.probability}
        case Places():
            return {"before": cell.before, "now": cell.now}
        case Days():
            return {"first": cell.first, "last": cell.last}
        case Mark():
            return {"": cell.word}
    return {"": cell} if cell is not None else {}


def unit_of(cell: Cell) -> str | None:
    """Return the unit of a number; None for what has none."""
    return cell.unit if isinstance(cell, Estimate | Observed | Change) else None


def number_format(cell: Cell) -> str:
    """Return how a spreadsheet shows a number: with as many digits as a page; empty for a word."""
    numbers = [value for value in values_of(cell).values() if isinstance(value, int | float)]
    if not numbers or not all(map(math.isfinite, numbers)):
        return ""
    share = isinstance(cell, Chance) or unit_of(cell) == "share"
    whole = not share and all(value == round(value) for value in numbers)
    largest = max(map(abs, numbers)) * (100 if share else 1)
    places = 0 if whole or isinstance(cell, Chance) else decimals(largest)
    if places > SMALLEST:
        return "0.00E+00"
    return f"#,##0{'.' if places else ''}{'0' * places}{'%' if share else ''}"
