"""Every notebook runs alone, as a person opens it: no parameter given, on the newest run."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from mmmlib.runs import Run, sha256_file
from tests.small import ROOT
from tests.test_notebooks import NOTEBOOKS

pytestmark = pytest.mark.slow

# Plain pytest: warnings of Jupyter's client are not ours to judge.
PYTEST = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(ROOT), "-q"]
PYTEST += ["-p", "no:cacheprovider", "-p", "no:xdist", "--nbval-lax"]


def record(run: Run) -> dict[str, str]:
    """Hash all that is the run's record: everything but what was explored later."""
    return {
        str(path.relative_to(run.path)): sha256_file(path)
        for path in sorted(run.path.rglob("*"))
        if path.is_file() and "explore" not in path.parts
    }


def test_notebooks_run_on_the_newest_run_and_leave_its_record(small_run: Run) -> None:
    before = record(small_run)
    answer = subprocess.run(
        [*PYTEST, *map(str, NOTEBOOKS)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"MMM_RUNS": str(small_run.runs_dir)},
    )
    assert answer.returncode == 0, answer.stdout[-4000:]
    passed = re.search(r"(\d+) passed", answer.stdout)
    assert passed is not None
    assert int(passed[1]) > 5 * len(NOTEBOOKS)
    assert record(small_run) == before
    saved = {path.name for path in (small_run.path / "explore").rglob("*.json")}
    assert {"readiness.json", "refresh.json", "scenarios.json", "gates.json"} <= saved


def test_no_notebook_wrote_beside_itself() -> None:
    for folder in ("notebooks", "reports"):
        assert not list((ROOT / folder).glob("figures"))
        assert not list((ROOT / folder).glob("*.json"))
