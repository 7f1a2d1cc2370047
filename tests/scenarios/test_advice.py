"""Advice on a channel is not the evidence on it."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.findings import FindingList
from mmmlib.readiness.verdict import Verdict
from mmmlib.scenarios.build import build_pack
from mmmlib.scenarios.pack import Advice, EvidenceLevel
from tests.scenarios.helpers import finding, healthy, known_effects, ready

GAINS = {"loses": 0.2, "even": 1.0, "pays": 4.0}
MODEL = "revenue.pooled"


def _advice(change=None, *, verdicts=None, money=True, scalable=True, health=None):
    params, effects = known_effects(GAINS, money=money)
    model = MODEL if money else "signups.pooled"
    params = params.model_copy(update={"primary_outcome": model})
    fixed = params.channels["pays"].model_copy(update={"scalable": scalable})
    params = params.model_copy(update={"channels": params.channels | {"pays": fixed}})
    spread = np.linspace(0.9, 1.1, effects.sizes["draw"])  # precise, and as likely below as above
    effects["coefficient"].loc[{"channel": "even"}] *= spread[:, None]
    if change:
        effects = change(effects)
    readiness = ready(params, **(verdicts or {}))
    pack = build_pack({model: effects}, readiness, health or healthy(model), params)
    return {one.channel: one for one in pack.advice}


def test_a_return_known_well_to_be_near_one_is_strong_evidence_and_no_reason_to_move():
    advice = _advice()
    assert {one.evidence for one in advice.values()} == {EvidenceLevel.STRONG}
    assert [advice[name].advice for name in GAINS] == [Advice.CUT, Advice.HOLD, Advice.INCREASE]
    even = advice["even"]
    assert even.increase_pays == pytest.approx(0.5, abs=0.05)
    assert "Neither more nor less clearly pays" in even.reasons[0]
    assert all(one.reasons for one in advice.values())


@pytest.mark.parametrize(
    ("verdict", "level"),
    [(Verdict.CAVEATS, EvidenceLevel.WEAK), (Verdict.NOT_READY, EvidenceLevel.NONE)],
)
def test_what_is_not_well_known_is_tested_first(verdict, level):
    one = _advice(verdicts={"pays": verdict})["pays"]
    assert (one.evidence, one.advice) == (level, Advice.TEST_FIRST)


def test_what_cannot_be_bought_cannot_be_scaled():
    assert _advice(scalable=False)["pays"].advice is Advice.CANNOT_SCALE


def test_more_than_was_ever_seen_is_tested_first():
    def narrow(effects):
        today = effects["spend"].isel(week=-1)
        effects["spend"] = effects["spend"].clip(today * 0.5, today * 1.05)
        return effects

    assert _advice(narrow)["pays"].advice is Advice.TEST_FIRST


def test_what_spends_nothing_now_is_held():
    def stop(effects):
        effects["spend"].loc[{"channel": "pays", "week": effects["week"][-4:]}] = 0.0
        return effects

    one = _advice(stop)["pays"]
    assert one.advice is Advice.HOLD
    assert one.increase_pays is None


def test_of_a_count_people_say_what_it_is_worth():
    assert {one.advice for one in _advice(money=False).values()} == {Advice.HOLD}


def test_both_the_baseline_and_what_is_spent_now_have_to_agree():
    """The mean of the quarter is where the next money pays; the rate of now is beyond it."""

    def jump(effects):
        high = effects["spend"].sel(channel="pays").max()
        for name in ("spend", "media"):
            effects[name].loc[{"channel": "pays", "week": effects["week"][-4:]}] = high
        effects["media_scale"].loc[{"channel": "pays"}] = high * 0.7
        effects["coefficient"].loc[{"channel": "pays"}] = high * 2.2
        return effects

    one = _advice(jump)["pays"]
    assert one.advice is Advice.HOLD
    assert "What is spent now is not the mean of the last 13" in one.reasons[-1]


def test_a_fit_that_failed_is_no_reason_to_test_a_channel():
    bad = FindingList(findings=(finding(passed=False, message="R-hat is 1.2."),))
    advice = _advice(health={MODEL: bad}).values()
    assert {one.advice for one in advice} == {Advice.HOLD}
    assert {one.evidence for one in advice} == {EvidenceLevel.NONE}
    assert all("R-hat is 1.2." in one.reasons for one in advice)
