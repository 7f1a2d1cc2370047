"""Events that a column tells of: rows of 1 where it reads so, and of 0 where it does not."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import isnan
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.truth import as_number, column_reads
from mmmlib.data.naming.declared_series import event_series
from mmmlib.data.naming.layout_cells import day_of, region_of
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir


def marks_by_column(
    table: ir.Table, source: Source, events: Iterable[tuple[str, str]]
) -> ir.Table | None:
    """Mark the rows of a wide source in which a column reads a text; see :mod:`mmmlib.data.contract.truth`.

    Parameters
    ----------
    events
        Columns and texts; those of columns that are not there are left out.

    Returns
    -------
    ibis.expr.types.Table or None
        ``date``, ``region``, ``series`` (see :func:`mmmlib.data.naming.declared_series.event_series`) and
        ``value`` (1 or 0); None without an event.
    """
    return _stacked(
        table.select(
            date=day_of(table[source.date]),
            region=region_of(table, source),
            series=_text(event_series(column, text)),
            value=column_reads(table[column], text).fill_null(False).cast("float64"),
        )
        for column, text in events
        if column in table.columns
    )


def marks_by_series(rows: ir.Table, events: Iterable[tuple[str, str]]) -> ir.Table | None:
    """Mark the rows of series whose value is the number that tells of an event.

    Parameters
    ----------
    rows
        ``date``, ``region``, ``series``, ``value``.
    events
        Series and texts; those of which the text is no number are left out.

    Returns
    -------
    ibis.expr.types.Table or None
        As of :func:`marks_by_column`.
    """
    numbers = ((column, text, as_number(text)) for column, text in events)
    return _stacked(
        rows.filter(rows.series == column).select(
            date="date",
            region="region",
            series=_text(event_series(column, text)),
            value=lambda t, number=number: (_level(t) == number).fill_null(False).cast("float64"),
        )
        for column, text, number in numbers
        if not isnan(number)
    )


def _level(rows: Any) -> Any:
    """What a row's number says, also where it is the sum of several."""
    return rows.value / rows.told if "told" in rows.columns else rows.value


def _text(value: str) -> Any:
    import ibis

    return ibis.literal(value, type="string")


def _stacked(parts: Iterable[ir.Table]) -> ir.Table | None:
    tables = list(parts)
    return reduce(lambda one, other: one.union(other), tables) if tables else None
