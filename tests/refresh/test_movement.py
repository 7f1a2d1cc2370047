from __future__ import annotations

import math

import numpy as np
import pytest

from mmmlib.estimates import Estimate
from mmmlib.model.effects import roi
from mmmlib.params.limits import ComparisonParams
from mmmlib.refresh.movement import (
    channel_movements,
    common_weeks,
    is_beyond_noise,
    overlap_share,
    relative_change,
    widened,
)
from tests.fakes import fake_effects, fake_panel, fake_params

MIN_OVERLAP = ComparisonParams().min_overlap


def estimate(low: float, high: float, median: float | None = None) -> Estimate:
    middle = (low + high) / 2 if median is None else median
    return Estimate(
        median=middle, low=low, high=high, inner_low=middle, inner_high=middle, draws=100
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((0, 2), (1, 3), 0.5),
        ((0, 2), (3, 4), 0.0),
        ((0, 10), (4, 5), 1.0),
        ((1, 1), (0, 2), 1.0),
        ((5, 5), (0, 2), 0.0),
    ],
)
def test_overlap_is_the_shared_part_of_the_narrower(
    before: tuple[float, float], after: tuple[float, float], expected: float
) -> None:
    assert overlap_share(estimate(*before), estimate(*after)) == expected
    assert overlap_share(estimate(*after), estimate(*before)) == expected


def test_a_narrow_range_inside_a_wide_one_is_not_a_movement() -> None:
    assert not is_beyond_noise(estimate(0, 10), estimate(8.5, 9.5), MIN_OVERLAP)


def test_ranges_that_hardly_touch_are() -> None:
    assert is_beyond_noise(estimate(0, 2), estimate(1.9, 4), MIN_OVERLAP)


def test_a_median_that_left_the_range_is_a_movement_however_wide_the_new_range() -> None:
    assert is_beyond_noise(estimate(0.8, 1.2), estimate(0.2, 3.0, median=1.4), MIN_OVERLAP)


def test_a_range_that_exploded_is_no_calm() -> None:
    """Two odd weeks left the medians inside each other's range, as that had become so wide."""
    then, now = estimate(0.8, 1.2), estimate(0.3, 1.6, median=1.1)
    assert is_beyond_noise(then, now, MIN_OVERLAP)
    assert widened(then, now) == pytest.approx(1.3 / 0.4)
    assert not is_beyond_noise(then, estimate(0.5, 1.5), MIN_OVERLAP)


def test_change_is_relative_and_unknown_from_zero() -> None:
    assert relative_change(2.0, 3.0) == 0.5
    assert relative_change(-2.0, -3.0) == -0.5
    assert math.isnan(relative_change(0.0, 1.0))


# --- two refreshes of one truth: how often does the rule speak up? ------------------


def posterior(mean: float, weeks: int, rng: np.random.Generator) -> Estimate:
    """Posterior of a mean of unit-noise weeks under a flat prior."""
    return Estimate.from_draws(mean + rng.normal(size=1000) / math.sqrt(weeks))


def alarm_rate(old: int, new: int, shared: int, shift: float = 0.0, seeds: int = 1000) -> float:
    """Share of pairs called beyond noise; ``shift`` is in standard errors of the first."""
    alarms = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        common = rng.normal(size=shared).sum()
        before = (common + rng.normal(size=old - shared).sum()) / old
        after = (common + rng.normal(size=new - shared).sum()) / new + shift / math.sqrt(old)
        alarms += is_beyond_noise(
            posterior(before, old, rng), posterior(after, new, rng), MIN_OVERLAP
        )
    return alarms / seeds


def test_a_quarter_of_new_weeks_is_almost_never_beyond_noise() -> None:
    assert alarm_rate(104, 117, shared=104) <= 0.005


def test_refreshes_that_share_nothing_raise_an_alarm_in_one_of_four() -> None:
    assert alarm_rate(104, 104, shared=0) == pytest.approx(0.25, abs=0.04)


def test_a_real_shift_is_found() -> None:
    assert alarm_rate(104, 117, shared=104, shift=4.0, seeds=200) >= 0.98


# --- on effects ----------------------------------------------------------------------


def test_the_window_is_what_both_fits_saw() -> None:
    params = fake_params()
    before = fake_effects(params, fake_panel(params, weeks=60), holdout_weeks=8)
    after = fake_effects(params, fake_panel(params, weeks=70, first="2024-02-05"))
    weeks = common_weeks(before, after)
    assert (str(weeks[0].date()), len(weeks)) == ("2024-02-05", 60 - 8 - 5)


def test_an_effect_three_times_as_large_is_found_with_its_size_and_the_same_is_not() -> None:
    params = fake_params()
    before = fake_effects(params, fake_panel(params, weeks=104), seed=1)
    for scale, expected in ((1.0, False), (3.0, True)):
        after = fake_effects(params, fake_panel(params, weeks=104), seed=2, scale=scale)
        found = channel_movements(before, after, common_weeks(before, after), MIN_OVERLAP)
        assert len(found) == 8
        assert {movement.beyond_noise for movement in found} == {expected}
        for movement in found:
            assert 1 + movement.change == pytest.approx(scale, rel=0.12)


def test_numbers_are_those_of_the_window_only() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=117)
    before = fake_effects(params, fake_panel(params, weeks=104))
    after = fake_effects(params, panel)
    weeks = common_weeks(before, after)
    found = {
        (movement.quantity, movement.channel): movement
        for movement in channel_movements(before, after, weeks, MIN_OVERLAP)
    }
    window = slice(weeks[0], weeks[-1])
    expected = float(roi(after, window).sel(channel="video").median())
    assert found["roi", "video"].after.median == pytest.approx(expected, rel=1e-5)
    assert found["roi", "video"].after.unit == "USD/USD"
    assert found["contribution", "video"].after.unit == "USD"


def test_the_largest_movement_comes_first_and_ranks_are_by_median() -> None:
    before, after = fake_effects(), fake_effects()
    for name in ("contribution", "spend_effect"):
        values = after[name].to_numpy().copy()
        values[:, 2] *= 3
        after[name] = (after[name].dims, values)
    found = channel_movements(before, after, common_weeks(before, after), MIN_OVERLAP)
    assert [movement.channel for movement in found[:2]] == ["video", "video"]
    returns = [movement for movement in found if movement.quantity == "roi"]
    assert sorted(movement.rank_after for movement in returns) == [1, 2, 3, 4]
    assert returns[0].rank_after == 1
    medians = {movement.channel: movement.before.median for movement in returns}
    order = sorted(medians, key=medians.__getitem__, reverse=True)
    assert {m.channel: m.rank_before for m in returns} == {
        name: place for place, name in enumerate(order, 1)
    }


def test_a_channel_without_spend_has_no_return_to_compare() -> None:
    before, after = fake_effects(), fake_effects(seed=2)
    before["spend"] = before["spend"] * (before["channel"] != "video")
    found = channel_movements(before, after, common_weeks(before, after), MIN_OVERLAP)
    kinds = {movement.quantity for movement in found if movement.channel == "video"}
    assert kinds == {"contribution"}
