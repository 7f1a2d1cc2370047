"""A table as a value: written once, for a page, a notebook, a spreadsheet and for pandas.

Builders in :mod:`mmmlib.reports.tables` make tables with every column that anyone shows;
a reader is shown some of them (:meth:`Table.only`). What a column is called, its unit and
how its numbers are rounded is thus the same wherever it stands. A model's number enters
only as an :class:`~mmmlib.estimates.Estimate`; a bare ``float`` is refused.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import pandas as pd

from mmmlib.reports.cells import (
    CELLS,
    NUMBERS,
    Cell,
    Column,
    Mark,
    Value,
    mark_markdown,
    number_format,
    unit_of,
    values_of,
)
from mmmlib.reports.markup import escape

__all__ = ["Table"]

WIDEST, WIDEST_OF_MANY, NARROWEST = 46, 24, 7
"""Characters that a column's share of the width is counted with: at most, at most where
there are more than five columns, and at least."""
SENTENCE = 40
"""Letters from which a text in a notebook is set in lines of some words."""
LONG_WORD = 24
"""Letters up to which a word never breaks."""


type Columns[T] = Mapping[str | Column, Callable[[T], Cell]]
"""Columns (or just their heads), each with what it shows of a row."""


@dataclass(frozen=True)
class PlainColumn:
    """A column of plain values, as spreadsheets and data frames have it."""

    head: str
    """With the unit, and with the end of the range that it holds."""
    values: tuple[Value, ...]
    formats: tuple[str, ...]
    """How a spreadsheet shows each number; empty for what is no number."""


@dataclass(frozen=True)
class Table:
    """Rows under heads.

    Parameters
    ----------
    name
        A slug, unique in its document.
    caption
        What it shows; it or a head names the probability that its ranges hold.
    columns
        Their heads differ.
    rows
        A cell for each column. A cell that is an :class:`~mmmlib.estimates.Estimate` shows its
        range.
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
                if not isinstance(cell, CELLS):
                    raise TypeError(
                        f"table {self.name}: a cell is a {type(cell).__name__}. A model's "
                        f"number is an Estimate; what was counted or set is Observed."
                    )

    # --- which part of it

    def only(self, *heads: str, name: str = "", caption: str = "") -> Self:
        """Return the table with these columns, in this order, under a name of its own."""
        places = [self._place(head) for head in heads]
        return replace(
            self,
            name=name or self.name,
            caption=caption or self.caption,
            columns=tuple(self.columns[place] for place in places),
            rows=tuple(tuple(row[place] for place in places) for row in self.rows),
        )

    def column(self, head: str) -> tuple[Cell, ...]:
        """Return the cells under a head."""
        place = self._place(head)
        return tuple(row[place] for row in self.rows)

    def _place(self, head: str) -> int:
        heads = [column.head for column in self.columns]
        if head not in heads:
            raise KeyError(f"table {self.name} has no column {head!r}: it has {', '.join(heads)}")
        return heads.index(head)

    # --- as plain values

    def plain_columns(self) -> list[PlainColumn]:
        """Return every number as a number: an estimate fills three columns, low, median, high.

        Where the numbers of a column are not all in one unit, a column of units follows.
        """
        return [
            part
            for place, column in enumerate(self.columns)
            for part in _plain(column, [row[place] for row in self.rows])
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return the plain values as a data frame, see :meth:`plain_columns`."""
        return pd.DataFrame({part.head: list(part.values) for part in self.plain_columns()})

    # --- for readers

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        lines = [[column.title for column in self.columns], *map(self._texts, self.rows)]
        plain = "\n".join([self.caption, *map(" | ".join, lines)])
        return {"text/html": self.to_html(), "text/plain": plain}

    def _texts(self, row: tuple[Cell, ...]) -> list[str]:
        return [column.text(cell) for cell, column in zip(row, self.columns, strict=True)]

    def to_html(self) -> str:
        """Write it for a notebook: words to the left, numbers to the right, the caption on top."""
        styles = [self._style(place) for place in range(len(self.columns))]
        heads = [html.escape(column.title) for column in self.columns]
        body = [[html.escape(text) for text in self._texts(row)] for row in self.rows]
        lines = [_html_row("th", heads, styles), *(_html_row("td", row, styles) for row in body)]
        caption = html.escape(self.caption)
        return (
            f'<table>\n<caption style="text-align: left">{caption}</caption>\n'
            f"<thead>{lines[0]}</thead>\n<tbody>{''.join(lines[1:])}</tbody>\n</table>"
        )

    def to_markdown(self, *, attributes: bool = True) -> str:
        """Write it as a pipe table whose rule gives the columns' relative widths.

        Parameters
        ----------
        attributes
            Whether marks and caption are written as pandoc and Quarto read them; without, as a
            notebook does.
        """
        widest = WIDEST if len(self.columns) <= 5 else WIDEST_OF_MANY
        rules = []
        for place, column in enumerate(self.columns):
            texts = [column.title, *(column.text(row[place]) for row in self.rows)]
            dashes = "-" * min(max(NARROWEST, *map(_room, texts)), widest)
            rules.append(f"{dashes}:" if self._is_right(place) else f":{dashes}")
        rows = [
            [_markdown(*pair, attributes) for pair in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]
        heads = [escape(column.title) for column in self.columns]
        lines = [_markdown_row(heads), f"|{'|'.join(rules)}|", *map(_markdown_row, rows)]
        caption = escape(self.caption)
        foot = f": {caption}" if attributes else f"*{caption}*"
        return "\n".join(lines) + f"\n\n{foot}"

    def _is_right(self, place: int) -> bool:
        return any(isinstance(row[place], NUMBERS) for row in self.rows)

    def _style(self, place: int) -> str:
        """Keep sentences from becoming columns of single words, and words those of letters.

        Only a word that is longer than any of a language may break: a campaign's raw name.
        """
        column = self.columns[place]
        cells = [row[place] for row in self.rows]
        style = "vertical-align: top; font-variant-numeric: tabular-nums"
        if self._is_right(place):
            return f"text-align: right; {style}"
        if any(isinstance(cell, Mark) for cell in cells):
            return f"text-align: left; white-space: nowrap; {style}"
        texts = [column.title, *map(column.text, cells)]
        word = min(max(len(word) for text in texts for word in text.split()), LONG_WORD)
        room = "13em" if max(map(len, texts)) > SENTENCE else f"{word}ch"
        return f"text-align: left; min-width: {room}; overflow-wrap: anywhere; {style}"


def tabulate[T](name: str, caption: str, items: Iterable[T], columns: Columns[T]) -> Table:
    """Return a table with a row for each item, read off it by the columns."""
    heads = tuple(one if isinstance(one, Column) else Column(one) for one in columns)
    rows = tuple(tuple(cell(item) for cell in columns.values()) for item in items)
    return Table(name, caption, heads, rows)


def stacked(head: str, parts: Iterable[tuple[str, Table]]) -> Table:
    """Return one table of several with the same heads (else ValueError); each row begins with its part's name.

    A unit stays in a head only where it is every part's.
    """
    pairs = list(parts)
    tables = [table for _, table in pairs]
    if not tables:
        return Table("empty", "", (Column(head),), ())
    heads = [[column.head for column in table.columns] for table in tables]
    if any(one != heads[0] for one in heads):
        raise ValueError(f"table {tables[0].name}: its parts have different columns: {heads}")
    columns = [
        one[0] if len(set(one)) == 1 else Column(one[0].head, longest=one[0].longest)
        for one in zip(*(table.columns for table in tables), strict=True)
    ]
    rows = tuple((part, *row) for part, table in pairs for row in table.rows)
    return Table(tables[0].name, tables[0].caption, (Column(head), *columns), rows)


# --- how cells are written -------------------------------------------------------------


def _markdown(cell: Cell, column: Column, attributes: bool) -> str:
    if isinstance(cell, Mark):
        return mark_markdown(cell, attributes=attributes)
    return escape(column.text(cell))


def _markdown_row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _html_row(tag: str, cells: list[str], styles: list[str]) -> str:
    inner = (
        f'<{tag} style="{style}">{cell}</{tag}>' for cell, style in zip(cells, styles, strict=True)
    )
    return f"<tr>{''.join(inner)}</tr>\n"


def _room(text: str) -> int:
    """Count what a column needs: half of a long text, since words wrap and numbers do not."""
    words = re.split(r"[ -]", text)
    return max(max(map(len, words)) + 2, len(text) // 2 if len(text) > 28 else len(text))


def _plain(column: Column, cells: list[Cell]) -> list[PlainColumn]:
    found = [values_of(cell) for cell in cells]
    ends = list(dict.fromkeys(end for one in found for end in one)) or [""]
    if len(ends) > 1 and "" in ends:
        ends.remove("")  # a word that stands where others have a range
    units = [unit_of(cell) for cell in cells]
    different = {unit for unit in units if unit is not None}
    mixed = len(different) > 1
    unit = "" if mixed else column.unit or next(iter(different - {"share"}), "")
    title = f"{column.head} ({unit})" if unit else column.head
    formats = tuple(map(number_format, cells))
    parts = [
        PlainColumn(
            f"{title}: {end}" if end else title, tuple(one.get(end) for one in found), formats
        )
        for end in ends
    ]
    if mixed:
        parts.append(PlainColumn(f"{column.head}: unit", tuple(units), ("",) * len(units)))
    return parts
