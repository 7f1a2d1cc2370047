"""Health of all models of a run: the holdout fits, the checks, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mmmlib.data.panel import panel_of
from mmmlib.findings import Finding, FindingList
from mmmlib.health.check import check_model
from mmmlib.health.convergence import largest_rhat
from mmmlib.health.holdout import RHAT
from mmmlib.model.effects import effects_of, uncalibrated_of
from mmmlib.params.load import params_of
from mmmlib.runs import Run

if TYPE_CHECKING:
    import xarray as xr

    from mmmlib.model.fit import FitRequest, Progress


def holdouts_of(
    run: Run, refit: bool = False, progress: Progress | None = None
) -> dict[str, xr.Dataset]:
    """Return, by model, the effects of the fit without the last weeks.

    Those that the run does not have are fitted and saved as ``holdout.nc``; how well
    their chains agreed is kept with them (attribute ``largest_rhat``).

    Parameters
    ----------
    run
        With its panel.
    refit
        Fit again what is there.
    progress
        See :data:`mmmlib.model.fit.Progress`.
    """
    from mmmlib.model.fit import fit_each, inherited_scales, save_fit

    params = params_of(run)
    missing = missing_holdouts(run, refit)
    made = {}
    if missing:
        panel = panel_of(run)
        scales = inherited_scales(run, panel, params)
        for fit in fit_each(panel, params, missing, progress, scales):
            fit.effects.attrs[RHAT] = largest_rhat(fit.posterior)
            save_fit(run, fit)
            made[fit.request.model] = fit.effects
    return {
        model: made[model] if model in made else effects_of(run, model, holdout=True)
        for model in params.model_names
    }


def missing_holdouts(run: Run, refit: bool = False) -> list[FitRequest]:
    """Return the holdout fits that a run does not have, or all of them; see :func:`holdouts_of`."""
    from mmmlib.model.fit import FitRequest

    params = params_of(run)
    return [
        FitRequest(model, holdout_weeks=params.health.holdout_weeks)
        for model in params.model_names
        if refit or not run.has(f"models/{model}/holdout.nc")
    ]


def check_run(run: Run, holdouts: Mapping[str, xr.Dataset]) -> dict[str, list[Finding]]:
    """Put every check to every model of a run.

    Parameters
    ----------
    run
        With posterior and effects of its models.
    holdouts
        As :func:`holdouts_of` returns them.

    Returns
    -------
    dict
        Findings by model, in the parameters' order.
    """
    from mmmlib.model.fit import posterior_of

    params = params_of(run)
    return {
        model: check_model(
            effects_of(run, model),
            params.health,
            posterior=posterior_of(run, model),
            holdout=holdouts.get(model),
            uncalibrated=uncalibrated_of(run, model),
        )
        for model in params.model_names
    }


def save_health(run: Run, findings: Mapping[str, Sequence[Finding]]) -> list[str]:
    """Save each model's findings as ``models/<model>/health.json``; return the paths."""
    return [
        str(run.save_json(f"models/{model}/health.json", FindingList(findings=tuple(found))))
        for model, found in findings.items()
    ]
