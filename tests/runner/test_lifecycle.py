"""A run begins whole, is held by one process, and is found again."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmmlib.errors import InputError, RunError
from mmmlib.findings import FindingList
from mmmlib.params.load import read_params
from mmmlib.provenance import LIBRARY, code_version, library_hash, package_versions
from mmmlib.runner.lifecycle import (
    RUN_NAME,
    begin_run,
    bring_up_to_date,
    check_run_name,
    locked,
    new_run,
    unfinished_run,
)
from mmmlib.runner.steps import STEPS, key_of
from mmmlib.runs import RECORD_ENV, Run, open_run
from tests.small import write_workbook


def begin(runs: Path, params: str = "p", period: str = "2026-Q1") -> Run:
    return new_run(runs, "demo", period, params=params, seed=7)


def test_each_refresh_has_its_own_folder(tmp_path: Path) -> None:
    first, second = begin(tmp_path), begin(tmp_path)
    assert first.name != second.name
    assert RUN_NAME.match(first.name)
    assert first.path == tmp_path / first.name


def test_manifest_says_what_the_run_is_made_with(tmp_path: Path) -> None:
    manifest = begin(tmp_path).manifest
    assert manifest.status == "running"
    assert manifest.seed == 7
    assert manifest.library == library_hash()
    assert len(manifest.library) == 64
    assert {"pymc", "nutpie", "pandas"} <= set(manifest.packages)
    assert manifest.code_version.startswith("0.1.0")


def test_a_run_that_cannot_begin_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        new_run(tmp_path, "demo", "2026-Q1", params="p", seed=1, fill=fill)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../demo-2026-Q1-0a1b2c3d", "a/b", "..", "", "demo-2026-Q1-0a1b2c3d/x", "demo"]
)
def test_a_run_id_has_no_path_parts(name: str) -> None:
    with pytest.raises(RunError, match="run id: found"):
        check_run_name(name)


def test_unfinished_run_is_the_newest_of_the_same_parameters(tmp_path: Path) -> None:
    begin(tmp_path)
    newest = begin(tmp_path)
    begin(tmp_path, params="other")
    begin(tmp_path, period="2026-Q2")
    found = unfinished_run(tmp_path, "demo", "2026-Q1", "p")
    assert found is not None
    assert found.name == newest.name
    assert not found.exploring


def test_finished_runs_are_not_taken_up(tmp_path: Path) -> None:
    run = begin(tmp_path)
    manifest = run.manifest
    manifest.status = "done"
    run.write_manifest(manifest)
    assert unfinished_run(tmp_path, "demo", "2026-Q1", "p") is None


def _hold(path: Path, held: object, let_go: object) -> None:
    with locked(Run(path)):
        held.set()  # type: ignore[attr-defined]
        let_go.wait(30)  # type: ignore[attr-defined]


def test_two_processes_do_not_write_one_run(tmp_path: Path) -> None:
    run = begin(tmp_path)
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(run.path, held, let_go))
    other.start()
    try:
        assert held.wait(30)
        with pytest.raises(RunError, match="another refresh is working on this run"), locked(run):
            pass
    finally:
        let_go.set()
        other.join()
    with locked(run):  # free again
        pass


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    run = begin(tmp_path)
    code = (
        "import os, sys; from pathlib import Path; from mmmlib.runner.lifecycle import locked;"
        "from mmmlib.runs import Run\n"
        f"with locked(Run(Path({str(run.path)!r}))): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with locked(run):
        pass


def test_compiled_files_do_not_change_the_hash_of_the_library() -> None:
    library_hash.cache_clear()
    before = library_hash()
    folder = LIBRARY / "__pycache__"
    folder.mkdir(exist_ok=True)
    file = folder / f"probe-{os.getpid()}.nbi"
    try:
        file.write_text("compiled")
        library_hash.cache_clear()
        assert library_hash() == before
    finally:
        file.unlink()


def test_version_is_the_one_of_the_package() -> None:
    version, dirty = code_version()
    assert version.split("+")[0] == "0.1.0"
    assert isinstance(dirty, bool)
    assert package_versions()["pydantic"][0].isdigit()


def test_only_a_notebook_of_the_refresh_itself_writes_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = begin(tmp_path), begin(tmp_path)
    monkeypatch.delenv(RECORD_ENV, raising=False)
    assert open_run(run.path).exploring
    monkeypatch.setenv(RECORD_ENV, str(run.path.resolve()))
    assert not open_run(run.path).exploring
    assert not open_run(run.name, tmp_path).exploring
    assert open_run(other.path).exploring
    run.write_manifest(run.manifest.model_copy(update={"status": "done"}))
    assert open_run(run.path).exploring


def test_an_artefact_that_is_not_whole_is_named(tmp_path: Path) -> None:
    run = begin(tmp_path)
    run.save_json("data.json", FindingList(findings=()))
    path = run.artefact("data.json")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(RunError, match=r"artefacts/data\.json cannot be read"):
        run.load_json("data.json", FindingList)


def test_a_notebook_opens_the_newest_run_that_is_finished(tmp_path: Path) -> None:
    """One that is at work meanwhile is left alone."""
    finished = begin(tmp_path)
    with pytest.raises(RunError, match=r"no finished run yet; the newest, .* is 'running'"):
        open_run(runs_dir=tmp_path)
    finished.write_manifest(finished.manifest.model_copy(update={"status": "done"}))
    at_work = begin(tmp_path)
    assert open_run(runs_dir=tmp_path).name == finished.name
    assert open_run(runs_dir=tmp_path, any_status=True).name == at_work.name


PLAN = """channel,region,week,spend
search,national,2025-12-29,100
"""


def test_a_run_keeps_the_files_of_its_plans_and_sees_them_change(tmp_path: Path) -> None:
    plans = {"board": {"label": "The board's plan", "file": "board.csv"}}
    file = write_workbook(tmp_path / "workbook", scenarios={"plans": plans})
    plan = file.parent / "board.csv"
    params = read_params(file)
    with pytest.raises(InputError, match=r"board\.csv: scenarios: found no such file"):
        begin_run(params, file, tmp_path / "runs", resume=False)
    plan.write_text(PLAN.replace("search", "serch"))
    with pytest.raises(InputError, match=r"board\.csv: row 2, column channel: found 'serch'"):
        begin_run(params, file, tmp_path / "runs", resume=False)
    plan.write_text(PLAN)
    run, _ = begin_run(params, file, tmp_path / "runs", resume=False)
    assert (run.path / "plans" / "plan_board.csv").read_text() == PLAN
    scenarios = next(step for step in STEPS if step.name == "scenarios")
    before = key_of(scenarios, run, params, {}, {})
    plan.write_text(PLAN.replace("100", "200"))
    bring_up_to_date(run, params, file)
    assert key_of(scenarios, run, params, {}, {}) != before
