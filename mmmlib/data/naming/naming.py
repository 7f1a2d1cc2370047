"""A source's rows under the names of series: by its layout, and by the taxonomy if it has one.

Where the parameters say that a column marks an event, its rows become a series of their own: 1
where it reads the declared text, and 0 where it does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from math import isnan
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.contract.column_types import DELIVERED, as_number, column_reads
from mmmlib.data.contract.layout_columns import day_of, numbers_of, region_of, row_number, text_of
from mmmlib.data.contract.number_forms import NUMBER
from mmmlib.data.naming.declared_series import event_series
from mmmlib.data.naming.layouts import apply_layout, name_of
from mmmlib.data.naming.taxonomy import NAMES, Mapping, Taxonomy, apply_mapping, map_names
from mmmlib.data.read.relations import ROW
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Naming:
    """How the rows of a source got their names.

    Parameters
    ----------
    source
        The source's name in the parameters.
    rows
        ``date``, ``region``, ``series``, ``value``: what is summed to weeks. With a taxonomy
        ``parts`` too: how many rows with a value each stands for.
    tidy
        The same rows under their raw names, see
        :func:`mmmlib.data.naming.layouts.apply_layout`.
    names
        The distinct raw names, columns :data:`~mmmlib.data.naming.taxonomy.NAMES`; None
        without a taxonomy.
    mapping
        What they are; None without a taxonomy.
    """

    source: str
    rows: ir.Table
    tidy: ir.Table
    names: pd.DataFrame | None = None
    mapping: Mapping | None = None


def name_rows(
    table: ir.Table,
    name: str,
    source: Source,
    taxonomy: Taxonomy | None,
    variables: Collection[str] | None = None,
    events: Collection[tuple[str, str]] = (),
) -> Naming:
    """Bring a delivery to rows of named series.

    Parameters
    ----------
    table
        As delivered.
    name, source
        The source's name, and what the parameters say of it.
    taxonomy
        Needed where ``source.taxonomy`` is set.
    variables
        Keep only these variables, see :func:`mmmlib.data.naming.layouts.apply_layout`.
    events
        Columns or series, and the text by which they tell of an event.

    """
    import ibis

    marks = None
    if source.layout == "wide":
        marks = marks_by_column(table, source, events)
        if not numbers_of(source, table.columns, variables):
            marks = nothing(table, source) if marks is None else marks
            return Naming(name, marks, marks.rename(name="series").mutate(variable=text_of("")))
    tidy = apply_layout(table, source, variables)
    names, mapping = None, None
    if source.taxonomy:
        if taxonomy is None:
            raise ValueError(f"{name}: a taxonomy is declared, and none was given")
        names = distinct_names(tidy, name)
        mapping = map_names(taxonomy, names)
        rows = apply_mapping(tidy, mapping, name, taxonomy.regions)
    else:
        rows = name_series(tidy, source)
    if source.layout == "long" and not source.taxonomy:
        marks = marks_by_name(table, source, events)
    elif source.layout != "wide":
        marks = marks_by_series(rows, events)
    if marks is not None:
        if "parts" in rows.columns:
            marks = marks.mutate(parts=ibis.literal(1, type=rows.parts.type()))
        rows = rows.union(marks.select(rows.columns))
    return Naming(name, rows, tidy, names, mapping)


def distinct_names(tidy: ir.Table, source: str) -> pd.DataFrame:
    """Read the distinct raw names of a source, by spend, the largest first."""
    # By way of Arrow: a table of names is small, and its types stay what they are.
    found = pd.DataFrame(raw_names(tidy).to_pyarrow().to_pydict())
    found = found.assign(source=source).sort_values(["spend", "name"], ascending=[False, True])
    return found[list(NAMES)].reset_index(drop=True)


# --- names of series ------------------------------------------------------------------------


def series_name(channel: str, variable: str = "", motion: str = "") -> str:
    """Name of a series: ``search.spend``, ``opportunities.sales_assisted``, ``price_index``.

    >>> series_name("search", "spend"), series_name("", "bookings", "sales_assisted")
    ('search.spend', 'bookings.sales_assisted')
    """
    return ".".join(part for part in (channel, variable, motion) if part)


def name_series(tidy: ir.Table, source: Source) -> ir.Table:
    """Name the series of a source that has no taxonomy by its raw names.

    Returns
    -------
    ibis.expr.types.Table
        ``date``, ``region``, ``series``, ``value``.
    """
    import ibis

    # Outcomes of a CRM export are named as models are: the outcome, then the motion.
    first, then = ("variable", "name") if source.layout == "crm_pipeline" else ("name", "variable")
    one, two = tidy[first], tidy[then]
    series = ibis.cases((one == "", two), (two == "", one), else_=one + "." + two)
    row = [ROW] if ROW in tidy.columns else []
    return tidy.select("date", "region", *row, series=series, value="value")


def raw_names(tidy: ir.Table) -> ir.Table:
    """Sum a source up to its distinct raw names: what the taxonomy has to map.

    Returns
    -------
    ibis.expr.types.Table
        ``name``, ``first`` and ``last`` day, ``rows`` and ``spend`` (the sum of the variable of
        that name, or of the values where there is no variable; else zero).
    """
    import ibis

    money = tidy.variable.isin(["spend", ""])
    spend = ibis.cases((money, tidy.value.fill_null(0.0)), else_=0.0)
    return tidy.group_by("name").aggregate(
        first=tidy.date.min(), last=tidy.date.max(), rows=tidy.count(), spend=spend.sum()
    )


# --- events ---------------------------------------------------------------------------------


def marks_by_column(
    table: ir.Table, source: Source, events: Iterable[tuple[str, str]]
) -> ir.Table | None:
    """Mark the rows of a wide source in which a column reads a text; see :mod:`mmmlib.data.contract.column_types`.

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
            series=text_of(event_series(column, text)),
            value=column_reads(table[column], text).fill_null(False).cast("float64"),
            **row_number(table, source),
        )
        for column, text in events
        if column in table.columns
    )


def nothing(table: ir.Table, source: Source) -> ir.Table:
    """Return rows of no series, of a source of which the parameters name no column."""
    return table.limit(0).select(
        date=day_of(table[source.date]),
        region=region_of(table, source),
        series=text_of(""),
        value=0.0,
    )


def marks_by_name(
    table: ir.Table, source: Source, events: Iterable[tuple[str, str]]
) -> ir.Table | None:
    """Mark the rows of a long source in which a series reads a text, as it was delivered.

    Parameters
    ----------
    table
        With the value as delivered in :data:`DELIVERED`.
    events
        Series and texts; those of which a column of numbers could never read the text are left
        out.
    """
    value, series = table[DELIVERED], name_of(table, (str(source.name),))

    def never(column: str, text: str) -> bool:
        """Say that a series holds numbers only, and the text is none."""
        if not isnan(as_number(text)):
            return False
        if not value.type().is_string():
            return True
        is_text = ~value.strip().re_search(rf"^(?:{NUMBER})?$")
        found = table.filter((series == column) & is_text.fill_null(False)).limit(1).count()
        return not found.to_pyarrow().as_py()

    return _stacked(
        table.filter(series == column).select(
            date=day_of(table[source.date]),
            region=region_of(table, source),
            series=text_of(event_series(column, text)),
            value=column_reads(value, text).fill_null(False).cast("float64"),
            **row_number(table, source),
        )
        for column, text in events
        if not never(column, text)
    )


def marks_by_series(rows: ir.Table, events: Iterable[tuple[str, str]]) -> ir.Table | None:
    """Mark the rows of series whose value is the number that marks an event.

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
            series=text_of(event_series(column, text)),
            value=lambda t, number=number: (_level(t) == number).fill_null(False).cast("float64"),
        )
        for column, text, number in numbers
        if not isnan(number)
    )


def _level(rows: Any) -> Any:
    """What a row's number says, also where it is the sum of several."""
    return rows.value / rows.parts if "parts" in rows.columns else rows.value


def _stacked(parts: Iterable[ir.Table]) -> ir.Table | None:
    tables = list(parts)
    return reduce(lambda one, other: one.union(other), tables) if tables else None
