"""What an optimiser is asked: what may change, within which limits, and what is to be large.

Limits are on money, of cells and of sums of cells; an optimiser sees them on its variables, which
are shares of the baseline's path (by channel, by region too, or every week of its own).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from mmmlib.scenarios.interior import LinearLimits
from mmmlib.scenarios.risk import Objective

Detail = Literal["channel", "region", "week"]
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


def with_budget(question: Question, budget: float, name: str = "the budget") -> Question:
    """Return the same question with all money of the horizon fixed."""
    every = np.ones(question.start.shape, bool)
    others = [one for one in question.limits if one.name != name]
    return replace(question, limits=[*others, Limit(name, every, budget, budget)])


class Space:
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
        """Return the money of every cell."""
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


def contradiction(question: Question) -> tuple[str, ...]:
    """Limits that cannot all be kept, none of which is there without need."""
    space = Space(question)
    names = dict.fromkeys([*(b.name for b in question.bounds), *(x.name for x in question.limits)])
    out: set[str] = set()
    for name in names:
        left = space.limits(frozenset(out | {name}))
        if not (left.low <= left.high).all() or left.inside() is None:
            out.add(name)  # they contradict each other without it, too
    return tuple(name for name in names if name not in out)


def limits_reached(
    question: Question, space: Space, x: np.ndarray, slope: np.ndarray
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
