"""Worlds of many kinds whose truth is known: what each channel caused, and what any plan would.

No kind is made to suit the workbook. Demand wanders (AR(1)) and nobody measured it; channels
carry over in a decay or a late bell and saturate by Hill or Michaelis-Menten; true returns
have a median of 1.3 unless the kind says otherwise. Each kind changes one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from cases import Case, workbook_panel

from mmmlib.data.panel.panel import Panel
from mmmlib.params import Params
from mmmlib.simulate.structure import autoregressive
from mmmlib.transforms import delayed_weights, geometric_weights, lagged

WEEKS, CHANNELS, LENGTH = 156, 6, 12
LEVEL = 1_000_000.0
MEDIA_SHARE, DEMAND = (0.1, 0.3), (0.04, 0.1)
"""Spend of all channels, and the spread of demand, as shares of the level: from a world in which
much can be seen to one in which little can."""
PERSISTENCE, NOISE = 0.8, 0.03
"""Autocorrelation of demand, and the spread of what is independent, as a share of the level."""
SPREAD, ALWAYS_ON = (0.15, 0.5), 0.5
"""Spread of a channel's log spend, and the share of channels that never pause for six weeks."""


@dataclass(frozen=True)
class Kind:
    """What a family of worlds has of its own.

    Parameters
    ----------
    centre
        Median of the true returns; their logarithm has a spread of 0.6.
    follows
        Smallest and largest spread of a channel's log spend that follows demand.
    collinear
        The second channel's spend is mostly the first one's.
    threshold
        Nothing happens below a floor of carried spend, then it rises straight to a ceiling.
    outliers
        Weeks in which the outcome is 60 % higher than it was.
    regions
        More than one: effects and sizes differ between them.
    """

    centre: float = 1.3
    follows: tuple[float, float] = (0.0, 0.0)
    collinear: bool = False
    threshold: bool = False
    outliers: int = 0
    regions: int = 1


KINDS: dict[str, Kind] = {
    "independent": Kind(),
    "follows demand": Kind(follows=(0.1, 0.3)),
    "follows demand strongly": Kind(follows=(0.3, 0.6)),
    "collinear": Kind(collinear=True),
    "threshold": Kind(threshold=True),
    "outliers": Kind(outliers=2),
    "returns at 0.5": Kind(centre=0.5),
    "returns at 2.5": Kind(centre=2.5),
    "regions": Kind(regions=4),
}
"""By name. Spend is independent of demand where the kind does not say otherwise."""


@dataclass(frozen=True)
class TrueEffect:
    """How the outcome truly answers to one channel."""

    weights: np.ndarray
    curve: Callable[[np.ndarray], np.ndarray]
    scale: np.ndarray
    """By region: divides spend."""
    coefficient: np.ndarray
    """By region: outcome at a curve of one."""

    def weekly(self, spend: np.ndarray) -> np.ndarray:
        """Outcome that a path of spend causes, ``(region, week)``; none was spent before it."""
        carried = lagged(spend / self.scale[:, None], LENGTH) @ self.weights
        return self.coefficient[:, None] * self.curve(carried)

    def brought(self, spend: np.ndarray) -> float:
        """Outcome that a path of spend causes in all regions, to the end of its last effect."""
        return float(self.weekly(np.pad(spend, ((0, 0), (0, LENGTH)))).sum())


@dataclass(frozen=True)
class KnownWorld:
    """A case as a user would bring it, and the truth behind it."""

    kind: str
    seed: int
    case: Case
    effects: tuple[TrueEffect, ...]

    @property
    def panel(self) -> Panel:
        """The panel that is fitted."""
        return workbook_panel(self.case)

    @property
    def names(self) -> list[str]:
        """Names of the channels."""
        return [f"channel_{number}" for number in range(len(self.effects))]

    def params(self, model: Mapping[str, Any], channel: Mapping[str, Any]) -> Params:
        """Return parameters that name the channels, and keys of the model and of every channel."""
        questions = [
            {"question": f"May we {kind} {name}?", "kind": kind, "channel": name}
            for name in self.names
            for kind in ("scale", "cut")
        ]
        geography = "regional" if len(self.case.outcome) > 1 else "national"
        return Params.model_validate(
            {
                "workbook": "honesty",
                "title": "A world whose truth is known",
                "currency": "USD",
                "refresh": {"period": "2026-Q1"},
                "audience": {"serves": "growth", "supports": ["compare"], "not_for": ["decide"]},
                "data": {"sources": {"world": {"path": "world.csv"}}},
                "channels": {name: {"spend": name, **channel} for name in self.names},
                "outcomes": {"revenue": {"kind": "revenue", "column": "revenue"}},
                "key_questions": [
                    *questions,
                    {"question": "Which channel returns most?", "kind": "rank"},
                ],
                "model": {"geography": geography, **model},
            }
        )

    def contribution(self, weeks: slice = slice(None)) -> np.ndarray:
        """What each channel caused, all regions; ``(channel, week)``."""
        caused = [
            effect.weekly(spend).sum(0)
            for effect, spend in zip(self.effects, self.case.spend, strict=True)
        ]
        return np.stack(caused)[:, weeks]

    def returns(self, weeks: slice = slice(None)) -> np.ndarray:
        """True return of each channel: what the spend of the weeks brings to its end, over it.

        It is what that spend adds to all that was spent before, with nothing spent after: the
        definition of :func:`mmmlib.model.response.spend_effect`.
        """
        first, end, _ = weeks.indices(self.case.spend.shape[2])
        brought = [
            effect.brought(spend[:, :end]) - effect.brought(spend[:, :first])
            for effect, spend in zip(self.effects, self.case.spend, strict=True)
        ]
        return np.asarray(brought / self.case.spend[:, :, first:end].sum((1, 2)))

    def gain(self, plan: Mapping[str, np.ndarray], base: Mapping[str, np.ndarray]) -> float:
        """Outcome that a plan brings beyond another, carryover to its end.

        Both are money by channel after the history, ``(region, week)``.
        """
        total = 0.0
        for name, effect, past in zip(self.names, self.effects, self.case.spend, strict=True):
            with_plan, without = (
                effect.brought(np.concatenate([past, path[name]], axis=1)) for path in (plan, base)
            )
            total += with_plan - without
        return total


def make_known(kind: str, seed: int, weeks: int = WEEKS) -> KnownWorld:
    """Make a world; the same kind and seed give the same one."""
    asked = KINDS[kind]
    rng = np.random.default_rng([seed, 0x40E5, list(KINDS).index(kind)])
    regions = asked.regions
    size = rng.dirichlet(np.full(regions, 8.0))
    demand = autoregressive(rng, (weeks,), PERSISTENCE, 1.0)
    spend = _spend(rng, asked, demand, size)
    effects = tuple(_true_effect(rng, asked, row) for row in spend)
    caused = sum(effect.weekly(row) for effect, row in zip(effects, spend, strict=True))
    years = np.arange(weeks) / 52.18
    season = 0.06 * np.sin(2 * np.pi * years + rng.uniform(0, 2 * np.pi))
    share = 1 + 0.05 * years + season + rng.uniform(*DEMAND) * demand
    noise = rng.normal(0, NOISE, (regions, weeks)) / np.sqrt(size * regions)[:, None]
    outcome = np.maximum(LEVEL * size[:, None] * (share + noise) + caused, 0)
    if asked.outliers:
        odd = rng.choice(np.arange(10, weeks - 10), asked.outliers, replace=False)
        outcome[:, odd] *= 1.6
    return KnownWorld(kind, seed, Case(outcome, spend, np.zeros((0, regions, weeks))), effects)


def _spend(
    rng: np.random.Generator, kind: Kind, demand: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """Money by channel, region and week: it wanders, pauses, and may follow demand."""
    weeks = len(demand)
    own = autoregressive(rng, (CHANNELS, len(size), weeks), 0.6, 1.0)
    own *= rng.uniform(*SPREAD, (CHANNELS, 1, 1))
    if kind.collinear:
        own[1] = 0.95 * own[0] + np.sqrt(1 - 0.95**2) * own[1] * own[0].std() / own[1].std()
    follows = rng.uniform(*kind.follows, (CHANNELS, 1, 1))
    running = np.repeat(rng.random((CHANNELS, 1, weeks // 6 + 1)) < 0.85, 6, axis=2)[..., :weeks]
    running |= rng.random((CHANNELS, 1, 1)) < ALWAYS_ON
    running[..., :6] = True
    running[..., -6:] = True  # a channel that does not run today has no plan
    if kind.collinear:
        running[1] = running[0]
    mean = LEVEL * rng.uniform(*MEDIA_SHARE) * rng.dirichlet(np.full(CHANNELS, 6.0))
    spend = np.exp(own + follows * demand) * running * size[:, None]
    return np.asarray(spend * (mean / spend.sum(1).mean(1))[:, None, None])


def _true_effect(rng: np.random.Generator, kind: Kind, spend: np.ndarray) -> TrueEffect:
    """Draw how the outcome answers to a channel with this spend, ``(region, week)``."""
    late = rng.random() < 0.5
    weights = (
        delayed_weights(np.array(rng.uniform(0.5, 0.75)), np.array(rng.uniform(0.8, 2.5)), LENGTH)
        if late
        else geometric_weights(np.array(rng.uniform(0.2, 0.65)), LENGTH)
    )
    half, slope = np.exp(rng.normal(np.log(1.2), 0.4)), 1.0
    if rng.random() < 0.5:
        slope = np.exp(rng.normal(np.log(1.2), 0.2))
    floor, ceiling = rng.uniform(0.1, 0.4), rng.uniform(1.0, 1.8)

    def smooth(carried: np.ndarray) -> np.ndarray:
        return np.asarray(carried**slope / (carried**slope + half**slope))

    def kinked(carried: np.ndarray) -> np.ndarray:
        return np.clip(carried - floor, 0, ceiling)

    scale = spend.sum(1) / np.maximum((spend > 0).sum(1), 1)
    differ = rng.lognormal(0, 0.2, len(spend)) if len(spend) > 1 else np.ones(1)
    unit = TrueEffect(weights, kinked if kind.threshold else smooth, scale, differ * scale)
    wanted = np.exp(rng.normal(np.log(kind.centre), 0.6)) * spend.sum()
    return replace(unit, coefficient=unit.coefficient * wanted / unit.brought(spend))
