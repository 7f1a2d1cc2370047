"""The panel at a glance."""

from __future__ import annotations

import pandas as pd

from mmmlib.data.panel import Panel
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
