"""Ranges as lines: thin for 90 %, thick for 50 %, a small dot for the median.

Contribution, return, what was believed before, what moved, what a plan would change:
all the same picture, so that a reader learns it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmmlib.estimates import Estimate, format_number
from mmmlib.reports.figures.layout import (
    MARGIN,
    WIDTH,
    drawn,
    is_narrow,
    number_axis,
    titled,
    wrap,
    zero_line,
)
from mmmlib.reports.markup import cut_short
from mmmlib.reports.style import FAINT, INK, MUTED

ROW = 0.27
MORE = 0.15
"""Inches of a row, and of each line more that its name takes."""
TEXT_LINE, BELOW, GROUP = 0.19, 0.3, 0.3
"""Inches of a line of text above its range, of the range, and of a group's heading."""
VALUE_SIZE = 10.5
TICKS = 0.45
"""Inches on a phone that the outermost numbers of the axis take beside it."""
MOST_LINES = 4
NAME_SIZE, NAME_WIDTH = 10.5, 2.9
LONGEST_LINE = 44
THIN, THICK, DOT = 1.8, 6.0, 4.5
CHOSEN = "#EEF4FA"


@dataclass(frozen=True)
class IntervalRow:
    """One line of the figure."""

    name: str
    estimate: Estimate
    colour: str
    faint: Estimate | None = None
    """Drawn thinly above it, for comparison: the belief before the fit, or the range of the last refresh."""
    mark: float | None = None
    """A single value, drawn as a triangle: a bad case, or the share of spend."""
    note: str = ""
    """Written at the right, instead of the range."""
    chosen: bool = False
    """Sets the row apart from the others."""
    group: str = ""
    """Heading of the group that begins with it."""


@drawn
def interval_figure(
    rows: Sequence[IntervalRow],
    title: str,
    subtitle: str,
    *,
    even: float | None = None,
    ends: tuple[str, str] | None = None,
    width: float = WIDTH,
) -> Figure:
    """Draw ranges of one unit under each other; on a phone, name and range stand above what is drawn.

    ``even`` is the return at which money comes back, drawn as a line. ``ends`` say what a range left of zero and right of zero means, for differences.
    """
    room = width - 2 * MARGIN
    above = is_narrow(width)
    names = [_above(row, room) if above else name_lines(row.name) for row in rows]
    heads = [wrap(row.group, VALUE_SIZE, room, bold=True) if row.group else [] for row in rows]
    most = max((name.count("\n") for name in names), default=0)
    heights = [
        BELOW + TEXT_LINE * (1 + name.count("\n")) if above else ROW + MORE * most for name in names
    ]
    # Where each row ends, in inches from the top; its heading is above it.
    ends_at = np.cumsum(
        [
            height + (GROUP + TEXT_LINE * (len(head) - 1) if head else 0)
            for height, head in zip(heights, heads, strict=True)
        ]
    )
    total = float(ends_at[-1]) if rows else 1.0
    figure = titled(title, subtitle, height=total + 0.5, width=width)
    axes = figure.subplots()
    _frame(axes, rows, total)
    places = []
    for row, name, head, height, bottom in zip(rows, names, heads, heights, ends_at, strict=True):
        places.append(bottom - (0.4 * BELOW if above else 0.5 * height))
        if row.chosen:
            axes.axhspan(bottom - height, bottom, color=CHOSEN, zorder=0.4)
        _draw(axes, places[-1], row)
        if head:
            _write(axes, 0, bottom - height - 0.06, "\n".join(head), va="bottom", weight="bold")
        weight = "bold" if row.chosen else "normal"
        if above:
            _write(axes, 0, bottom - height + 0.06, name, va="top", weight=weight)
            _write(axes, 1, bottom - height + 0.06, _text(row), va="top", ha="right")
        else:
            _write(axes, 1.02, places[-1], _text(row), va="center", weight=weight)
    if not above:
        axes.set_yticks(places, names, color=INK, fontsize=NAME_SIZE)
        for label, row in zip(axes.get_yticklabels(), rows, strict=True):
            label.set_fontweight("bold" if row.chosen else "normal")
    if even is not None:
        _reference(axes, even)
    if ends is not None:
        _name_ends(axes, ends, apart=above)
    return figure


def name_lines(name: str) -> str:
    """Break a long name into lines, four at most, and cut what would be a fifth."""
    lines = _most(wrap(name, NAME_SIZE, NAME_WIDTH))
    return "\n".join(cut_short(line, LONGEST_LINE) for line in lines)


def write_names(
    axes: Axes, names: Sequence[str], width: float, *, above: float, room: float = 0.75
) -> None:
    """Name the rows at their places, 0 on top; on a phone each name stands ``above`` its row."""
    axes.tick_params(axis="y", length=0)
    if not is_narrow(width):
        axes.set_yticks(range(len(names)), [name_lines(name) for name in names], color=INK)
        return
    axes.set_yticks([])
    for place, name in enumerate(names):
        text = wrap(name, NAME_SIZE, room * width)[0]
        where = axes.get_yaxis_transform()
        axes.text(0, place - above, text, transform=where, va="center", size=NAME_SIZE)


def _most(lines: list[str]) -> list[str]:
    """Keep four lines, and cut what would be a fifth."""
    if len(lines) <= MOST_LINES:
        return lines
    rest = " ".join(lines[MOST_LINES - 1 :])
    return [*lines[: MOST_LINES - 1], cut_short(rest, max(len(lines[0]), 12))]


def _text(row: IntervalRow) -> str:
    return row.note or row.estimate.text(mass=False)


def _above(row: IntervalRow, room: float) -> str:
    """Break a name where its range begins on the same line; below it, a name has all the room."""
    value = 0.088 * len(_text(row))
    first, *rest = wrap(
        row.name, VALUE_SIZE, max(room - value - TICKS, 0.3 * room), bold=row.chosen
    )
    lines = [
        first,
        *(wrap(" ".join(rest), VALUE_SIZE, room - TICKS, bold=row.chosen) if rest else []),
    ]
    return "\n".join(_most(lines))


def _write(axes: Axes, x: float, y: float, text: str, **how: Any) -> None:
    """Write beside or above a row; what lies below the words does not show through."""
    axes.text(
        x, y, text, transform=axes.get_yaxis_transform(), fontsize=VALUE_SIZE, color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.75}, **how,
    )  # fmt: skip


def _draw(axes: Axes, place: float, row: IntervalRow) -> None:
    y = place
    if row.faint is not None:
        y += 0.05
        low, high = row.faint.low, row.faint.high
        axes.plot(
            [low, high],
            [place - 0.07] * 2,
            color=FAINT,
            linewidth=1.4,
            solid_capstyle="butt",
        )
        axes.plot(
            [row.faint.median], [place - 0.07], "o", color="white", markeredgecolor=MUTED,
            markersize=3.6, markeredgewidth=1.1,
        )  # fmt: skip
    estimate = row.estimate
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
        axes.plot([row.mark], [y + 0.01], marker=6, color=INK, markersize=6, zorder=3)


def _frame(axes: Axes, rows: Sequence[IntervalRow], height: float) -> None:
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(*_limits(rows))
    number_axis(axes, "x", rows[0].estimate.unit if rows else "", ticks=5)
    zero_line(axes)


def _limits(rows: Sequence[IntervalRow]) -> tuple[float, float]:
    """Hold zero and every range; a belief that is far wider is cut off at the edge."""
    low = min(0.0, *(row.estimate.low for row in rows))
    high = max(0.0, *(row.estimate.high for row in rows))
    span = high - low or 1.0
    marks = [row.mark for row in rows if row.mark is not None]
    low, high = min([low, *marks]), max([high, *marks])
    faint = [row.faint for row in rows if row.faint is not None]
    if faint:
        low = max(min(low, *(part.low for part in faint)), low - 0.6 * span)
        high = min(max(high, *(part.high for part in faint)), high + 0.6 * span)
    pad = 0.03 * (high - low)
    return low - (pad if low < 0 else 0.0), high + pad


def even_name(even: float) -> str:
    """Name the line at which money comes back; a margin moves it above 1."""
    margin = "" if even == 1 else f" at a margin of {format_number(1 / even, 'share')}"
    return f"money back{margin}"


def _reference(axes: Axes, value: float) -> None:
    low, high = axes.get_xlim()
    if value > high:
        axes.set_xlim(low, value * 1.08)
    axes.axvline(value, color=INK, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1.5)
    _write_on_top(axes, even_name(value), value, 4, ha="left")


def _name_ends(axes: Axes, ends: tuple[str, str], *, apart: bool) -> None:
    """Say what both sides of zero mean: beside it, or on a phone at the ends, where there is room."""
    low, high = axes.get_xlim()
    span = np.array([low, high])
    # Both sides get room for their word, whatever the ranges.
    if span[0] > -0.12 * (high - low):
        axes.set_xlim(-0.25 * high, high)
    if high < 0.12 * (high - low):
        axes.set_xlim(low, -0.25 * low)
    left, right = (f"← {ends[0]}", "right", -6), (f"{ends[1]} →", "left", 6)
    if apart:
        left, right = (left[0], "left", 0), (right[0], "right", 0)
    for place, (word, side, shift) in enumerate((left, right)):
        where = "axes fraction" if apart else "data"
        _write_on_top(axes, word, place if apart else 0.0, shift, where, ha=side)


def _write_on_top(
    axes: Axes, word: str, x: float, shift: int, where: str = "data", **how: Any
) -> None:
    """Write above all rows, so many points beside a place."""
    axes.annotate(
        word, (x, 1.0), xycoords=(where, "axes fraction"), xytext=(shift, 1),
        textcoords="offset points", fontsize=VALUE_SIZE, color=MUTED, va="bottom", **how,
    )  # fmt: skip
