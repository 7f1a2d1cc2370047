"""The figures that pages and notebooks share, with their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import format_number
from mmmlib.model.unpaid import unpaid_of
from mmmlib.params import Params
from mmmlib.phrases import capital
from mmmlib.readiness.verdict import Readiness
from mmmlib.refresh.comparison import Bridge, Comparison, Movement
from mmmlib.reports.blocks import Block, Picture, Prose
from mmmlib.reports.figures.curves import response_curves
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure
from mmmlib.reports.figures.restated import restated_map, shares_by_week
from mmmlib.reports.figures.waterfall import waterfall_figure
from mmmlib.reports.figures.weeks import (
    actual_against_fitted,
    contribution_over_time,
    spend_over_time,
)
from mmmlib.reports.lift import Experiments
from mmmlib.reports.markup import plain
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.style import channel_colours
from mmmlib.reports.words.bridges import bridge_words
from mmmlib.reports.words.figures import (
    Words,
    contributions_words,
    curves_words,
    fit_words,
    learnt_sentence,
    movement_words,
    over_time_words,
    returns_words,
    shares_words,
    spend_words,
)
from mmmlib.reports.words.restatements import restated_map_words
from mmmlib.reports.words.unpaid import exposure_words

PER_FIGURE = 9
"""Curves in one figure; more would not fit a page."""
TESTS_PER_FIGURE = 3
MOST_SERIES = 16
"""Rows of the map of restated weeks."""


def returns_picture(
    results: Results, numbers: ModelNumbers, name: str = "returns", title: str = ""
) -> Picture:
    """Draw a model's returns with the belief before the fit beside each."""
    words = returns_words(results, numbers)
    rows = [
        IntervalRow(
            results.channel(row.channel), row.roi, results.colours[row.channel], faint=row.prior
        )
        for row in numbers.by_return
        if row.roi is not None
    ]
    words = replace(words, title=title or words.title)
    return words.picture(name, interval_figure, rows, even=numbers.break_even)


def learning_picture(results: Results, numbers: ModelNumbers) -> Picture:
    """Draw what :func:`returns_picture` does, and say of which return the data told most."""
    return returns_picture(results, numbers, title=learnt_sentence(results, numbers))


def contributions_picture(results: Results, numbers: ModelNumbers, name: str) -> Picture:
    """Draw a model's contributions."""
    words = contributions_words(results, numbers)
    rows = [
        IntervalRow(results.channel(row.channel), row.contribution, results.colours[row.channel])
        for row in numbers.with_unpaid
    ]
    return words.picture(name, interval_figure, rows)


def shares_picture(results: Results, numbers: ModelNumbers) -> Picture:
    """Draw each channel's share of the effect, with its share of the spend beside it."""
    words = shares_words(results, numbers)
    rows = [
        IntervalRow(
            results.channel(row.channel),
            row.effect_share,
            results.colours[row.channel],
            mark=row.spend_share,
            note=f"{row.effect_share.text(mass=False)} for {format_number(row.spend_share, 'share')}",
        )
        for row in sorted(numbers.channels, key=lambda row: -row.spend_share)
    ]
    return words.picture("shares", interval_figure, rows)


def over_time_picture(results: Results, numbers: ModelNumbers) -> Picture:
    """Draw baseline and channels over time, each in a panel of its own."""
    words = over_time_words(results, numbers)
    names = {name: results.channel(name) for name in results.params.channels}
    drawn = (numbers.effects, names, results.colours)
    return words.picture("over-time", contribution_over_time, *drawn)


def curves_pictures(results: Results, numbers: ModelNumbers) -> Iterator[Picture]:
    """Draw the response curves of all channels, the largest spend first."""
    rows = sorted(numbers.channels, key=lambda row: -row.spend)
    words = curves_words(results, numbers)
    return _curves("curves", results, numbers.effects, words, [row.channel for row in rows])


def exposure_pictures(results: Results, numbers: ModelNumbers) -> Iterator[Picture]:
    """Draw the response curves of channels without spend, over their exposure."""
    effects = unpaid_of(numbers.effects)
    if effects is not None:
        words = exposure_words(results, numbers)
        names = [row.channel for row in numbers.unpaid]
        yield from _curves("exposure-curves", results, effects, words, names)


def _curves(
    name: str, results: Results, effects: xr.Dataset, words: Words, channels: Sequence[str]
) -> Iterator[Picture]:
    """Draw response curves, a few a figure."""
    names = {one: results.channel(one) for one in channels}
    for number, start in enumerate(range(0, len(channels), PER_FIGURE), start=1):
        drawn = (effects, channels[start : start + PER_FIGURE], names, results.colours)
        title = words.title if number == 1 else "Response curves, continued"
        words = replace(words, title=title)
        yield words.picture(f"{name}-{number}", response_curves, *drawn)


def fit_picture(
    results: Results, numbers: ModelNumbers, holdout: xr.Dataset | None = None, name: str = "fit"
) -> Picture:
    """Draw the outcome as it was, over the bands of the model.

    On the weeks that a ``holdout`` fit was not shown, its prediction is drawn.
    """
    words = fit_words(results, numbers, holdout)
    return words.picture(name, actual_against_fitted, numbers.effects, holdout)


def movements_picture(results: Results, comparison: Comparison, moves: Sequence[Movement]) -> Block:
    """Draw a model's returns in both refreshes; a sentence where none was compared."""
    if not moves or comparison.parent is None:
        return Prose("No return of this outcome can be compared.")
    words = movement_words(results, moves, comparison.parent)
    returns = results.return_words(moves[0].model)
    rows = [
        IntervalRow(
            results.channel(move.channel),
            returns.estimate(move.after),
            results.colours[move.channel],
            faint=returns.estimate(move.before),
        )
        for move in moves
    ]
    even = results.break_even(moves[0].model)
    return words.picture("movements", interval_figure, rows, even=even)


def bridge_picture(results: Results, bridges: Sequence[Bridge], name: str = "bridges") -> Block:
    """Draw the way of a model's numbers from the last refresh; a sentence where it is not known."""
    if not bridges:
        return Prose("By which steps the estimates moved is not known.")
    words = bridge_words(results, bridges)
    rows = [
        (results.channel(one.channel) if one.channel else "All channels", one) for one in bridges
    ]
    return words.picture(name, waterfall_figure, rows)


def restated_picture(results: Results, comparison: Comparison, cells: pd.DataFrame) -> Picture:
    """Draw which weeks of which series were restated, the series that moved most on top."""
    shares = shares_by_week(cells)
    shown = shares["series"].unique()[:MOST_SERIES]
    names = {name: capital(results.subject(name)) for name in shown}
    first, last = shares["week"].min(), shares["week"].max()
    if comparison.first_week and comparison.last_week:
        first = min(first, pd.Timestamp(comparison.first_week))
        last = max(last, pd.Timestamp(comparison.last_week))
    words = restated_map_words(results, shares, len(names))
    return words.picture("restated", restated_map, shares, names, (first, last))


def lift_pictures(found: Experiments, suffix: str = "") -> Iterator[Picture]:
    """Draw what every test saw, and what the model says of it without and with tests; a few a figure."""
    name = plain(found.params.model_label(found.model))
    caption = f"Lift tests of {name} and the model, the test furthest off the model first."
    for start in range(0, len(found.tests), TESTS_PER_FIGURE):
        tests = found.tests[start : start + TESTS_PER_FIGURE]
        title = "Lift tests, continued" if start else found.title
        draw = partial(interval_figure, found.rows(tests), title, found.subtitle)
        more = f"-from-{start + 1}" if start else ""
        yield Picture(f"lift-tests{suffix}{more}", draw, caption, found.alt(tests))


def spend_picture(readiness: Readiness, panel: Panel, params: Params) -> Picture:
    """Draw every channel's spend, with the weeks marked that were too much alike."""
    words = spend_words(readiness, params)
    return words.picture(
        "spend",
        spend_over_time,
        panel.spend_or_exposure().sum("region"),
        {name: params.channel_label(name) for name in params.channels},
        channel_colours(params.channels),
        params.readiness.flat_band,
    )
