"""A limit that is kept by the luck of the draws is not kept."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmmlib.findings import Status, at_least, at_most
from mmmlib.monte_carlo import monte_carlo_error, needed_probability


def ar1(carry: float, draws: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=draws)
    values = np.zeros(draws)
    for place in range(1, draws):
        values[place] = carry * values[place - 1] + noise[place]
    return values * math.sqrt(1 - carry**2)


@pytest.mark.parametrize(("method", "at"), [("mean", 0.5), ("median", 0.5), ("quantile", 0.05)])
def test_the_error_is_how_far_other_draws_would_move_the_number(method, at) -> None:
    read = np.mean if method == "mean" else lambda draws: np.quantile(draws, at)
    many = [ar1(0.5, 1000, seed) for seed in range(100)]
    moved = np.std([read(draws) for draws in many])
    told = np.median([monte_carlo_error(draws, method, at) for draws in many[:20]])
    assert told == pytest.approx(moved, rel=0.3)


def test_draws_that_are_all_the_same_have_no_error_and_odd_ones_no_number() -> None:
    assert monte_carlo_error(np.ones(100)) == 0.0
    assert math.isnan(monte_carlo_error([1.0, math.nan, 2.0]))


@pytest.mark.parametrize(
    ("check", "value", "sure"), [(at_most, 0.68, 0.64), (at_least, 0.72, 0.76)]
)
def test_inside_a_limit_by_less_than_the_chance_counts_as_outside(check, value, sure) -> None:
    def found(value: float, error: float):
        return check("health.media_share", "revenue.pooled", value, 0.7, "Seen.", error=error)

    assert found(value, 0.0).status is Status.OK
    assert found(value, 0.02).status is Status.FLAG
    assert found(value, 0.02).message == (
        "Seen. Too near the limit to be sure, so it counts as missed."
    )
    assert found(sure, 0.02).status is Status.OK
    assert found(sure, math.nan).status is Status.FLAG


def test_a_probability_needs_more_where_draws_are_few_or_stuck() -> None:
    free, stuck = ar1(0.0, 1000), ar1(0.9, 1000)
    assert needed_probability(0.95, free) == pytest.approx(0.962, abs=0.002)
    assert needed_probability(0.95, np.stack([free, stuck], axis=1)) > 0.97
    # What never moves, or has no number, says nothing of the others.
    odd = np.stack([free, np.ones(1000), np.full(1000, math.nan)], axis=1)
    assert needed_probability(0.95, odd) == needed_probability(0.95, free)
