"""Figures over time: what the outcome is made of, actual against fitted, spend."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from mmmlib.model.unpaid import paid_baseline, unpaid_of
from mmmlib.readiness.variation import flat_weeks
from mmmlib.reports.figures.layout import (
    WIDTH,
    drawn,
    is_narrow,
    number_axis,
    small_panels,
    titled,
    week_axis,
    zero_line,
)
from mmmlib.reports.markup import cut_apart
from mmmlib.reports.style import CHANNEL_COLOURS, FAINT, INK, MUTED, OTHER

FIT = "#2C5F8A"
LABEL_SIZE = 10.5
LABEL_NAME = 24
SMALL = 1.15
"""Inches of a small panel's height."""


@drawn
def contribution_over_time(
    effects: xr.Dataset,
    names: Mapping[str, str],
    colours: Mapping[str, str],
    title: str,
    subtitle: str,
    width: float = WIDTH,
) -> Figure:
    """Draw a small panel for the baseline and for each channel: its weeks, with their range.

    How to read it: each panel has a scale of its own, so that a small channel is seen as well as
    a large one. The baseline comes first, then the channels, the largest first; those that share the colour
    of "other" are drawn as one. Dots on the baseline are the outcome as observed: what lies above the band
    is the channels' part.
    """
    weeks = pd.DatetimeIndex(effects["week"].to_numpy())
    layers = _layers(effects, names, colours)
    figure, panels = small_panels(title, subtitle, len(layers), SMALL, width)
    labels = cut_apart({str(n): name for n, (name, _, _) in enumerate(layers)}, LABEL_NAME)
    for number, (axes, (_, draws, colour)) in enumerate(zip(panels, layers, strict=True)):
        _band(axes, weeks, draws, colour)
        if number == 0:
            axes.plot(weeks, effects["observed"].to_numpy(), ".", color=INK, markersize=2.2)
        axes.set_title(labels[str(number)])
        axes.set_xlim(date2num(weeks[0]), date2num(weeks[-1]))
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        number_axis(axes, "y", "", ticks=3)
        week_axis(axes, most=5)
    return figure


@drawn
def actual_against_fitted(
    effects: xr.Dataset,
    holdout: xr.Dataset | None,
    title: str,
    subtitle: str,
    width: float = WIDTH,
) -> Figure:
    """Draw the outcome as seen over the model's bands; on weeks that a ``holdout`` fit did not see, over its own."""
    weeks = pd.DatetimeIndex(effects["week"].to_numpy())
    figure = titled(title, subtitle, height=2.0 if not is_narrow(width) else 2.6, width=width)
    axes = figure.subplots()
    _band(axes, weeks, effects["predicted"].to_numpy(), FIT)
    if holdout is not None and not bool(holdout["in_sample"].all()):
        unseen = ~holdout["in_sample"].to_numpy()
        late = pd.DatetimeIndex(holdout["week"].to_numpy())[unseen]
        predicted = holdout["predicted"].to_numpy()[:, unseen]
        low, inner_low, middle, inner_high, high = _quantiles(predicted)
        start, end = date2num(late[0]) - 4, date2num(late[-1]) + 4
        axes.axvspan(start, end, color="white", zorder=1.2)
        axes.axvspan(start, end, color="#FBF3E4", zorder=1.3)
        axes.fill_between(late, low, high, color="#EBCF9B", zorder=1.4)
        axes.fill_between(late, inner_low, inner_high, color="#DDAE56", zorder=1.5)
        axes.plot(late, middle, color="#8A5A00", linewidth=1.4, zorder=1.6)
        axes.annotate(
            "not shown\nto the model",
            (start, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4, -2),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=LABEL_SIZE,
            color="#8A5A00",
        )
    axes.plot(weeks, effects["observed"].to_numpy(), "o", color=INK, markersize=2.6, zorder=3)
    number_axis(axes, "y", effects.attrs["outcome_unit"])
    axes.set_xlim(date2num(weeks[0]), date2num(weeks[-1]) + 5)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.12 * (high - low))
    week_axis(axes)
    return figure


@drawn
def spend_over_time(
    spend: xr.DataArray,
    names: Mapping[str, str],
    colours: Mapping[str, str],
    band: float,
    title: str,
    subtitle: str,
    width: float = WIDTH,
) -> Figure:
    """Draw every channel's weekly spend ``(channel, week)``, and mark the weeks in which it stood still.

    A week is flat if its spend is within ``band``, a share, of the level of the half year around it
    (R2); see :func:`mmmlib.readiness.variation.flat_weeks`.
    """
    weeks = pd.DatetimeIndex(spend["week"].to_numpy())
    channels = [str(name) for name in spend["channel"].to_numpy()]
    figure, panels = small_panels(title, subtitle, len(channels), SMALL, width)
    names = cut_apart({name: names[name] for name in channels}, 26)
    for axes, name in zip(panels, channels, strict=True):
        values = spend.sel(channel=name).to_numpy()
        axes.plot(weeks, values, color=colours[name], linewidth=1.2)
        level, flat = flat_weeks(values, band)
        axes.fill_between(
            weeks, level * (1 - band), level * (1 + band), color="#E3E6EA", linewidth=0, zorder=1
        )
        axes.plot(weeks[flat], values[flat], "o", color=MUTED, markersize=2.4, zorder=3)
        axes.set_title(names[name])
        axes.set_ylim(bottom=0)
        number_axis(axes, "y", "", ticks=3)
        week_axis(axes, most=5)
    return figure


type Layer = tuple[str, np.ndarray, str]


def _layers(
    effects: xr.Dataset, names: Mapping[str, str], colours: Mapping[str, str]
) -> list[Layer]:
    """Draws by week of the baseline, then of the channels by size, all others as one."""
    parts = effects["contribution"].transpose("channel", "draw", "week")
    unpaid = unpaid_of(effects)
    if unpaid is not None:
        own = unpaid["contribution"].transpose("channel", "draw", "week")
        parts = xr.concat([parts, own], "channel")
    apart = [name for name in names if colours[name] in CHANNEL_COLOURS]
    rest = [name for name in names if name not in apart]
    layers: list[Layer] = [
        (names[name], parts.sel(channel=name).to_numpy(), colours[name]) for name in apart
    ]
    if rest:
        together = parts.sel(channel=rest).sum("channel").to_numpy()
        name = names[rest[0]] if len(rest) == 1 else f"Other ({len(rest)})"
        layers.append((name, together, OTHER))
    layers.sort(key=lambda layer: -float(np.median(layer[1].sum(axis=1))))
    return [
        ("Baseline", paid_baseline(effects).transpose("draw", "week").to_numpy(), MUTED),
        *layers,
    ]


def _band(axes: Axes, weeks: pd.DatetimeIndex, draws: np.ndarray, colour: str) -> None:
    low, inner_low, middle, inner_high, high = _quantiles(draws)
    axes.fill_between(weeks, low, high, color=_tint(colour, 0.28), zorder=1.1)
    axes.fill_between(weeks, inner_low, inner_high, color=_tint(colour, 0.52), zorder=1.11)
    axes.plot(weeks, middle, color=colour, linewidth=1.2, zorder=1.12)
    if low.min() < 0:
        zero_line(axes, horizontal=True)
    axes.spines["left"].set_color(FAINT)


def _tint(colour: str, strength: float) -> tuple[float, ...]:
    """Mix a colour with white; unlike a transparent one it hides the grid."""
    return tuple(1 - strength * (1 - part) for part in to_rgb(colour))


def _quantiles(draws: np.ndarray) -> np.ndarray:
    return np.quantile(draws, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
