"""From draws to effects: everything that follows from the parameters, in NumPy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.special import ndtri

from mmmlib.model.arrays import LiftArrays, ModelData
from mmmlib.model.budgets import common_spend
from mmmlib.model.columns import MEASURED
from mmmlib.model.effects import check_effects
from mmmlib.model.inputs import model_inputs
from mmmlib.model.levers import with_levers
from mmmlib.model.linear import draw_linear
from mmmlib.model.noise import draw_noise
from mmmlib.model.prices import UNIT_PRICES, declared_prices, price_in
from mmmlib.model.priors import SHARE_WIDTH
from mmmlib.model.quantiles import truncated_points
from mmmlib.model.response import spend_effect
from mmmlib.model.unpaid import set_apart
from mmmlib.params import Params
from mmmlib.transforms import ADSTOCKS, SATURATIONS, adstock_weights, half_life, lagged, saturate

POINTS, BEYOND = 31, 1.5
"""Points of a response curve, and how far beyond the largest weekly spend it goes."""
STEP = 0.01
"""Relative step of spend from which the marginal return is taken."""


def form_factors(draws: int, channels: int, spread: float, common: float) -> np.ndarray:
    """By what the effect of a channel may be off because its form is not the truth's.

    Half of the variance all channels share: they have one kind of form, and what a trend or a
    demand that nobody saw does to one it does to all. Where budgets move together, it does more.

    ``spread`` is that of the logarithm, ``model.form_error``; the variance that all channels share
    is ``0.5 + common`` times its square, see :func:`budgets_in_common`. ``(draw, channel)``,
    log-normal with a median of one. The same in every fit: what two fits differ by is not chance of
    these numbers.
    """
    rng = np.random.default_rng(0xF0)
    levels = ndtri((np.arange(draws) + 0.5) / draws)
    own = np.stack([rng.permutation(levels) for _ in range(channels)], axis=1)
    shared = rng.permutation(levels)[:, None]
    return np.exp(spread * (np.sqrt(0.5) * own + np.sqrt(0.5 + common) * shared))


def budgets_in_common(data: ModelData) -> float:
    """Share of the budgets' mean movement that is common to them, beside all that is measured.

    See :func:`mmmlib.model.budgets.common_spend`; zero where there are too few budgets to tell.
    """
    measured = data.columns[:, [part in MEASURED for part in data.components]].mean(0)
    found = common_spend(data.spend[data.paid].sum(1), data.fitted_weeks, measured)
    return 0.0 if found is None else found[1]


def thin(posterior: xr.Dataset, kept: int) -> dict[str, np.ndarray]:
    """Keep evenly spaced draws of every chain; returns arrays by name, draw first."""
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    each = min(max(kept // chains, 1), draws)
    places = np.linspace(0, draws - 1, each).round().astype(int)
    picked = posterior.isel(draw=places).transpose("chain", "draw", ...)
    return {
        str(name): array.to_numpy().reshape(chains * each, *array.shape[2:])
        for name, array in picked.data_vars.items()
    }


class Weekly(NamedTuple):
    """The weeks of a fit, draw by draw; see :mod:`mmmlib.model.effects` for the dimensions."""

    weights: np.ndarray
    shapes: np.ndarray
    coefficient: np.ndarray
    contribution: np.ndarray
    by_region: np.ndarray
    components: tuple[str, ...]
    baseline: np.ndarray
    predicted: np.ndarray
    levels: np.ndarray
    slopes: np.ndarray


def predict_weeks(
    data: ModelData, parameters: dict[str, np.ndarray], rng: np.random.Generator
) -> Weekly:
    """Compute what came of channels, baseline and noise in every week, in outcome units.

    Weeks after the fitted ones are forecast. ``parameters`` are posterior draws by name, draw
    first.
    """
    draws = len(parameters["roi"])
    weights, shapes = channel_forms(data, parameters)
    scale, weeks = data.scales.outcome, len(data.weeks)
    channels, regions = len(data.channels), len(data.regions)

    coefficient = np.empty((draws, channels, regions))
    contribution = np.empty((draws, channels, weeks), dtype=np.float32)
    by_region = np.empty((draws, channels, regions))
    media = np.zeros((draws, regions, weeks))
    for c, (response, size) in enumerate(respond_each(data, parameters, weights, shapes)):
        coefficient[:, c] = size * scale
        contribution[:, c] = np.einsum("drt,dr->dt", response, coefficient[:, c])
        by_region[:, c] = response.sum(-1) * coefficient[:, c]
        response *= size[:, :, None]
        media += response

    levels, slopes = draw_linear(data, parameters, media, rng)
    components = ("trend", *dict.fromkeys(p for p in data.components if p != "trend"))
    baseline = np.zeros((draws, len(components), weeks))
    baseline[:, 0] = (levels * scale).sum(-1)[:, None]
    in_units = np.einsum("r,rkt->kt", scale, data.columns)
    for row, component in enumerate(components):
        mine = [k for k, part in enumerate(data.components) if part == component]
        baseline[:, row] += slopes[:, mine] @ in_units[mine]

    fitted = media + levels[:, :, None]
    fitted += np.einsum("dk,rkt->drt", slopes, data.columns, optimize=True)
    noise = np.einsum("drt,r->dt", draw_noise(data, parameters, fitted, rng), scale)
    predicted = baseline.sum(1) + contribution.sum(1) + noise
    return Weekly(
        weights,
        shapes,
        coefficient,
        contribution,
        by_region,
        components,
        baseline,
        predicted,
        levels,
        slopes,
    )


def derive_effects(
    data: ModelData, params: Params, posterior: xr.Dataset, seed: int, *, apart: bool = True
) -> tuple[xr.Dataset, xr.Dataset]:
    """Compute the effects of a fit from its posterior; levels and columns in outcome units, too.

    ``posterior`` has named draws, dimensions ``chain`` and ``draw`` first; ``apart`` says whether
    channels without spend are set apart, as the contract of effects has it.
    """
    rng = np.random.default_rng(seed)
    parameters = thin(posterior, params.model.kept_draws)
    draws = len(parameters["roi"])
    scale = data.scales.outcome
    seen, weeks = data.fitted_weeks, len(data.weeks)
    channels = len(data.channels)
    weekly = predict_weeks(data, parameters, rng)
    weights, shapes, coefficient, contribution, by_region, components, baseline = weekly[:7]
    levels, slopes = weekly.levels, weekly.slopes

    expected = [expected_lift(data, one, weights, shapes, coefficient) for one in data.lifts]
    off = form_factors(draws, channels, params.model.form_error, budgets_in_common(data))
    coefficient *= off[:, :, None]
    by_region *= off[:, :, None]
    whole = contribution.sum(1)
    contribution *= off[:, :, None].astype(np.float32)
    baseline[:, 0] += whole - contribution.sum(1)  # what the channels did not cause, it did

    cost = data.media_cost
    spend = data.spend.sum(1)
    today, split = todays_spend(data, params.scenarios.reference_weeks)
    low, high = spend[:, :seen].min(-1), spend[:, :seen].max(-1)
    grid = high[:, None] * np.linspace(0, BEYOND, POINTS)
    prices = declared_prices(data, params, split)
    steady = _steady(data, shapes, coefficient, split / cost, prices)
    step = STEP * np.where(today > 0, today, high)
    gain = steady((today + step)[:, None]) - steady(today[:, None])
    mean, sd = data.priors["roi"]
    effects = xr.Dataset(
        {
            "contribution": (("draw", "channel", "week"), contribution),
            "contribution_region": (("draw", "channel", "region"), by_region),
            "baseline_part": (("draw", "component", "week"), baseline),
            "predicted": (("draw", "week"), weekly.predicted),
            "observed": ("week", data.outcome.sum(0)),
            "in_sample": ("week", np.arange(weeks) < seen),
            "spend": (("channel", "week"), spend),
            "spend_region": (("channel", "region"), data.spend.sum(-1)),
            "media": (("channel", "region", "week"), data.media),
            "media_cost": (("channel", "region"), cost),
            "response_spend": (("channel", "point"), grid),
            "response": (("draw", "channel", "point"), steady(grid)),
            "marginal_roi": (("draw", "channel"), gain[..., 0] / step),
            "prior_roi": (
                ("draw", "channel"),
                truncated_points(
                    mean,
                    sd,
                    data.seen_spend / data.seen_total,
                    data.max_media_share,
                    SHARE_WIDTH,
                    draws,
                    data.alike,
                    data.likeness,
                ),
            ),
            "form_factor": (("draw", "channel"), off),
            "half_life": (("draw", "channel"), half_life(weights)),
            "spend_today": ("channel", today),
            "spend_low": ("channel", low),
            "spend_high": ("channel", high),
            "adstock_weight": (("draw", "channel", "lag"), weights),
            "saturation": (("draw", "channel", "shape"), shapes),
            "coefficient": (("draw", "channel", "region"), coefficient),
            "media_scale": (("channel", "region"), data.scales.media),
        },
        coords={
            "draw": np.arange(draws),
            "channel": list(data.channels),
            "region": list(data.regions),
            "week": data.weeks,
            "component": list(components),
        },
        attrs=attributes(data, params) | ({UNIT_PRICES: json.dumps(prices)} if prices else {}),
    )
    if data.lifts:
        effects = effects.assign(lift_expected=(("draw", "test"), np.stack(expected, axis=1)))
        effects = effects.assign_coords(test=[one.test.name for one in data.lifts])
    wide = [name for name, array in effects.data_vars.items() if array.dtype == np.float64]
    effects = effects.assign({name: effects[name].astype("float32") for name in wide})
    effects["spend_effect"] = spend_effect(effects)
    effects = with_levers(effects, data, slopes)
    if apart:
        effects = set_apart(effects, data.unpaid)
    linear = xr.Dataset(
        {
            "level": (("draw", "region"), levels * scale),
            "column": (("draw", "column_name"), slopes),
        },
        coords={
            "draw": np.arange(draws),
            "region": list(data.regions),
            "column_name": list(data.column_names),
        },
    )
    return check_effects(effects), linear


def attributes(data: ModelData, params: Params) -> dict[str, Any]:
    """Attributes of the effects dataset."""
    kinds = dict(zip(data.channels, data.saturation, strict=True))
    return {
        "model": data.model,
        "outcome_unit": params.outcome_unit(data.model),
        "currency": params.currency,
        "return_unit": params.return_unit(data.model),
        "engine": "mmmlib",
        "formula": 1,
        "saturation_kinds": json.dumps(kinds),
        "budgets_in_common": budgets_in_common(data),
        "inputs": json.dumps(model_inputs(data, params)),
    }


def channel_forms(
    data: ModelData, parameters: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Adstock weights ``(draw, channel, lag)`` and saturation parameters ``(draw, channel, 2)``."""
    draws = len(parameters["roi"])
    weights = np.empty((draws, len(data.channels), data.adstock_weeks))
    shapes = np.full((draws, len(data.channels), 2), np.nan)
    for c, (adstock, saturation) in enumerate(zip(data.adstock, data.saturation, strict=True)):
        own = {
            name: parameters[name][:, data.using(name).index(c)]
            for name in (*ADSTOCKS[adstock], *SATURATIONS[saturation])
        }
        weights[:, c] = adstock_weights(adstock, own, data.adstock_weeks)
        for place, name in enumerate(SATURATIONS[saturation]):
            shapes[:, c, place] = own[name]
    return weights, shapes


def respond_each(
    data: ModelData, parameters: dict[str, np.ndarray], weights: np.ndarray, shapes: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield every channel's response and the size of its effect.

    The response is the saturated adstock, ``(draw, region, week)``; the size what it is multiplied
    with to be the contribution in units of the region's mean outcome, ``(draw, region)``: the
    return fixes it, by all that the spend of the fitted weeks brings, over that spend.
    """
    scale, seen, before = data.scales.outcome, data.fitted_weeks, data.adstock_weeks - 1
    for c, media in enumerate(data.scaled_media):
        to_end = np.pad(media[:, :seen], ((0, 0), (0, before)))
        whole = response = respond_channel(data, c, weights[:, c], shapes[:, c], to_end)
        if seen < media.shape[1]:
            response = respond_channel(data, c, weights[:, c], shapes[:, c], media)
        deviation = np.ones(response.shape[:2])
        if "deviation" in parameters:
            deviation = np.exp(parameters["pooling"][:, c, None] * parameters["deviation"][:, c])
        norm = (scale * deviation * whole.sum(-1)).sum(-1)
        strength = parameters["roi"][:, c] * data.seen_spend[c] / norm
        yield response[:, :, : media.shape[1]].copy(), strength[:, None] * deviation


def respond_channel(
    data: ModelData,
    channel: int,
    weights: np.ndarray,
    shapes: np.ndarray,
    media: np.ndarray,
) -> np.ndarray:
    """Saturated adstock of one channel; ``(draw, region, week)``, between 0 and 1."""
    past = lagged(media, data.adstock_weeks)
    stocked = (past.reshape(-1, data.adstock_weeks) @ weights.T).T
    kind = data.saturation[channel]
    given = {name: shapes[:, place, None] for place, name in enumerate(SATURATIONS[kind])}
    return saturate(kind, stocked, given).reshape(-1, *media.shape)


def expected_lift(
    data: ModelData,
    lift: LiftArrays,
    weights: np.ndarray,
    shapes: np.ndarray,
    coefficient: np.ndarray,
) -> np.ndarray:
    """Incremental outcome that the model gives a lift test, by draw; see :mod:`mmmlib.model.lift`.

    ``coefficient`` is the weekly outcome at full saturation, ``(draw, channel, region)``; for the
    others see :func:`channel_forms`.
    """
    c = lift.channel
    changed = np.zeros((len(weights), len(lift.regions)))
    for sign, path in lift.signed:
        response = respond_channel(data, c, weights[:, c], shapes[:, c], path)
        changed += sign * (response[:, :, data.adstock_weeks - 1 :] @ lift.counted)
    return np.asarray((changed * coefficient[:, c][:, list(lift.regions)]).sum(-1))


def todays_spend(data: ModelData, reference_weeks: int) -> tuple[np.ndarray, np.ndarray]:
    """Weekly spend of the latest weeks by channel, and its split over regions.

    The split is that of the media at what it costs: where it was booked says little of
    where it ran.
    """
    recent = slice(max(data.fitted_weeks - reference_weeks, 0), data.fitted_weeks)
    worth = data.media * data.media_cost[:, :, None]
    split = worth[:, :, recent].sum(-1)
    split = np.where(split.sum(1, keepdims=True) > 0, split, worth.sum(-1))
    today = data.spend[:, :, recent].mean(-1).sum(1)
    return today, split / split.sum(1, keepdims=True)


def _steady(
    data: ModelData,
    shapes: np.ndarray,
    coefficient: np.ndarray,
    media_per_money: np.ndarray,
    prices: Mapping[str, Any],
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the weekly response to spend that is kept up, split over regions as it is today.

    From spend ``(channel, point)`` to ``(draw, channel, point)``.
    """
    priced = [price_in(prices.get(name), data.regions).whole for name in data.channels]
    per_money = media_per_money / data.scales.media

    def respond(spend: np.ndarray) -> np.ndarray:
        out = np.empty((*coefficient.shape[:2], spend.shape[1]))
        for c, kind in enumerate(data.saturation):
            media = priced[c].worth(spend[c][None, :]) * per_money[c][:, None]  # (region, point)
            given = {
                name: shapes[:, c, place, None, None]
                for place, name in enumerate(SATURATIONS[kind])
            }
            response = saturate(kind, media[None], given)
            out[:, c] = np.einsum("drp,dr->dp", response, coefficient[:, c])
        return out

    return respond
