"""Every document of every kind of run."""

from __future__ import annotations

import re
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest.mock import patch

import pytest

from mmmlib.estimates import format_number
from mmmlib.findings import Level, Status
from mmmlib.readiness.design import Yardstick
from mmmlib.reports.blocks import Bullets, Folded, Picture, Prose
from mmmlib.reports.format import format_version, formats
from mmmlib.reports.results import Results, results_of
from mmmlib.reports.sections import (
    briefing,
    change_log,
    contribution_roi,
    executive_summary,
    health_panel,
    scenario_pack,
)
from mmmlib.reports.table import Table
from mmmlib.reports.tables.checks import limit_of
from mmmlib.reports.tables.plans import changed_plan_table
from mmmlib.reports.words.first_page import next_test
from mmmlib.runs import Run
from mmmlib.scenarios.pack import PlanLine, ScenarioPack
from tests.fake_run import make_fake_run
from tests.reports.written import section, write_document

MODULES = (executive_summary, briefing, contribution_roi, scenario_pack, health_panel, change_log)
JARGON = ("posterior", "prior", "adstock", "R-hat", "coefficient", "beta", "draws", "ROI")


@pytest.mark.parametrize("document", formats())
def test_every_kind_of_run_has_every_document(
    any_results: Results, document: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    saved: AbstractContextManager[object] = nullcontext()
    if "nasty_run" not in request.node.name:  # the others' figures are made, and not saved
        saved = patch("mmmlib.reports.show.svg_bytes", lambda figure, searchable=False: b"")
    with saved:
        text = write_document(any_results, document, tmp_path)
    assert len(text.split()) > 8
    assert not set(re.sub(r"!\[.*?\]\(.*?\)\{.*?\}", "", text)) & set("<>`$")
    assert "nan" not in text.lower().split()
    assert "None" not in re.findall(r"\bNone\b(?! of )", text)
    for name, alt in re.findall(
        r'\]\((figures/[^)]+\.svg)\)\{#fig-[a-z0-9-]+ fig-alt="([^"]*)"', text
    ):
        assert (tmp_path / name).is_file()
        assert len(alt.split()) > 8, f"{name} does not say what it says"
        assert re.search(r"\d", alt)
    pictures = re.findall(r"^!\[", text, re.MULTILINE)
    assert len(pictures) == text.count("fig-alt=")
    ids = re.findall(r"\{#((?:fig|tbl)-[a-z0-9-_]+)", text)
    assert len(ids) == len(set(ids)), "an identifier is used twice"
    for table in re.findall(r"^\|.*$(?:\n\|.*$)*\n\n(.*)", text, re.MULTILINE):
        assert re.search(r"^: .+[^}]$", table), "a table without a caption"


def test_the_format_names_every_section_once() -> None:
    for module in MODULES:
        document = module.__name__.rpartition(".")[2]
        names = [form.name for form in formats()[document]]
        assert len(names) == len(set(names))
        for name in names:
            assert section(document, name).__module__ == module.__name__


@pytest.mark.parametrize("kind", ["first_run", "second_run", "unready_run"])
def test_the_first_page_is_a_page(kind: str, request: pytest.FixtureRequest) -> None:
    results = results_of(request.getfixturevalue(kind))
    text = write_document(results, "executive_summary", None)
    assert len(re.findall(r"\w[^\s]*", text)) <= 300
    assert "data:image" not in text


def test_the_first_screen_is_the_decision(second: Results) -> None:
    text = write_document(second, "executive_summary", None)
    first, gain = text.partition("## ")[0].strip().splitlines()
    pack = second.scenarios
    assert pack is not None
    plan = next(one for one in pack.scenarios if one.name == (pack.recommended or pack.candidate))
    assert "Dana Okafor" in first and plan.title.lower() in first.lower()
    assert re.search(r"(safe to act on|needs review|do not infer)\*\*$", first), first
    assert "(90\N{NO-BREAK SPACE}%)" in gain and "Bad case, one in ten" in gain
    assert "Still to sign" in text.partition("## Release")[2]
    assert "Approved" not in text  # nobody has signed yet


def test_the_next_test_is_one_that_can_find_what_the_model_gives(
    second: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    widest = max(second.leading.channels, key=lambda row: row.contribution.width)
    for detected, said in (
        (widest.share.median * 0.9, f"of {second.channel(widest.channel)} over 4 weeks finds"),
        (1.0, "too coarse for any channel"),
    ):
        monkeypatch.setattr(Yardstick, "detects", lambda self, weeks, share=detected: share)
        (test,) = next_test(second, second.leading)
        assert said in test.text
        assert f"{format_number(detected, 'share')} of the outcome" in test.text


def test_the_summary_has_no_jargon(second: Results) -> None:
    text = write_document(second, "executive_summary", None)
    own = re.sub(r"data:image[^)]*", "", text)
    assert [word for word in JARGON if re.search(rf"\b{word}\b", own)] == []


def test_summary_tables_have_seven_columns_at_most(any_results: Results) -> None:
    for form in formats()["briefing"]:
        for block in section("briefing", form.name)(any_results):
            if isinstance(block, Table):
                assert len(block.columns) <= 7


def test_a_first_refresh_says_that_it_is_one(first_run: Run) -> None:
    results = results_of(first_run)
    for document in ("executive_summary", "change_log"):
        assert "This is the first refresh" in write_document(results, document, None)


def test_what_was_not_ready_says_why_and_what_instead(unready_run: Run) -> None:
    text = write_document(results_of(unready_run), "health_panel", None)
    verdict = text.partition("## What to do instead of a model")[0].lower()
    assert verdict.count("the data is not ready for a model") == 1
    assert "## What to do instead of a model" in text
    assert "pause test" in text
    assert "## Actual against fitted" not in text


def test_who_it_serves_and_what_not_to_infer_is_repeated(any_results: Results) -> None:
    text = write_document(any_results, "briefing", None)
    assert "This pack serves growth" in text
    assert "It may not be used to" in text


@pytest.mark.parametrize(("rhat", "foreseen"), [(1.0, True), (1.3, False)])
def test_no_forecast_is_shown_of_a_fit_that_did_not_converge(
    first_run: Run, tmp_path: Path, rhat: float, foreseen: bool
) -> None:
    """The checks do not score such a fit, so the figure beside them may not either."""
    shutil.copytree(first_run.path, tmp_path / first_run.path.name)
    run = Run(tmp_path / first_run.path.name)
    name = "models/revenue.pooled/holdout.nc"
    run.save_dataset(name, run.load_dataset(name).assign_attrs(largest_rhat=rhat))
    picture = next(iter(health_panel.fit(results_of(run))))
    assert isinstance(picture, Picture)
    assert ("The model of revenue foresaw" in picture.alt) is foreseen


def test_passed_checks_are_folded_and_counted(second: Results) -> None:
    (folded,) = health_panel.passed(second)
    assert isinstance(folded, Folded)
    (table,) = folded.blocks
    assert isinstance(table, Table)
    assert folded.title == f"{len(table.rows)} checks passed"


def test_more_than_seven_channels_are_listed_under_the_figure(tmp_path: Path) -> None:
    channels = {f"c{n}": {"label": f"Channel {n}", "spend": f"c{n}_s"} for n in range(9)}
    revenue = {"label": "Revenue", "kind": "revenue", "column": "revenue"}
    run = make_fake_run(
        tmp_path, channels=channels, key_questions=[], outcomes={"revenue": revenue}
    )
    blocks = list(contribution_roi.over_time(results_of(run)))
    (table,) = [block for block in blocks if isinstance(block, Table)]
    assert {row[0] for row in table.rows} == {"Channel 7", "Channel 8"}
    assert len([b for b in contribution_roi.curves(results_of(run)) if isinstance(b, Picture)]) == 1


def test_plans_without_a_recommendation_say_so(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None
    bare = pack.model_copy(update={"recommended": None, "candidate": None})
    results = Results(second.run, second.params)
    results.__dict__["scenarios"] = ScenarioPack.model_validate(bare.model_dump())
    text = write_document(results, "scenario_pack", None)
    assert "No recommendation." in text


def test_questions_of_one_text_are_answered_once(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None
    first, other = second.params.key_questions[:2]
    asked = (first, other.model_copy(update={"question": first.question}))
    answers = tuple(one.model_copy(update={"question": first.question}) for one in pack.answers[:2])
    results = Results(second.run, second.params.model_copy(update={"key_questions": asked}))
    results.__dict__["scenarios"] = pack.model_copy(update={"answers": answers})
    (told,) = briefing.questions(results)
    assert isinstance(told, Bullets)
    for item, one in zip(told.items, answers, strict=True):
        assert item.text.startswith(one.text)


def test_a_change_of_little_money_is_shown(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None
    lines = [
        PlanLine(channel="search", spend_before=1.2, spend_after=0.75, extrapolated=False),
        PlanLine(channel="social", spend_before=1.2, spend_after=1.2 + 1e-9, extrapolated=False),
    ]
    plan = pack.scenarios[1].model_copy(update={"plan": tuple(lines)})
    table = changed_plan_table(second.params, plan)
    ((channel, *_, change, _seen),) = table.rows
    assert (channel, str(change)) == ("Search", "\N{MINUS SIGN}USD\N{NO-BREAK SPACE}0.45")


def test_a_changed_format_is_told(second: Results, first_run: Run) -> None:
    same = write_document(second, "change_log", None)
    assert f"The documents follow format {format_version()}." in same
    assert (
        "## Format of this pack" not in same
    )  # a page of its own for a sentence that says nothing
    manifest = first_run.manifest
    first_run.write_manifest(manifest.model_copy(update={"report_format": 0}))
    try:
        told = write_document(second, "change_log", None)
    finally:
        first_run.write_manifest(manifest)
    assert f"follow format {format_version()}; the last refresh followed format 0" in told


def test_one_is_not_told_as_many(second: Results) -> None:
    gates, compared = second.gates, second.comparison
    assert gates is not None and compared is not None
    entry = next(e for e in gates.entries if e.finding.status is Status.FLAG)
    flag = entry.finding.model_copy(update={"limit": 1.0, "unit": "channels"})
    assert str(limit_of(flag)) == "1\N{NO-BREAK SPACE}channel"
    assert str(limit_of(flag.model_copy(update={"limit": 2.0}))) == "2\N{NO-BREAK SPACE}channels"
    levels = [Level.BLOCK, Level.WARN, Level.INFO]
    bad = [entry.model_copy(update={"finding": flag, "level": level}) for level in levels]
    results = Results(second.run, second.params)
    results.__dict__["gates"] = gates.model_copy(update={"entries": tuple(bad)})
    first = next(iter(briefing.confidence(results)))
    assert isinstance(first, Bullets)
    assert "1 warning, 1 that blocks, 1 that only informs." in first.items[0].text
    moved = compared.movements[0].model_copy(update={"beyond_noise": True, "quantity": "roi"})
    calm = moved.model_copy(update={"beyond_noise": False, "model": "signups.pooled"})
    many = briefing.MOST + 1
    results.__dict__["comparison"] = compared.model_copy(
        update={"movements": (*(moved for _ in range(many)), calm), "details": ()}
    )
    (_, told) = briefing.what_changed(results)
    assert isinstance(told, Bullets)
    assert "The change log has 1 more." in [item.text for item in told.items]
    last = list(change_log.movements(results))[-1]
    assert isinstance(last, Prose)
    assert last.text.startswith("1 number of the other outcomes moved within")
    assert last.text.endswith("the workbook of tables has it.")


def test_a_warning_of_the_model_is_not_told_as_no_caveat(second: Results) -> None:
    gates = second.gates
    assert gates is not None
    health = next(e for e in gates.entries if e.finding.check.startswith("health"))
    flag = health.finding.model_copy(update={"status": Status.FLAG, "level": Level.WARN})
    outcomes = {n: o.model_copy(update={"bias": ""}) for n, o in second.params.outcomes.items()}
    results = Results(second.run, second.params.model_copy(update={"outcomes": outcomes}))
    bad = health.model_copy(update={"finding": flag, "level": Level.WARN})
    results.__dict__["gates"] = gates.model_copy(update={"entries": (bad,)})
    (said,) = change_log.caveats(results)
    assert isinstance(said, Bullets)
    assert flag.message in said.items[0].text
    results.__dict__["gates"] = gates.model_copy(update={"entries": ()})
    (none,) = change_log.caveats(results)
    assert isinstance(none, Prose) and none.text.startswith("None beyond")


def test_a_plan_shows_what_was_spent_lately_beside_its_baseline(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None and pack.baseline is not None
    plan = next(one for one in pack.scenarios if one.kind == "increase")
    table = changed_plan_table(second.params, plan)
    assert [column.head for column in table.columns[1:3]] == ["Spent lately", "Baseline"]
    text = write_document(second, "scenario_pack", None)
    assert f"Plans are compared with {pack.baseline.name}" in text
    assert "today" not in text.lower()
