from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Level, Status
from mmmlib.health.demand import check_common_spend, check_demand, follow_demand, move_together
from mmmlib.params.limits import HealthParams
from tests.fakes import fake_effects, fake_lift, fake_panel, fake_params

LIMITS = HealthParams()


def following(sign: float) -> xr.Dataset:
    """Effects of a company whose search budget follows (or flees) a demand nobody measured."""
    effects = fake_effects()
    rng = np.random.default_rng(2)
    demand = rng.normal(size=effects.sizes["week"])
    spend = effects["spend"].to_numpy().copy()
    spend[0] = spend[0].mean() * np.exp(0.5 * sign * demand + 0.1 * rng.normal(size=demand.size))
    caused = effects["contribution"].median("draw").sum("channel")
    effects["spend"] = (("channel", "week"), spend)
    effects["observed"] = caused + 1e5 * (5 + demand)
    return effects


def test_spend_of_its_own_passes_and_the_caveat_is_told_all_the_same() -> None:
    (finding,) = check_demand(following(0.0), LIMITS)
    assert finding.status is Status.OK
    assert "more likely too high than too low" in finding.message


@pytest.mark.parametrize(("sign", "leans"), [(1, "too high than"), (-1, "too low than")])
def test_spend_that_follows_demand_is_named_with_the_direction(sign: float, leans: str) -> None:
    effects = following(sign)
    assert sign * follow_demand(effects)["search"] > 0.8
    whole, finding = check_demand(effects, LIMITS)
    assert whole.status is Status.OK  # one channel's spend is a matter of its own return
    assert (finding.status, finding.level) == (Status.FLAG, Level.WARN)
    assert finding.subject == "revenue.pooled/search"
    assert f"more likely {leans}" in finding.message


def test_a_season_that_spend_and_outcome_share_is_not_taken_for_demand() -> None:
    effects = following(0.0)
    season = np.sin(2 * np.pi * np.arange(effects.sizes["week"]) * 7 / 365.25)
    effects["spend"] = effects["spend"] * np.exp(season)
    effects["observed"] = effects["observed"] + 1e6 * season
    assert abs(follow_demand(effects)["search"]) < 0.2


def moving(strength: float, channels: int = 4) -> xr.Dataset:
    """Effects of a company all of whose budgets follow one thing, to some extent."""
    effects = fake_effects()
    rng = np.random.default_rng(5)
    weeks, every = effects.sizes["week"], effects.sizes["channel"]
    own = rng.normal(size=(every, weeks))
    own[channels:] = 0
    spend = 1e4 * np.exp(0.3 * own + strength * rng.normal(size=weeks))
    effects["spend"] = (("channel", "week"), spend)
    effects["observed"] = effects["contribution"].median("draw").sum("channel") + 5e5
    effects["observed"] = effects["observed"] + 1e4 * rng.normal(size=weeks)
    return effects


def test_budgets_that_follow_one_thing_are_seen_though_nothing_of_it_shows() -> None:
    """The outcome beside media had nothing of demand: the model had given all of it to channels."""
    (finding,) = check_demand(moving(0.3), LIMITS)
    assert finding.status is Status.FLAG
    assert 0.6 < float(finding.value or 0) < 0.95
    assert "more likely too high than too low" in finding.message
    (alone,) = check_demand(moving(0.0), LIMITS)
    assert alone.status is Status.OK
    assert "one budget alone follows" in alone.message


def test_what_a_control_measures_is_no_unseen_demand() -> None:
    effects = moving(0.3)
    effects.attrs["budgets_in_common"] = 0.1  # as a fit measured it, beside its controls
    (finding,) = check_demand(effects, LIMITS)
    assert (finding.status, finding.value) == (Status.OK, 0.1)


def together(strength: float) -> xr.Dataset:
    """Effects of a company whose budgets follow one thing, but that of search."""
    effects = fake_effects()
    rng = np.random.default_rng(4)
    weeks, channels = effects.sizes["week"], effects.sizes["channel"]
    common = (
        strength * rng.normal(size=weeks) * (effects["channel"] != "search").to_numpy()[:, None]
    )
    season = np.sin(2 * np.pi * np.arange(weeks) * 7 / 365.25)  # which the model takes out
    spend = np.exp(0.3 * rng.normal(size=(channels, weeks)) + common + season)
    effects["spend"] = (("channel", "week"), 1e4 * spend)
    return effects


def test_budgets_that_move_together_are_named_channel_by_channel() -> None:
    findings = check_common_spend(together(0.5), LIMITS)
    flagged = {one.subject for one in findings if one.status is Status.FLAG}
    assert flagged == {f"revenue.pooled/{name}" for name in ("social", "video", "events")}
    assert {one.level for one in findings} == {Level.INFO}
    assert "more likely too high" in findings[1].meaning


def test_a_season_that_all_budgets_have_is_no_common_demand() -> None:
    for value in move_together(together(0.0)).values():
        assert abs(value) < 0.2


def test_a_lift_test_settles_what_budgets_in_common_leave_open() -> None:
    effects = together(0.5)
    told = json.loads(effects.attrs["inputs"])
    test = fake_lift(fake_panel(fake_params()), "pause", channel="video")
    told |= {"calibrated": True, "lift_tests": [test.model_dump(mode="json")]}
    effects.attrs["inputs"] = json.dumps(told)
    found = {one.subject.partition("/")[2]: one for one in check_common_spend(effects, LIMITS)}
    assert found["video"].status is Status.OK
    assert "a lift test measured" in found["video"].message
    assert found["social"].status is Status.FLAG


def test_spend_without_a_change_moves_with_nothing_and_does_not_pass() -> None:
    effects = fake_effects()
    effects["spend"] = effects["spend"] * 0 + 7.0
    assert {one.status for one in check_common_spend(effects, LIMITS)} == {Status.FLAG}


def test_spend_that_never_changes_leaves_nothing_to_say() -> None:
    effects = fake_effects()
    effects["spend"] = effects["spend"] * 0 + 7.0
    (finding,) = check_demand(effects, LIMITS)
    assert finding.status is Status.FLAG


def test_what_is_not_a_number_does_not_pass() -> None:
    effects = fake_effects()
    effects["observed"] = effects["observed"] * np.nan
    assert check_demand(effects, LIMITS)[0].status is Status.FLAG
