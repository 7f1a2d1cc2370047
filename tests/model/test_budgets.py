"""What budgets have in common, however many rows a channel is told in."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.model.budgets import common_spend, first_rows, own_movement
from mmmlib.model.priors import split_rows

SEEN, WEEKS = 140, 150
RNG = np.random.default_rng(3)
DEMAND = RNG.normal(size=WEEKS)
FOLLOWING = np.exp(0.4 * DEMAND + 0.4 * RNG.normal(size=(6, WEEKS)))
ALONE = np.exp(0.4 * RNG.normal(size=(6, WEEKS)))


def test_it_finds_the_demand_that_budgets_follow() -> None:
    found = common_spend(FOLLOWING, SEEN)
    assert found is not None
    common, reliability = found
    assert np.corrcoef(common, DEMAND)[0, 1] > 0.8
    assert common[:SEEN].std() == pytest.approx(1)
    assert 0.7 < reliability < 0.95


def test_what_is_measured_is_not_what_nobody_saw() -> None:
    found = common_spend(FOLLOWING, SEEN, DEMAND[None] + 0.1 * RNG.normal(size=(1, WEEKS)))
    assert found is not None
    assert found[1] < 0.35


def test_budgets_that_go_their_own_ways_have_little_in_common() -> None:
    found = common_spend(ALONE, SEEN)
    assert found is not None
    assert found[1] < 0.35


@pytest.mark.parametrize("spend", [FOLLOWING, ALONE])
@pytest.mark.parametrize("parts", [(0.9, 0.1), (0.5, 0.3, 0.2), (0.2,) * 5])
def test_it_does_not_hang_on_how_many_rows_a_channel_is_told_in(
    spend: np.ndarray, parts: tuple[float, ...]
) -> None:
    """With its fee as a second row, search brought 0.57 of what it brought alone."""
    cut = np.concatenate([np.outer(parts, spend[0]), spend[1:]])
    whole, told = common_spend(spend, SEEN), common_spend(cut, SEEN)
    assert whole is not None
    assert told is not None
    assert np.corrcoef(whole[0], told[0])[0, 1] > 0.998
    assert told[1] == pytest.approx(whole[1], abs=0.03)


def test_one_channel_in_many_rows_is_no_common_movement() -> None:
    assert common_spend(FOLLOWING[:2], SEEN) is None
    assert (
        common_spend(
            np.concatenate([np.outer([0.6, 0.3, 0.1], FOLLOWING[0]), FOLLOWING[1:2]]), SEEN
        )
        is None
    )
    assert common_spend(np.ones((4, WEEKS)), SEEN) is None


def test_a_channel_that_is_younger_than_the_weeks_seen_is_no_budget_yet() -> None:
    young = np.where(np.arange(WEEKS) < SEEN, 0.0, 1e4)[None]
    found = common_spend(np.concatenate([FOLLOWING, young]), SEEN)
    assert found is not None
    np.testing.assert_allclose(found[0], common_spend(FOLLOWING, SEEN)[0])  # type: ignore[index]


def test_trend_and_season_are_no_movement_of_a_channel() -> None:
    weeks = np.arange(WEEKS)
    slow = 0.01 * weeks + np.sin(2 * np.pi * weeks * 7 / 365.25)
    moved = own_movement(np.exp(0.2 * RNG.normal(size=(1, WEEKS)) + slow), SEEN)
    assert abs(np.corrcoef(moved[0], slow)[0, 1]) < 0.2


def test_rows_of_one_channel_are_found() -> None:
    rows = np.concatenate([FOLLOWING[:2], np.outer([0.3, 0.1], FOLLOWING[0]), np.ones((1, WEEKS))])
    assert first_rows(rows).tolist() == [0, 1, 0, 0, 4]


@pytest.mark.parametrize("likeness", [0.0, 0.6])
def test_a_channel_in_rows_is_believed_to_return_what_it_is_believed_to_return_whole(
    likeness: float,
) -> None:
    spend, told = np.array([5.0, 3.0, 2.0, 7.0]), np.array([0, 0, 0, 3])
    whole = np.tile([0.0, 1.4], (4, 1))
    rows = split_rows(whole, spend, told, likeness)
    np.testing.assert_allclose(rows[3], whole[3])
    rng = np.random.default_rng(1)
    off = np.sqrt(likeness) * rng.normal(size=(40_000, 1))
    off = off + np.sqrt(1 - likeness) * rng.normal(size=(40_000, 3))
    together = np.log(np.exp(rows[:3, 0] + rows[:3, 1] * off) @ spend[:3] / 10)
    np.testing.assert_allclose(np.quantile(together, [0.05, 0.95]), [-2.3, 2.3], atol=0.1)
