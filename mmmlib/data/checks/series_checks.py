"""What stands out in the series of a panel: odd weeks, lasting moves, silence (H1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from mmmlib.data.checks.levels import check_levels
from mmmlib.data.checks.signals import outliers
from mmmlib.data.checks.zeros import Measured, check_zeros, measured_part, measured_weeks, zero_runs
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import count_of, some_of
from mmmlib.findings import Finding, judge
from mmmlib.params import Params


def check_series(
    params: Params,
    panel: Panel,
    ended: pd.Timestamp | None = None,
    rates: Mapping[str, float] | None = None,
) -> Iterator[Finding]:
    """Ask of every series what stands out in it; limits are in ``data.limits``.

    Parameters
    ----------
    ended
        First day of the newest week that the last refresh had.
    rates
        What one unit of other currencies is worth, by code.
    """
    runs = zero_runs(params, panel)
    weeks = len(panel.weeks)
    measured = {series: measured_weeks(found, weeks) for series, found in runs.items()}
    for name in panel.names("exposure"):  # silent with its spend
        measured[f"exposure:{name}"] = measured[f"spend:{name}"]
    yield from _outliers(params, panel, measured)
    yield from check_levels(params, panel, measured, ended, rates or {})
    yield from check_zeros(params, panel, runs)


def _outliers(params: Params, panel: Panel, measured: Measured) -> Iterator[Finding]:
    limit = params.data.limits.outlier_distance
    national = panel.to_national()
    events = national.values("event")
    eventful = (events > 0).any(axis=(0, 1)) if events.size else np.zeros(len(panel.weeks), bool)
    near = eventful | np.roll(eventful, 1) | np.roll(eventful, -1)
    for series in national.series:
        role = series.partition(":")[0]
        if role not in ("outcome", "spend", "control"):
            continue
        values, known = measured_part(national, series, measured)
        distance = np.zeros(len(panel.weeks))
        distance[known] = outliers(values, positive=role == "spend")
        odd = (distance > limit) & ~near
        explained = panel.weeks[(distance > limit) & near]
        weeks = [str(week.date()) for week in panel.weeks[odd]]
        worst = float(distance[~near].max(initial=0.0))
        seen = f"{count_of(len(weeks), 'week')} far from the usual: {some_of(weeks)}."
        yield judge(
            "data.outliers",
            series,
            passed=worst <= limit,
            value=worst,
            limit=limit,
            message=(seen if weeks else "No week is far from the usual.")
            + _beside_events([str(week.date()) for week in explained]),
        )


def _beside_events(weeks: list[str]) -> str:
    if not weeks:
        return ""
    verb = "agrees" if len(weeks) == 1 else "agree"
    return f" {count_of(len(weeks), 'odd week')} {verb} with an event: {some_of(weeks)}."
