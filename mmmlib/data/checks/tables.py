"""The panel at a glance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from mmmlib.data.checks.status import Arrival
from mmmlib.data.history.vintages import difference_table
from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import format_number


def series_table(panel: Panel, year: int = 52) -> pd.DataFrame:
    """Return one row per series: what it is, and what it did in the last year.

    Returns
    -------
    pandas.DataFrame
        Text, indexed by the series' name. Numbers are weekly, all regions together:
        ``low``, ``middle`` and ``high`` of the last ``year`` weeks, and ``before``, the
        middle of the year before that (empty where there was none). ``zero weeks`` and
        ``filled`` count over the whole panel.
    """
    national = panel.to_national().frame
    late, before = national.iloc[-year:], national.iloc[-2 * year : -year]
    filled = national["imputed"].str.split(";")
    rows = {}
    for series in panel.series:
        role, _, name = series.partition(":")
        money = panel.currency if role == "spend" else ""
        rows[series] = {
            "role": role,
            "series": name,
            "unit": panel.units.get(series, money),
            "low": format_number(float(late[series].min())),
            "middle": format_number(float(late[series].median())),
            "high": format_number(float(late[series].max())),
            "before": (
                format_number(float(before[series].median())) if len(before) == year else ""
            ),
            "zero weeks": int((national[series] == 0).sum()),
            "filled": int(sum(series in names for names in filled)),
        }
    return pd.DataFrame.from_dict(rows, orient="index").set_index("series")


def arrival_table(arrived: Sequence[Arrival], currency: str) -> pd.DataFrame:
    """Return one row per source: what has arrived of it, when, and how.

    Returns
    -------
    pandas.DataFrame
        Text columns ``source``, ``newest``, ``age``, ``limit``, ``state``, ``delivery``,
        ``rows``, ``spend``, ``owner``.
    """
    rows = [
        {
            "source": one.source,
            "newest": "-" if one.newest is None else one.newest.isoformat(),
            "age": "-" if one.age is None else f"{one.age} days",
            "limit": f"{one.limit} days",
            "state": _state(one),
            "delivery": one.delivery,
            "rows": format_number(float(one.rows), ""),
            "spend": format_number(one.spend, currency) if one.spend else "-",
            "owner": one.owner,
        }
        for one in arrived
    ]
    return pd.DataFrame(rows)


def _state(one: Arrival) -> str:
    if one.newest is None:
        return "not readable"
    return "late" if one.is_late else "in time"


def difference_lines(differences: pd.DataFrame, most: int) -> Iterator[str]:
    """Tell differences of two runs in lines: a head per series, below it its values.

    Parameters
    ----------
    differences
        See :func:`mmmlib.data.history.vintages.compare_vintages`.
    most
        Values to list of each series, the largest changes first; the rest is counted. New
        weeks are told last, one line for each source.
    """
    if differences.empty:
        yield "No difference: both runs saw the same values."
        return
    grouped = dict(list(differences.groupby(["source", "series", "kind"], sort=False)))
    table = difference_table(differences)
    for row in table[table["kind"] != "new"].to_dict("records"):
        first, last = row["first"].date(), row["last"].date()
        span = f"{first}" + (f" to {last}" if last > first else "")
        values = "1 value" if row["values"] == 1 else f"{row['values']} values"
        share = float(row["share"])
        moved = f", moved by {format_number(share, 'share')}" if math.isfinite(share) else ""
        yield f"{row['source']}.{row['series']}: {values} {row['kind']}, {span}{moved}"
        cells = grouped[row["source"], row["series"], row["kind"]]
        for cell in cells.head(most).to_dict("records"):
            before, after = cell["before"] or "nothing", cell["after"] or "nothing"
            yield f"    {cell['day'].date()}  {cell['region']}: {before} -> {after}"
        if len(cells) > most > 0:
            yield f"    and {len(cells) - most} more"
    for source, new in table[table["kind"] == "new"].groupby("source", sort=True):
        span = f"{new['first'].min().date()} to {new['last'].max().date()}"
        yield f"{source}: {new['values'].sum()} new values of {len(new)} series, {span}"
