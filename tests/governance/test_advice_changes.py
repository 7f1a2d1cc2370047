from __future__ import annotations

from typing import Any

import pytest

from mmmlib.governance.advice_changes import (
    AdviceChange,
    advice_changes,
    advice_uptake,
    judged_parts,
)
from mmmlib.params.load import params_of
from mmmlib.refresh.comparison import Comparison, LiftChange, ParameterChange
from mmmlib.reports.results import results_of
from mmmlib.reports.sections import change_log
from mmmlib.reports.words.advice import advice_sentence
from mmmlib.runs import Run
from mmmlib.scenarios.pack import Advice, Label, ScenarioPack
from tests.fake_run import make_fake_pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    return make_fake_pair(tmp_path_factory.mktemp("advice") / "runs")


def changed(
    pair: tuple[Run, Run], more: dict[str, Any] | None = None, **pack: Any
) -> list[AdviceChange]:
    """What changed, where this refresh's pack is the last one's but for what is given."""
    first, second = pair
    parts = judged_parts(first)
    assert parts is not None
    comparison = second.load_json("refresh.json", Comparison).model_copy(
        update={"lift_changes": (), "parameter_changes": (), **(more or {})}
    )
    now = parts[0].model_copy(update=pack)
    return advice_changes(parts, (now, parts[1]), comparison, params_of(second))


def pack_of(pair: tuple[Run, Run]) -> ScenarioPack:
    parts = judged_parts(pair[0])
    assert parts is not None
    return parts[0]


def test_advice_that_stands_is_no_change(pair: tuple[Run, Run]) -> None:
    assert changed(pair) == []


def test_a_changed_channel_has_the_reason_of_its_own_advice_first(pair: tuple[Run, Run]) -> None:
    old = pack_of(pair).advice[0]
    other = Advice.CUT if old.advice is not Advice.CUT else Advice.INCREASE
    new = old.model_copy(update={"advice": other, "reasons": ("It saves more than it loses.",)})
    [change] = changed(pair, advice=(new, *pack_of(pair).advice[1:]))
    assert (change.what, change.before, change.now) == ("advice", old.advice.value, other.value)
    assert change.reasons[0] == "It saves more than it loses"
    assert "the estimated return moved" in change.reasons[1]
    assert "restated history" in change.reasons[1]
    assert change.chance is not None
    assert 0 <= change.chance <= 1
    said = advice_sentence(change).text
    assert "It saves more than it loses." in said
    assert "In an unchanged world" in said


def test_spend_tests_and_the_model_are_reasons(pair: tuple[Run, Run]) -> None:
    pack = pack_of(pair)
    old, baseline = pack.advice[0], pack.baseline
    assert baseline is not None
    other = Advice.TEST_FIRST if old.advice is not Advice.TEST_FIRST else Advice.HOLD
    lines = [
        one.model_copy(update={"weekly": 0.6 * one.weekly}) if one.channel == old.channel else one
        for one in baseline.lines
    ]
    test = LiftChange(
        test="june", model="revenue.pooled", channel=old.channel, kind="added", what=""
    )
    [change] = changed(
        pair,
        {
            "lift_changes": (test,),
            "parameter_changes": (ParameterChange(key="model.trend", before="a", after="b"),),
        },
        advice=(old.model_copy(update={"advice": other}), *pack.advice[1:]),
        baseline=baseline.model_copy(update={"lines": tuple(lines)}),
    )
    reasons = "; ".join(change.reasons)
    assert "plans start from changed by −40" in reasons
    assert "the model changed (model.trend)" in reasons
    assert "the lift test june was added" in reasons


def test_a_plan_that_is_gone_and_a_new_proposal_are_changes(pair: tuple[Run, Run]) -> None:
    pack = pack_of(pair)
    gone = pack.scenarios[1]
    kept = tuple(one for one in pack.scenarios if one is not gone)
    found = changed(pair, scenarios=kept, recommended=None, candidate=None)
    plans = [one for one in found if one.what == "plan"]
    assert [(one.subject, one.now) for one in plans] == [(gone.title, "not offered")]
    proposed = [one for one in found if one.what == "recommendation"]
    assert len(proposed) == bool(pack.recommended or pack.candidate)


def test_an_answer_that_is_about_another_channel_is_a_change(pair: tuple[Run, Run]) -> None:
    old = pack_of(pair).answers[0]
    label = Label.SAFE if old.label is not Label.SAFE else Label.REVIEW
    new = old.model_copy(update={"label": label, "reasons": ("More weeks speak for it.",)})
    [change] = changed(pair, answers=(new, *pack_of(pair).answers[1:]))
    assert change.subject == old.question
    assert change.reasons[0] == "More weeks speak for it"


def test_uptake_is_what_was_spent_against_what_was_proposed(pair: tuple[Run, Run]) -> None:
    pack = pack_of(pair)
    plan = next(one for one in pack.scenarios if any(line.change for line in one.plan))
    asked = pack.model_copy(update={"recommended": plan.name})
    line = next(one for one in plan.plan if one.change)
    for made, verdict in ((1.0, "followed"), (0.3, "partly followed"), (-0.5, "not followed")):
        spent = line.spend_before + made * line.change
        [one] = advice_uptake(asked, {line.channel: spent})
        assert one.verdict == verdict
    assert advice_uptake(pack.model_copy(update={"recommended": None, "candidate": None}), {}) == []


def test_the_change_log_tells_it_or_says_that_the_advice_stands(pair: tuple[Run, Run]) -> None:
    assert list(change_log.advice(results_of(pair[0]))) == []
    assert list(change_log.advice(results_of(pair[1])))
