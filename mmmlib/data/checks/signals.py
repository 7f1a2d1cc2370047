"""What stands out in one weekly series beside trend and season: single weeks, and lasting moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

YEAR = 52.1775
"""Weeks in a year."""
NEIGHBOURS = 5
"""Weeks on either side that a week is held against."""
SIDE = 13
"""Weeks on either side of a lasting move."""
SHORTEST = 4
"""Least weeks of a break that ends."""
CLEAR = 5.0
"""Standard errors from which a move is more than noise (the largest of many is looked at)."""
FLOOR = 0.01
"""Least spread of a series, as a share of its size: below it, a price that is changed in small
steps would be all outliers."""
LARGE = 0.95
"""Quantile of a channel's active weeks that is its large week."""
BURST = 0.4
"""Least spread of the logarithm of spend: at a limit of 6, a burst of eleven times its
large week passes, an error of a factor of a hundred does not."""
TO_SD = 1.4826
"""A normal's standard deviation, from its median absolute deviation."""


def outliers(values: NDArray[np.float64], positive: bool = False) -> NDArray[np.float64]:
    """Distance of every week ``(week,)`` from its neighbours, in robust standard deviations.

    Beyond 6 a week is far out even for heavy-tailed data. ``positive`` looks at the logarithm of
    the weeks above zero only. Spend comes in bursts, so that neighbours say little: a week is then
    held against the channel's large weeks, and only too large a spend stands out.

    Notes
    -----
    Hampel's identifier on what trend and season leave: deviation from the median of
    the neighbours, divided by 1.4826 times the median absolute deviation (Davies and
    Gather, 1993, *The identification of multiple outliers*). Neighbours before and
    after are two groups, and the nearer one counts, so that a step is no outlier.
    """
    distance = np.zeros(len(values))
    if positive:
        active = values > 0
        if active.sum() < NEIGHBOURS:
            return distance
        logs = np.log(values[active])
        spread = TO_SD * np.median(np.abs(logs - np.median(logs)))
        # Held against its large weeks: a channel with bursts has many, an error is rare.
        deviation = np.maximum(logs - np.quantile(logs, LARGE), 0.0)
        distance[active] = deviation / max(float(spread), BURST)
        return distance
    if len(values) < 4 * NEIGHBOURS:
        return distance  # too short to have neighbours; readiness says that it is short
    basis, _ = np.linalg.qr(trend_and_season(len(values)))
    level = values - basis @ (basis.T @ values)
    series = pd.Series(level)
    before = _median_before(series)
    after = _median_before(series[::-1])[::-1]
    spread = TO_SD * float(np.median(np.abs(level - (before + after) / 2)[2:-2]))
    # Far from both sides: the weeks around a lasting move are near one of them.
    residual = np.fmin(np.abs(level - before), np.abs(level - after))
    floor = FLOOR * float(np.abs(values).mean())
    return residual / max(spread, floor, np.finfo(float).tiny)


def _median_before(series: pd.Series) -> NDArray[np.float64]:
    """Median of the weeks before each week; NaN where there are fewer than two."""
    return series.shift(1).rolling(NEIGHBOURS, min_periods=2).median().to_numpy()


def level_shift(values: NDArray[np.float64]) -> tuple[float, int, bool] | None:
    """Find the largest lasting move of a series beside its trend and season.

    The move as a share of the level before it (-1 for a fall to nothing), the index of its first
    week, and whether it is clear of the noise. None for less than two years: a season cannot be
    told from a shift then.

    Notes
    -----
    For every candidate week, a step that lasts to the end is added to a regression
    on a line and two yearly harmonics; the step with the largest t-ratio wins. The
    t-ratio is deflated for autocorrelation of lag one. With many candidates the
    largest t-ratio of pure noise reaches about 3.5, hence the bar of 5.
    """
    if not _has_seasons(values):
        return None
    weeks = len(values)
    candidates = np.arange(SIDE, weeks - SIDE + 1)
    best, height, clear = _best_pattern(values, np.arange(weeks)[:, None] >= candidates)
    where = int(candidates[best])
    return _share_of_level(values, where, height), where, clear


def _has_seasons(values: NDArray[np.float64]) -> bool:
    """Say whether a series has a level, and the two years that tell its season from a move."""
    whole = len(values) >= 2 * YEAR - 1 and np.isfinite(values).all()
    return bool(whole and values.mean() != 0)


def _best_pattern(
    values: NDArray[np.float64], patterns: NDArray[np.bool_]
) -> tuple[int, float, bool]:
    """Find which pattern, shape ``(week, pattern)``, explains a series best beside trend and season.

    Returns its place, its height, and whether that is clear of the noise.
    """
    basis, _ = np.linalg.qr(trend_and_season(len(values)))
    steps = patterns.astype(float)
    steps -= basis @ (basis.T @ steps)
    residual = values - basis @ (basis.T @ values)
    size = (steps**2).sum(axis=0)
    height = steps.T @ residual / size
    rest = (residual**2).sum() - height**2 * size
    noise = np.sqrt(np.maximum(rest, 0) / (len(values) - basis.shape[1] - 1))
    # Below rounding there is no noise: a series that a step explains wholly has none left.
    rounding = np.finfo(float).eps * np.abs(values).max()
    ratio = np.abs(height) * np.sqrt(size) / np.maximum(noise, rounding)
    best = int(np.argmax(ratio))
    left = residual - steps[:, best] * height[best]
    carry = float(np.clip(left[1:] @ left[:-1] / max(left @ left, 1e-300), 0, 0.95))
    clear = ratio[best] * np.sqrt((1 - carry) / (1 + carry)) > CLEAR
    return best, float(height[best]), bool(clear)


def _share_of_level(values: NDArray[np.float64], where: int, height: float) -> float:
    """Return a step as a share of the level of the half year before it, season taken out.

    A series that is never below zero cannot fall by more than all of it.
    """
    step = (np.arange(len(values)) >= where).astype(float)
    columns = trend_and_season(len(values))
    weights = np.linalg.lstsq(np.column_stack([columns, step]), values, rcond=None)[0]
    level = values - columns[:, 2:] @ weights[2:-1]
    before = float(np.median(level[max(where - 2 * SIDE, 0) : where]))
    after = float(np.median(level[where : where + 2 * SIDE]))
    share = after / before - 1 if before > 0 else np.nan
    if not (np.isfinite(share) and share * height > 0):  # no level to take a share of
        share = height / max(abs(before), abs(float(values.mean())))
    return max(share, -1.0) if (values >= 0).all() else share


def new_factor(values: NDArray[np.float64], weeks: int) -> tuple[float, float] | None:
    """Hold the level of the newest weeks against the half year before them.

    The factor between the two levels (geometric means of the weeks above zero; weeks of zero say
    nothing of a level), and the largest factor, up or down, that as many weeks ever had in the
    past. None where the past is too short to tell what is usual.
    """
    logs = np.log(np.where(values > 0, values, np.nan))
    total = len(values)
    steps = _log_steps(logs, np.arange(weeks + 2 * SIDE, total - weeks + 1), weeks)
    past = np.abs(steps[np.isfinite(steps)])
    (newest,) = _log_steps(logs, np.array([total]), weeks)
    if len(past) < 2 * SIDE or not np.isfinite(newest):
        return None
    return float(np.exp(newest)), float(np.exp(past.max()))


def without_steps(values: NDArray[np.float64], places: Sequence[int]) -> NDArray[np.float64]:
    """Bring what lies before declared steps (places of their first weeks) to the level after them.

    The series is then as if it had always had its last level: each step is the ratio of the medians
    of at most half a year on either side, of the weeks above zero.
    """
    levelled = values.copy()
    ends = sorted({place for place in places if 0 < place < len(values)})
    for place, end in pairwise([*ends, len(values)]):
        before = values[max(place - 2 * SIDE, 0) : place]
        after = values[place : min(place + 2 * SIDE, end)]
        if (before > 0).any() and (after > 0).any():
            levelled[:place] *= np.median(after[after > 0]) / np.median(before[before > 0])
    return levelled


def _log_steps(
    logs: NDArray[np.float64], ends: NDArray[np.int_], weeks: int
) -> NDArray[np.float64]:
    """Return the step of the mean of some weeks up to each end, from the half year before them.

    NaN where no week is above zero, or too few before.
    """
    known = np.isfinite(logs)
    sums = np.append(0.0, np.cumsum(np.where(known, logs, 0.0)))
    counts = np.append(0, np.cumsum(known))
    first = np.maximum(ends - weeks, 0)
    before = np.maximum(ends - weeks - 2 * SIDE, 0)
    new, old = counts[ends] - counts[first], counts[first] - counts[before]
    enough = (new > 0) & (old >= NEIGHBOURS)
    step = (sums[ends] - sums[first]) / np.maximum(new, 1)
    step -= (sums[first] - sums[before]) / np.maximum(old, 1)
    return np.where(enough, step, np.nan)


def passing_break(values: NDArray[np.float64]) -> tuple[float, int, int, bool] | None:
    """Find the largest break that ends: weeks at another level, and the old one after them.

    The level inside as a share of that around it, less one; the index of its first week; its
    length; whether it is clear of the noise. None for less than two years.

    As :func:`level_shift`, with a block of 4 to 26 weeks instead of a step. What comes again a year
    before or after it is a season and no break.
    """
    if not _has_seasons(values):
        return None
    weeks = len(values)
    spans = [
        (first, length)
        for length in range(SHORTEST, 2 * SIDE + 1)
        for first in range(SHORTEST, weeks - SHORTEST - length + 1)
    ]
    starts, lengths = np.array(spans).T
    time = np.arange(weeks)[:, None]
    best, _, clear = _best_pattern(values, (time >= starts) & (time < starts + lengths))
    first, length = spans[best]
    share = share_of_neighbours(values, first, length)
    for other in (first - round(YEAR), first + round(YEAR)):
        again = share_of_neighbours(values, other, length)
        clear = clear and not again * np.sign(share) > abs(share) / 2
    return share, first, length, clear


def share_of_neighbours(values: NDArray[np.float64], first: int, length: int) -> float:
    """Return the level of some weeks as a share of that before and after them, less one.

    The smaller of the two moves; 0 where they go different ways, NaN where there is no level.
    """
    end = max(first + length, 0)
    parts = values[max(first - SIDE, 0) : max(first, 0)], values[end : end + SIDE]
    inside = values[max(first, 0) : end]
    if not (len(inside) and all(len(part) and np.median(part) > 0 for part in parts)):
        return float("nan")
    before, after = (float(np.median(inside) / np.median(part)) - 1 for part in parts)
    return min(before, after, key=abs) if before * after > 0 else 0.0


# --- trend and season ---------------------------------------------------------------------------


def trend_and_season(weeks: int, order: int = 2) -> NDArray[np.float64]:
    """Return a line and yearly harmonics, shape ``(week, 2 + 2 * order)``.

    Under one year the harmonics would take the trend; only the line is given then.
    """
    time = np.arange(weeks)
    columns = [np.ones(weeks), (time - time.mean()) / max(weeks, 2)]
    if weeks >= YEAR:
        for number in range(1, order + 1):
            angle = 2 * np.pi * number * time / YEAR
            columns += [np.sin(angle), np.cos(angle)]
    return np.stack(columns, axis=1)


def residual_noise(
    values: NDArray[np.float64], columns: NDArray[np.float64]
) -> tuple[float, float]:
    """Return the noise of a series ``(week,)`` that some columns ``(week, k)`` do not explain.

    Standard deviation of the residual, with the degrees of freedom that the columns took, and its
    autocorrelation at a lag of one week (corrected for the bias of ``-(1 + 3 r) / n`` that short
    series have; Kendall, 1954), kept in 0 to 0.95.
    """
    basis, upper = np.linalg.qr(columns)
    rank = int((np.abs(np.diag(upper)) > 1e-10 * np.abs(upper).max()).sum())
    residual = values - basis @ (basis.T @ values)
    count = len(values)
    sd = float(np.sqrt((residual**2).sum() / max(count - rank, 1)))
    power = float(residual @ residual)
    raw = float(residual[1:] @ residual[:-1]) / power if power > 0 else 0.0
    corrected = raw + (1 + 3 * raw) / count
    return sd, float(np.clip(corrected, 0.0, 0.95))
