"""Ranges as lines: thin for 90 %, thick for 50 %, a small dot for the median.

Contribution, return, what was believed before, what moved, what a plan would change:
all the same picture, so that a reader learns it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from mmmlib.estimates import Estimate
from mmmlib.reports.figures.layout import (
    drawn,
    number_axis,
    short,
    titled,
    wrap,
    zero_line,
)
from mmmlib.reports.style import FAINT, INK, MUTED

ROW = 0.42
MORE = 0.15
"""Inches of a row, and of each line more that its name takes."""
MOST_LINES = 4
NAME_SIZE, NAME_WIDTH = 11.0, 2.2
THIN, THICK, DOT = 1.8, 6.0, 4.5


@dataclass(frozen=True)
class IntervalRow:
    """One line of the figure.

    ``faint`` is drawn thinly above it, for comparison: the belief before the fit, or the
    range of the last refresh. ``mark`` is a bad case, drawn as a triangle.
    """

    name: str
    estimate: Estimate
    colour: str
    faint: Estimate | None = None
    mark: float | None = None
    note: str = ""
    """Written at the right, instead of the range."""


@drawn
def interval_figure(
    rows: Sequence[IntervalRow],
    title: str,
    subtitle: str,
    *,
    even: float | None = None,
    even_name: str = "",
    ends: tuple[str, str] | None = None,
) -> Figure:
    """Draw ranges under each other.

    Parameters
    ----------
    rows
        In their order, the first on top; all estimates in one unit.
    title, subtitle
        The message; what is drawn and in which unit.
    even
        A value to compare with, drawn as a line: the return at which money comes back.
    even_name
        What that line is.
    ends
        What a range left of zero and right of zero means, for differences.
    """
    names = [name_lines(row.name) for row in rows]
    pitch = ROW + MORE * max((name.count("\n") for name in names), default=0)
    figure = titled(title, subtitle, height=pitch * len(rows) + 0.75)
    axes = figure.subplots()
    for place, row in enumerate(rows):
        _draw(axes, place, row)
    _frame(axes, rows, names)
    if even is not None:
        _reference(axes, even, even_name)
    if ends is not None:
        _name_ends(axes, ends)
    return figure


def name_lines(name: str) -> str:
    """Break a long name into lines, four at most, and cut what would be a fifth."""
    lines = wrap(name, NAME_SIZE, NAME_WIDTH)
    if len(lines) > MOST_LINES:
        rest = " ".join(lines[MOST_LINES - 1 :])
        lines = [*lines[: MOST_LINES - 1], short(rest, max(len(lines[0]), 12))]
    return "\n".join(short(line) for line in lines)


def _draw(axes: Axes, place: int, row: IntervalRow) -> None:
    offset = 0.0
    if row.faint is not None:
        offset = 0.1
        low, high = row.faint.low, row.faint.high
        axes.plot(
            [low, high],
            [place - 0.2] * 2,
            color=FAINT,
            linewidth=1.4,
            solid_capstyle="butt",
        )
        axes.plot(
            [row.faint.median], [place - 0.2], "o", color="white", markeredgecolor=MUTED,
            markersize=3.6, markeredgewidth=1.1,
        )  # fmt: skip
    estimate = row.estimate
    y = place + offset
    axes.plot([estimate.low, estimate.high], [y, y], color=row.colour, linewidth=THIN)
    axes.plot(
        [estimate.inner_low, estimate.inner_high],
        [y, y],
        color=row.colour,
        linewidth=THICK,
    )
    axes.plot(
        [estimate.median], [y], "o", color="white", markeredgecolor=INK, markersize=DOT,
        markeredgewidth=1.0, zorder=3,
    )  # fmt: skip
    if row.mark is not None:
        axes.plot([row.mark], [y + 0.02], marker=6, color=INK, markersize=6, zorder=3)
    edge = blended_transform_factory(axes.transAxes, axes.transData)
    text = row.note or estimate.text(mass=False)
    axes.text(1.02, y, text, transform=edge, va="center", ha="left", fontsize=10.5, color=INK)


def _frame(axes: Axes, rows: Sequence[IntervalRow], names: Sequence[str]) -> None:
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), names, color=INK, fontsize=NAME_SIZE)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(*_limits(rows))
    number_axis(axes, "x", rows[0].estimate.unit if rows else "", ticks=6)
    zero_line(axes)


def _limits(rows: Sequence[IntervalRow]) -> tuple[float, float]:
    """Hold zero and every range; a belief that is far wider is cut off at the edge."""
    low = min(0.0, *(row.estimate.low for row in rows))
    high = max(0.0, *(row.estimate.high for row in rows))
    span = high - low or 1.0
    faint = [row.faint for row in rows if row.faint is not None]
    if faint:
        low = max(min(low, *(part.low for part in faint)), low - 0.6 * span)
        high = min(max(high, *(part.high for part in faint)), high + 0.6 * span)
    pad = 0.03 * (high - low)
    return low - (pad if low < 0 else 0.0), high + pad


def _reference(axes: Axes, value: float, name: str) -> None:
    low, high = axes.get_xlim()
    if value > high:
        axes.set_xlim(low, value * 1.08)
    axes.axvline(value, color=INK, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1.5)
    axes.annotate(
        name,
        (value, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, 1),
        textcoords="offset points",
        fontsize=9.5,
        color=MUTED,
        va="bottom",
    )


def _name_ends(axes: Axes, ends: tuple[str, str]) -> None:
    low, high = axes.get_xlim()
    span = np.array([low, high])
    # Both sides get room for their word, whatever the ranges.
    if span[0] > -0.12 * (high - low):
        axes.set_xlim(-0.25 * high, high)
    if high < 0.12 * (high - low):
        axes.set_xlim(low, -0.25 * low)
    for word, side, shift in (
        (f"← {ends[0]}", "right", -6),
        (f"{ends[1]} →", "left", 6),
    ):
        axes.annotate(
            word,
            (0.0, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(shift, 1),
            textcoords="offset points",
            fontsize=9.5,
            color=MUTED,
            ha=side,
            va="bottom",
        )
