"""What stands out in the series of a panel: odd weeks, lasting moves, silence (H1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from mmmlib.data.checks.signals import level_shift, outliers
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import count_of, some_of
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, judge
from mmmlib.params import Params

CHECKS: dict[str, str] = {
    "data.outliers": "Weeks far off, without an event",
    "data.level_shift": "Lasting moves of the level",
    "data.zero_run": "Channels still running",
    "data.zero_gap": "Zeros amid a series",
}
RARE = 0.1
"""Share of weeks up to which a series is hardly ever zero."""


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
    yield from _outliers(params, panel)
    yield from _level_shifts(params, panel)
    yield from _zero_runs(params, panel)
    yield from _zero_gaps(params, panel)


def _outliers(params: Params, panel: Panel) -> Iterator[Finding]:
    limit = params.data.limits.outlier_distance
    national = panel.to_national()
    events = national.values("event")
    eventful = (events > 0).any(axis=(0, 1)) if events.size else np.zeros(len(panel.weeks), bool)
    near = eventful | np.roll(eventful, 1) | np.roll(eventful, -1)
    for series in national.series:
        role = series.partition(":")[0]
        if role not in ("outcome", "spend", "control"):
            continue
        values = national.frame[series].to_numpy(dtype=float)
        distance = outliers(values, positive=role == "spend")
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


def _level_shifts(params: Params, panel: Panel) -> Iterator[Finding]:
    limit = params.data.limits.level_shift
    national = panel.to_national()
    for series in national.series:
        words = SHIFTS.get(series.partition(":")[0])
        values = national.frame[series].to_numpy(dtype=float)
        found = level_shift(values) if words else None
        if found is None or words is None:
            continue  # too short to tell a shift from a season
        told = "beside trend and season"
        yield judge_shift("data.level_shift", series, found, limit, panel.weeks, told, words)


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


def _zero_runs(params: Params, panel: Panel) -> Iterator[Finding]:
    limit = params.data.limits.zero_run_weeks
    spend = panel.to_national().values("spend")[:, 0]
    for channel, series in zip(panel.names("spend"), spend, strict=True):
        active = series > 0
        quiet = int(np.argmax(active[::-1])) if active.any() else len(active)
        yield judge(
            "data.zero_run",
            channel,
            passed=quiet < limit,
            level=Level.WARN,
            value=float(quiet),
            limit=float(limit),
            unit="weeks",
            message=(
                f"No spend in the last {quiet} weeks." if quiet else "Spend in the last week."
            ),
            meaning="Either the channel was stopped, or its source went silent.",
            action="Ask its owner which; remove the channel if it is over.",
        )


def _zero_gaps(params: Params, panel: Panel) -> Iterator[Finding]:
    """Find zeros amid a series that is hardly ever zero: it was not measured."""
    limit = params.data.limits.zero_gap_weeks
    national = panel.to_national()
    for series in national.series:
        if series.partition(":")[0] not in ("outcome", "funnel"):
            continue
        values = national.frame[series].to_numpy(dtype=float)
        zero = values == 0
        active = np.flatnonzero(~zero)
        if len(active) < 2 or zero[active[0] :].mean() > RARE:
            continue  # it pauses often: zeros are its habit
        length, start = _longest_run(zero[: active[-1] + 1])
        yield judge(
            "data.zero_gap",
            series,
            passed=length < limit,
            level=Level.WARN,
            value=float(length),
            limit=float(limit),
            unit="weeks",
            message=(
                f"Zero for {count_of(length, 'week')} in a row from {panel.weeks[start].date()}, "
                f"and hardly ever else."
                if length
                else "Not a single week of zero amid others."
            ),
            meaning="Measurement that failed looks like demand that vanished.",
            action="Ask the owner whether it was measured; have the weeks completed.",
        )


def _longest_run(mask: np.ndarray) -> tuple[int, int]:
    """Return length and start of the longest run of true values; 0, 0 where there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return int((ends - starts)[longest]), int(starts[longest])


def _beside_events(weeks: list[str]) -> str:
    if not weeks:
        return ""
    verb = "agrees" if len(weeks) == 1 else "agree"
    return f" {count_of(len(weeks), 'odd week')} {verb} with an event: {some_of(weeks)}."
