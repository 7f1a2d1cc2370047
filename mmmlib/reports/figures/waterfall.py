"""The way of an estimate from the last refresh to this one, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mmmlib.monte_carlo import ERRORS
from mmmlib.refresh.comparison import Bridge
from mmmlib.reports.figures.intervals import name_lines
from mmmlib.reports.figures.layout import drawn, number_axis, titled
from mmmlib.reports.style import FAINT, INK

STEP_COLOURS = {
    "software and sampling": FAINT,
    "specification": "#CC79A7",
    "restated history": "#E69F00",
    "new periods": "#0072B2",
}
"""Told apart by colour-blind readers; they stand in one order, too."""
ROW, LEGEND = 0.72, 0.9


@dataclass(frozen=True)
class WaterfallRow:
    """One number's way."""

    name: str
    bridge: Bridge


@drawn
def waterfall_figure(rows: Sequence[WaterfallRow], title: str, subtitle: str) -> Figure:
    """Draw one waterfall under another, all on one axis.

    Parameters
    ----------
    rows
        The first on top; all in one unit.
    title, subtitle
        The message; what is drawn and in which unit.
    """
    figure = titled(title, subtitle, height=ROW * len(rows) + LEGEND)
    axes = figure.subplots()
    for place, row in enumerate(rows):
        _draw_way(axes, place, row.bridge)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [name_lines(row.name) for row in rows], color=INK)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    number_axis(axes, "x", rows[0].bridge.unit if rows else "", ticks=6)
    figure.legend(
        handles=[Patch(color=colour, label=name) for name, colour in STEP_COLOURS.items()],
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=10,
    )
    return figure


def _draw_way(axes: Axes, place: int, bridge: Bridge) -> None:
    level = bridge.before
    axes.plot([level], [place - 0.36], "o", color="white", markeredgecolor=INK, markersize=5)
    for number, step in enumerate(bridge.steps):
        y = place - 0.24 + 0.16 * number
        end = level + step.shift
        axes.barh(y, step.shift, left=level, height=0.13, color=STEP_COLOURS[step.name])
        if step.error > 0:
            error = ERRORS * step.error
            axes.plot([end - error, end + error], [y, y], color=INK, linewidth=0.8)
        axes.plot([end, end], [y, y + 0.16], color=FAINT, linewidth=0.7)
        level = end
    axes.plot([level], [place + 0.36], "o", color=INK, markersize=5)
