"""Optimised plans in the pack: what they may use, what is promised of them, what is told."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.errors import InputError
from mmmlib.params.schema import Params
from mmmlib.readiness.verdict import Verdict
from mmmlib.scenarios.baseline import baseline_of
from mmmlib.scenarios.build import build_pack
from mmmlib.scenarios.labels import choose
from mmmlib.scenarios.pack import AgainstRecent, Label
from tests.scenarios.helpers import healthy, known_effects, ready

MODEL = "revenue.pooled"
GAINS = {"best": 4.0, "good": 2.0, "poor": 0.5, "worst": 0.2}


def _with(params: Params, **scenarios) -> Params:
    limits = params.scenarios.model_dump() | scenarios
    return Params.model_validate(params.model_dump() | {"scenarios": limits})


def _pack(params=None, verdicts=None, gains=GAINS, **scenarios):
    made, effects = known_effects(gains)
    params = _with(params or made, **scenarios)
    return build_pack({MODEL: effects}, ready(params, **(verdicts or {})), healthy(MODEL), params)


def _plan(pack, name="optimised"):
    return next(one for one in pack.scenarios if one.name == name)


def test_it_keeps_the_budget_the_steps_and_the_past():
    pack = _pack()
    plan = _plan(pack)
    assert plan.spend_change == 0
    assert all(abs(line.spend_after / line.spend_before - 1) <= 0.2 + 1e-4 for line in plan.plan)
    assert not any(line.extrapolated for line in plan.plan)
    change = {line.channel: line.change for line in plan.plan}
    assert change["best"] > 0 > change["worst"]
    assert all(view.converged for view in pack.optimised)


def test_channels_that_it_may_not_use_stay_and_are_named():
    params, _ = known_effects(GAINS)
    channels = params.model_dump()["channels"]
    channels["best"]["scalable"] = False
    params = Params.model_validate(params.model_dump() | {"channels": channels})
    pack = _pack(params, {"worst": Verdict.NOT_READY}, optimise={"fixed": ["good"]})
    why = {one.channel: (one.way, one.why) for one in pack.held}
    assert why["best"] == ("more", "more cannot be bought")
    assert why["worst"] == ("any", "nothing may be inferred")
    assert why["good"] == ("any", "the money is committed")
    assert {step.channel for step in pack.ladder} == {"best", "good", "poor"}
    assert not [s for s in pack.ladder if s.channel == "best" and s.change > 0]
    named = " ".join(one.description for one in pack.scenarios if one.kind == "optimised")
    assert not named or "Worst (nothing may be inferred)" in named
    for one in pack.scenarios:
        if one.kind == "optimised":
            change = {line.channel: line.change for line in one.plan}
            assert change["worst"] == change["good"] == 0
            assert change["best"] <= 0


def test_a_channel_whose_latest_weeks_are_off_the_baseline_is_left_to_people():
    params, effects = known_effects(GAINS)
    latest = {"week": effects["week"][-4:], "channel": "best"}
    for name in ("spend", "media"):
        effects[name].loc[latest] *= 2.5  # more than the baseline would be less than now
    pack = build_pack({MODEL: effects}, ready(params), healthy(MODEL), params)
    assert {one.channel: one.why for one in pack.held}["best"].endswith("off the baseline")
    for one in pack.scenarios:
        if one.kind == "optimised":
            assert {line.channel: line.change for line in one.plan}["best"] == 0
            assert one.recent is None


def test_a_plan_that_is_worse_than_what_is_spent_now_is_no_candidate():
    pack = _pack(verdicts=dict.fromkeys(GAINS, Verdict.CAVEATS))
    first = next(one for one in pack.scenarios if one.name == pack.candidate)
    recent = AgainstRecent(
        name="now",
        text="",
        spend_change=0.0,
        gain=first.difference,
        probability_better=0.3,
        comparable=True,
    )
    others = [
        one.model_copy(update={"recent": recent}) if one.name == first.name else one
        for one in pack.scenarios
    ]
    assert choose(others)[1] != first.name


@pytest.mark.parametrize(("chance", "decided_on"), [(0.55, False), (0.6, True)])
def test_a_plan_as_likely_better_as_not_is_nothing_to_decide_on(chance: float, decided_on: bool):
    pack = _pack(verdicts=dict.fromkeys(GAINS, Verdict.CAVEATS))
    assert pack.candidate
    level = {"probability_better": chance, "recent": None}
    assert (choose([one.model_copy(update=level) for one in pack.scenarios])[1] is not None) is (
        decided_on
    )


def test_limits_that_contradict_each_other_leave_no_plan_and_are_told():
    params, effects = known_effects(GAINS)
    base = baseline_of(effects, params)
    floor = {"min": 1.15 * base.weekly["poor"]}
    rules = {
        "channels": {"poor": floor},
        "groups": {
            "rest": {
                "label": "The rest",
                "channels": ["best", "good", "worst"],
                "min": sum(base.weekly[n] for n in ("best", "good", "worst")),
            }
        },
    }
    pack = _pack(optimise=rules)
    assert "optimised" not in {one.name for one in pack.scenarios}
    view = next(one for one in pack.optimised if one.plan == "optimised")
    assert not view.converged
    assert set(view.contradicting) >= {"the limits of Poor", "the limits of The rest"}


def _lucky(chosen: float, others: float):
    """Three channels of one return, but for luck of the first in every other draw."""
    params, effects = known_effects({"a": 2.0, "b": 2.0, "c": 2.0}, draws=100)
    luck = np.random.default_rng(3).normal(1, 0.5, (100, 3)).clip(0.05)
    effects["coefficient"][..., 0] *= luck
    effects["coefficient"][0::2, 0] *= chosen
    effects["coefficient"][1::2, 0] *= others
    return build_pack({MODEL: effects}, ready(params), healthy(MODEL), params)


def test_what_is_promised_is_not_from_the_draws_it_was_chosen_with():
    fair, lucky = _plan(_lucky(3, 3)), _plan(_lucky(3, 1.2))
    assert all({line.channel: line.change > 0 for line in one.plan}["a"] for one in (fair, lucky))
    assert lucky.net.median < 0.5 * fair.net.median


def test_a_plan_that_is_better_only_in_the_draws_that_chose_it_is_none():
    pack = _lucky(3, 1 / 3)
    assert "optimised" not in {one.name for one in pack.scenarios}
    view = next(one for one in pack.optimised if one.plan == "optimised")
    assert view.converged


def test_more_or_less_money_whichever_gains():
    assert _plan(_pack(), "optimised_budget").spend_change > 0
    poor = {name: gain / 10 for name, gain in GAINS.items()}
    assert _plan(_pack(gains=poor), "optimised_budget").spend_change < 0
    stated = _plan(_pack(optimise={"budget_change": -0.1}), "optimised_budget")
    assert stated.spend_change < 0


def test_a_margin_turns_revenue_into_profit():
    params, _ = known_effects(GAINS)
    outcomes = params.model_dump()["outcomes"]
    outcomes["revenue"]["margin"] = 0.25
    thin = Params.model_validate(params.model_dump() | {"outcomes": outcomes})
    wide, narrow = _pack(), _pack(thin)
    one, other = (_plan(pack, "increase_best") for pack in (wide, narrow))
    assert one.net is not None and other.net is not None
    assert other.net.median == pytest.approx(0.25 * one.difference.median - one.spend_change)
    assert (wide.margin, narrow.margin) == (None, 0.25)
    paid = {a.channel: a.increase_pays for a in narrow.advice}
    assert paid["good"] == 0  # 2 for 1 is a loss at a margin of a quarter


def test_every_plan_says_how_it_pays():
    pack = _pack()
    for one in pack.scenarios:
        assert one.shortfall is not None and one.shortfall <= one.downside + 1e-6
        assert one.roi is not None and one.marginal_roi is not None
    more = _plan(pack, "increase_best")
    weeks = more.payback_weeks
    assert weeks is not None and weeks[1] is not None and 1 < weeks[1] <= 13
    assert _plan(pack, "optimised").payback_weeks is None
    ranked = [one for one in pack.scenarios if one.best_share is not None]
    assert sum(one.best_share for one in ranked) == pytest.approx(1)
    assert all(one.regret >= 0 for one in ranked)
    out = [one for one in pack.scenarios if one.label is Label.DO_NOT_INFER]
    assert all(one.best_share is None for one in out)


def test_a_region_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="nowhere"):
        _pack(optimise={"regions": {"nowhere": {"min": 1.0}}})


def test_a_target_shows_what_it_costs():
    pack = _pack(optimise={"target": 0.02})
    plan = _plan(pack, "optimised_target")
    base = pack.scenarios[0].outcome.median
    assert plan.difference.median == pytest.approx(0.02 * base, rel=0.02)


def test_floors_cost_more_the_more_of_them_holds():
    params, effects = known_effects(GAINS)
    base = baseline_of(effects, params)
    floors = {"worst": {"min": base.weekly["worst"]}, "poor": {"min": base.weekly["poor"]}}
    points = _pack(optimise={"channels": floors}).floors
    assert [point.part for point in points] == [0.0, 0.5, 0.75, 1.0]
    gains = [point.gain.median for point in points]
    assert (np.diff(gains) < 1).all()
    assert points[0].price.median == pytest.approx(0, abs=1)
    assert points[-1].price.median > 0
    assert _pack().floors == ()
