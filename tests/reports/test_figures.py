"""Figures fit their frame, whatever is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from mmmlib.estimates import Estimate
from mmmlib.reports.figures.curves import response_curves
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure, name_lines
from mmmlib.reports.figures.layout import WIDTH, balanced, short, spread, wrap
from mmmlib.reports.figures.weeks import (
    actual_against_fitted,
    contribution_over_time,
    spend_over_time,
)
from mmmlib.reports.style import channel_colours
from tests.fake_run import NASTY
from tests.fakes import fake_effects, fake_params

PARAMS = fake_params()
EFFECTS = fake_effects(PARAMS, scale=3.0)
HOLDOUT = fake_effects(PARAMS, holdout_weeks=8, scale=3.0)
NAMES = {name: channel.label for name, channel in PARAMS.channels.items()} | {"search": NASTY}
COLOURS = channel_colours(PARAMS.channels)
LONG = f"A title that is far too long for one line, with a name in it: {NASTY}, 1.4 to 2.1 of it"


def rows(low: float, high: float, name: str = NASTY) -> list[IntervalRow]:
    estimate = Estimate.from_draws(np.linspace(low, high, 101), "USD")
    wide = Estimate.from_draws(np.linspace(low - 9 * abs(low), high + 9 * abs(high), 101), "USD")
    return [IntervalRow(name, estimate, "#0072B2", faint=wide, mark=low), IntervalRow("b", estimate, "#0072B2")]  # fmt: skip


MAKERS: dict[str, Callable[[], Figure]] = {
    "intervals": lambda: interval_figure(rows(0.5, 2.0), LONG, LONG, even=1.0, even_name="even"),
    "differences": lambda: interval_figure(rows(-3e5, 1e5), LONG, LONG, ends=("worse", "better")),
    "over time": lambda: contribution_over_time(EFFECTS, NAMES, COLOURS, LONG, LONG),
    "fit": lambda: actual_against_fitted(EFFECTS, HOLDOUT, LONG, LONG),
    "fit, no holdout": lambda: actual_against_fitted(EFFECTS, None, LONG, LONG),
    "curves": lambda: response_curves(EFFECTS, list(NAMES), NAMES, COLOURS, LONG, LONG),
    "one curve": lambda: response_curves(EFFECTS, ["video"], NAMES, COLOURS, LONG, LONG),
    "spend": lambda: spend_over_time(EFFECTS["spend"], NAMES, COLOURS, 0.1, LONG, LONG),
}


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_leaves_the_frame(name: str) -> None:
    figure = MAKERS[name]()
    assert figure.get_figwidth() == WIDTH
    figure.draw_without_rendering()
    frame = figure.bbox.padded(2)
    for text in [*figure.texts, *(t for axes in figure.axes for t in axes.texts)]:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0, text.get_text()
        assert box.x1 <= frame.x1, text.get_text()
        assert frame.y0 <= box.y0, text.get_text()
        assert box.y1 <= frame.y1, text.get_text()
    for axes in figure.axes:
        if axes.get_visible():
            assert axes.bbox.width > 0.25 * figure.bbox.width


@pytest.mark.parametrize("name", MAKERS)
def test_titles_do_not_lie_on_the_axes(name: str) -> None:
    figure = MAKERS[name]()
    figure.draw_without_rendering()
    lowest = min(text.get_window_extent().y0 for text in figure.texts)
    highest = max(axes.get_tightbbox().y1 for axes in figure.axes if axes.get_visible())  # type: ignore[union-attr]
    assert highest <= lowest + 1


def test_zero_is_always_in_the_picture() -> None:
    for low, high in ((5.0, 9.0), (-9.0, -5.0), (-1.0, 1.0)):
        left, right = interval_figure(rows(low, high), "t", "s").axes[0].get_xlim()
        assert left <= 0 <= right


def test_nothing_is_drawn_with_pyplot() -> None:
    MAKERS["intervals"]()
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )


def test_a_range_stays_on_one_line() -> None:
    text = "Together the channels caused 27.3 to 39.2 % of revenue, Search the largest part of it"
    lines = wrap(text, 13, 3.0)
    assert any("27.3\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}39.2" in line for line in lines)
    assert " ".join(lines).replace("\N{NO-BREAK SPACE}", " ") == text
    assert len(balanced(text, 13, 7.0)) == len(wrap(text, 13, 7.0))


def test_labels_are_moved_apart_in_order() -> None:
    placed = spread([1.0, 1.1, 0.9, 9.9], 1.0, 10.0)
    assert np.diff(np.sort(placed)).min() >= 1.0 - 1e-9
    assert list(np.argsort(placed)) == [2, 0, 1, 3]
    assert placed.max() <= 10.0


def test_names_are_cut_where_they_must() -> None:
    assert short("TV") == "TV"
    assert len(short("x" * 80)) == 30
    lines = name_lines("a long name of a plan that goes on and on " * 4).split("\n")
    assert len(lines) == 4
    assert lines[-1].endswith("…")
