"""Figures of one fit for the modeller's notebook, with titles made from the fit."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from mmmlib.estimates import Estimate, format_number, format_range
from mmmlib.health.learning import shrinkage
from mmmlib.model.effects import contribution, lift_tests_of, roi
from mmmlib.params import Params
from mmmlib.refresh.comparison import Comparison, Movement
from mmmlib.refresh.movement import wide_noise
from mmmlib.reports.figures.curves import response_curves
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure
from mmmlib.reports.figures.layout import titled
from mmmlib.reports.figures.weeks import actual_against_fitted
from mmmlib.reports.lift import experiments_of
from mmmlib.reports.style import channel_colours


def prior_and_posterior(effects: xr.Dataset, params: Params) -> Figure:
    """Draw every channel's return as believed before the fit and as found by it.

    Parameters
    ----------
    effects
        Effects of one model, see :func:`mmmlib.model.effects.effects_of`.
    params
        Parameters of the run; names and units are taken from them.

    Returns
    -------
    Figure
        To be shown, or turned into SVG by :func:`mmmlib.reports.show.svg_bytes`.

    Examples
    --------
    ::

        prior_and_posterior(effects_of(run, "revenue.self_serve"), params_of(run))
    """
    unit = effects.attrs["return_unit"]
    colours = channel_colours(params.channels)
    found = roi(effects).dropna("channel")
    rows = []
    for name in found["channel"].to_numpy():
        before = Estimate.from_draws(effects["prior_roi"].sel(channel=name).to_numpy(), unit)
        after = Estimate.from_draws(found.sel(channel=name).to_numpy(), unit)
        rows.append(IntervalRow(_name(params, name), after, colours[name], faint=before))
    rows.sort(key=lambda row: -row.estimate.median)
    title = _learnt(effects, found, params)
    label = params.model_label(str(effects.attrs["model"]))
    return interval_figure(
        rows, title, f"{label}: return, {unit}. Pale: the belief before the fit."
    )


def _learnt(effects: xr.Dataset, found: xr.DataArray, params: Params) -> str:
    """Name the channel of whose return the data said most, by the measure of the health check."""
    unit, limit = effects.attrs["return_unit"], params.health.min_prior_shrinkage
    pairs = {
        name: (effects["prior_roi"].sel(channel=name), found.sel(channel=name))
        for name in map(str, found["channel"].to_numpy())
    }
    learnt = {name: shrinkage(*(one.to_numpy() for one in both)) for name, both in pairs.items()}
    most = max(learnt, key=lambda name: learnt[name] if learnt[name] == learnt[name] else -1.0)
    if not learnt[most] >= limit:
        return (
            f"The data narrowed no return by {format_number(limit, 'share')}: "
            "what is shown is the belief before the fit"
        )
    before, after = (str(Estimate.from_draws(one.to_numpy(), unit)) for one in pairs[most])
    return f"The data narrowed {_name(params, most)} most: {after}, before the fit {before}"


def curves_by_channel(effects: xr.Dataset, params: Params) -> Figure:
    """Draw the response curves of all channels, the largest contribution first."""
    total = contribution(effects).median("draw")
    order = list(total["channel"].to_numpy()[np.argsort(-total.to_numpy())])
    marginal = effects["marginal_roi"].sel(channel=order[0])
    estimate = Estimate.from_draws(marginal.to_numpy(), effects.attrs["return_unit"])
    title = f"{_name(params, order[0])} contributed most; its next unit of money returns {estimate}"
    unit = effects.attrs["outcome_unit"]
    return response_curves(
        effects,
        order,
        {name: _name(params, name) for name in order},
        channel_colours(params.channels),
        title,
        f"{params.model_label(str(effects.attrs['model']))}: weekly outcome ({unit}) at weekly spend ({effects.attrs['currency']}) that is kept up.",
    )


def seen_and_fitted(
    effects: xr.Dataset, params: Params, holdout: xr.Dataset | None = None
) -> Figure:
    """Draw the outcome as it was, over the bands of the model.

    Parameters
    ----------
    effects
        Effects of one model, see :func:`mmmlib.model.effects.effects_of`.
    params
        Parameters of the run; names and units are taken from them.
    holdout
        Effects of the fit without the last weeks, whose prediction is drawn there.

    Returns
    -------
    Figure
        To be shown, or turned into SVG by :func:`mmmlib.reports.show.svg_bytes`.

    Examples
    --------
    ::

        seen_and_fitted(effects_of(run, "revenue.self_serve"), params_of(run))
    """
    observed = effects["observed"].to_numpy()
    title = f"{_inside(effects)} of {observed.size} weeks lie inside the 90 % band"
    if holdout is not None:
        unseen = holdout.isel(week=np.flatnonzero(~holdout["in_sample"].to_numpy()))
        title += f", {_inside(unseen)} of {unseen.sizes['week']} when not shown to the model"
    unit = effects.attrs["outcome_unit"]
    spread = format_range(float(observed.min()), float(observed.max()), unit)
    label = params.model_label(str(effects.attrs["model"]))
    return actual_against_fitted(effects, holdout, title, f"{label} by week, seen {spread}.")


def lift_tests_and_model(
    effects: xr.Dataset, uncalibrated: xr.Dataset | None, params: Params
) -> Figure:
    """Draw what lift tests saw beside the model, without them and with them.

    For a model without lift tests, or without a fit to hold them against, the figure says so.
    """
    if not lift_tests_of(effects):
        return titled("No lift test measured this outcome", "", height=0.1)
    found = experiments_of(effects, uncalibrated, params)
    if found is None:
        why = "was not made" if uncalibrated is None else "did not converge"
        return titled(f"The fit without lift tests {why}: they are not compared", "", height=0.1)
    return found.figure()


def then_and_now(comparison: Comparison, model: str, params: Params) -> Figure:
    """Draw every channel's return in both refreshes, the largest movement first.

    Where no return of the model was compared, as of a new outcome, the figure says so.

    Parameters
    ----------
    comparison
        With the parent, see :func:`mmmlib.refresh.compare.compare`.
    model
        ``outcome.motion``.
    params
        Parameters of the run; names and units are taken from them.

    Returns
    -------
    Figure
        To be shown, or turned into SVG by :func:`mmmlib.reports.show.svg_bytes`.

    Examples
    --------
    ::

        comparison = compare(run, run.manifest.parent)
        then_and_now(comparison, "revenue.self_serve", params_of(run))
    """
    moves = [one for one in comparison.movements if (one.model, one.quantity) == (model, "roi")]
    if not moves:
        return titled("No return of this outcome can be compared", "", height=0.1)
    colours = channel_colours(params.channels)
    rows = [
        IntervalRow(_name(params, one.channel), one.after, colours[one.channel], faint=one.before)
        for one in moves
    ]
    beyond = [_name(params, one.channel) for one in moves if one.beyond_noise]
    title = f"Moved by more than noise: {', '.join(beyond)}" if beyond else _calm(moves, params)
    subtitle = (
        f"{params.model_label(model)}: return, {params.return_unit(model)}, on the {comparison.weeks} weeks that both "
        "refreshes fitted. Pale: the last refresh."
    )
    return interval_figure(rows, title, subtitle)


def _calm(moves: list[Movement], params: Params) -> str:
    """Say that nothing moved beyond noise; where the largest movement is large, how far it went."""
    wide = wide_noise(moves)
    name = _name(params, (wide or moves[0]).channel)
    if wide is None:
        return f"No return moved by more than noise; {name} moved most"
    change = format_number(abs(wide.change), "share")
    return f"The noise is wide: {name} moved by {change}, and even that is within it"


def _inside(effects: xr.Dataset) -> int:
    """Count the weeks whose outcome lies inside the 90 % band."""
    observed = effects["observed"].to_numpy()
    low, high = np.quantile(effects["predicted"].to_numpy(), [0.05, 0.95], axis=0)
    return int(((observed >= low) & (observed <= high)).sum())


def _name(params: Params, channel: str) -> str:
    return params.channel_label(channel)
