"""The test that takes the model's place."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mmmlib.data.panel.panel import Panel
from mmmlib.readiness.design import (
    LENGTHS,
    believed_share,
    design_test,
    make_yardstick,
    where_it_runs,
)
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
    assert believed_share("search", panel, params) == pytest.approx(
        (ratio, 2 * ratio, 4 * ratio), rel=1e-3
    )
    assert believed_share("social", panel, params) == pytest.approx((0.01, 0.03, 0.09), rel=1e-3)
    low, _, high = believed_share("video", panel, params)
    assert high / low == pytest.approx(100, rel=1e-3)  # the default return, 0.1 to 10


def test_the_belief_of_a_count_is_the_models_prior_of_it() -> None:
    """A return in money says nothing of a count, and what a unit costs says nothing of money."""
    channels = {
        "search": {"spend": "a", "prior": {"cost_per": {"signups": {"low": 20, "high": 200}}}},
        "social": {"spend": "b", "prior": {"roi": {"low": 0.5, "high": 3}}},
        "video": {"spend": "c"},
    }
    params = fake_params(channels=channels, primary_outcome="signups.pooled")
    panel = fake_panel(params)
    late = panel.frame.iloc[-52:]
    spend = late[[f"spend:{name}" for name in channels]].sum()
    signups = late["outcome:signups.pooled"].sum()
    low, middle, high = believed_share("search", panel, params)
    assert low == pytest.approx(spend["spend:search"] / 200 / signups, rel=1e-3)
    assert high == pytest.approx(spend["spend:search"] / 20 / signups, rel=1e-3)
    assert middle == pytest.approx(np.sqrt(low * high), rel=1e-3)
    for name in ("social", "video"):
        usual = spend[f"spend:{name}"] / spend.mean()
        expected = (0.005 * usual, 0.25 * usual)
        assert believed_share(name, panel, params)[::2] == pytest.approx(expected, rel=1e-3)
    money = fake_params(channels=channels)
    low, _, high = believed_share("search", panel, money)
    assert high / low == pytest.approx(100, rel=1e-3)  # the default return, 0.1 to 10


@pytest.mark.parametrize(("low", "high", "enough"), [(0.5, 0.9, True), (1e-5, 1e-4, False)])
def test_the_shortest_sufficient_test_is_taken(low: float, high: float, enough: bool) -> None:
    channels = {"search": {"spend": "a", "prior": {"share": {"low": low, "high": high}}}}
    params = fake_params(channels=channels)
    panel = fake_panel(params)
    yardstick = make_yardstick(panel, params)
    design = design_test("search", panel, params)
    assert yardstick is not None
    assert design is not None
    assert design.weeks == (LENGTHS[0] if enough else LENGTHS[-1])
    assert design.detectable_share == yardstick.detects(design.weeks)
    assert (design.detectable_share <= np.sqrt(low * high)) == enough
    assert ("would be missed" in design.description) == (not enough)
    assert design.detects == enough
    # What a model believes takes the prior's place.
    fitted = design_test("search", panel, params, (0.6, 0.7, 0.8))
    assert fitted is not None and fitted.detects
    assert "believed to bring 60 to 80\N{NO-BREAK SPACE}%" in fitted.description


def test_a_channel_without_spend_is_bought_and_not_stopped() -> None:
    params = fake_params()
    panel = fake_panel(params)
    frame = panel.frame.assign(**{"spend:video": 0.0})
    panel = dataclasses.replace(panel, frame=frame)
    assert text_of("video", panel).startswith("Buy Video for 12 weeks everywhere")
    assert text_of("search", panel).startswith("Stop Search")


def text_of(channel: str, panel: Panel) -> str:
    design = design_test(channel, panel, fake_params())
    assert design is not None
    return design.description


def running_in(panel: Panel, *regions: str) -> Panel:
    """Take video's spend from all other regions."""
    frame = panel.frame.copy()
    frame.loc[~frame["region"].isin(regions), "spend:video"] = 0.0
    return dataclasses.replace(panel, frame=frame)


def test_a_test_lies_in_the_regions_where_the_channel_runs() -> None:
    params = fake_params()
    panel = fake_panel(params, regions=("a", "b", "c", "d"))
    everywhere = make_yardstick(panel, params)
    assert everywhere is not None
    assert everywhere.holdout == ("a", "b")
    two = running_in(panel, "c", "d")
    text = text_of("video", two)
    assert "weeks in 1 of the 2 regions where it runs (" in text
    assert "(c)" in text or "(d)" in text
    assert "of the outcome there or more" in text
    assert "in 2 of 4 regions (a, b)" in text_of("search", two)
    one = text_of("video", running_in(panel, "c"))
    assert "weeks in c, where alone it runs, and compare with the weeks before" in one


def test_the_belief_is_a_share_of_the_outcome_where_the_channel_runs() -> None:
    share = {"share": {"low": 0.01, "high": 0.04}}
    channels = {"search": {"spend": "s"}, "video": {"spend": "v", "prior": share}}
    params = fake_params(channels=channels)
    panel = running_in(fake_panel(params, regions=("a", "b", "c", "d")), "c", "d")
    part = where_it_runs("video", panel)
    assert part.regions == ["c", "d"]
    late = panel.frame[panel.frame["week"] >= panel.weeks[-52]]
    by_region = late.groupby("region")["outcome:revenue.pooled"].sum()
    times = by_region.sum() / by_region[["c", "d"]].sum()
    expected = (0.01 * times, 0.02 * times, 0.04 * times)
    assert believed_share("video", panel, params, part) == pytest.approx(expected, rel=1e-3)
