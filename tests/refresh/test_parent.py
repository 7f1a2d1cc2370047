from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from mmmlib.errors import InputError, RunError
from mmmlib.refresh.parent import FIRST, choose_parent
from mmmlib.runs import Manifest, Run
from mmmlib.verify import NOT_SEALED
from tests.fakes import fake_params
from tests.test_verify import unseal


def add_run(runs_dir: Path, name: str, day: int, **facts: Any) -> Run:
    (runs_dir / name / "artefacts").mkdir(parents=True)
    content: dict[str, Any] = {
        "run": name,
        "workbook": "fake",
        "period": "2026-Q1",
        "created": dt.datetime(2026, 1, day, tzinfo=dt.UTC),
        "status": "done",
        "verdict": "warn",
    }
    manifest = Manifest.model_validate(content | facts)
    (runs_dir / name / "manifest.json").write_bytes(manifest.sealed())
    return Run(runs_dir / name)


def asking(parent: str = "latest") -> Any:
    return fake_params(refresh={"period": "2026-Q2", "parent": parent})


def test_the_latest_is_the_newest_finished_run_that_was_not_blocked(tmp_path: Path) -> None:
    add_run(tmp_path, "fake-a", 1, verdict="info")
    add_run(tmp_path, "fake-b", 2)
    add_run(tmp_path, "fake-blocked", 3, verdict="block")
    add_run(tmp_path, "fake-cut-off", 4, status="failed")
    add_run(tmp_path, "fake-running", 5, status="running", verdict=None)
    add_run(tmp_path, "fake-no-gates", 6, verdict=None)
    add_run(tmp_path, "other-c", 7, workbook="other")
    assert choose_parent(tmp_path, asking()).parent == "fake-b"


def test_a_run_is_not_its_own_parent_nor_is_a_later_one(tmp_path: Path) -> None:
    first = add_run(tmp_path, "fake-a", 1)
    middle = add_run(tmp_path, "fake-b", 2)
    add_run(tmp_path, "fake-c", 3)
    created = middle.manifest.created
    assert choose_parent(tmp_path, asking(), "fake-b", created).parent == "fake-a"
    assert choose_parent(tmp_path, asking(), "fake-a", first.manifest.created).parent is None


def test_a_rerun_of_an_earlier_period_is_not_compared_with_a_later_one(tmp_path: Path) -> None:
    add_run(tmp_path, "fake-a", 1, period="2026-Q1")
    add_run(tmp_path, "fake-b", 2, period="2026-05")
    add_run(tmp_path, "fake-c", 3, period="2026-Q3")
    add_run(tmp_path, "fake-d", 4, period="2027-01")
    add_run(tmp_path, "fake-e", 5, period="2026-Q1")  # the quarter before, made again
    assert choose_parent(tmp_path, asking()).parent == "fake-b"


def test_a_repeat_has_the_parent_of_its_first_making_for_the_same_reason(tmp_path: Path) -> None:
    first = choose_parent(tmp_path, asking())
    assert (first.parent, first.reason) == (None, FIRST)
    add_run(tmp_path, "fake-twin", 1, period="2026-Q2")
    assert choose_parent(tmp_path, asking()) == first
    add_run(tmp_path, "fake-a", 2, period="2026-Q1")
    add_run(tmp_path, "fake-blocked", 3, period="2026-Q1", verdict="block")
    second = choose_parent(tmp_path, asking())
    assert second.parent == "fake-a"
    assert "newest refresh of an earlier period (2026-Q1) that passed" in second.reason
    assert "Passed over: fake-blocked did not pass its gates." in second.reason
    add_run(tmp_path, "fake-other-twin", 4, period="2026-Q2")
    assert choose_parent(tmp_path, asking()) == second


def test_a_trial_is_no_parent(tmp_path: Path) -> None:
    add_run(tmp_path, "fake-a", 1, trial=["model.trend_knots"])
    chosen = choose_parent(tmp_path, asking())
    assert chosen.parent is None
    assert "fake-a is a trial (model.trend_knots set on the command line)" in chosen.reason


def test_where_people_sign_the_parent_is_what_they_approved(tmp_path: Path) -> None:
    add_run(tmp_path, "demo-2025-Q3-00000001", 1, period="2025-Q3", verdict="block")
    add_run(tmp_path, "demo-2025-Q4-00000002", 2, period="2025-Q4")
    signed = choose_parent(tmp_path, asking(), approved=["demo-2025-Q3-00000001"])
    assert signed.parent == "demo-2025-Q3-00000001"  # what blocked was waived
    assert "that was approved" in signed.reason
    assert "demo-2025-Q4-00000002 was not approved" in signed.reason
    assert choose_parent(tmp_path, asking(), approved=[]).parent is None
    assert choose_parent(tmp_path, asking(), approved=None).parent == "demo-2025-Q4-00000002"


def test_nor_is_one_that_looks_at_an_earlier_day(tmp_path: Path) -> None:
    for name, created, day in (
        ("fake-a", 1, dt.date(2026, 4, 2)),
        ("fake-b", 2, dt.date(2026, 5, 2)),
    ):
        run = add_run(tmp_path, name, created)
        refresh = {"period": "2026-Q1", "as_of": day}
        (run.path / "params.json").write_text(fake_params(refresh=refresh).model_dump_json())
    add_run(tmp_path, "fake-c", 9)  # says no day, so it is the one on which it was made
    for day, parent in (("2026-05-02", "fake-c"), ("2026-01-08", None), ("2026-04-20", "fake-c")):
        looking = fake_params(refresh={"period": "2026-Q2", "as_of": day})
        assert choose_parent(tmp_path, looking).parent == parent
    again = fake_params(refresh={"period": "2026-Q2", "as_of": "2026-04-20"})
    early = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    assert choose_parent(tmp_path, again, created=early).parent == "fake-a"


def test_no_run_or_none_asked_gives_no_parent(tmp_path: Path) -> None:
    assert choose_parent(tmp_path / "nowhere", asking()).parent is None
    add_run(tmp_path, "fake-a", 1)
    assert choose_parent(tmp_path, asking("none")).parent is None


def test_a_run_asked_for_by_name_is_taken_even_if_it_was_blocked(tmp_path: Path) -> None:
    add_run(tmp_path, "fake-a", 1, verdict="block")
    add_run(tmp_path, "fake-b", 2)
    assert choose_parent(tmp_path, asking("fake-a")).parent == "fake-a"


@pytest.mark.parametrize("name", ["fake-z", "other-a", "fake-self", "../elsewhere", "fake-half"])
def test_a_name_that_will_not_do_is_an_error_that_names_the_place(
    tmp_path: Path, name: str
) -> None:
    add_run(tmp_path, "fake-a", 1)
    add_run(tmp_path, "other-a", 1, workbook="other")
    add_run(tmp_path, "fake-self", 2)
    add_run(tmp_path, "fake-half", 2, status="failed")
    with pytest.raises(InputError, match=r"refresh\.parent: found '") as caught:
        choose_parent(tmp_path, asking(name), "fake-self")
    assert name in str(caught.value)


@pytest.mark.parametrize("asked", ["latest", "fake-b"])
@pytest.mark.parametrize("verdict", ["info", "block"])
def test_an_altered_run_is_no_parent(tmp_path: Path, asked: str, verdict: str) -> None:
    """Nor does an older one take its place without a word."""
    add_run(tmp_path, "fake-a", 1)
    run = add_run(tmp_path, "fake-b", 2)
    path = run.path / "manifest.json"
    path.write_text(path.read_text().replace('"warn"', f'"{verdict}"'))
    with pytest.raises(RunError, match=r"fake-b: .* manifest\.json is altered\. .*refresh\.parent"):
        choose_parent(tmp_path, asking(asked))


def test_a_run_from_before_seals_is_a_parent_and_told_as_such(tmp_path: Path) -> None:
    run = add_run(tmp_path, "fake-a", 1)
    unseal(run)
    chosen = choose_parent(tmp_path, asking("latest"))
    assert chosen.parent == "fake-a"
    assert chosen.reason.endswith(NOT_SEALED)


def test_a_damaged_manifest_is_one_clear_error(tmp_path: Path) -> None:
    add_run(tmp_path, "fake-a", 1)
    (tmp_path / "fake-a" / "manifest.json").write_text("{")
    with pytest.raises(RunError, match=r"fake-a/manifest\.json: not the manifest of a run"):
        choose_parent(tmp_path, asking())
