"""The standing plans: sizes, ranges, and who gives to whom."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.params.scenarios import ScenarioParams
from mmmlib.scenarios.baseline import SpendRange, baseline_of
from mmmlib.scenarios.plans import standing_plans, take
from mmmlib.scenarios.projection import outcome_function
from tests.scenarios.helpers import known_effects

GAINS = {"weak": 0.2, "fair": 1.0, "good": 2.0, "best": 4.0}


def _plans(params, effects, trusted=None):
    names = list(params.channels) if trusted is None else trusted
    plans = standing_plans(baseline_of(effects, params), outcome_function(effects), names, params)
    return {plan.name: plan for plan in plans}


def _with(params, **scenarios):
    return params.model_copy(update={"scenarios": ScenarioParams(**scenarios)})


def test_there_are_three_to_five_beside_the_baseline():
    params, effects = known_effects(GAINS)
    plans = _plans(params, effects)
    assert next(iter(plans)) == "baseline"
    assert 3 <= len(plans) - 1 <= 5
    assert {plan.kind for plan in plans.values()} == {
        "baseline",
        "increase",
        "reallocate",
        "protect",
    }


def test_increase_goes_to_the_best_marginal_return():
    params, effects = known_effects(GAINS)
    plans = _plans(params, effects)
    today = plans["baseline"].weekly
    changed = {n for n, m in plans["increase_best"].weekly.items() if m != today[n]}
    assert changed == {"best"}
    assert plans["increase_best"].weekly["best"] == pytest.approx(1.2 * today["best"])
    assert "increase_best_good" in plans


def test_increase_leaves_out_what_is_not_scalable_or_not_trusted():
    params, effects = known_effects(GAINS)
    fixed = params.channels["best"].model_copy(update={"scalable": False})
    params = params.model_copy(update={"channels": params.channels | {"best": fixed}})
    plans = _plans(params, effects, trusted=["best", "fair", "weak"])
    assert [name for name in plans if name.startswith("increase")] == [
        "increase_fair",
        "increase_fair_weak",
    ]


def test_a_doubtful_channel_inside_its_range_goes_before_a_trusted_one_outside():
    params, effects = known_effects(GAINS)
    effects = _between(effects, 0.5, 1.5)
    highest = float(effects["spend"].sel(channel="best")[-1])
    effects["spend"].loc[{"channel": "best"}] = (
        effects["spend"].sel(channel="best").clip(max=highest)
    )
    base, outcome = baseline_of(effects, params), outcome_function(effects)

    def increases(**more):
        plans = standing_plans(base, outcome, ["best"], params, **more)
        return [plan.name for plan in plans if plan.kind == "increase"]

    assert increases() == ["increase_best"]
    assert increases(usable=["good", "best"]) == ["increase_good"]


def test_nothing_scalable_means_no_increase():
    params, effects = known_effects(GAINS)
    fixed = {n: c.model_copy(update={"scalable": False}) for n, c in params.channels.items()}
    plans = _plans(params.model_copy(update={"channels": fixed}), effects)
    assert set(plans) == {"baseline", "protect"}


def test_reallocation_keeps_the_budget_and_takes_from_the_weakest():
    params, effects = known_effects(GAINS)
    plans = _plans(params, effects)
    today, plan = plans["baseline"].weekly, plans["reallocate_low_return"].weekly
    assert sum(plan.values()) == pytest.approx(sum(today.values()), rel=1e-12)
    assert plan["weak"] < today["weak"]
    assert plan["best"] > today["best"]
    assert all(plan[name] >= today[name] * 0.5 - 1e-9 for name in plan)


def test_low_confidence_takes_from_the_widest_range():
    params, effects = known_effects(GAINS)
    spread = np.linspace(0.1, 1.9, effects.sizes["draw"])
    effects["coefficient"].loc[{"channel": "fair"}] *= spread[:, None]
    params = _with(params, max_channels=1, reallocate=0.02)
    plans = _plans(params, effects)
    today, plan = plans["baseline"].weekly, plans["reallocate_low_confidence"].weekly
    assert {name for name in plan if plan[name] < today[name]} == {"fair"}
    assert {name for name in plan if plans["reallocate_low_return"].weekly[name] < today[name]} == {
        "weak"
    }


def test_protect_cuts_where_least_is_lost():
    params, effects = known_effects(GAINS)
    plans = _plans(_with(params, cut=0.05), effects)
    today, plan = plans["baseline"].weekly, plans["protect"].weekly
    assert {name for name in plan if plan[name] < today[name]} == {"weak"}
    assert sum(plan.values()) == pytest.approx(0.95 * sum(today.values()))


def test_a_single_channel_has_nobody_to_trade_with():
    params, effects = known_effects({"only": 2.0})
    assert set(_plans(params, effects)) == {"baseline", "increase_only", "protect"}


def test_a_channel_without_spend_is_left_alone():
    params, effects = known_effects(GAINS)
    effects["spend"].loc[{"channel": "best", "week": effects["week"][-20:]}] = 0.0
    for plan in _plans(params, effects).values():
        assert plan.weekly["best"] == 0.0


def test_a_channel_that_stopped_neither_gives_nor_gets():
    """Its mean over the quarter is not nothing, but there is no money to take."""
    params, effects = known_effects(GAINS)
    effects["spend"].loc[{"channel": ["weak", "best"], "week": effects["week"][-4:]}] = 0.0
    base = baseline_of(effects, params)
    assert base.weekly["weak"] > 0
    for plan in _plans(params, effects).values():
        for name in ("weak", "best"):
            np.testing.assert_array_equal(plan.spend[name], base.spend[name])


def _between(effects, low, high):
    """Effects whose spend never left a range around its mean of the last quarter."""
    level = effects["spend"].isel(week=slice(-13, None)).mean("week")
    wave = xr.DataArray(
        np.tile([low, high], effects.sizes["week"])[: effects.sizes["week"]], dims="week"
    )
    wave[-13:] = 1.0
    effects["spend"] = (level * wave).transpose("channel", "week")
    return effects


def test_a_move_gets_smaller_before_it_leaves_the_past_range():
    params, effects = known_effects(GAINS)
    effects = _between(effects, 0.9, 1.3)
    plan = _plans(_with(params, cut=0.15), effects)["protect"]
    base = baseline_of(effects, params)
    assert not any(base.outside(name, money) for name, money in plan.spend.items())
    assert sum(plan.weekly.values()) == pytest.approx(0.9 * sum(base.weekly.values()))
    assert "size asked for" in plan.description


def test_far_from_what_was_asked_it_leaves_the_range_and_is_seen_to():
    params, effects = known_effects(GAINS)
    effects = _between(effects, 0.99, 1.3)
    plan = _plans(_with(params, cut=0.2), effects)["protect"]
    base = baseline_of(effects, params)
    assert any(base.outside(name, money) for name, money in plan.spend.items())
    assert sum(plan.weekly.values()) == pytest.approx(0.8 * sum(base.weekly.values()))


class TestTake:
    spend = SpendRange({"a": 100.0, "b": 100.0}, {"a": 80.0, "b": 90.0}, {"a": 120.0, "b": 120.0})

    def test_goes_in_order_and_inside_the_range_first(self):
        assert take(self.spend, ["a", "b"], 25.0, 0.5) == {"a": 20.0, "b": 5.0}

    def test_then_outside_it(self):
        assert take(self.spend, ["a", "b"], 45.0, 0.5) == {"a": 35.0, "b": 10.0}

    def test_never_more_than_the_limit(self):
        assert take(self.spend, ["a", "b"], 500.0, 0.5) == {"a": 50.0, "b": 50.0}
