"""Health of the data before anything is fitted to it (H1, D1, D5)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mmmlib.data import prices, settle, status, taxonomy_checks
from mmmlib.data.build import Built
from mmmlib.data.contracts import contract_findings
from mmmlib.data.panel import Panel
from mmmlib.data.prices import price_findings
from mmmlib.data.settle import settle_findings
from mmmlib.data.signals import level_shift, outliers
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, at_most, judge
from mmmlib.params import Params

CHECKS: dict[str, str] = {
    "data.future": "No rows from the future",
    "data.coverage": "Sources end together",
    "data.week_start": "Weeks start on one day",
    **status.CHECKS,
    "data.imputed": "Filled cells",
    "data.outliers": "Weeks far off, without an event",
    "data.level_shift": "Lasting moves of the level",
    "data.zero_run": "Channels still running",
    "data.zero_gap": "Zeros amid a series",
    "data.spend_without_exposure": "Spend without exposure",
    "data.exposure_without_spend": "Exposure without spend",
    "data.contract": "Contracts kept",
    **settle.CHECKS,
    **prices.CHECKS,
    **taxonomy_checks.CHECKS,
}
"""Every check of the data and its name for people."""

RARE = 0.1
"""Share of weeks up to which a series is hardly ever zero."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def check_panel(params: Params, built: Built) -> list[Finding]:
    """Ask every question of :data:`CHECKS` that applies.

    Parameters
    ----------
    params
        Limits (``data.limits``), the day of the refresh (``refresh.as_of``, today
        if not given).
    built
        The panel with its sources.

    Returns
    -------
    list of Finding
        Passed ones included. The subject is a source, a channel or a series.
    """
    return [
        *_timeliness(params, built),
        *status.status_findings(params, status.arrivals(params, built.tables)),
        *_imputed(params, built.panel),
        *_outliers(params, built.panel),
        *_level_shifts(params, built.panel),
        *_zero_runs(params, built.panel),
        *_zero_gaps(params, built.panel),
        *_mismatches(params, built.panel),
        *_contracts(params, built),
        *price_findings(params, built.folder, built.calendar.weeks),
        *settle_findings(
            built.calendar, built.panel.kept_out, params.data.settle, built.moves, built.broken
        ),
    ]


# --- arrival ------------------------------------------------------------------------------


def _timeliness(params: Params, built: Built) -> Iterator[Finding]:
    today = params.as_of
    calendar = built.calendar
    weeks = calendar.weeks
    latest = max((last for _, last in calendar.covers.values()), default=weeks[-1])
    for name, table in built.tables.items():
        dates = table.dates.dropna()
        owner = table.source.owner or "the owner of the source"
        ahead = int((dates.dt.date > today).sum())
        yield judge(
            "data.future",
            name,
            passed=ahead == 0,
            level=Level.WARN,
            value=float(ahead),
            limit=0.0,
            unit="rows",
            message=f"{_count(ahead, 'row')} dated after {today}.",
            meaning="Plans or typing errors would be fitted as if they had happened.",
            action="Remove them, or correct refresh.as_of.",
        )
        if name in calendar.covers:
            last = calendar.covers[name][1]
            behind = (latest - last).days // 7
            yield judge(
                "data.coverage",
                name,
                passed=behind == 0,
                level=Level.WARN,
                value=float(behind),
                limit=0.0,
                unit="weeks",
                message=(
                    f"It ends with the week of {last.date()}"
                    + (f"; another source reaches {latest.date()}." if behind else ".")
                ),
                meaning="The panel ends where the first source ends.",
                action=f"Ask {owner} for the missing weeks.",
            )
        yield from _week_start(name, dates, calendar.start)


def _week_start(name: str, dates: pd.Series, start: int) -> Iterator[Finding]:
    days = dates.dt.day_of_week.unique()
    named = ", ".join(DAYS[int(day)] + "s" for day in sorted(days))
    yield judge(
        "data.week_start",
        name,
        passed=list(days) == [start],
        level=Level.WARN,
        value=named,
        limit=f"{DAYS[start]}s",
        message=f"Its dates are {named}; weeks start on {DAYS[start]}.",
        meaning="A date is taken as a day inside its week. If it is the first day of "
        "a week that starts otherwise, the series is shifted against the others.",
        action="Write the first day of the week in all sources.",
    )


# --- values --------------------------------------------------------------------------------


def _imputed(params: Params, panel: Panel) -> Iterator[Finding]:
    limit = params.data.limits.max_imputed_share
    names = panel.frame["imputed"].str.split(";").explode()
    shares = names[names != ""].value_counts() / len(panel.frame)
    words = {
        "unit": "share",
        "meaning": "A filled cell is a rule's value, not an observation.",
        "action": "Have the source completed.",
    }
    if shares.empty:
        yield at_most(
            "data.imputed",
            "workbook",
            0.0,
            limit,
            level=Level.WARN,
            message="No cell was filled.",
            **words,
        )
    for series, share in shares.sort_index().items():
        yield at_most(
            "data.imputed",
            str(series),
            float(share),
            limit,
            level=Level.WARN,
            message=f"{format_number(float(share), 'share')} of its cells were filled.",
            **words,
        )


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
        seen = f"{_count(len(weeks), 'week')} far from the usual: {_some(weeks)}."
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
        role = series.partition(":")[0]
        if role != "outcome":
            continue
        values = national.frame[series].to_numpy(dtype=float)
        found = level_shift(values)
        if found is None:
            continue  # too short to tell a shift from a season
        shift, where, clear = found
        week = panel.weeks[where].date()
        yield judge(
            "data.level_shift",
            series,
            passed=abs(shift) <= limit or (not clear and np.isfinite(shift)),
            level=Level.WARN,
            value=abs(shift),
            limit=limit,
            unit="share",
            message=(
                f"The largest lasting move beside trend and season is "
                f"{format_number(shift, 'share')}, around {week}."
            ),
            meaning="A changed definition looks like this, and the model would give it "
            "to whatever channel moved at the time.",
            action="Ask the owner what changed in that week; declare it as an event or control.",
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
                f"Zero for {_count(length, 'week')} in a row from {panel.weeks[start].date()}, "
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


def _mismatches(params: Params, panel: Panel) -> Iterator[Finding]:
    limit = params.data.limits.max_mismatch_share
    if not panel.names("exposure"):
        return
    spend = dict(zip(panel.names("spend"), panel.values("spend"), strict=True))
    exposure = dict(zip(panel.names("exposure"), panel.values("exposure"), strict=True))
    for channel, shown in exposure.items():
        paid, seen = spend[channel] > 0, shown > 0
        for check, odd, words in (
            ("data.spend_without_exposure", paid & ~seen, "spend but no exposure"),
            ("data.exposure_without_spend", seen & ~paid, "exposure but no spend"),
        ):
            share = float(odd.mean())
            weeks = [str(week.date()) for week in panel.weeks[odd.any(axis=0)]]
            yield at_most(
                check,
                channel,
                share,
                limit,
                level=Level.WARN,
                unit="share",
                message=(
                    f"{format_number(share, 'share')} of the weeks have {words}"
                    + (f": {_some(weeks)}." if weeks else ".")
                ),
                meaning="The response follows exposure; where the two part, cost and "
                "effect are booked in different weeks.",
                action="Check how the two series are dated.",
            )


def _beside_events(weeks: list[str]) -> str:
    if not weeks:
        return ""
    verb = "agrees" if len(weeks) == 1 else "agree"
    return f" {_count(len(weeks), 'odd week')} {verb} with an event: {_some(weeks)}."


def _some(items: list[str], most: int = 4) -> str:
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def _count(count: int, thing: str) -> str:
    return f"1 {thing}" if count == 1 else f"{count} {thing}s"


def _contracts(params: Params, built: Built) -> Iterator[Finding]:
    for name, table in built.tables.items():
        source = params.data.sources[name]
        yield from contract_findings(name, source, table.breaches, table.rows)
