"""What may go from a folder of runs: trials, and runs that nobody relies on, by their age."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from mmmlib.errors import RunError
from mmmlib.governance.store import open_store, store_exists
from mmmlib.runner.lifecycle import locked
from mmmlib.runs import Run, list_runs, list_trials

TRIAL_FILE = "trial.json"


@dataclass(frozen=True)
class Removable:
    """A run or a trial that may go."""

    run: Run
    age: int
    """Days since it was made."""
    size: int
    """Bytes that it takes by itself; what it shares with other runs is not counted."""
    what: str


def removable(runs_dir: Path, days: int, now: dt.datetime | None = None) -> list[Removable]:
    """List what may go and is older than so many days.

    These are trials, and runs that are at their end, of which the store knows nothing (no signature,
    decision, promise or publication names them), that no other run was compared with, and that
    are not the newest finished one of their workbook. With a run its trials go, too.
    """
    now = now or dt.datetime.now(dt.UTC)
    runs = list_runs(runs_dir)
    kept = _relied_on(runs_dir, runs)
    found = []
    for run in runs:
        age = (now - run.manifest.created).days
        trials = [one for one in list_trials(run) if _age(one, now) > days]
        if run.name not in kept and age > days and run.manifest.status != "running":
            what = (
                "a trial run"
                if run.manifest.trial
                else f"an unpublished run, {run.manifest.status}"
            )
            found.append(Removable(run, age, _size(run.path), what))
        else:
            found += [
                Removable(one, _age(one, now), _size(one.path), "a saved trial") for one in trials
            ]
    return found


def remove(one: Removable) -> None:
    """Take a run or a trial away: out of sight at once, then off the disk.

    RunError if a refresh is at work on it.
    """
    path = one.run.path
    gone = path.with_name(f".gone-{path.name}")
    if gone.exists():
        shutil.rmtree(gone)  # what an earlier call was cut off from
    if one.run.is_trial:
        path.rename(gone)
    else:
        with locked(one.run):
            path.rename(gone)
    try:
        shutil.rmtree(gone)
    except OSError as error:
        raise RunError(f"{gone}: it could not be taken off the disk ({error.strerror}).") from error


def _relied_on(runs_dir: Path, runs: list[Run]) -> set[str]:
    """Return the runs that somebody or something rests on."""
    kept = {run.manifest.parent for run in runs if run.manifest.parent}
    newest = {run.manifest.workbook: run.name for run in runs if run.manifest.status == "done"}
    kept |= set(newest.values())
    if store_exists(runs_dir):
        with open_store(runs_dir) as store:
            said = [f"{one.subject} {json.dumps(one.body)}" for one in store.entries()]
        kept |= {run.name for run in runs if any(run.name in text for text in said)}
    return kept


def _age(trial: Run, now: dt.datetime) -> int:
    """Days since a trial was saved: its manifest has the day of its run."""
    made = dt.datetime.fromtimestamp((trial.path / TRIAL_FILE).stat().st_mtime, dt.UTC)
    return (now - made).days


def _size(path: Path) -> int:
    files = (file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    return sum(stat.st_size for file in files if (stat := file.stat()).st_nlink == 1)
