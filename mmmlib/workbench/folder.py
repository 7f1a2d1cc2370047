"""A saved trial: a folder of a run's shape in the run's ``explore``, which every notebook can read."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmmlib.data.panel.panel import write_panel
from mmmlib.disk import new_folder
from mmmlib.errors import InputError, RunError
from mmmlib.estimates import Frozen
from mmmlib.governance.gates import data_that_blocks
from mmmlib.model.fit import fit_each, learned_by, missing_fits, save_fit
from mmmlib.params.candidates import Goal
from mmmlib.params.messages import shown
from mmmlib.readiness.assess import assess
from mmmlib.runs import EXPLORE, Run, sha256_json, write_atomic
from mmmlib.verify import BESIDE
from mmmlib.workbench.bar import progress_bar

if TYPE_CHECKING:
    from mmmlib.workbench.specification import Specification

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
TAKEN = ("artefacts",)
"""What notebooks save beside trials when they are opened on the run itself."""
FILE = "trial.json"
DATA = "data.json"


class SavedChange(Frozen):
    """One change of a trial; see :class:`mmmlib.params.strict.KeyChange`."""

    key: tuple[str | int, ...]
    value: Any = None
    said: str
    out: bool = False


class SavedTrial(Frozen):
    """What a trial differs by; ``trial.json``."""

    changes: tuple[SavedChange, ...] = ()
    notes: tuple[str, ...] = ()
    custom: str = ""
    """Source of the function that changed the PyMC model, where one did."""
    custom_name: str = ""
    """What that model is called."""
    goal: Goal | Literal[""] = ""
    """What the choice that it is part of is for, as it was said before the fit."""

    @classmethod
    def of(cls, folder: Run) -> SavedTrial:
        """Read what a saved trial differs by."""
        path = folder.path / FILE
        if not path.is_file():
            raise RunError(f"{path}: not there, so what the trial differs by is not known.")
        return cls.model_validate_json(path.read_bytes())


def save_trial[S: Specification](trial: S, name: str) -> S:
    """Write a trial with all its fits; whole or not at all. See :meth:`Trial.save`."""
    if not NAME.fullmatch(name) or name in TAKEN:
        expected = f"letters, digits, '-' and '_' (64 at most), and not {' or '.join(TAKEN)}"
        raise InputError.one(None, "the trial's name", shown(name), expected)
    Run(trial.run.path)  # or its folder would be made anew, where it was removed meanwhile
    target = trial.run.path / EXPLORE / name
    _refuse_taken(trial, name, target)
    with new_folder(target) as made:
        _fill(made, trial, name)
        _refuse_taken(trial, name, target)
    return replace(trial, name=name, source=Run(target))


def _refuse_taken(trial: Specification, name: str, target: Path) -> None:
    if target.exists():
        raise InputError.one(
            None,
            "the trial's name",
            f"'{name}', which {trial.run.name} has already",
            "a name that is free",
            "Nothing was overwritten. Choose another name, or remove it with 'mmm prune'.",
        )


def _fill(made: Path, trial: Specification, name: str) -> None:
    run = trial.run
    for beside in BESIDE:
        if (run.path / beside).is_file() and beside != "params.json":
            shutil.copy2(run.path / beside, made / beside)
    write_atomic(made / "params.json", trial.params.model_dump_json(indent=2).encode())
    saved = SavedTrial(
        changes=tuple(
            SavedChange(key=one.key, value=one.value, said=one.said, out=one.out)
            for one in trial.changes
        ),
        notes=trial.notes,
        custom=trial.custom.source if trial.custom else "",
        custom_name=trial.custom.name if trial.custom else "",
        goal=trial.goal,
    )
    write_atomic(made / FILE, saved.model_dump_json(indent=2).encode())
    manifest = run.manifest.model_copy(
        update={
            "run": f"{run.name}/{EXPLORE}/{name}",
            "trial": sorted({".".join(map(str, one.key)) for one in trial.changes}) or ["nothing"],
            "params": sha256_json(trial.params.model_dump(mode="json")),
            "steps": [],
            "files": {},
            "verdict": None,
            "status": "done",
        }
    )
    write_atomic(made / "manifest.json", manifest.sealed())
    folder = Run(made)
    write_panel(folder, trial.panel)
    if run.has(DATA):
        shutil.copy2(run.artefact(DATA), folder.target(DATA))
    folder.save_json("readiness.json", assess(trial.panel, trial.params, data_that_blocks(run)))
    for fit in trial.fits.values():
        save_fit(folder, fit)
    missing = missing_fits(folder)
    earlier = learned_by(run, [request.model for request in missing])
    with progress_bar(missing) as progress:
        for fit in fit_each(trial.panel, trial.params, missing, progress, trial.scales, earlier):
            save_fit(folder, fit)
            if fit.request.calibrated:
                trial.fits[fit.request.model] = fit
