"""National worlds whose demand nobody measured, and budgets that follow it.

Demand wanders (AR(1)) and moves both the outcome and every channel's spend, which is how
budgets are set. What spend causes follows, world by world in turn, one of several forms;
only the first is what any of the models assumes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from cases import Case

from mmmlib.simulate.structure import autoregressive
from mmmlib.transforms import geometric_weights, lagged

WEEKS, CHANNELS, LENGTH = 156, 6, 12
LEVEL, MEDIA_SHARE = 1_000_000.0, 0.3
DEMAND, PERSISTENCE, NOISE = 0.06, 0.8, 0.03
"""Spread of demand as a share of the level, its autocorrelation, and what is independent."""
FOLLOWS = (0.1, 0.3)
"""Spread of log spend that follows demand, smallest and largest of a world's channels."""

CENTRES = (0.5, 1.3, 2.5)
"""Medians of the true returns, world by world: no prior has its middle at all of them."""

Response = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def _carried(media: np.ndarray, retention: float) -> np.ndarray:
    return lagged(media, LENGTH) @ geometric_weights(np.array(retention), LENGTH)


def logistic(rng: np.random.Generator, media: np.ndarray) -> np.ndarray:
    """Geometric carryover, logistic saturation: what the models assume."""
    return np.tanh(np.exp(rng.normal(0.3, 0.4)) * _carried(media, rng.uniform(0.2, 0.65)) / 2)


def power(rng: np.random.Generator, media: np.ndarray) -> np.ndarray:
    """A power of carried media: returns diminish and never end."""
    return _carried(media, rng.uniform(0.2, 0.65)) ** rng.uniform(0.4, 0.8)


def slow(rng: np.random.Generator, media: np.ndarray) -> np.ndarray:
    """Two carryovers, a quick one and a slow one, then a logarithm."""
    share = rng.uniform(0.4, 0.8)
    carried = share * _carried(media, rng.uniform(0.1, 0.4))
    carried += (1 - share) * _carried(media, rng.uniform(0.75, 0.9))
    return np.log1p(rng.uniform(0.5, 2.0) * carried)


def threshold(rng: np.random.Generator, media: np.ndarray) -> np.ndarray:
    """Nothing below a floor, then straight up to a ceiling."""
    carried = _carried(media, rng.uniform(0.2, 0.65))
    return np.clip(carried - rng.uniform(0.1, 0.4), 0, rng.uniform(1.0, 1.8))


def wearing(rng: np.random.Generator, media: np.ndarray) -> np.ndarray:
    """Logistic, with a strength that drifts over the years."""
    drift = np.exp(np.linspace(0, rng.normal(0, 0.5), media.size))
    return logistic(rng, media) * drift


def late(rng: np.random.Generator, media: np.ndarray) -> np.ndarray:
    """Saturation in the week of the spend, then a bell of effects weeks later."""
    week = np.arange(LENGTH)
    weights = week * np.exp(-week / rng.uniform(0.7, 1.8))
    return lagged(np.tanh(np.exp(rng.normal(0, 0.4)) * media / 2), LENGTH) @ (
        weights / weights.sum()
    )


FORMS: dict[str, Response] = {
    one.__name__: one for one in (logistic, power, slow, threshold, wearing, late)
}


@dataclass(frozen=True)
class Confounded:
    """A case and what each channel truly caused in it."""

    case: Case
    truth: np.ndarray
    form: str


def make_confounded(seed: int) -> Confounded:
    """Make a world; the same seed gives the same."""
    rng = np.random.default_rng([seed, 0xDE3A])
    form = list(FORMS)[seed % len(FORMS)]
    demand = autoregressive(rng, (WEEKS,), PERSISTENCE, 1.0)
    own = autoregressive(rng, (CHANNELS, WEEKS), 0.6, 0.45)
    follows = rng.uniform(*FOLLOWS, (CHANNELS, 1))
    running = np.repeat(rng.random((CHANNELS, WEEKS // 6 + 1)) < 0.85, 6, axis=1)[:, :WEEKS]
    running[:, :6] = True
    mean = LEVEL * MEDIA_SHARE * rng.dirichlet(np.full(CHANNELS, 6.0))
    spend = np.exp(own + follows * demand) * running
    spend *= (mean / spend.mean(1))[:, None]
    caused = np.stack([FORMS[form](rng, one / one[one > 0].mean()) for one in spend])
    # In 18 worlds every form meets every centre.
    centre = CENTRES[(seed + seed // len(FORMS)) % len(CENTRES)]
    roi = np.exp(rng.normal(np.log(centre), 0.6, CHANNELS))
    caused *= (roi * spend.sum(1) / caused.sum(1))[:, None]
    years = np.arange(WEEKS) / 52.18
    season = 0.06 * np.sin(2 * np.pi * years + rng.uniform(0, 2 * np.pi))
    price = autoregressive(rng, (WEEKS,), 0.8, 1.0)
    share = 1 + 0.05 * years + season - 0.05 * price + DEMAND * demand
    share += rng.normal(0, NOISE, WEEKS)
    outcome = np.maximum(LEVEL * share + caused.sum(0), 0)
    price = (price - price.mean()) / price.std()
    case = Case(outcome[None], spend[:, None], price[None, None])
    return Confounded(case, caused.sum(1), form)
