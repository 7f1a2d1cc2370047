"""What many tests share: one real, small, finished refresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.runs import Run
from tests.small import mmm, write_workbook


@pytest.fixture(scope="session")
def small_workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parameter file of a small workbook on disk."""
    return write_workbook(tmp_path_factory.mktemp("small") / "workbook")


@pytest.fixture(scope="session")
def small_run(small_workbook: Path) -> Run:
    """A refresh that ran through papermill, few draws. Treat it as read-only."""
    runs = small_workbook.parent / "runs"
    answer = mmm("refresh", small_workbook, "--runs", runs)
    assert answer.returncode == 0, answer.stderr
    return Run(Path(answer.stdout.splitlines()[-1]), exploring=True)
