"""Estimates of everything that the reports say of a model, made from its effects."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.estimates import Estimate, ReturnWords, return_words
from mmmlib.health.learning import shrinkage
from mmmlib.model.effects import contribution, fitted, over_weeks, roi, share, still_to_come
from mmmlib.model.unpaid import paid_baseline, unpaid_of
from mmmlib.reports.at_baseline import level_of


@dataclass(frozen=True)
class ChannelNumbers:
    """One channel in one model; returns are in the unit that they are written in.

    ``roi`` is None for a channel without spend, ``prior`` where the engine stated none.
    """

    channel: str
    spend: float
    contribution: Estimate
    share: Estimate
    effect_share: Estimate
    """Share of what all channels contributed together."""
    spend_share: float
    """Share of what all channels cost."""
    roi: Estimate | None
    marginal: Estimate
    prior: Estimate | None
    prior_share: Estimate | None
    """Share of the outcome that the return stated before the fit would mean."""
    narrowed: float | None
    """By how much the fit narrowed the return, as a share; None without one of the two."""
    half_life: Estimate
    to_come: Estimate
    """Share of what its spend brings that comes after the last week."""
    loses: float | None
    """Probability that it returns less than it cost; None where the outcome is not money."""
    next_loses: float | None
    """The same for the next unit of money."""


@dataclass(frozen=True)
class UnpaidNumbers:
    """One channel without spend in one model: what it contributed, and when."""

    channel: str
    exposure: float
    contribution: Estimate
    share: Estimate
    """Share of the fitted outcome."""
    half_life: Estimate


@dataclass(frozen=True)
class ModelNumbers:
    """A model's numbers over the weeks that it was fitted to."""

    effects: xr.Dataset
    margin: float = 1.0
    """What is left of a unit of the outcome, where that is declared."""

    @property
    def name(self) -> str:
        """``outcome.motion``."""
        return str(self.effects.attrs["model"])

    @property
    def unit(self) -> str:
        """Unit of the outcome."""
        return str(self.effects.attrs["outcome_unit"])

    @property
    def currency(self) -> str:
        """Code of the currency of spend."""
        return str(self.effects.attrs["currency"])

    @cached_property
    def returns(self) -> ReturnWords:
        """How this model's return is written."""
        return return_words(str(self.effects.attrs["return_unit"]), self.currency)

    @property
    def break_even(self) -> float | None:
        """The return at which the money comes back: 1 for revenue, 1 / margin where one is declared."""
        even = self.returns.break_even
        return None if even is None else even / self.margin

    @property
    def level(self) -> str:
        """What level of spend the next money is added to, in words."""
        return level_of(self.effects)

    @cached_property
    def weeks(self) -> pd.DatetimeIndex:
        """First days of the weeks."""
        return pd.DatetimeIndex(self.effects["week"].to_numpy())

    @property
    def first_week(self) -> dt.date:
        """First day of the first week."""
        return self.weeks[0].date()

    @property
    def last_week(self) -> dt.date:
        """First day of the last week."""
        return self.weeks[-1].date()

    @cached_property
    def channels(self) -> tuple[ChannelNumbers, ...]:
        """Numbers of every channel, in the order of the effects."""
        effects = self.effects
        total = contribution(effects).transpose("draw", "channel").to_numpy()
        shares = share(effects).transpose("draw", "channel").to_numpy()
        ratios = roi(effects).transpose("draw", "channel").to_numpy()
        marginal = effects["marginal_roi"].to_numpy()
        priors = effects["prior_roi"].to_numpy()
        spend = effects["spend"].sum("week").to_numpy()
        parts = total / total.sum(axis=1, keepdims=True)
        half_lives = effects["half_life"].to_numpy()
        outcome = float(effects["observed"].sum("week"))
        coming = still_to_come(effects).transpose("draw", "channel").to_numpy()
        even = self.break_even
        rows = []
        for place, name in enumerate(effects["channel"].to_numpy()):
            ratio, step, prior = ratios[:, place], marginal[:, place], priors[:, place]
            spent = bool(np.isfinite(ratio).all())
            stated = bool(np.isfinite(prior).all())
            narrowed = shrinkage(prior, ratio)
            rows.append(
                ChannelNumbers(
                    channel=str(name),
                    spend=float(spend[place]),
                    contribution=Estimate.from_draws(total[:, place], self.unit),
                    share=Estimate.from_draws(shares[:, place], "share"),
                    effect_share=Estimate.from_draws(parts[:, place], "share"),
                    spend_share=float(spend[place] / spend.sum()) if spend.sum() else 0.0,
                    roi=self._return(ratio) if spent else None,
                    marginal=self._return(step),
                    prior=self._return(prior) if stated else None,
                    prior_share=Estimate.from_draws(prior * spend[place] / outcome, "share")
                    if stated
                    else None,
                    narrowed=narrowed if math.isfinite(narrowed) else None,
                    half_life=Estimate.from_draws(half_lives[:, place], "weeks"),
                    to_come=Estimate.from_draws(coming[:, place], "share"),
                    loses=None if even is None or not spent else float((ratio < even).mean()),
                    next_loses=None if even is None else float((step < even).mean()),
                )
            )
        return tuple(rows)

    @cached_property
    def unpaid(self) -> tuple[UnpaidNumbers, ...]:
        """Numbers of every channel without spend, the largest contribution first."""
        effects = unpaid_of(self.effects)
        if effects is None:
            return ()
        whole = over_weeks(fitted(self.effects))
        rows = []
        for name in map(str, effects["channel"].to_numpy()):
            one = effects.sel(channel=name)
            total = over_weeks(one["contribution"])
            rows.append(
                UnpaidNumbers(
                    channel=name,
                    exposure=float(one["spend"].sum()),
                    contribution=Estimate.from_draws(total.to_numpy(), self.unit),
                    share=Estimate.from_draws((total / whole).to_numpy(), "share"),
                    half_life=Estimate.from_draws(one["half_life"].to_numpy(), "weeks"),
                )
            )
        return tuple(sorted(rows, key=lambda row: -row.contribution.median))

    def _return(self, draws: np.ndarray) -> Estimate:
        return Estimate.from_draws(draws * self.returns.factor, self.returns.unit)

    def channel(self, name: str) -> ChannelNumbers:
        """Numbers of one channel."""
        return next(row for row in self.channels if row.channel == name)

    @cached_property
    def by_return(self) -> tuple[ChannelNumbers, ...]:
        """Channels by median return, the highest first; those without spend last."""
        return tuple(
            sorted(self.channels, key=lambda row: -(row.roi.median if row.roi else -1e300))
        )

    def chances_of_first(
        self, channels: Sequence[str], quantity: str = "return", *, least: bool = False
    ) -> dict[str, float]:
        """Probability of each channel that it has the most (or least) among these channels.

        ``quantity`` is ``return``, ``contribution`` or ``next return``.
        """
        every = {
            "return": roi,
            "contribution": contribution,
            "next return": lambda effects: effects["marginal_roi"],
        }[quantity](self.effects)
        draws = every.sel(channel=list(channels)).transpose("draw", "channel")
        signed = -draws if least else draws
        first = signed.fillna(-np.inf).to_numpy().argmax(axis=1)
        return {name: float((first == place).mean()) for place, name in enumerate(channels)}

    @property
    def least_learnt(self) -> tuple[ChannelNumbers, ...]:
        """Channels with a return before and after the fit, the least narrowed first."""
        known = [row for row in self.channels if row.narrowed is not None]
        return tuple(sorted(known, key=lambda row: row.narrowed or 0.0))

    @cached_property
    def by_contribution(self) -> tuple[ChannelNumbers, ...]:
        """Channels by median contribution, the largest first."""
        return tuple(sorted(self.channels, key=lambda row: -row.contribution.median))

    @cached_property
    def with_unpaid(self) -> tuple[ChannelNumbers | UnpaidNumbers, ...]:
        """Channels with and without spend by median contribution, the largest first."""
        return tuple(sorted((*self.channels, *self.unpaid), key=lambda r: -r.contribution.median))

    @cached_property
    def all_channels(self) -> Estimate:
        """Contribution of all channels together."""
        return Estimate.from_draws(contribution(self.effects).sum("channel").to_numpy(), self.unit)

    @cached_property
    def all_share(self) -> Estimate:
        """Share of the fitted outcome that all channels contributed together."""
        return Estimate.from_draws(share(self.effects).sum("channel").to_numpy(), "share")

    @cached_property
    def base_share(self) -> Estimate:
        """Share of the fitted outcome that would have come without the channels, paid or not."""
        total = fitted(self.effects).sum("week")
        part = paid_baseline(self.effects).sum("week") / total
        return Estimate.from_draws(part.to_numpy(), "share")

    @cached_property
    def ranks(self) -> dict[str, Estimate]:
        """Place of each channel by return, 1 the highest, with its range over draws."""
        names = [row.channel for row in self.channels if row.roi is not None]
        ratios = roi(self.effects).sel(channel=names).transpose("draw", "channel").to_numpy()
        places = (-ratios).argsort(axis=1).argsort(axis=1) + 1
        return {name: Estimate.from_draws(places[:, place]) for place, name in enumerate(names)}


def held(effects: xr.Dataset, where: np.ndarray, mass: float = 0.9) -> tuple[int, int]:
    """Count the weeks whose outcome lies inside the predicted band; of how many."""
    tail = (1 - mass) / 2
    low, high = np.quantile(effects["predicted"].to_numpy()[:, where], [tail, 1 - tail], axis=0)
    seen = effects["observed"].to_numpy()[where]
    return int(((low <= seen) & (seen <= high)).sum()), int(where.sum())
