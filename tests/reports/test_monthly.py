"""A monthly refresh (G1): health, comparability, returns, memo and flags; nothing is proposed."""

from __future__ import annotations

import pytest

from mmmlib.governance.agenda import build_agenda
from mmmlib.governance.gates import pass_gates
from mmmlib.governance.promises import published_promises
from mmmlib.governance.verdict import GateResult
from mmmlib.params import Params
from mmmlib.reports.blocks import Block, Bullets, Heading, Picture, Prose, Statements
from mmmlib.reports.papers import paper_of_run
from mmmlib.reports.results import Results, results_of
from mmmlib.reports.sections import (
    briefing,
    change_log,
    contribution_roi,
    executive_summary,
    health_panel,
)
from mmmlib.reports.sheets import sheets
from mmmlib.runner.steps import STEPS, steps_left_out, taking_part
from mmmlib.runs import Run
from tests.fake_run import make_fake_run
from tests.fakes import fake_params


@pytest.fixture(scope="module")
def month(first_run: Run) -> Results:
    """The month after the first refresh, which was a quarterly one."""
    kind = {"period": "2026-06", "parent": first_run.name, "kind": "monthly"}
    run = make_fake_run(first_run.runs_dir, parent=first_run, refresh=kind)
    run.artefact("scenarios.json").unlink()
    run.save_json("gates.json", pass_gates(run))
    return results_of(run)


def words(blocks: list[Block]) -> str:
    parts: list[Prose] = []
    for block in blocks:
        parts += block.items if isinstance(block, Bullets | Statements) else ()
        parts += [block] if isinstance(block, Prose) else ()
    return "\n".join(f"{one.lead} {one.text}" for one in parts)


def test_its_steps_are_all_but_scenarios_and_their_page() -> None:
    def of(kind: str) -> Params:
        return fake_params(refresh={"period": "2026-06", "kind": kind})

    left_out = set(steps_left_out(of("monthly")))
    quarterly = set(steps_left_out(of("quarterly")))
    assert quarterly == {"model_choice"}  # no candidates are declared
    assert left_out - quarterly == {"scenarios", "scenario_pack"}
    names = [step.name for step in STEPS]
    assert left_out < set(names)
    # Whatever needs what is left out waits for the rest alone.
    for step in STEPS:
        waits_for = taking_part(step.needs, left_out)
        assert set(waits_for) == set(step.needs) - left_out
    assert {"model_fit", "health", "refresh", "review", "change_log"} < set(names) - left_out


def test_its_memo_says_what_changed_and_proposes_nothing(month: Results) -> None:
    memo = paper_of_run(month, "memo")
    heads = [one.text for one in memo.blocks if isinstance(one, Heading)]
    assert heads == ["What changed", "Key insights", "Release status", "Owners"]
    said = words(list(memo.blocks))
    assert "restated" in said
    assert "Why it moved. Return on " in said
    assert len(said.split()) < 330  # two minutes


def test_its_pages_hold_health_returns_and_changes_and_no_plan(month: Results) -> None:
    front = [
        block
        for section in (
            executive_summary.decision,
            executive_summary.trust,
            executive_summary.changes,
        )
        for block in section(month)
    ]
    assert "Recommended" not in words(front)
    assert any(isinstance(one, Picture) for one in contribution_roi.returns(month))
    assert list(change_log.movements(month))
    assert list(health_panel.flags(month))
    assert list(briefing.what_changed(month))
    names = set(sheets(month))
    assert {"Contribution and ROI", "Movements", "Findings"} < names
    assert not {"Scenarios", "Plan lines", "Key questions"} & names


def test_its_gates_do_not_wait_for_plans_and_it_promises_nothing(month: Results) -> None:
    gates = month.run.load_json("gates.json", GateResult)
    assert not [one for one in gates.entries if one.finding.check.startswith("scenarios.")]
    assert "recommendation" not in {one.subject for one in gates.sign_offs}
    assert published_promises(month.run) == ()
    agenda = build_agenda(month.run, gates)
    assert "a monthly refresh proposes nothing" in str(agenda)
