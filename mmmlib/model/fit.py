"""The fits of a run: asked for, made here or in the worker pool, saved and loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import xarray as xr

from mmmlib.data.panel.panel import Panel, panel_of
from mmmlib.errors import MMMError, RunError
from mmmlib.model.arrays import Scales
from mmmlib.model.chains import RHAT, largest_rhat
from mmmlib.model.effects import LEFT_OUT, UNCALIBRATED, custom_of, effects_of
from mmmlib.model.inputs import carried_scales
from mmmlib.model.one_fit import Fit, FitRequest, Progress, fit_one
from mmmlib.params import Params
from mmmlib.params.load import params_of
from mmmlib.runs import NETCDF, Run, write_with

__all__ = ["fit_run", "posterior_of", "say_progress"]


FITS_LOG = "logs/fits.jsonl"


def fit_each(
    panel: Panel,
    params: Params,
    requests: Sequence[FitRequest],
    progress: Progress | None = None,
    scales: Mapping[str, Scales] | None = None,
    earlier: Mapping[str, xr.Dataset] | None = None,
) -> Iterator[Fit]:
    """Fit several models, in the refresh's worker pool if there is one.

    Parameters
    ----------
    scales
        By model: scales of an earlier fit that are carried on; see
        :func:`inherited_scales`.
    earlier
        By model: what an earlier fit has learned, which a refit begins with; see
        :func:`learned_by`. Without it a model's own fit begins at the prior, and one beside it
        (without the last weeks, without lift tests) with that own fit, if it is asked for here.

    Yields
    ------
    Fit
        As it is done, in whatever order. The same inputs give the same draws, in the
        pool or in this process, whatever the number of workers.
    """
    from mmmlib.model.pool import connected_client, fits_from_pool

    known, begun = scales or {}, earlier or {}
    client = connected_client(params.compute) if requests else None
    if client is not None:
        yield from fits_from_pool(client, panel, params, requests, progress, known, begun)
        return
    from mmmlib.model.start import learned

    own: dict[FitRequest, xr.Dataset] = {}
    for request in requests:
        scale, start = known.get(request.model), begun.get(request.model)
        if start is None and request.beside:
            start = own.get(FitRequest(request.model))
        fit = fit_one(panel, params, request, None, progress, scale, start)
        own[request] = learned(fit.posterior)
        yield fit


def save_fit(run: Run, fit: Fit) -> None:
    """Save a fit among a run's artefacts.

    A full fit becomes ``models/<model>/posterior.nc`` and ``effects.nc``; a holdout
    fit becomes ``models/<model>/holdout.nc``, one without lift tests
    ``uncalibrated.nc``: effects only and rounded (see :meth:`mmmlib.runs.Run.save_dataset`), with how well the chains agreed (attribute ``largest_rhat``). When it was sampled goes to the run's ``logs/fits.jsonl``.
    """
    if not run.exploring:
        _note_times(run, fit)
    folder = f"models/{fit.request.model}"
    if fit.request.holdout_weeks or not fit.request.calibrated:
        name = "holdout.nc" if fit.request.holdout_weeks else UNCALIBRATED
        fit.effects.attrs[RHAT] = largest_rhat(fit.posterior)
        fit.effects.attrs[LEFT_OUT] = json.dumps(fit.request.without)
        run.save_dataset(f"{folder}/{name}", fit.effects, rounded=True)
        return
    write_posterior(run.target(f"{folder}/posterior.nc"), fit.posterior)
    run.save_dataset(f"{folder}/effects.nc", fit.effects)


def write_posterior(path: Path, tree: xr.DataTree) -> None:
    """Write draws, in single precision."""
    small = tree.map_over_datasets(_single)
    write_with(path, lambda target: small.to_netcdf(target, engine=NETCDF))


def _note_times(run: Run, fit: Fit) -> None:
    """Write down when a fit of the run was made: where a refresh's time went."""
    log = run.path / FITS_LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    began, sampled, done = fit.times
    line = {"fit": str(fit.request), "began": began, "sampled": sampled, "done": done}
    with log.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")


def _single(dataset: xr.Dataset) -> xr.Dataset:
    wide = [name for name, array in dataset.data_vars.items() if array.dtype == "float64"]
    small = dataset.assign({name: dataset[name].astype("float32") for name in wide})
    small.attrs.pop("created_at", None)  # the same fit gives the same bytes
    return small


def posterior_of(run: Run, model: str) -> xr.DataTree:
    """Load the posterior of a model; ArviZ reads it as it is.

    Parameters
    ----------
    run
        An open run.
    model
        ``outcome.motion``.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` and ``sample_stats``, all draws of every parameter.

    Raises
    ------
    RunError
        If the model has not been fitted in this run.

    Examples
    --------
    ::

        import arviz as az

        az.summary(posterior_of(open_run(), "revenue.self_serve"))
    """
    path = run.artefact(f"models/{model}/posterior.nc")
    if not path.is_file():
        raise RunError(run.manifest.why_missing(f"artefacts/models/{model}/posterior.nc"))
    with xr.open_datatree(path, engine=NETCDF) as tree:
        return tree.load()


def fit_run(run: Run, refit: bool = False, progress: Progress | None = None) -> dict[str, Fit]:
    """Fit all models of a run and save them; those that are there are loaded.

    A model whose outcome has lift tests is fitted without them too, and that is saved
    beside it (see :func:`save_fit`), so that reports can tell both.

    Parameters
    ----------
    run
        An open run with its panel.
    refit
        Fit again what is there.
    progress
        See :data:`mmmlib.model.one_fit.Progress`.

    Returns
    -------
    dict
        By model, in the parameters' order.

    Raises
    ------
    RunError
        If the run's data is not ready for a model, or its refresh is at work on these fits: what
        it did not fit is not fitted beside it.

    Examples
    --------
    ::

        fits = fit_run(open_run(), progress=say_progress)
    """
    params = params_of(run)
    missing = missing_fits(run, refit)
    manifest = run.manifest
    if run.exploring and (manifest.left_out or (missing and manifest.status == "running")):
        raise RunError(manifest.why_missing("the fit of its models"))
    made = {}
    if missing:
        panel = panel_of(run)
        scales = inherited_scales(run, panel, params)
        for fit in fit_each(panel, params, missing, progress, scales, begun_with(run, missing)):
            save_fit(run, fit)
            if fit.request.calibrated:
                made[fit.request.model] = fit
    return {model: made.get(model) or load_fit(run, model) for model in params.model_names}


def missing_fits(run: Run, refit: bool = False) -> list[FitRequest]:
    """Return the fits of a run's models that are not there, or all of them; see :func:`fit_run`.

    A model of one's own is fitted by its trial alone.
    """
    models = [name for name in params_of(run).model_names if not custom_of(run, name)]
    tested = {lift.model for lift in panel_of(run).lift_tests}
    asked = [(FitRequest(model), ("posterior.nc", "effects.nc")) for model in models] + [
        (FitRequest(model, calibrated=False), (UNCALIBRATED,))
        for model in models
        if model in tested
    ]
    return [
        request
        for request, needed in asked
        if refit or not all(run.has(f"models/{request.model}/{name}") for name in needed)
    ]


def inherited_scales(run: Run, panel: Panel, params: Params) -> dict[str, Scales]:
    """Scales of the parent run's fits, by model, where they still fit.

    A refit is comparable with the refresh before it if outcome and media are divided
    by the same numbers: the same prior then means the same. From a parent that cannot
    be read nothing is inherited; the comparison with it says so, and blocks.
    """
    found = {}
    for model in params.model_names:
        try:
            parent = run.parent
            if parent is not None and parent.has(f"models/{model}/effects.nc"):
                found[model] = carried_scales(effects_of(parent, model), panel, params)
        except (MMMError, OSError, ValueError, KeyError):
            continue
    return {model: scales for model, scales in found.items() if scales is not None}


def learned_by(run: Run, models: Sequence[str]) -> dict[str, xr.Dataset]:
    """Return what the fits of a run have learned, by model, for refits to begin with."""
    from mmmlib.model.start import learned

    return {
        model: learned(posterior_of(run, model))
        for model in models
        if run.has(f"models/{model}/posterior.nc")
    }


def begun_with(run: Run, requests: Sequence[FitRequest]) -> dict[str, xr.Dataset]:
    """Return what fits beside a run's own begin with, by model, where that own fit is there already.

    The others wait for it; see :func:`fit_each`.
    """
    asked = {request.model for request in requests}
    return learned_by(run, sorted(asked - {one.model for one in requests if not one.beside}))


def load_fit(run: Run, model: str) -> Fit:
    """Load a model's fit from a run; it took no time."""
    return Fit(FitRequest(model), posterior_of(run, model), effects_of(run, model), (0.0, 0.0, 0.0))


def say_progress(request: FitRequest, done: float) -> None:
    """Print one line when a fit is done; a :data:`mmmlib.model.one_fit.Progress` for notebooks and logs.

    Parameters
    ----------
    request
        The fit that progresses.
    done
        The share of it that is done, from 0 to 1.

    Examples
    --------
    ::

        fit_run(open_run(), progress=say_progress)
    """
    if done >= 1:
        print(f"fitted {request}", flush=True)
