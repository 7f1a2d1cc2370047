"""What many tests share: one real, small, finished refresh."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from mmmlib.notebook_files import skip_iri_grammar
from mmmlib.runs import Run
from tests.small import mmm, write_workbook

skip_iri_grammar()  # before any test imports nbformat

# Benchmarks are scripts in a folder that is no package; tests take their simulated worlds.
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

# How fast a machine is says nothing of whether a property holds.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

REFRESHES = {
    Path(__file__).parent / name
    for name in (
        "cli/test_refresh.py",
        "cli/test_runs.py",
        "runner/test_pipeline.py",
        "runner/test_resume.py",
        "test_nbval.py",
        "workbench/test_fits.py",
    )
}
"""Files whose tests share one small refresh, or make their own: the longest part of all."""
MEANWHILE = {
    Path(__file__).parent / name
    for name in ("test_wheel.py", "model/test_likelihoods.py", "model/test_calibration.py")
}
"""What other workers do while the shared refresh is made, and they would wait for it."""


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: a fifth of a run is waiting for a process or a lock."""
    return min(os.cpu_count() or 1, 8) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each file to one worker, so that its fixtures are made once, the long ones first."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(
        key=lambda item: (
            item.path not in REFRESHES,
            item.path not in MEANWHILE,
            item.path not in slow,
        )
    )
    for item in items:
        name = "refreshes" if item.path in REFRESHES else item.path.as_posix()
        item.add_marker(pytest.mark.xdist_group(name))


def pytest_collection_finish() -> None:
    """What is imported stays: no search for garbage looks through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def once_for_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers share; who fills it holds a lock meanwhile."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "once"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def small_workbook(once_for_all: Path) -> Path:
    """Parameter file of a small workbook on disk, with a lift test."""
    test = {
        "channel": "search",
        "outcome": "revenue",
        "start": "2025-03-03",
        "end": "2025-03-30",
        "spend_change_share": 0.5,
        "incremental_outcome": 20_000,
        "standard_error": 8_000,
    }
    folder = once_for_all / "workbook"
    with FileLock(once_for_all / "workbook.lock"):
        if not (folder / "small.yaml").exists():
            shutil.rmtree(folder, ignore_errors=True)
            write_workbook(folder, lift_tests={"search_spring": test})
    return folder / "small.yaml"


@pytest.fixture(scope="session")
def small_run(small_workbook: Path, once_for_all: Path) -> Run:
    """A refresh that ran through papermill, few draws. Treat it as read-only."""
    known = once_for_all / "run.txt"
    with FileLock(once_for_all / "run.lock"):
        if not known.exists():
            answer = mmm("refresh", small_workbook, "--runs", once_for_all / "runs")
            assert answer.returncode == 0, answer.stderr
            known.write_text(answer.stdout.splitlines()[-1])
    return Run(Path(known.read_text()), exploring=True)
