"""Which run is this one compared with?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from mmmlib.errors import InputError
from mmmlib.params.schema import Params
from mmmlib.runs import Manifest, Run, list_runs, sha256_file

PUBLISHABLE = ("info", "warn")
PLACE = "refresh.parent"


def choose_parent(
    runs_dir: Path, params: Params, this: str = "", created: dt.datetime | None = None
) -> str | None:
    """Return the id of the run to compare with, as ``refresh.parent`` asks.

    Parameters
    ----------
    runs_dir
        Folder of runs.
    params
        ``refresh.parent`` is ``latest`` (the newest finished run of this workbook that
        no gate blocked), ``none``, or a run id.
    this
        Id of the run that asks, which is never its own parent.
    created
        When that run was made; later runs are no parents. Now if not given.

    Raises
    ------
    InputError
        If a run id is asked for that is not there, not of this workbook, not finished,
        or the run itself.
    """
    asked = params.refresh.parent
    if asked == "none":
        return None
    if asked == "latest":
        return _latest(runs_dir, params.workbook, this, created)
    return _named(runs_dir, params.workbook, asked, this)


def damaged_files(run: Run, names: list[str]) -> list[str]:
    """Return those artefacts whose content is not what the run recorded, or that are gone.

    Parameters
    ----------
    names
        Paths in ``artefacts/``. One that the manifest does not mention is only looked
        for, not hashed.
    """
    recorded: dict[str, str] = {}
    for step in run.manifest.steps:
        recorded |= step.outputs
    damaged = []
    for name in names:
        expected = recorded.get(f"artefacts/{name}")
        if not run.has(name) or (expected and sha256_file(run.artefact(name)) != expected):
            damaged.append(name)
    return damaged


def _latest(runs_dir: Path, workbook: str, this: str, created: dt.datetime | None) -> str | None:
    for run in reversed(list_runs(runs_dir, workbook)):
        manifest = run.manifest
        earlier = created is None or manifest.created <= created
        if run.name != this and earlier and _may_be_parent(manifest):
            return run.name
    return None


def _may_be_parent(manifest: Manifest) -> bool:
    return manifest.status == "done" and manifest.verdict in PUBLISHABLE


def _named(runs_dir: Path, workbook: str, asked: str, this: str) -> str:
    known = [run.name for run in list_runs(runs_dir, workbook) if run.name != this]
    if asked not in known:
        listed = ", ".join(known[-3:]) or "none yet"
        raise InputError.one(
            None,
            PLACE,
            f"'{asked}'",
            f"'latest', 'none' or another run of the workbook '{workbook}' in {runs_dir} "
            f"(the newest: {listed})",
        )
    if Run(runs_dir / asked, exploring=True).manifest.status != "done":
        raise InputError.one(
            None,
            PLACE,
            f"'{asked}', which is not finished",
            "a finished run",
            "Finish it with 'mmm refresh … --resume'.",
        )
    return asked
