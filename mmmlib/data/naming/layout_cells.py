"""How layouts read the cells of a row: its day, its region, its name, its number."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from mmmlib.data.panel.panel import NATIONAL
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

NO_NAME = "(no name)"
"""Raw name of rows that come without one: they are listed, not lost."""
SEPARATOR = " | "
"""Stands between the parts of a name that is made of several columns."""


def text_of(value: str) -> Any:
    """The same text in every row."""
    import ibis

    return ibis.literal(value, type="string")


def region_of(table: ir.Table, source: Source) -> Any:
    """Read the region of every row; ``national`` where the source has none."""
    column = source.region_column
    if column is None or column not in table.columns:
        return text_of(NATIONAL)
    return region_text(table[column])


def region_text(column: Any) -> Any:
    """Read a cell as the name of a region; empty where there is none."""
    return column.cast("string").strip().fill_null("")


def name_of(table: ir.Table, columns: Collection[str]) -> Any:
    """Join the texts of columns; where nothing is left the row says so."""
    import ibis

    if len(columns) == 1:
        (only,) = columns
        return table[only].cast("string").strip().nullif("").fill_null(NO_NAME)
    parts = [table[name].cast("string").strip().fill_null("") for name in columns]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + SEPARATOR + part
    empty = parts[0] == ""
    for part in parts[1:]:
        empty = empty & (part == "")
    return ibis.cases((empty, text_of(NO_NAME)), else_=joined)


def slug_of(column: Any) -> Any:
    """Write ``Media Cost`` as ``media_cost``."""
    plain = column.cast("string").strip().lower().re_replace(r"[^a-z0-9]+", "_")
    return plain.fill_null("")


def slug(text: str) -> str:
    """Write a variable's name as the layouts do.

    >>> slug(" Media Cost ")
    'media_cost'
    """
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower())


def number_of(column: Any, source: Source) -> Any:
    """Read a column as numbers; what is none is null, as the source's own words for missing."""
    kind = column.type()
    if kind.is_string():
        text = column.strip()
        for word in ("", *source.missing):
            text = text.nullif(word)
        return text.try_cast("float64")
    return column.cast("float64")


def day_of(column: Any) -> Any:
    """Read a column as days."""
    kind = column.type()
    if kind.is_date():
        return column
    if kind.is_timestamp():
        return column.date()
    return column.cast("string").strip().left(10).try_cast("date")
