"""Outcome that a spend plan would bring, draw by draw, carryover in and out.

The effect of a plan is the outcome with its spend minus the outcome without any
spend in the horizon. Spend before the horizon stands in front of both, so that
the plan meets a market that is already warm; ``lag - 1`` weeks without spend
follow, so that the plan's own carryover is counted to its end. What the past
alone would bring cancels out of comparisons, and is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal

import numpy as np
import xarray as xr

from mmmlib.model.prices import price_of
from mmmlib.model.response import FORMULA, response_to
from mmmlib.scenarios.levers import coefficients

Method = Literal["formula", "steady state"]


@dataclass(frozen=True, eq=False)
class PlanContribution:
    """What money brings in the weeks of the horizon, and after them; ``(draw,)`` each."""

    within: np.ndarray
    after: np.ndarray
    by_week: np.ndarray | None = None
    """``(draw, week)``, to the end of the carryover; None where it is not followed."""

    @cached_property
    def total(self) -> np.ndarray:
        """Both."""
        return self.within + self.after


@dataclass(frozen=True, eq=False)
class ProjectedOutcome:
    """What one channel's money brings: ``(channel, money by region and week)``.

    ``method`` says whether carryover is followed week by week, or read off steady-state curves.
    """

    project: Callable[[str, np.ndarray], PlanContribution]
    carried_in: Callable[[str, int], np.ndarray | None]
    """What a channel's past alone brings in a horizon of so many weeks; None where not known."""
    method: Method
    levers: Mapping[str, np.ndarray] = field(default_factory=dict)
    """By lever, outcome of a week that goes with one unit more of it; ``(draw, region)``."""

    def __call__(self, channel: str, money: np.ndarray) -> PlanContribution:
        """Return the draws; the very same arrays for the same question."""
        return self.project(channel, money)


def remembered(
    project: Callable[[str, np.ndarray], PlanContribution],
) -> Callable[[str, np.ndarray], PlanContribution]:
    """Keep results: plans share most of their channels.

    A channel that a plan leaves alone gives the very same arrays, so its difference is exactly
    zero.
    """
    known: dict[tuple[str, tuple[int, ...], bytes], PlanContribution] = {}

    def look_up(channel: str, money: np.ndarray) -> PlanContribution:
        key = (channel, money.shape, money.tobytes())
        if key not in known:
            known[key] = project(channel, money)
        return known[key]

    return look_up


def sum_outcomes(parts: Sequence[ProjectedOutcome]) -> ProjectedOutcome:
    """Add the projections of an outcome's motions, whose money is spent once."""

    def project(channel: str, money: np.ndarray) -> PlanContribution:
        each = [part(channel, money) for part in parts]
        weekly = [one.by_week for one in each if one.by_week is not None]
        return PlanContribution(
            _added([one.within for one in each]),
            _added([one.after for one in each]),
            _added_weeks(weekly) if len(weekly) == len(each) else None,
        )

    def carried_in(channel: str, weeks: int) -> np.ndarray | None:
        each = [part.carried_in(channel, weeks) for part in parts]
        known = [one for one in each if one is not None]
        return _added(known) if len(known) == len(each) else None

    known = all(part.method == "formula" for part in parts)
    return ProjectedOutcome(
        remembered(project),
        carried_in,
        "formula" if known else "steady state",
        {
            name: _added([part.levers[name] for part in parts])
            for name in parts[0].levers
            if all(name in part.levers for part in parts)
        },
    )


def _added(draws: Sequence[np.ndarray]) -> np.ndarray:
    fewest = min(map(len, draws))
    return np.sum([one[:fewest] for one in draws], axis=0)


def _added_weeks(each: Sequence[np.ndarray]) -> np.ndarray:
    """Add up; motions need not have the same length of carryover."""
    total = np.zeros((min(map(len, each)), max(one.shape[1] for one in each)))
    for one in each:
        total[:, : one.shape[1]] += one[: len(total)]
    return total


def outcome_function(effects: xr.Dataset) -> ProjectedOutcome:
    """Return the function that projects one channel's money.

    Parameters
    ----------
    effects
        Of one model. Without a known formula the projection is the steady-state
        response curve, week by week: carryover in and out are taken to be equal,
        regions to be as they were, and beyond the curve's last point the response
        stays where it ends.
    """
    if not effects.attrs.get("formula"):

        def project_by_curve(channel: str, money: np.ndarray) -> PlanContribution:
            within = _by_curve(effects.sel(channel=channel), money.sum(0))
            return PlanContribution(within, np.zeros_like(within))

        return ProjectedOutcome(
            remembered(project_by_curve), lambda *_: None, "steady state", coefficients(effects)
        )
    # Differences of small plans are lost in single precision.
    effects = effects.assign({name: effects[name].astype(float) for name in FORMULA})

    @cache
    def formula_of(channel: str, weeks: int) -> _Formula:
        return _Formula(effects, channel, weeks)

    def project(channel: str, money: np.ndarray) -> PlanContribution:
        return formula_of(channel, money.shape[1]).project(money)

    def carried_in(channel: str, weeks: int) -> np.ndarray:
        return formula_of(channel, weeks).carried_in

    return ProjectedOutcome(remembered(project), carried_in, "formula", coefficients(effects))


class _Formula:
    """One channel over a horizon; what the past brings is found once."""

    def __init__(self, effects: xr.Dataset, channel: str, weeks: int) -> None:
        lag = effects.sizes["lag"]
        self.cost = effects["media_cost"].sel(channel=channel).to_numpy().astype(float)
        self.price = price_of(effects, channel)
        past = effects["media"].sel(channel=channel).transpose("region", "week").to_numpy()
        past = past[:, past.shape[1] - min(lag - 1, past.shape[1]) :].astype(float)
        self.behind, self.weeks = past.shape[1], weeks
        self.unspent = np.concatenate([past, np.zeros((len(past), weeks + lag - 1))], axis=1)
        self.respond = response_to(effects, channel)
        self.without = self.respond(self.unspent, skip=self.behind)

    @property
    def carried_in(self) -> np.ndarray:
        return self.without[:, : self.weeks].sum(axis=1)

    def project(self, money: np.ndarray) -> PlanContribution:
        cost = self.cost[:, None]
        media = np.zeros_like(money, dtype=float)
        np.divide(self.price.worth(money), cost, out=media, where=cost > 0)
        spent = self.unspent.copy()
        spent[:, self.behind : self.behind + self.weeks] = media
        gain = self.respond(spent, skip=self.behind) - self.without
        return PlanContribution(
            gain[:, : self.weeks].sum(axis=1), gain[:, self.weeks :].sum(axis=1), gain
        )


def _by_curve(one: xr.Dataset, weekly: np.ndarray) -> np.ndarray:
    """Response of one channel over the weeks, linear between the points of its curve; ``(draw,)``."""
    grid = one["response_spend"].to_numpy().astype(float)
    curve = one["response"].transpose("draw", "point").to_numpy().astype(float)
    right = np.clip(np.searchsorted(grid, weekly), 1, len(grid) - 1)
    step = grid[right] - grid[right - 1]
    part = np.zeros_like(weekly)
    np.divide(weekly - grid[right - 1], step, out=part, where=step > 0)
    part = np.clip(part, 0.0, 1.0)
    return (curve[:, right - 1] * (1 - part) + curve[:, right] * part).sum(axis=1)
