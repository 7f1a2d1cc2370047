"""What plans are compared with, declared (``scenarios.baseline``), and what is spent now beside it.

The money of every channel by region and week over the horizon: a channel that ran in bursts
is planned in bursts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.errors import InputError
from mmmlib.estimates import NBSP
from mmmlib.model.prices import price_of
from mmmlib.params.scenarios import BaselineKind, ScenarioParams
from mmmlib.params.schema import Params
from mmmlib.prices import UnitPrice
from mmmlib.scenarios.history import (
    ROUNDING,
    YEAR,
    SeenSpend,
    exposure_worth,
    in_bursts,
    regional_split,
    spend_history,
)
from mmmlib.scenarios.levers import LeverPath, lever_paths
from mmmlib.scenarios.pack import BaselineLine, BaselineView

QUARTER = 13


@dataclass(frozen=True)
class SpendRange:
    """Weekly money of every channel in the baseline, and how far it may go inside of the past."""

    today: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]


@dataclass(frozen=True, eq=False)
class Baseline:
    """The spend that plans are compared with.

    Parameters
    ----------
    kind
        See :attr:`mmmlib.params.schema.ScenarioParams.baseline`.
    name
        What it is, in words that fit into "compared with".
    spend
        Money by channel over the horizon; ``(region, week)``.
    recent
        The same at the rate of the latest weeks.
    seen
        What the past has seen of each channel, as far as its price is declared; ``regional``, of it
        in each region.
    prices
        Of each channel by region: what its money buys.
    spends_now
        Channels that spent money in the latest weeks, or for which some is booked: only from
        these may a plan take.
    split
        How money without a place is shared by region.
    levers
        Where it has the controls that plans may set: where the forecast has them.
    """

    kind: BaselineKind
    name: str
    spend: Mapping[str, np.ndarray]
    recent: Mapping[str, np.ndarray]
    seen: Mapping[str, SeenSpend]
    spends_now: frozenset[str]
    split: Mapping[str, np.ndarray]
    regional: Mapping[str, tuple[SeenSpend, ...]]
    prices: Mapping[str, UnitPrice]
    levers: Mapping[str, LeverPath] = field(default_factory=dict)

    @property
    def weeks(self) -> int:
        """Length of the horizon."""
        return int(next(iter(self.spend.values())).shape[1])

    @cached_property
    def weekly(self) -> dict[str, float]:
        """Mean weekly money of every channel."""
        return mean_weekly(self.spend)

    @cached_property
    def recent_weekly(self) -> dict[str, float]:
        """Mean weekly money of every channel at the rate of the latest weeks."""
        return mean_weekly(self.recent)

    @cached_property
    def range(self) -> SpendRange:
        """Mean weekly money, and how low and high it can go with every week inside the past."""
        low, high = {}, {}
        for name, money in self.spend.items():
            weekly, seen = money.sum(0), self.seen[name]
            idle, busy = weekly[~_busy(weekly, seen)], weekly[_busy(weekly, seen)]
            if len(idle) and len(busy):  # bursts: at least one, and the largest as large as ever
                low[name] = float(idle.sum() + seen.smallest) / len(weekly)
                growth = max(seen.largest / busy.max(), 1.0)
                high[name] = float(idle.sum() + growth * busy.sum()) / len(weekly)
            else:
                low[name], high[name] = seen.smallest, seen.largest
        return SpendRange(dict(self.weekly), low, high)

    def of_now(self, name: str) -> Self:
        """The same with every channel at the rate of the latest weeks."""
        return replace(self, kind="current_rate", name=name, spend=self.recent)

    def at(self, channel: str, weekly: float) -> np.ndarray:
        """Bring a channel to another mean weekly money, in its own rhythm; ``(region, week)``.

        Bursts grow or shrink, pauses stay as they are. Where bursts would fall below the
        smallest that was ever seen, there are fewer of them.
        """
        money, seen = self.spend[channel], self.seen[channel]
        if np.isclose(weekly, self.weekly[channel], rtol=1e-12, atol=0.0):
            return money
        if not self.weekly[channel] > 0:
            raise ValueError(f"{channel} has no spend in the baseline: no level to start from")
        total = weekly * self.weeks
        by_week = money.sum(0)
        busy = _busy(by_week, seen)
        idle = by_week[~busy].sum()
        if busy.all() or not busy.any() or total <= idle:
            return money * (weekly / self.weekly[channel])
        path = money.copy()
        rest = 0.0 if seen.pause is None else seen.pause[0]
        factor = (total - idle) / by_week[busy].sum()
        while busy.sum() > 1:
            smallest = np.where(busy, by_week, np.inf)
            # Of bursts of one size the last goes first.
            last = len(smallest) - 1 - int(smallest[::-1].argmin())
            if factor >= 1 or factor * by_week[last] >= seen.smallest * (1 - ROUNDING):
                break
            fewer = busy & (np.arange(len(busy)) != last)
            larger = (total - idle - rest) / by_week[fewer].sum()
            if larger * by_week[fewer].max() > seen.largest * (1 + ROUNDING):
                break
            path[:, last] *= rest / by_week[last]
            busy, idle, factor = fewer, idle + rest, larger
        path[:, busy] *= factor
        return path

    def outside(self, channel: str, money: np.ndarray, *, by_region: bool = False) -> bool:
        """Say whether a channel's money leaves, in any week, what the past has seen.

        ``by_region``: in any region, too; for plans that share the money out anew.
        """
        if self.seen[channel].outside(money.sum(0)):
            return True
        regions = zip(self.regional[channel], money, strict=True)
        return by_region and any(seen.outside(weekly) for seen, weekly in regions)

    def unpriced(self, channel: str, money: np.ndarray, *, by_region: bool = False) -> bool:
        """Say whether a channel's money goes, in any week, beyond the last point of its declared price.

        ``by_region``: in any region, too; for plans that share the money out anew.
        """
        price, slack = self.prices[channel], 1 + ROUNDING
        if (money.sum(0) > price.last * slack).any():
            return True
        return by_region and bool((money > price.last_in_regions[:, None] * slack).any())

    def dearer(self, channel: str, money: np.ndarray) -> float | None:
        """Say by which share of the baseline's unit price another one is paid on average.

        None where the price does not move, or one of both spends nothing.
        """
        price, before = self.prices[channel], self.spend[channel]
        if not price.rises or not money.any() or not before.any():
            return None
        paid = [one.sum() / price.worth(one).sum() for one in (money, before)]
        return float(paid[0] / paid[1] - 1)

    def differs(self, channel: str, share: float) -> bool:
        """Say whether the recent rate is off the baseline by more than a share of it."""
        base, recent = self.weekly[channel], self.recent_weekly[channel]
        return not abs(recent - base) <= share * base


def mean_weekly(spend: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Mean weekly money by channel, over all regions."""
    return {name: float(money.sum(0).mean()) for name, money in spend.items()}


def baseline_of(
    effects: xr.Dataset,
    params: Params,
    *,
    kind: BaselineKind | None = None,
    weeks: int | None = None,
    booked: Mapping[str, np.ndarray] | None = None,
) -> Baseline:
    """Make the baseline that the parameters declare.

    Parameters
    ----------
    effects
        Of the leading model.
    params
        ``params.scenarios`` has the kind and the weeks.
    kind, weeks
        Another kind or horizon than the parameters have.
    booked
        The booked plan, where that is the baseline.

    Raises
    ------
    InputError
        If the history is too short for it.
    """
    limits = params.scenarios
    kind, weeks = kind or limits.baseline, weeks or limits.horizon_weeks
    history = spend_history(effects, limits.reference_weeks)
    worth = {name: exposure_worth(effects).sel(channel=name).to_numpy() for name in history}
    split = regional_split(effects, limits.reference_weeks)
    known = effects.sizes["week"]
    if kind == "last_year" and known < YEAR:
        raise InputError.one(
            None,
            "scenarios.baseline",
            f"last_year, with {known} weeks of data",
            f"at least {YEAR} weeks of data",
            "Choose recent_mean or current_rate.",
        )
    ways = {
        "recent_mean": lambda money: recent_path(money, limits.reference_weeks, weeks),
        "current_rate": lambda money: recent_path(money, limits.current_weeks, weeks),
        "last_year": lambda money: money[:, np.arange(weeks) % YEAR + known - YEAR],
    }
    if weeks > known:
        raise InputError.one(
            None,
            "scenarios.horizon_weeks",
            f"{weeks} weeks, with {known} weeks of data",
            "a horizon that is no longer than the history",
        )
    if kind == "booked" and booked is None:
        raise ValueError("the baseline is the booked plan, and there is none")
    spend = booked or {name: ways[kind](money) for name, money in history.items()}
    recent = {name: ways["current_rate"](money) for name, money in history.items()}
    prices = {name: price_of(effects, name) for name in history}
    return Baseline(
        kind=kind,
        name=baseline_name(kind, limits),
        spend=spend,
        recent=recent,
        seen={
            name: SeenSpend.of(money.sum(0), worth[name].sum(0)).up_to(prices[name].last)
            for name, money in history.items()
        },
        spends_now=frozenset(
            name
            for name, money in spend.items()
            if money.any() and (kind == "booked" or recent[name].any())
        ),
        split={name: split.sel(channel=name).to_numpy() for name in spend},
        regional={
            name: tuple(
                SeenSpend.of(*one).up_to(last)
                for *one, last in zip(money, worth[name], prices[name].last_in_regions, strict=True)
            )
            for name, money in history.items()
        },
        prices=prices,
        levers=lever_paths(effects, params, weeks),
    )


def baseline_name(kind: BaselineKind, limits: ScenarioParams) -> str:
    """Say what a kind of baseline is."""
    return {
        "recent_mean": f"the mean of the last {limits.reference_weeks}{NBSP}weeks",
        "current_rate": f"the rate of the last {limits.current_weeks}{NBSP}weeks",
        "last_year": "the same weeks of last year",
        "booked": "the booked plan",
    }[kind]


def recent_path(money: np.ndarray, latest: int, weeks: int) -> np.ndarray:
    """Go on as in the latest weeks: at their mean, or, in bursts, week by week as they were."""
    window = money[:, -latest:]
    if in_bursts(window.sum(0)):
        return window[:, np.arange(weeks) % window.shape[1]]
    return np.repeat(window.mean(axis=1, keepdims=True), weeks, axis=1)


def baseline_view(base: Baseline, effects: xr.Dataset, params: Params) -> BaselineView:
    """Put the baseline beside what was spent lately and a year ago, by channel."""
    limits = params.scenarios
    history = spend_history(effects, limits.reference_weeks)
    known = effects.sizes["week"]
    lines = []
    for name, money in history.items():
        weekly = money.sum(0)
        year_ago = weekly[np.arange(base.weeks) % YEAR + known - YEAR] if known >= YEAR else None
        lines.append(
            BaselineLine(
                channel=name,
                weekly=base.weekly[name],
                recent=float(weekly[-limits.current_weeks :].mean()),
                quarter=float(weekly[-QUARTER:].mean()),
                last_year=None if year_ago is None else float(year_ago.mean()),
                differs=base.differs(name, limits.rate_tolerance),
                in_bursts=bool((~_busy(base.spend[name].sum(0), base.seen[name])).any())
                and base.weekly[name] > 0,
            )
        )
    return BaselineView(
        kind=base.kind,
        name=base.name,
        recent_weeks=limits.current_weeks,
        tolerance=limits.rate_tolerance,
        last_week=pd.Timestamp(effects["week"].to_numpy()[-1]).date(),
        lines=tuple(lines),
    )


def _busy(weekly: np.ndarray, seen: SeenSpend) -> np.ndarray:
    """Mark the weeks that are no pause."""
    level = seen.pause[1] if seen.pause is not None else 0.0
    return weekly > max(level * (1 + ROUNDING), 0.0)
