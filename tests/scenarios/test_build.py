"""The pack: known answers, labels, findings."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.findings import FindingList, Level, Status, checks_of
from mmmlib.readiness.verdict import Verdict
from mmmlib.reports.tables.plans import plan_table
from mmmlib.scenarios.build import build_pack
from mmmlib.scenarios.pack import Label, ScenarioPack
from mmmlib.scenarios.projection import outcome_function
from tests.fakes import fake_effects, fake_panel, fake_params, two_motions
from tests.scenarios.helpers import finding, healthy, known_effects, ready, with_rising

GAINS = {"weak": 0.2, "fair": 1.1, "good": 2.0, "best": 4.0}
MODEL = "revenue.pooled"


def _pack(gains=None, *, verdicts=None, health=None, change=None):
    params, effects = known_effects(gains or GAINS)
    if change:
        effects = change(effects)
    readiness = ready(params, **(verdicts or {}))
    return build_pack({MODEL: effects}, readiness, health or healthy(MODEL), params)


def _by_name(pack):
    return {one.name: one for one in pack.scenarios}


def _finding(pack, check):
    return next(one for one in pack.findings if one.check == check)


def test_the_baseline_differs_by_exactly_zero():
    base = _by_name(_pack())["baseline"]
    difference = base.difference
    assert (difference.low, difference.median, difference.high) == (0.0, 0.0, 0.0)
    assert base.spend_change == 0.0
    assert base.net is not None and base.net.median == 0.0
    assert (base.probability_better, base.downside) == (0.0, 0.0)


def test_an_increase_gains_what_the_channel_returns():
    plan = _by_name(_pack())["increase_best"]
    assert plan.difference.median == pytest.approx(4.0 * plan.spend_change, rel=2e-3)
    assert plan.net is not None
    assert plan.net.median == pytest.approx(3.0 * plan.spend_change, rel=4e-3)
    assert plan.return_on_change is not None
    assert plan.return_on_change.median == pytest.approx(4.0, rel=2e-3)
    assert plan.probability_better == 1.0
    assert plan.spend == pytest.approx(13 * sum(line.spend_after for line in plan.plan), rel=1e-9)


def test_a_reallocation_gains_the_difference_of_returns():
    plan = _by_name(_pack())["reallocate_low_return"]
    assert plan.spend_change == 0.0
    expected = 13 * sum(
        GAINS[line.channel] * (line.spend_after - line.spend_before) for line in plan.plan
    )
    assert expected > 0
    assert plan.difference.median == pytest.approx(expected, rel=4e-3)
    assert plan.net == plan.difference
    assert plan.return_on_change is None


def test_downside_is_the_tenth_percentile_of_net():
    params = fake_params()
    effects = fake_effects(params, draws=300)
    pack = build_pack({MODEL: effects}, ready(params), healthy(MODEL), params)
    for one in pack.scenarios[1:]:
        assert one.net is not None
        assert one.net.low < one.downside < one.net.median


def test_a_good_plan_is_safe_and_recommended():
    pack = _pack()
    by_name = _by_name(pack)
    assert by_name["increase_best"].label is Label.SAFE
    assert pack.recommended is not None
    assert by_name[pack.recommended].label is Label.SAFE
    assert pack.candidate is None
    assert _finding(pack, "scenarios.better").status is Status.OK


def test_a_price_that_rises_makes_more_of_a_channel_worth_less():
    params, effects = known_effects(GAINS, draws=20)
    level = float(effects["spend_today"].sel(channel="best"))
    effects = with_rising(effects, {"best": (0.5 * level, level, 1.25 * level)}, (0.8, 1.0, 1.15))
    rules = {"far": {"label": "Far", "change": {"best": 0.3}}}
    limits = params.scenarios.model_validate({"plans": rules})
    params = params.model_copy(update={"scenarios": limits})
    plans = _by_name(build_pack({MODEL: effects}, ready(params), healthy(MODEL), params))
    # The next money buys so much less of the best channel that another one is raised first.
    assert "increase_best" not in plans
    plan = plans["increase_good_best"]
    good, best = ({one.channel: one for one in plan.plan}[name] for name in ("good", "best"))
    assert (good.dearer, best.spend_before) == (None, pytest.approx(level))
    # By hand: what the plan's money buys at its own price, over that of the baseline.
    bought = best.spend_after / (1 + best.dearer)
    assert 0.03 < best.dearer < 0.15
    expected = 13 * (2.0 * (good.spend_after - good.spend_before) + 4.0 * (bought - level))
    assert plan.difference.median == pytest.approx(expected, rel=4e-3)
    table = plan_table(params, plan)
    assert table.columns[-1].head == "Change of unit price"
    assert [row[-1] is None for row in table.rows] == [row[0] != "Best" for row in table.rows]
    # Nothing is said beyond the last point: not of a plan that goes there, nor does the optimiser.
    far = plans["own_far"]
    assert far.label is Label.DO_NOT_INFER
    assert far.reasons == (
        "Extrapolated: the unit price of Best is not declared up to the planned weekly spend.",
    )
    most = max(one.spend_after for one in plans["optimised"].plan if one.channel == "best")
    assert level < most <= 1.25 * level * (1 + 1e-6)


def test_extrapolation_is_flagged_and_not_to_be_inferred():
    def shrink(effects):
        today = effects["spend"].isel(week=slice(-13, None)).mean("week")
        effects["spend"] = effects["spend"].clip(today * 0.9, today * 1.05)
        return effects

    pack = _pack(change=shrink)
    plan = _by_name(pack)["increase_best"]
    assert [line.channel for line in plan.plan if line.extrapolated] == ["best"]
    assert plan.label is Label.DO_NOT_INFER
    assert "Best" in plan.reasons[0]
    assert not any(line.extrapolated for line in _by_name(pack)["baseline"].plan)


def test_a_channel_that_is_not_ready_is_not_offered_and_not_inferred():
    pack = _pack(verdicts={"best": Verdict.NOT_READY, "weak": Verdict.NOT_READY})
    by_name = _by_name(pack)
    assert "increase_good" in by_name
    assert by_name["protect"].label is Label.DO_NOT_INFER
    assert any("Weak" in reason for reason in by_name["protect"].reasons)


def assumed(*channels: str) -> dict[str, FindingList]:
    """Health in which everything passed, but some returns hang on the prior."""
    flags = [
        finding("health.prior_sensitivity", f"{MODEL}/{name}", passed=False, level=Level.INFO)
        for name in channels
    ]
    return {MODEL: FindingList(findings=(finding(subject=MODEL), *flags))}


def test_no_cut_is_a_candidate_on_a_channel_whose_return_is_our_assumption():
    gains = {"a": 3.0, "b": 0.3, "c": 0.2, "d": 0.5}
    pack = _pack(gains, health=assumed("c"))
    cuts = {one.name: {x.channel for x in one.plan if x.change < 0} for one in pack.scenarios}
    assert "b" in cuts["protect"]  # c would lose less, by what we assumed
    for plan in pack.scenarios:
        if "c" in cuts[plan.name]:
            assert plan.label is Label.DO_NOT_INFER
    every = _pack(gains, health=assumed("a", "b", "c", "d"))
    protect = _by_name(every)["protect"]
    assert protect.label is Label.DO_NOT_INFER
    assert "our assumption more than the data" in " ".join(protect.reasons)
    assert every.candidate != "protect"


def test_caveats_need_review():
    plan = _by_name(_pack(verdicts={"best": Verdict.CAVEATS}))["increase_best"]
    assert plan.label is Label.REVIEW


@pytest.mark.parametrize("health", [{}, {MODEL: FindingList()}])
def test_unchecked_health_is_no_health(health):
    params, effects = known_effects(GAINS)
    pack = build_pack({MODEL: effects}, ready(params), health, params)
    assert {one.label for one in pack.scenarios} == {Label.DO_NOT_INFER}
    assert pack.recommended is None and pack.candidate is None


def test_a_model_that_did_not_converge_says_nothing():
    bad = FindingList(findings=(finding(passed=False, message="R-hat is 1.2."),))
    pack = _pack(health={MODEL: bad})
    assert {one.label for one in pack.scenarios} == {Label.DO_NOT_INFER}
    assert "R-hat is 1.2." in pack.scenarios[1].reasons


def test_money_that_only_comes_back_is_no_gain():
    pack = _pack({"a": 0.999, "b": 0.999, "c": 0.999})
    increases = [one for one in pack.scenarios if one.kind == "increase"]
    assert increases
    assert all(one.probability_better <= 0.5 for one in increases)
    assert all(one.label is not Label.SAFE for one in increases)


def test_when_every_plan_loses_the_status_quo_stands():
    params, effects = known_effects({"only": 3.0})
    fixed = {n: c.model_copy(update={"scalable": False}) for n, c in params.channels.items()}
    params = params.model_copy(update={"channels": fixed})
    pack = build_pack({MODEL: effects}, ready(params), healthy(MODEL), params)
    better = _finding(pack, "scenarios.better")
    assert better.status is Status.FLAG
    assert "status quo stands" in better.message
    assert pack.recommended is None and pack.candidate is None
    scalable = _finding(pack, "scenarios.scalable")
    assert (scalable.status, scalable.level) == (Status.FLAG, Level.WARN)
    count = _finding(pack, "scenarios.count")
    assert count.status is Status.FLAG


def test_a_count_has_no_net_and_more_of_it_is_no_recommendation():
    params, effects = known_effects(GAINS, money=False)
    params = params.model_copy(update={"primary_outcome": "signups.pooled"})
    model = "signups.pooled"
    pack = build_pack({model: effects}, ready(params), healthy(model), params)
    for one in pack.scenarios:
        assert one.net is None
        if one.spend_change:
            assert one.label is Label.REVIEW
            assert any("signups" in reason for reason in one.reasons)
    assert pack.recommended is not None and pack.recommended.startswith("reallocate")
    better = _finding(pack, "scenarios.better")
    assert sum(one.spend_change == 0 for one in pack.scenarios[1:]) == 2
    assert better.message.startswith("2 of 2 plans at the baseline's budget beat the status quo")


@pytest.mark.parametrize("verdicts", [{}, dict.fromkeys(GAINS, Verdict.CAVEATS)])
def test_checks_made_before_the_gates_name_no_plan(verdicts):
    """Which plan is left after the gates is told in one place; a check would contradict it."""
    pack = _pack(verdicts=verdicts)
    assert pack.recommended or pack.candidate
    told = [_finding(pack, f"scenarios.{name}") for name in ("better", "recommendation")]
    for one in pack.scenarios:
        assert not [f for f in told if one.title in f.message or f.value == one.name]
    safe = sum(one.label is Label.SAFE for one in pack.scenarios[1:])
    assert (told[1].status is Status.OK) is (safe > 0)
    assert told[1].value == safe
    assert "The gates" in told[1].message


def test_models_that_disagree_are_a_finding_and_a_doubt():
    params, scale = known_effects(GAINS, money=False)
    _, flat = known_effects(dict.fromkeys(GAINS, 0.1))
    flat["media_scale"] = flat["media_scale"] / 10_000  # far into saturation
    effects = {MODEL: flat, "signups.pooled": scale}
    pack = build_pack(effects, ready(params), healthy(*effects), params)
    found = [one for one in pack.findings if one.check == "scenarios.disagreement"]
    subjects = [one.subject for one in found if one.subject.startswith("increase")]
    assert subjects
    assert all(one.status is Status.FLAG for one in found)
    plan = _by_name(pack)[subjects[0]]
    assert any("Signups says: there is room to scale" in r for r in plan.reasons)
    assert plan.others["signups.pooled"].unit == "signups"


def test_models_that_agree_are_said_to():
    params, effects = known_effects(GAINS)
    _, other = known_effects(GAINS, money=False)
    models = {MODEL: effects, "signups.pooled": other}
    pack = build_pack(models, ready(params), healthy(*models), params)
    # A cut costs this much signups in both; only plans that gain are compared here.
    kinds = {f.subject for f in pack.findings if f.check == "scenarios.disagreement"}
    assert not any(name.startswith(("increase", "reallocate")) for name in kinds)


def test_a_model_without_fit_is_told():
    pack = _pack()
    missing = _finding(pack, "scenarios.model")
    assert (missing.subject, missing.status) == ("signups.pooled", Status.NOT_RUN)


def test_without_formula_it_says_steady_state():
    params = fake_params()
    effects = fake_effects(params, draws=100)
    effects.attrs["formula"] = 0
    pack = build_pack({MODEL: effects}, ready(params), healthy(MODEL), params)
    assert {one.method for one in pack.scenarios} == {"steady state"}
    assert all(one.label is not Label.SAFE for one in pack.scenarios if one.kind != "baseline")
    assert _finding(pack, "scenarios.steady_state").subject == MODEL


def test_the_leading_model_must_be_there():
    params = fake_params()
    with pytest.raises(ValueError, match=r"revenue\.pooled"):
        build_pack({}, ready(params), {}, params)


def test_the_pack_survives_the_disk_and_every_check_has_a_name():
    params = fake_params()
    panel = fake_panel(params, regions=("north", "south"))
    models = {m: fake_effects(params, panel, m, draws=60) for m in params.model_names}
    pack = build_pack(models, ready(params), healthy(*models), params)
    assert ScenarioPack.model_validate_json(pack.model_dump_json()) == pack
    assert {one.check for one in pack.findings} <= set(checks_of("scenarios"))
    assert pack.weeks == 13
    last = models[MODEL]["week"].to_index()[-1]
    assert (np.datetime64(pack.first_week) - np.datetime64(last.date())).astype(int) == 7


def test_money_of_all_motions_is_set_against_spend_that_is_paid_once():
    """Each motion alone brings back less than a plan costs; together they bring back more."""
    one, effects = known_effects(dict.fromkeys(GAINS, 0.7))
    params = two_motions(
        channels={name: channel.model_dump() for name, channel in one.channels.items()},
        key_questions=[{"question": "Scale it?", "kind": "scale", "channel": "best"}],
    )
    parts = params.parts_of("revenue")
    models = {m: effects.assign_attrs(model=m) for m in parts}
    pack = build_pack(models, ready(params), healthy(*parts), params)
    assert pack.model == params.primary == "revenue"
    plan = next(plan for plan in pack.scenarios if plan.kind == "increase")
    assert plan.net is not None
    assert plan.net.median == pytest.approx(0.4 * plan.spend_change, rel=0.02)
    assert plan.probability_better == 1.0
    assert plan.label is Label.SAFE
    assert plan.method == "formula"
    assert set(plan.others) == set(parts)
    assert not [one for one in pack.findings if one.check == "scenarios.disagreement"]
    (answer,) = pack.answers
    assert answer.model == "revenue"
    assert answer.text.startswith("Yes, very likely")


def test_a_motion_without_a_fit_leaves_nothing_to_judge_plans_by():
    params = two_motions()
    effects = fake_effects(params, model="revenue.self_serve", draws=20)
    with pytest.raises(ValueError, match=r"need the effects of revenue\.sales_assisted"):
        build_pack({"revenue.self_serve": effects}, ready(params), {}, params)


def _with_rate(effects, rate, channel="best"):
    """Let one channel spend another rate in the last four weeks."""
    level = effects["spend"].sel(channel=channel).isel(week=-1)
    for name in ("spend", "media"):
        effects[name].loc[{"channel": channel, "week": effects["week"][-4:]}] = level * rate
    high = effects["spend"].sel(channel=channel).max()
    effects["spend"].loc[{"channel": channel, "week": effects["week"][0]}] = high * 2.0
    return effects


def test_a_plan_says_both_where_the_recent_rate_is_another():
    pack = _pack(change=lambda effects: _with_rate(effects, 2.6))
    plan = _by_name(pack)["increase_best"]
    mean = (9 + 4 * 2.6) / 13
    more = (1.2 * 2.6 / mean - 1) * 100  # it begins at what is spent now
    assert plan.recent is not None
    assert "+20\N{NO-BREAK SPACE}%" in plan.recent.text
    assert f"+{more:.0f}\N{NO-BREAK SPACE}%" in plan.recent.text
    assert "from what is spent now: Best" in plan.title
    # What is added in truth returns 4.
    assert plan.recent.gain.median > 0
    # And is more than the mix of the past has seen.
    assert plan.label is Label.REVIEW
    assert plan.reasons
    assert _by_name(pack)["baseline"].recent is None
    lines = {line.channel: line for line in plan.plan}
    assert lines["best"].spend_recent == pytest.approx(lines["best"].spend_before * 2.6 / mean)


def test_a_plan_that_is_better_than_both_stays_safe():
    """Cutting what loses money is right whichever of the two is called the baseline."""
    pack = _pack(change=lambda effects: _with_rate(effects, 2.6, "weak"))
    plan = _by_name(pack)["protect"]
    assert plan.recent is not None
    assert plan.recent.probability_better == 1.0
    assert plan.label is Label.SAFE


def test_the_pack_names_its_baseline_and_what_is_spent_beside_it():
    pack = _pack(change=lambda effects: _with_rate(effects, 2.6))
    assert pack.baseline is not None
    assert [line.channel for line in pack.baseline.lines if line.differs] == ["best"]
    assert pack.baseline.name in _by_name(pack)["baseline"].description


def test_what_comes_after_the_horizon_is_told_apart():
    pack = _pack()
    plan = _by_name(pack)["increase_best"]
    assert plan.difference_after is not None and plan.outcome_after is not None
    assert 0 < plan.difference_after.median < plan.difference.median
    assert pack.carried_in is not None and pack.carried_in.median > 0


def test_bursts_that_lose_money_are_not_called_safe():
    """Spread evenly the spend is far from saturation; in bursts, as it is paid, it is beyond."""

    weekly = np.resize([0.0] * 6 + [900.0] + [0.0] * 5 + [1300.0], 104)
    weekly[12] = 1700.0  # a burst as large as the plan's was seen

    def bursts(effects):
        for name in ("spend", "media"):
            values = effects[name].copy()
            shape = values.sel(channel="best").shape
            values.loc[{"channel": "best"}] = np.broadcast_to(weekly, shape)
            effects[name] = values
        effects["media_scale"].loc[{"channel": "best"}] = 400.0
        effects["coefficient"].loc[{"channel": "best"}] = 714.0
        return effects

    gains = {"weak": 0.2, "best": 4.0}
    pack = _pack(gains, change=bursts)
    assert pack.baseline is not None
    line = next(one for one in pack.baseline.lines if one.channel == "best")
    assert line.in_bursts
    plan = _by_name(pack)["increase_best"]
    assert not any(line.extrapolated for line in plan.plan)
    assert plan.return_on_change is not None and plan.return_on_change.high < 1
    assert plan.label is not Label.SAFE
    even = outcome_function(bursts(known_effects(gains)[1]))
    level = weekly[-13:].mean()
    rate, more = (even("best", np.full((1, 13), level * x)).total for x in (1.0, 1.2))
    assert ((more - rate) / (0.2 * 13 * level) > 1).all()
