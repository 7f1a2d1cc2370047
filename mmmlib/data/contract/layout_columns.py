"""What a layout takes the columns of a source for: its days, regions, names and numbers."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

NATIONAL = "national"
"""Region of the rows of a source that has no column of regions."""


def dates_of(source: Source) -> list[str]:
    """List the columns that the layout of a source reads as days."""
    if source.layout == "crm_pipeline":
        return [source.column("created"), source.column("closed")]
    return [source.date_column]


def numbers_of(
    source: Source, columns: Collection[str], variables: Collection[str] | None
) -> list[str]:
    """List the columns that the layout of a source reads as numbers."""
    if source.layout == "wide":
        taken = {source.date, source.region, source.currency_column}
        return [
            name
            for name in columns
            if name not in taken
            and not name.startswith("_")
            and (variables is None or name in variables)
        ]
    if source.layout == "long":
        return [str(source.value)]
    words = {
        "master_flat_file": ("value",),
        "ad_platform": ("spend", "impressions", "clicks", "conversions"),
        "crm_pipeline": ("amount",),
    }
    return [source.column(word) for word in words[source.layout]]


def texts_of(source: Source) -> list[str]:
    """List the columns that the layout of a source reads as names, also where they are digits."""
    words = {
        "master_flat_file": ("product", "campaign", "variable"),
        "ad_platform": ("campaign", "ad_group"),
        "crm_pipeline": ("opportunity", "stage", "motion"),
    }
    named = [source.column(word) for word in words.get(source.layout, ())]
    others = [source.name, source.region_column, source.currency_column]
    return [*named, *source.name_from, *(name for name in others if name is not None)]


def day_of(column: Any) -> Any:
    """Read a column as days."""
    kind = column.type()
    if kind.is_date():
        return column
    if kind.is_timestamp():
        return column.date()
    return column.cast("string").strip().left(10).try_cast("date")


def region_of(table: ir.Table, source: Source) -> Any:
    """Read the region of every row; ``national`` where the source has none."""
    column = source.region_column
    if column is None or column not in table.columns:
        return text_of(NATIONAL)
    return region_text(table[column])


def region_text(column: Any) -> Any:
    """Read a cell as the name of a region; empty where there is none."""
    return column.cast("string").strip().fill_null("")


def is_won(table: ir.Table, source: Source) -> Any:
    """Say of every opportunity of a CRM export whether it was won."""
    stage = table[source.column("stage")].cast("string").strip()
    return stage.isin(list(source.won)).fill_null(False)


def text_of(value: str) -> Any:
    """The same text in every row."""
    import ibis

    return ibis.literal(value, type="string")


def slug(text: str) -> str:
    """Write a variable's name as the layouts do.

    >>> slug(" Media Cost ")
    'media_cost'
    """
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower())
