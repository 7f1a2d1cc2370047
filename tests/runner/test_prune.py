"""What may go from a folder of runs, and what may not."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from mmmlib.governance.store import open_store
from mmmlib.runner.prune import removable, remove
from mmmlib.runs import Run, write_atomic
from mmmlib.verify import altered_files
from tests.fake_run import finish, make_fake_run

LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished run, made once."""
    folder = tmp_path_factory.mktemp("runs")
    finish(make_fake_run(folder))
    return folder


@pytest.fixture
def runs(made: Path, tmp_path: Path) -> Path:
    """Three runs of one workbook, an older one, its child, and a newer one."""
    run = next(made.glob("*/manifest.json")).parent
    for number, (name, parent) in enumerate((("old", None), ("child", "old"), ("newest", None))):
        shutil.copytree(run, tmp_path / name)
        one = Run(tmp_path / name)
        created = dt.datetime(2026, 1 + number, 1, tzinfo=dt.UTC)
        update = {"run": name, "parent": parent, "created": created}
        one.write_manifest(one.manifest.model_copy(update=update))
    return tmp_path


def names(folder: Path, days: int = 90) -> list[str]:
    return [one.run.name for one in removable(folder, days, LATER)]


def test_parents_and_the_newest_stay(runs: Path) -> None:
    assert names(runs) == ["child"]
    assert names(runs, days=400) == []


def test_what_the_store_names_stays(runs: Path) -> None:
    with open_store(runs) as store:
        store.append("decision", "D-1", lambda _: {"run": "child"})
    assert names(runs) == []


def test_a_run_at_work_stays(runs: Path) -> None:
    run = Run(runs / "child")
    run.write_manifest(run.manifest.model_copy(update={"status": "running"}))
    assert names(runs) == []


def test_trials_go_and_their_run_is_as_it_was(runs: Path) -> None:
    run = Run(runs / "newest")
    trial = run.path / "explore" / "tight"
    shutil.copytree(run.path, trial, ignore=shutil.ignore_patterns("explore"))
    write_atomic(trial / "trial.json", b"{}")
    before = altered_files(run)
    found = removable(runs, 0, LATER)
    assert [one.run.name for one in found] == ["child", "newest/explore/tight"]
    assert found[1].what == "a saved trial"
    for one in found:
        assert one.size > 1000
        remove(one)
    assert not trial.exists()
    assert not (runs / "child").exists()
    assert altered_files(run) == before
    assert not list(runs.rglob(".gone-*"))
