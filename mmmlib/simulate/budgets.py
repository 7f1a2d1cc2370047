"""Weekly budgets of different character, as media plans have them.

Every function takes a generator, a number of weeks and an index of demand, and
returns shape ``(weeks,)`` with a mean near one; money comes later.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmmlib.simulate.structure import autoregressive

Budget = Callable[[np.random.Generator, int, np.ndarray], np.ndarray]


def demand_following(rng: np.random.Generator, weeks: int, demand: np.ndarray) -> np.ndarray:
    """Spend that goes where demand goes (paid search), with bids that wander."""
    bids = np.exp(autoregressive(rng, (weeks,), 0.75, 0.28))
    return (demand / demand.mean()) ** 2 * bids


def always_on(rng: np.random.Generator, weeks: int, demand: np.ndarray) -> np.ndarray:
    """Always there; the level is set anew every five to nine weeks."""
    return _steps(rng, weeks, (5, 9), 0.38) * _jitter(rng, weeks, 0.10)


def flighted(rng: np.random.Generator, weeks: int, demand: np.ndarray) -> np.ndarray:
    """On for four to eight weeks, off for three to seven."""
    return _flights(rng, weeks, on=(4, 8), off=(3, 7), floor=0.0, sd=0.25)


def long_flights(rng: np.random.Generator, weeks: int, demand: np.ndarray) -> np.ndarray:
    """A brand's campaigns: on for six to ten weeks, then a floor for seven to twelve."""
    return _flights(rng, weeks, on=(6, 10), off=(7, 12), floor=0.12, sd=0.25)


def bursts(rng: np.random.Generator, weeks: int, demand: np.ndarray) -> np.ndarray:
    """Conferences: about nine a year, paid over two weeks, nothing between."""
    budget = np.zeros(weeks + 8)
    week = int(rng.integers(1, 5))
    while week < weeks:
        size = rng.lognormal(0, 0.45)
        budget[week : week + 2] += size * np.array([0.6, 0.4])
        week += int(rng.integers(3, 10))
    return budget[:weeks] * 5.4


def campaigns(rng: np.random.Generator, weeks: int, demand: np.ndarray) -> np.ndarray:
    """Programmes of four to eight weeks, every fourth one skipped."""
    level = _steps(rng, weeks, (4, 8), 0.4, pause=0.25)
    return level * _jitter(rng, weeks, 0.15) * 1.25


def quarterly(rng: np.random.Generator, weeks: int, demand: np.ndarray) -> np.ndarray:
    """Quarterly funds (partners), with three-week promotions on top."""
    budget = _steps(rng, weeks, (11, 14), 0.4) * _jitter(rng, weeks, 0.12)
    week = int(rng.integers(3, 10))
    while week < weeks:
        budget[week : week + 3] *= rng.uniform(1.7, 2.6)
        week += int(rng.integers(9, 16))
    return budget * 0.8


def flat(rng: np.random.Generator, weeks: int, demand: np.ndarray) -> np.ndarray:
    """Retargeting on a fixed daily budget: hardly ever moves, so it can hardly be measured."""
    return _steps(rng, weeks, (44, 60), 0.10) * _jitter(rng, weeks, 0.08)


def _jitter(rng: np.random.Generator, weeks: int, sd: float) -> np.ndarray:
    return np.exp(rng.normal(0, sd, weeks))


def _steps(
    rng: np.random.Generator,
    weeks: int,
    length: tuple[int, int],
    sd: float,
    pause: float = 0.0,
) -> np.ndarray:
    """Levels that last some weeks each; a share of them is a pause."""
    level = np.empty(weeks)
    week = 0
    while week < weeks:
        lasting = int(rng.integers(length[0], length[1] + 1))
        value = rng.lognormal(-(sd**2) / 2, sd)
        level[week : week + lasting] = value if rng.random() >= pause else 0.0
        week += lasting
    return level


def _flights(
    rng: np.random.Generator,
    weeks: int,
    on: tuple[int, int],
    off: tuple[int, int],
    floor: float,
    sd: float,
) -> np.ndarray:
    budget = floor * _jitter(rng, weeks, 0.25)
    week = int(rng.integers(0, off[1]))
    while week < weeks:
        lasting = int(rng.integers(on[0], on[1] + 1))
        flight = budget[week : week + lasting]
        flight[:] = rng.lognormal(0, sd) * np.exp(rng.normal(0, 0.1, lasting))[: len(flight)]
        week += lasting + int(rng.integers(off[0], off[1] + 1))
    duty = np.mean(on) / (np.mean(on) + np.mean(off))
    return budget / (duty + floor * (1 - duty))
