"""A refresh that is killed in each of its steps comes to the same end when it is taken up.

It is a repeat, too: beside it lies the finished run of the same inputs that it is held against.
One chain: the process is killed in the first step, taken up and killed in the second, and so
on, so that all of it costs little more than one refresh.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from mmmlib.manifest import StepRecord
from mmmlib.runner.steps import STEPS
from mmmlib.runs import Run, list_runs, sha256_file
from tests.processes import MARK, assert_none_live
from tests.small import MMM, ROOT, mmm

pytestmark = pytest.mark.slow

PATIENCE = 240


class Refresh:
    """A refresh in a process of its own; everything that it starts carries a mark."""

    def __init__(self, workbook: Path, runs: Path, *words: str) -> None:
        self.mark = uuid.uuid4().hex
        self.runs = runs
        self.process = subprocess.Popen(
            [*MMM, "refresh", str(workbook), "--runs", str(runs), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {MARK: self.mark},
            start_new_session=True,
        )

    def wait_for(self, step: str) -> None:
        """Wait until a step is at work."""
        deadline = time.monotonic() + PATIENCE
        while status(self.runs).get(step) != "running":
            assert self.process.poll() is None, f"ended before {step}: {self.process.stderr.read()}"
            assert time.monotonic() < deadline, f"{step} did not begin"
            time.sleep(0.01)

    def end(self, number: int, *, group: bool = False) -> str:
        """Send a signal to it, or to all of its group, wait, return what it said."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        _, said = self.process.communicate(timeout=PATIENCE)
        return said


def unfinished(runs: Path) -> list[Run]:
    return [run for run in list_runs(runs) if run.manifest.status != "done"]


def status(runs: Path) -> dict[str, str]:
    found = unfinished(runs)
    return {record.name: record.status for record in found[-1].manifest.steps} if found else {}


def done(run: Run) -> dict[str, StepRecord]:
    return {record.name: record for record in run.manifest.steps if record.status == "done"}


@pytest.fixture(scope="module")
def killed(small_workbook: Path, small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run that was killed in every step, finished at last."""
    runs = tmp_path_factory.mktemp("killed")
    shutil.copytree(small_run.path, runs / small_run.name)
    kept: dict[str, StepRecord] = {}
    for place, step in enumerate(STEPS):
        refresh = Refresh(small_workbook, runs, *(["--resume"] if kept or status(runs) else []))
        refresh.wait_for(step.name)
        # Its kernels and workers must go even where nobody tells them.
        refresh.end(signal.SIGKILL, group=place % 2 == 0)
        assert_none_live(refresh.mark)
        (run,) = unfinished(runs)
        assert run.manifest.status == "running"
        now = done(run)
        # Seconds to the thousandth: a step that was done again would show.
        assert {name: now[name] for name in kept} == kept, f"done again after {step.name}"
        assert step.name not in now
        kept = now
    answer = mmm("refresh", small_workbook, "--runs", runs, "--resume")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == str(run.path)
    assert {name: done(run)[name] for name in kept} == kept
    return run


def test_killed_in_every_step_it_still_ends(killed: Run) -> None:
    manifest = killed.manifest
    assert manifest.status == "done"
    assert all(record.status == "done" for record in manifest.steps)


def contents(run: Run) -> dict[str, str]:
    """Hash every artefact; in text the run's own name does not count."""
    hashes = {}
    for path in sorted((run.path / "artefacts").rglob("*")):
        if path.suffix == ".json":
            text = path.read_text().replace(run.name, "RUN")
            hashes[path.name] = json.loads(text)
        elif path.is_file():
            hashes[str(path.relative_to(run.path))] = sha256_file(path)
    return hashes


def test_artefacts_are_those_of_an_undisturbed_run(killed: Run, small_run: Run) -> None:
    ours, undisturbed = contents(killed), contents(small_run)
    assert ours.keys() == undisturbed.keys()
    different = [name for name in ours if ours[name] != undisturbed[name]]
    assert different == []


def test_a_repeat_is_compared_as_its_first_making_was_and_has_its_pack(
    killed: Run, small_run: Run
) -> None:
    ours, first = killed.manifest, small_run.manifest
    assert (ours.parent, ours.parent_reason) == (first.parent, first.parent_reason)
    assert ours.parent is None
    for page in sorted((killed.path / "pack").glob("*.html")):
        again = page.read_text().replace(killed.name, small_run.name)
        assert again == (small_run.path / "pack" / page.name).read_text(), page.name


def test_no_partial_file_is_recorded(killed: Run) -> None:
    for record in killed.manifest.steps:
        for name, sha in record.outputs.items():
            assert "partial" not in name
            assert sha256_file(killed.path / name) == sha


def test_damaged_output_is_made_again_with_what_depends_on_it(
    small_workbook: Path, tmp_path: Path
) -> None:
    """Stopped with SIGTERM before the reports; then a finished artefact is changed."""
    runs = tmp_path / "runs"
    refresh = Refresh(small_workbook, runs)
    refresh.wait_for("scenarios")
    said = refresh.end(signal.SIGTERM)
    assert refresh.process.returncode == 1
    assert "stopped. The run can be taken up again with --resume." in said
    assert "Traceback" not in said
    assert_none_live(refresh.mark)
    (run,) = list_runs(runs)
    assert run.manifest.status == "stopped"
    before = done(run)
    run.artefact("readiness.json").write_text(run.artefact("readiness.json").read_text() + " ")

    answer = mmm("refresh", small_workbook, "--runs", runs, "--resume")
    assert answer.returncode == 0, answer.stderr
    after = done(run)
    again = {name for name in before if before[name].seconds != after[name].seconds}
    # The artefact came out as it was, so what reads it did not have to be done again.
    assert again == {"readiness"}
    assert (
        after["readiness"].outputs["artefacts/readiness.json"]
        == (before["readiness"].outputs["artefacts/readiness.json"])
    )
