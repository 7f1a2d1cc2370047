"""Commands of a beginning: a parameter file, simulated data, what this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small import mmm, write_workbook


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return write_workbook(tmp_path / "workbook")


def test_new_writes_the_next_period(workbook: Path) -> None:
    answer = mmm("new", "next", "--from", workbook)
    assert answer.returncode == 0, answer.stderr
    written = Path(answer.stdout.strip())
    assert "2026-Q2" in written.read_text()
    assert mmm("new", "next", "--from", workbook).returncode == 1


def test_simulate_writes_vintages(tmp_path: Path) -> None:
    answer = mmm("simulate", tmp_path / "out", "--vintages", "1", "--seed", "3")
    assert answer.returncode == 0, answer.stderr
    folder = Path(answer.stdout.strip())
    assert {"ads.csv", "crm.parquet", "truth.nc"} <= {path.name for path in folder.iterdir()}
