"""The best plan inside of what is allowed, over all draws: climbed from several starts, and checked.

A plan is never given as optimised that is not: either nothing inside of the limits is found to
be better, or the result says that it did not converge, or which limits contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mmmlib.scenarios.gradients import PlanResponse
from mmmlib.scenarios.interior import Climb, Curvature, LinearLimits, climb, first_order_gap
from mmmlib.scenarios.question import (
    THIN,
    Question,
    Space,
    contradiction,
    limits_reached,
    with_budget,
)

FEW = 100
"""Draws that every start is climbed with; the best one is climbed again with all."""
BENT = 50
"""Draws from which second derivatives are taken."""
TIED = 400
"""Draws from which those are that tie channels together, where the risk of the sum counts."""
TOLERANCE = 1e-5
"""Share of what the plan's channels bring, below which there is nothing more to gain."""
ROUGH = 30.0
"""How much less exactly the starts are climbed than the last time."""
STARTS = 3
SEARCHES = 20
"""Budgets that are tried for a target."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """What came of it.

    Parameters
    ----------
    money
        The plan, ``(channel, region, week)``; None where limits contradict each other.
    converged
        Whether nothing better is to be found from here: see ``gap``.
    value
        The objective of the plan, over all draws.
    gap
        The most that a linear programme sees to be gained from the plan, in the unit of the value.
    contradicting
        Names of limits that cannot all be kept; without any one of them the others can.
    binding
        Names of limits without which the plan would be another.
    starts
        How many starts were climbed, and how many of them ended at the same value.
    message
        All this in a sentence.
    """

    money: np.ndarray | None
    converged: bool
    value: float
    gap: float
    contradicting: tuple[str, ...]
    binding: tuple[str, ...]
    starts: tuple[int, int]
    message: str


def optimise(question: Question, response: PlanResponse, seed: int = 1) -> Optimum:
    """Find the best plan inside of the limits.

    Parameters
    ----------
    question
        What is asked.
    response
        What plans bring, in every draw.
    seed
        Of the starts.

    Returns
    -------
    Optimum
        Its ``money`` is a plan only where all limits can be kept; see ``converged``.
    """
    if not question.free.any():
        return _nothing_free(question, response)
    space = Space(question)
    allowed = space.limits()
    middle = allowed.inside() if (allowed.low <= allowed.high).all() else None
    if middle is None:
        names = contradiction(question)
        text = f"No plan keeps all of these limits: {'; '.join(names)}."
        return Optimum(None, False, float("nan"), float("nan"), names, (), (0, 0), text)
    base = response.totals(question.start)
    size = TOLERANCE * float(np.abs(base.mean())) * question.worth or TOLERANCE
    few = _Climber(space, response.thinned(FEW), allowed)
    starts = _starts(few, middle, np.random.default_rng(seed))
    climbed = [few.climb(one, ROUGH * size) for one in starts]
    best = max(climbed, key=lambda one: one.value)
    same = sum(one.value >= best.value - 3 * ROUGH * size for one in climbed)
    full = _Climber(space, response, allowed)
    # A step back from the limits, so that the last climb has room to move along them.
    again = best.x + 0.02 * (middle - best.x)
    last = full.climb(again, size, barrier=3 * ROUGH * size)
    x = space.tidy(last.x, allowed)
    value, slope = full.slope_of(x)
    gap = first_order_gap(slope, x, allowed)
    converged = bool(last.ended and gap <= 4 * size)
    binding = limits_reached(question, space, x, slope)
    text = (
        f"Nothing inside the limits is seen to be better by more than {gap:.3g}; {same} of "
        f"{len(climbed)} starts ended there."
        if converged
        else f"It did not converge: up to {gap:.3g} more may be had. The plan is not the best one."
    )
    return Optimum(space.money(x), converged, value, gap, (), binding, (len(climbed), same), text)


def _nothing_free(question: Question, response: PlanResponse) -> Optimum:
    """What is fixed leaves no choice: the baseline, if it keeps the limits."""
    paid = {one.name: float(question.start[one.cells].sum()) for one in question.limits}
    slack = THIN * max(float(question.start.sum()), 1.0)
    broken = tuple(
        one.name
        for one in question.limits
        if not one.low - slack <= paid[one.name] <= one.high + slack
    )
    if broken:
        text = f"Nothing may change, and the baseline does not keep {'; '.join(broken)}."
        return Optimum(None, False, float("nan"), float("nan"), broken, (), (0, 0), text)
    value = question.objective.value(np.zeros(response.draws))
    text = "Nothing may change: what is fixed leaves no choice."
    return Optimum(question.start, True, value, 0.0, (), (), (0, 0), text)


class _Climber:
    """The objective of one question over some draws."""

    def __init__(self, space: Space, response: PlanResponse, allowed: LinearLimits) -> None:
        self.space, self.response, self.allowed = space, response, allowed
        self.bent, self.tied = response.thinned(BENT), response.thinned(TIED)
        question = space.question
        self.base = response.totals(question.start)
        self.paid = float(question.start.sum())
        self.objective = question.objective

    def gain(self, totals: np.ndarray, money: np.ndarray) -> np.ndarray:
        question = self.space.question
        cost = float(money.sum()) - self.paid if question.cost else 0.0
        return question.worth * (totals - self.base[: len(totals)]) - cost

    def slope_of(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        question, money = self.space.question, self.space.money(x)
        weigh = None
        if self.objective.aim != "expected":

            def weigh(totals: np.ndarray) -> np.ndarray:
                return self.objective.weights(self.gain(totals, money))

        totals, gradient = self.response.with_gradient(money, weigh)
        by_cell = question.worth * gradient - (1.0 if question.cost else 0.0)
        value = self.objective.climbed(self.gain(totals, money))
        return value, self.space.gathered(by_cell)

    def curvature_of(self, x: np.ndarray) -> Curvature:
        question, money = self.space.question, self.space.money(x)
        bent, tied = self.bent, self.tied
        equal = np.full(bent.draws, 1 / bent.draws)
        ties = np.zeros((0, self.space.size))
        if self.objective.aim != "expected":
            few = question.worth * (bent.totals(money) - bent.totals(question.start))
            equal = self.objective.weights(few)
            more = question.worth * (tied.totals(money) - tied.totals(question.start))
            strength = self.objective.ties(more)
            if strength.any():
                each = question.worth * tied.picked(np.flatnonzero(strength)).by_draw(money)
                rows = np.stack([self.space.gathered(one) for one in each])
                rows -= rows.mean(axis=0)
                ties = rows * np.sqrt(strength[strength > 0])[:, None]
        by_cell = question.worth * bent.curvature(money, equal)
        return Curvature(self.space.blocks(by_cell), self.space.place, ties)

    def climb(self, start: np.ndarray, size: float, barrier: float | None = None) -> Climb:
        money = self.space.money(start)
        self.objective = self.objective.softened(self.gain(self.response.totals(money), money))
        if barrier is None:
            _, slope = self.slope_of(start)
            barrier = 0.1 * min(first_order_gap(slope, start, self.allowed), 1e9 * size)
        return climb(
            self.slope_of, self.curvature_of, self.allowed, start, tolerance=size, barrier=barrier
        )


def _starts(climber: _Climber, middle: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """The middle of what is allowed, the way that pays at once, and ways at random."""
    _, slope = climber.slope_of(middle)
    ways = [slope, *(slope * rng.normal(size=len(slope)) for _ in range(STARTS - 2))]
    ends = [climber.allowed.best(way) for way in ways]
    return [middle, *(middle + 0.5 * (end - middle) for end in ends if end is not None)]


def cheapest(question: Question, response: PlanResponse, target: float) -> Optimum:
    """Find the smallest budget with which the outcome rises by a target, and its plan.

    Parameters
    ----------
    question
        Without a budget. What counts is the outcome that its objective stands for, before cost.
    response
        What plans bring.
    target
        Outcome over the horizon beyond the baseline's, in its own unit.

    Returns
    -------
    Optimum
        Its ``value`` is what the objective reaches. Where no plan inside of the limits reaches the
        target, there is none, and ``the target`` is among what contradicts.
    """
    free = replace(question, cost=False, worth=1.0)
    space = Space(question)
    allowed = space.limits()
    every = space.gathered(np.ones(question.start.shape))
    least, most = allowed.best(-every), allowed.best(every)
    if least is None or most is None:
        return optimise(question, response)
    low, high = float(space.money(least).sum()), float(space.money(most).sum())
    low, high = low + 10 * THIN * (high - low), high - 10 * THIN * (high - low)
    found = optimise(with_budget(free, high), response)
    if found.money is None or not found.value >= target:
        text = (
            f"No plan inside the limits reaches {target:.4g} more; the most is {found.value:.4g}."
        )
        return replace(
            found, money=None, converged=False, contradicting=("the target",), message=text
        )
    lowest = optimise(with_budget(free, low), response)
    if lowest.money is not None and lowest.value >= target:
        return lowest
    below, above = (low, lowest.value if lowest.money is not None else -np.inf), (high, found.value)
    for turn in range(SEARCHES):
        width = above[0] - below[0]
        if width <= 1e-4 * high:
            break
        # What more money brings bends down: the straight line is the better guess, halves are sure.
        share = (target - below[1]) / (above[1] - below[1]) if np.isfinite(below[1]) else 0.5
        share = 0.5 if turn % 3 == 2 else min(max(share, 0.02), 0.98)
        budget = below[0] + share * width
        tried = optimise(with_budget(free, budget), response)
        if tried.money is not None and tried.value >= target:
            found, above = tried, (budget, tried.value)
        else:
            below = (budget, tried.value if tried.money is not None else -np.inf)
    return found
