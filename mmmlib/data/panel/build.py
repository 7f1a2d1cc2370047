"""Source rows to the panel: columns get their roles, rows their week, gaps their rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmmlib.data.contract.declared_series import (
    SUMMED,
    DeclaredSeries,
    adds_up,
    declared_series,
    event_series,
    may_be_negative,
)
from mmmlib.data.contract.layout_columns import NATIONAL, is_whole_week
from mmmlib.data.contract.promises import CREDIT
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.panel.credit_notes import credited
from mmmlib.data.panel.grid import (
    LAST_DAY,
    Calendar,
    Grid,
    assemble,
    at_prices,
    cut_calendar,
    keep_out,
    make_calendar,
    make_grid,
    regions_of,
)
from mmmlib.data.panel.lift_tests import Declared, lifts_of, read_lift_tests
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.delivery import read_sources
from mmmlib.data.weeks.rates import price_factors
from mmmlib.data.weeks.source_rows import SourceRows, find_column
from mmmlib.params import Params
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.series import MeasuredSeries
from mmmlib.phrases import count_text

Places = Mapping[DeclaredSeries, tuple[SourceRows, str]]
"""Source and column of every series that was found."""


@dataclass(frozen=True)
class Built:
    """The panel, and what it was built from."""

    panel: Panel
    sources: dict[str, SourceRows]
    calendar: Calendar
    folder: Path = Path()
    """Where the sources lie."""
    lift_tests: tuple[Declared, ...] = ()
    """As declared; the panel has those that lie in its weeks."""


def build_panel(params: Params, folder: Path, taxonomy: Taxonomy | None = None) -> Panel:
    """Read the sources in a folder and return the panel; see :func:`read_and_build`."""
    return read_and_build(params, folder, taxonomy).panel


def read_and_build(params: Params, folder: Path, taxonomy: Taxonomy | None = None) -> Built:
    """Read the sources in a folder and build the panel, without any past refresh; see :func:`build`."""
    problems = Problems(folder)
    return build(params, folder, read_sources(params, folder, problems, taxonomy), problems)


def build(
    params: Params,
    folder: Path,
    sources: Mapping[str, SourceRows | None],
    problems: Problems,
    moving: Mapping[str, int] | None = None,
) -> Built:
    """Build the panel from the rows of its sources.

    It is by region where ``model.geography`` is ``regional``, else national: regional sources are
    then summed (spend, exposure, outcome) or averaged (controls; by population where it is known).
    It spans the weeks that every source covers.

    Parameters
    ----------
    folder
        Where the tables beside the sources lie: price index and lift tests.
    sources
        Rows of every source; None for those that could not be read.
    problems
        What is wrong with the sources so far; raised here, with what is wrong with the panel.
    moving
        How many of its youngest weeks each source still restates, as far as past refreshes say
        so; these stay out where ``data.settling.weeks`` is ``auto``.

    Raises
    ------
    InputError
        With every problem of every source.
    """
    found = {
        declared: place
        for declared in declared_series(params)
        if (place := find_column(sources, declared.reference, declared.key, problems))
    }
    regional = params.model.geography == "regional"
    if regional:
        _refuse_national(found, problems)
    covered = make_calendar(
        {declared.part: place for declared, place in found.items() if declared.role != "event"},
        [declared.part for declared in found if declared.role == "outcome"],
        regional,
        problems,
    )
    if covered is None:
        problems.raise_if_any()
        raise AssertionError("no calendar, and no problem that says why")
    covered = cut_calendar(covered, *measured_days(params, found), problems)
    calendar, kept_out = keep_out(covered, params.data.settling.weeks, moving or {}, problems)
    grids = {
        declared: _grid_of(declared, *place, params, calendar, problems)
        for declared, place in found.items()
    }
    _refuse_no_people(grids, found, calendar, problems)
    _refuse_unknown_regions(params, calendar.regions, problems)
    prices = price_factors(params, folder, calendar.weeks, problems)
    lift_tests = read_lift_tests(params, folder, problems)
    problems.raise_if_any()
    spend = _tested_spend(lift_tests, params, found, covered, problems)
    national = NATIONAL if not regional else None
    lifts = lifts_of(lift_tests, spend, covered.weeks, calendar.weeks[-1], national, problems)
    problems.raise_if_any()
    panel = assemble(params, grids, calendar, regional)
    panel = replace(panel, kept_out=tuple(kept_out), lift_tests=tuple(lifts))
    if prices is not None:
        panel = at_prices(panel, prices)
    _refuse_empty(panel, found, problems)
    problems.raise_if_any()
    read = {name: rows for name, rows in sources.items() if rows is not None}
    return Built(panel, read, calendar, folder, tuple(lift_tests))


def _tested_spend(
    lift_tests: Sequence[Declared],
    params: Params,
    found: Places,
    covered: Calendar,
    problems: Problems,
) -> dict[str, tuple[list[str], np.ndarray]]:
    """Return the spend of channels with lift tests, by region also where the panel is national.

    Of all weeks that the sources cover: those that are kept out may hold the end of a test.
    """
    asked = {one.test.channel for one in lift_tests}
    spend: dict[str, tuple[list[str], np.ndarray]] = {}
    for declared, place in found.items():
        if declared.role != "spend" or declared.name not in asked:
            continue
        regions = regions_of(place[0], covered)
        values = np.nan_to_num(_grid_of(declared, *place, params, covered, Problems()).values)
        others, sums = spend.get(declared.name, (regions, np.zeros_like(values)))
        if others != regions:
            problems.add(
                place[0].path,
                f"column {place[1]} ({declared.key})",
                f"the regions {', '.join(regions)}",
                f"those of the channel's other source ({', '.join(others)}), as it has a lift test",
            )
            continue
        spend[declared.name] = regions, sums + values
    return spend


# --- one series -------------------------------------------------------------------------


def _grid_of(
    declared: DeclaredSeries,
    table: SourceRows,
    column: str,
    params: Params,
    calendar: Calendar,
    problems: Problems,
) -> Grid:
    if declared.role == "event":
        equals = params.events[declared.name].equals
        rows = table.of(event_series(column, equals))
        if rows.empty:
            problems.add(
                table.path,
                f"column {column} ({declared.key})",
                f"numbers, and events.{declared.name}.equals is '{equals}'",
                "a number there",
            )
        return make_grid(rows, table, column, calendar, "nothing", problems)
    rows = table.of(column)
    if not may_be_negative(params, declared, table.source):
        below = rows["value"] < 0
        # Of weeks as they were delivered each cell was held against this when it was read.
        for label, value in () if is_whole_week(table.source) else rows.loc[below, "value"].items():
            place = table.place(int(str(label)), column)
            action = CREDIT if declared.role in ("spend", "outcome") else ""
            problems.add(table.path, place, shown(repr(value)), "zero or more", action)
        rows = rows.assign(value=rows["value"].mask(below))
    rule, advice = _filling(params, declared, table)
    grid = make_grid(rows, table, column, calendar, rule, problems, advice)
    noted = [one.credit_notes for one in measured_as(params, declared.role, declared.name)]
    if declared.role in ("spend", "outcome") and any(noted):
        grid = replace(grid, values=credited(grid.values, table, column, calendar, problems))
    return grid


def _filling(params: Params, declared: DeclaredSeries, table: SourceRows) -> tuple[str, str]:
    """Choose by which rule the gaps of a series are filled, and what to do where none may be.

    What adds up over weeks (spend, exposure, counts) may be zero where nothing happened, and is
    never carried or interpolated: that would count it again. A level (a price, an index) may be
    carried or interpolated, and is never zero.
    """
    rule: str = table.source.gaps or params.data.gaps
    flow = adds_up(params, declared, table.name)
    firm = declared.role == "outcome" or table.source.gaps is None
    if firm and table.source.grain == "event" and flow:
        # a week of no deal is a week of no bookings
        return "nothing", "What happened in this week has no value: complete the source."
    if declared.role == "outcome":  # a model must not learn from an outcome that was made up
        part = declared.key.removesuffix(".column")
        return "fail", (
            f"Complete the source: an outcome is never filled. If these weeks are not counted "
            f"yet, write {part}.ends: {LAST_DAY}, the last day that is; the panel ends there."
        )
    if not flow:
        fills = rule in ("carry", "interpolate")
        return rule if fills else "fail", _LEVEL_ADVICE.get(rule, _LEVEL_ADVICE["fail"])
    if rule in ("carry", "interpolate"):
        return "fail", (
            f"What adds up over weeks is never filled by {rule}: it would be counted again. "
            f"Complete the source, or write gaps: zero if nothing happened in these weeks."
        )
    return rule, (
        "Complete the source; if nothing happened in these weeks, gaps: zero of the source says so."
    )


_LEVEL_ADVICE = {
    "fail": "Complete the source, or fill it by gaps: carry (or interpolate) of the source.",
    "carry": "There is no earlier value to carry.",
    "interpolate": "There is no value on both sides to interpolate between.",
}


def measured_as(params: Params, role: str, name: str) -> list[MeasuredSeries]:
    """Return what the parameters say of when a series of the panel was measured.

    An outcome (``revenue.self_serve``) and its motion both speak for it.
    """
    if role == "outcome":
        outcome = params.outcome_of(name)
        motion = outcome.motions.get(name.partition(".")[2])
        return [outcome] if motion is None else [outcome, motion]
    return [params.channels[name]] if role in ("spend", "exposure") else []


def measured_days(
    params: Params, found: Iterable[DeclaredSeries]
) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and the last day on which all series were measured, where declared."""
    said = [one for its in found for one in measured_as(params, its.role, its.name)]
    starts = [one.starts for one in said if one.starts is not None]
    ends = [one.ends for one in said if one.ends is not None]
    return max(starts, default=None), min(ends, default=None)


# --- what no panel can be made of ---------------------------------------------------------


def _refuse_national(found: Places, problems: Problems) -> None:
    """Report series of a national source that a regional panel needs by region."""
    for declared, (table, column) in found.items():
        if declared.role in (*SUMMED, "population") and not table.regional:
            problems.add(
                table.path,
                f"column {column} ({declared.key})",
                "a source without regions",
                "one value for every region and week, as model.geography is regional",
                f"Name the region column in data.sources.{table.name}.region, "
                f"or set model.geography to national.",
            )


def _refuse_unknown_regions(params: Params, regions: list[str], problems: Problems) -> None:
    """Report regions with holidays of their own that no source has."""
    holidays = params.model.holidays
    for region in holidays.regions if holidays else ():
        if region not in regions:
            problems.add(
                "parameters",
                f"model.holidays.regions.{region}",
                "no such region in the sources",
                f"one of {', '.join(regions)}",
                did_you_mean(region, regions),
            )


def _refuse_no_people(
    grids: Mapping[DeclaredSeries, Grid],
    found: Places,
    calendar: Calendar,
    problems: Problems,
) -> None:
    """Report regions without people: nothing can be told per head of them."""
    for declared, grid in grids.items():
        if declared.role != "population":
            continue
        table, column = found[declared]
        none = grid.values <= 0
        for region, weeks in zip(regions_of(table, calendar), none, strict=True):
            if weeks.any():
                problems.add(
                    table.path,
                    f"column {column} ({declared.key}), region '{region}'",
                    f"no people in {count_text(int(weeks.sum()), 'week')}, the first of "
                    f"{calendar.weeks[weeks][0].date()}",
                    "a population of more than zero",
                    "Correct the source, or remove the region from the sources.",
                )


def _refuse_empty(panel: Panel, found: Places, problems: Problems) -> None:
    """Report channels that never ran, and outcomes that are zero throughout."""
    first, last = panel.weeks[0].date(), panel.weeks[-1].date()
    for declared, (table, column) in found.items():
        channel = declared.role == "spend" or (
            declared.role == "exposure" and declared.name in panel.unpaid
        )
        if not channel and declared.role != "outcome":
            continue
        place = f"column {column} ({declared.key})"
        totals = panel.frame.groupby("region", sort=False)[declared.series].agg(
            lambda values: values.abs().sum()
        )
        if channel and totals.sum() == 0:
            problems.add(
                table.path,
                place,
                f"zero in every week from {first} to {last}",
                f"{declared.role} in some weeks",
                f"Remove channels.{declared.name}, or correct the source.",
            )
        for region in totals.index[totals == 0] if declared.role == "outcome" else ():
            problems.add(
                table.path,
                place,
                f"no outcome in region '{region}': zero in every week",
                "some outcome in every region",
                "Remove the region from the sources, or correct them.",
            )
