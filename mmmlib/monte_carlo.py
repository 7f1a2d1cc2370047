"""How far a number read off draws would move with other draws, and what a limit makes of that.

A limit that a number keeps only by the luck of its draws is not kept: another seed would say
otherwise. So whatever is sampled has to keep its limit by :data:`ERRORS` Monte Carlo standard
errors, which are ArviZ's (Vehtari et al., 2021). Here is the only place that decides by how much.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

ERRORS = 2.0
"""By how many of its Monte Carlo errors a number has to keep its limit."""


def monte_carlo_error(
    draws: ArrayLike, method: Literal["mean", "median", "quantile"] = "median", at: float = 0.5
) -> float:
    """Return the Monte Carlo standard error of a mean, a median or a quantile, in the draws' unit.

    ``draws`` are of one number, those of a chain together, chain after chain; ``at`` is the
    probability of the quantile. Zero where all draws are the same, NaN where one is not finite.
    """
    from arviz_stats.base import array_stats

    values = np.asarray(draws, dtype=float)
    if not np.isfinite(values).all():
        return math.nan
    if not np.ptp(values) > 0:
        return 0.0
    prob = at if method == "quantile" else None
    return float(array_stats.mcse(values[None], method=method, prob=prob))


def at_least_for_certain(value: float, limit: float, error: float = 0.0) -> bool:
    """Say whether a number keeps a lower limit whatever the draws; NaN does not."""
    return bool(value - ERRORS * error >= limit)


def at_most_for_certain(value: float, limit: float, error: float = 0.0) -> bool:
    """Say whether a number keeps an upper limit whatever the draws; NaN does not."""
    return bool(value + ERRORS * error <= limit)


def needed_probability(limit: float, draws: np.ndarray) -> float:
    """Return the share of draws from which a probability is at least ``limit`` for certain.

    Below one always: where every draw agrees, that is enough. ``draws``, shape ``(draw, ...)``, are
    what it is read off, or all that it may be read off; the number that is worth the fewest
    independent draws decides.
    """
    from arviz_stats.base import array_stats

    values = np.asarray(draws, dtype=float).reshape(len(draws), -1)
    known = values[:, np.isfinite(values).all(axis=0)]
    known = known[:, np.ptp(known, axis=0) > 0]
    effective = float(len(values))
    if known.size:
        each = array_stats.ess(known[None], chain_axis=0, draw_axis=1)
        effective = min(effective, float(np.min(each)))
    # The upper end of Wilson's interval: a share this high lies ERRORS of its own errors above.
    share = ERRORS**2 / effective
    middle = limit + share / 2
    return (middle + math.sqrt(share * limit * (1 - limit) + (share / 2) ** 2)) / (1 + share)
