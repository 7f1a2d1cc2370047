"""What was spent: by region and week, in which range, in bursts or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import xarray as xr

from mmmlib.model.prices import price_of, rising

YEAR = 52
PAUSE = 0.2
"""A week is a pause if it has less than this share of a typical busy week: the median of the weeks
above the channel's mean."""
IN_BURSTS = 0.2
"""A channel that paused in this share of the weeks is planned in bursts."""
ROUNDING = 1e-6
CHEAPER = 0.2
"""Share by which exposure has to cost less than it did before the range of spend is that of exposure."""


@dataclass(frozen=True)
class SeenSpend:
    """Weekly money of one channel that the past has seen.

    Parameters
    ----------
    smallest, largest
        Of the weeks that were no pause. Where exposure has become cheaper, they are of what it
        would have cost today: the same money would buy more than was ever seen.
    pause
        Smallest and largest of the weeks that were; None where there was none. Between a pause
        and the smallest spend nothing was seen.
    """

    smallest: float
    largest: float
    pause: tuple[float, float] | None = None

    @classmethod
    def of(cls, weekly: np.ndarray, worth: np.ndarray | None = None) -> Self:
        """Read it from a channel's weekly money, and what its exposure would have cost today."""
        if worth is not None and worth.max() < (1 - CHEAPER) * weekly.max():
            return cls.of(worth)
        resting = pauses(weekly[-YEAR:])
        if resting.mean() < IN_BURSTS:
            resting = weekly[-YEAR:] <= 0
        # The level of a pause is that of the last year; older weeks are held against it.
        level = weekly[-YEAR:][resting].max(initial=0.0)
        busy = weekly[weekly > level]
        idle = weekly[weekly <= level]
        if not len(busy):
            return cls(0.0, 0.0, (0.0, 0.0))
        pause = (float(idle.min()), float(idle.max())) if len(idle) else None
        return cls(float(busy.min()), float(busy.max()), pause)

    def up_to(self, money: float) -> Self:
        """The same with nothing that is known beyond some money: a price that is declared only so far."""
        return replace(self, largest=min(self.largest, money))

    def outside(self, weekly: np.ndarray) -> bool:
        """Say whether any week's spend lies outside what the past has seen."""
        slack = ROUNDING * max(self.largest, 1.0)
        seen = (weekly >= self.smallest - slack) & (weekly <= self.largest + slack)
        if self.pause is not None:
            seen |= (weekly >= self.pause[0] - slack) & (weekly <= self.pause[1] + slack)
        return not bool(seen.all())


def pauses(weekly: np.ndarray) -> np.ndarray:
    """Mark the weeks in which a channel paused: see :data:`PAUSE`."""
    above = weekly[weekly > weekly.mean()]
    return weekly < PAUSE * np.median(above) if len(above) else weekly <= 0


def in_bursts(weekly: np.ndarray) -> bool:
    """Say whether a channel ran in bursts over these weeks: it spent, and it paused."""
    resting = pauses(weekly)
    return bool(weekly.any()) and bool(resting.mean() >= IN_BURSTS)


def spend_history(effects: xr.Dataset, reference_weeks: int) -> dict[str, np.ndarray]:
    """Money by channel; ``(region, week)``.

    A week's money is split over regions as the media of that week was; a week whose media was
    none, as the reference weeks' was.
    """
    worth = exposure_worth(effects)
    total = worth.sum("region")
    share = worth / total.where(total > 0)
    share = share.fillna(regional_split(effects, reference_weeks))
    money = (effects["spend"].astype(float) * share).transpose("channel", "region", "week")
    return {str(name): money.sel(channel=name).to_numpy() for name in money["channel"].to_numpy()}


def year_ago(values: np.ndarray, ahead: int) -> np.ndarray:
    """Values of the same weeks a year ago, the mean of the latest 13 where there is no year; ``(region, week)``."""
    known = values.shape[1]
    if known < YEAR:
        return np.repeat(values[:, -13:].mean(1, keepdims=True), ahead, axis=1)
    return values[:, np.arange(ahead) % YEAR + known - YEAR]


def exposure_worth(effects: xr.Dataset) -> xr.DataArray:
    """What each week's media would cost at today's price; ``(channel, region, week)``.

    Where the price rises with spend, at that of the money that it takes.
    """
    worth = effects["media"].astype(float) * effects["media_cost"]
    worth = worth.transpose("channel", "region", "week")
    for name in rising(effects):
        here = {"channel": name}
        worth.loc[here] = price_of(effects, name).money(worth.sel(here).to_numpy())
    return worth


def regional_split(effects: xr.Dataset, reference_weeks: int) -> xr.DataArray:
    """Share of a channel's money by region in the latest weeks; ``(channel, region)``.

    Where a channel had no spend in them, the split of its whole history; where it
    never had any, equal shares.
    """
    money = exposure_worth(effects)
    recent = money.isel(week=slice(-reference_weeks, None)).sum("week")
    spend = xr.where(recent.sum("region") > 0, recent, money.sum("week"))
    spend = xr.where(spend.sum("region") > 0, spend, xr.ones_like(spend))
    return (spend / spend.sum("region")).transpose("channel", "region")
