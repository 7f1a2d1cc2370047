"""Effects: the neutral result of a model, whoever fitted it.

One xarray dataset per model. Everything after ``model/`` reads only this, so a
model fitted elsewhere can take the same road. NumPy only: importing this room
does not import PyMC.

Dimensions: ``draw``, ``channel``, ``region``, ``week``, ``component``, ``lag``,
``point`` (of a response curve).

==================== ============================= =====================================
variable             dimensions                    what, unit
==================== ============================= =====================================
contribution         draw, channel, week           outcome caused by the channel, all regions
contribution_region  draw, channel, region         the same, by region, summed over weeks
baseline_part        draw, component, week         parts of the baseline (trend, seasonality …)
predicted            draw, week                    posterior predictive: fitted plus noise
observed             week                          outcome as seen
in_sample            week                          bool; False where the fit did not see the week
spend                channel, week                 money
spend_region         channel, region               money, summed over weeks
media                channel, region, week         what the response follows (spend or exposure)
media_cost           channel, region               money per unit of media (1 if spend-driven)
response_spend       channel, point                weekly spend, all regions, from 0 to beyond the past
response             draw, channel, point          weekly outcome if that spend were kept up
marginal_roi         draw, channel                 return of the next unit of money at today's spend
prior_roi            draw, channel                 the return as believed before the fit
half_life            draw, channel                 weeks until half of an effect has come
spend_today          channel                       weekly money, mean of the reference weeks
spend_low/_high      channel                       smallest, largest weekly spend of the past
==================== ============================= =====================================

Where the formula is known (``formula`` in the attributes is 1), these are there too
and :func:`respond` computes any plan from them:

==================== ============================= =====================================
adstock_weight       draw, channel, lag            sums to one over lag
saturation           draw, channel, shape          first and second parameter; NaN if it has one
coefficient          draw, channel, region         weekly outcome at full saturation
media_scale          channel, region               divides adstocked media before saturation
==================== ============================= =====================================

Where lift tests lie in the fitted weeks:

==================== ============================= =====================================
lift_expected        draw, test                    incremental outcome that the model gives a test
==================== ============================= =====================================

Attributes: ``model``, ``outcome_unit``, ``currency``, ``return_unit``, ``engine``,
``formula``, ``saturation_kinds`` (JSON, by channel), ``told`` (JSON: priors,
scales, lift tests and whether the fit was calibrated by them: what the model was told).
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import xarray as xr

from mmmlib.data.panel.lift_grid import Lift
from mmmlib.errors import InputError
from mmmlib.model.motions import sum_motions
from mmmlib.params.load import params_of
from mmmlib.runs import Run
from mmmlib.transforms import SATURATIONS, lagged, saturate

__all__ = ["baseline", "contribution", "effects_of", "roi", "share", "uncalibrated_of"]

REQUIRED: dict[str, tuple[str, ...]] = {
    "contribution": ("draw", "channel", "week"),
    "contribution_region": ("draw", "channel", "region"),
    "baseline_part": ("draw", "component", "week"),
    "predicted": ("draw", "week"),
    "observed": ("week",),
    "in_sample": ("week",),
    "spend": ("channel", "week"),
    "spend_region": ("channel", "region"),
    "media": ("channel", "region", "week"),
    "media_cost": ("channel", "region"),
    "response_spend": ("channel", "point"),
    "response": ("draw", "channel", "point"),
    "marginal_roi": ("draw", "channel"),
    "prior_roi": ("draw", "channel"),
    "half_life": ("draw", "channel"),
    "spend_today": ("channel",),
    "spend_low": ("channel",),
    "spend_high": ("channel",),
}
FORMULA: dict[str, tuple[str, ...]] = {
    "adstock_weight": ("draw", "channel", "lag"),
    "saturation": ("draw", "channel", "shape"),
    "coefficient": ("draw", "channel", "region"),
    "media_scale": ("channel", "region"),
}
CALIBRATION: dict[str, tuple[str, ...]] = {"lift_expected": ("draw", "test")}
ATTRIBUTES = (
    "model",
    "outcome_unit",
    "currency",
    "return_unit",
    "engine",
    "formula",
    "saturation_kinds",
    "told",
)
UNCALIBRATED = "uncalibrated.nc"
"""Effects of the fit without lift tests, beside ``effects.nc`` of a model that has some."""
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
    """Lift tests that the fit was told of, in the order of ``lift_expected``."""
    told = json.loads(effects.attrs["told"]).get("lift_tests", [])
    return [Lift.model_validate(one) for one in told]


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
    parts = [run.load_dataset(f"models/{part}/{name}.nc") for part in parts_of(run, model)]
    return check_effects(parts[0] if len(parts) == 1 else sum_motions(model, parts))


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
    return check_effects(run.load_dataset(name)) if run.has(name) else None


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


def contribution(effects: xr.Dataset, weeks: slice | None = None) -> xr.DataArray:
    """Contribution of every channel, summed over weeks.

    Parameters
    ----------
    effects
        Of one model, see :func:`effects_of`.
    weeks
        A slice of dates; all weeks if not given.

    Returns
    -------
    xarray.DataArray
        Dimensions ``(draw, channel)``, in the unit of the outcome.

    Examples
    --------
    ::

        contribution(effects, slice("2026-01-01", "2026-03-31")).median("draw")
    """
    part = effects["contribution"]
    return (part if weeks is None else part.sel(week=weeks)).sum("week", skipna=False)


def roi(effects: xr.Dataset, weeks: slice | None = None) -> xr.DataArray:
    """Return per unit of money over weeks.

    Contribution of the weeks over spend of the same weeks: carryover from spend
    before the window is in, carryover after its end is not.

    Parameters
    ----------
    effects
        Of one model, see :func:`effects_of`.
    weeks
        A slice of dates; all weeks if not given.

    Returns
    -------
    xarray.DataArray
        Dimensions ``(draw, channel)``; NaN without spend.

    Examples
    --------
    ::

        roi(effects).quantile([0.05, 0.5, 0.95], "draw")
    """
    spend = effects["spend"]
    spend = (spend if weeks is None else spend.sel(week=weeks)).sum("week", skipna=False)
    return contribution(effects, weeks) / spend.where(spend > 0)


def share(effects: xr.Dataset, weeks: slice | None = None) -> xr.DataArray:
    """Share of the fitted outcome that each channel contributed.

    Parameters
    ----------
    effects
        Of one model, see :func:`effects_of`.
    weeks
        A slice of dates; all weeks if not given.

    Returns
    -------
    xarray.DataArray
        Dimensions ``(draw, channel)``.

    Examples
    --------
    ::

        share(effects).sum("channel").median("draw")
    """
    total = fitted(effects)
    total = (total if weeks is None else total.sel(week=weeks)).sum("week", skipna=False)
    return contribution(effects, weeks) / total


def saturation_kinds(effects: xr.Dataset) -> dict[str, str]:
    """Name of the saturation of every channel."""
    return json.loads(effects.attrs["saturation_kinds"])


def respond(effects: xr.Dataset, media: xr.DataArray, draws: slice | None = None) -> xr.DataArray:
    """Contribution that any media plan would have.

    Parameters
    ----------
    effects
        With a known formula.
    media
        Dimensions ``(channel, region, week)``, in the unit of ``effects.media``,
        weeks without gaps. Put the past in front of the plan, or its carryover is
        missing; weeks before the first one count as zero.
    draws
        Which draws; all if not given.

    Returns
    -------
    xarray.DataArray
        Dimensions ``(draw, channel, week)``, summed over regions, in the
        outcome's unit. Memory is kept small by going channel by channel.
    """
    picked = effects if draws is None else effects.isel(draw=draws)
    each = [
        xr.DataArray(
            response_to(picked, channel)(media.sel(channel=channel).to_numpy()),
            dims=("draw", "week"),
            coords={"draw": picked["draw"], "week": media["week"], "channel": channel},
        )
        for channel in media["channel"].to_numpy()
    ]
    return xr.concat(each, dim="channel").transpose("draw", "channel", "week")


def response_to(effects: xr.Dataset, channel: str) -> Callable[..., np.ndarray]:
    """Return the formula of one channel as a function of its media.

    Parameters
    ----------
    effects
        With a known formula.
    channel
        One of its channels.

    Returns
    -------
    callable
        ``(media, skip=0)``, where ``media`` has the shape ``(region, week)``: see
        :func:`respond`. It gives ``(draw, week)``, without the first ``skip`` weeks:
        those are there as the past of the others only.
    """
    if not effects.attrs.get("formula"):
        raise ValueError(f"{effects.attrs.get('model')}: this engine's formula is not known")
    kind = saturation_kinds(effects)[channel]
    one = effects[list(FORMULA)].sel(channel=channel)
    scale = one["media_scale"].to_numpy()[:, None]  # (region, 1)
    weights = one["adstock_weight"].transpose("draw", "lag").to_numpy()
    coefficient = one["coefficient"].transpose("draw", "region").to_numpy()
    shapes = one["saturation"].transpose("draw", ...).to_numpy()
    parameters = {name: shapes[:, i, None, None] for i, name in enumerate(SATURATIONS[kind])}

    def respond_to(media: np.ndarray, skip: int = 0) -> np.ndarray:
        # (region, week, lag) x (draw, lag) -> (draw, region, week)
        past = lagged(media / scale, weights.shape[1])[:, skip:]
        stocked = np.einsum("rtl,dl->drt", past, weights, optimize=True)
        response = saturate(kind, stocked, parameters)
        return np.einsum("drt,dr->dt", response, coefficient, optimize=True)

    return respond_to
