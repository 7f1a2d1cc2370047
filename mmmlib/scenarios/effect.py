"""What one plan brings against the status quo, in one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmmlib.scenarios.projection import ProjectedOutcome

HALF = 0.5
"""A change that brings less than half of the average return of its channels meets saturation."""


@dataclass(frozen=True, eq=False)
class PlanEffect:
    """A plan's effect draw by draw.

    Parameters
    ----------
    outcome, difference
        Contribution of the plan's spend, and the same minus the baseline's;
        ``(draw,)``, in the outcome's unit.
    spend, spend_change
        Money over the horizon, and its difference to the baseline's.
    money
        Whether the outcome is in the currency of the spend.
    at_stake, spend_at_stake
        Baseline outcome and money of the channels that the plan changes.
    outcome_after, difference_after
        What of ``outcome`` and ``difference`` comes after the last week of the horizon.
    """

    outcome: np.ndarray
    difference: np.ndarray
    spend: float
    spend_change: float
    money: bool
    at_stake: np.ndarray
    spend_at_stake: float
    outcome_after: np.ndarray
    difference_after: np.ndarray

    @property
    def net(self) -> np.ndarray | None:
        """Difference in outcome minus difference in spend; None for a count."""
        return self.difference - self.spend_change if self.money else None

    @property
    def gain(self) -> np.ndarray:
        """What the plan is judged by: net where there is one, else the difference."""
        return self.difference if self.net is None else self.net

    @property
    def probability_better(self) -> float:
        """Share of draws in which the plan beats the baseline; a tie does not."""
        return float((self.gain > 0).mean())

    @property
    def speaks_for(self) -> float:
        """Probability that this model speaks for the plan.

        Where money or the budget decides, the probability to beat the baseline.
        For a count at another budget, more spend always gives more of it; there
        the question is saturation: see :attr:`not_saturated`.
        """
        return self.probability_better if self.money else self.not_saturated

    @property
    def not_saturated(self) -> float:
        """Probability that added money still works (that cut money worked little).

        That it brings more than half of what the channels' money brings on average (loses
        less than half); at the same budget, that the plan brings more. The outcome's unit
        does not matter, so all models can be asked this, and be held against each other.
        """
        # Money for channels that the baseline leaves out has no average to be held against.
        if self.spend_change == 0 or not self.spend_at_stake > 0:
            return float((self.difference > 0).mean())
        average = self.at_stake * (self.spend_change / self.spend_at_stake)
        return float((self.difference > HALF * average).mean())


def plan_effect(
    outcome: ProjectedOutcome,
    spend: Mapping[str, np.ndarray],
    baseline: Mapping[str, np.ndarray],
    *,
    money: bool,
) -> PlanEffect:
    """Compute a plan's effect against the baseline.

    ``spend`` and ``baseline`` are money by channel, ``(region, week)``: the same channels and weeks.
    """
    changed = [name for name in spend if not np.array_equal(spend[name], baseline[name])]
    base = {name: outcome(name, paid) for name, paid in baseline.items()}
    then = {name: outcome(name, spend[name]) for name in changed}
    zero = np.zeros_like(next(iter(base.values())).total)
    # Summed over the changed channels only: a plan that changes nothing differs by exactly zero.
    difference = sum((then[name].total - base[name].total for name in changed), zero)
    difference_after = sum((then[name].after - base[name].after for name in changed), zero)
    paid_before = sum(float(paid.sum()) for paid in baseline.values())
    spend_change = sum(float(spend[name].sum() - baseline[name].sum()) for name in changed)
    if abs(spend_change) < 1e-9 * max(paid_before, 1.0):
        spend_change = 0.0
    return PlanEffect(
        outcome=sum((one.total for one in base.values()), zero) + difference,
        difference=difference,
        spend=paid_before + spend_change,
        spend_change=spend_change,
        money=money,
        at_stake=sum((base[name].total for name in changed), zero),
        spend_at_stake=sum(float(baseline[name].sum()) for name in changed),
        outcome_after=sum((one.after for one in base.values()), zero) + difference_after,
        difference_after=difference_after,
    )
