"""Decisions, what came of them, whether stated ranges hold, and how the evidence is used."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmmlib.errors import InputError, RunError
from mmmlib.estimates import Estimate
from mmmlib.governance.adoption import UNKNOWN, adoption_measures
from mmmlib.governance.decisions import (
    Followed,
    decision_form,
    decision_log,
    record_budget_decision,
    record_decision,
    record_outcome,
    retrospective,
)
from mmmlib.governance.promises import kept_decisions, score_kept
from mmmlib.governance.records import BudgetDecision, Decision, DecisionOutcome, Publication
from mmmlib.governance.store import Store, open_store
from mmmlib.runs import Run
from mmmlib.scenarios.pack import ScenarioPack
from tests.fake_run import make_fake_run

DECIDED, FOLLOW_UP = dt.date(2026, 8, 3), dt.date(2026, 11, 9)
LATER = dt.date(2026, 12, 1)
EXPECTED = Estimate(
    median=100, low=50, high=150, inner_low=80, inner_high=120, unit="USD", draws=400
)
FREE: dict[str, Any] = {
    "workbook": "demo",
    "title": "More search",
    "stance": "approve",
    "decided": DECIDED,
    "owner": "Dana Okafor",
    "rationale": "Its return is above one with 95 %.",
    "follow_up": FOLLOW_UP,
    "expected": EXPECTED,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_fake_run(tmp_path_factory.mktemp("runs"))


def outcome(value: float, decision: str = "D1", **more: Any) -> DecisionOutcome:
    return DecisionOutcome(decision=decision, measured=LATER, value=value, **more)


def followed(value: float, **more: Any) -> Followed:
    return Followed(Decision(decision="D1", **FREE), outcome(value, **more))


def test_a_plan_of_the_run_brings_its_own_range(store: Store, run: Run) -> None:
    pack = run.load_json("scenarios.json", ScenarioPack)
    plan = pack.scenarios[1]
    values = {key: FREE[key] for key in ("stance", "decided", "owner", "rationale", "follow_up")}
    made = record_decision(store, values, run, plan.name)
    assert made.decision == "D1"
    assert made.title == plan.title
    assert made.expected in (plan.net, plan.difference)
    assert (made.run, made.workbook, made.run_superseded) == (run.name, "fake", False)
    with pytest.raises(InputError, match="Did you mean"):
        record_decision(store, values, run, plan.name + "x")
    assert len(store.entries()) == 1


def test_an_altered_plan_is_not_decided_on(store: Store, run: Run, tmp_path: Path) -> None:
    copy = Run(Path(shutil.copytree(run.path, tmp_path / "runs" / run.name)))
    manifest = copy.manifest
    manifest.steps[5].outputs = {"artefacts/scenarios.json": "0" * 64}
    copy.write_manifest(manifest)
    plan = run.load_json("scenarios.json", ScenarioPack).scenarios[1]
    values = {key: FREE[key] for key in ("stance", "decided", "owner", "rationale", "follow_up")}
    with pytest.raises(RunError, match=r"scenarios\.json is altered"):
        record_decision(store, values, copy, plan.name)
    assert store.entries() == []


def test_a_decision_for_a_superseded_run_is_flagged(store: Store, run: Run) -> None:
    newer = Publication(
        run="fake-2026-Q3-00000000",
        workbook="fake",
        period="2026-Q3",
        digest="",
        release="APPROVED",
        audience="everyone",
        policy_version="1",
        folder="there",
        signed_by=(),
    )
    store.append("publication", newer.run, lambda _: newer.body())
    values = {key: value for key, value in FREE.items() if key != "workbook"}
    assert record_decision(store, values, run, "").run_superseded


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"follow_up": DECIDED - dt.timedelta(days=1)}, "follow up: found"),
        ({"executes": DECIDED - dt.timedelta(days=1)}, "executes: found"),
    ],
)
def test_days_follow_each_other(store: Store, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        record_decision(store, FREE | changes, None, "")
    assert store.entries() == []


def test_nothing_is_judged_before_its_time(store: Store) -> None:
    record_decision(store, FREE, None, "")
    early = DecisionOutcome(decision="D1", measured=FOLLOW_UP - dt.timedelta(days=1), value=90)
    with pytest.raises(InputError, match="the follow-up that was agreed for D1"):
        record_outcome(store, early, LATER)
    with pytest.raises(InputError, match="measured"):
        record_outcome(store, outcome(90), LATER - dt.timedelta(days=1))
    with pytest.raises(InputError, match=r"the newest: D1"):
        record_outcome(store, outcome(90, "D7"), LATER)
    for ends in ({"low": 80}, {"low": 95, "high": 110}, {"low": 110, "high": 80}):
        with pytest.raises(InputError, match="a value inside its range, with both ends"):
            record_outcome(store, outcome(90, **ends), LATER)
    (one,) = decision_log(store.entries())
    assert one.is_due(FOLLOW_UP)
    assert not one.is_due(FOLLOW_UP - dt.timedelta(days=1))
    assert "nothing is judged before" in retrospective(one)[0]
    done = record_outcome(store, outcome(90), LATER)
    assert done.landing == "inside"
    assert not done.is_due(LATER)


@pytest.mark.parametrize(
    ("value", "more", "landing"),
    [
        (50, {}, "inside"),
        (151, {}, "above"),
        (49, {}, "below"),
        (160, {"low": 155, "high": 165}, "above"),
        (160, {"low": 140, "high": 180}, "unclear"),
        (30, {"low": 10, "high": 49}, "below"),
        (100, {"low": 90, "high": 110}, "inside"),
        (100, {"low": 0, "high": 200}, "unclear"),
    ],
)
def test_where_it_landed(value: float, more: dict[str, Any], landing: str) -> None:
    assert followed(value, **more).landing == landing


def test_a_retrospective_takes_the_difference_apart() -> None:
    says = retrospective(followed(40, executed_share=0.5, baseline_change=-10))
    says = [text.replace("\N{NO-BREAK SPACE}", " ") for text in says]
    assert says[0].startswith("It landed below the range: USD 40")
    assert says[1] == "50 % of the spend was moved; in proportion, USD 50 would have been expected."
    assert "USD 50 is left for the effect" in says[2]
    says = retrospective(followed(100, executed_share=1.02))
    assert says[0].startswith("It landed inside")
    ranged = retrospective(followed(160, low=140, high=180))[0].replace("\N{NO-BREAK SPACE}", " ")
    assert "USD 160 (USD 140 to 180)" in ranged  # an estimate has its range wherever it stands
    assert says[1] == "The plan was executed as decided."
    assert "was not recorded" in says[2]
    says = [
        text.replace("\N{NO-BREAK SPACE}", " ")
        for text in retrospective(followed(40, executed_share=-0.59))
    ]
    assert says[1] == "The spend went the other way, by 59 % of what was to be moved."
    assert retrospective(followed(40, executed_share=0.0))[1] == "None of the spend was moved."


def log_of(values: np.ndarray) -> list[Followed]:
    return [followed(float(value)) for value in values]


def test_ranges_that_hold_seventy_in_a_hundred_are_called_out_as_often_as_is_said() -> None:
    """Simulated teams: the power that the score states is the rate at which they are caught."""
    rng = np.random.default_rng(5)
    caught = false = 0
    teams, promises = 400, 40
    score = score_kept(kept_decisions(log_of(np.full(promises, 100.0))))
    for _ in range(teams):
        inside = rng.random((2, promises)) < [[0.7], [0.9]]
        narrow, honest = np.where(inside, 100.0, 200.0)
        caught += score_kept(kept_decisions(log_of(narrow))).too_narrow
        false += score_kept(kept_decisions(log_of(honest))).too_narrow
    assert abs(caught / teams - score.power) < 0.06
    assert score.power > 0.8
    assert false / teams <= 0.08  # 5 % and what 400 teams may differ by


def test_few_promises_say_little_and_say_so() -> None:
    assert str(score_kept(kept_decisions([]))) == "No promise has come due yet."
    score = score_kept(kept_decisions(log_of(np.array([100.0, 100.0, 200.0]))))
    assert (score.promises, score.held, score.held_inner) == (3, 2, 2)
    assert not score.too_narrow
    assert "2 of 3 stated 90 % ranges held, and 2 of their 50 % ranges" in str(score)
    assert score.power < 0.4
    # One range of 100 missed by 50: 1 + 20 * 50 / 100.
    assert score.interval_score == pytest.approx((1 + 1 + 11) / 3)


def test_what_cannot_be_told_is_no_kept_promise() -> None:
    unclear = followed(160, low=140, high=180)
    assert score_kept(kept_decisions([unclear])).promises == 0


def test_adoption(store: Store) -> None:
    values = [one.value for one in adoption_measures([], "demo", LATER)]
    assert values == [UNKNOWN] * 7
    record_decision(store, FREE, None, "")
    record_decision(store, FREE | {"stance": "defer", "follow_up": LATER}, None, "")
    record_outcome(store, outcome(90), LATER)
    for title, cites in (("TV next year", "D1"), ("A sponsorship", "")):
        budget = BudgetDecision(
            workbook="demo",
            title=title,
            decided=LATER,
            amount=1e6,
            currency="USD",
            owner="Dana Okafor",
            decision=cites,
        )
        record_budget_decision(store, budget)
    with pytest.raises(InputError, match="D9"):
        record_budget_decision(store, budget.model_copy(update={"decision": "D9"}))
    coverage, wait, action, closed, *_ = adoption_measures(store.entries(), "demo", LATER)
    assert coverage.value.replace("\N{NO-BREAK SPACE}", " ") == "1 of 2 (50 %)"
    assert wait.value == UNKNOWN
    assert action.value.startswith("1 of 2 (1 as recommended, 0 modified, 1 deferred)")
    assert closed.value == "1 of 2"


def test_the_form_of_the_notebook_records_in_an_open_notebook_only(tmp_path: Path) -> None:
    run = make_fake_run(tmp_path)
    plan = run.load_json("scenarios.json", ScenarioPack).scenarios[1].name
    assert "Nothing is recorded" in decision_form(run, "approve", plan, "Dana Okafor", "It pays.")
    opened = Run(run.path, exploring=True)
    assert "fill in a stance" in decision_form(opened)
    with pytest.raises(InputError, match="who decided"):
        decision_form(opened, "approve", plan)
    made = decision_form(opened, "approve", plan, "Dana Okafor", "It pays.", watch="Leads")
    assert made.startswith("D1: ")
    with open_store(tmp_path) as store:
        (one,) = decision_log(store.entries())
    assert (one.decision.scenario, one.decision.watch) == (plan, "Leads")
