"""What stands out in the series of a panel: odd weeks, moved levels, breaks, magnitudes (H1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.checks.signals import (
    SIDE,
    level_shift,
    new_factor,
    outliers,
    passing_break,
    share_of_neighbours,
    without_steps,
)
from mmmlib.data.checks.zeros import Measured, check_zeros, measured_series, zero_runs
from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, judge
from mmmlib.params import Params
from mmmlib.phrases import count_text, date_text, some_of

ROLES = ("outcome", "spend", "exposure")
"""Series whose level is looked at."""
POWERS = (1_000_000, 1_000, 100, 10)
"""Factors by which another unit differs."""
NEAR_POWER, NEAR_RATE = 0.2, 0.03
"""How near a factor must be, in logarithms; a rate moves little, the noise of new weeks more."""
PLAIN = 0.05
"""Logarithm below which a currency's rate is too near to one to be told from noise."""
AT_THE_SEAM, ANYWHERE = 1.25, 1.5
"""How much more than ever before the newest weeks must move: where the last refresh ended, and
where any of the young weeks may be the first."""
WEEK = pd.Timedelta(days=7)
FAR = 10.0
"""How far beyond its limits a magnitude is absurd."""
VAST = 5.0
"""A factor of the newest weeks that no plan rests on before somebody has said that it is true."""
SLIGHT = float(np.log(1.1))
"""Logarithm of a factor below which the newest weeks are never a finding."""


def check_series(
    params: Params,
    panel: Panel,
    ended: pd.Timestamp | None = None,
    rates: Mapping[str, float] | None = None,
) -> Iterator[Finding]:
    """Ask of every series what stands out in it; limits are in ``data.limits``.

    ``ended`` is the first day of the newest week that the last refresh had; ``rates`` are what one
    unit of other currencies is worth, by code.
    """
    runs, national = zero_runs(params, panel), panel.to_national()
    measured = measured_series(national, runs)
    events = national.values("event")
    eventful = national.weeks[(events > 0).any(axis=(0, 1))] if events.size else national.weeks[:0]
    yield from _outliers(params, measured, eventful)
    moving = [_levelled(params, one) for one in measured if one.role in ROLES]
    yield from _level_shifts(params, moving, rates or {})
    yield from _new_weeks(national, moving, ended, rates or {})
    yield from _breaks(params, national, measured, eventful)
    yield from _magnitudes(params, national)
    yield from check_zeros(params, panel, runs)


def _outliers(
    params: Params, measured: Sequence[Measured], eventful: pd.DatetimeIndex
) -> Iterator[Finding]:
    limit = params.data.limits.outlier_distance
    around = eventful.union(eventful - WEEK).union(eventful + WEEK)
    for one in measured:
        if one.role not in ("outcome", "spend", "control"):
            continue
        distance = outliers(one.values, positive=one.role == "spend")
        near = one.weeks.isin(around)
        odd = [str(week.date()) for week in one.weeks[(distance > limit) & ~near]]
        explained = [str(week.date()) for week in one.weeks[(distance > limit) & near]]
        message = "No week is far from the usual."
        if odd:
            message = f"{count_text(len(odd), 'week')} far from the usual: {some_of(odd)}."
        if explained:
            verb = "agrees" if len(explained) == 1 else "agree"
            count = count_text(len(explained), "odd week")
            message += f" {count} {verb} with an event: {some_of(explained)}."
        worst = float(distance[~near].max(initial=0.0))
        yield judge(
            "data.outliers",
            one.series,
            passed=worst <= limit,
            value=worst,
            limit=limit,
            message=message,
        )


def _levelled(params: Params, one: Measured) -> Measured:
    """Take levels of a channel that were declared to be new as if they had always been."""
    role, _, name = one.series.partition(":")
    days = params.channels[name].new_levels if role in ("spend", "exposure") else ()
    places = one.weeks.searchsorted(pd.DatetimeIndex(days) - pd.Timedelta(days=6))
    return replace(one, values=without_steps(one.values, places.tolist()))


def _level_shifts(
    params: Params, measured: Sequence[Measured], rates: Mapping[str, float]
) -> Iterator[Finding]:
    limit = params.data.limits.level_shift
    for one in measured:
        found = level_shift(one.values)
        if found is None:
            continue  # too short to tell a shift from a season
        case = "outcome" if one.role == "outcome" else ""
        beside = "beside trend and season"
        yield judge_shift(
            "data.level_shift", one.series, found, limit, one.weeks, beside, case, rates
        )


def judge_shift(
    check: str,
    subject: str,
    found: tuple[float, int, bool],
    limit: float,
    weeks: pd.DatetimeIndex,
    of: str,
    case: str = "",
    rates: Mapping[str, float] | None = None,
) -> Finding:
    """Judge the largest lasting move of a series.

    See :func:`mmmlib.data.checks.signals.level_shift`. ``limit`` is the share of the level from
    which a move that is clear of the noise is a finding; ``of`` says what moved, or beside what,
    for the message. A move may be one of the ``rates`` of other currencies, by code.
    """
    shift, where, clear = found
    named = known_factor(1 + shift, rates or {})
    return judge(
        check,
        subject,
        passed=abs(shift) <= limit or (not clear and np.isfinite(shift)),
        level=Level.WARN if named else None,
        case=case,
        value=abs(shift),
        limit=limit,
        message=(
            f"The largest lasting move {of} is {format_number(shift, 'share')}, "
            f"around {date_text(weeks[where])}{named}."
        ),
    )


def known_factor(factor: float, rates: Mapping[str, float]) -> str:
    """Say which unit or currency a factor looks like; nothing where it is none.

    >>> known_factor(0.00098, {}), known_factor(1.37, {"GBP": 1.17})
    (' (a thousandth: another unit?)', '')
    >>> known_factor(1.18, {"GBP": 1.17})
    ' (near the rate of GBP, 1.17: another currency?)'
    """
    if not factor > 0:
        return ""
    for power in POWERS:
        if abs(np.log(factor / power)) < NEAR_POWER:
            return f" (a factor of {power:,}: another unit?)"
        if abs(np.log(factor * power)) < NEAR_POWER:
            part = {10: "tenth", 100: "hundredth", 1_000: "thousandth", 1_000_000: "millionth"}
            return f" (a {part[power]}: another unit?)"
    for code, rate in rates.items():
        away = min(abs(np.log(factor / rate)), abs(np.log(factor * rate)))
        if abs(np.log(rate)) > PLAIN and away < NEAR_RATE:
            return f" (near the rate of {code}, {rate:.3g}: another currency?)"
    return ""


# --- the newest weeks -----------------------------------------------------------------------


def _new_weeks(
    national: Panel,
    measured: Sequence[Measured],
    ended: pd.Timestamp | None,
    rates: Mapping[str, float],
) -> Iterator[Finding]:
    seam = 0 if ended is None else int((national.weeks > ended).sum())
    for one in measured:
        if one.weeks.empty or one.weeks[-1] != national.weeks[-1]:
            continue  # its newest weeks were perhaps not measured, which is told already
        found = _newest_move(one.values, seam)
        if found is None:
            continue  # too short a past to tell what is usual
        factor, limit, weeks = found
        size = max(factor, 1 / factor)
        named = known_factor(factor, rates)
        at_seam = weeks == seam
        first = national.weeks[-weeks].date()
        since = ", where the last refresh ended" if at_seam else ""
        yield judge(
            "data.new_weeks",
            one.series,
            passed=size <= limit,
            level=None if at_seam or named or one.role == "outcome" or size >= VAST else Level.INFO,
            value=size,
            limit=limit,
            message=(
                f"From the week of {first} on{since}, it is {factor:.3g} times the half year "
                f"before{named}; as many weeks never differed by more than {limit:.3g} times."
                if size > limit
                else "Its newest weeks are as far from the half year before as others were."
            ),
            case="outcome" if one.role == "outcome" else "",
        )


def _newest_move(values: NDArray[np.float64], seam: int) -> tuple[float, float, int] | None:
    """Return the largest move of the newest weeks, its limit, and how many weeks it is of.

    The weeks since the last refresh come first; without a move there, any young week may be
    the first one of another level.
    """
    moves = []
    for weeks in dict.fromkeys([seam, *range(2, SIDE)]):
        found = new_factor(values, weeks) if 0 < weeks <= 2 * SIDE else None
        if found is None:
            continue
        factor, usual = found
        margin = AT_THE_SEAM if weeks == seam else ANYWHERE
        limit = float(np.exp(max(margin * np.log(usual), SLIGHT)))
        beyond = abs(np.log(factor)) / np.log(limit)
        if weeks == seam and beyond > 1:
            return factor, limit, weeks
        moves.append((beyond, factor, limit, weeks))
    return max(moves)[1:] if moves else None


# --- breaks that end --------------------------------------------------------------------------


def _breaks(
    params: Params, national: Panel, measured: Sequence[Measured], eventful: pd.DatetimeIndex
) -> Iterator[Finding]:
    """Look for weeks at another level that end: budgets cut all at once, outcomes that stop."""
    limit, spend = params.data.limits.level_shift, national.values("spend")
    budget = Measured("spend", spend.sum(axis=(0, 1)), national.weeks)
    for one in (budget, *(series for series in measured if series.role == "outcome")):
        found = passing_break(one.values)
        if found is None:
            continue  # too short to tell a break from a season
        share, first, length, clear = found
        inside = one.weeks[first : first + length]
        explained = bool(inside.isin(eventful).mean() >= 0.5)
        low = not (clear and abs(share) > limit)
        if one is budget:
            each = [share_of_neighbours(channel[0], first, length) for channel in spend]
            low = low or not all(own * np.sign(share) > abs(share) / 2 for own in each)
        what = "All channels together" if one is budget else "It"
        yield judge(
            "data.break",
            one.series,
            passed=low or explained,
            level=Level.INFO if one is budget else None,
            value=abs(share),
            limit=limit,
            message=(
                "No break that ends stands out."
                if low
                else f"{what} moved by {format_number(share, 'share')} for "
                f"{count_text(length, 'week')} ({inside[0].date()} to {inside[-1].date()}) and came "
                f"back" + (", beside an event." if explained else ".")
            ),
        )


# --- magnitudes -------------------------------------------------------------------------------


def _magnitudes(params: Params, national: Panel) -> Iterator[Finding]:
    """Hold what all channels spend against every outcome: another unit looks absurd there."""
    limits = params.data.limits
    spend = float(national.values("spend").sum())
    for model in national.names("outcome"):
        unit = national.units.get(f"outcome:{model}", "")
        total = float(np.abs(national.frame[f"outcome:{model}"]).sum())
        if not total > 0 or not spend > 0:
            continue
        ratio = spend / total
        money = unit == national.currency
        low, high = (
            (limits.min_spend_share, limits.max_spend_share)
            if money
            else (limits.min_spend_per_unit, limits.max_spend_per_unit)
        )
        text = (
            f"{format_number(ratio, 'share')} of the outcome"
            if money
            else f"{format_number(ratio, national.currency)} per unit of the outcome ({unit})"
        )
        measure = "share" if money else national.currency
        usual = f"{format_number(low, measure)} to {format_number(high, measure)}"
        passed = low <= ratio <= high
        far = not low / FAR <= ratio <= high * FAR
        price = params.outcome_of(model).value_per_unit
        yield judge(
            "data.magnitude",
            f"outcome:{model}",
            passed=passed,
            level=Level.BLOCK if far else None,
            value=ratio,
            limit=low if ratio < low else high,
            unit=measure,
            message=f"All channels together spend {text}"
            + ("." if passed else f"; usual is {usual}. Are both in the same unit?"),
            amounts=f"spend, outcome and {price}" if price else "spend and outcome",
        )
