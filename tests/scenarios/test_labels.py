"""Labels and what speaks against a claim."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mmmlib.findings import FindingList, Level, Reason, Status, not_run
from mmmlib.params.scenarios import ScenarioParams
from mmmlib.readiness.verdict import Readiness, Verdict
from mmmlib.scenarios.agreement import disagreement_findings, disagreements
from mmmlib.scenarios.effect import PlanEffect, plan_effect
from mmmlib.scenarios.evidence import (
    Evidence,
    channel_evidence,
    model_evidence,
    with_new_weeks,
)
from mmmlib.scenarios.labels import decide, label_plan, probability_text, worth_a_step
from mmmlib.scenarios.pack import Label
from mmmlib.scenarios.plan import Plan
from mmmlib.scenarios.projection import PlanContribution
from tests.scenarios.helpers import finding

LIMITS = ScenarioParams()
MODEL = "revenue.pooled"
CHANNELS = ("search", "social")


@pytest.mark.parametrize(
    ("probability", "label"),
    [
        (0.95, Label.SAFE),
        (0.94, Label.REVIEW),
        (0.02, Label.REVIEW),
        (math.nan, Label.REVIEW),
    ],
)
def test_probability_decides_where_nothing_else_does(probability, label):
    assert label_plan(Evidence(), probability, LIMITS)[0] is label


def test_just_below_the_limit_is_not_written_as_the_limit():
    (reason,) = label_plan(Evidence(), 0.948, LIMITS)[1]
    assert "just below" in reason


@pytest.mark.parametrize(
    ("evidence", "more", "label"),
    [
        (Evidence(against=("bad fit",)), {}, Label.DO_NOT_INFER),
        (Evidence(doubts=("hm",)), {}, Label.REVIEW),
        (Evidence(), {"extrapolated": ["Search"]}, Label.DO_NOT_INFER),
        # That a size is not known says nothing of which way money should go: its probability does.
        (Evidence(size=("far above",)), {"under_priors": 0.94}, Label.REVIEW),
        (Evidence(assumed=("our prior",)), {"under_priors": math.nan}, Label.REVIEW),
        (Evidence(assumed=("our prior",)), {"blind_cuts": ["Search"]}, Label.DO_NOT_INFER),
        (Evidence(), {"steady_state": True}, Label.REVIEW),
        (Evidence(), {"count_unit": "signups"}, Label.REVIEW),
        (Evidence(), {"disagreements": ["it says no"]}, Label.REVIEW),
        (Evidence(doubts=("hm",)), {"extrapolated": ["Search"]}, Label.DO_NOT_INFER),
    ],
)
def test_the_worst_reason_decides(evidence: Evidence, more: dict[str, Any], label: Label) -> None:
    got, reasons = label_plan(evidence, 0.99, LIMITS, **more)
    assert got is label
    assert reasons and all(reasons)


def test_a_doubt_about_a_size_is_none_about_the_way_that_money_should_go() -> None:
    unsure = Evidence(assumed=("our prior",), size=("far above",))
    assert label_plan(unsure, 0.99, LIMITS, under_priors=0.96)[0] is Label.SAFE
    assert decide(unsure, size=True) == (Label.REVIEW, ("our prior", "far above"))
    (reason,) = label_plan(unsure, 0.99, LIMITS, under_priors=0.9)[1]
    assert "under another reasonable prior 90" in reason


def seen(check: str, *, run: bool = True) -> Reason:
    """What a check of the fit flagged, or that it could not be run."""
    if not run:
        return Reason.of(not_run(check, MODEL, "too few weeks", level=Level.WARN))
    return Reason.of(finding(check, passed=False, level=Level.WARN, message="hm"))


@pytest.mark.parametrize(
    ("evidence", "probability", "more", "worth"),
    [
        (Evidence(assumed=("our prior",), size=("far above",)), 0.9, {}, True),
        (Evidence(), 0.84, {}, False),
        (Evidence(), math.nan, {}, False),
        (Evidence(doubts=("hm",)), 0.9, {}, False),
        (
            Evidence(doubts=(seen("health.holdout_skill"), seen("health.common_spend"))),
            0.9,
            {},
            True,
        ),
        (Evidence(doubts=(seen("health.holdout_skill"), "hm")), 0.9, {}, False),
        (Evidence(doubts=(seen("health.unseen_demand"),)), 0.9, {}, False),
        (Evidence(doubts=(seen("health.holdout_skill", run=False),)), 0.9, {}, False),
        (Evidence(against=(seen("health.holdout_skill"),)), 0.9, {}, False),
        (Evidence(), 0.9, {"doubts": True}, False),
        (
            Evidence(),
            0.9,
            {"shift": -0.45},
            False,
        ),  # the worst tenth loses more than half of the gain
    ],
)
def test_a_likely_plan_with_a_bounded_bad_case_is_worth_a_step(
    evidence: Evidence, probability: float, more: dict[str, Any], worth: bool
) -> None:
    gain = np.linspace(-0.1, 2.0, 100) + more.pop("shift", 0.0)
    asked = {"doubts": False, "recent": None} | more
    assert worth_a_step(evidence, probability, gain, LIMITS, **asked) is worth


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, "over 99"), (0.995, "over 99"), (0.0, "under 1"), (0.42, "42"), (math.nan, "unknown")],
)
def test_a_probability_is_never_written_as_certain(probability, text):
    assert probability_text(probability).startswith(text)


class TestEvidence:
    def test_health_is_split_between_model_and_channel(self):
        health = FindingList(
            findings=(
                finding("health.rhat"),
                finding(
                    "health.high_return",
                    f"{MODEL}/search",
                    passed=False,
                    level=Level.WARN,
                    message="too high",
                ),
                finding("health.coverage_90", passed=False, level=Level.WARN, message="too narrow"),
            )
        )
        readiness = Readiness(
            overall=Verdict.READY, channels=dict.fromkeys(CHANNELS, Verdict.READY), findings=()
        )
        assert model_evidence(MODEL, health, CHANNELS) == Evidence(doubts=("too narrow",))
        assert channel_evidence("search", MODEL, readiness, health).doubts == ("too high",)
        assert channel_evidence("social", MODEL, readiness, health) == Evidence()

    def test_a_channel_named_like_its_outcome_is_not_taken_for_the_model(self):
        health = FindingList(
            findings=(finding(subject="search.pooled", passed=False, message="R-hat"),)
        )
        readiness = Readiness(
            overall=Verdict.READY, channels={"search": Verdict.READY}, findings=()
        )
        assert model_evidence("search.pooled", health, CHANNELS).against == ("R-hat",)
        assert channel_evidence("search", "search.pooled", readiness, health) == Evidence()

    def test_what_did_not_run_speaks_against_once(self):
        health = FindingList(
            findings=tuple(
                not_run(check, MODEL, "Not run: no chains.") for check in ("health.a", "health.b")
            )
        )
        assert model_evidence(MODEL, health, CHANNELS).against == ("Not run: no chains.",)

    def test_a_return_from_the_prior_is_no_evidence(self):
        health = FindingList(
            findings=(
                finding(
                    "health.prior_shrinkage", f"{MODEL}/search", passed=False, level=Level.WARN
                ),
            )
        )
        readiness = Readiness(
            overall=Verdict.READY, channels={"search": Verdict.READY}, findings=()
        )
        assert not channel_evidence("search", MODEL, readiness, health).good

    def test_a_return_that_hangs_on_the_prior_is_an_assumption_and_its_total_is_not_its_own(self):
        flags = [
            finding("health.prior_sensitivity", subject, passed=False, level=Level.INFO)
            for subject in (MODEL, f"{MODEL}/search")
        ]
        readiness = Readiness(
            overall=Verdict.READY, channels=dict.fromkeys(CHANNELS, Verdict.READY), findings=()
        )
        health = FindingList(findings=tuple(flags))
        search = channel_evidence("search", MODEL, readiness, health)
        assert search.good
        assert not search.measured
        assert decide(search) == (None, ())
        assert decide(search, size=True) == (
            Label.REVIEW,
            ("This is our assumption more than the data. seen",),
        )
        assert model_evidence(MODEL, health, CHANNELS) == Evidence()
        assert channel_evidence("social", MODEL, readiness, health) == Evidence()

    def test_a_channel_younger_than_the_holdout_speaks_against_itself(self):
        young = finding(
            "health.holdout_channels", f"{MODEL}/search", passed=False, level=Level.WARN
        )
        readiness = Readiness(
            overall=Verdict.READY, channels=dict.fromkeys(CHANNELS, Verdict.READY), findings=()
        )
        health = FindingList(findings=(young,))
        assert not channel_evidence("search", MODEL, readiness, health).good
        assert channel_evidence("social", MODEL, readiness, health).good

    @pytest.mark.parametrize(
        ("subject", "level", "spoken_against"),
        [
            ("spend:search", Level.WARN, {"search"}),
            ("exposure:social", Level.WARN, {"social"}),
            ("outcome:revenue.pooled", Level.WARN, {"search", "social"}),
            ("outcome:signups.pooled", Level.WARN, set()),
            ("spend:search", Level.INFO, set()),
        ],
    )
    def test_no_plan_rests_on_new_weeks_unlike_the_old_ones(self, subject, level, spoken_against):
        ready = Readiness(
            overall=Verdict.READY, channels=dict.fromkeys(CHANNELS, Verdict.READY), findings=()
        )
        data = FindingList(
            findings=(finding("data.new_weeks", subject, passed=False, level=level),)
        )
        readiness = with_new_weeks(ready, data)
        health = FindingList(findings=(finding("health.rhat", MODEL, passed=True),))
        against = {
            name for name in CHANNELS if not channel_evidence(name, MODEL, readiness, health).good
        }
        assert against == spoken_against
        assert with_new_weeks(ready, None).findings == ()

    def test_a_channel_that_nobody_judged_is_not_ready(self):
        readiness = Readiness(overall=Verdict.READY, channels={}, findings=())
        assert not channel_evidence("search", MODEL, readiness, None).good

    def test_the_reason_is_the_finding_of_readiness(self):
        readiness = Readiness(
            overall=Verdict.CAVEATS,
            channels={"search": Verdict.CAVEATS},
            findings=(
                finding(
                    "readiness.variation",
                    "search",
                    passed=False,
                    level=Level.WARN,
                    message="It was flat",
                ),
            ),
        )
        doubts = channel_evidence("search", MODEL, readiness, None).doubts
        assert doubts == ("search is ready with caveats: It was flat.",)

    def test_information_is_no_doubt(self):
        health = FindingList(findings=(finding(passed=False, level=Level.INFO),))
        assert model_evidence(MODEL, health, CHANNELS) == Evidence()


def _effect(difference, spend_change, *, money, at_stake=100.0, spend_at_stake=100.0):
    return PlanEffect(
        outcome=np.zeros(4),
        difference=np.asarray(difference, float),
        spend=0.0,
        spend_change=spend_change,
        worth=1.0 if money else None,
        at_stake=np.full(4, at_stake),
        spend_at_stake=spend_at_stake,
        outcome_after=np.zeros(4),
        difference_after=np.zeros(4),
    )


class TestAgreement:
    plan = Plan("increase_search", "increase", "More", "", {})

    def test_money_speaks_by_net(self):
        assert _effect([12, 11, 9, 8], 10.0, money=True).speaks_for == 0.5

    def test_a_tie_is_not_better(self):
        assert _effect([0, 0, 0, 0], 0.0, money=True).probability_better == 0.0

    def test_a_count_speaks_by_saturation(self):
        # 10 more money at an average of 1 per unit: more than 5 is far from saturation.
        assert _effect([9, 9, 9, 1], 10.0, money=False).speaks_for == 0.75
        # 10 less money: losing less than 5 says that little would be lost.
        assert _effect([-1, -1, -1, -9], -10.0, money=False).speaks_for == 0.75

    def test_a_count_at_the_same_budget_speaks_by_its_difference(self):
        assert _effect([1, 1, -1, -1], 0.0, money=False).speaks_for == 0.5

    def test_only_clear_voices_disagree(self):
        saturated = _effect([1, 1, 1, 1], 10.0, money=True)
        scales = _effect([9, 9, 9, 9], 10.0, money=False)
        unclear = _effect([9, 9, 1, 1], 10.0, money=False)
        effects = {"a": saturated, "b": scales, "c": unclear}
        labels = {"a": "Revenue", "b": "Signups", "c": "Opportunities"}
        texts = disagreements(self.plan, "a", effects, 0.8, labels)
        assert [text.partition(" (")[0] for text in texts] == [
            "Revenue says: saturated, added money brings little",
            "Signups says: there is room to scale",
        ]
        assert disagreements(self.plan, "c", effects, 0.8, labels) == ()

    def test_an_outcome_agrees_with_the_same_in_another_unit(self):
        """Money was asked "below 1?", counts "below half the average?": they disagreed on a cut."""
        cut = Plan("cut_search", "protect", "Less", "", {})
        money = _effect([-6, -7, -8, -6.5], -10.0, money=True)
        count = _effect(money.difference / 50, -10.0, money=False, at_stake=2.0)
        assert money.not_saturated == count.not_saturated
        effects, labels = {"a": money, "b": count}, {"a": "Revenue", "b": "Orders"}
        assert money.speaks_for == 1.0
        assert count.speaks_for == 0.0
        assert disagreements(cut, "a", effects, 0.8, labels) == ()

    def test_findings_say_when_all_agree(self):
        found = disagreement_findings({"x": (), "y": ()}, 0.8, models=2)
        assert [one.status for one in found] == [Status.OK]
        assert disagreement_findings({"x": ()}, 0.8, models=1) == []
        flagged = disagreement_findings(
            {"x": ("a says yes.", "b says no."), "y": ()}, 0.8, models=2
        )
        assert [one.value for one in flagged] == [1.0]
        assert [(one.subject, one.level) for one in flagged] == [("x", Level.WARN)]


def test_an_unchanged_plan_is_exactly_zero_whatever_the_draws():
    rng = np.random.default_rng(3)

    def outcome(channel, money):
        return PlanContribution(rng.normal(size=5), rng.normal(size=5))

    spend = {"a": np.ones((1, 13))}
    effect = plan_effect(outcome, spend, {"a": spend["a"].copy()}, worth=1.0)
    assert not effect.difference.any()


def test_a_model_without_health_is_named_as_people_write_it() -> None:
    found = model_evidence("revenue.pooled", None, (), "Revenue")
    assert found.against == ("The health of Revenue was not checked.",)
