"""Outcome that a spend plan would bring, draw by draw, carryover in and out.

The effect of a plan is the outcome with its spend minus the outcome without any
spend in the horizon. Spend before the horizon stands in front of both, so that
the plan meets a market that is already warm; ``lag - 1`` weeks without spend
follow, so that the plan's own carryover is counted to its end. What the past
alone would bring cancels out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import xarray as xr

from mmmlib.model.response import FORMULA, response_to

Method = Literal["formula", "steady state"]


@dataclass(frozen=True)
class ProjectedOutcome:
    """``(channel, weekly money) -> (draw,)`` contribution over the horizon and after it.

    ``method`` says whether carryover is followed week by week, or read off steady-state curves.
    """

    project: Callable[[str, float], np.ndarray]
    method: Method

    def __call__(self, channel: str, weekly: float) -> np.ndarray:
        """Return the draws; the very same array for the same question."""
        return self.project(channel, weekly)


def sum_outcomes(parts: Sequence[ProjectedOutcome]) -> ProjectedOutcome:
    """Add the projections of an outcome's motions, whose money is spent once."""

    def project(channel: str, weekly: float) -> np.ndarray:
        draws = [part(channel, weekly) for part in parts]
        fewest = min(map(len, draws))
        return np.sum([one[:fewest] for one in draws], axis=0)

    known = all(part.method == "formula" for part in parts)
    return ProjectedOutcome(cache(project), "formula" if known else "steady state")


def outcome_function(effects: xr.Dataset, weeks: int, reference_weeks: int) -> ProjectedOutcome:
    """Return the function that projects one channel at a weekly spend.

    Parameters
    ----------
    effects
        Of one model. Without a known formula the projection is the steady-state
        response curve times ``weeks``: carryover in and out are taken to be equal,
        and beyond the curve's last point the response stays where it ends.
    weeks
        Length of the horizon.
    reference_weeks
        Latest weeks whose split over regions the plan keeps.

    Returns
    -------
    callable
        Results are remembered: plans share most of their channels, and a channel
        that a plan leaves alone gives the very same array, so its difference is
        exactly zero.
    """
    if effects.attrs.get("formula"):
        # Differences of small plans are lost in single precision.
        effects = effects.assign({name: effects[name].astype(float) for name in FORMULA})
        split = regional_split(effects, reference_weeks)

        @cache
        def channel_function(channel: str) -> Callable[[float], np.ndarray]:
            return _by_formula(effects, channel, weeks, split.sel(channel=channel).to_numpy())

        def project(channel: str, weekly: float) -> np.ndarray:
            return channel_function(channel)(weekly)

    else:

        def project(channel: str, weekly: float) -> np.ndarray:
            return _by_curve(effects.sel(channel=channel), weekly) * weeks

    return ProjectedOutcome(
        cache(project), "formula" if effects.attrs.get("formula") else "steady state"
    )


def regional_split(effects: xr.Dataset, reference_weeks: int) -> xr.DataArray:
    """Share of a channel's money by region in the latest weeks; ``(channel, region)``.

    Where a channel had no spend in them, the split of its whole history; where it
    never had any, equal shares.
    """
    money = effects["media"].astype(float) * effects["media_cost"]
    recent = money.isel(week=slice(-reference_weeks, None)).sum("week")
    spend = xr.where(recent.sum("region") > 0, recent, money.sum("week"))
    spend = xr.where(spend.sum("region") > 0, spend, xr.ones_like(spend))
    return (spend / spend.sum("region")).transpose("channel", "region")


def _by_formula(
    effects: xr.Dataset, channel: str, weeks: int, split: np.ndarray
) -> Callable[[float], np.ndarray]:
    """Return the function of one channel's weekly money; what the past brings is found once."""
    lag = effects.sizes["lag"]
    cost = effects["media_cost"].sel(channel=channel).to_numpy().astype(float)
    past = effects["media"].sel(channel=channel).transpose("region", "week").to_numpy()
    past = past[:, past.shape[1] - min(lag - 1, past.shape[1]) :].astype(float)
    behind = past.shape[1]
    unspent = np.concatenate([past, np.zeros((len(cost), weeks + lag - 1))], axis=1)
    respond = response_to(effects, channel)
    without = respond(unspent, skip=behind)

    def project(weekly: float) -> np.ndarray:
        media = np.zeros_like(cost)
        np.divide(weekly * split, cost, out=media, where=cost > 0)
        spent = unspent.copy()
        spent[:, behind : behind + weeks] = media[:, None]
        return (respond(spent, skip=behind) - without).sum(axis=1)

    return project


def _by_curve(one: xr.Dataset, weekly: float) -> np.ndarray:
    """Weekly response of one channel, linear between the points of its curve; ``(draw,)``."""
    grid = one["response_spend"].to_numpy().astype(float)
    curve = one["response"].transpose("draw", "point").to_numpy().astype(float)
    right = int(np.clip(np.searchsorted(grid, weekly), 1, len(grid) - 1))
    step = grid[right] - grid[right - 1]
    part = np.clip((weekly - grid[right - 1]) / step, 0, 1) if step > 0 else 0.0
    return curve[:, right - 1] * (1 - part) + curve[:, right] * part
