"""A plan's move: what each channel is spent now, in the baseline and in the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mmmlib.reports.figures.intervals import write_names
from mmmlib.reports.figures.layout import WIDTH, drawn, is_narrow, number_axis, titled
from mmmlib.reports.style import FAINT, INK, MUTED

ROW = 0.3


@dataclass(frozen=True)
class MoveRow:
    """One channel: weekly money in the baseline, in the plan, and lately where that is known."""

    name: str
    baseline: float
    planned: float
    recent: float | None
    colour: str


@drawn
def move_figure(rows: Sequence[MoveRow], title: str, subtitle: str, width: float = WIDTH) -> Figure:
    """Draw an arrow from the baseline to the plan for each channel, and what is spent now.

    How to read it: the arrow goes from the bar (baseline) to the dot (plan); the open circle is what
    was spent in the latest weeks. Where it lies beyond the dot, the plan is less than now.
    """
    pitch = ROW + (0.12 if is_narrow(width) else 0)
    figure = titled(title, subtitle, height=pitch * len(rows) + 0.7, width=width)
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
        axes.plot([row.baseline] * 2, [place - 0.2, place + 0.2], color=INK, linewidth=1.6)
    write_names(axes, [row.name for row in rows], width, above=0.36)
    axes.set_ylim(len(rows) - 0.5, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(left=0)
    number_axis(axes, "x", "", ticks=5)
    marks = [
        Line2D([], [], marker="|", color=INK, linestyle="", markersize=10, label="baseline"),
        Line2D([], [], marker="o", color=INK, linestyle="", markersize=4.5, label="plan"),
        Line2D([], [], marker="o", color="white", markeredgecolor=MUTED, linestyle="",
               markersize=8, label="spent lately"),
    ]  # fmt: skip
    axes.legend(
        handles=marks,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=3,
        frameon=False,
        columnspacing=1.2,
        handletextpad=0.4,
    )
    return figure
