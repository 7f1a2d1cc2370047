"""Tidy rows under the names of their series, and the raw names that a taxonomy has to map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir


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
    return tidy.select("date", "region", series=series, value="value")


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
