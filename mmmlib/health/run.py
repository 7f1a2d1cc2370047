"""Health of all models of a run: the holdout fits, the checks, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from mmmlib.data.panel.panel import Panel, panel_of
from mmmlib.errors import MMMError
from mmmlib.findings import Finding, FindingList
from mmmlib.health.check import add_holdout, check_fit
from mmmlib.health.holdout import NoHoldout
from mmmlib.health.placebo import (
    PLACEBO,
    check_placebo,
    most_spend,
    placebo_panel,
    with_placebo,
)
from mmmlib.model.arrays import Scales
from mmmlib.model.effects import custom_of, effects_of, uncalibrated_of
from mmmlib.model.fit import (
    begun_with,
    fit_each,
    inherited_scales,
    learned_by,
    posterior_of,
    save_fit,
)
from mmmlib.model.one_fit import FitRequest, Progress, leave_out, quick
from mmmlib.model.spec import too_young, why_not
from mmmlib.params import Params
from mmmlib.params.limits import LEAST_HOLDOUT
from mmmlib.params.load import params_of
from mmmlib.runs import Run

__all__ = ["check_run", "save_health"]

OWN = (
    "It is a model of one's own, which cannot be fitted to other data by itself.",
    "Fit it in the workbench to a window without the last weeks, and look at what it misses.",
)
"""Why a custom model has no fit beside it, and what to do instead."""


def each_holdout(
    run: Run, refit: bool = False, progress: Progress | None = None
) -> Iterator[tuple[str, xr.Dataset | NoHoldout]]:
    """Give every model with the effects of its fit without the last weeks.

    What the run has comes first. The others are fitted, begun with what the model's own fit has
    learned, saved as ``holdout.nc`` and given as each is done; with ``refit`` all of them. The
    reason comes instead where the data without the last weeks cannot be fitted. A channel that is
    younger than the holdout is left out of it; the effects name it (attribute ``left_out``).
    """
    params = params_of(run)
    missing = missing_holdouts(run, refit)
    for model in params.model_names:
        if custom_of(run, model):
            yield model, NoHoldout(*OWN)
        elif model not in {request.model for request in missing}:
            yield model, effects_of(run, model, holdout=True)
    if missing:
        panel = panel_of(run)
        scales = inherited_scales(run, panel, params)
        refused = {one.model: _why_not(panel, params, one, scales) for one in missing}
        if any(refused.values()):
            action = _what_instead(panel, params, [r for r in missing if refused[r.model]], scales)
            yield from ((model, NoHoldout(why, action)) for model, why in refused.items() if why)
        possible = [request for request in missing if not refused[request.model]]
        earlier = begun_with(run, possible)
        for fit in fit_each(panel, params, possible, progress, scales, earlier):
            save_fit(run, fit)
            yield fit.request.model, fit.effects


def each_placebo(run: Run, progress: Progress | None = None) -> Iterator[Finding]:
    """Fit every model with a channel that cannot have worked, and say of each whether it was raised.

    Nothing where the parameters do not ask for it. What a run's own fit has learned is what these
    begin with; they take the draws of a fit that is only compared with.
    """
    params, panel = params_of(run), panel_of(run)
    if not params.health.placebo:
        return
    if PLACEBO in params.channels:
        why = f"A channel is called '{PLACEBO}' already; another name for it lets the check run."
        yield from (check_placebo(model, None, params.health, why) for model in params.model_names)
        return
    shuffled = placebo_panel(
        panel, most_spend(panel, params), np.random.default_rng(params.model.seed)
    )
    earlier = learned_by(run, params.model_names)
    for model in params.model_names:
        if custom_of(run, model):
            yield check_placebo(model, None, params.health, OWN[0])
            continue
        asked, request = quick(with_placebo(params, model)), FitRequest(model, label=PLACEBO)
        try:
            (fit,) = fit_each(shuffled, asked, [request], progress, earlier=earlier)
        except MMMError as error:
            yield check_placebo(model, None, params.health, str(error))
            continue
        yield check_placebo(model, fit, params.health)


def _why_not(
    panel: Panel, params: Params, request: FitRequest, scales: Mapping[str, Scales]
) -> str:
    """Say why a fit would be refused; nothing where it would not."""
    params, known = leave_out(params, scales.get(request.model), request.without)
    return why_not(panel, params, request.model, request.holdout_weeks, known)


def _what_instead(
    panel: Panel, params: Params, refused: Sequence[FitRequest], scales: Mapping[str, Scales]
) -> str:
    """Say which holdout all of the refused models can be fitted without, if one is shorter."""
    for weeks in range(params.health.holdout_weeks - 1, LEAST_HOLDOUT - 1, -1):
        shorter = [replace(one, holdout_weeks=weeks, without=()) for one in refused]
        if not any(_why_not(panel, params, one, scales) for one in shorter):
            return (
                f"Set health.holdout_weeks to {weeks} (it is {params.health.holdout_weeks}), the "
                f"longest that leaves enough to learn from, and refresh again."
            )
    return (
        f"No shorter holdout can be fitted either ({LEAST_HOLDOUT} weeks are the least for "
        f"health.holdout_weeks). Leave the channel out until it has more weeks with spend, or "
        f"see to what else the reason names, and refresh again."
    )


def missing_holdouts(run: Run, refit: bool = False) -> list[FitRequest]:
    """Return the holdout fits that a run does not have, or all of them; see :func:`each_holdout`."""
    params = params_of(run)
    weeks = params.health.holdout_weeks
    missing = [
        model
        for model in params.model_names
        if (refit or not run.has(f"models/{model}/holdout.nc")) and not custom_of(run, model)
    ]
    if not missing:
        return []
    young = too_young(panel_of(run), params, weeks)
    without = young if len(young) < len(params.channels) else ()
    return [FitRequest(model, holdout_weeks=weeks, without=without) for model in missing]


def check_run(
    run: Run, refit: bool = False, progress: Progress | None = None
) -> tuple[dict[str, list[Finding]], dict[str, xr.Dataset]]:
    """Put every check to every model of a run.

    Those that need no holdout come first, while the pool fits the holdouts.

    Parameters
    ----------
    run
        With posterior and effects of its models.
    refit, progress
        See :func:`each_holdout`.

    Returns
    -------
    (dict, dict)
        Findings, and the effects of the holdout where there is one; by model, in the
        parameters' order.

    Examples
    --------
    ::

        findings, holdouts = check_run(open_run())
    """
    limits, models = params_of(run).health, params_of(run).model_names
    findings = {
        model: check_fit(
            effects_of(run, model),
            limits,
            posterior=posterior_of(run, model),
            uncalibrated=uncalibrated_of(run, model),
        )
        for model in models
    }
    holdouts = {}
    for model, holdout in each_holdout(run, refit, progress):
        none = holdout if isinstance(holdout, NoHoldout) else None
        if not isinstance(holdout, NoHoldout):
            holdouts[model] = holdout
        findings[model] = add_holdout(findings[model], model, holdouts.get(model), limits, none)
    for finding in each_placebo(run, progress):
        findings[finding.subject].append(finding)
    return findings, {model: holdouts[model] for model in models if model in holdouts}


def save_health(run: Run, findings: Mapping[str, Sequence[Finding]]) -> list[str]:
    """Save each model's findings as ``models/<model>/health.json``; return the paths.

    Parameters
    ----------
    run
        Receives the files.
    findings
        Of every model, as :func:`check_run` returns them.

    Returns
    -------
    list of str
        Paths of the files, relative to the artefacts.

    Examples
    --------
    ::

        findings, _ = check_run(run)
        save_health(run, findings)
    """
    return [
        str(run.save_json(f"models/{model}/health.json", FindingList(findings=tuple(found))))
        for model, found in findings.items()
    ]
