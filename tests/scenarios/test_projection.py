"""Carryover in and out, against a brute force written out in loops."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.scenarios.projection import outcome_function, regional_split
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.scenarios.helpers import known_effects

REGIONS = ("north", "south")


def _brute_force(effects, channel, weekly, weeks, split):
    """Outcome with the plan minus without, week by week, lag by lag."""
    one = effects.sel(channel=channel)
    total = np.zeros(effects.sizes["draw"])
    for number, region in enumerate(effects["region"].to_numpy()):
        here = one.sel(region=region)
        past = here["media"].to_numpy().astype(float).tolist()
        cost = float(here["media_cost"])
        scale = float(here["media_scale"])
        for draw in range(effects.sizes["draw"]):
            weights = here["adstock_weight"].to_numpy()[draw].astype(float)
            steepness = float(here["saturation"].to_numpy()[draw, 0])
            top = float(here["coefficient"].to_numpy()[draw])
            for sign, level in ((1, weekly), (-1, 0.0)):
                path = past + [level * split[number] / cost] * weeks + [0.0] * 40
                for week in range(len(past), len(path)):
                    stock = sum(
                        weights[lag] * path[week - lag]
                        for lag in range(len(weights))
                        if week >= lag
                    )
                    total[draw] += sign * top * np.tanh(steepness * stock / scale / 2)
    return total


@pytest.mark.parametrize("regions", [("national",), REGIONS])
def test_projection_is_the_brute_force(regions):
    params = fake_params()
    effects = fake_effects(params, fake_panel(params, weeks=30, regions=regions), draws=4)
    effects["media_cost"] = effects["media_cost"] * 2.5
    split = regional_split(effects, 13).sel(channel="social").to_numpy()

    got = outcome_function(effects, 6, 13)("social", 9000.0)

    np.testing.assert_allclose(got, _brute_force(effects, "social", 9000.0, 6, split), rtol=1e-9)


def test_carryover_out_is_complete():
    _, effects = known_effects({"a": 2.0, "b": 1.0})
    # All of the money's effect arrives, though the horizon ends long before the last lag.
    np.testing.assert_allclose(outcome_function(effects, 4, 13)("a", 100.0), 800.0, rtol=1e-3)


def test_carryover_in_meets_a_warm_market():
    params = fake_params()
    effects = fake_effects(params, draws=20)
    cold = effects.copy()
    cold["media"] = effects["media"].where(effects["week"] < effects["week"][-20], 0.0)
    warm_start = outcome_function(effects, 4, 60)("search", 20_000.0)
    cold_start = outcome_function(cold, 4, 60)("search", 20_000.0)
    assert (warm_start < cold_start).all()


def test_no_spend_brings_nothing():
    outcome = outcome_function(fake_effects(draws=5), 13, 13)
    np.testing.assert_array_equal(outcome("video", 0.0), np.zeros(5))


def test_results_are_remembered():
    outcome = outcome_function(fake_effects(draws=5), 13, 13)
    assert outcome("video", 500.0) is outcome("video", 500.0)


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
    assert np.isfinite(outcome_function(effects, 4, 13)("search", 1000.0)).all()


class TestSteadyState:
    def test_reads_the_curve_and_stays_at_its_end(self):
        effects = fake_effects(draws=7)
        effects.attrs["formula"] = 0
        outcome = outcome_function(effects, 10, 13)
        grid = effects["response_spend"].sel(channel="search").to_numpy()
        curve = effects["response"].sel(channel="search").to_numpy()
        np.testing.assert_allclose(outcome("search", float(grid[4])), 10 * curve[:, 4], rtol=1e-6)
        between = 10 * (curve[:, 4] + curve[:, 5]) / 2
        middle = float(grid[4] + grid[5]) / 2
        np.testing.assert_allclose(outcome("search", middle), between, rtol=1e-5)
        np.testing.assert_allclose(outcome("search", float(grid[-1]) * 3), 10 * curve[:, -1])
        np.testing.assert_allclose(outcome("search", 0.0), 10 * curve[:, 0])
