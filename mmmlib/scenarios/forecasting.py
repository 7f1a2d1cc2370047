"""The coming weeks, forecast with every model of a run as if the baseline plan is followed.

Seasons, holidays, known events and the trend go on, controls are those of the same weeks a year
ago. Neither spend nor controls come as supposed: each path of them that is followed is off by what
the same rule was off by at an earlier time, so the ranges hold for what really comes. A forecast is
kept so that later data can be held against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.panel.panel import Panel, panel_of
from mmmlib.data.weeks.weekly import share_of_week
from mmmlib.estimates import MASS, Estimate
from mmmlib.model.arrays import ModelData
from mmmlib.model.derive import predict_weeks, thin
from mmmlib.model.effects import effects_of
from mmmlib.model.fit import posterior_of
from mmmlib.model.inputs import carried_scales
from mmmlib.model.linear import column_spread
from mmmlib.model.prices import price_of
from mmmlib.model.spec import modelled, prepare
from mmmlib.params import Params
from mmmlib.params.load import params_of
from mmmlib.runs import Run
from mmmlib.scenarios.baseline import Baseline, baseline_of
from mmmlib.scenarios.forecast import Forecast, ModelForecast
from mmmlib.scenarios.history import YEAR, spend_history, year_ago
from mmmlib.scenarios.own import read_plan_files

__all__ = ["forecast_of_run"]

SEED = 0x4A
PATHS = 8
"""Earlier times, one horizon apart, whose errors of spend and controls are followed."""


def forecast_of_run(run: Run) -> Forecast:
    """Forecast the weeks of the horizon with every model of a run.

    Parameters
    ----------
    run
        With its fits.

    Returns
    -------
    Forecast
        By week, 90 % and 50 % ranges, in the unit of each outcome, with what spend and controls
        were off by in the past. A booked plan is taken to be kept.
    """
    params = params_of(run)
    panel = modelled(panel_of(run), params)
    leading = effects_of(run, params.primary)
    files = read_plan_files(run.path, params, leading)
    base = baseline_of(leading, params, booked=files.booked)
    paths = panels_ahead(panel, params, base, leading)
    found = [_of_model(run, one, panel, paths, params) for one in params.model_names]
    models = worth_together([one for one, _ in found], [draws for _, draws in found])
    spend = {name: tuple(money.sum(0).tolist()) for name, money in base.spend.items()}
    return Forecast(plan=base.name, spend=spend, models=models)


def panels_ahead(panel: Panel, params: Params, base: Baseline, effects: xr.Dataset) -> list[Panel]:
    """Add the weeks of the horizon to a panel, on several paths.

    Spend is the baseline's, exposures cost what they do today, events are as declared, controls and the
    exposure of channels without spend as in the same weeks a year ago (the mean of the latest 13 where there is no year). Each path is off
    by what the same rules were off by at one earlier time; there is one path without errors where
    the history is too short for that. Outcomes of these weeks are zero, and nothing is to read them.
    """
    known, ahead = len(panel.weeks), base.weeks
    history = spend_history(effects, params.scenarios.reference_weeks)
    controls = dict(zip(panel.names("control"), panel.values("control"), strict=True))

    def path(then: int | None) -> Panel:
        spend, given = dict(base.spend), {n: year_ago(v, ahead) for n, v in controls.items()}
        if then is not None:
            came = slice(then, then + ahead)
            if base.kind != "booked":
                earlier = baseline_of(effects.isel(week=slice(then)), params).spend
                spend = {
                    name: np.maximum(money + history[name][:, came] - earlier[name], 0.0)
                    for name, money in base.spend.items()
                }
            for name, values in controls.items():
                off = values[:, came] - year_ago(values[:, :then], ahead)
                given[name] = given[name] + off
        return _longer(panel, params, spend, given, effects)

    first = max(YEAR, ahead)
    times = [known - ahead * (back + 1) for back in range(PATHS)]
    return [path(then) for then in times if then >= first] or [path(None)]


def _longer(
    panel: Panel,
    params: Params,
    spend: Mapping[str, np.ndarray],
    controls: Mapping[str, np.ndarray],
    effects: xr.Dataset,
) -> Panel:
    ahead = next(iter(spend.values())).shape[1]
    weeks = pd.date_range(panel.weeks[-1] + pd.Timedelta(days=7), periods=ahead, freq="7D")
    cost = effects["media_cost"]
    parts = []
    for row, region in enumerate(panel.regions):
        past = panel.frame[panel.frame["region"] == region]
        coming: dict[str, object] = {"region": region, "week": weeks, "imputed": ""}
        for name in past.columns.difference(list(coming)):
            role, _, series = name.partition(":")
            if role == "control":
                coming[name] = controls[series][row]
            elif role == "spend" and series in spend:
                coming[name] = spend[series][row]
            elif role == "exposure" and series in spend:
                worth = price_of(effects, series).worth(spend[series])[row]
                coming[name] = worth / float(cost.sel(channel=series, region=region))
            elif role == "exposure":  # of a channel without spend: as a year ago
                coming[name] = year_ago(past[name].to_numpy()[None], ahead)[0]
            else:
                coming[name] = past[name].iloc[-1] if role == "population" else 0.0
        for name, one in params.events.items():
            if f"event:{name}" in past and one.start is not None and one.end is not None:
                coming[f"event:{name}"] = share_of_week(weeks, one.start, one.end)
        parts += [past, pd.DataFrame(coming)[list(past.columns)]]
    frame = pd.concat(parts, ignore_index=True)
    return Panel(frame, panel.currency, panel.units, lift_tests=panel.lift_tests)


def _of_model(
    run: Run, model: str, panel: Panel, paths: Sequence[Panel], params: Params
) -> tuple[ModelForecast, np.ndarray]:
    scales = carried_scales(effects_of(run, model), panel, params)
    ahead = len(paths[0].weeks) - len(panel.weeks)
    posterior = posterior_of(run, model)["posterior"].to_dataset()
    kept = params.model.kept_draws // len(paths)
    draws, without = [], []
    for number, path in enumerate(paths):
        data = prepare(path, params, model, ahead, scales, ahead=True)
        picked = posterior.isel(draw=slice(number, None, len(paths)))
        if "slope_of" in picked:
            picked = _with_later_terms(picked, data)
        weekly = predict_weeks(data, thin(picked, kept), np.random.default_rng(SEED + number))
        draws.append(weekly.predicted[:, -ahead:])
        without.append(weekly.baseline.sum(1)[:, -ahead:])
    outcome, alone = np.concatenate(draws), np.concatenate(without)
    unit = params.outcome_unit(model)
    forecast = ModelForecast(
        model=model,
        weeks=tuple(paths[0].weeks[-ahead:].date),
        outcome=tuple(Estimate.from_draws(week, unit) for week in outcome.T),
        total=Estimate.from_draws(outcome.sum(1), unit),
        baseline=tuple(Estimate.from_draws(week, unit) for week in alone.T),
        baseline_total=Estimate.from_draws(alone.sum(1), unit),
        independent=independent_weeks(outcome),
    )
    return forecast, outcome


def worth_together(
    models: Sequence[ModelForecast], draws: Sequence[np.ndarray]
) -> tuple[ModelForecast, ...]:
    """Count the models' weeks for less where a draw's path of spend and controls moves them all."""
    few = min(map(len, draws))
    together = independent_weeks(np.hstack([one[:few] for one in draws]))
    share = min(together / sum(one.independent for one in models), 1.0)
    return tuple(one.model_copy(update={"independent": one.independent * share}) for one in models)


def independent_weeks(draws: np.ndarray) -> float:
    """Say how many independent weeks tell as much of their ranges as these do.

    Parameters
    ----------
    draws
        ``(draw, week)``: weeks whose errors go together, as the forecast itself has it.

    Returns
    -------
    float
        Between 1 and the number of weeks: the variance that the count of weeks inside their 90 %
        range would have if they were independent over the one it has, times their number.
    """
    low, high = np.quantile(draws, [(1 - MASS) / 2, (1 + MASS) / 2], axis=0)
    weeks = draws.shape[1]
    inside = ((draws >= low) & (draws <= high)).sum(1)
    alone = weeks * MASS * (1 - MASS)
    return float(np.clip(weeks * alone / max(inside.var(), 1e-9), 1.0, weeks))


def _with_later_terms(posterior: xr.Dataset, data: ModelData) -> xr.Dataset:
    """Give the steps of the trend after the last week what is believed of them: they were not sampled."""
    sampled = posterior["slope_of"].transpose("chain", "draw", "column")
    slopes = sampled.reindex(column=list(data.column_names))
    parameters = {"scale": posterior["scale"].to_numpy().reshape(-1, posterior["scale"].shape[-1])}
    spread = column_spread(data, parameters, len(parameters["scale"])).reshape(slopes.shape)
    believed = np.random.default_rng(SEED).normal(size=slopes.shape) * spread
    rest = posterior.drop_vars(["slope_of", "column"], errors="ignore")
    return rest.assign(slope_of=slopes.fillna(xr.DataArray(believed, dims=slopes.dims)))
