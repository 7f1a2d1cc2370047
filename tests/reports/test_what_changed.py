"""Where nothing can be compared, no text says that nothing changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mmmlib.findings import not_run
from mmmlib.governance.agenda import _changes
from mmmlib.refresh.comparison import Comparison, LiftChange
from mmmlib.reports.blocks import Block, Bullets, Prose
from mmmlib.reports.results import Results
from mmmlib.reports.sections import briefing, change_log
from mmmlib.reports.words.statements import change_statement, compared_sentence
from mmmlib.runner.lifecycle import new_run
from tests.fakes import fake_params

GONE = "The last refresh, fake-2026-Q1-0, cannot be read, so it is not known what changed."
UNREAD = Comparison(
    parent="fake-2026-Q1-0",
    reason=GONE,
    findings=(not_run("refresh.parent", "workbook", "It is gone."),),
)
NOT_ALIKE = Comparison(parent="fake-2026-Q1-0", weeks=104)
"""Read, but in another currency: no movement can be told."""
TESTED = NOT_ALIKE.model_copy(
    update={
        "lift_changes": (
            LiftChange(
                test="spring", model="revenue.pooled", channel="tv", kind="removed", what="x"
            ),
        )
    }
)


def results(folder: Path, comparison: Comparison) -> Results:
    run = new_run(folder, "fake", "2026-Q2", params="p", seed=1, parent=comparison.parent)
    run.save_json("refresh.json", comparison)
    return Results(run, fake_params())


def texts(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Bullets):
            yield from (f"{item.lead} {item.text}".strip() for item in block.items)
        elif isinstance(block, Prose):
            yield f"{block.lead} {block.text}".strip()


def test_what_is_unlike_an_official_refresh_is_told(tmp_path: Path) -> None:
    found = results(tmp_path, NOT_ALIKE)
    assert not [text for text in texts(change_log.code(found)) if "changed" in text]
    manifest = found.run.manifest
    manifest.trial, manifest.notebooks = ["model.trend_knots"], {"03_health": "1 cell added"}
    manifest.parent_reason = "It was asked for by name."
    found.run.write_manifest(manifest)
    told = " ".join(texts(change_log.code(found)))
    assert "Notebooks that were changed. 03_health (1 cell added)." in told
    assert "This refresh is a trial. model.trend_knots" in told
    assert "It was asked for by name." in " ".join(texts(change_log.summary(found)))


def test_a_parent_that_cannot_be_read_is_no_sign_of_calm(tmp_path: Path) -> None:
    found = results(tmp_path, UNREAD)
    assert list(texts(change_log.summary(found))) == [GONE]
    assert list(texts(briefing.what_changed(found))) == [GONE]
    assert change_statement(found, UNREAD).text == GONE
    assert list(change_log.data(found)) == list(change_log.configuration(found)) == []
    assert [text for text in texts(change_log.code(found)) if "same" in text] == []
    assert _changes(UNREAD, found.params) == (GONE,)
    assert compared_sentence(UNREAD) == GONE


def test_returns_that_cannot_be_compared_are_not_counted(tmp_path: Path) -> None:
    found = results(tmp_path, NOT_ALIKE)
    for section in (change_log.summary, briefing.what_changed):
        told = " ".join(texts(section(found)))
        assert "can be compared; the health panel says why" in told
        assert "104" not in told
        assert "0 returns" not in told
    assert _changes(NOT_ALIKE, found.params)[0].startswith("No return can be compared")
    assert compared_sentence(NOT_ALIKE) == f"Compared with {NOT_ALIKE.parent}."


def test_a_lift_test_that_went_is_among_what_changed(tmp_path: Path) -> None:
    found = results(tmp_path, TESTED)
    assert "lift test came, went or changed" in " ".join(texts(briefing.what_changed(found)))
    assert "Model and software: lift test spring removed." in _changes(TESTED, found.params)
