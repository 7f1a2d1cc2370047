"""Figures over time: what the outcome is made of, actual against fitted, spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from mmmlib.model.effects import baseline, fitted
from mmmlib.readiness.variation import flat_weeks
from mmmlib.reports.figures.layout import (
    drawn,
    number_axis,
    spread,
    titled,
    week_axis,
    zero_line,
)
from mmmlib.reports.markup import cut_apart
from mmmlib.reports.style import BASELINE, CHANNEL_COLOURS, FAINT, INK, MUTED, OTHER

BAND = "#BFD3E6"
INNER_BAND = "#8FB3D4"
FIT = "#2C5F8A"
LABEL_SIZE = 10.0
LABEL_NAME, LABEL_AT = 20, 1.05


@drawn
def contribution_over_time(
    effects: xr.Dataset,
    names: Mapping[str, str],
    colours: Mapping[str, str],
    title: str,
    subtitle: str,
) -> Figure:
    """Stack baseline and channels week by week, and show their joint share with its range.

    Parameters
    ----------
    effects
        Of one model.
    names, colours
        By channel, in the order of the parameters; channels that share the colour of
        "other" are drawn as one.
    title, subtitle
        The message; what is drawn and in which unit.

    Notes
    -----
    The stack shows the mean over draws: only means add up to the whole. The panel below
    has the range: median, 50 % and 90 % of the share that all channels contributed.
    """
    weeks = pd.DatetimeIndex(effects["week"].to_numpy())
    figure = titled(title, subtitle, height=5.0)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1.3))
    layers = _layers(effects, names, colours)
    above.stackplot(
        weeks,
        [values for _, values, _ in layers],
        colors=[colour for _, _, colour in layers],
        edgecolor="white",
        linewidth=0.4,
    )
    observed = effects["observed"].to_numpy()
    above.plot(weeks, observed, color=INK, linewidth=1.1)
    above.set_title("Baseline and channels; black: as observed")
    number_axis(above, "y", effects.attrs["outcome_unit"])
    above.set_ylim(bottom=min(0.0, float(layers[0][1].min())))
    _label_layers(above, layers)
    total = effects["contribution"].sum("channel") / fitted(effects)
    _band(below, weeks, total.to_numpy())
    below.set_title("Share of all channels together, 50 % and 90 % range")
    number_axis(below, "y", "share", ticks=3)
    below.set_ylim(bottom=min(0.0, below.get_ylim()[0]))
    above.set_xlim(date2num(weeks[0]), date2num(weeks[-1]))
    week_axis(below)
    return figure


@drawn
def actual_against_fitted(
    effects: xr.Dataset, holdout: xr.Dataset | None, title: str, subtitle: str
) -> Figure:
    """Draw the outcome as seen over the model's bands, and the weeks it was not shown.

    Parameters
    ----------
    effects
        Of the model as fitted.
    holdout
        Effects of the fit without the last weeks; its prediction is drawn there.
    title, subtitle
        The message; what is drawn and in which unit.
    """
    weeks = pd.DatetimeIndex(effects["week"].to_numpy())
    figure = titled(title, subtitle, height=3.4)
    axes = figure.subplots()
    _band(axes, weeks, effects["predicted"].to_numpy())
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
) -> Figure:
    """Draw every channel's weekly spend, and mark the weeks in which it stood still.

    Parameters
    ----------
    spend
        Dimensions ``(channel, week)``, all regions together.
    names, colours
        By channel.
    band
        A week is flat if its spend is within this share of the level of the half year around it
        (R2); see :func:`mmmlib.readiness.variation.flat_weeks`.
    title, subtitle
        The message; what is drawn and in which unit.
    """
    weeks = pd.DatetimeIndex(spend["week"].to_numpy())
    channels = [str(name) for name in spend["channel"].to_numpy()]
    rows = -(-len(channels) // 2)
    figure = titled(title, subtitle, height=1.55 * rows + 0.3)
    panels = figure.subplots(rows, 2, sharex=True, squeeze=False).ravel()
    names = cut_apart({name: names[name] for name in channels}, 26)
    for axes, name in zip(panels, channels, strict=False):
        values = spend.sel(channel=name).to_numpy()
        axes.plot(weeks, values, color=colours[name], linewidth=1.2)
        level, flat = flat_weeks(values, band)
        axes.fill_between(
            weeks, level * (1 - band), level * (1 + band), color="#E3E6EA", linewidth=0, zorder=1
        )
        axes.plot(weeks[flat], values[flat], "o", color=MUTED, markersize=2.4, zorder=3)
        axes.set_title(names[name], fontsize=10.5)
        axes.set_ylim(bottom=0)
        number_axis(axes, "y", "", ticks=3)
        week_axis(axes)
    for axes in panels[len(channels) :]:
        axes.set_visible(False)
    if len(channels) > 1 and len(channels) % 2:
        panels[len(channels) - 2].tick_params(labelbottom=True)
    return figure


type Layer = tuple[str, np.ndarray, str]


def _layers(
    effects: xr.Dataset, names: Mapping[str, str], colours: Mapping[str, str]
) -> list[Layer]:
    """Mean over draws of the baseline, the coloured channels, and all others as one."""
    means = effects["contribution"].mean("draw")
    layers: list[Layer] = [("Baseline", baseline(effects).mean("draw").to_numpy(), BASELINE)]
    apart = [name for name in names if colours[name] in CHANNEL_COLOURS]
    layers += [(names[name], means.sel(channel=name).to_numpy(), colours[name]) for name in apart]
    rest = [name for name in names if name not in apart]
    if rest:
        together = means.sel(channel=rest).sum("channel").to_numpy()
        name = names[rest[0]] if len(rest) == 1 else f"Other ({len(rest)})"
        layers.append((name, together, OTHER))
    return layers


def _label_layers(axes: Axes, layers: Sequence[Layer]) -> None:
    """Name every layer at its right end."""
    # The mean of the last weeks: a single last week may be far from what the eye follows.
    ends = np.cumsum([0.0, *(values[-4:].mean() for _, values, _ in layers)])
    middles = (ends[:-1] + ends[1:]) / 2
    bottom, top = axes.get_ylim()
    gap = (top - bottom) * 0.072
    placed = spread(list(middles), gap, top - gap / 2)
    names = cut_apart({str(n): name for n, (name, _, _) in enumerate(layers)}, LABEL_NAME)
    for number, (y, middle) in enumerate(zip(placed, middles, strict=True)):
        colour = layers[number][2]
        axes.plot(
            [1.0, LABEL_AT],
            [middle, y],
            transform=axes.get_yaxis_transform(),
            clip_on=False,
            color=colour,
            linewidth=2.0,
            scalex=False,
            scaley=False,
        )
        axes.text(
            LABEL_AT + 0.01,
            y,
            names[str(number)],
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=LABEL_SIZE,
            color=INK,
        )


def _band(axes: Axes, weeks: pd.DatetimeIndex, draws: np.ndarray) -> None:
    low, inner_low, middle, inner_high, high = _quantiles(draws)
    axes.fill_between(weeks, low, high, color=BAND, zorder=1.1)
    axes.fill_between(weeks, inner_low, inner_high, color=INNER_BAND, zorder=1.11)
    axes.plot(weeks, middle, color=FIT, linewidth=1.2, zorder=1.12)
    if low.min() < 0:
        zero_line(axes, horizontal=True)
    axes.spines["left"].set_color(FAINT)


def _quantiles(draws: np.ndarray) -> np.ndarray:
    return np.quantile(draws, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
