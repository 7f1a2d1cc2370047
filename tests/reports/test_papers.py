"""Documents beside the pack: their fixed heads, and that they are rendered."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from mmmlib.governance.decisions import Followed
from mmmlib.governance.records import Decision, DecisionOutcome
from mmmlib.reports.blocks import Bullets, Heading, Prose, Statements
from mmmlib.reports.papers import Paper, paper_of_decision, paper_of_run
from mmmlib.reports.render import render_paper
from mmmlib.reports.results import Results, results_of
from mmmlib.runs import Run
from mmmlib.scenarios.pack import ScenarioPack
from tests.fake_run import NASTY
from tests.reports.pdf import pdf_outline

MEMO = [
    "What changed",
    "Key insights",
    "Scenarios reviewed",
    "Recommendation",
    "Release status",
    "Owners",
]


def heads(paper: Paper) -> list[str]:
    return [one.text for one in paper.blocks if isinstance(one, Heading)]


def texts(paper: Paper) -> str:
    parts: list[Prose] = []
    for block in paper.blocks:
        parts += block.items if isinstance(block, Bullets | Statements) else ()
        parts += [block] if isinstance(block, Prose) else ()
    return "\n".join(f"{one.lead} {one.text}" for one in parts)


def decided(run: Run, outcome: float | None) -> Followed:
    plan = run.load_json("scenarios.json", ScenarioPack).scenarios[1]
    day = dt.date(2026, 7, 1)
    decision = Decision(
        decision="D1",
        workbook="fake",
        title=plan.title,
        stance="modify",
        decided=day,
        owner="Dana Okafor",
        rationale="It pays.",
        run=run.name,
        scenario=plan.name,
        expected=plan.net,
        expected_is="net gain",
        follow_up=day,
        watch="Cost per click",
    )
    came = None
    if outcome is not None:
        came = DecisionOutcome(decision="D1", measured=day, value=outcome, executed_share=0.5)
    return Followed(decision, came)


def test_the_memo_has_its_heads_and_fits_on_a_page(second: Results, tmp_path: Path) -> None:
    memo = paper_of_run(second, "memo")
    assert heads(memo) == MEMO
    says = texts(memo)
    for lead in ("Data.", "Model.", "External context."):
        assert f"\n{lead} " in says
    assert re.search(
        r"Why it moved\. Return on .+, before .+ to .+, now .+ \(90.%\)\. The est", says
    )
    assert "Mirko Vidal (MMM Product Owner)" in says
    page, pdf = render_paper(second, memo, tmp_path / "documents")
    assert pdf_outline(pdf.read_bytes())[0] == 1
    text = page.read_text(encoding="utf-8")
    assert re.search(r"<h1>\s*Refresh memo\s*</h1>", text), re.findall(
        r"<h1>.*?</h1>", text, re.DOTALL
    )
    assert 'href="index.html"' not in text  # it stands alone


def test_a_run_without_a_model_has_a_memo_too(unready_run: Run) -> None:
    memo = paper_of_run(results_of(unready_run), "memo")
    assert "Scenarios reviewed" not in heads(memo)
    assert "No model was fitted" in texts(memo)


def test_names_from_data_stay_text(nasty_run: Run, tmp_path: Path) -> None:
    nasty = results_of(nasty_run)
    page, _ = render_paper(nasty, paper_of_run(nasty, "preread"), tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert NASTY not in text


def test_the_preread_says_each_thing_once(second: Results) -> None:
    paper = paper_of_run(second, "preread")
    assert "Plans to choose from" in heads(paper)
    assert "Scenarios" not in heads(paper)  # the same plans again
    assert "Still to sign" not in texts(paper)  # said by the band, and by the table


def test_the_agenda_leads_through_the_meeting(second: Results) -> None:
    found = heads(paper_of_run(second, "agenda"))
    assert [one.partition(". ")[2] for one in found] == [
        "Gate violations",
        "What changed",
        "Follow-ups that are due",
        "Decisions on the table",
        "Scenarios",
        "Recommendation",
    ]


def test_a_decision_memo_states_what_is_held_against_it(second: Results) -> None:
    paper = paper_of_decision(second, "decision", decided(second.run, None))
    says = texts(paper)
    assert says.startswith("Approved with changes. ")
    assert "What to watch. Cost per click" in says
    assert "Risks and constraints. Not stated." in says
    assert "Over 13" in says  # what the plan of the run would bring


def test_a_retrospective_first_says_where_it_landed(second: Results) -> None:
    plan = second.run.load_json("scenarios.json", ScenarioPack).scenarios[1]
    assert plan.net is not None
    followed = decided(second.run, plan.net.high * 10)
    says = texts(paper_of_decision(second, "retrospective", followed))
    assert says.startswith("Did it land inside the range? It landed above the range")
    assert "of the spend was moved" in says
    open_one = paper_of_decision(second, "retrospective", decided(second.run, None))
    assert "nothing is judged before" in texts(open_one)
