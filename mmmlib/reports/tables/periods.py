"""The period of a refresh against those before it: outcome, spend, the channels' part."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mmmlib.estimates import Estimate, mass_text
from mmmlib.model.effects import contribution, over_weeks, share
from mmmlib.params.section import days_of
from mmmlib.reports.cells import Column, Observed
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.table import Columns, Table, tabulate
from mmmlib.reports.title_block import period_text


@dataclass(frozen=True)
class PeriodNumbers:
    """One period in one model: its fitted weeks that begin in it."""

    name: str
    weeks: int
    outcome: float
    spend: float
    contribution: Estimate
    share: Estimate
    """Of the fitted outcome of these weeks that all channels contributed together."""


def periods_of(numbers: ModelNumbers, period: str) -> list[PeriodNumbers]:
    """Return the period (``2026-Q3`` or ``2026-07``), the one before it and that of a year ago.

    One of which no week was fitted is left out.
    """
    first, _ = days_of(period)
    before = first - pd.Timedelta(days=1)
    step = "Q" if "Q" in period else "M"
    names = [
        period,
        _name(pd.Period(before, step)),
        _name(pd.Period(first, step) - (4 if step == "Q" else 12)),
    ]
    found = (_period(numbers, name) for name in names)
    return [one for one in found if one is not None]


def _name(period: pd.Period) -> str:
    part = f"Q{period.quarter}" if period.freqstr.startswith("Q") else f"{period.month:02d}"
    return f"{period.year}-{part}"


def _period(numbers: ModelNumbers, name: str) -> PeriodNumbers | None:
    first, last = map(pd.Timestamp, days_of(name))
    weeks = numbers.weeks[(numbers.weeks >= first) & (numbers.weeks <= last)]
    if not len(weeks):
        return None
    effects = numbers.effects
    return PeriodNumbers(
        name=period_text(name),
        weeks=len(weeks),
        outcome=float(over_weeks(effects["observed"], weeks)),
        spend=float(over_weeks(effects["spend"], weeks).sum("channel")),
        contribution=Estimate.from_draws(
            contribution(effects, weeks).sum("channel").to_numpy(), numbers.unit
        ),
        share=Estimate.from_draws(share(effects, weeks).sum("channel").to_numpy(), "share"),
    )


def period_table(numbers: ModelNumbers, rows: list[PeriodNumbers], outcome: str) -> Table:
    """Make a row for each period: what came in, what was spent, the channels' part with its range.

    How to read it: a contribution is what came in the weeks of the period, also from spend
    before it; a return over the whole effect of spend stands with the channels.
    """
    columns: Columns[PeriodNumbers] = {
        "Period": lambda row: row.name,
        "Weeks": lambda row: Observed(row.weeks),
        Column(outcome, numbers.unit): lambda row: Observed(row.outcome, numbers.unit),
        Column("Spend", numbers.currency): lambda row: Observed(row.spend, numbers.currency),
        Column("All channels contributed", numbers.unit): lambda row: row.contribution,
        "Share of outcome": lambda row: row.share,
    }
    caption = (
        f"{outcome}, spend and the channels' part in the weeks that begin in each period; "
        f"ranges hold {mass_text(rows[0].share)}."
    )
    return tabulate("periods", caption, rows, columns)
