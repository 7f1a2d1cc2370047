"""What has arrived, what the panel holds, and whether a model may be fitted to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from mmmlib.data.checks.status import Arrival
from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Status
from mmmlib.governance.data_debt import YOUNG, NextRestatement
from mmmlib.params import Params
from mmmlib.readiness.variation import separation_table, variation_table
from mmmlib.readiness.verdict import Readiness
from mmmlib.reports.cells import Cell, Column, Observed, observed
from mmmlib.reports.table import Columns, Table, tabulate
from mmmlib.reports.words.restatements import next_text


def arrival_table(params: Params, arrived: Sequence[Arrival]) -> Table:
    """Make a row for each source: what has arrived of it, when, and how."""
    currency = params.currency
    columns: Columns[Arrival] = {
        "Source": lambda one: one.source,
        "Newest": lambda one: one.newest,
        "Age": lambda one: observed(one.age, "days"),
        "Limit": lambda one: Observed(one.limit, "days"),
        "State": lambda one: (
            "not readable" if one.newest is None else "late" if one.is_late else "in time"
        ),
        "Delivery": lambda one: one.delivery,
        "Rows": lambda one: Observed(one.rows),
        Column("Spend", currency): lambda one: Observed(one.spend, currency) if one.spend else None,
        "Owner": lambda one: one.owner,
    }
    return tabulate("arrivals", "What has arrived of each source.", arrived, columns)


def series_table(panel: Panel, year: int = 52) -> Table:
    """Make a row for each series: what it is, and what it did in the last ``year`` weeks.

    Weeks at zero and filled ones are counted over the whole panel.
    """
    national = panel.to_national().frame
    late, before = national.iloc[-year:], national.iloc[-2 * year : -year]
    filled = national["imputed"].str.split(";")

    def unit(series: str) -> str | None:
        money = panel.currency if series.startswith("spend:") else ""
        return panel.units.get(series, money) or None

    columns: Columns[str] = {
        "Series": lambda series: series.partition(":")[2],
        "Role": lambda series: series.partition(":")[0],
        "Unit": unit,
        "Low": lambda series: Observed(float(late[series].min())),
        "Middle": lambda series: Observed(float(late[series].median())),
        "High": lambda series: Observed(float(late[series].max())),
        "The year before": lambda series: (
            Observed(float(before[series].median())) if len(before) == year else None
        ),
        "Weeks at zero": lambda series: Observed(int((national[series] == 0).sum())),
        "Filled weeks": lambda series: Observed(sum(series in names for names in filled)),
    }
    caption = "The series of the panel per week, all regions together, in the last year."
    return tabulate("series", caption, panel.series, columns)


def revision_table(shares: pd.DataFrame) -> Table:
    """Make a row for each age of a value: by what share it moved since it was first told."""
    caption = "By what share values moved since they were first told, by their age in weeks then."
    return Table(
        "revisions",
        caption if len(shares) else "No past refresh saw the same weeks.",
        (Column("Age in weeks"), *(Column(str(source)) for source in shares.columns)),
        tuple(
            (str(age), *(Observed(float(share), "share") for share in row))
            for age, row in zip(shares.index, shares.to_numpy(), strict=True)
        ),
    )


def next_restatement_table(
    params: Params, shares: pd.DataFrame, coming: Sequence[NextRestatement]
) -> Table:
    """Make a row for each source: what it restates at which age, and the range of the next time.

    How to read it: shares are the mean over the source's series of what values of that age were off
    by; the range is that of its series that moves most, over its four youngest weeks, up is positive.
    The probability is that the next restatement lies in it.
    """
    columns: dict[str | Column, Callable[[NextRestatement], Cell]] = {
        "Source": lambda one: one.source
    }
    for number, age in enumerate(shares.index):
        head = {"0": "Newest week", "1": "1 week old"}.get(str(age), _weeks(str(age)))
        columns[head] = _share_at(shares, number)
    columns["Moves most"] = lambda one: params.subject_label(one.series)
    columns[f"Next, of its last {YOUNG} weeks"] = next_text
    caption = (
        "By what share values are restated, by their age when they were told; and the range of the "
        "next restatement with its probability."
    )
    return tabulate("restatements", caption, coming, columns)


def _weeks(age: str) -> str:
    number, _, older = age.partition(" ")
    return f"{number} weeks {older}".strip()


def _share_at(shares: pd.DataFrame, row: int) -> Callable[[NextRestatement], Cell]:
    return lambda one: Observed(float(shares[one.source].iloc[row]), "share")


def readiness_table(readiness: Readiness, panel: Panel, params: Params) -> Table:
    """Make a row for each channel, the largest first: verdict, what it rests on, and why.

    How to read it: spend and weeks that it ran are of the last year, flat weeks of all; its own is
    the share of its variation that nothing else explains.
    """
    moves = variation_table(panel, params).join(separation_table(panel, params))
    moves = moves.sort_values("total", ascending=False, kind="stable")
    rows = [(str(name), row) for name, row in moves.to_dict("index").items()]

    def why(channel: str) -> str | None:
        own = [finding for finding in readiness.findings if finding.subject == channel]
        return " ".join(one.message for one in own if one.status is not Status.OK) or None

    columns: Columns[tuple[str, Any]] = {
        "Channel": lambda row: params.channel_label(row[0]),
        "Verdict": lambda row: readiness.channels[row[0]].value,
        Column("Spend", params.currency): lambda row: (
            "no spend" if row[0] in panel.unpaid else Observed(row[1]["total"], params.currency)
        ),
        "Weeks that it ran": lambda row: f"{row[1]['active_weeks']} of {row[1]['weeks']}",
        "Flat weeks": lambda row: Observed(row[1]["flat_share"], "share"),
        "Its own": lambda row: Observed(row[1]["own_share"], "share"),
        "Why": lambda row: why(row[0]),
    }
    caption = "May each channel be measured? The largest spend first."
    return tabulate("readiness", caption, rows, columns)
