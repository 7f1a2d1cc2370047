"""A source's rows under the names of series: by its layout, and by the taxonomy if it has one.

An expression goes in and an expression comes out, so that nothing is read before the rows are
summed to weeks, wherever they lie. Every layout ends as the same table: ``date``, ``region``,
``name`` (raw: a column, a series, a campaign, a sales motion), ``variable`` (``spend``,
``opportunities``; empty where the name says it all) and ``value``.

Where the parameters say that a column marks an event, its rows become a series of their own: 1
where it reads the declared text, and 0 where it does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from math import isnan
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.contract.contracts import DELIVERED
from mmmlib.data.contract.declared_series import event_series
from mmmlib.data.contract.forms import NUMBER, as_number, column_reads, number_text
from mmmlib.data.contract.layout_columns import (
    cell_text,
    day_of,
    is_won,
    numbers_of,
    region_of,
    row_number,
    text_of,
)
from mmmlib.data.naming.taxonomy import NAMES, Mapping, Taxonomy, apply_mapping, map_names
from mmmlib.data.read.relations import ROW
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

NO_NAME = "(no name)"
"""Raw name of rows that come without one: they are listed, not lost."""
SEPARATOR = " | "
"""Stands between the parts of a name that is made of several columns."""
METRICS = ("spend", "impressions", "clicks", "conversions")
"""What an ad platform reports; the spend has to be there."""


@dataclass(frozen=True)
class Naming:
    """How the rows of a source got their names.

    ``rows`` (``date``, ``region``, ``series``, ``value``) are what is summed to weeks; with a
    taxonomy they have ``parts`` too: how many rows with a value each stands for. ``tidy`` has the
    same rows under their raw names, see :func:`apply_layout`; ``names`` are the distinct ones,
    columns :data:`~mmmlib.data.naming.taxonomy.NAMES`, and ``mapping`` says what they are.
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

    ``variables`` are those to keep, see :func:`apply_layout`; ``events`` are columns or series, and
    the text by which they tell of an event.
    """
    import ibis

    marks = None
    if source.layout == "wide":
        marks = marks_by_column(table, source, events)
        if not numbers_of(source, table.columns, variables):
            if marks is None:  # rows of no series: the parameters name no column of it
                marks = _marks(table.limit(0), source, "", ibis.literal(False))
            return Naming(name, marks, marks.rename(name="series").mutate(variable=text_of("")))
    tidy = apply_layout(table, source, variables)
    names, mapping = None, None
    if source.taxonomy:
        if taxonomy is None:
            raise ValueError(f"{name}: a taxonomy is declared, and none was given")
        # By way of Arrow: a table of names is small, and its types stay what they are.
        names = pd.DataFrame(raw_names(tidy).to_pyarrow().to_pydict()).assign(source=name)
        names = names.sort_values(["spend", "name"], ascending=[False, True])
        names = names[list(NAMES)].reset_index(drop=True)
        mapping = map_names(taxonomy, names)
        rows = apply_mapping(tidy, mapping, name, taxonomy.regions)
    else:
        rows = name_series(tidy, source)
    if source.layout == "long" and not source.taxonomy:
        marks = _marks_by_name(table, source, events)
    elif source.layout != "wide":
        marks = _marks_by_series(rows, events)
    if marks is not None:
        if "parts" in rows.columns:
            marks = marks.mutate(parts=ibis.literal(1, type=rows.parts.type()))
        rows = rows.union(marks.select(rows.columns))
    return Naming(name, rows, tidy, names, mapping)


# --- layouts --------------------------------------------------------------------------------


def apply_layout(
    table: ir.Table, source: Source, variables: Collection[str] | None = None
) -> ir.Table:
    """Turn a delivery, typed columns or text, into tidy rows.

    Of ``variables`` (layout wide: columns) all are kept if none are given. Columns that begin with
    ``_`` are not part of the delivery.

    Returns
    -------
    ibis.expr.types.Table
        ``date`` (date), ``region`` (text, ``national`` without a column of regions),
        ``name`` (text, as delivered), ``variable`` (text), ``value`` (float; null
        where the cell is missing or is no number, which the contract reports), and ``_row``
        (its number in the file) where a row is a whole week.
    """
    # One projection per variable, not an unpivot: every database can do it, and a columnar file is
    # read by column anyway.
    parts = [
        rows.select(
            date=day_of(rows[day]),
            region=region_of(rows, source),
            name=name,
            variable=variable,
            value=value,
            **row_number(rows, source),
        )
        for rows, day, name, variable, value in _LAYOUTS[source.layout](table, source, variables)
    ]
    tidy = reduce(lambda one, other: one.union(other), parts)
    # All variables of a flat file are in one column.
    flat = source.layout == "master_flat_file" and variables is not None
    return tidy.filter(tidy.variable.isin(sorted(variables or ()))) if flat else tidy


Part = tuple[Any, str, Any, Any, Any]
"""Rows, their column of days, and the expressions of name, variable and value."""


def _wide(table: ir.Table, source: Source, variables: Collection[str] | None) -> Iterator[Part]:
    """One column per series."""
    for name in numbers_of(source, table.columns, variables):
        yield table, source.date, text_of(name), text_of(""), _number(table, name, source)


def _long(table: ir.Table, source: Source, _: Collection[str] | None) -> Iterator[Part]:
    """One row per series and day; there is one variable, and it has no name."""
    name = _joined(table, (str(source.name),))
    yield table, source.date, name, text_of(""), _number(table, str(source.value), source)


def _flat(table: ir.Table, source: Source, _: Collection[str] | None) -> Iterator[Part]:
    """The agencies' flat file: one row per period, geography, product, campaign, variable."""
    name = _joined(table, source.name_from or (source.column("campaign"),))
    variable = table[source.column("variable")].cast("string").strip().lower()
    variable = variable.re_replace(r"[^a-z0-9]+", "_").fill_null("")  # as slug() writes it
    value = _number(table, source.column("value"), source)
    yield table, source.date_column, name, variable, value


def _ad_platform(
    table: ir.Table, source: Source, variables: Collection[str] | None
) -> Iterator[Part]:
    """An ad platform's report: one row per day, campaign and ad group, a column per metric."""
    name = _joined(table, source.name_from or (source.column("campaign"),))
    asked = [metric for metric in METRICS if variables is None or metric in variables]
    metrics = [metric for metric in asked if source.column(metric) in table.columns]
    for metric in metrics or ["spend"]:
        value = _number(table, source.column(metric), source)
        yield table, source.date_column, name, text_of(metric), value


def _crm(table: ir.Table, source: Source, variables: Collection[str] | None) -> Iterator[Part]:
    """A CRM export: one row per opportunity, to weekly outcomes.

    Opportunities and their amount (``pipeline``) count on the day of creation, won ones and their
    amount (``bookings``) on the day of closing.
    """
    import ibis

    created, closed = source.column("created"), source.column("closed")
    won, one = table.filter(is_won(table, source)), ibis.literal(1.0)
    columns = source.name_from or (source.column("motion"),)
    for variable, rows, day, counted in (
        ("opportunities", table, created, True),
        ("pipeline", table, created, False),
        ("won", won, closed, True),
        ("bookings", won, closed, False),
    ):
        if variables is None or variable in variables:
            named = bool(source.name_from) or source.column("motion") in table.columns
            name = _joined(rows, columns) if named else text_of("")
            value = one if counted else _number(rows, source.column("amount"), source)
            yield rows, day, name, text_of(variable), value


_LAYOUTS = {
    "wide": _wide,
    "long": _long,
    "master_flat_file": _flat,
    "ad_platform": _ad_platform,
    "crm_pipeline": _crm,
}


def _joined(table: ir.Table, columns: Collection[str]) -> Any:
    """Join the texts of columns to a raw name; where nothing is left the row says so."""
    import ibis

    parts = [table[name].cast("string").strip().fill_null("") for name in columns]
    joined = reduce(lambda one, other: one + SEPARATOR + other, parts)
    empty = reduce(lambda one, other: one & other, [part == "" for part in parts])
    return ibis.ifelse(empty, text_of(NO_NAME), joined)


def _number(table: ir.Table, name: str, source: Source) -> Any:
    """Read a column as numbers; what is none is null, as the source's own words for missing."""
    if table[name].type().is_string():
        return number_text(cell_text(table, name, source), source).try_cast("float64")
    return table[name].cast("float64")


# --- names of series ------------------------------------------------------------------------


def series_name(channel: str, variable: str = "", motion: str = "") -> str:
    """Name of a series: ``search.spend``, ``opportunities.sales_assisted``, ``price_index``.

    >>> series_name("search", "spend"), series_name("", "bookings", "sales_assisted")
    ('search.spend', 'bookings.sales_assisted')
    """
    return ".".join(part for part in (channel, variable, motion) if part)


def name_series(tidy: ir.Table, source: Source) -> ir.Table:
    """Name the series of a source that has no taxonomy by its raw names."""
    import ibis

    # Outcomes of a CRM export are named as models are: the outcome, then the motion.
    first, then = ("variable", "name") if source.layout == "crm_pipeline" else ("name", "variable")
    one, two = tidy[first], tidy[then]
    series = ibis.cases((one == "", two), (two == "", one), else_=one + "." + two)
    row = [ROW] if ROW in tidy.columns else []
    return tidy.select("date", "region", *row, series=series, value="value")


def raw_names(tidy: ir.Table) -> ir.Table:
    """Sum a source up to its distinct raw names: what the taxonomy has to map.

    ``name``, ``first`` and ``last`` day, ``rows`` and ``spend`` (the sum of the variable of that
    name, or of the values where there is no variable; else zero).
    """
    import ibis

    money = tidy.variable.isin(["spend", ""])
    spend = ibis.ifelse(money, tidy.value.fill_null(0.0), 0.0)
    return tidy.group_by("name").aggregate(
        first=tidy.date.min(), last=tidy.date.max(), rows=tidy.count(), spend=spend.sum()
    )


# --- events ---------------------------------------------------------------------------------


def marks_by_column(
    table: ir.Table, source: Source, events: Iterable[tuple[str, str]]
) -> ir.Table | None:
    """Mark by 1 the rows of a wide source in which a column reads a text, and by 0 the others.

    Events of columns that are not there are left out; None where no other is left. For the names of
    the series see :func:`mmmlib.data.contract.declared_series.event_series`.
    """
    return _stacked(
        _marks(table, source, event_series(column, text), column_reads(table[column], text))
        for column, text in events
        if column in table.columns
    )


def _marks_by_name(
    table: ir.Table, source: Source, events: Iterable[tuple[str, str]]
) -> ir.Table | None:
    """Mark the rows of a long source in which a series reads a text, as it was delivered.

    Texts that a series of numbers could never read are left out.
    """
    series = _joined(table, (str(source.name),))

    def never(column: str, text: str) -> bool:
        """Say that a series holds numbers only, and the text is none."""
        value = table[DELIVERED]
        if not isnan(as_number(text)):
            return False
        if not value.type().is_string():
            return True
        is_text = ~value.strip().re_search(rf"^(?:{NUMBER})?$")
        found = table.filter((series == column) & is_text.fill_null(False)).limit(1).count()
        return not found.to_pyarrow().as_py()

    parts = []
    for column, text in events:
        if not never(column, text):
            rows = table.filter(series == column)
            reads = column_reads(rows[DELIVERED], text)
            parts.append(_marks(rows, source, event_series(column, text), reads))
    return _stacked(parts)


def _marks_by_series(rows: ir.Table, events: Iterable[tuple[str, str]]) -> ir.Table | None:
    """Mark the rows of named series whose value is the number that marks an event, where it is one."""
    # What a row's number says, also where it is the sum of several.
    level = rows.value / rows.parts if "parts" in rows.columns else rows.value
    marked = rows.mutate(level=level)
    return _stacked(
        marked.filter(marked.series == column).select(
            date="date",
            region="region",
            series=text_of(event_series(column, text)),
            value=(marked.level == as_number(text)).fill_null(False).cast("float64"),
        )
        for column, text in events
        if not isnan(as_number(text))
    )


def _marks(table: ir.Table, source: Source, series: str, reads: Any) -> ir.Table:
    """Rows of a series that is 1 where a condition holds, and else 0."""
    return table.select(
        date=day_of(table[source.date]),
        region=region_of(table, source),
        series=text_of(series),
        value=reads.fill_null(False).cast("float64"),
        **row_number(table, source),
    )


def _stacked(parts: Iterable[ir.Table]) -> ir.Table | None:
    tables = list(parts)
    return reduce(lambda one, other: one.union(other), tables) if tables else None
