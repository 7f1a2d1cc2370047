"""One real refresh through papermill: what it leaves, and what it says when it cannot."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import nbformat
import pytest
from ruamel.yaml import YAML

from mmmlib.errors import InputError, MMMError, RunError, StepError
from mmmlib.manifest import StepRecord
from mmmlib.params.load import params_of, read_params
from mmmlib.reports.format import format_version
from mmmlib.runner.lifecycle import begin_run, bring_up_to_date, locked, new_run
from mmmlib.runner.pipeline import Refresh, _fail, _finish, _record_code, run_refresh
from mmmlib.runner.progress import Watcher
from mmmlib.runner.steps import STEPS, Step, key_of, outputs_of, steps_of
from mmmlib.runs import Run, sha256_file
from tests.fakes import fake_params
from tests.small import mmm, write_workbook

WITHOUT = steps_of(fake_params())
"""The steps of a refresh for which no candidates are declared."""

# --- the steps as data ---------------------------------------------------------------


def test_every_step_comes_after_what_it_needs() -> None:
    seen: set[str] = set()
    for step in STEPS:
        assert set(step.needs) <= seen, step.name
        seen.add(step.name)
    assert len(seen) == len(STEPS)
    assert {step.name for step in STEPS} - {step.name for step in WITHOUT} == {"model_choice"}


def test_model_stands_for_every_model() -> None:
    params = read_params(Path("params/robyn_weekly.yaml"))
    step = Step("x", needs=(), outputs=("artefacts/models/{model}/effects.nc",))
    assert step.files(params) == [
        f"artefacts/models/{name}/effects.nc" for name in params.model_names
    ]


# --- the run that it leaves --------------------------------------------------------------


def test_every_step_is_done_and_timed(small_run: Run) -> None:
    manifest = small_run.manifest
    assert manifest.status == "done"
    assert manifest.verdict in ("info", "warn")
    assert [record.name for record in manifest.steps] == [step.name for step in WITHOUT]
    for record in manifest.steps:
        assert record.status == "done"
        assert record.seconds is not None
        assert record.key


def test_every_file_is_recorded_with_its_hash(small_run: Run) -> None:
    recorded = {
        name: sha for record in small_run.manifest.steps for name, sha in record.outputs.items()
    }
    for name, sha in recorded.items():
        assert sha256_file(small_run.path / name) == sha
    there = {
        str(path.relative_to(small_run.path))
        for folder in ("artefacts", "inputs", "notebooks", "pack")
        for path in (small_run.path / folder).rglob("*")
        if path.is_file()
    }
    assert there == set(recorded)


def test_pack_has_the_files_of_the_design(small_run: Run) -> None:
    assert {path.name for path in (small_run.path / "pack").iterdir()} == {
        "index.html",
        "executive_summary.html",
        "briefing.html",
        "contribution_roi.html",
        "scenario_pack.html",
        "health_panel.html",
        "change_log.html",
        "pack.pdf",
        "appendix.pdf",
        "tables.xlsx",
    }


def test_executed_copies_are_the_record(small_run: Run) -> None:
    for step in WITHOUT:
        if step.notebook:
            notebook = nbformat.read(small_run.path / step.executed, as_version=4)
            code = [cell for cell in notebook.cells if cell.cell_type == "code"]
            assert all(cell.execution_count for cell in code if cell.source.strip())
            assert any(str(small_run.path) in cell.source for cell in code)


def test_inputs_parameters_and_governance_are_kept(small_run: Run, small_workbook: Path) -> None:
    assert (small_run.path / "params.yaml").read_text() == small_workbook.read_text()
    assert params_of(small_run) == read_params(small_workbook)
    for name in ("policy.yaml", "roles.yaml"):
        beside = small_workbook.parent / "governance" / name
        assert (small_run.path / name).read_bytes() == beside.read_bytes()
    data = small_workbook.parent / "data" / "media.csv"
    assert small_run.manifest.inputs == {"media": sha256_file(data)}


def test_nothing_is_left_half_written(small_run: Run) -> None:
    names = [path.name for path in small_run.path.rglob("*")]
    assert not [name for name in names if "partial" in name or name.startswith(".new-")]
    assert not [path for path in small_run.runs_dir.iterdir() if path.name.startswith(".new-")]


# --- keys ----------------------------------------------------------------------------


@pytest.mark.parametrize("step", WITHOUT, ids=lambda step: step.name)
def test_key_of_a_step_is_what_the_run_recorded(small_run: Run, step: Step) -> None:
    """Keys can be made again: nothing in them depends on when or where they were made."""
    assert again(small_run, step) == record_of(small_run, step).key


def again(run: Run, step: Step, **changes: dict[str, str]) -> str:
    records = {record.name: record for record in run.manifest.steps}
    before = [records[name] for name in step.needs if name in records]
    needed = {path: sha for record in before for path, sha in record.outputs.items()}
    given = {"inputs": run.manifest.inputs, "outputs": needed} | changes
    return key_of(step, run, params_of(run), **given)


def record_of(run: Run, step: Step) -> object:
    (record,) = [record for record in run.manifest.steps if record.name == step.name]
    return record


def test_key_follows_inputs_and_outputs(small_run: Run) -> None:
    data, readiness, *_ = STEPS
    assert again(small_run, data, inputs={"media": "0"}) != again(small_run, data)
    changed = {"artefacts/panel.parquet/_index.json": "0"}
    assert again(small_run, readiness, outputs=changed) != again(small_run, readiness)


def test_outputs_names_what_is_missing(small_run: Run) -> None:
    step = Step("x", needs=(), outputs=("artefacts/none.json",))
    assert outputs_of(step, small_run, params_of(small_run)) == ({}, ["artefacts/none.json"])


# --- a refresh that ends otherwise -------------------------------------------------------


def test_a_broken_contract_stops_before_sampling_and_still_tells(tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "w")
    promise = {"columns": {"price": {"type": "number", "max": 1.0}}}
    _edit(file, promise)
    answer = mmm("refresh", file, "--runs", tmp_path / "runs")
    assert answer.returncode == 2
    run = Run(Path(answer.stdout.splitlines()[-1]))
    states = {record.name: record.status for record in run.manifest.steps}
    skipped = {name for name, status in states.items() if status == "skipped"}
    assert skipped == {step.name for step in WITHOUT if step.fitting}
    assert {"model_fit", "health", "refresh", "scenarios"} <= skipped
    assert run.manifest.status == "done"
    assert run.manifest.verdict == "block"
    page = (run.path / "pack" / "health_panel.html").read_text()
    assert "media.csv, row 26, column price" in page
    assert "ready for a model" in page
    assert "Data team" in page
    assert not (run.path / "artefacts" / "models").exists()
    assert "a gate blocks publication" in answer.stderr


def _edit(file: Path, contract: dict[str, object]) -> None:
    """Let the only source of a workbook promise something."""
    yaml = YAML()
    content = yaml.load(file.read_text())
    content["data"]["sources"]["media"]["contract"] = contract
    with file.open("w") as stream:
        yaml.dump(content, stream)


def test_a_step_that_leaves_nothing_fails(tmp_path: Path) -> None:
    """It ended without an error, and yet what it was to leave is not there."""
    run = new_run(tmp_path, "demo", "2026-Q1", params="p", seed=1)
    records = {step.name: StepRecord(name=step.name) for step in STEPS}
    work = Refresh(run, fake_params(), Watcher(), records)
    (step,) = [step for step in STEPS if step.name == "refresh"]
    future: Future[float] = Future()
    future.set_result(0.1)
    with pytest.raises(StepError, match=r"did not leave .*04_refresh.ipynb, artefacts/refresh"):
        _finish(work, step, future)
    assert records["refresh"].status != "done"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MMMError("The scheduler does not answer."), "step health: The scheduler does not answer."),
        (StepError("it stopped."), "step health: it stopped."),
        (InputError("media.csv", []), str(InputError("media.csv", []))),
        (OSError(28, "No space left on device"), "step health: {run}: the disk is full."),
        (
            StepError("OSError: [Errno 28] No space (fit.py)"),
            "step health: {run}: the disk is full.",
        ),
    ],
)
def test_an_error_names_its_step_or_its_file(tmp_path: Path, error: Exception, told: str) -> None:
    run = new_run(tmp_path, "demo", "2026-Q1", params="p", seed=1)
    (step,) = [step for step in STEPS if step.name == "health"]
    records = {step.name: StepRecord(name=step.name) for step in STEPS}
    work = Refresh(run, fake_params(), Watcher(), records)
    raised = _fail(work, step, error)
    assert (
        str(raised).removeprefix(f"{run.name}, ").startswith(told.replace("{run}", str(run.path)))
    )
    assert work.records["health"].status == "failed"


def test_policy_is_read_again_when_a_run_is_taken_up(tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "w")
    params = read_params(file)
    with pytest.raises(RunError, match="nothing to resume"):
        begin_run(params, file, tmp_path / "runs", resume=True)
    assert not (tmp_path / "runs").exists()
    run, resumed = begin_run(params, file, tmp_path / "runs", resume=False)
    assert not resumed
    left = run.path / "artefacts" / ".x.partial.nc"
    left.parent.mkdir()
    left.touch()
    page = run.path / ".pack-x" / "index.html"
    page.parent.mkdir()
    page.touch()
    roles = file.parent / "governance" / "roles.yaml"
    roles.write_text(roles.read_text() + "# reviewed\n")
    again, resumed = begin_run(params, file, tmp_path / "runs", resume=True)
    assert resumed
    assert again.name == run.name
    with locked(run), pytest.raises(RunError, match="another refresh is working"):
        run_refresh(file, [], Watcher(), resume=True, runs_dir=tmp_path / "runs")
    assert "# reviewed" not in (run.path / "roles.yaml").read_text()
    bring_up_to_date(again, params, file)
    assert (again.path / "roles.yaml").read_text().endswith("# reviewed\n")
    assert not left.exists()
    assert not page.parent.exists()


def test_a_run_whose_model_was_set_on_the_command_line_is_a_trial(tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "w")
    official = ["model.draws=100", "refresh.period=2026-Q2", "channels.tv.label=TV"]
    for overrides, trial in ((official, []), (["model.trend_knots=3"], ["model.trend_knots"])):
        run, _ = begin_run(read_params(file), file, tmp_path / "runs", False, overrides)
        assert run.manifest.trial == trial
        assert run.manifest.parent_reason.startswith("This is the first refresh")


def test_a_run_that_is_taken_up_has_the_format_of_today(tmp_path: Path) -> None:
    run = new_run(tmp_path, "demo", "2026-Q1", params="p", seed=1, report_format=0)
    _record_code(Refresh(run, fake_params(), Watcher()))
    assert run.manifest.report_format == format_version()
