"""What happened at the demo company, from its table and a seed.

The whole future is laid out at once, so that history never changes when it goes
on; a vintage is the part of it that was known at its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
import pandas as pd

from mmmlib.simulate import b2b_software as firm
from mmmlib.simulate.structure import Response, activity, autoregressive

LAST_WEEK = firm.WEEKS + firm.WEEKS_PER_VINTAGE * (firm.LAST_VINTAGE - 1)
SIZE = np.array(list(firm.REGIONS.values()))
SHAPE = (len(SIZE), LAST_WEEK)
NOISE_AR = 0.2
"""How far a week's noise follows that of the week before."""


@dataclass(frozen=True)
class History:
    """The past and future of the company.

    Arrays are ordered as ``firm.CHANNELS``, ``firm.REGIONS`` and ``firm.OUTCOMES``
    (``model``), and are not to be written to.
    """

    seed: int

    def rng(self, part: str) -> np.random.Generator:
        """Random numbers of one part; no part moves another one's."""
        return np.random.default_rng([self.seed, crc32(part.encode())])

    @cached_property
    def weeks(self) -> pd.DatetimeIndex:
        """First days, Mondays."""
        return pd.date_range(firm.FIRST_WEEK, periods=LAST_WEEK, freq="7D", name="week")

    @cached_property
    def season(self) -> np.ndarray:
        """Yearly wave of two terms, high in spring and autumn; shape (week,)."""
        turn = 2 * np.pi * self.weeks.day_of_year.to_numpy() / 365.25
        return 0.7 * np.cos(turn - 1.6) + 0.5 * np.cos(2 * turn - 1.9)

    @cached_property
    def controls(self) -> dict[str, np.ndarray]:
        """Indices around 100 that move the outcomes beside marketing; each (week,)."""
        first, rise = firm.PRICE_CHANGE
        price = 100 * (1 + rise * (self.weeks >= pd.Timestamp(first)))
        competitors = autoregressive(self.rng("competitors"), (LAST_WEEK,), 0.85, 7.0)
        demand = autoregressive(self.rng("demand"), (LAST_WEEK,), 0.7, 7.0)
        return {
            "price_index": price,
            "competitor_index": np.round(100 + competitors, 2),
            "category_demand": np.round(100 + 6 * self.season + demand, 2),
        }

    @cached_property
    def spend(self) -> np.ndarray:
        """True spend, USD; shape (channel, region, week)."""
        demand = self.controls["category_demand"]
        spend = np.empty((len(firm.CHANNELS), len(firm.REGIONS), LAST_WEEK))
        for row, (name, truth) in enumerate(firm.CHANNELS.items()):
            rng = self.rng(f"spend {name}")
            national = truth.weekly * truth.budget(rng, LAST_WEEK, demand)
            shares = SIZE * rng.lognormal(0, 0.15, len(SIZE))
            moving = shares[:, None] * rng.lognormal(0, 0.12, SHAPE)
            spend[row] = national * moving / moving.sum(axis=0)
        return np.round(spend, 2)

    @cached_property
    def scale(self) -> np.ndarray:
        """Mean of the first vintage's weeks with spend, by region; (channel, region)."""
        past = self.spend[..., : firm.WEEKS]
        return past.sum(axis=2) / (past > 0).sum(axis=2)

    def responses(self, model: str) -> list[Response]:
        """How an outcome answers to each channel: the later the stage, the longer it lasts."""
        outcome = firm.OUTCOMES[model]
        return [
            Response(
                c.adstock,
                (
                    c.retention ** (1 / outcome.slower),
                    *((c.peak + outcome.later,) if c.adstock == "delayed" else ()),
                ),
                c.saturation,
                c.shape,
            )
            for c in firm.CHANNELS.values()
        ]

    def activity(self, model: str, spend: np.ndarray) -> np.ndarray:
        """Saturated, adstocked spend; shape (channel, region, week)."""
        return activity(spend, self.scale, self.responses(model), firm.ADSTOCK_WEEKS)

    @cached_property
    def coefficient(self) -> np.ndarray:
        """Weekly outcome at full saturation; shape (model, channel, region).

        Set so that the first vintage has the returns and shares that the firm's
        table states; regions differ in how well a channel works.
        """
        past = self.spend[..., : firm.WEEKS]
        works = SIZE * self.rng("regions").lognormal(0, 0.2, (len(firm.CHANNELS), len(SIZE)))
        works /= works.sum(axis=1, keepdims=True)
        total = np.empty((len(firm.OUTCOMES), len(firm.CHANNELS)))
        for row, (model, outcome) in enumerate(firm.OUTCOMES.items()):
            active = (self.activity(model, past) * works[..., None]).sum(axis=(1, 2))
            worth = [_worth(model, c) for c in firm.CHANNELS.values()]
            if model.startswith("revenue"):
                contributed = np.array(worth) * past.sum(axis=(1, 2))
            else:
                whole = outcome.level * firm.WEEKS / (1 - sum(worth))
                contributed = np.array(worth) * whole
            total[row] = contributed / active
        return total[..., None] * works

    @cached_property
    def contribution(self) -> np.ndarray:
        """Outcome caused; shape (model, channel, region, week)."""
        active = np.stack([self.activity(model, self.spend) for model in firm.OUTCOMES])
        return self.coefficient[..., None] * active

    @cached_property
    def baseline(self) -> np.ndarray:
        """Outcome without media; shape (model, region, week)."""
        years = np.arange(LAST_WEEK) / 52.18
        since, share = firm.SLOWDOWN
        turn = years[self.at(since)]
        growing = np.minimum(years, turn) + share * np.maximum(years - turn, 0)
        index = [(values - 100) / 10 for values in self.controls.values()]
        launch = self.during("launch")
        year_end = sum(self.during(name) for name in firm.EVENTS if name != "launch")
        return np.stack(
            [
                o.level
                * SIZE[:, None]
                * (
                    1
                    + o.growth * growing
                    + o.season * self.season
                    + o.price * index[0]
                    + o.competitors * index[1]
                    + o.demand * index[2]
                    + o.launch * launch
                    + o.year_end * year_end
                )
                for o in firm.OUTCOMES.values()
            ]
        )

    def during(self, event: str) -> np.ndarray:
        """Return 1 in the weeks of an event; shape (week,)."""
        first, last = firm.EVENTS[event]
        begun = self.weeks >= pd.Timestamp(first)
        return (begun & (self.weeks <= pd.Timestamp(last))).astype(float)

    @cached_property
    def noise(self) -> np.ndarray:
        """What nothing explains; shape (model, region, week)."""
        root = np.sqrt(SIZE)[:, None]
        return np.stack(
            [
                o.level * root * autoregressive(self.rng(f"noise {m}"), SHAPE, NOISE_AR, o.noise)
                for m, o in firm.OUTCOMES.items()
            ]
        )

    @cached_property
    def outcome(self) -> np.ndarray:
        """Outcome as it finally was; shape (model, region, week)."""
        value = self.baseline + self.contribution.sum(axis=1) + self.noise
        decimals = [0 if outcome.whole else 2 for outcome in firm.OUTCOMES.values()]
        rows = zip(np.maximum(value, 0), decimals, strict=True)
        return np.stack([np.round(row, places) for row, places in rows])

    @cached_property
    def visits(self) -> dict[str, np.ndarray]:
        """Visits of the web site; each (region, week)."""
        rng = self.rng("visits")
        per_visit = rng.uniform(5, 12, len(firm.CHANNELS))
        paid = (self.spend / per_visit[:, None, None]).sum(axis=0)
        demand = self.controls["category_demand"] / 100
        organic = 75e3 * SIZE[:, None] * demand * rng.lognormal(0, 0.06, SHAPE)
        paid_visits = np.round(paid).astype("int64")
        return {
            "visits": paid_visits + np.round(organic).astype("int64"),
            "paid_visits": paid_visits,
        }

    def at(self, week: str) -> int:
        """Number of the first week that does not begin before a day."""
        return int((self.weeks < pd.Timestamp(week)).sum())


def _worth(model: str, channel: firm.ChannelTruth) -> float:
    """Return per USD for revenue, share of the outcome for what is counted."""
    outcome, _, motion = model.partition(".")
    if outcome == "revenue":
        return channel.roi_self_serve if motion == "self_serve" else channel.roi_sales_assisted
    if motion == "self_serve":
        return channel.signups if outcome == "signups" else 0.9 * channel.signups
    return channel.opportunities if outcome == "pipeline" else 0.8 * channel.opportunities
