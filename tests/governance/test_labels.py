"""Labels of plans and answers, as the gates leave them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.findings import Level, Reason
from mmmlib.governance.labels import BLOCKED, label_channels, label_pack
from mmmlib.governance.verdict import Claim, GateResult, Release
from mmmlib.model.motions import sum_motions
from mmmlib.refresh.comparison import Comparison, Movement
from mmmlib.scenarios.pack import (
    Advice,
    Answer,
    ChannelAdvice,
    EvidenceLevel,
    Label,
    PlanLine,
    Scenario,
    ScenarioPack,
)
from tests.fakes import fake_effects, fake_params, two_motions
from tests.scenarios.helpers import finding, healthy, known_effects, ready

MODEL = "revenue.pooled"
SAFE, REVIEW, NEVER = Label.SAFE, Label.REVIEW, Label.DO_NOT_INFER


def _plan(name: str, gain: float, label: Label = SAFE, **changed: float) -> Scenario:
    weekly = dict.fromkeys(("search", "social", "video"), 100.0)
    low, high = gain - 10, gain + 10
    told = Estimate.from_draws([low, gain, high], "USD")
    return Scenario(
        name=name,
        kind="reallocate" if changed else "baseline",
        title=name.title(),
        description="",
        plan=tuple(
            PlanLine(
                channel=channel,
                spend_before=before,
                spend_after=changed.get(channel, before),
                extrapolated=False,
            )
            for channel, before in weekly.items()
        ),
        spend=3900.0,
        spend_change=0.0,
        outcome=told,
        difference=told,
        net=told,
        probability_better=0.95 if changed else 0.0,
        downside=low,
        label=label,
        reasons=("Its own reason.",),
    )


def _pack(*plans: Scenario) -> ScenarioPack:
    answer = Answer(
        question="Can we scale social?",
        kind="scale",
        model=MODEL,
        channel="social",
        text="Yes.",
        label=SAFE,
        reasons=("The answer is clear.",),
    )
    return ScenarioPack(
        model=MODEL,
        first_week=dt.date(2026, 7, 6),
        weeks=13,
        scenarios=(_plan("baseline", 0.0), *plans),
        recommended=plans[0].name,
        answers=(answer,),
    )


def _gates(level: Level = Level.WARN, **labels: Label) -> GateResult:
    claims = {name: Claim(label=label, reasons=(f"Why {name}.",)) for name, label in labels.items()}
    return GateResult(
        level=level, release=Release.DRAFT, policy_version="1", entries=(), claims={MODEL: claims}
    )


def test_a_plan_is_as_safe_as_the_claims_that_it_rests_on():
    pack = _pack(_plan("large", 100, search=120.0, social=80.0), _plan("small", 50, search=110.0))
    judged = label_pack(pack, _gates(search=SAFE, social=REVIEW, video=NEVER), fake_params())
    by_name = {plan.name: plan for plan in judged.scenarios}
    assert [by_name[name].label for name in ("baseline", "large", "small")] == [SAFE, REVIEW, SAFE]
    assert by_name["large"].reasons == (
        "It changes Social, whose return needs review: Why social.",
    )
    assert (judged.recommended, judged.candidate) == ("small", None)
    assert judged.answers[0].label is REVIEW
    assert "Why social." in judged.answers[0].reasons[0]


def test_where_no_plan_is_left_safe_one_is_the_meetings_to_judge():
    pack = _pack(_plan("only", 100, social=80.0))
    judged = label_pack(pack, _gates(search=SAFE, social=REVIEW), fake_params())
    assert (judged.recommended, judged.candidate) == (None, "only")


def test_where_no_plan_is_safe_a_step_is_recommended_unless_the_gates_doubt_it():
    step = _plan("step", 100, REVIEW, social=80.0).model_copy(update={"step": True})
    pack = _pack(step, _plan("likelier", 200, REVIEW, search=120.0))
    judged = label_pack(pack, _gates(search=SAFE, social=SAFE), fake_params())
    assert (judged.recommended, judged.candidate) == ("step", None)
    assert judged.scenarios[1].label is REVIEW
    doubted = label_pack(pack, _gates(search=SAFE, social=REVIEW), fake_params())
    assert doubted.recommended is None
    seen = finding("health.common_spend", passed=False, level=Level.WARN)
    watched = Claim(label=REVIEW, reasons=(), move=REVIEW, move_reasons=(Reason.of(seen),))
    gates = _gates(search=SAFE)
    gates.claims[MODEL]["social"] = watched
    assert label_pack(pack, gates, fake_params()).recommended == "step"
    safe = _pack(step, _plan("safe", 50, search=110.0))
    judged = label_pack(safe, _gates(search=SAFE, social=SAFE), fake_params())
    assert judged.recommended == "safe"


def test_a_doubt_about_the_size_of_a_return_lowers_no_move_of_its_money():
    pack = _pack(_plan("good", 100, search=120.0))
    wide = Claim(label=REVIEW, reasons=("The range is wide.",), move=SAFE)
    gates = _gates(social=SAFE)
    gates = gates.model_copy(update={"claims": {MODEL: {**gates.claims[MODEL], "search": wide}}})
    judged = label_pack(pack, gates, fake_params())
    assert judged.scenarios[1].label is SAFE
    assert judged.recommended == "good"


def test_a_label_is_never_raised_and_keeps_its_reasons():
    plan = _plan("weak", 100, REVIEW, search=120.0)
    judged = label_pack(_pack(plan), _gates(search=SAFE), fake_params())
    assert judged.scenarios[1] == plan
    worse = label_pack(_pack(plan), _gates(search=NEVER), fake_params()).scenarios[1]
    assert worse.label is NEVER
    assert worse.reasons[1:] == ("Its own reason.",)


@pytest.mark.parametrize("gates", [_gates(Level.BLOCK, search=SAFE, social=SAFE), None])
def test_nothing_is_safe_where_a_gate_blocks_or_none_has_judged(gates):
    judged = label_pack(_pack(_plan("good", 100, search=120.0)), gates, fake_params())
    labels = [one.label for one in (*judged.scenarios, *judged.answers)]
    assert set(labels) == {NEVER}
    assert (judged.recommended, judged.candidate) == (None, None)


def test_a_channel_that_nobody_judged_is_not_safe_to_move():
    judged = label_pack(_pack(_plan("good", 100, search=120.0)), _gates(social=SAFE), fake_params())
    assert judged.scenarios[1].label is NEVER


def test_a_finding_that_blocks_speaks_against_its_channel_and_leaves_nothing_safe():
    params = fake_params()
    claims = label_channels(
        fake_effects(params),
        ready(params),
        healthy(MODEL)[MODEL],
        None,
        params,
        [finding("refresh.movement", f"{MODEL}/search", passed=False, message="It trebled.")],
    )
    assert claims["search"].label is NEVER
    assert claims["search"].reasons == ("It trebled.",)
    kept = Claim.model_validate_json(claims["search"].model_dump_json()).reasons[0]
    assert (kept, kept.check) == ("It trebled.", "refresh.movement")
    assert kept.finding is not None and kept.finding.subject == f"{MODEL}/search"
    others = {claim.label for name, claim in claims.items() if name != "search"}
    assert others == {REVIEW}
    assert any(BLOCKED in claim.reasons for claim in claims.values())


@pytest.mark.parametrize(("compared", "label"), [(True, SAFE), (False, REVIEW)])
def test_a_sum_that_was_not_compared_is_as_calm_as_its_motions(compared, label):
    params = two_motions()
    parts = params.parts_of("revenue")
    whole = sum_motions("revenue", [fake_effects(params, model=one, scale=2.0) for one in parts])
    told = Estimate.from_draws([1.0, 2.0, 3.0], "USD/USD")
    moved = Movement(
        model=parts[0],
        channel="search",
        quantity="roi",
        before=told,
        after=told,
        change=1.0,
        beyond_noise=True,
        rank_before=1,
        rank_after=1,
    )
    calm = moved.model_copy(update={"model": "revenue", "beyond_noise": False})
    comparison = Comparison(parent="before", movements=(moved, calm) if compared else (moved,))
    claims = label_channels(whole, ready(params), healthy("revenue")["revenue"], comparison, params)
    assert claims["search"].label is label
    assert claims["social"].label is SAFE


def test_a_block_on_the_sum_of_motions_speaks_against_each_of_them():
    """The sum is nothing but its motions: what nobody can explain in it is in one of them."""
    params = two_motions()
    part, other = params.parts_of("revenue")
    moved = finding("refresh.movement", "revenue/search", passed=False, message="It trebled.")
    claims = label_channels(
        fake_effects(params, model=part),
        ready(params),
        healthy(part)[part],
        None,
        params,
        [moved],
    )
    assert claims["search"].label is NEVER
    assert claims["search"].reasons == ("Revenue over all its motions: It trebled.",)
    assert {claim.label for name, claim in claims.items() if name != "search"} == {REVIEW}
    # What blocks on one motion alone is known to be there, and not in the other.
    alone = moved.model_copy(update={"subject": f"{other}/search"})
    claims = label_channels(
        fake_effects(params, model=part),
        ready(params),
        healthy(part)[part],
        None,
        params,
        [alone],
    )
    assert {claim.label for claim in claims.values()} == {REVIEW}


def test_a_return_as_likely_below_one_as_above_is_strong_evidence_and_not_safe_to_act_on(
    monkeypatch,
):
    params, effects = known_effects({"even": 1.0, "pays": 3.0}, draws=200)
    draws = np.stack([np.linspace(0.9, 1.1, 200), np.linspace(2.8, 3.2, 200)], axis=1)
    returns = xr.DataArray(draws, dims=("draw", "channel"))
    monkeypatch.setattr("mmmlib.governance.labels.roi", lambda effects: returns)
    claims = label_channels(effects, ready(params), healthy(MODEL)[MODEL], None, params)
    assert claims["even"].label is REVIEW
    assert claims["even"].level is EvidenceLevel.STRONG
    assert "Whether it returned more than it cost is not settled" in claims["even"].reasons[0]
    assert claims["pays"].label is SAFE


def _advised(advice: Advice) -> ScenarioPack:
    one = ChannelAdvice(
        channel="search", advice=advice, evidence=EvidenceLevel.STRONG, reasons=("It pays.",)
    )
    return _pack(_plan("good", 100, search=120.0)).model_copy(update={"advice": (one,)})


@pytest.mark.parametrize(
    ("gates", "advice", "after"),
    [
        (_gates(search=SAFE, social=SAFE), Advice.INCREASE, Advice.INCREASE),
        (_gates(search=REVIEW, social=SAFE), Advice.INCREASE, Advice.TEST_FIRST),
        (_gates(search=REVIEW, social=SAFE), Advice.HOLD, Advice.HOLD),
        (_gates(search=NEVER, social=SAFE), Advice.HOLD, Advice.TEST_FIRST),
        (_gates(Level.BLOCK, search=SAFE, social=SAFE), Advice.CUT, Advice.HOLD),
        (None, Advice.INCREASE, Advice.HOLD),
    ],
)
def test_advice_follows_what_the_gates_know(gates, advice, after):
    (one,) = label_pack(_advised(advice), gates, fake_params()).advice
    assert one.advice is after
    assert one.reasons


def test_evidence_of_an_old_run_is_as_its_label_says():
    old = Claim.model_validate({"label": "needs review", "reasons": ["Why."]})
    assert (old.reasons[0], old.reasons[0].check) == ("Why.", "")
    assert old.level is EvidenceLevel.WEAK
