"""Carryover in and out, against a brute force written out in loops."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.scenarios.history import regional_split
from mmmlib.scenarios.projection import outcome_function
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.scenarios.helpers import known_effects, with_rising

REGIONS = ("north", "south")


def _flat(effects, channel, weekly, weeks):
    """The same money every week, split over regions as it was."""
    split = regional_split(effects, 13).sel(channel=channel).to_numpy()
    return np.repeat(weekly * split[:, None], weeks, axis=1)


def _brute_force(effects, channel, money):
    """Outcome with the plan minus without, in the horizon, after it, and what the past brings."""
    one = effects.sel(channel=channel)
    weeks = money.shape[1]
    within, after, carried = np.zeros((3, effects.sizes["draw"]))
    for number, region in enumerate(effects["region"].to_numpy()):
        here = one.sel(region=region)
        past = here["media"].to_numpy().astype(float).tolist()
        cost = float(here["media_cost"])
        scale = float(here["media_scale"])
        for draw in range(effects.sizes["draw"]):
            weights = here["adstock_weight"].to_numpy()[draw].astype(float)
            steepness = float(here["saturation"].to_numpy()[draw, 0])
            top = float(here["coefficient"].to_numpy()[draw])
            for sign in (1, -1):
                planned = money[number] / cost if sign > 0 else np.zeros(weeks)
                path = [*past, *planned.tolist()] + [0.0] * 40
                for week in range(len(past), len(path)):
                    stock = sum(
                        weights[lag] * path[week - lag]
                        for lag in range(len(weights))
                        if week >= lag
                    )
                    response = top * np.tanh(steepness * stock / scale / 2)
                    inside = week < len(past) + weeks
                    (within if inside else after)[draw] += sign * response
                    carried[draw] += response * (inside and sign < 0)
    return within, after, carried


@pytest.mark.parametrize("regions", [("national",), REGIONS])
def test_projection_is_the_brute_force(regions):
    params = fake_params()
    effects = fake_effects(params, fake_panel(params, weeks=30, regions=regions), draws=4)
    effects["media_cost"] = effects["media_cost"] * 2.5
    rng = np.random.default_rng(3)
    money = rng.gamma(0.7, 9000.0, (len(regions), 6))  # uneven over weeks and regions
    outcome = outcome_function(effects)

    got = outcome("social", money)

    within, after, carried = _brute_force(effects, "social", money)
    np.testing.assert_allclose(got.within, within, rtol=1e-9)
    np.testing.assert_allclose(got.after, after, rtol=1e-9)
    np.testing.assert_allclose(got.total, within + after, rtol=1e-9)
    np.testing.assert_allclose(outcome.carried_in("social", 6), carried, rtol=1e-9)


def test_money_at_a_price_that_rises_buys_less():
    """By hand: 100 a week at a price of 1.25 buy what 80 do at today's; each unit returns 2."""
    _, effects = known_effects({"a": 2.0, "b": 1.0})
    dearer = outcome_function(with_rising(effects, {"a": (50, 100, 400)}, (1.0, 1.25, 2.0)))
    money = _flat(effects, "a", 100.0, 13)
    even = outcome_function(effects)("a", money)
    np.testing.assert_allclose(even.total, 2600.0, rtol=1e-3)
    np.testing.assert_allclose(dearer("a", money).total, 2080.0, rtol=1e-3)
    np.testing.assert_allclose(dearer("a", money / 2).total, 1300.0, rtol=1e-3)
    np.testing.assert_array_equal(
        dearer("b", money).total, outcome_function(effects)("b", money).total
    )


def test_carryover_out_is_complete():
    _, effects = known_effects({"a": 2.0, "b": 1.0})
    # All of the money's effect arrives, though the horizon ends long before the last lag.
    got = outcome_function(effects)("a", _flat(effects, "a", 100.0, 4))
    np.testing.assert_allclose(got.total, 800.0, rtol=1e-3)
    assert (got.after > 0).all()


def test_carryover_in_meets_a_warm_market():
    params = fake_params()
    effects = fake_effects(params, draws=20)
    cold = effects.copy()
    cold["media"] = effects["media"].where(effects["week"] < effects["week"][-20], 0.0)
    money = _flat(effects, "search", 20_000.0, 4)
    warm_start = outcome_function(effects)("search", money).total
    cold_start = outcome_function(cold)("search", money).total
    assert (warm_start < cold_start).all()


def test_no_spend_brings_nothing():
    got = outcome_function(fake_effects(draws=5))("video", np.zeros((1, 13)))
    np.testing.assert_array_equal(got.total, np.zeros(5))


def test_results_are_remembered():
    outcome = outcome_function(fake_effects(draws=5))
    assert outcome("video", np.full((1, 4), 500.0)) is outcome("video", np.full((1, 4), 500.0))


def test_regional_split_follows_the_latest_weeks():
    effects = fake_effects(panel=fake_panel(regions=REGIONS), draws=2)
    media = effects["media"].copy()
    media.loc[{"region": "south", "week": media["week"][-13:]}] = 0.0
    effects["media"] = media
    split = regional_split(effects, 13)
    np.testing.assert_allclose(split.sel(region="north"), 1.0)
    assert (regional_split(effects, 50).sel(region="south") > 0).all()


def test_regional_split_without_recent_spend_takes_the_whole_history():
    effects = fake_effects(panel=fake_panel(regions=REGIONS), draws=2)
    media = effects["media"].copy()
    media.loc[{"channel": "video", "week": media["week"][-13:]}] = 0.0
    media.loc[{"channel": "events"}] = 0.0
    effects["media"] = media
    split = regional_split(effects, 13)
    history = media.sel(channel="video").sum("week")
    np.testing.assert_allclose(split.sel(channel="video"), history / history.sum(), rtol=1e-6)
    np.testing.assert_allclose(split.sel(channel="events"), 0.5)


def test_free_exposure_does_not_divide_by_zero():
    effects = fake_effects(panel=fake_panel(regions=REGIONS), draws=3)
    cost = effects["media_cost"].copy()
    cost.loc[{"region": "south"}] = 0.0
    effects["media_cost"] = cost
    got = outcome_function(effects)("search", np.full((2, 4), 500.0))
    assert np.isfinite(got.total).all()


class TestSteadyState:
    def test_reads_the_curve_and_stays_at_its_end(self):
        effects = fake_effects(draws=7)
        effects.attrs["formula"] = 0
        function = outcome_function(effects)

        def outcome(weekly):
            return function("search", np.full((1, 10), weekly)).total

        grid = effects["response_spend"].sel(channel="search").to_numpy()
        curve = effects["response"].sel(channel="search").to_numpy()
        np.testing.assert_allclose(outcome(float(grid[4])), 10 * curve[:, 4], rtol=1e-6)
        between = 10 * (curve[:, 4] + curve[:, 5]) / 2
        middle = float(grid[4] + grid[5]) / 2
        np.testing.assert_allclose(outcome(middle), between, rtol=1e-5)
        np.testing.assert_allclose(outcome(float(grid[-1]) * 3), 10 * curve[:, -1])
        np.testing.assert_allclose(outcome(0.0), 10 * curve[:, 0])
        assert function.carried_in("search", 10) is None

    def test_reads_every_week_off_the_curve(self):
        effects = fake_effects(draws=7)
        effects.attrs["formula"] = 0
        function = outcome_function(effects)
        bursts = function("search", np.array([[0.0, 40_000.0, 0.0, 8_000.0]])).total
        each = [function("search", np.array([[x]])).total for x in (0.0, 40_000.0, 0.0, 8_000.0)]
        np.testing.assert_allclose(bursts, np.sum(each, axis=0))
