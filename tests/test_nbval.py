"""Every notebook runs alone, as a person opens it: no parameter given, on the newest run.

The report notebooks, which a kernel of their own runs in every refresh, are run in this process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmmlib.runs import Run, sha256_file
from tests.small import ROOT
from tests.test_notebooks import NOTEBOOKS, code

pytestmark = pytest.mark.slow

ANALYST = [path for path in NOTEBOOKS if path.parent.name == "notebooks"]
REPORTS = [path for path in NOTEBOOKS if path.parent.name == "reports"]
# Plain pytest: warnings of Jupyter's client are not ours to judge.
PLAIN = "from mmmlib.notebook_files import skip_iri_grammar as skip; skip(); import pytest; "
PYTEST = [sys.executable, "-c", PLAIN + "raise SystemExit(pytest.main())"]
PYTEST += ["-c", os.devnull, "--rootdir", str(ROOT), "-q"]
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
        [*PYTEST, *map(str, ANALYST)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"MMM_RUNS": str(small_run.runs_dir)},
    )
    assert answer.returncode == 0, answer.stdout[-4000:]
    passed = re.search(r"(\d+) passed", answer.stdout)
    assert passed is not None
    assert int(passed[1]) > 5 * len(ANALYST)
    assert record(small_run) == before
    saved = {path.name for path in (small_run.path / "explore").rglob("*.json")}
    assert {"readiness.json", "refresh.json", "scenarios.json", "gates.json"} <= saved


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_report_notebooks_run_where_they_are_opened(
    small_run: Run,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MMM_RUNS", str(small_run.runs_dir))
    before = record(small_run)
    space: dict[str, object] = {}
    for tree in code(path):
        exec(compile(tree, path.name, "exec"), space)
    assert "text/markdown" in capsys.readouterr().out
    assert record(small_run) == before


def test_no_notebook_wrote_beside_itself() -> None:
    for folder in ("notebooks", "reports"):
        assert not list((ROOT / folder).glob("figures"))
        assert not list((ROOT / folder).glob("*.json"))
