"""Budgets: each keeps its character for any seed."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.simulate import budgets
from mmmlib.simulate.budgets import Budget

ALL = [
    budgets.demand_following,
    budgets.always_on,
    budgets.flighted,
    budgets.long_flights,
    budgets.bursts,
    budgets.campaigns,
    budgets.quarterly,
    budgets.flat,
]
WEEKS = 300
DEMAND = 100 + 10 * np.sin(np.arange(WEEKS) / 8)


def made(budget: Budget, seed: int) -> np.ndarray:
    return budget(np.random.default_rng(seed), WEEKS, DEMAND)


@pytest.mark.parametrize("budget", ALL)
def test_mean_is_near_one_and_nothing_is_negative(budget: Budget) -> None:
    means = [made(budget, seed).mean() for seed in range(30)]
    assert 0.8 < np.mean(means) < 1.25
    assert min(made(budget, seed).min() for seed in range(30)) >= 0
    np.testing.assert_array_equal(made(budget, 3), made(budget, 3))


def test_flights_stop_and_bursts_are_short() -> None:
    for seed in range(10):
        on = made(budgets.flighted, seed) > 0
        assert 0.3 < on.mean() < 0.75
        burst = made(budgets.bursts, seed) > 0
        assert 0.15 < burst.mean() < 0.5
        assert (made(budgets.always_on, seed) > 0).all()
        assert (made(budgets.long_flights, seed) > 0).all()


def test_flat_is_flat_most_weeks() -> None:
    for seed in range(10):
        year = made(budgets.flat, seed)[-52:]
        near = np.abs(year / np.median(year) - 1) <= 0.1
        assert near.mean() > 0.5


def test_search_follows_demand() -> None:
    follows = [np.corrcoef(made(budgets.demand_following, s), DEMAND)[0, 1] for s in range(20)]
    assert np.mean(follows) > 0.25
