"""Do published ranges hold? Every decision that states one is a promise; here they are scored.

A single outcome outside its range says little: a 90 % range is missed once in ten times. The score
says how many held, and how likely that count would be called out if the ranges truly held less
often: with few promises nothing can be told, and then it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmmlib.estimates import MASS, format_number
from mmmlib.governance.decisions import Followed

FALSE_ALARM = 0.05
"""Probability with which ranges that hold as often as they say are called out."""
TOO_NARROW = 0.7
"""Share of 90 % ranges that hold, against which the power is stated."""


class PromiseScore(NamedTuple):
    """How often stated ranges held.

    Parameters
    ----------
    promises
        Decisions whose outcome is known and can be told apart from their range.
    held, held_inner
        How many landed inside the 90 % and the 50 % range.
    mean_interval_score
        Interval score in units of each range's width (Gneiting and Raftery, 2007): 1 where the
        outcome is inside, and 20 times the distance more where it is not. Ranges that are right
        hold in nine of ten and miss by little.
    fewest
        Held promises below which ranges are called too narrow.
    power
        Probability that ranges which truly hold in 70 % are called too narrow with so many promises.
    """

    promises: int
    held: int
    held_inner: int
    mean_interval_score: float
    fewest: int
    power: float

    @property
    def too_narrow(self) -> bool:
        """Whether fewer held than chance lets expect of 90 % ranges."""
        return self.held < self.fewest

    def __str__(self) -> str:
        if not self.promises:
            return "No promise has come due yet."
        says = (
            f"{self.held} of {self.promises} stated 90 % ranges held, and {self.held_inner} of their "
            f"50 % ranges; interval score {self.mean_interval_score:.1f} (1.0 where all held)."
        )
        if self.too_narrow:
            return f"{says} That is fewer than chance lets expect: the ranges are too narrow."
        return (
            f"{says} Ranges that truly hold in 70 % would be seen with a probability of "
            f"{format_number(self.power, 'share')} by so many."
        )


def score_promises(log: Sequence[Followed]) -> PromiseScore:
    """Score the ranges of decisions against what came of them.

    Parameters
    ----------
    log
        Decisions with their outcomes; those without a range or an outcome do not count.
    """
    from scipy.stats import binom

    known = [
        (one.decision.expected, one.outcome.value)
        for one in log
        if one.decision.expected is not None
        and one.outcome is not None
        and one.landing in ("inside", "above", "below")
    ]
    count = len(known)
    held = sum(expected.low <= value <= expected.high for expected, value in known)
    inner = sum(expected.inner_low <= value <= expected.inner_high for expected, value in known)
    scores = [
        1
        + 2
        / (1 - expected.mass)
        * max(expected.low - value, value - expected.high, 0.0)
        / (expected.high - expected.low)
        for expected, value in known
        if expected.high > expected.low
    ]
    # The largest count that is still called out keeps its probability below FALSE_ALARM.
    fewest = int(binom.ppf(FALSE_ALARM, count, MASS)) if count else 0
    return PromiseScore(
        count,
        held,
        inner,
        sum(scores) / len(scores) if scores else float("nan"),
        fewest,
        float(binom.cdf(fewest - 1, count, TOO_NARROW)) if fewest else 0.0,
    )
