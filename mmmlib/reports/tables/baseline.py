"""What plans are compared with, beside what is spent now; and what to do with each channel."""

from __future__ import annotations

from mmmlib.params import Params
from mmmlib.reports.cells import Column, Observed, chance, observed
from mmmlib.reports.table import Columns, Table, tabulate
from mmmlib.scenarios.pack import Advice, BaselineLine, ChannelAdvice, ScenarioPack

ADVICE_SHOWN = (
    "Channel",
    "Advice",
    "Evidence",
    "More pays back, likely by",
    "A cut saves more, likely by",
)
"""What a page shows of the advice."""


def baseline_spend_table(params: Params, pack: ScenarioPack) -> Table:
    """Make a row for each channel: weekly spend in the baseline, lately and a year ago."""
    base = pack.baseline
    weekly = f"{params.currency} a week"

    def spent_as(line: BaselineLine) -> str:
        if not line.weekly:
            return "nothing"
        return "bursts" if line.in_bursts else "steady"

    columns: Columns[BaselineLine] = {
        "Channel": lambda line: params.channel_label(line.channel),
        Column("Baseline", weekly): lambda line: Observed(line.weekly, weekly),
        Column(f"Last {base.recent_weeks if base else 0} weeks", weekly): lambda line: Observed(
            line.recent, weekly
        ),
        Column("Last quarter", weekly): lambda line: Observed(line.quarter, weekly),
        Column("A year ago", weekly): lambda line: observed(line.last_year, weekly),
        "Off the baseline": lambda line: "yes" if line.differs else "no",
        "Spent as": spent_as,
    }
    caption = (
        "Spend a week in the baseline, in the latest weeks, in the last 13, and in the weeks of "
        "last year that the plans' weeks are held against."
    )
    lines = sorted(base.lines if base else (), key=lambda line: -line.weekly)
    return tabulate("baseline", caption, lines, columns)


def advice_table(params: Params, pack: ScenarioPack) -> Table:
    """Make a row for each channel: what to do with it, how much is known of it, and why."""
    order = list(Advice)

    columns: Columns[ChannelAdvice] = {
        "Channel": lambda one: params.channel_label(one.channel),
        "Advice": lambda one: str(one.advice),
        "Evidence": lambda one: str(one.evidence),
        "More pays back, likely by": lambda one: chance(one.increase_pays),
        "A cut saves more, likely by": lambda one: chance(one.cut_saves),
        "Why": lambda one: " ".join(one.reasons),
    }
    caption = (
        "Evidence says how much is known of the channel's return; the advice is what follows for its "
        "money alone. A plan over several channels may be clearer than each of them."
    )
    return tabulate(
        "advice", caption, sorted(pack.advice, key=lambda one: order.index(one.advice)), columns
    )
