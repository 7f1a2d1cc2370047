"""The frame of every figure: width, title, subtitle, axes; labels that stay apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, wraps

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mmmlib.estimates import format_number
from mmmlib.phrases import capital
from mmmlib.reports.fonts import families_for, reads_leftwards
from mmmlib.reports.markup import plain
from mmmlib.reports.style import INK, MUTED, quiet_fonts, workbook_style

WIDTH = 8.6
"""Inches of a figure on a page. It is shown up to 960 px wide, where its smallest text of 10.5
points is as large as the page's, and printed 170 mm wide, where that is more than 8 points."""
NARROW = 3.75
"""Inches of a figure on a phone: 360 px."""
MARGIN = 0.08
TITLE_SIZE = 13.0
SUBTITLE_SIZE = 10.5
LINE = 1.32 / 72
"""Inches of a line of text per point of its size."""


def drawn[**P](make: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in the workbook's style."""

    @wraps(make)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with workbook_style():
            figure = make(*args, **kwargs)
            # Labels of ticks have no text before they are asked for.
            ticks = [t for a in figure.axes for t in (*a.get_xticklabels(), *a.get_yticklabels())]
            for text in [*figure.findobj(Text), *ticks]:
                if len(families := families_for(text.get_text())) > 1:
                    text.set_fontfamily(families)
                if reads_leftwards(text.get_text()):
                    # A sentence in English that begins with an Arabic name goes to the right.
                    lines = text.get_text().split("\n")
                    text.set_text("\n".join(f"\N{LEFT-TO-RIGHT MARK}{line}" for line in lines))
            return figure

    return wrapper


def titled(title: str, subtitle: str, height: float, width: float = WIDTH) -> Figure:
    """Make a figure with its two titles on top and ``height`` inches for the axes below."""
    room = width - 2 * MARGIN
    head = balanced(title, TITLE_SIZE, room, bold=True)
    # It may begin with a unit, as a sentence all the same.
    below = wrap(capital(subtitle), SUBTITLE_SIZE, room) if subtitle else []
    top = len(head) * TITLE_SIZE * LINE + len(below) * SUBTITLE_SIZE * LINE + 3 * MARGIN
    total = height + top
    engine = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - top / total))
    figure = Figure(figsize=(width, total), layout=engine)
    y = 1 - MARGIN / total
    for lines, size, weight, colour in (
        (head, TITLE_SIZE, "bold", INK),
        (below, SUBTITLE_SIZE, "normal", MUTED),
    ):
        figure.text(
            MARGIN / width,
            y,
            "\n".join(lines),
            size=size,
            weight=weight,
            color=colour,
            va="top",
            linespacing=1.25,
        ).set_in_layout(False)
        y -= (len(lines) * size * LINE + 0.5 * MARGIN) / total
    return figure


def wrap(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than ``width`` inches."""
    weight = "bold" if bold else "normal"
    lines = [""]
    # A range and its unit stay on one line.
    whole = re.sub(
        r"(?<=[\w%]) to (?=[\d−])", "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}", plain(text)
    )
    for word in re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", whole).split(" "):
        longer = f"{lines[-1]} {word}".strip(" ")
        if lines[-1] and _inches(longer, size, weight) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def balanced(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Break a text into as few lines as :func:`wrap`, of about equal length."""
    lines = wrap(text, size, width, bold=bold)
    for part in (0.9, 0.8, 0.7):
        even = wrap(text, size, part * width, bold=bold)
        if 1 < len(even) == len(lines):
            lines = even
        if len(lines[-1]) >= 0.5 * len(lines[0]):
            break
    return lines


@cache
def _inches(text: str, size: float, weight: str) -> float:
    font = FontProperties(family=families_for(text), size=size, weight=weight)
    with quiet_fonts():
        return _renderer().get_text_width_height_descent(text, font, ismath=False)[0] / 100


@cache
def _renderer() -> RendererAgg:
    return FigureCanvasAgg(Figure(figsize=(1, 1), dpi=100)).get_renderer()


def is_narrow(width: float) -> bool:
    """Say whether names and ranges have no room beside what is drawn."""
    return width < 0.6 * WIDTH


def small_panels(
    title: str, subtitle: str, count: int, height: float, width: float
) -> tuple[Figure, list[Axes]]:
    """Make a figure of small panels: one column on a phone, up to three on a page."""
    columns = 1 if is_narrow(width) else min(3, count) if count != 4 else 2
    rows = -(-count // columns)
    figure = titled(title, subtitle, height=height * rows + 0.3, width=width)
    panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure, panels[:count]


def number_axis(axes: Axes, which: str, unit: str, ticks: int = 0) -> None:
    """Write an axis' numbers short ("2 M"); the unit stands in the subtitle.

    ``ticks`` is how many at most, as matplotlib likes if zero.
    """
    axis = axes.xaxis if which == "x" else axes.yaxis
    written = unit if unit == "share" else ""
    axis.set_major_formatter(FuncFormatter(lambda value, _: format_number(value, written)))
    if ticks:
        axis.set_major_locator(MaxNLocator(nbins=ticks, steps=[1, 2, 2.5, 5, 10]))


def zero_line(axes: Axes, *, horizontal: bool = False) -> None:
    """Draw the line at which an effect is nothing."""
    line = axes.axhline if horizontal else axes.axvline
    line(0.0, color=MUTED, linewidth=1.0, zorder=1.5)


def week_axis(axes: Axes, most: int = 8) -> None:
    """Label the axis of weeks: months, the year where it begins; at most so many ticks."""
    locator = AutoDateLocator(minticks=2 if most < 8 else 3, maxticks=most)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
