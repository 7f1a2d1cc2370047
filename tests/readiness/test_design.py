"""The test that takes the model's place."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mmmlib.readiness.design import LENGTHS, believed_share, design_test, make_yardstick
from mmmlib.readiness.power import detectable_effect
from tests.fakes import fake_panel, fake_params

NAMES = tuple("abcdefgh")


def test_one_region_gets_a_pause_test_and_more_a_holdout() -> None:
    params = fake_params()
    alone = make_yardstick(fake_panel(params), params)
    assert alone is not None
    assert (alone.kind, alone.holdout) == ("pause test", ())
    many = make_yardstick(fake_panel(params, regions=NAMES), params)
    assert many is not None
    assert many.kind == "geo holdout"
    assert len(many.holdout) == len(NAMES) // 2


def test_the_pause_is_measured_by_the_outcomes_own_noise() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=156)
    rng = np.random.default_rng(1)
    season = 1 + 0.2 * np.sin(2 * np.pi * np.arange(156) / 52.1775)
    frame = panel.frame.copy()
    noise = 0.03 * rng.normal(size=156)
    frame["outcome:revenue.pooled"] = 1000 * (season + noise)
    yardstick = make_yardstick(dataclasses.replace(panel, frame=frame), params)
    assert yardstick is not None
    assert yardstick.noise == pytest.approx(noise.std(), rel=0.05)
    assert yardstick.carry < 0.2
    assert yardstick.detects(8) == detectable_effect(yardstick.noise, yardstick.carry, 8, 52)


def test_a_holdout_cancels_what_all_regions_share() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=104, regions=NAMES)
    common = np.tile(np.random.default_rng(2).normal(1, 0.2, 104), len(NAMES))
    frame = panel.frame.copy()
    frame["outcome:revenue.pooled"] = 1000 * common
    frame["outcome:revenue.pooled"] += np.random.default_rng(3).normal(0, 5, len(frame))
    panel = dataclasses.replace(panel, frame=frame)
    holdout = make_yardstick(panel, params)
    pause = make_yardstick(panel.to_national(), params)
    assert holdout is not None
    assert pause is not None
    assert holdout.noise < pause.noise / 20


def test_an_outcome_of_nothing_has_no_test() -> None:
    params = fake_params()
    panel = fake_panel(params)
    frame = panel.frame.assign(**{"outcome:revenue.pooled": 0.0})
    assert make_yardstick(dataclasses.replace(panel, frame=frame), params) is None
    assert make_yardstick(fake_panel(params, weeks=3), params) is None


def test_the_belief_is_the_prior_times_the_spend() -> None:
    channels = {
        "search": {"spend": "a", "prior": {"roi": {"low": 1, "high": 4}}},
        "social": {"spend": "b", "prior": {"share": {"low": 0.01, "high": 0.09}}},
        "video": {"spend": "c"},
    }
    params = fake_params(channels=channels)
    panel = fake_panel(params)
    late = panel.frame.iloc[-52:]
    ratio = late["spend:search"].sum() / late["outcome:revenue.pooled"].sum()
    assert believed_share("search", panel, params) == pytest.approx((ratio, 2 * ratio, 4 * ratio))
    assert believed_share("social", panel, params) == pytest.approx((0.01, 0.03, 0.09))
    low, _, high = believed_share("video", panel, params)
    assert high / low == pytest.approx(60)  # the default return, 0.1 to 6
    signups = fake_params(channels=channels, primary_outcome="signups.pooled")
    assert believed_share("video", panel, signups)[::2] == pytest.approx((0.005, 0.25))


@pytest.mark.parametrize(("low", "high", "enough"), [(0.5, 0.9, True), (1e-5, 1e-4, False)])
def test_the_shortest_sufficient_test_is_taken(low: float, high: float, enough: bool) -> None:
    channels = {"search": {"spend": "a", "prior": {"share": {"low": low, "high": high}}}}
    params = fake_params(channels=channels)
    panel = fake_panel(params)
    yardstick = make_yardstick(panel, params)
    assert yardstick is not None
    design = design_test("search", panel, params, yardstick)
    assert design.weeks == (LENGTHS[0] if enough else LENGTHS[-1])
    assert design.detectable_share == yardstick.detects(design.weeks)
    assert (design.detectable_share <= np.sqrt(low * high)) == enough
    assert ("would be missed" in design.description) == (not enough)


def test_a_channel_without_spend_is_bought_and_not_stopped() -> None:
    params = fake_params()
    panel = fake_panel(params)
    frame = panel.frame.assign(**{"spend:video": 0.0})
    panel = dataclasses.replace(panel, frame=frame)
    yardstick = make_yardstick(panel, params)
    assert yardstick is not None
    assert design_test("video", panel, params, yardstick).description.startswith("Buy Video")
    assert design_test("search", panel, params, yardstick).description.startswith("Stop Search")
