"""What is not as it was at the last refresh: numbers, data, parameters, lift tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from mmmlib.estimates import (
    Estimate,
    ReturnWords,
    format_change,
    format_number,
    mass_text,
    return_words,
)
from mmmlib.governance.data_debt import Restated
from mmmlib.monte_carlo import ERRORS
from mmmlib.params import Params
from mmmlib.params.help import key_help
from mmmlib.phrases import capital, listed
from mmmlib.refresh.comparison import (
    QUANTITIES,
    Bridge,
    BridgeStep,
    DataChange,
    ForecastScore,
    LiftChange,
    Movement,
    ParameterChange,
)
from mmmlib.reports.cells import Change, Column, Days, Observed, Places, observed
from mmmlib.reports.table import Columns, Table, tabulate

KINDS = {
    "restated": "restated",
    "added": "new",
    "removed": "gone",
    "extended": "new weeks",
}
ALL_CHANNELS = "All channels together"
LONGEST = 120
SHOWN = ("Channel", "Outcome", "What", "Before", "Now", "Place by median", "Movement")
"""What a page shows of the movements."""


def movement_table(params: Params, movements: Iterable[Movement]) -> Table:
    """Make a row for each number that was compared: before, now, and whether that is noise.

    How to read it: a movement is more than noise where its factor (1.25 is up by a quarter, or
    down by a fifth) is above the one that new weeks alone may bring, or its range became several
    times as wide.
    """
    moves = list(movements)

    def words(move: Movement) -> ReturnWords | None:
        if move.quantity not in ("roi", "marginal_roi"):
            return None
        return return_words(params.return_unit(move.model), params.currency)

    def written(move: Movement, estimate: Estimate) -> Estimate:
        returns = words(move)
        return returns.estimate(estimate) if returns else estimate

    def what(move: Movement) -> str:
        returns = words(move)
        return f"{move.what} per {returns.spend}" if returns else move.what

    columns: Columns[Movement] = {
        "Channel": lambda move: params.channel_label(move.channel),
        "Outcome": lambda move: params.model_label(move.model),
        "What": what,
        "Before": lambda move: written(move, move.before),
        "Now": lambda move: written(move, move.after),
        "Change of the median": lambda move: Change(move.change, "share"),
        "Factor": lambda move: _factor(move.factor),
        "Most that new weeks bring": lambda move: _factor(move.limit),
        "Probability that it is higher": lambda move: observed(move.higher, "share"),
        "Place by median": lambda move: Places(move.rank_before, move.rank_after),
        "Movement": lambda move: "more than noise" if move.beyond_noise else "within noise",
    }
    mass = f"; ranges hold {mass_text(moves[0].after)}" if moves else ""
    kinds = listed([*dict.fromkeys(QUANTITIES[move.quantity] for move in moves)]) or "numbers"
    caption = (
        f"{capital(kinds)} before and after, on the weeks that both refreshes saw, the largest "
        f"movement first{mass}."
    )
    return tabulate("movements", caption, moves, columns)


def bridge_table(params: Params, bridges: Iterable[Bridge]) -> Table:
    """Make a row for each number's way from the last refresh to this one, step by step.

    How to read it: the steps add up to the movement of the median. What stands behind ± is two
    Monte Carlo errors; a step within them is noise of the draws.
    """

    def step(place: int) -> Callable[[Bridge], str]:
        return lambda one: step_text(one.steps[place], one.unit)

    columns: Columns[Bridge] = {
        "Channel": lambda one: params.channel_label(one.channel) if one.channel else ALL_CHANNELS,
        "Outcome": lambda one: params.model_label(one.model),
        "What": lambda one: "return" if one.quantity == "roi" else "contribution",
        "Movement of the median": lambda one: Change(one.after - one.before, one.unit),
        "Software and sampling": step(0),
        "Specification": step(1),
        "Restated history": step(2),
        "New periods": step(3),
        "In the other order": _other_order,
    }
    caption = (
        "Why the estimates moved: each step is a fit, and the steps add up. Behind ±: two Monte Carlo "
        "errors; a step within them is noise."
    )
    return tabulate("bridges", caption, bridges, columns)


def scored_forecast_table(params: Params, scores: Iterable[ForecastScore]) -> Table:
    """Make a row for each model: what the last refresh's model says of the weeks since, and what came.

    How to read it: nine of ten weeks should lie inside their range. The error is that of a week, as
    a share of the mean outcome; beside it that of repeating the weeks of a year ago.
    """
    columns: Columns[ForecastScore] = {
        "Outcome": lambda one: params.model_label(one.model),
        "Weeks": lambda one: Observed(one.weeks),
        "Inside 90 %": lambda one: Observed(one.inside),
        "Expected": lambda one: one.expected,
        "Seen": lambda one: Observed(one.observed, one.expected.unit),
        "Error of a week": lambda one: Observed(one.error, "share"),
        "Error of last year's weeks": lambda one: observed(one.naive_error, "share"),
        "Interval score": lambda one: Observed(one.interval_score),
    }
    caption = "The last refresh's models and the weeks since, told what was spent in them."
    return tabulate("forecasts", caption, scores, columns)


def step_text(step: BridgeStep, unit: str) -> str:
    """Write what a step moved, with the noise of its draws."""
    if step.shift == 0:
        return "nothing"
    if abs(step.shift) <= ERRORS * step.error:
        return "noise"
    return f"{format_change(step.shift, unit)} ± {format_number(ERRORS * step.error, unit)}"


def _other_order(bridge: Bridge) -> str | None:
    parts = [f"{one.name}: {step_text(one, bridge.unit)}" for one in bridge.other_order[1:]]
    return "; ".join(parts) or None


def _factor(value: float | None) -> Observed | None:
    return None if value is None or math.isnan(value) else Observed(value)


def data_changes_table(params: Params, changes: Iterable[DataChange]) -> Table:
    """Make a row for each series that was restated, came, went or grew."""
    columns: Columns[DataChange] = {
        "Series": lambda one: params.subject_label(one.series),
        "Change": lambda one: KINDS[one.kind],
        "Values": lambda one: Observed(one.cells),
        "Weeks": lambda one: Days(one.first, one.last) if one.first and one.last else None,
        "Share of its total": lambda one: observed(one.share, "share"),
        "Share of its worst 13 weeks": lambda one: observed(one.worst_share, "share"),
        "Largest": lambda one: one.largest or None,
    }
    caption = "Series that are not as the last refresh saw them."
    return tabulate("data-changes", caption, changes, columns)


def restated_table(params: Params, restated: pd.DataFrame, most: int = 50) -> Table:
    """Make a row for each restated value, the first ``most`` of them."""
    columns: Columns[dict[Any, Any]] = {
        "Series": lambda row: params.subject_label(row["series"]),
        "Region": lambda row: row["region"],
        "Week": lambda row: row["week"].date(),
        "Before": lambda row: Observed(row["before"]),
        "Now": lambda row: Observed(row["after"]),
        "Change": lambda row: Change(row["change"]),
        "Share of its total": lambda row: Observed(row["share"], "share"),
    }
    shown = restated.head(most).to_dict("records")
    caption = f"Values that both refreshes have and that differ, {len(shown)} of {len(restated)}."
    return tabulate("restated", caption, shown, columns)


def restated_cost_table(params: Params, lines: Iterable[Restated]) -> Table:
    """Make a row for each refresh: what was restated in it, and what that moved.

    How to read it: the plan is the one that the refresh before put forward; its gain is valued at the
    mean returns that history told afterwards. Behind ±: two Monte Carlo errors.
    """

    def moved(one: Restated) -> str | None:
        if one.returns is None:
            return None
        return "; ".join(
            f"{params.channel_label(name)} {format_change(step.shift / before, 'share')}"
            for name, before, step in one.returns
            if before
        ) or ("nothing" if not one.series else "noise")

    columns: Columns[Restated] = {
        "Refresh": lambda one: one.period,
        "Series": lambda one: Observed(one.series),
        "Most of any 13 weeks": lambda one: observed(one.worst_share, "share"),
        "Returns": moved,
        "All channels": lambda one: None if one.total is None else step_text(one.total, one.unit),
        "Gain of the plan put forward": lambda one: (
            None if one.gain is None else step_text(one.gain, one.plan_unit)
        ),
        "Plan": lambda one: one.plan or None,
    }
    caption = "What restated history moved, refresh by refresh, this one first."
    return tabulate("restated-costs", caption, lines, columns)


def lift_changes_table(params: Params, changes: Iterable[LiftChange]) -> Table:
    """Make a row for each lift test that came, went or is declared differently."""
    columns: Columns[LiftChange] = {
        "Channel": lambda one: params.channel_label(one.channel),
        "Outcome": lambda one: params.model_label(one.model),
        "Test": lambda one: one.test,
        "Change": lambda one: KINDS.get(one.kind, one.kind),
        "What": lambda one: one.what,
    }
    caption = "Lift tests that are not as the last refresh was told them; ranges hold 90 %."
    return tabulate("lift-changes", caption, changes, columns)


def parameter_table(
    changes: Iterable[ParameterChange],
    name: str = "parameters",
    caption: str = "Parameters that differ from the last refresh.",
) -> Table:
    """Make a row for each parameter, version or package that differs."""
    columns: Columns[ParameterChange] = {
        "What": lambda one: one.key,
        Column("Before", longest=LONGEST): lambda one: _value(one.before),
        Column("Now", longest=LONGEST): lambda one: _value(one.after),
        "What it is": lambda one: key_help(one.key) or None,
    }
    return tabulate(name, caption, changes, columns)


def _value(text: str) -> str | None:
    return "not set" if text == "null" else text or None
