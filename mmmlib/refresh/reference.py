"""How far would an estimate move in an unchanged world, only because there is more data? (H3)

Two refreshes share most of their data, so their ranges say little about how far apart they may
be: judged by ranges, false alarms are rare and so are real ones. What is known is this: as long
as the world and the model stay what they are, posterior means are a martingale. The newer one is
the older one plus what the new weeks taught, and the variance of that step is the older
posterior's variance less the newer one's. So a movement is held against the square root of that
difference.

Where the newer range happens to be as wide as the older one, the difference says nothing; then
at least the share of the weeks that are new is taken of the older variance, as for a mean of
independent weeks. The noise of the draws comes on top. What models leave out makes movements
larger than this; by how much was measured on sequences of refreshes in which nothing happened
(:data:`SPREAD`, see ``docs/gates.md``).

All of it is on the logarithm of the number where it is positive in both refreshes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from mmmlib.estimates import Estimate, log_ratio

SPREAD = 1.0
"""By what measured movements of unchanged worlds are more spread than the difference of variances."""
LEAST_ESS = 400
"""Effective draws that health asks of a fit at least; the noise of a median follows from it."""
RANGE = 2 * 1.6449
"""Width of a 90 % range of a normal, in standard deviations."""
LARGEST = 300.0
"""Logarithm beyond which numbers are not told apart."""
MEDIAN = 1.2533
"""Standard error of a median over that of a mean."""


@dataclass(frozen=True)
class Reference:
    """A movement beside what an unchanged world allows.

    ``factor`` is its size, up or down (1.25 is up by a quarter, or down by a fifth), ``limit`` the
    factor up to which a movement is what more data does, and ``spread`` the standard deviation of
    the logarithm of such a factor in an unchanged world.
    """

    factor: float
    spread: float
    limit: float

    @property
    def beyond(self) -> bool:
        """Whether it is more; NaN is."""
        return not self.factor <= self.limit


def reference(
    before: Estimate,
    after: Estimate,
    new_share: float,
    *,
    max_shift: float,
    least: float,
    spread: float = SPREAD,
) -> Reference:
    """Hold the movement of a median against "same world, more data".

    The limit never lies beyond the end of the older range: a median that leaves that range has
    moved, whatever the spread says.

    Parameters
    ----------
    new_share
        Share of the weeks that only the newer refresh fitted.
    max_shift
        ``comparison.max_shift``: by how many standard deviations it may move.
    least
        ``comparison.large_movement``: up to it no movement counts, as a share.
    """
    positive = before.median > 0 and after.median > 0
    if positive:
        then, now = _log_spread(before), _log_spread(after)
        shift = log_ratio(after.median, before.median)
        end = before.high if shift > 0 else before.low
        room = abs(log_ratio(end, before.median)) if end > 0 else math.inf
    else:  # relative to the size of what it was
        size = abs(before.median)
        if max(before.width, after.width) >= math.exp(LARGEST) * size:
            # Next to nothing: a change of it has no size.
            return Reference(math.nan, math.nan, 1 + least)
        then, now = before.width / RANGE / size, after.width / RANGE / size
        shift = (after.median - before.median) / size
        end = before.high if shift > 0 else before.low
        room = abs(end - before.median) / size
    learned = max(then**2 - now**2, new_share * then**2)
    noise = MEDIAN**2 * (then**2 + now**2) / LEAST_ESS
    deviation = math.sqrt(spread**2 * learned + noise)
    floor = math.log1p(least) if positive else least
    limit = max(min(max_shift * deviation, room), floor)

    def factor(size: float) -> float:
        return math.exp(min(size, LARGEST)) if positive else 1 + size

    return Reference(factor(abs(shift)), deviation, factor(limit))


def shared_shift(max_shift: float, count: int) -> float:
    """Deviations that one of ``count`` numbers passes by chance as seldom as a single one ``max_shift``.

    Šidák (1967), as if the numbers were independent; where they move together, it is passed still
    less.
    """
    alone = 2 * ndtr(-max_shift)
    return float(-ndtri(-np.expm1(np.log1p(-alone) / max(count, 1)) / 2))


def _log_spread(estimate: Estimate) -> float:
    """Standard deviation of the logarithm, from the half of the range that is positive."""
    if estimate.low > 0:
        return log_ratio(estimate.high, estimate.low) / RANGE
    return 2 * log_ratio(estimate.high, estimate.median) / RANGE
