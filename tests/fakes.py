"""Small fake inputs and results, built from arrays: no file read, nothing sampled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from pandas.util import hash_pandas_object

from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.lift_grid import Lift, lay_out
from mmmlib.data.panel.panel import Panel
from mmmlib.model.chains import RHAT
from mmmlib.model.effects import baseline, check_effects, contribution
from mmmlib.model.response import respond, spend_effect
from mmmlib.params import Params
from mmmlib.params.lift import LiftTest
from mmmlib.transforms import geometric_weights, half_life

CHANNELS = ("search", "social", "video", "events")


BELIEF = 1.2
"""Spread of the logarithm of a return, before the fit."""
_MADE: dict[tuple[object, ...], list[xr.Dataset]] = {}


def fake_params(**overrides: Any) -> Params:
    """Parameters of a small national workbook; top-level sections can be overridden."""
    content: dict[str, Any] = {
        "workbook": "fake",
        "title": "A fake company",
        "currency": "USD",
        "refresh": {"period": "2026-Q2"},
        "audience": {
            "serves": "growth",
            "supports": ["Shift budget between channels within a quarter"],
            "not_for": ["Set individual sales targets"],
        },
        "key_questions": [
            {
                "question": "Can we scale paid search?",
                "kind": "scale",
                "channel": "search",
            }
        ],
        "data": {"sources": {"media": {"path": "media.csv"}}},
        "channels": {name: {"label": name.title(), "spend": f"{name}_spend"} for name in CHANNELS},
        "outcomes": {
            "revenue": {"label": "Revenue", "kind": "revenue", "column": "revenue"},
            "signups": {
                "label": "Signups",
                "kind": "count",
                "unit": "signups",
                "column": "signups",
            },
        },
        "controls": {"price": {"column": "price"}},
    }
    return Params.model_validate(content | overrides)


def two_motions(**overrides: Any) -> Params:
    """Parameters of a workbook whose revenue comes from two motions."""
    motions = {name: {"column": name} for name in ("self_serve", "sales_assisted")}
    revenue = {"label": "Revenue", "kind": "revenue", "motions": motions}
    return fake_params(outcomes={"revenue": revenue}, **overrides)


def fake_panel(
    params: Params | None = None,
    weeks: int = 104,
    regions: tuple[str, ...] = (NATIONAL,),
    seed: int = 1,
    first: str = "2024-01-01",
) -> Panel:
    """A panel with a clear effect of every channel on every outcome."""
    params = params or fake_params()
    rng = np.random.default_rng(seed)
    dates = pd.date_range(first, periods=weeks, freq="7D")
    frames = []
    for region in regions:
        frame = pd.DataFrame({"region": region, "week": dates})
        media = {}
        for number, name in enumerate(params.channels):
            level = 20_000.0 / (1 + number)
            media[name] = level * rng.gamma(4.0, 0.25, weeks)
        for model in params.model_names:
            money = params.outcome_unit(model) == params.currency
            unit = 1.0 if money else 0.01
            season = 1 + 0.1 * np.sin(2 * np.pi * np.arange(weeks) / 52)
            effect = sum(1.5 * np.tanh(x / x.mean()) * x.mean() for x in media.values())
            noise = rng.normal(0, 5_000, weeks)
            frame[f"outcome:{model}"] = unit * np.maximum(150_000 * season + effect + noise, 0)
        for name, values in media.items():
            frame[f"spend:{name}"] = values
        for name in params.controls:
            frame[f"control:{name}"] = rng.normal(size=weeks)
        frame["imputed"] = ""
        frames.append(frame)
    units = {f"outcome:{model}": params.outcome_unit(model) for model in params.model_names}
    return Panel(pd.concat(frames, ignore_index=True), params.currency, units)


def fake_lift(panel: Panel, name: str = "spring", **options: Any) -> Lift:
    """A lift test on a panel: half as much again on search in four weeks of spring."""
    content = {
        "channel": "search",
        "outcome": "revenue",
        "start": str(panel.weeks[10].date()),
        "end": str((panel.weeks[14] - pd.Timedelta(days=1)).date()),
        "incremental_outcome": 30_000.0,
        "standard_error": 9_000.0,
    } | options
    if "spend_change" not in content:
        content.setdefault("spend_change_share", 0.5)
    test = LiftTest.model_validate(content)
    spend = panel.array("spend").sel(channel=test.channel).to_numpy()
    faults: list[tuple[str, ...]] = []
    lift = lay_out(name, test, spend, panel.regions, panel.weeks, lambda *one: faults.append(one))
    assert lift is not None, faults
    return lift


def with_lifts(effects: xr.Dataset, lifts: Sequence[Lift], spread: float = 0.3) -> xr.Dataset:
    """Effects of a fit that was told of lift tests and expects about what they saw.

    ``spread`` is that of the logarithm of what is expected.
    """
    rng = np.random.default_rng(11)
    saw = np.array([lift.incremental_outcome for lift in lifts])
    expected = saw * np.exp(spread * rng.normal(size=(effects.sizes["draw"], len(lifts))))
    told = json.loads(effects.attrs["inputs"])
    told["lift_tests"] = [lift.model_dump(mode="json") for lift in lifts]
    more = effects.assign(lift_expected=(("draw", "test"), expected))
    more = more.assign_coords(test=[lift.name for lift in lifts])
    return check_effects(more.assign_attrs({"inputs": json.dumps(told), RHAT: 1.0}))


def fake_effects(
    params: Params | None = None,
    panel: Panel | None = None,
    model: str | None = None,
    draws: int = 200,
    seed: int = 1,
    holdout_weeks: int = 0,
    scale: float = 1.0,
) -> xr.Dataset:
    """Effects that keep the contract and follow their own formula; nothing is fitted.

    ``scale`` multiplies every coefficient, so that two of them differ by a known factor.
    Asked for again, they are a copy.
    """
    params = params or fake_params()
    panel = panel or fake_panel(params)
    model = model or params.primary
    values = hash_pandas_object(panel.frame).to_numpy().tobytes()
    said = (params.model_dump_json(), panel.currency, str(panel.units), *panel.frame.columns)
    made = _MADE.setdefault((*said, values, model, draws, seed, holdout_weeks, scale), [])
    if not made:
        made.append(_make_effects(params, panel, model, draws, seed, holdout_weeks, scale))
    return made[0].copy(deep=True)


def _make_effects(
    params: Params,
    panel: Panel,
    model: str,
    draws: int,
    seed: int,
    holdout_weeks: int,
    scale: float,
) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    media = panel.array("spend")
    channels = list(media["channel"].to_numpy())
    sizes = {name: media.sizes[name] for name in ("channel", "region", "week")}
    lag, count = params.model.adstock_weeks, len(channels)
    money = params.outcome_unit(model) == params.currency
    unit = scale if money else 0.01 * scale

    retention = rng.beta(6, 8, (draws, count))
    weights = geometric_weights(retention, lag)
    steepness = rng.gamma(20, 0.05, (draws, count))
    media_scale = media.max("week")
    level = media.mean("week").to_numpy()
    coefficient = unit * 3.0 * level * rng.gamma(25, 0.04, (draws, count, 1))
    dims = ("draw", "channel")
    effects = xr.Dataset(
        {
            "adstock_weight": ((*dims, "lag"), weights),
            "saturation": (
                (*dims, "shape"),
                np.stack([steepness, np.full_like(steepness, np.nan)], axis=-1),
            ),
            "coefficient": ((*dims, "region"), coefficient),
            "media_scale": (("channel", "region"), media_scale.to_numpy()),
            "half_life": (dims, half_life(weights)),
            "media": media,
            "media_cost": (("channel", "region"), np.ones((count, sizes["region"]))),
        },
        coords={"draw": np.arange(draws), "channel": channels, "region": panel.regions},
        attrs={
            "model": model,
            "outcome_unit": params.outcome_unit(model),
            "currency": params.currency,
            "return_unit": params.return_unit(model),
            "engine": "fake",
            "formula": 1,
            "saturation_kinds": json.dumps(dict.fromkeys(channels, "logistic")),
            "inputs": json.dumps({"priors": {"roi": believed(unit, count)}, "scales": {}}),
            **({RHAT: 1.0} if holdout_weeks else {}),
        },
    )
    effects["contribution"] = respond(effects, media)
    effects = effects.assign_coords(week=panel.weeks)
    effects["spend_effect"] = spend_effect(effects)
    by_region = [
        respond(effects.sel(region=[region]), media.sel(region=[region])).sum("week")
        for region in panel.regions
    ]
    effects["contribution_region"] = xr.concat(by_region, dim="region").transpose(*dims, "region")
    effects["contribution_region"] = effects["contribution_region"].assign_coords(
        region=panel.regions
    )
    observed = panel.outcome(model).sum("region")
    rest = observed - effects["contribution"].median("draw").sum("channel")
    noise = observed.std("week").to_numpy() * 0.1
    trend = float(rest.mean()) * (1 + 0.02 * rng.normal(size=(draws, 1))) * np.ones(sizes["week"])
    season = (rest - rest.mean()).to_numpy() * 0.9 + 0.1 * noise * rng.normal(size=(draws, 1))
    effects["baseline_part"] = (
        ("draw", "component", "week"),
        np.stack([trend, season], axis=1),
    )
    effects = effects.assign_coords(component=["trend", "seasonality"], week=panel.weeks)
    fitted = baseline(effects) + effects["contribution"].sum("channel")
    effects["predicted"] = fitted + noise * rng.normal(size=fitted.shape)
    effects["observed"] = observed
    inside = np.arange(sizes["week"]) < sizes["week"] - holdout_weeks
    effects["in_sample"] = ("week", inside)
    effects["spend"] = media.sum("region")
    effects["spend_region"] = media.sum("week")
    spend = effects["spend"]
    today = spend.isel(week=slice(-13, None)).mean("week")
    effects["spend_today"] = today
    effects["spend_low"] = spend.min("week")
    effects["spend_high"] = spend.max("week")
    grid = np.linspace(0, 1.5, 31)
    effects["response_spend"] = effects["spend_high"] * xr.DataArray(grid, dims="point")
    split = media.sum("week") / media.sum(["week", "region"])
    effects["response"] = _steady(effects, effects["response_spend"] * split)
    step = 0.01 * today
    gain = _steady(effects, ((today + step) * split).expand_dims("point")) - _steady(
        effects, (today * split).expand_dims("point")
    )
    effects["marginal_roi"] = gain.isel(point=0, drop=True) / step
    prior = unit * np.exp(rng.normal(0, BELIEF, (draws, count)))
    effects["prior_roi"] = (dims, prior)
    effects = effects.transpose("draw", "channel", ..., missing_dims="ignore")
    for name, array in effects.data_vars.items():
        if array.dtype == np.float64:
            effects[name] = array.astype("float32")
    if params.levers:
        of_unit = rng.normal(-0.02 * float(observed.mean()), 0.005 * float(observed.mean()), draws)
        control = panel.array("control").sel(control=list(params.levers))
        effects["lever_value"] = control.rename(control="lever")
        effects["lever_effect"] = (
            xr.DataArray(of_unit, dims="draw")
            * xr.ones_like(effects["lever_value"].isel(week=0, drop=True))
            / sizes["region"]
        )
    assert float(contribution(effects).min()) >= 0
    return check_effects(effects)


def over_at_once(effects: xr.Dataset) -> xr.Dataset:
    """The same contributions, none of which comes later than the week of its spend."""
    return effects.assign(spend_effect=effects["contribution"])


def believed(middle: float, channels: int) -> dict[str, list[float]]:
    """What a fit is told of the returns: the same of all."""
    return {"mean": [float(np.log(middle))] * channels, "sd": [BELIEF] * channels}


def _steady(effects: xr.Dataset, level: xr.DataArray) -> xr.DataArray:
    """Weekly response when media stays at a level; ``level`` is (channel, region, point)."""
    x = (level / effects["media_scale"]).transpose("channel", "region", "point")
    steepness = effects["saturation"].isel(shape=0)
    return (
        (np.tanh(steepness * x / 2) * effects["coefficient"])
        .sum("region")
        .transpose("draw", "channel", "point")
    )
