"""The way of an estimate from the last refresh to this one, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mmmlib.monte_carlo import ERRORS
from mmmlib.refresh.comparison import Bridge
from mmmlib.reports.figures.intervals import write_names
from mmmlib.reports.figures.layout import WIDTH, drawn, is_narrow, number_axis, titled
from mmmlib.reports.style import FAINT, INK

STEP_COLOURS = {
    "software and sampling": FAINT,
    "specification": "#AA3377",
    "restated history": "#AA7700",
    "new periods": "#0072B2",
}
"""Told apart by colour-blind readers; they stand in one order, too."""
ROW, LEGEND, LEGEND_LINE = 0.55, 0.9, 0.2
SIZE = 10.5


@drawn
def waterfall_figure(
    rows: Sequence[tuple[str, Bridge]], title: str, subtitle: str, width: float = WIDTH
) -> Figure:
    """Draw one named waterfall under another, all in one unit and on one axis."""
    above = is_narrow(width)
    pitch = ROW + (0.2 if above else 0)
    legend = LEGEND + (LEGEND_LINE * 2 if above else 0)
    figure = titled(title, subtitle, height=pitch * len(rows) + legend, width=width)
    axes = figure.subplots()
    for place, (_, bridge) in enumerate(rows):
        _draw_way(axes, place, bridge)
    axes.set_ylim(len(rows) - 0.5, -0.6)
    write_names(axes, [name for name, _ in rows], width, above=0.5)
    axes.grid(visible=False, axis="y")
    number_axis(axes, "x", rows[0][1].unit if rows else "", ticks=6)
    figure.legend(
        handles=[Patch(color=colour, label=name) for name, colour in STEP_COLOURS.items()],
        loc="outside lower center",
        ncols=1 if above else 4,
        frameon=False,
        fontsize=SIZE,
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
