"""The best plan inside of what is allowed, over all draws: asked, limited, climbed, checked.

What may change are shares of the baseline's path (by channel, by region too, or every week of its
own). A plan is never given as optimised that is not: either nothing inside of the limits is found to
be better, or the result says that it did not converge, or which limits contradict each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from mmmlib.scenarios.gradients import PlanResponse
from mmmlib.scenarios.interior import Climb, Curvature, LinearLimits, climb, first_order_gap
from mmmlib.scenarios.risk import Objective

Detail = Literal["channel", "region", "week"]
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
THIN = 1e-6
"""Share by which limits are widened, so that limits that meet exactly have an inside."""


class Limit(NamedTuple):
    """Money over the horizon that some of the cells may have together, and why."""

    name: str
    cells: np.ndarray
    """``(channel, region, week)``, true for those that count."""
    low: float
    high: float


class Bounds(NamedTuple):
    """Money that each cell may have, and why; ``(channel, region, week)`` each."""

    name: str
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Question:
    """What is to be optimised.

    Parameters
    ----------
    start
        The baseline's money; ``(channel, region, week)``. What may not change stays at it.
    free
        Cells that may change.
    detail
        Whether what may change does so by channel, in each region, or in every week of its own.
    bounds, limits
        What holds for every cell, and for sums of cells.
    objective
        What is made large: of the gain after cost, against the baseline.
    worth
        Money that a unit of the outcome is worth: 1 for revenue, the margin for profit. For a
        count 1, and ``cost`` False.
    cost
        Whether the spend itself counts against the plan.
    """

    start: np.ndarray
    free: np.ndarray
    detail: Detail
    bounds: Sequence[Bounds]
    limits: Sequence[Limit]
    objective: Objective = field(default_factory=Objective)
    worth: float = 1.0
    cost: bool = True


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
    space = _Space(question)
    allowed = space.limits()
    middle = allowed.inside() if (allowed.low <= allowed.high).all() else None
    if middle is None:
        names = _contradiction(question)
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
    binding = _binding(question, space, x, slope)
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


class _Space:
    """Variables: a factor on the baseline for what changes together; even money where that has none."""

    def __init__(self, question: Question) -> None:
        self.question = question
        start, free = question.start, question.free
        channels, regions, weeks = start.shape
        if question.detail == "week":
            owner = np.arange(start.size).reshape(start.shape)
        elif question.detail == "region":
            owner = np.repeat(np.arange(channels * regions), weeks).reshape(start.shape)
        else:
            owner = np.repeat(np.arange(channels), regions * weeks).reshape(start.shape)
        self.owner = np.full(start.shape, -1)
        known, place = np.unique(owner[free], return_inverse=True)
        self.owner[free] = place
        self.size = len(known)
        paid = np.bincount(place, start[free], self.size)
        usual = float(start.sum()) / start.size or 1.0
        self.pattern = np.zeros(start.shape)
        self.pattern[free] = np.where(paid[place] > 0, start[free], usual)
        self.fixed = np.where(free, 0.0, start)
        if question.detail == "week":
            self.place = self.owner.reshape(-1, weeks)
        else:
            self.place = np.arange(self.size)[:, None]

    def money(self, x: np.ndarray) -> np.ndarray:
        # A limit at zero was widened by a hair, too.
        return self.fixed + self.pattern * np.maximum(np.append(x, 0.0)[self.owner], 0.0)

    def gathered(self, by_cell: np.ndarray) -> np.ndarray:
        """Sum what belongs to a cell's money over the cells of each variable."""
        free = self.owner >= 0
        return np.bincount(self.owner[free], (by_cell * self.pattern)[free], self.size)

    def blocks(self, by_cell: np.ndarray) -> np.ndarray:
        """Bring second derivatives by cell to the variables."""
        if self.question.detail == "week":
            both = by_cell * self.pattern[..., :, None] * self.pattern[..., None, :]
            return both.reshape(-1, *by_cell.shape[-2:])
        both = np.einsum("crij,cri,crj->cr", by_cell, self.pattern, self.pattern)
        first = self.owner.max(axis=2)
        there = first >= 0
        return np.bincount(first[there], both[there], self.size)[:, None, None]

    def limits(self, without: frozenset[str] = frozenset()) -> LinearLimits:
        """All limits but some, for the variables."""
        low, high = np.zeros(self.size), np.full(self.size, np.inf)
        free = self.owner >= 0
        owner, pattern = self.owner[free], self.pattern[free]
        there = pattern > 0
        for one in self.question.bounds:
            if one.name not in without:
                ends = (np.maximum(one.low[free], 0.0), one.high[free])
                np.maximum.at(low, owner[there], ends[0][there] / pattern[there])
                np.minimum.at(high, owner[there], ends[1][there] / pattern[there])
        total = float(self.question.start.sum()) or 1.0
        caps = [one.high for one in self.question.limits if np.isfinite(one.high)]
        high = np.minimum(high, 4 * max([total, *caps]) / np.bincount(owner, pattern, self.size))
        possible = high >= low
        low = np.where(possible, low - THIN * np.maximum(high - low, 1e-3), low)
        high = np.where(possible, high + THIN * np.maximum(high - low, 1e-3), high)
        equal, equal_to, rows, at_most = [], [], [], []
        for limit in self.question.limits:
            if limit.name in without:
                continue
            # In shares of all money, so that every number here is near one.
            row = self.gathered(limit.cells.astype(float)) / total
            ends = (np.array([limit.low, limit.high]) - self.fixed[limit.cells].sum()) / total
            if ends[1] - ends[0] <= THIN and row.any():
                equal.append(row)
                equal_to.append(ends.mean())
                continue
            for sign, end in ((1.0, ends[1]), (-1.0, ends[0])):
                if np.isfinite(end):
                    rows.append(sign * row)
                    at_most.append(sign * end + THIN)
        return LinearLimits(
            low,
            high,
            np.array(equal).reshape(-1, self.size),
            np.array(equal_to),
            np.array(rows).reshape(-1, self.size),
            np.array(at_most),
        )

    def tidy(self, x: np.ndarray, allowed: LinearLimits) -> np.ndarray:
        """Set what is next to a limit onto it, and bring sums back to what they have to be."""
        near = 1e-6 * (allowed.high - allowed.low)
        tidied = np.where(x - allowed.low < near, allowed.low, x)
        tidied = np.where(allowed.high - x < near, allowed.high, tidied)
        if len(allowed.equal):
            free = (tidied > allowed.low) & (tidied < allowed.high)
            left = allowed.equal_to - allowed.equal @ tidied
            tidied[free] += np.linalg.pinv(allowed.equal[:, free]) @ left
        kept = (
            (tidied >= allowed.low).all()
            and (tidied <= allowed.high).all()
            and (allowed.rows @ tidied <= allowed.at_most + THIN).all()
        )
        return tidied if kept else x


class _Climber:
    """The objective of one question over some draws."""

    def __init__(self, space: _Space, response: PlanResponse, allowed: LinearLimits) -> None:
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


def _contradiction(question: Question) -> tuple[str, ...]:
    """Limits that cannot all be kept, none of which is there without need."""
    space = _Space(question)
    names = dict.fromkeys([*(b.name for b in question.bounds), *(x.name for x in question.limits)])
    out: set[str] = set()
    for name in names:
        left = space.limits(frozenset(out | {name}))
        if not (left.low <= left.high).all() or left.inside() is None:
            out.add(name)  # they contradict each other without it, too
    return tuple(name for name in names if name not in out)


def _binding(
    question: Question, space: _Space, x: np.ndarray, slope: np.ndarray
) -> tuple[str, ...]:
    """Limits that the plan lies at."""
    money = space.money(x)
    free = question.free
    size = max(float(question.start.sum()), 1.0)
    found = []
    for one in question.bounds:
        room = np.minimum(money - one.low, one.high - money)[free]
        width = np.minimum(one.high - one.low, size)[free]
        if (room <= 1e-5 * width + 1e-12 * size).any():
            found.append(one.name)
    for limit in question.limits:
        paid = float(money[limit.cells].sum())
        if min(paid - limit.low, limit.high - paid) <= 1e-6 * size:
            found.append(limit.name)
    return tuple(found)


def with_budget(question: Question, budget: float, name: str = "the budget") -> Question:
    """Return the same question with all money of the horizon fixed."""
    every = np.ones(question.start.shape, bool)
    others = [one for one in question.limits if one.name != name]
    return replace(question, limits=[*others, Limit(name, every, budget, budget)])


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
    space = _Space(question)
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
