"""Which run is this one compared with?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mmmlib.data.history.vintages import is_earlier_period, past_runs
from mmmlib.errors import InputError, MMMError, RunError
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.phrases import some_of
from mmmlib.runs import Run, list_runs
from mmmlib.verify import NOT_SEALED, altered_files, is_sealed

PUBLISHABLE = ("info", "warn")
PLACE = "refresh.parent"
FIRST = "This is the first refresh."
NOT_ASKED = "This refresh is not compared with an earlier one, because refresh.parent is 'none'."
NONE_PASSED = "No refresh of an earlier period is fit to be compared with."
NOT_KNOWN = "It cannot be told whether there is an earlier refresh, so this one is not compared."
MOST = 3
"""Runs that are named as passed over."""


@dataclass(frozen=True)
class Choice:
    """Which run to compare with (None for none), and why that one, or why none.

    The reason is in sentences for people; the same whenever the same refresh is made again.
    """

    parent: str | None
    reason: str


def choose_parent(
    runs_dir: Path,
    params: Params,
    this: str = "",
    created: dt.datetime | None = None,
    approved: Collection[str] | None = None,
) -> Choice:
    """Choose the run to compare with, as ``refresh.parent`` asks.

    It asks for ``latest`` (of this workbook's finished runs of earlier periods, that of the latest
    period which was approved and which is no trial), ``none``, or a run id.

    Parameters
    ----------
    this
        Id of the run that asks, which is never its own parent.
    created
        When that run was made; later runs are no parents. Now if not given.
    approved
        Ids of the runs that everyone who has to has signed. None where nobody signs this
        workbook's runs: then what no gate blocked will do.

    Raises
    ------
    InputError
        If a run id is asked for that is not there, not of this workbook, not finished,
        or the run itself.
    RunError
        If anything of the run that is chosen was altered since its refresh.
    """
    asked = params.refresh.parent
    if asked not in ("latest", "none"):
        name = _named(runs_dir, params.workbook, asked, this)
        return _relied_on(Run(runs_dir / name, exploring=True), "It was asked for by name.")
    past = past_runs(runs_dir, params.workbook, created)
    earlier = [run for run in past if is_earlier_period(run.manifest.period, params)]
    if not earlier:
        return Choice(None, FIRST)
    if asked == "none":
        return Choice(None, NOT_ASKED)
    doubts = {}
    for run in reversed(earlier):
        _refuse(run, altered_files(run, ()))  # its manifest: an edited verdict would be believed
        doubts[run.name] = doubts_of(run, params, approved)
        if not doubts[run.name]:
            passed_over = _passed_over({name: why for name, why in doubts.items() if why})
            return _relied_on(
                run,
                f"It is the newest refresh of an earlier period ({run.manifest.period}) that "
                f"{'passed its gates' if approved is None else 'was approved'}.{passed_over}",
            )
    return Choice(None, NONE_PASSED + _passed_over(doubts))


def _relied_on(run: Run, reason: str) -> Choice:
    """Choose a run; one that was altered is refused, as no other may take its place unseen."""
    _refuse(run, altered_files(run))
    return Choice(run.name, reason if is_sealed(run) else f"{reason} {NOT_SEALED}")


def _refuse(run: Run, altered: dict[str, str]) -> None:
    if altered:
        faults = [f"{name} is {fault}" for name, fault in altered.items()]
        raise RunError(
            f"{run.path}: not as its refresh left it: {some_of(faults)}. Restore the files from a "
            f"copy, or name another run, or 'none', in {PLACE}."
        )


def _passed_over(doubts: dict[str, list[str]]) -> str:
    reasons = [f"{name} {' and '.join(why)}" for name, why in list(doubts.items())[:MOST]]
    more = f"; and {len(doubts) - MOST} more" if len(doubts) > MOST else ""
    return f" Passed over: {'; '.join(reasons)}{more}." if reasons else ""


def why_alone(run: Run) -> tuple[str, bool]:
    """Say why a run has no parent, and whether that is as it should be.

    It is not where a comparison was left out, or may have been.
    """
    reason = run.manifest.parent_reason
    if not reason:  # a run of an earlier version, which did not write it down
        try:
            found = choose_parent(run.runs_dir, params_of(run), run.name, run.manifest.created)
            reason = NOT_KNOWN if found.parent else found.reason
        except MMMError:
            reason = NOT_KNOWN
    return reason, reason not in (NOT_ASKED, NOT_KNOWN)


def doubts_of(parent: Run, params: Params, approved: Collection[str] | None = None) -> list[str]:
    """Say what speaks against a parent: ``["did not pass its gates"]``; empty if nothing."""
    manifest = parent.manifest
    doubts = []
    if approved is not None and parent.name not in approved:
        doubts.append("was not approved")
    if approved is None and manifest.verdict not in PUBLISHABLE:
        doubts.append("did not pass its gates")
    if manifest.trial:
        doubts.append(f"is a trial ({', '.join(manifest.trial)} set on the command line)")
    if not is_earlier_period(manifest.period, params):
        doubts.append("is not of an earlier period")
    # Without a day of its own a refresh looks at what there is today.
    day = params.refresh.as_of
    if day is not None and _looked_at(parent) > day:
        doubts.append("looked at its data on a later day")
    return doubts


def _looked_at(run: Run) -> dt.date:
    try:
        params = params_of(run)
    except (MMMError, OSError):  # of an older library; then it looked when it was made
        return run.manifest.created.date()
    dated = params.refresh.as_of is not None or params.data.simulated is not None
    return params.as_of if dated else run.manifest.created.date()


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
