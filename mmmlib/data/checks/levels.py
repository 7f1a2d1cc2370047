"""Levels: lasting moves, newest weeks unlike the ones before, breaks that end, and magnitudes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.checks.signals import (
    SIDE,
    level_shift,
    new_factor,
    passing_break,
    share_of_neighbours,
)
from mmmlib.data.checks.zeros import Measured, measured_part
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import count_of
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, judge
from mmmlib.params import Params

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
FAR = 10.0
"""How far beyond its limits a magnitude is absurd."""
SLIGHT = float(np.log(1.1))
"""Logarithm of a factor below which the newest weeks are never a finding."""


def check_levels(
    params: Params,
    panel: Panel,
    measured: Measured,
    ended: pd.Timestamp | None,
    rates: Mapping[str, float],
) -> Iterator[Finding]:
    """Ask of every outcome, spend and exposure whether its level moved, and how large it is.

    Parameters
    ----------
    measured
        By series: the weeks that were measured.
    ended
        First day of the newest week that the last refresh had; None without one.
    rates
        What one unit of other currencies is worth, by code.
    """
    national = panel.to_national()
    yield from _level_shifts(params, national, measured, rates)
    yield from _new_weeks(national, measured, ended, rates)
    yield from _breaks(params, national, measured)
    yield from _magnitudes(params, national)


def _level_shifts(
    params: Params, national: Panel, measured: Measured, rates: Mapping[str, float]
) -> Iterator[Finding]:
    limit = params.data.limits.level_shift
    for series in national.series:
        role = series.partition(":")[0]
        values, known = measured_part(national, series, measured)
        found = level_shift(values) if role in ROLES else None
        if found is None:
            continue  # too short to tell a shift from a season
        weeks = national.weeks[known]
        beside = "beside trend and season"
        case = "outcome" if role == "outcome" else ""
        yield judge_shift("data.level_shift", series, found, limit, weeks, beside, case, rates)


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

    Parameters
    ----------
    found
        See :func:`mmmlib.data.checks.signals.level_shift`.
    limit
        Share of the level from which a move that is clear of the noise is a finding.
    of
        What moved, or beside what, for the message.
    case
        Of the check, see ``checks.toml``.
    rates
        What one unit of other currencies is worth, by code: a move may be one of them.
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
            f"around {weeks[where].date()}{named}."
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
    national: Panel, measured: Measured, ended: pd.Timestamp | None, rates: Mapping[str, float]
) -> Iterator[Finding]:
    seam = 0 if ended is None else int((national.weeks > ended).sum())
    for series in national.series:
        role = series.partition(":")[0]
        if role not in ROLES:
            continue
        values, known = measured_part(national, series, measured)
        if known.stop != len(national.weeks):
            continue  # its newest weeks were perhaps not measured, which is told already
        found = _newest_move(values, seam)
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
            series,
            passed=size <= limit,
            level=None if at_seam or named or role == "outcome" else Level.INFO,
            value=size,
            limit=limit,
            message=(
                f"From the week of {first} on{since}, it is {factor:.3g} times the half year "
                f"before{named}; as many weeks never differed by more than {limit:.3g} times."
                if size > limit
                else "Its newest weeks are as far from the half year before as others were."
            ),
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


def _breaks(params: Params, national: Panel, measured: Measured) -> Iterator[Finding]:
    """Look for weeks at another level that end: budgets cut all at once, outcomes that stop."""
    limit = params.data.limits.level_shift
    events = national.values("event")
    eventful = (events > 0).any(axis=(0, 1)) if events.size else np.zeros(len(national.weeks), bool)
    spend = national.values("spend").sum(axis=(0, 1))
    series = {"spend": (spend, slice(0, len(spend)))}
    for name in national.names("outcome"):
        series[f"outcome:{name}"] = measured_part(national, f"outcome:{name}", measured)
    for subject, (values, known) in series.items():
        found = passing_break(values)
        if found is None:
            continue  # too short to tell a break from a season
        share, first, length, clear = found
        inside = slice(known.start + first, known.start + first + length)
        explained = bool(eventful[inside].mean() >= 0.5)
        low = not (clear and abs(share) > limit)
        if subject == "spend":
            each = [share_of_neighbours(one[0], first, length) for one in national.values("spend")]
            low = low or not all(one * np.sign(share) > abs(share) / 2 for one in each)
        ends = f"{national.weeks[inside][0].date()} to {national.weeks[inside][-1].date()}"
        what = "All channels together" if subject == "spend" else "It"
        yield judge(
            "data.break",
            subject,
            passed=low or explained,
            level=Level.INFO if subject == "spend" else None,
            value=abs(share),
            limit=limit,
            message=(
                "No break that ends stands out."
                if low
                else f"{what} moved by {format_number(share, 'share')} for "
                f"{count_of(length, 'week')} ({ends}) and came back"
                + (", beside an event." if explained else ".")
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
