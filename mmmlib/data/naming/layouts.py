"""Layouts: what a delivery looks like, turned into tidy rows.

An expression goes in and an expression comes out, so that nothing is read before
the rows are summed to weeks, wherever they lie. Every layout ends as the same
table: ``date``, ``region``, ``name`` (raw: a column, a series, a campaign, a
sales motion), ``variable`` (``spend``, ``opportunities``; empty where the name
says it all) and ``value``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.layout_columns import (
    day_of,
    is_won,
    numbers_of,
    region_of,
    row_number,
    text_of,
)
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

NO_NAME = "(no name)"
"""Raw name of rows that come without one: they are listed, not lost."""
SEPARATOR = " | "
"""Stands between the parts of a name that is made of several columns."""
TIDY = ("date", "region", "name", "variable", "value")
METRICS = ("spend", "impressions", "clicks", "conversions")
"""What an ad platform reports; the spend has to be there."""
PIPELINE = ("opportunities", "pipeline", "won", "bookings")
"""Weekly outcomes of a CRM export. Opportunities and their amount (``pipeline``) count on the
day of creation, won ones and their amount (``bookings``) on the day of closing."""


def apply_layout(
    table: ir.Table, source: Source, variables: Collection[str] | None = None
) -> ir.Table:
    """Turn a delivery into tidy rows.

    Parameters
    ----------
    table
        As delivered: typed columns or text. Columns that begin with ``_`` are not
        part of the delivery.
    source
        Its layout, and what its columns are called.
    variables
        Keep only these variables (layout wide: columns); all of them if not given.

    Returns
    -------
    ibis.expr.types.Table
        ``date`` (date), ``region`` (text, ``national`` without a column of regions),
        ``name`` (text, as delivered), ``variable`` (text), ``value`` (float; null
        where the cell is missing or is no number, which the contract reports), and ``_row``
        (its number in the file) where a row is a whole week.
    """
    return _LAYOUTS[source.layout](table, source, variables)


def _wide(table: ir.Table, source: Source, variables: Collection[str] | None) -> ir.Table:
    """One column per series."""
    columns = numbers_of(source, table.columns, variables)
    day, region = day_of(table[source.date]), region_of(table, source)
    return _stacked(
        table.select(
            date=day,
            region=region,
            name=text_of(name),
            variable=text_of(""),
            value=number_column(table[name], source),
            **row_number(table, source),
        )
        for name in columns
    )


def _long(table: ir.Table, source: Source, variables: Collection[str] | None) -> ir.Table:
    """One row per series and day."""
    del variables  # there is one, and it has no name
    assert source.name is not None
    assert source.value is not None
    return table.select(
        date=day_of(table[source.date]),
        region=region_of(table, source),
        name=name_of(table, (source.name,)),
        variable=text_of(""),
        value=number_column(table[source.value], source),
        **row_number(table, source),
    )


def _master_flat_file(
    table: ir.Table, source: Source, variables: Collection[str] | None
) -> ir.Table:
    """The agencies' flat file: one row per period, geography, product, campaign, variable."""
    tidy = table.select(
        date=day_of(table[source.date_column]),
        region=region_of(table, source),
        name=name_of(table, source.name_from or (source.column("campaign"),)),
        variable=slug_of(table[source.column("variable")]),
        value=number_column(table[source.column("value")], source),
    )
    return tidy if variables is None else tidy.filter(tidy.variable.isin(sorted(variables)))


def _ad_platform(table: ir.Table, source: Source, variables: Collection[str] | None) -> ir.Table:
    """An ad platform's report: one row per day, campaign and ad group, a column per metric."""
    day, region = day_of(table[source.date_column]), region_of(table, source)
    name = name_of(table, source.name_from or (source.column("campaign"),))
    metrics = [
        metric
        for metric in METRICS
        if source.column(metric) in table.columns and (variables is None or metric in variables)
    ]
    # One projection per metric, not an unpivot: every database can do it, and a columnar file is
    # read by column anyway.
    return _stacked(
        table.select(
            date=day,
            region=region,
            name=name,
            variable=text_of(metric),
            value=number_column(table[source.column(metric)], source),
        )
        for metric in metrics or ["spend"]
    )


def _crm_pipeline(table: ir.Table, source: Source, variables: Collection[str] | None) -> ir.Table:
    """A CRM export: one row per opportunity, to outcomes by day of creation and of closing."""
    import ibis

    column, motion = source.column, source.column("motion")
    if source.name_from or motion in table.columns:
        name = name_of(table, source.name_from or (motion,))
    else:
        name = text_of("")
    created = day_of(table[column("created")])
    closed = day_of(table[column("closed")])
    amount = number_column(table[column("amount")], source)
    one = ibis.literal(1.0)
    won = is_won(table, source)
    outcomes = {
        "opportunities": (created, one, None),
        "pipeline": (created, amount, None),
        "won": (closed, one, won),
        "bookings": (closed, amount, won),
    }
    region = region_of(table, source)
    parts = []
    for variable in PIPELINE:
        if variables is None or variable in variables:
            day, value, where = outcomes[variable]
            rows = table if where is None else table.filter(where)
            parts.append(
                rows.select(
                    date=day, region=region, name=name, variable=text_of(variable), value=value
                )
            )
    return _stacked(parts)


_LAYOUTS: dict[str, Callable[[Any, Source, Collection[str] | None], Any]] = {
    "wide": _wide,
    "long": _long,
    "master_flat_file": _master_flat_file,
    "ad_platform": _ad_platform,
    "crm_pipeline": _crm_pipeline,
}


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


def number_column(column: Any, source: Source) -> Any:
    """Read a column as numbers; what is none is null, as the source's own words for missing."""
    kind = column.type()
    if kind.is_string():
        text = column.strip()
        for word in ("", *source.missing):
            text = text.nullif(word)
        return text.try_cast("float64")
    return column.cast("float64")


def _stacked(parts: Iterable[Any]) -> Any:
    """One table of the rows of all parts."""
    import ibis

    tables = list(parts)
    return tables[0] if len(tables) == 1 else ibis.union(*tables, distinct=False)
