"""Which weeks of which series were told otherwise: a map of restated history."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mmmlib.reports.figures.intervals import name_lines, write_names
from mmmlib.reports.figures.layout import WIDTH, drawn, is_narrow, titled, week_axis

BOUNDS = (0.01, 0.1)
"""Shares of the value before at which a darker colour begins."""
SIZES = ("below 1 %", "1 to 10 %", "over 10 %")
UP = ("#BAD5EA", "#4F97CB", "#004578")
DOWN = ("#F3D0A2", "#D9862A", "#7A3B00")
"""Blue for up and orange for down are apart for colour-blind readers; darker is more."""
QUIET = "#F1F2F4"
ROW, LEGEND, SIZE = 0.3, 0.9, 10.5
WEEK = pd.Timedelta(days=7)


@drawn
def restated_map(
    cells: pd.DataFrame,
    names: Mapping[str, str],
    window: tuple[pd.Timestamp, pd.Timestamp],
    title: str,
    subtitle: str,
    width: float = WIDTH,
) -> Figure:
    """Draw a row for each series and a cell for each of its restated weeks.

    ``cells`` are those of :func:`shares_by_week`; ``names`` are by series, the first on top; ``window`` is the
    first and last week that both refreshes have.
    """
    above = is_narrow(width)
    longest = max((name_lines(one).count("\n") for one in names.values()), default=0)
    pitch = ROW + (0.2 if above else 0.12 * longest)
    figure = titled(title, subtitle, height=pitch * (len(names) + above) + LEGEND, width=width)
    axes = figure.subplots()
    start, end = date2num(window[0]), date2num(window[1] + WEEK)
    tall = ROW / pitch * 0.86
    for place, series in enumerate(names):
        own = cells[cells["series"] == series]
        middle = place + (0.2 if above else 0)
        axes.broken_barh([(start, end - start)], (middle - tall / 2, tall), color=QUIET, zorder=1)
        steps = np.digitize(own["share"].abs(), BOUNDS)
        for colours, way in ((UP, own["share"] > 0), (DOWN, own["share"] < 0)):
            for step, colour in enumerate(colours):
                weeks = own["week"][way & (steps == step)]
                spans = [(date2num(week), 7.0) for week in weeks]
                axes.broken_barh(spans, (middle - tall / 2, tall), color=colour, lw=0, zorder=2)
    axes.set_xlim(start, end)
    axes.set_ylim(len(names) - 0.5, -0.55)
    write_names(axes, list(names.values()), width, above=0.26, room=0.95)
    axes.grid(visible=False)
    week_axis(axes, most=5 if above else 8)
    up, down = (
        [Patch(color=colour, label=f"{way} {size}") for colour, size in zip(of, SIZES, strict=True)]
        for way, of in (("up", UP), ("down", DOWN))
    )
    # Legends are filled column by column: up and down stand side by side on a phone, else in rows.
    pairs = [patch for pair in zip(up, down, strict=True) for patch in pair]
    figure.legend(
        handles=up + down if above else pairs,
        loc="outside lower center",
        ncols=2 if above else 3,
        frameon=False,
        fontsize=SIZE,
        handlelength=1.2,
        columnspacing=1.2,
    )
    return figure


def shares_by_week(cells: pd.DataFrame) -> pd.DataFrame:
    """Add restated values up over regions: by what share each week of each series changed.

    The ``share`` is all that moved in the regions that were restated (see
    :func:`mmmlib.refresh.data_changes.restated_cells`), over what was told of them before; infinite where that
    was nothing. Its sign is that of the sum, up where regions cancel out.
    """
    sizes = cells.assign(size=cells["change"].abs(), before=cells["before"].abs())
    found = sizes.groupby(["series", "week"], sort=False)[["change", "size", "before"]].sum()
    ratio = np.full(len(found), np.inf)
    np.divide(found["size"], found["before"], out=ratio, where=found["before"].to_numpy() > 0)
    found["share"] = np.where(found["change"] < 0, -ratio, ratio)
    return found[["share"]].reset_index()
