"""The mix of channels that the past has seen: levels that were seen apart may never have met.

Two channels that always rose together say nothing of one up and the other down, though each stays
inside of its own range.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import xarray as xr

Cover = Literal["seen", "thin", "outside"]
THIN_FROM = 0.95
"""Share of the past's weeks that lie nearer to its middle than what counts as thinly covered."""
RIDGE = 1e-3
"""Share of every channel's own spread by which it may move without the others."""
FEWEST = 3
"""Weeks a channel, below which nothing can be said of the mix."""


def mix_cover(
    effects: xr.Dataset,
    spend: Mapping[str, np.ndarray],
    baseline: Mapping[str, np.ndarray],
) -> Cover:
    """Say whether the past has seen the mix of a plan.

    Parameters
    ----------
    effects
        Of the leading model: what was spent.
    spend, baseline
        Money by channel, ``(region, week)``.

    Returns
    -------
    str
        ``outside``: in the middle week of the plan, the mix is farther from the past's middle than any of
        its weeks was, by the past's own spreads and by how channels went together; ``thin``: farther
        than 95 % of them. A plan that is no farther than the baseline is ``seen``: it adds nothing.
    """
    names = [str(name) for name in effects["channel"].to_numpy()]
    past = effects["spend"].transpose("channel", "week").to_numpy().astype(float)
    moving = past.std(axis=1) > 0
    if past.shape[1] < FEWEST * max(int(moving.sum()), 1):
        return "seen"
    middle, spread = past[moving].mean(axis=1), past[moving].std(axis=1)
    scaled = (past[moving] - middle[:, None]) / spread[:, None]
    together = scaled @ scaled.T / scaled.shape[1] + RIDGE * np.eye(len(scaled))

    def far(weekly: np.ndarray) -> np.ndarray:
        return np.einsum("cw,cw->w", weekly, np.linalg.solve(together, weekly))

    def of_plan(money: Mapping[str, np.ndarray]) -> float:
        weekly = np.stack([money[name].sum(0) for name in names])[moving]
        return float(np.median(far((weekly - middle[:, None]) / spread[:, None])))

    known, planned = far(scaled), of_plan(spend)
    if planned <= of_plan(baseline) * (1 + 1e-9):
        return "seen"
    if planned > known.max():
        return "outside"
    return "thin" if planned > np.quantile(known, THIN_FROM) else "seen"
