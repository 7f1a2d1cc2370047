"""A refresh that is killed in every kind of step comes to the same end when it is taken up.

It is a repeat, too: beside it lies the finished run of the same inputs that it is held against.
One chain: the process is killed in the first step, taken up and killed in the second, and so
on, so that all of it costs little more than one refresh. Steps that run side by side are killed
together. One step stands for its kind (in the process of the refresh, a notebook, fits in the
pool, report notebooks side by side); ``MMM_KILL=every`` kills in each. Once it is told to stop
instead, and finds a file damaged when it is taken up.
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
from mmmlib.runner.steps import REPORTS
from mmmlib.runs import Run, list_runs, sha256_file
from tests.processes import MARK, assert_none_live
from tests.small import MMM, ROOT, mmm

pytestmark = pytest.mark.slow

PATIENCE = 240
KINDS = {"data", "model_fit", "scenarios", REPORTS[0].name, "render"}


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

    def wait_for(self, steps: set[str]) -> set[str]:
        """Wait until one of these steps is at work; return all of them that are."""
        deadline = time.monotonic() + PATIENCE
        while not (running := at_work(self.runs) & steps):
            assert self.process.poll() is None, (
                f"ended before {steps}: {self.process.stderr.read()}"
            )
            assert time.monotonic() < deadline, f"none of {steps} began"
            time.sleep(0.01)
        return running

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


def at_work(runs: Path) -> set[str]:
    steps = [record for run in unfinished(runs) for record in run.manifest.steps]
    return {record.name for record in steps if record.status == "running"}


def done(run: Run) -> dict[str, StepRecord]:
    return {record.name: record for record in run.manifest.steps if record.status == "done"}


@pytest.fixture(scope="module")
def killed(small_workbook: Path, small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run that was killed in every step, finished at last."""
    runs = tmp_path_factory.mktemp("killed")
    shutil.copytree(small_run.path, runs / small_run.name)
    kept: dict[str, StepRecord] = {}
    every = {record.name for record in small_run.manifest.steps}
    left = every if os.environ.get("MMM_KILL") == "every" else set(KINDS)
    damaged: set[str] = set()
    while left:
        refresh = Refresh(small_workbook, runs, *(["--resume"] if unfinished(runs) else []))
        struck = refresh.wait_for(left)
        if "scenarios" in struck:
            said = refresh.end(signal.SIGTERM)
            assert refresh.process.returncode == 1
            assert "stopped. The run can be taken up again with --resume." in said
            assert "Traceback" not in said
        else:
            # Its kernels and workers must go even where nobody tells them.
            refresh.end(signal.SIGKILL, group=len(left) % 2 == 0)
        assert_none_live(refresh.mark)
        (run,) = unfinished(runs)
        assert run.manifest.status == ("stopped" if "scenarios" in struck else "running")
        now = done(run)
        for name in damaged:
            # The damaged file came out as it was, so what reads it was not done again.
            before, again = kept.pop(name), now[name]
            assert again.seconds != before.seconds
            made = f"artefacts/{name}.json"
            assert again.outputs[made] == before.outputs[made]
        damaged.clear()
        # Seconds to the thousandth: a step that was done again would show.
        assert {name: now[name] for name in kept} == kept, f"done again after {struck}"
        assert not struck & now.keys()
        if "scenarios" in struck:
            file = run.artefact("readiness.json")
            file.write_text(file.read_text() + " ")
            damaged.add("readiness")
        kept = now
        left -= struck
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
