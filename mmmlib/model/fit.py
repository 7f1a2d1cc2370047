"""Fits: from panel and parameters to posterior and effects."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmmlib.data.panel.panel import Panel
from mmmlib.errors import MMMError
from mmmlib.model.effects import UNCALIBRATED
from mmmlib.params import Params
from mmmlib.runs import NETCDF, Run, write_with

if TYPE_CHECKING:
    import xarray as xr

    from mmmlib.model.scales import Scales

__all__ = ["fit_run", "posterior_of", "say_progress"]


FITS_LOG = "logs/fits.jsonl"
COMPARED_DRAWS = 500
"""Draws of each chain of a fit that is only compared with: enough to see that chains agree."""


@dataclass(frozen=True)
class FitRequest:
    """One fit that is asked for.

    Parameters
    ----------
    model
        One of ``params.model_names``.
    holdout_weeks
        Last weeks of the panel that the fit must not see; they are predicted.
    label
        Tells fits of the same model apart, and moves the seed.
    calibrated
        Whether lift tests are part of the likelihood. A fit without them is there to be
        compared with: it takes fewer draws, see :data:`COMPARED_DRAWS`.
    """

    model: str
    holdout_weeks: int = 0
    label: str = ""
    calibrated: bool = True

    def __str__(self) -> str:
        parts = [self.model]
        if self.holdout_weeks:
            parts.append(f"without the last {self.holdout_weeks} weeks")
        if not self.calibrated:
            parts.append("without lift tests")
        if self.label:
            parts.append(self.label)
        return ", ".join(parts)


@dataclass(frozen=True)
class Fit:
    """What a fit gave.

    Parameters
    ----------
    request
        What was asked.
    posterior
        Groups ``posterior``, ``sample_stats`` and ``linear`` (levels and columns).
    effects
        See :mod:`mmmlib.model.effects`.
    times
        When sampling began, when it ended and when the fit was done, in seconds since 1970;
        zeros where the fit was loaded.
    """

    request: FitRequest
    posterior: xr.DataTree
    effects: xr.Dataset
    times: tuple[float, float, float]


Progress = Callable[[FitRequest, float], None]
"""Called with a request and the share of it that is done, 1 at its end."""


def seed_of(params: Params, request: FitRequest) -> int:
    """Seed of a fit: the same for the same request, different between requests."""
    text = f"{request.model}|{request.holdout_weeks}|{request.label}"
    text += "" if request.calibrated else "|without lift tests"
    digest = hashlib.sha256(text.encode()).digest()
    return (params.model.seed + int.from_bytes(digest[:6], "big")) % 2**63


def fit_one(
    panel: Panel,
    params: Params,
    request: FitRequest,
    cores: int | None = None,
    progress: Progress | None = None,
    scales: Scales | None = None,
) -> Fit:
    """Fit one model in this process.

    Raises
    ------
    MMMError
        If the data cannot be fitted or sampling failed, with the likely cause.
    """
    from mmmlib.model.derive import derive_effects
    from mmmlib.model.faults import refuse_priors
    from mmmlib.model.sample import sample
    from mmmlib.model.spec import prepare

    data = prepare(panel, params, request.model, request.holdout_weeks, scales, request.calibrated)
    refuse_priors(data)
    settings = params.model
    if not request.calibrated:
        enough = max(-(-settings.kept_draws // settings.chains), COMPARED_DRAWS)
        settings = settings.model_copy(update={"draws": min(enough, settings.draws)})
    seed = seed_of(params, request)
    report = (lambda done: progress(request, 0.95 * done)) if progress else None
    began = time.time()
    tree = sample(data, settings, seed, cores or available_cores(), report)
    sampled = time.time()
    effects, linear = derive_effects(data, params, tree["posterior"].to_dataset(), seed + 1)
    import xarray as xr

    tree["linear"] = xr.DataTree(linear)
    if progress:
        progress(request, 1.0)
    return Fit(request, tree, effects, (began, sampled, time.time()))


def fit_each(
    panel: Panel,
    params: Params,
    requests: Sequence[FitRequest],
    progress: Progress | None = None,
    scales: Mapping[str, Scales] | None = None,
) -> Iterator[Fit]:
    """Fit several models, in the refresh's worker pool if there is one.

    Parameters
    ----------
    panel, params
        As the data room made them.
    requests
        What to fit.
    progress
        See :data:`Progress`.
    scales
        By model: scales of an earlier fit that are carried on; see
        :func:`inherited_scales`.

    Yields
    ------
    Fit
        As it is done, in whatever order. The same inputs give the same draws, in the
        pool or in this process, whatever the number of workers.
    """
    from mmmlib.model.pool import connected_client, fits_from_pool

    known = scales or {}
    client = connected_client() if requests else None
    if client is not None:
        yield from fits_from_pool(client, panel, params, requests, progress, known)
        return
    for request in requests:
        yield fit_one(panel, params, request, None, progress, known.get(request.model))


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def save_fit(run: Run, fit: Fit) -> None:
    """Save a fit among a run's artefacts.

    A full fit becomes ``models/<model>/posterior.nc`` and ``effects.nc``; a holdout
    fit becomes ``models/<model>/holdout.nc``, and one without lift tests
    ``uncalibrated.nc``: effects only, with how well the chains agreed (attribute
    ``largest_rhat``). When it was sampled goes to the run's ``logs/fits.jsonl``.
    """
    from mmmlib.model.chains import RHAT, largest_rhat

    if not run.exploring:
        _note_times(run, fit)
    folder = f"models/{fit.request.model}"
    if fit.request.holdout_weeks or not fit.request.calibrated:
        name = "holdout.nc" if fit.request.holdout_weeks else UNCALIBRATED
        fit.effects.attrs[RHAT] = largest_rhat(fit.posterior)
        run.save_dataset(f"{folder}/{name}", fit.effects)
        return
    small = fit.posterior.map_over_datasets(_single)
    write_with(
        run.target(f"{folder}/posterior.nc"),
        lambda path: small.to_netcdf(path, engine=NETCDF),
    )
    run.save_dataset(f"{folder}/effects.nc", fit.effects)


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
    import xarray as xr

    from mmmlib.errors import RunError

    path = run.artefact(f"models/{model}/posterior.nc")
    if not path.is_file():
        raise RunError(
            f"{run.name}: {model} has not been fitted (artefacts/models/{model}/posterior.nc "
            f"is not there). Run notebook 02, or finish the run with 'mmm refresh … --resume'."
        )
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
        See :data:`Progress`.

    Returns
    -------
    dict
        By model, in the parameters' order.

    Examples
    --------
    ::

        fits = fit_run(open_run(), progress=say_progress)
    """
    from mmmlib.data.panel.panel import panel_of
    from mmmlib.params.load import params_of

    params = params_of(run)
    missing = missing_fits(run, refit)
    made = {}
    if missing:
        panel = panel_of(run)
        scales = inherited_scales(run, panel, params)
        for fit in fit_each(panel, params, missing, progress, scales):
            save_fit(run, fit)
            if fit.request.calibrated:
                made[fit.request.model] = fit
    return {model: made.get(model) or load_fit(run, model) for model in params.model_names}


def missing_fits(run: Run, refit: bool = False) -> list[FitRequest]:
    """Return the fits of a run's models that are not there, or all of them; see :func:`fit_run`."""
    from mmmlib.data.panel.panel import panel_of
    from mmmlib.params.load import params_of

    models = params_of(run).model_names
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
    from mmmlib.model.effects import effects_of
    from mmmlib.model.told import carried_scales

    found = {}
    for model in params.model_names:
        try:
            parent = run.parent
            if parent is not None and parent.has(f"models/{model}/effects.nc"):
                found[model] = carried_scales(effects_of(parent, model), panel, params)
        except (MMMError, OSError, ValueError, KeyError):
            continue
    return {model: scales for model, scales in found.items() if scales is not None}


def load_fit(run: Run, model: str) -> Fit:
    """Load a model's fit from a run; it took no time."""
    from mmmlib.model.effects import effects_of

    return Fit(FitRequest(model), posterior_of(run, model), effects_of(run, model), (0.0, 0.0, 0.0))


def say_progress(request: FitRequest, done: float) -> None:
    """Print one line when a fit is done; a :data:`Progress` for notebooks and logs.

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
