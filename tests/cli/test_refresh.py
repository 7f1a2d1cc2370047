"""`mmm refresh` and `mmm check`: what they say of bad input, and that it costs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.runs import Run
from tests.small import mmm, write_workbook


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return write_workbook(tmp_path / "workbook")


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_check_says_that_all_is_in_order(workbook: Path) -> None:
    before = tree(workbook.parent)
    answer = mmm("check", workbook)
    assert answer.returncode == 0, answer.stderr
    assert "parameters, policy and roles are in order" in answer.stdout
    assert tree(workbook.parent) == before


def test_check_names_a_key_by_its_name_of_today(tmp_path: Path) -> None:
    workbook = write_workbook(tmp_path / "workbook")
    text = workbook.read_text().replace("  sources:\n", "  settle: {weeks: 0}\n  sources:\n")
    workbook.write_text(text)
    answer = mmm("check", workbook)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.startswith(f"mmm: {workbook}: line ")
    assert "the key data.settle is called 'settling' today" in answer.stderr
    assert "FutureWarning" not in answer.stderr


def test_check_tells_all_files_at_once(workbook: Path) -> None:
    (workbook.parent / "governance" / "policy.yaml").write_text("version: '1'\nrules: 7\n")
    (workbook.parent / "data" / "media.csv").unlink()
    answer = mmm("check", workbook)
    assert answer.returncode == 1
    assert "policy.yaml" in answer.stderr
    assert "media.csv" in answer.stderr


def test_check_finds_what_would_stop_the_fit(tmp_path: Path) -> None:
    search = {"spend": "search_spend", "prior": {"roi": {"low": 15, "high": 19}}}
    channels = {"search": search, "social": {"spend": "social_spend"}}
    workbook = write_workbook(tmp_path / "one", channels=channels, health={"max_plausible_roi": 20})
    answer = mmm("check", workbook)
    assert answer.returncode == 1
    assert "Even at the low ends of their priors the channels together would" in answer.stderr
    assert "search alone would cause" in answer.stderr


def break_parameters(workbook: Path) -> str:
    workbook.write_text(workbook.read_text().replace("chains: 2", "chians: 2"))
    return "chians"


def break_duplicate_key(workbook: Path) -> str:
    workbook.write_text(workbook.read_text() + "title: Again\n")
    return "title"


def break_policy(workbook: Path) -> str:
    (workbook.parent / "governance" / "policy.yaml").unlink()
    return "policy.yaml"


@pytest.mark.parametrize("spoil", [break_parameters, break_duplicate_key, break_policy])
def test_wrong_parameters_leave_no_run(workbook: Path, tmp_path: Path, spoil: object) -> None:
    word = spoil(workbook)  # type: ignore[operator]
    before = tree(tmp_path)
    answer = mmm("refresh", workbook, "--runs", tmp_path / "runs")
    assert answer.returncode == 1
    assert word in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""
    assert tree(tmp_path) == before


def test_wrong_data_changes_nothing_but_the_record_of_the_run(
    workbook: Path, tmp_path: Path
) -> None:
    data = workbook.parent / "data" / "media.csv"
    lines = data.read_text().splitlines()
    cells = lines[5].split(",")
    cells[-3] = "many"
    lines[5] = ",".join(cells)
    data.write_text("\n".join(lines) + "\n")
    before = tree(workbook.parent)
    answer = mmm("refresh", workbook, "--runs", tmp_path / "runs")
    assert answer.returncode == 1
    assert "media.csv (source media" in answer.stderr
    assert "row 6, column" in answer.stderr
    assert "'many'" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert tree(workbook.parent) == before
    run = Run(Path(answer.stdout.splitlines()[-1]))
    assert run.manifest.status == "failed"
    assert [r.name for r in run.manifest.steps if r.status == "failed"] == ["data"]
    kept = {name.split("/")[0] for name in tree(run.path)}
    assert kept <= {
        "manifest.json",
        "params.json",
        "params.yaml",
        "policy.yaml",
        "roles.yaml",
        "logs",
        ".lock",
    }


def test_a_failed_notebook_is_named_and_its_copy_kept(workbook: Path, tmp_path: Path) -> None:
    """Priors that the data rules out: the step that fits says so, and the run can be resumed."""
    answer = mmm(
        "refresh", workbook, "--runs", tmp_path / "runs", "--set", "model.max_media_share=0.001"
    )
    assert answer.returncode == 1
    run = Run(Path(answer.stdout.splitlines()[-1]))
    assert f"{run.name}, step model_fit: revenue.pooled cannot be fitted" in answer.stderr
    copy = run.path / "notebooks" / "02_model_fit.ipynb"
    assert "Even at the low ends of their priors" in copy.read_text(encoding="utf-8")
    states = {record.name: record.status for record in run.manifest.steps}
    assert states["readiness"] == "done"
    assert states["model_fit"] == "failed"
    assert states["health"] == "pending"
