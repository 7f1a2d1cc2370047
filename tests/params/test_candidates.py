"""Candidates are declared in the file, and refused with their place before anything is fitted."""

from __future__ import annotations

from pathlib import Path

from mmmlib.params.candidates import MOST
from mmmlib.params.load import change_params, read_params
from mmmlib.reports.style import CHANNEL_COLOURS
from tests.params.test_load import GOOD, faults, written


def declared(folder: Path, *lines: str, goal: str = "decision") -> Path:
    section = [f"candidates:\n  goal: {goal}\n  specifications:", *(f"    {one}" for one in lines)]
    return written(folder, GOOD.read_text(encoding="utf-8") + "\n" + "\n".join(section) + "\n")


def test_a_candidate_is_the_file_with_its_changes(tmp_path: Path) -> None:
    params = read_params(
        declared(
            tmp_path,
            "straight: {why: One line may do., change: {model.trend: linear, channels.tv.prior.roi.high: 2}}",
            "no_fair: {why: Nobody came., drop: [events.fair]}",
        )
    )
    assert params.candidates is not None
    assert params.candidates.goal == "decision"
    straight, no_fair = params.candidates.specifications.values()
    changed = change_params(params, straight.changes)
    assert (changed.model.trend, changed.channels["tv"].prior.roi.high) == ("linear", 2)  # type: ignore[union-attr]
    assert change_params(params, no_fair.changes).events == {}
    assert straight.changes[0].said == "change model.trend = linear"


def test_as_many_candidates_as_are_declared_fit_on_one_page_with_what_is_taken() -> None:
    assert len(CHANNEL_COLOURS) == MOST + 1


def test_what_is_wrong_with_candidates_is_told_at_once_with_their_names(tmp_path: Path) -> None:
    found = faults(
        declared(
            tmp_path,
            "straight: {why: It may do., change: {model.trend: lnear}}",
            "same: {why: To see., change: {model.draws: 1000}}",
            "gone: {why: It never ran., drop: [channels.radio]}",
        )
    )
    assert len(found) == 3
    assert "candidates.specifications.straight, " in found[0] and "'lnear'" in found[0]
    assert "candidates.specifications.same: found nothing that differs from the file" in found[1]
    assert "candidates.specifications.gone, " in found[2]


def test_a_candidate_says_why_and_stays_with_the_model(tmp_path: Path) -> None:
    found = faults(
        declared(
            tmp_path,
            "silent: {change: {model.trend: linear}}",
            "empty: {why: To see.}",
            "elsewhere: {why: To see., change: {data.gaps: zero}}",
            goal="best",
        )
    )
    text = "\n".join(found)
    assert "candidates.goal" in text
    assert "candidates.specifications.silent.why" in text
    assert "something to 'change' or to 'drop'" in text
    assert "'data.gaps'" in text
