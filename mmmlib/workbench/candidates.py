"""The specifications that a parameter file declares beside its own: fitted, compared, kept (A3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import xarray as xr

from mmmlib.data.panel.panel import panel_of
from mmmlib.errors import MMMError
from mmmlib.estimates import Estimate
from mmmlib.model.chains import MAX_RHAT, largest_rhat
from mmmlib.model.derive import derive_effects
from mmmlib.model.fit import fit_each, learned_by, say_progress, write_posterior
from mmmlib.model.one_fit import Fit, FitRequest, Progress, seed_of
from mmmlib.model.pool import connected_client, order_fits
from mmmlib.params.candidates import CandidateParams
from mmmlib.params.load import params_of
from mmmlib.provenance import library_hash
from mmmlib.refresh.choice import CHOICE, ModelChoice, Tried
from mmmlib.reports.blocks import Prose
from mmmlib.runs import NETCDF, Run, sha256_json
from mmmlib.workbench.overview import Overview
from mmmlib.workbench.side_by_side import shown_labels, side_by_side
from mmmlib.workbench.trial import Trial

__all__ = ["save_choice", "try_candidates"]

TAKEN = "taken"
"""What the run's own specification is called beside the candidates."""
MADE_FROM = "made_from"
"""Attribute of kept draws: all that they depend on, as a hash."""


@dataclass(frozen=True)
class ChoicePage:
    """What was tried: the page, and what the run keeps of it."""

    page: Overview
    record: ModelChoice


def try_candidates(run: Run, progress: Progress = say_progress) -> ChoicePage:
    """Fit the candidates of a run's parameter file and put them beside what was taken.

    Parameters
    ----------
    run
        With the fits of its own specification.
    progress
        Told of every fit that is made; those that the run has are taken from it.

    Returns
    -------
    ChoicePage
        ``page`` is shown, ``record`` is what :func:`save_choice` keeps. How to read it: there is no
        number that ranks specifications. What each is held against follows from the goal; how far
        their answers are apart is what the choice adds to the ranges.

    Examples
    --------
    ::

        choice = try_candidates(open_run())
        choice.page
    """
    base = Trial(run, params_of(run), panel_of(run), run, name=TAKEN)
    declared = base.params.candidates
    if declared is None:
        said = "No candidates are declared in the parameter file ('candidates:'), so none is tried."
        return ChoicePage(Overview("", {"What is compared": (Prose(said),)}), ModelChoice())
    trials, trouble = _specified(base, declared)
    trouble |= _fit_all(run, trials, progress)
    for name, trial in trials.items():
        rhat = max((largest_rhat(fit.posterior) for fit in trial.fits.values()), default=0.0)
        if name not in trouble and not rhat <= MAX_RHAT:
            trouble[name] = f"Its chains do not agree (R-hat {rhat:.2f}, the limit {MAX_RHAT:g})."
    shown = {name: trial for name, trial in trials.items() if name not in trouble}
    if not shown:
        said = " ".join(f"{name}: {why}" for name, why in trouble.items())
        page = Overview("", {"What is compared": (Prose(said),)})
        return ChoicePage(page, _record(base, declared, trials, trouble, {}, ""))
    page = side_by_side(replace(base, goal=declared.goal), *shown.values())
    if trouble:
        lines = tuple(Prose(why, f"{name} is not shown.") for name, why in trouble.items())
        page = Overview(page.title, page.parts | {"What could not be compared": lines})
    errors, said = _goal_numbers(page, [TAKEN, *shown])
    return ChoicePage(page, _record(base, declared, trials, trouble, errors, said))


def save_choice(run: Run, choice: ChoicePage) -> Path:
    """Keep what was tried with the run, for the change log.

    Parameters
    ----------
    run
        Receives ``model_choice.json``.
    choice
        See :func:`try_candidates`.

    Returns
    -------
    Path
        The file.

    Examples
    --------
    ::

        save_choice(run, try_candidates(run))
    """
    return run.save_json(CHOICE, choice.record)


def _specified(base: Trial, declared: CandidateParams) -> tuple[dict[str, Trial], dict[str, str]]:
    """Make the candidates' specifications; with the reason where one is impossible with this data."""
    trials, trouble = {}, {}
    for name, one in declared.specifications.items():
        try:
            trials[name] = base.with_changes(one.changes).named(name)
        except MMMError as error:
            trouble[name] = str(error)
    return trials, trouble


def _fit_all(run: Run, trials: Mapping[str, Trial], progress: Progress) -> dict[str, str]:
    """Fit what the run does not have yet, side by side in the pool; return why one cannot be."""
    missing: dict[str, list[FitRequest]] = {}
    for name, trial in trials.items():
        for model in trial.models:
            kept = _kept(run, trial, name, model)
            if kept is not None:
                trial.fits[model] = kept
            else:
                missing.setdefault(name, []).append(FitRequest(model, label=f"as {name}"))
    if not missing:
        return {}
    base = next(iter(trials.values()))
    earlier = learned_by(run, base.params.model_names)
    client = connected_client(base.params.compute)
    ordered = [
        order_fits(client, one.panel, one.params, requests, one.scales, earlier)
        for name, requests in missing.items()
        for one in [trials[name]]
        if client is not None
    ]  # held, so that the pool goes on with the next while one is written
    trouble = {}
    for name, requests in missing.items():
        trial = trials[name]
        try:
            for fit in fit_each(
                trial.panel, trial.params, requests, progress, trial.scales, earlier
            ):
                trial.fits[fit.request.model] = fit
                _keep(run, trial, name, fit)
        except MMMError as error:
            trouble[name] = str(error)
    del ordered
    return trouble


def _path(name: str, model: str) -> str:
    return f"candidates/{name}/{model}.nc"


def _made_from(trial: Trial) -> str:
    """Hash all that the draws of a specification depend on."""
    frame = pd.util.hash_pandas_object(trial.panel.frame, index=False).to_numpy()
    return sha256_json(
        {
            "params": trial.params.model_dump(mode="json", exclude={"compute", "candidates"}),
            "panel": frame.tobytes().hex(),
            "lift tests": repr(trial.panel.lift_tests),
            "library": library_hash(),
        }
    )


def _keep(run: Run, trial: Trial, name: str, fit: Fit) -> None:
    tree = fit.posterior.copy()
    tree.attrs = {**tree.attrs, MADE_FROM: _made_from(trial)}
    write_posterior(run.target(_path(name, fit.request.model)), tree)


def _kept(run: Run, trial: Trial, name: str, model: str) -> Fit | None:
    """Return a fit that was made before, its effects made again from the draws."""
    path = run.artefact(_path(name, model))
    if not path.is_file():
        return None
    with xr.open_datatree(path, engine=NETCDF) as opened:
        tree = opened.load()
    if tree.attrs.get(MADE_FROM) != _made_from(trial):
        return None
    request = FitRequest(model, label=f"as {name}")
    draws, seed = tree["posterior"].to_dataset(), seed_of(trial.params, request) + 1
    effects, _ = derive_effects(trial.prepare(model), trial.params, draws, seed)
    return Fit(request, tree, effects, (0.0, 0.0, 0.0))


def _goal_numbers(page: Overview, names: Sequence[str]) -> tuple[dict[str, Estimate], str]:
    """Return errors on unseen weeks by specification, and what the page says of the decision."""
    labels = dict(zip(shown_labels(names), names, strict=True))
    errors = {}
    if "unseen" in page.tables:
        for row in page.tables["unseen"].rows:
            if isinstance(row[1], Estimate):
                errors[labels[str(row[0])]] = row[1]
    done = page.parts.get("What would be done", ())
    said = " ".join(block.text for block in done if isinstance(block, Prose))
    return errors, said


def _record(
    base: Trial,
    declared: CandidateParams,
    trials: Mapping[str, Trial],
    trouble: Mapping[str, str],
    errors: Mapping[str, Estimate],
    said: str,
) -> ModelChoice:
    view = base.params.primary
    tried = tuple(
        Tried(
            name=name,
            why=one.why,
            changes=tuple(change.said for change in one.changes),
            trouble=trouble.get(name, ""),
            returns=_returns(trials[name], view) if name not in trouble else {},
            unseen=errors.get(name),
        )
        for name, one in declared.specifications.items()
    )
    return ModelChoice(
        goal=declared.goal,
        model=view,
        returns=_returns(base, view),
        unseen=errors.get(TAKEN),
        tried=tried,
        said=said,
    )


def _returns(trial: Trial, view: str) -> dict[str, Estimate]:
    from mmmlib.reports.quantities import ModelNumbers

    rows = ModelNumbers(trial.effects(view)).channels
    return {row.channel: row.roi for row in rows if row.roi is not None}
