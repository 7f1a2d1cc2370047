"""Effects: the neutral result of a model, whoever fitted it.

One xarray dataset per model. Everything after ``model/`` reads only this, so a
model fitted elsewhere can take the same road. NumPy only: importing this room
does not import PyMC.

Dimensions: ``draw``, ``channel``, ``region``, ``week``, ``component``, ``lag``,
``point`` (of a response curve). Variables: :data:`REQUIRED`.

A return has one definition, that of :func:`roi`: what the spend of some weeks brings, to the end
of its effect, over that same spend. What comes after the last week is in it; what earlier spend
still brings in these weeks is not.

Where the formula is known (``formula`` in the attributes is 1), those of
:data:`mmmlib.model.response.FORMULA` are there too, and :func:`mmmlib.model.response.respond`
computes any plan from them.

``form_factor`` (``draw``, ``channel``), by which the form of a channel may be off, is in all draws
of its effect already (:func:`mmmlib.model.derive.form_factors`); it is told so that the fitted
return can be known: the effect divided by it. Fits of other engines, and of earlier versions, have
none.

Where there are channels without spend, they have a dimension of their own, ``unpaid``, and
``channel`` is of those with spend alone; :data:`mmmlib.model.unpaid.NAMES` says what is known of
them by which name. What they contributed is a component of the baseline.

Where lift tests lie in the fitted weeks, ``lift_expected`` (``draw``, ``test``) is the incremental
outcome that the model gives a test.

Where a control that is declared a lever moved in the fitted weeks (:mod:`mmmlib.model.levers`):

==================== ============================= =====================================
lever_effect         draw, lever, region           outcome of a week that goes with one unit more of it
lever_value          lever, region, week           the control, in its unit
==================== ============================= =====================================

Attributes: ``model``, ``outcome_unit``, ``currency``, ``return_unit``, ``engine``,
``formula``, ``saturation_kinds`` (JSON, by channel), ``inputs`` (JSON: priors, scales, lift
tests and whether the fit was calibrated by them: the model inputs). Where unit prices are declared to
rise, ``unit_prices`` (JSON, see :mod:`mmmlib.model.prices`): ``response`` and ``marginal_roi`` buy at them.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.panel.lift_grid import Lift
from mmmlib.errors import InputError
from mmmlib.model.motions import sum_motions
from mmmlib.model.response import FORMULA, spend_effect
from mmmlib.model.unpaid import NAMES
from mmmlib.params.load import params_of
from mmmlib.runs import NETCDF, Run

__all__ = ["baseline", "contribution", "effects_of", "roi", "share", "uncalibrated_of"]

REQUIRED: dict[str, tuple[str, ...]] = {
    # Outcome of the week caused by the channel, all regions; outcome caused by the week's spend, to
    # its end; the first by region, summed over weeks.
    "contribution": ("draw", "channel", "week"),
    "spend_effect": ("draw", "channel", "week"),
    "contribution_region": ("draw", "channel", "region"),
    "baseline_part": ("draw", "component", "week"),  # trend, seasonality …
    "predicted": ("draw", "week"),  # posterior predictive: fitted plus noise
    "observed": ("week",),
    "in_sample": ("week",),  # false where the fit did not see the week
    "spend": ("channel", "week"),
    "spend_region": ("channel", "region"),  # summed over weeks
    "media": ("channel", "region", "week"),  # what the response follows: spend or exposure
    "media_cost": ("channel", "region"),  # money per unit of media (1 if spend-driven)
    # Weekly spend, all regions, from 0 to beyond the past; weekly outcome if it were kept up.
    "response_spend": ("channel", "point"),
    "response": ("draw", "channel", "point"),
    "marginal_roi": ("draw", "channel"),  # return of the next unit of money at today's spend
    "prior_roi": ("draw", "channel"),  # the return as believed before the fit
    "half_life": ("draw", "channel"),  # weeks until half of an effect has come
    # Weekly money: mean of the reference weeks; smallest and largest of the past.
    "spend_today": ("channel",),
    "spend_low": ("channel",),
    "spend_high": ("channel",),
}
"""Variables that every model has, and their dimensions; of money and outcome in their units."""
UNPAID = {
    new: tuple("unpaid" if dim == "channel" else dim for dim in REQUIRED[name])
    for name, new in NAMES.items()
}
CALIBRATION: dict[str, tuple[str, ...]] = {"lift_expected": ("draw", "test")}
LEVERS: dict[str, tuple[str, ...]] = {
    "lever_effect": ("draw", "lever", "region"),
    "lever_value": ("lever", "region", "week"),
}
ATTRIBUTES = (
    "model",
    "outcome_unit",
    "currency",
    "return_unit",
    "engine",
    "formula",
    "saturation_kinds",
    "inputs",
)
UNCALIBRATED = "uncalibrated.nc"
"""Effects of the fit without lift tests, beside ``effects.nc`` of a model that has some."""
MARGIN = 0.1
"""Share of a spend by which the return of the next money is told."""
ODD_WEEKS = "odd weeks"
"""Component of the baseline in which weeks that were set apart have their levels."""
LEFT_OUT = "left_out"
"""Attribute of a fit without the last weeks: channels that are younger (JSON)."""
PRIOR_ONLY = {"prior_roi", "saturation"}
"""Variables that may hold NaN: a prior not stated by the engine, a second shape not used."""


def check_effects(effects: xr.Dataset) -> xr.Dataset:
    """Return the dataset unchanged if it keeps the contract.

    Raises
    ------
    ValueError
        With everything that is missing, misshapen or not finite.
    """
    expected = REQUIRED | (FORMULA if effects.attrs.get("formula") else {})
    if "lift_expected" in effects:
        expected = expected | CALIBRATION
    if "unpaid" in effects.dims:
        expected = expected | UNPAID
    if "lever" in effects.dims:
        expected = expected | LEVERS
    faults = [f"attribute {name} is missing" for name in ATTRIBUTES if name not in effects.attrs]
    for name, dims in expected.items():
        if name not in effects:
            faults.append(f"{name} is missing")
        elif effects[name].dims != dims:
            faults.append(f"{name} has dimensions {effects[name].dims}, expected {dims}")
        elif name not in PRIOR_ONLY and not np.isfinite(effects[name].to_numpy()).all():
            faults.append(f"{name} is not finite everywhere")
    if faults:
        raise ValueError("effects break their contract: " + "; ".join(faults))
    return effects


def lift_tests_of(effects: xr.Dataset) -> list[Lift]:
    """Lift tests among the model inputs, in the order of ``lift_expected``."""
    tests = json.loads(effects.attrs["inputs"]).get("lift_tests", [])
    return [Lift.model_validate(one) for one in tests]


def effects_of(run: Run, model: str, holdout: bool = False) -> xr.Dataset:
    """Load the effects of a model from a run.

    Parameters
    ----------
    run
        An open run.
    model
        ``outcome.motion``; or an outcome, whose motions are summed.
    holdout
        Take the fit that did not see the last weeks (``in_sample`` is False there).

    Returns
    -------
    xarray.Dataset
        Draws of contribution, baseline and fitted outcome, and what the model was given;
        see the top of this module.

    Raises
    ------
    RunError
        If the model has not been fitted in this run.

    Examples
    --------
    ::

        effects = effects_of(open_run(), "revenue.self_serve")
        roi(effects).quantile([0.05, 0.5, 0.95], "draw")
    """
    name = "holdout" if holdout else "effects"
    parts = [load_effects(run, f"models/{part}/{name}.nc") for part in parts_of(run, model)]
    return parts[0] if len(parts) == 1 else check_effects(sum_motions(model, parts))


def load_effects(run: Run, name: str) -> xr.Dataset:
    """Load one effects dataset; one of an older library gets what was not kept then."""
    effects = run.load_dataset(name)
    if "told" in effects.attrs:
        effects.attrs["inputs"] = effects.attrs.pop("told")
    if "spend_effect" not in effects and effects.attrs.get("formula"):
        effects["spend_effect"] = spend_effect(effects)
    return check_effects(effects)


def parts_of(run: Run, model: str) -> tuple[str, ...]:
    """Return the models that a model, or an outcome over its motions, has in a run.

    A run of an older library may have parameters that are no longer known; its motions are
    told by its file all the same.
    """
    if "." in model:
        return (model,)
    try:
        return params_of(run).parts_of(model)
    except InputError:
        motions = json.loads((run.path / "params.json").read_bytes())["outcomes"][model]["motions"]
        return tuple(f"{model}.{motion}" for motion in motions or ("pooled",))


def has_effects(run: Run, model: str) -> bool:
    """Say whether a model, or every motion of an outcome, was fitted in a run."""
    return all(run.has(f"models/{part}/effects.nc") for part in parts_of(run, model))


def custom_of(run: Run, model: str) -> str:
    """Return what a trial's own PyMC model is called; empty where it is the workbook's."""
    path = run.artefact(f"models/{model}/effects.nc")
    if not (run.is_trial and path.is_file()):
        return ""
    with xr.open_dataset(path, engine=NETCDF) as opened:
        return str(opened.attrs.get("custom", ""))


def uncalibrated_of(run: Run, model: str) -> xr.Dataset | None:
    """Load the effects of the fit without lift tests; None where the model has none.

    Parameters
    ----------
    run
        An open run.
    model
        ``outcome.motion``.

    Returns
    -------
    xarray.Dataset or None
        As :func:`effects_of` returns them.

    Examples
    --------
    ::

        alone = uncalibrated_of(open_run(), "revenue.self_serve")
    """
    name = f"models/{model}/{UNCALIBRATED}"
    return load_effects(run, name) if run.has(name) else None


def baseline(effects: xr.Dataset) -> xr.DataArray:
    """Outcome that would have come without the channels.

    Parameters
    ----------
    effects
        Of one model, see :func:`effects_of`.

    Returns
    -------
    xarray.DataArray
        Dimensions ``(draw, week)``, in the unit of the outcome.
    """
    return effects["baseline_part"].sum("component", skipna=False)


def fitted(effects: xr.Dataset) -> xr.DataArray:
    """Expected outcome: baseline plus contributions; ``(draw, week)``."""
    return baseline(effects) + effects["contribution"].sum("channel", skipna=False)


type Weeks = slice | pd.DatetimeIndex | None
"""Some of the weeks: from a date to a date, or one by one; all of them where there is None."""


def over_weeks(series: xr.DataArray, weeks: Weeks = None) -> xr.DataArray:
    """Sum over weeks; NaN where one of them is."""
    return (series if weeks is None else series.sel(week=weeks)).sum("week", skipna=False)


def contribution(effects: xr.Dataset, weeks: Weeks = None) -> xr.DataArray:
    """Contribution of every channel, summed over weeks.

    Parameters
    ----------
    effects
        Of one model, see :func:`effects_of`.
    weeks
        A slice of dates, or first days; all weeks if not given.

    Returns
    -------
    xarray.DataArray
        Dimensions ``(draw, channel)``, in the unit of the outcome.

    Examples
    --------
    ::

        contribution(effects, slice("2026-01-01", "2026-03-31")).median("draw")
    """
    return over_weeks(effects["contribution"], weeks)


def seen_weeks(effects: xr.Dataset) -> xr.Dataset:
    """Return the effects of the weeks that the fit saw: those of a holdout have more."""
    return effects.isel(week=np.flatnonzero(effects["in_sample"].to_numpy()))


def roi(effects: xr.Dataset, weeks: Weeks = None) -> xr.DataArray:
    """Return per unit of money spent in weeks.

    What the spend of these weeks brings over what it cost: to the end of its effect, also
    where that comes after these weeks; without what spend before them still brings in them.

    Parameters
    ----------
    effects
        Of one model, see :func:`effects_of`.
    weeks
        As in :func:`contribution`.

    Returns
    -------
    xarray.DataArray
        Dimensions ``(draw, channel)``; NaN without spend.

    Examples
    --------
    ::

        roi(effects).quantile([0.05, 0.5, 0.95], "draw")
    """
    spend = over_weeks(effects["spend"], weeks)
    return over_weeks(effects["spend_effect"], weeks) / spend.where(spend > 0)


def marginal_roi(effects: xr.Dataset, level: xr.DataArray) -> xr.DataArray:
    """Return of the next money at a level of weekly spend; ``(draw, channel)``.

    The slope of every response curve from ``level`` (by channel) to a tenth more. For a channel
    that spends nothing there, to a tenth of its largest spend.
    """
    step = MARGIN * level.where(level > 0, effects["spend_high"])
    start = at_spend(effects, level)
    return (at_spend(effects, level + step) - start) / step.where(step > 0)


def at_spend(effects: xr.Dataset, spend: xr.DataArray) -> xr.DataArray:
    """Weekly outcome of a weekly spend (by channel) that is kept up, read off the response curves.

    ``(draw, channel)``; beyond the end of a curve, what it reaches there.
    """
    grid = effects["response_spend"].transpose("channel", "point").to_numpy().astype(float)
    at = zip(spend.to_numpy(), grid, strict=True)
    weights = [
        [np.interp(money, points, unit) for unit in np.eye(len(points))] for money, points in at
    ]
    return (effects["response"] * xr.DataArray(weights, dims=("channel", "point"))).sum("point")


def still_to_come(effects: xr.Dataset) -> xr.DataArray:
    """Share of what all spend brings that comes after the last week; ``(draw, channel)``."""
    whole = over_weeks(effects["spend_effect"])
    return ((whole - contribution(effects)) / whole.where(whole != 0, 1.0)).clip(0, 1)


def share(effects: xr.Dataset, weeks: Weeks = None) -> xr.DataArray:
    """Share of the fitted outcome that each channel contributed.

    Parameters
    ----------
    effects
        Of one model, see :func:`effects_of`.
    weeks
        As in :func:`contribution`.

    Returns
    -------
    xarray.DataArray
        Dimensions ``(draw, channel)``.

    Examples
    --------
    ::

        share(effects).sum("channel").median("draw")
    """
    return contribution(effects, weeks) / over_weeks(fitted(effects), weeks)
