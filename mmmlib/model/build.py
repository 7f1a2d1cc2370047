"""The model, written in PyMC: to read, to open, to extend.

This is the full model with its linear terms as parameters. Fits use the same model
with those terms integrated out, as one compiled function (:mod:`mmmlib.model.kernel`);
a test holds the two equal, value and gradient. All data are ``pm.Data``, so that the
model can be compiled once and its data swapped. How to extend it: docs/extend.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from mmmlib.model.arrays import FORM_PARAMETERS, LiftArrays, ModelData
from mmmlib.model.kernel.noise import FLOOR
from mmmlib.model.priors import LEVEL_MEAN, LEVEL_SD, SHARE_WIDTH
from mmmlib.model.rotation import mirror, rotate
from mmmlib.model.whitening import turned_outcome
from mmmlib.transforms import ADSTOCKS, SATURATIONS, adstock_weights, lagged, saturate


def build_model(
    data: ModelData,
    *,
    returns: Callable[[ModelData], Any] | None = None,
    effect: Callable[[ModelData, Any], Any] | None = None,
    term: Callable[[ModelData], Any] | None = None,
    noise: Callable[[ModelData, Any], None] | None = None,
) -> pm.Model:
    """Write the model of a fit in PyMC, with parts of one's own where they are given.

    Parameters
    ----------
    data
        As :func:`mmmlib.model.spec.prepare` makes it.
    returns
        Makes the variable ``roi``, dimension ``channel``, in place of the workbook's prior.
    effect
        Takes the contributions ``(channel, region, week)``, in units of the region's mean outcome,
        and returns what they are instead: times a coefficient that moves, say.
    term
        Returns what is added to the fitted outcome ``(region, week)``, in the same units.
    noise
        Takes the fitted outcome and makes the observed variable ``outcome``, in place of the
        workbook's likelihood. Its data is ``data.seen_outcome``, not rotated.

    Returns
    -------
    pymc.Model
        Parameters have the names and scales of the saved posterior. ``outcome`` is
        the observed variable: the outcome by region, divided by its scale and rotated
        (:mod:`mmmlib.model.rotation`), given the week before; counts are as they are.
        ``lift`` is observed too where there are lift tests (:mod:`mmmlib.model.lift`).
    """
    with pm.Model(coords=_coords(data)) as model:
        seen = slice(0, data.fitted_weeks)
        weight = pm.Data("noise_weight", data.noise_weight, dims="region")
        scale = pm.Data("outcome_scale", data.scales.outcome, dims="region")
        columns = pm.Data("columns", data.columns[:, :, seen], dims=("region", "column", "week"))
        parameters = _channel_parameters(data, returns)
        media = _media(data, parameters, scale, effect)

        level = pm.Normal("level", LEVEL_MEAN, LEVEL_SD * weight, dims="region")
        spread = pm.Data("column_sd", data.linear.sd, dims="column")
        if "scale" in data.priors:
            learned = pm.LogNormal("scale", *data.priors["scale"], dims="term")
            factor = pt.concatenate([pt.ones(1), learned])[data.linear.group]
            spread = spread * factor
        slope = pm.Normal("slope_of", 0.0, spread, dims="column")
        fitted = level[:, None] + pt.sum(columns * slope[None, :, None], axis=1) + media
        if term is not None:
            fitted = fitted + term(data)
        pm.Deterministic("fitted", fitted, dims=("region", "week"))
        if noise is not None:
            noise(data, fitted)
        else:
            _noise(data, fitted, weight)
    return model


def _coords(data: ModelData) -> dict[str, Any]:
    names = np.array(data.channels)
    coords: dict[str, Any] = {
        "channel": list(data.channels),
        "region": list(data.regions),
        "week": list(data.weeks[: data.fitted_weeks]),
        "column": list(data.column_names),
        "lag": np.arange(data.adstock_weeks),
        "reach": np.arange(data.fitted_weeks + data.adstock_weeks - 1),
        "term": np.arange(len(data.priors.get("scale", ([],))[0])),
        "movement": ["common", "regional"][: len(data.priors["sigma"][0])],
        "distribution": np.arange(1),
    }
    if data.calibration:
        coords["lift_test"] = [lift.test.name for lift in data.calibration]
    for name in FORM_PARAMETERS & set(data.priors):
        coords[f"channel_{name}"] = list(names[data.using(name)])
    return coords


def _channel_parameters(
    data: ModelData, returns: Callable[[ModelData], Any] | None
) -> dict[str, Any]:
    """Priors of the channels' parameters, on their own scale."""
    priors = data.priors
    parameters: dict[str, Any] = {
        "roi": returns(data) if returns else pm.LogNormal("roi", *priors["roi"], dims="channel")
    }
    for name in priors:
        dims = f"channel_{name}"
        if name == "retention":
            parameters[name] = _logit_normal(name, priors[name], dims)
        elif name == "peak":
            share = _logit_normal("peak_share", priors[name], dims)
            parameters[name] = pm.Deterministic(name, data.adstock_weeks * share, dims=dims)
        elif name in FORM_PARAMETERS:
            parameters[name] = pm.LogNormal(name, *priors[name], dims=dims)
    if "pooling" in priors:
        pooling = pm.LogNormal("pooling", *priors["pooling"], dims="channel")
        deviation = pm.Normal("deviation", 0.0, 1.0, dims=("channel", "region"))
        parameters["region"] = pt.exp(pooling[:, None] * deviation)
    return parameters


def _media(
    data: ModelData,
    parameters: dict[str, Any],
    scale: Any,
    effect: Callable[[ModelData, Any], Any] | None,
) -> Any:
    """Contribution of all channels, in units of the region's mean outcome."""
    media = data.scaled_media[:, :, : data.fitted_weeks]
    # Weeks without spend follow, in which the effect of the last ones comes to its end.
    media = np.pad(media, ((0, 0), (0, 0), (0, data.adstock_weeks - 1)))
    past = pm.Data(
        "media", lagged(media, data.adstock_weeks), dims=("channel", "region", "reach", "lag")
    )
    spend = pm.Data("spend", data.seen_spend, dims="channel")
    total = pm.Data("outcome_total", data.seen_total)
    saturated = []
    forms = []
    for row, (adstock, saturation) in enumerate(zip(data.adstock, data.saturation, strict=True)):
        own = {
            name: parameters[name][data.using(name).index(row)]
            for name in (*ADSTOCKS[adstock], *SATURATIONS[saturation])
        }
        weights = adstock_weights(adstock, own, data.adstock_weeks, pt)
        stocked = pt.sum(past[row] * weights, axis=-1)
        saturated.append(saturate(saturation, stocked, own, pt))
        forms.append((weights, saturation, own))
    response = pt.stack(saturated)
    region = parameters.get("region", pt.ones((len(data.channels), len(data.regions))))
    # The return fixes the size: all that the spend of the fitted weeks brings, over that spend.
    norm = pt.sum(scale * region * pt.sum(response, axis=2), axis=1)
    strength = parameters["roi"] * spend / norm
    contribution = (strength[:, None] * region)[:, :, None] * response[:, :, : data.fitted_weeks]
    if effect is not None:
        contribution = effect(data, contribution)
    pm.Deterministic("contribution", contribution, dims=("channel", "region", "week"))
    _add_alike_prior(data, parameters["roi"])
    if data.calibration:
        coefficient = (strength * scale[:, None]).T * region
        _measure(
            data.calibration,
            [
                pt.sum(
                    coefficient[lift.channel, list(lift.regions)]
                    * _changed(lift, *forms[lift.channel], data.adstock_weeks)
                )
                for lift in data.calibration
            ],
        )
    excess = pt.sum(parameters["roi"] * spend) / total - data.max_media_share
    # All channels together hardly pass the whole outcome.
    pm.Potential("media_share", -pt.softplus(excess / SHARE_WIDTH))
    return pt.sum(contribution, axis=0)


def _add_alike_prior(data: ModelData, returns: Any) -> None:
    """Correlate what is believed of the returns: what the data say of some tells of the others."""
    if not data.likeness:
        return
    mean, sd = data.priors["roi"]
    off = ((pt.log(returns) - mean) / sd)[np.flatnonzero(data.alike)]
    free = 1 - data.likeness + data.likeness * data.alike.sum()
    factor = data.likeness / (1 - data.likeness)
    pm.Potential("returns_alike", -factor / 2 * (pt.sum(off**2) - pt.sum(off) ** 2 / free))


def _changed(
    lift: LiftArrays, weights: Any, saturation: str, shape: dict[str, Any], lags: int
) -> Any:
    """What a test changed of the channel's saturated media, by region; see mmmlib.model.lift."""
    changed = 0.0
    for sign, path in lift.signed:
        past = lagged(path, lags)[:, lags - 1 :]
        saturated = saturate(saturation, pt.sum(past * weights, axis=-1), shape, pt)
        changed = changed + sign * pt.sum(lift.counted * saturated, axis=-1)
    return changed


def _measure(lifts: tuple[LiftArrays, ...], expected: list[Any]) -> None:
    """What the tests measured is normal around what the model gives them."""
    measured = pm.Data("measured_lift", [lift.measured for lift in lifts], dims="lift_test")
    error = pm.Data("lift_error", [lift.error for lift in lifts], dims="lift_test")
    pm.Normal("lift", pt.stack(expected), error, observed=measured, dims="lift_test")


def _noise(data: ModelData, fitted: Any, weight: Any) -> None:
    """Noise of the common movement and of the differences between regions; or counts."""
    sigma = pm.LogNormal("sigma", *data.priors["sigma"], dims="movement")
    if data.likelihood == "negative_binomial":
        counts = pm.Data("observed", turned_outcome(data).astype(int), dims=("region", "week"))
        mean = FLOOR * pt.softplus(fitted / FLOOR) * data.scales.outcome[:, None]
        alpha = sigma[0] ** -2
        pm.NegativeBinomial("outcome", mean, alpha, observed=counts, dims=("region", "week"))
        return
    observed = pm.Data(
        "observed", rotate(data.seen_outcome, data.noise_weight), dims=("region", "week")
    )
    kinds = np.minimum(np.arange(len(data.regions)), 1)
    sigma = sigma[kinds][:, None]
    scaled = fitted / weight[:, None]
    axis = mirror(data.noise_weight)
    expected = scaled - 2 * axis[:, None] * pt.sum(axis[:, None] * scaled, axis=0)
    distribution: Any = pm.Normal
    if data.likelihood == "student_t":
        degrees = pm.LogNormal("degrees", *data.priors["degrees"], dims="distribution")
        distribution = partial(pm.StudentT, nu=degrees[0])
    if not data.autocorrelated:
        distribution(
            "outcome", mu=expected, sigma=sigma, observed=observed, dims=("region", "week")
        )
        return
    rho = _logit_normal("autocorrelation", data.priors["autocorrelation"], "movement")
    rho = rho[kinds][:, None]
    before = rho * (observed - expected)[:, :-1]
    mean = expected + pt.concatenate([pt.zeros((len(kinds), 1)), before], axis=1)
    first = sigma / pt.sqrt(1 - rho**2)
    spread = pt.concatenate([first, pt.repeat(sigma, data.fitted_weeks - 1, axis=1)], axis=1)
    distribution("outcome", mu=mean, sigma=spread, observed=observed, dims=("region", "week"))


def _logit_normal(name: str, prior: tuple[np.ndarray, np.ndarray], dims: str) -> Any:
    """A share between zero and one; PyMC gives this law no transform of its own."""
    return pm.LogitNormal(name, *prior, dims=dims, transform=pm.distributions.transforms.logodds)
