"""Figures fit their frame, whatever is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmmlib.estimates import Estimate
from mmmlib.reports.figures.curves import response_curves
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure, name_lines
from mmmlib.reports.figures.layout import NARROW, WIDTH, balanced, wrap
from mmmlib.reports.figures.moves import MoveRow, move_figure
from mmmlib.reports.figures.restated import restated_map, shares_by_week
from mmmlib.reports.figures.weeks import (
    actual_against_fitted,
    contribution_over_time,
    spend_over_time,
)
from mmmlib.reports.markup import cut_short
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


MAKERS: dict[str, Callable[..., Figure]] = {
    "intervals": partial(interval_figure, rows(0.5, 2.0), LONG, LONG, even=1.0),
    "differences": partial(interval_figure, rows(-3e5, 1e5), LONG, LONG, ends=("worse", "better")),
    "over time": partial(contribution_over_time, EFFECTS, NAMES, COLOURS, LONG, LONG),
    "fit": partial(actual_against_fitted, EFFECTS, HOLDOUT, LONG, LONG),
    "fit, no holdout": partial(actual_against_fitted, EFFECTS, None, LONG, LONG),
    "curves": partial(response_curves, EFFECTS, list(NAMES), NAMES, COLOURS, LONG, LONG),
    "one curve": partial(response_curves, EFFECTS, ["video"], NAMES, COLOURS, LONG, LONG),
    "spend": partial(spend_over_time, EFFECTS["spend"], NAMES, COLOURS, 0.1, LONG, LONG),
    "move": partial(move_figure, [MoveRow(NASTY, 2e4, 3e4, 1e4, "#0072B2")], LONG, LONG),
}
CELLS = pd.DataFrame(
    {
        "series": ["a", "a", "a", "b", "b"],
        "region": ["x", "y", "x", "x", "x"],
        "week": pd.to_datetime(
            ["2025-01-06", "2025-01-06", "2025-01-13", "2025-01-06", "2025-02-03"]
        ),
        "before": [100.0, 100.0, 100.0, 0.0, 50.0],
        "change": [30.0, -10.0, -0.5, 5.0, -2.5],
    }
)
WEEKS = pd.Timestamp("2025-01-06"), pd.Timestamp("2025-03-31")
MAKERS["restated"] = partial(
    restated_map, shares_by_week(CELLS), {"a": NASTY, "b": "b"}, WEEKS, LONG, LONG
)


def test_what_moved_in_a_week_is_all_that_moved_in_its_regions() -> None:
    shares = shares_by_week(CELLS)["share"].to_list()
    assert shares == pytest.approx([0.2, -0.005, np.inf, -0.05])


@pytest.mark.parametrize("width", [WIDTH, NARROW])
@pytest.mark.parametrize("name", MAKERS)
def test_nothing_leaves_the_frame_or_lies_on_the_titles(name: str, width: float) -> None:
    figure = MAKERS[name](width=width)
    assert figure.get_figwidth() == width
    figure.draw_without_rendering()
    frame = figure.bbox.padded(2)
    for text in [*figure.texts, *(t for axes in figure.axes for t in axes.texts)]:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0, text.get_text()
        assert box.x1 <= frame.x1, text.get_text()
        assert frame.y0 <= box.y0, text.get_text()
        assert box.y1 <= frame.y1, text.get_text()
    shown = [axes for axes in figure.axes if axes.get_visible()]
    for axes in shown:
        assert axes.bbox.width > 0.2 * figure.bbox.width
    lowest = min(text.get_window_extent().y0 for text in figure.texts)
    highest = max(axes.get_tightbbox().y1 for axes in shown)  # type: ignore[union-attr]
    assert highest <= lowest + 1


def test_on_a_phone_names_stand_above_what_is_drawn() -> None:
    axes = interval_figure(rows(0.5, 2.0, "A name"), "t", "s", width=NARROW).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == []
    assert {"A name", "b"} <= {text.get_text() for text in axes.texts}


def test_on_a_phone_a_long_plan_keeps_its_name_and_leaves_room_for_its_range() -> None:
    plan = (
        "Move 15 % of the budget from Display, Partner funds and Paid social (least certain return) "
        "to Paid search and Brand campaigns"
    )
    ends = ("worse than the baseline", "better")
    figure = interval_figure(rows(-3e5, 1e5, plan), "t", "s", ends=ends, width=NARROW)
    FigureCanvasAgg(figure).draw()
    (axes,) = figure.axes
    assert axes.bbox.width > 0.8 * figure.bbox.width  # what names the ends takes no room beside it
    name, value = axes.texts[:2]
    first = name.get_text().partition("\n")[0]
    assert plain_words(name.get_text()) == plain_words(plan)
    axes.texts[0].set_text(first)
    assert axes.texts[0].get_window_extent().x1 < value.get_window_extent().x0


def plain_words(text: str) -> list[str]:
    return text.replace("\N{NO-BREAK SPACE}", " ").split()


def test_every_channel_has_a_panel_of_its_own_and_the_largest_comes_first() -> None:
    figure = contribution_over_time(EFFECTS, NAMES, COLOURS, "t", "s")
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    size = EFFECTS["contribution"].sum("week").median("draw").to_series()
    assert titles[0] == "Baseline"
    assert len(titles) == 1 + len(NAMES)
    assert titles[1][:6] == NAMES[str(size.idxmax())][:6]


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


def test_names_are_cut_where_they_must() -> None:
    assert cut_short("TV") == "TV"
    assert len(cut_short("x" * 80, 30)) == 30
    lines = name_lines("a long name of a plan that goes on and on " * 4).split("\n")
    assert len(lines) == 4
    assert lines[-1].endswith("…")
