"""What one plan brings against the status quo, in one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from mmmlib.scenarios.levers import LeverMove
from mmmlib.scenarios.projection import ProjectedOutcome

HALF = 0.5
"""A change that brings less than half of the average return of its channels meets saturation."""


@dataclass(frozen=True, eq=False)
class PlanEffect:
    """A plan's effect draw by draw.

    Parameters
    ----------
    outcome, difference
        Contribution of the plan's spend and what goes with the levers it moves, and the same minus
        the baseline's; ``(draw,)``, in the outcome's unit.
    spend, spend_change
        Money over the horizon, and its difference to the baseline's.
    worth
        Profit in a unit of the outcome (1 for revenue); None for a count.
    at_stake, spend_at_stake
        Baseline outcome and money of the channels that the plan changes.
    outcome_after, difference_after
        What of ``outcome`` and ``difference`` comes after the last week of the horizon.
    """

    outcome: np.ndarray
    difference: np.ndarray
    spend: float
    spend_change: float
    worth: float | None
    at_stake: np.ndarray
    spend_at_stake: float
    outcome_after: np.ndarray
    difference_after: np.ndarray
    by_week: np.ndarray | None = None
    """``difference`` by week, to the end of the carryover, without levers; ``(draw, week)``."""
    by_lever: Mapping[str, np.ndarray] = field(default_factory=dict)
    """The part of ``outcome`` and ``difference`` that goes with each lever that the plan moves."""
    lever_cost: float | None = 0.0
    """Money that moving levers costs, beside the spend; None where it is not known."""

    @property
    def money(self) -> bool:
        """Whether the outcome is in the currency of the spend."""
        return self.worth is not None

    @property
    def net(self) -> np.ndarray | None:
        """What the difference in outcome is worth, minus that in spend and what levers cost.

        None for a count, and where the cost of a lever is not known.
        """
        if self.worth is None or self.lever_cost is None:
            return None
        return self.worth * self.difference - self.spend_change - self.lever_cost

    @property
    def comparable(self) -> bool:
        """Whether more is better: money after its cost, or a count for the same spend."""
        return self.net is not None or (self.spend_change == 0 and self.lever_cost == 0)

    @property
    def of_levers(self) -> np.ndarray:
        """The part of ``outcome`` and ``difference`` that goes with levers; ``(draw,)``."""
        return sum(self.by_lever.values(), np.zeros_like(self.difference))

    @property
    def of_spend(self) -> np.ndarray:
        """The part of ``difference`` that the money brings: returns and payback are of this alone."""
        return self.difference - self.of_levers if self.by_lever else self.difference

    def picked(self, draws: slice) -> Self:
        """The same with some of the draws."""
        names = ("outcome", "difference", "at_stake", "outcome_after", "difference_after")
        weekly = None if self.by_week is None else self.by_week[draws]
        levers = {name: each[draws] for name, each in self.by_lever.items()}
        picked = {name: getattr(self, name)[draws] for name in names}
        return replace(self, by_week=weekly, by_lever=levers, **picked)

    @property
    def payback(self) -> tuple[float | None, float | None, float | None] | None:
        """Weeks until the added money is paid for, in 5, 50 and 95 % of the draws; None: never.

        None altogether where no money is added, none comes back, or weeks are not followed.
        """
        if self.worth is None or self.by_week is None or not self.spend_change > 0:
            return None
        paid = self.worth * self.by_week.cumsum(axis=1) >= self.spend_change
        weeks = np.where(paid.any(axis=1), paid.argmax(axis=1) + 1.0, np.inf)
        low, middle, high = np.quantile(weeks, (0.05, 0.5, 0.95), method="inverted_cdf")
        return tuple(float(x) if np.isfinite(x) else None for x in (low, middle, high))  # type: ignore[return-value]

    @property
    def gain(self) -> np.ndarray:
        """What the plan is judged by: net where there is one, else the difference."""
        return self.difference if self.net is None else self.net

    @property
    def probability_better(self) -> float:
        """Share of draws in which the plan beats the baseline; a tie does not."""
        return float((self.gain > 0).mean())

    @property
    def speaks(self) -> np.ndarray:
        """Whether this model speaks for the plan, draw by draw.

        Where money or the budget decides, whether it beats the baseline.
        For a count at another budget, more spend always gives more of it; there
        the question is saturation: see :attr:`not_saturated`.
        """
        return self.gain > 0 if self.money else self._works()

    @property
    def speaks_for(self) -> float:
        """Probability of it."""
        return float(self.speaks.mean())

    @property
    def not_saturated(self) -> float:
        """Probability that added money still works (that cut money worked little).

        That it brings more than half of what the channels' money brings on average (loses
        less than half); at the same budget, that the plan brings more. The outcome's unit
        does not matter, so all models can be asked this, and be held against each other.
        """
        return float(self._works().mean())

    def _works(self) -> np.ndarray:
        # Money for channels that the baseline leaves out has no average to be held against.
        if self.spend_change == 0 or not self.spend_at_stake > 0:
            return np.asarray(self.difference > 0)
        average = self.at_stake * (self.spend_change / self.spend_at_stake)
        return np.asarray(self.of_spend > HALF * average)


def plan_effect(
    outcome: ProjectedOutcome,
    spend: Mapping[str, np.ndarray],
    baseline: Mapping[str, np.ndarray],
    *,
    worth: float | None,
    levers: Sequence[LeverMove] = (),
) -> PlanEffect:
    """Compute a plan's effect against the baseline.

    ``spend`` and ``baseline`` are money by channel, ``(region, week)``: the same channels and weeks.
    ``levers`` are those that the plan moves.
    """
    changed = [name for name in spend if not np.array_equal(spend[name], baseline[name])]
    base = {name: outcome(name, paid) for name, paid in baseline.items()}
    then = {name: outcome(name, spend[name]) for name in changed}
    zero = np.zeros_like(next(iter(base.values())).total)
    # Summed over the changed channels only: a plan that changes nothing differs by exactly zero.
    difference = sum((then[name].total - base[name].total for name in changed), zero)
    difference_after = sum((then[name].after - base[name].after for name in changed), zero)
    by_lever = {one.path.name: one.effect(outcome.levers[one.path.name]) for one in levers}
    lever_cost: float | None = 0.0
    if by_lever:
        difference = sum(by_lever.values(), difference)
        costs = [one.cost for one in levers if one.cost is not None]
        lever_cost = sum(costs) if len(costs) == len(levers) else None
    weekly = [
        then[name].by_week - base[name].by_week  # type: ignore[operator]
        for name in changed
        if then[name].by_week is not None
    ]
    paid_before = sum(float(paid.sum()) for paid in baseline.values())
    spend_change = sum(float(spend[name].sum() - baseline[name].sum()) for name in changed)
    if abs(spend_change) < 1e-9 * max(paid_before, 1.0):
        spend_change = 0.0
    return PlanEffect(
        outcome=sum((one.total for one in base.values()), zero) + difference,
        difference=difference,
        spend=paid_before + spend_change,
        spend_change=spend_change,
        worth=worth,
        at_stake=sum((base[name].total for name in changed), zero),
        spend_at_stake=sum(float(baseline[name].sum()) for name in changed),
        outcome_after=sum((one.after for one in base.values()), zero) + difference_after,
        difference_after=difference_after,
        by_week=np.sum(weekly, axis=0) if weekly and len(weekly) == len(changed) else None,
        by_lever=by_lever,
        lever_cost=lever_cost,
    )
