"""What stands out in the series of a panel: odd weeks, lasting moves, silence (H1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.checks.signals import level_shift, outliers
from mmmlib.data.checks.zeros import check_zeros, measured_weeks, zero_runs
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import count_of, some_of
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, judge
from mmmlib.params import Params

CHECKS: dict[str, str] = {
    "data.outliers": "Weeks far off, without an event",
    "data.level_shift": "Lasting moves of the level",
    "data.zero_run": "Zeros at the ends of a series",
    "data.zero_gap": "Zeros amid a series",
}


Measured = Mapping[str, NDArray[np.bool_]]
"""By series: the weeks that were measured, see :mod:`mmmlib.data.checks.zeros`."""


class Shift(NamedTuple):
    """How a lasting move of a series is told, by its role."""

    level: Level
    meaning: str
    action: str


_BUDGET = Shift(
    Level.INFO,
    "A budget that was changed looks like this, and so does a changed definition: fees or tax "
    "taken in, another currency, another count.",
    "Ask the owner which it was; a changed definition is corrected over the whole history.",
)
SHIFTS = {
    "outcome": Shift(
        Level.WARN,
        "A changed definition looks like this, and the model would give it to whatever channel "
        "moved at the time.",
        "Ask the owner what changed in that week; declare it as an event or control.",
    ),
    "spend": _BUDGET,
    "exposure": _BUDGET,
}


def check_series(params: Params, panel: Panel) -> Iterator[Finding]:
    """Ask of every series what stands out in it; limits are in ``data.limits``."""
    runs = zero_runs(params, panel)
    weeks = len(panel.weeks)
    measured = {series: measured_weeks(found, weeks) for series, found in runs.items()}
    yield from _outliers(params, panel, measured)
    yield from _level_shifts(params, panel, measured)
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
        values, known = _measured(national, series, measured)
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
            level=Level.WARN,
            value=worst,
            limit=limit,
            unit="robust sd",
            message=(seen if weeks else "No week is far from the usual.")
            + _beside_events([str(week.date()) for week in explained]),
            meaning="A typing error or an event that nobody declared bends the fit.",
            action="Correct it at the source, or declare an event for the week.",
        )


def _level_shifts(params: Params, panel: Panel, measured: Measured) -> Iterator[Finding]:
    limit = params.data.limits.level_shift
    national = panel.to_national()
    for series in national.series:
        words = SHIFTS.get(series.partition(":")[0])
        values, known = _measured(national, series, measured)
        found = level_shift(values) if words else None
        if found is None or words is None:
            continue  # too short to tell a shift from a season
        weeks = panel.weeks[known]
        beside = "beside trend and season"
        yield judge_shift("data.level_shift", series, found, limit, weeks, beside, words)


def _measured(
    national: Panel, series: str, measured: Measured
) -> tuple[NDArray[np.float64], slice]:
    """Return a series without zeros that were perhaps not measured: other checks explain nothing.

    Those at the ends are cut off; those amid it are bridged by a line.
    """
    values = national.frame[series].to_numpy(dtype=float)
    kept = np.flatnonzero(measured.get(series, np.ones(len(values), dtype=bool)))
    if not len(kept):
        return values[:0], slice(0, 0)
    known = slice(int(kept[0]), int(kept[-1]) + 1)
    return np.interp(np.arange(len(values)), kept, values[kept])[known], known


def judge_shift(
    check: str,
    subject: str,
    found: tuple[float, int, bool],
    limit: float,
    weeks: pd.DatetimeIndex,
    of: str,
    words: Shift,
) -> Finding:
    """Judge the largest lasting move of a series.

    Parameters
    ----------
    found
        See :func:`mmmlib.data.checks.signals.level_shift`.
    limit
        Share of the level from which a move that is clear of the noise is a finding.
    of
        What moved, or beside what, for the message.
    words
        What a move means there.
    """
    shift, where, clear = found
    return judge(
        check,
        subject,
        passed=abs(shift) <= limit or (not clear and np.isfinite(shift)),
        level=words.level,
        value=abs(shift),
        limit=limit,
        unit="share",
        message=(
            f"The largest lasting move {of} is {format_number(shift, 'share')}, "
            f"around {weeks[where].date()}."
        ),
        meaning=words.meaning,
        action=words.action,
    )


def _beside_events(weeks: list[str]) -> str:
    if not weeks:
        return ""
    verb = "agrees" if len(weeks) == 1 else "agree"
    return f" {count_of(len(weeks), 'odd week')} {verb} with an event: {some_of(weeks)}."
