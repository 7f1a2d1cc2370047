"""Response curves: what a channel would bring at other levels of spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmmlib.model.prices import price_of
from mmmlib.reports.figures.layout import WIDTH, drawn, number_axis, small_panels
from mmmlib.reports.markup import cut_apart
from mmmlib.reports.style import INK

PANEL = 1.2
HISTORY = "#F1F3F5"


@drawn
def response_curves(
    effects: xr.Dataset,
    channels: Sequence[str],
    names: Mapping[str, str],
    colours: Mapping[str, str],
    title: str,
    subtitle: str,
    width: float = WIDTH,
) -> Figure:
    """Draw one small panel per channel: weekly outcome against weekly spend.

    How to read it: where the background is grey, the past has seen such spend (and the unit
    price, if it rises, is declared) and the curve is solid; beyond it the curve is dashed and pale: it is the formula's guess. The
    dot is the weekly spend of the baseline. A steep curve there means that more money brings more.
    """
    figure, panels = small_panels(title, subtitle, len(channels), PANEL, width)
    names = cut_apart({name: names[name] for name in channels}, 30)
    for axes, name in zip(panels, channels, strict=True):
        _curve(axes, effects.sel(channel=name), colours[name], price_of(effects, name).last)
        axes.set_title(names[name])
    return figure


def _curve(axes: Axes, one: xr.Dataset, colour: str, priced_to: float) -> None:
    spend = one["response_spend"].to_numpy()
    low, inner_low, middle, inner_high, high = np.quantile(
        one["response"].to_numpy(), [0.05, 0.25, 0.5, 0.75, 0.95], axis=0
    )
    bounds = (float(one["spend_low"]), min(float(one["spend_high"]), priced_to))
    axes.axvspan(*bounds, color=HISTORY, zorder=0.5)
    grid = np.union1d(spend, bounds)
    at = [np.interp(grid, spend, values) for values in (low, inner_low, middle, inner_high, high)]
    seen = (grid >= bounds[0]) & (grid <= bounds[1])
    _part(axes, grid[seen], [values[seen] for values in at], colour, guess=False)
    for outside in (grid <= bounds[0], grid >= bounds[1]):
        _part(axes, grid[outside], [values[outside] for values in at], colour, guess=True)
    today = float(one["spend_today"])
    there = float(np.interp(today, spend, middle))
    axes.plot([today, today], [0, there], color=INK, linewidth=0.9, zorder=2.2)
    axes.plot(
        [today],
        [there],
        "o",
        color="white",
        markeredgecolor=INK,
        markersize=5.5,
        zorder=3,
    )
    axes.set_xlim(0, float(spend[-1]))
    axes.set_ylim(bottom=min(0.0, float(low.min())))
    number_axis(axes, "x", "", ticks=3)
    number_axis(axes, "y", "", ticks=3)


def _part(axes: Axes, x: np.ndarray, at: list[np.ndarray], colour: str, *, guess: bool) -> None:
    low, inner_low, middle, inner_high, high = at
    strength = 0.35 if guess else 1.0
    axes.fill_between(x, low, high, color=colour, alpha=0.20 * strength, zorder=1)
    axes.fill_between(x, inner_low, inner_high, color=colour, alpha=0.42 * strength, zorder=1.1)
    axes.plot(
        x,
        middle,
        color=colour,
        alpha=0.5 if guess else 1.0,
        linestyle=(0, (3, 2)) if guess else "-",
        linewidth=1.6,
        zorder=2,
    )
