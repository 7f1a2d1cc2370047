"""Distributions of returns by their quantiles: computed, never drawn.

A range that is read off random draws differs from draw to draw, so one and the same prior
would be shown as two. Here a distribution is an array of its quantiles at fixed probabilities.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import log_expit, ndtri

Z90 = 1.6448536269514722
"""Half width of a standard normal's 90 % range."""
POINTS = 400
"""Quantiles by which a distribution is added to another."""
COARSE = 150
"""The same for what a channel only makes room for: what all others would cause."""
SHARED = 7
"""Places at which what returns that are alike have in common is looked at."""


def probabilities(count: int) -> np.ndarray:
    """Return probabilities from (nearly) 0 to 1, so that quantiles of ``count`` points are exact.

    ``np.quantile`` takes the first of ``count`` sorted values for probability 0 and the last
    for 1, and in between in proportion; here, the ends stand half a step inside.
    """
    levels = np.linspace(0, 1, count)
    levels[0], levels[-1] = 0.5 / count, 1 - 0.5 / count
    return levels


def lognormal_points(mean: float, sd: float, count: int) -> np.ndarray:
    """Quantiles of a log-normal distribution at :func:`probabilities`."""
    return np.exp(mean + sd * ndtri(probabilities(count)))


def sum_points(parts: Sequence[np.ndarray], at: np.ndarray, points: int = POINTS) -> np.ndarray:
    """Quantiles, ``at`` some probabilities, of the sum of independent quantities.

    Each part has draws or quantiles, any number of them in any order, and is known by so many
    ``points``. NaN where a part has any; zeros where there is no part.
    """
    if any(np.isnan(part).any() for part in parts):
        return np.full(len(at), np.nan)
    if len(parts) == 1:
        return _quantiles(parts[0], at)  # nothing is added, and nothing is lost by adding
    middles = _middles(points)
    total = np.zeros(1)
    for part in parts:
        total = np.add.outer(_quantiles(total, middles), _quantiles(part, middles)).ravel()
    return _quantiles(total, at)


def _quantiles(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """As ``np.quantile``, which takes longer for many of them than to sort all values."""
    return np.interp(at * (len(values) - 1), np.arange(len(values)), np.sort(values))


def truncated_points(
    mean: np.ndarray,
    sd: np.ndarray,
    share_per_return: np.ndarray,
    max_media_share: float,
    width: float,
    count: int,
    alike: np.ndarray | bool = False,
    likeness: float = 0.0,
) -> np.ndarray:
    """Quantiles of channels' returns, where all together hardly pass a share of the outcome.

    Shape ``(count, channel)``, at :func:`probabilities`: of each channel, whatever the others do.
    Where the limit does not matter they are those of the log-normal distribution that was stated.

    Parameters
    ----------
    mean, sd
        Of the logarithm, by channel.
    share_per_return
        Share of the outcome that a return of one would be, by channel.
    max_media_share, width
        Where the density of the channels' sum begins to fall, and over which range.
    alike, likeness
        Which channels' returns are correlated, and how their logarithms are.
    """
    fine, middles = _middles(POINTS if likeness else 5 * POINTS), _middles(COARSE)
    # Alike, they share a part; given that part, each goes its own way.
    common, weights = hermegauss(SHARED if likeness else 1)
    own = np.where(alike, np.sqrt(1 - likeness), 1.0) * sd
    values, logs = [], []
    for one, weight in zip(common, weights, strict=True):
        middle = mean + np.where(alike, np.sqrt(likeness), 0.0) * sd * one
        spread = np.exp(middle[:, None] + own[:, None] * ndtri(middles))
        shares = list(spread * share_per_return[:, None])
        returns = np.exp(middle[:, None] + own[:, None] * ndtri(fine))
        values.append(returns)
        logs.append(
            np.log(weight)
            + np.stack(
                [
                    _room(mine * share, others, max_media_share, width)
                    for mine, share, others in zip(
                        returns, share_per_return, _sums_of_others(shares), strict=True
                    )
                ]
            )
        )
    columns = []
    for points, log_weight in zip(
        np.concatenate(values, axis=1), np.concatenate(logs, axis=1), strict=True
    ):
        order = np.argsort(points)
        weight = np.exp(log_weight - log_weight.max())[order]
        reached = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
        columns.append(np.exp(np.interp(probabilities(count), reached, np.log(points[order]))))
    return np.stack(columns, axis=1)


def _middles(count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) / count


def _sums_of_others(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Quantiles of the sum of all parts but one, for each one."""
    middles, none = _middles(COARSE), np.zeros(COARSE)
    before, after = [none], [none]
    for part in parts[:-1]:
        before.append(sum_points([before[-1], part], middles, COARSE))
    for part in parts[:0:-1]:
        after.append(sum_points([after[-1], part], middles, COARSE))
    return [
        sum_points([one, other], middles, COARSE)
        for one, other in zip(before, reversed(after), strict=True)
    ]


def _room(mine: np.ndarray, others: np.ndarray, most: float, width: float) -> np.ndarray:
    """Log of the weight of each of a channel's shares, whatever the others' share is."""
    log_weight = log_expit(-(np.add.outer(mine, others) - most) / width)
    highest = log_weight.max(axis=1)
    mean = np.exp(log_weight - highest[:, None]).mean(axis=1)
    return np.asarray(highest + np.log(mean))


@functools.cache
def split_lognormal(
    sd: float, shares: tuple[float, ...], likeness: float = 0.0
) -> tuple[float, float]:
    """Split a log-normal quantity into parts that add up to it.

    What to add to the mean of the whole's logarithm, beside the logarithm of the part's share, and
    the spread of each part's logarithm: the 90 % range of the sum is then that of the whole. Each
    part is less sure than the whole, as what is high in one is low in another.

    ``sd`` is the spread of the logarithm of the whole; ``shares``, of the parts in it, add up to
    one; ``likeness`` is the correlation of the logarithms of two parts.
    """
    kept = [share for share in shares if share > 0]
    if len(kept) < 2:
        return 0.0, sd
    from scipy.optimize import brentq

    if likeness > 0:
        # What the parts have in common is a factor of the whole; only the rest is split.
        common = likeness / (1 - likeness)
        own = brentq(
            lambda s: common * split_lognormal(s, shares)[1] ** 2 + s**2 - sd**2,
            1e-3 * sd,
            sd,
            xtol=1e-2,
        )
        shift, spread = split_lognormal(float(own), shares)
        return shift, spread / float(np.sqrt(1 - likeness))

    def ends(spread: float) -> np.ndarray:
        each = lognormal_points(0.0, spread, 10 * POINTS)
        return np.log(sum_points([share * each for share in kept], np.array([0.05, 0.95])))

    high = 2 * sd
    while np.ptp(ends(high)) < 2 * Z90 * sd:
        high *= 2
    spread = float(brentq(lambda s: np.ptp(ends(s)) - 2 * Z90 * sd, sd, high, xtol=1e-3))
    return -float(ends(spread).mean()), spread
