"""The team's own plans: rules, files, and what cannot be followed."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from mmmlib.errors import InputError
from mmmlib.params.scenarios import ScenarioParams
from mmmlib.scenarios.baseline import baseline_of
from mmmlib.scenarios.build import build_pack
from mmmlib.scenarios.own import PlanFiles, declared_files, own_plans
from mmmlib.scenarios.pack import Label
from mmmlib.scenarios.plan import channel_labels
from mmmlib.scenarios.plan_files import PlanGrid, plan_frame, write_plan
from tests.scenarios.helpers import healthy, known_effects, ready

GAINS = {"weak": 0.2, "fair": 1.1, "best": 4.0}
MODEL = "revenue.pooled"


def _with(params, **scenarios):
    return params.model_copy(update={"scenarios": ScenarioParams(**scenarios)})


def _plans(params, effects):
    base = baseline_of(effects, params)
    made = own_plans(base, PlanFiles(), params, channel_labels(params, effects))
    return base, {plan.name: plan for plan in made}


def test_rules_make_plans():
    params, effects = known_effects(GAINS)
    flight = {"weekly": 9_000.0, "on": 2, "off": 3, "first": 1}
    rules = {
        "more": {"label": "More", "change": {"best": 0.1, "weak": -0.5}},
        "amount": {"label": "An amount", "weekly": {"fair": 4_000.0}},
        "flights": {"label": "Flights", "flights": {"best": flight}},
        "off": {"label": "Off", "weekly": {"weak": 0.0}},
    }
    base, plans = _plans(_with(params, plans=rules), effects)
    assert plans["own_more"].weekly["best"] == pytest.approx(1.1 * base.weekly["best"])
    assert plans["own_more"].weekly["weak"] == pytest.approx(0.5 * base.weekly["weak"])
    assert plans["own_more"].spend["fair"] is base.spend["fair"]
    np.testing.assert_allclose(plans["own_amount"].spend["fair"].sum(0), 4_000.0)
    weekly = plans["own_flights"].spend["best"].sum(0)
    np.testing.assert_allclose(weekly[:8], [0, 9_000, 9_000, 0, 0, 0, 9_000, 9_000])
    assert not plans["own_off"].spend["weak"].any()


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"label": "x"}, "either a 'file', or rules"),
        ({"label": "x", "file": "a.csv", "change": {"best": 0.1}}, "either a 'file', or rules"),
        ({"label": "x", "change": {"best": 0.1}, "weekly": {"best": 1.0}}, "best has 2"),
        ({"label": "x", "weekly": {"best": -1.0}}, "greater than or equal to 0"),
        ({"label": "x", "change": {"best": -1.5}}, "greater than or equal to -1"),
    ],
)
def test_rules_that_contradict_are_refused(rules, words):
    with pytest.raises(ValidationError, match=words):
        ScenarioParams(plans={"one": rules})


def test_a_booked_baseline_needs_its_file_and_no_other_does():
    with pytest.raises(ValidationError, match="booked_plan"):
        ScenarioParams(baseline="booked")
    with pytest.raises(ValidationError, match="booked_plan"):
        ScenarioParams(booked_plan="plan.csv")
    assert ScenarioParams(baseline="booked", booked_plan="plan.csv")


def test_all_rules_that_cannot_be_followed_are_told_together():
    params, effects = known_effects(GAINS)
    effects["spend"].loc[{"channel": "weak"}] = 0.0
    rules = {
        "a": {"label": "A", "change": {"weak": 0.2}},
        "b": {"label": "B", "weekly": {"weak": 10.0}},
    }
    with pytest.raises(InputError) as error:
        _plans(_with(params, plans=rules), effects)
    text = str(error.value)
    assert "scenarios.plans.a.change.weak: found a share of nothing" in text
    assert "scenarios.plans.b.weekly.weak: found spend for a channel that never spent any" in text


def test_a_horizon_longer_than_the_history_is_refused():
    params, effects = known_effects(GAINS)
    short = effects.isel(week=slice(-30, None))
    with pytest.raises(InputError, match=r"horizon_weeks: found 40 weeks, with 30 weeks of data"):
        baseline_of(short, _with(params, horizon_weeks=40))


def _written(tmp_path, effects, params, name, change):
    """A plan in a run's folder: the recent mean with some channels changed."""
    base = baseline_of(effects, params, kind="recent_mean")
    spend = {one: money * change.get(one, 1.0) for one, money in base.spend.items()}
    grid = PlanGrid.of(effects, params, base.weeks)
    (tmp_path / "plans").mkdir(exist_ok=True)
    write_plan(plan_frame(spend, grid), tmp_path / "plans" / name)


def test_a_booked_plan_is_what_others_are_compared_with(tmp_path):
    params, effects = known_effects(GAINS)
    params = _with(params, baseline="booked", booked_plan="q3/booked.csv", increase=0.1)
    assert declared_files(params) == {"plans/booked.csv": "q3/booked.csv"}
    _written(tmp_path, effects, params, "booked.csv", {"best": 1.5, "weak": 0.0})
    pack = build_pack({MODEL: effects}, ready(params), healthy(MODEL), params, tmp_path)
    assert pack.baseline is not None
    lines = {line.channel: line for line in pack.baseline.lines}
    assert lines["best"].weekly == pytest.approx(1.5 * lines["best"].recent, rel=1e-4)
    assert lines["best"].differs
    assert "the booked plan" in pack.scenarios[0].description
    assert all(
        line.spend_after == 0.0
        for one in pack.scenarios
        for line in one.plan
        if line.channel == "weak"
    )


def test_a_plan_from_a_file_is_projected_and_labelled(tmp_path):
    params, effects = known_effects(GAINS)
    params = _with(params, plans={"board": {"label": "The board's plan", "file": "board.xlsx"}})
    _written(tmp_path, effects, params, "plan_board.xlsx", {"best": 1.1, "weak": 0.9})
    pack = build_pack({MODEL: effects}, ready(params), healthy(MODEL), params, tmp_path)
    plan = next(one for one in pack.scenarios if one.kind == "own")
    assert (plan.name, plan.title) == ("own_board", "The board's plan")
    assert "board.xlsx" in plan.description
    before = {line.channel: line.spend_before for line in plan.plan}
    gain = 13 * (4.0 * 0.1 * before["best"] - 0.2 * 0.1 * before["weak"])
    assert plan.difference.median == pytest.approx(gain, rel=5e-3)
    assert plan.label is Label.SAFE


def test_money_that_only_moves_to_other_weeks_is_no_unchanged_plan():
    params, effects = known_effects(GAINS)
    level = float(effects["spend"].sel(channel="best")[-1])
    flight = {"weekly": 13 / 7 * level, "on": 1, "off": 1}
    params = _with(params, plans={"pulse": {"label": "Pulse", "flights": {"best": flight}}})
    pack = build_pack({MODEL: effects}, ready(params), healthy(MODEL), params)
    plan = next(one for one in pack.scenarios if one.kind == "own")
    line = next(one for one in plan.plan if one.channel == "best")
    assert line.change == 0.0 and line.shifted and line.differs
    # Weeks without any spend were never seen.
    assert line.extrapolated
    assert plan.label is Label.DO_NOT_INFER
