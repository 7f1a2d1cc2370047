"""A plan's move: what each channel is spent now, in the baseline and in the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mmmlib.reports.figures.intervals import name_lines
from mmmlib.reports.figures.layout import drawn, number_axis, titled
from mmmlib.reports.style import FAINT, INK, MUTED

ROW = 0.42


@dataclass(frozen=True)
class MoveRow:
    """One channel: weekly money in the baseline, in the plan, and lately where that is known."""

    name: str
    baseline: float
    planned: float
    recent: float | None
    colour: str


@drawn
def move_figure(rows: Sequence[MoveRow], title: str, subtitle: str) -> Figure:
    """Draw an arrow from the baseline to the plan for each channel, and what is spent now.

    Parameters
    ----------
    rows
        In their order, the first on top.
    title, subtitle
        The message; what is drawn and in which unit.

    Notes
    -----
    How to read it: the arrow goes from the bar (baseline) to the dot (plan); the open circle is what
    was spent in the latest weeks. Where it lies beyond the dot, the plan is less than now.
    """
    figure = titled(title, subtitle, height=ROW * len(rows) + 1.0)
    axes = figure.subplots()
    for place, row in enumerate(rows):
        moved = row.planned != row.baseline
        colour = row.colour if moved else FAINT
        if row.recent is not None:
            axes.plot(
                [row.recent],
                [place],
                "o",
                color="white",
                markeredgecolor=MUTED,
                markersize=8,
                clip_on=False,
            )
        if moved:
            axes.annotate(
                "",
                (row.planned, place),
                (row.baseline, place),
                arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.0},
            )
            axes.plot([row.planned], [place], "o", color=colour, markersize=4.5, zorder=3)
        axes.plot([row.baseline] * 2, [place - 0.3, place + 0.3], color=INK, linewidth=1.6)
    axes.set_yticks(range(len(rows)), [name_lines(row.name) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(left=0)
    number_axis(axes, "x", "", ticks=5)
    marks = [
        Line2D([], [], marker="|", color=INK, linestyle="", markersize=10, label="baseline"),
        Line2D([], [], marker="o", color=INK, linestyle="", markersize=4.5, label="plan"),
        Line2D([], [], marker="o", color="white", markeredgecolor=MUTED, linestyle="",
               markersize=8, label="spent lately"),
    ]  # fmt: skip
    axes.legend(
        handles=marks, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False
    )
    return figure
