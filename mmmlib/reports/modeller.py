"""Figures of one fit for the modeller's notebook, with titles made from the fit."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from mmmlib.estimates import Estimate, format_number, format_range
from mmmlib.model.effects import contribution, lift_tests_of, roi
from mmmlib.params import Params
from mmmlib.refresh.comparison import Comparison, Movement
from mmmlib.reports.figures.curves import response_curves
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure
from mmmlib.reports.figures.layout import titled
from mmmlib.reports.figures.weeks import actual_against_fitted
from mmmlib.reports.lift import experiments_of
from mmmlib.reports.statements import WIDE_NOISE
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
    narrowed = min(rows, key=lambda row: row.estimate.width / max(_width(row.faint), 1e-12))
    title = (
        f"The data narrowed {narrowed.name} most: {narrowed.estimate}, before the fit "
        f"{narrowed.faint}"
    )
    return interval_figure(rows, title, f"Return, {unit}. Pale: the belief before the fit.")


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
        f"Weekly outcome ({unit}) at weekly spend ({effects.attrs['currency']}) that is kept up.",
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
    return actual_against_fitted(effects, holdout, title, f"Outcome by week, seen {spread}.")


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
    title = (
        f"Moved by more than noise: {', '.join(beyond)}" if beyond else _calm(moves, rows[0].name)
    )
    subtitle = (
        f"Return, {params.return_unit(model)}, on the {comparison.weeks} weeks that both "
        "refreshes fitted. Pale: the last refresh."
    )
    return interval_figure(rows, title, subtitle)


def _width(estimate: Estimate | None) -> float:
    """Return the width of a range; without one nothing can have been narrowed."""
    return estimate.width if estimate is not None else 0.0


def _calm(moves: list[Movement], name: str) -> str:
    """Say that nothing moved beyond noise; where the largest movement is large, how far it went."""
    if not abs(moves[0].change) >= WIDE_NOISE:
        return f"No return moved by more than noise; {name} moved most"
    change = format_number(abs(moves[0].change), "share")
    return f"The noise is wide: {name} moved by {change}, and even that is within it"


def _inside(effects: xr.Dataset) -> int:
    """Count the weeks whose outcome lies inside the 90 % band."""
    observed = effects["observed"].to_numpy()
    low, high = np.quantile(effects["predicted"].to_numpy(), [0.05, 0.95], axis=0)
    return int(((observed >= low) & (observed <= high)).sum())


def _name(params: Params, channel: str) -> str:
    return params.channel_label(channel)
