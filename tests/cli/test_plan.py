"""Commands that write and check a plan."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mmmlib.runs import Run
from tests.fakes import CHANNELS
from tests.small import mmm


@pytest.mark.parametrize("name", ["plan.csv", "plan.xlsx"])
def test_a_template_is_filled_with_the_baseline_and_in_order(
    small_run: Run, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    answer = mmm("plan", "template", file, "--runs", small_run.runs_dir)
    assert answer.returncode == 0, answer.stderr
    read = pd.read_csv if file.suffix == ".csv" else pd.read_excel
    frame = read(file)
    assert len(frame) == 13 * len(CHANNELS)
    assert (frame["spend"] > 0).all()
    checked = mmm("plan", "check", file, "--runs", small_run.runs_dir)
    assert checked.returncode == 0, checked.stderr
    assert "in order" in checked.stdout
    assert mmm("plan", "template", file, "--runs", small_run.runs_dir).returncode == 1


def test_a_plan_that_is_wrong_says_where(small_run: Run, tmp_path: Path) -> None:
    file = tmp_path / "plan.csv"
    mmm("plan", "template", file, "--runs", small_run.runs_dir, "--skip", "1")
    answer = mmm("plan", "check", file, "--runs", small_run.runs_dir)
    assert answer.returncode == 1
    assert "channel search, region national: found no 2025-12-29" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_another_format_is_refused(small_run: Run, tmp_path: Path) -> None:
    answer = mmm("plan", "template", tmp_path / "plan.pdf", "--runs", small_run.runs_dir)
    assert answer.returncode == 1
    assert "ends in .csv or .xlsx" in answer.stderr
