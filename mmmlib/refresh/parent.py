"""Which run is this one compared with?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from mmmlib.errors import InputError, MMMError
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.runs import Run, list_runs, sha256_file

PUBLISHABLE = ("info", "warn")
PLACE = "refresh.parent"
FIRST = "This is the first refresh: there is nothing to compare it with."
NOT_ASKED = "This refresh is not compared with an earlier one, because refresh.parent is 'none'."
NONE_PASSED = (
    "No earlier refresh had passed its gates when this one began: there is none to compare it with."
)
ONLY_LATER = "There are only refreshes of later periods: there is none to compare it with."
NOT_KNOWN = "It cannot be told whether there is an earlier refresh, so this one is not compared."


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
        no gate blocked and that looks at no later time), ``none``, or a run id.
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
        return _latest(runs_dir, params, this, created)
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


def why_alone(run: Run) -> tuple[str, bool]:
    """Say why a run has no parent, and whether that is as it should be.

    Returns
    -------
    tuple of str and bool
        A sentence. False where a comparison was left out, or may have been.
    """
    params = params_of(run)
    try:
        finished = _finished(run.runs_dir, params.workbook, run.name, run.manifest.created)
    except MMMError:
        return NOT_KNOWN, False
    if not finished:
        return FIRST, True
    if params.refresh.parent == "none":
        return NOT_ASKED, False
    if any(not is_later(other, params) for other in finished):
        return NONE_PASSED, True
    return ONLY_LATER, True


def doubts_of(parent: Run, params: Params) -> list[str]:
    """Say what speaks against a parent that was named: ``["a gate blocked"]``; empty if nothing."""
    doubts = []
    if parent.manifest.verdict not in PUBLISHABLE:
        doubts.append("did not pass its gates")
    if is_later(parent, params):
        doubts.append("is of a later time")
    return doubts


def is_later(other: Run, params: Params) -> bool:
    """Say whether a run is of a later period, or looked at its data on a later day."""
    if _ends(other.manifest.period) > _ends(params.refresh.period):
        return True
    # Without a day of its own a refresh looks at what there is today.
    day = params.refresh.as_of
    return day is not None and _looked_at(other) > day


def _ends(period: str) -> tuple[int, int]:
    """Return year and month with which ``2026-Q2`` or ``2026-06`` ends."""
    year, _, part = period.partition("-")
    return int(year), 3 * int(part[1:]) if part.startswith("Q") else int(part)


def _looked_at(run: Run) -> dt.date:
    try:
        params = params_of(run)
    except (MMMError, OSError):  # of an older library; then it looked when it was made
        return run.manifest.created.date()
    told = params.refresh.as_of is not None or params.data.simulated is not None
    return params.as_of if told else run.manifest.created.date()


def _latest(runs_dir: Path, params: Params, this: str, created: dt.datetime | None) -> str | None:
    for run in reversed(_finished(runs_dir, params.workbook, this, created)):
        if run.manifest.verdict in PUBLISHABLE and not is_later(run, params):
            return run.name
    return None


def _finished(runs_dir: Path, workbook: str, this: str, created: dt.datetime | None) -> list[Run]:
    """Return the other runs of a workbook that came to their end, made before; oldest first."""
    return [
        run
        for run in list_runs(runs_dir, workbook)
        if run.name != this
        and run.manifest.status == "done"
        and (created is None or run.manifest.created <= created)
    ]


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
