"""Sources to panel: columns get their roles, rows their week, gaps their rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.contract.calendar import week_number
from mmmlib.data.contract.layout_columns import is_whole_week
from mmmlib.data.history.restatement import MOVES, restatements
from mmmlib.data.history.settle import keep_out, past_vintages
from mmmlib.data.history.vintages import as_vintage
from mmmlib.data.naming.declared_series import (
    SUMMED,
    DeclaredSeries,
    adds_up,
    declared_series,
    may_be_negative,
)
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.panel.assemble import assemble
from mmmlib.data.panel.columns import find_column
from mmmlib.data.panel.grid import (
    Calendar,
    Grid,
    make_calendar,
    make_grid,
    regions_of,
)
from mmmlib.data.panel.lift_grid import Lift
from mmmlib.data.panel.lift_tests import Declared, lifts_of, read_lift_tests
from mmmlib.data.panel.panel import Panel
from mmmlib.data.panel.prices import at_prices, price_factors
from mmmlib.data.panel.refusals import (
    refuse_empty,
    refuse_national,
    refuse_no_people,
    refuse_unknown_regions,
)
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.data.weeks.sources import read_sources, usual_start
from mmmlib.params import Params
from mmmlib.params.messages import shown
from mmmlib.runs import Run


@dataclass(frozen=True)
class Built:
    """The panel, and what it was built from."""

    panel: Panel
    tables: dict[str, SourceRows]
    calendar: Calendar
    moves: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=MOVES))
    """What past refreshes saw differently; see :mod:`mmmlib.data.history.restatement`."""
    broken: tuple[str, ...] = ()
    """Tables of past refreshes that could not be read."""
    folder: Path = Path()
    """Where the sources lie."""
    lift_tests: tuple[Declared, ...] = ()
    """As lift_tests; the panel has those that lie in its weeks."""


def build_panel(params: Params, folder: Path, taxonomy: Taxonomy | None = None) -> Panel:
    """Build the panel from the sources in a folder.

    Parameters
    ----------
    params
        Declares sources, roles and rules.
    folder
        Where the sources lie.
    taxonomy
        Maps raw names, where a source asks for it.

    Returns
    -------
    Panel
        By region where ``model.geography`` is ``regional``, else national:
        regional sources are then summed (spend, exposure, outcome) or averaged
        (controls; by population where it is known). It spans the weeks that
        every source covers.

    Raises
    ------
    InputError
        With every problem of every source.
    """
    return build(params, folder, taxonomy=taxonomy).panel


def build(
    params: Params, folder: Path, past: Sequence[Run] = (), taxonomy: Taxonomy | None = None
) -> Built:
    """Build the panel and keep the sources beside it; see :func:`build_panel`.

    Parameters
    ----------
    past
        Past runs of the workbook, oldest first: what they saw differently teaches how long
        the sources take to settle.
    taxonomy
        Maps raw names, where a source asks for it.
    """
    problems = Problems(folder)
    tables = read_sources(params, folder, problems, taxonomy)
    found = {
        declared: place
        for declared in declared_series(params)
        if (place := find_column(tables, declared.reference, declared.key, problems))
    }
    regional = params.model.geography == "regional"
    if regional:
        refuse_national(found, problems)
    calendar = make_calendar(
        {declared.part: place for declared, place in found.items() if declared.role != "event"},
        [w.part for w in found if w.role == "outcome"],
        regional,
        problems,
        week_number(params.data.week_start or usual_start(tables)),
    )
    if calendar is None:
        problems.raise_if_any()
        raise AssertionError("no calendar, and no problem that says why")
    moves, broken = _learn(params, tables, found, past)
    covered = calendar
    calendar, kept_out = keep_out(calendar, params.data.settling, moves, problems)
    grids = {
        declared: _grid_of(declared, *place, params, calendar, problems)
        for declared, place in found.items()
    }
    refuse_no_people(grids, found, calendar, problems)
    refuse_unknown_regions(params, calendar.regions, problems)
    prices = price_factors(params, folder, calendar.weeks, problems)
    lift_tests = read_lift_tests(params, folder, problems)
    problems.raise_if_any()
    lifts = _lifts(lift_tests, params, found, covered, calendar, problems)
    problems.raise_if_any()
    panel = assemble(params, grids, calendar, regional)
    panel = replace(panel, kept_out=tuple(kept_out), lift_tests=tuple(lifts))
    if prices is not None:
        panel = at_prices(panel, prices)
    refuse_empty(panel, found, problems)
    problems.raise_if_any()
    read = {name: table for name, table in tables.items() if table is not None}
    return Built(panel, read, calendar, moves, tuple(broken), folder, tuple(lift_tests))


def _lifts(
    lift_tests: Sequence[Declared],
    params: Params,
    found: dict[DeclaredSeries, tuple[SourceRows, str]],
    covered: Calendar,
    calendar: Calendar,
    problems: Problems,
) -> list[Lift]:
    """Lay lift tests on the grid, with the spend by region also where the panel is national."""
    if not lift_tests:
        return []
    asked = {one.test.channel for one in lift_tests}
    # The panel's weeks are known to be whole; weeks that are kept out need not be.
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
    national = params.model.geography == "national"
    return lifts_of(lift_tests, spend, covered.weeks, len(calendar.weeks), national, problems)


def _learn(
    params: Params,
    tables: dict[str, SourceRows | None],
    found: dict[DeclaredSeries, tuple[SourceRows, str]],
    past: Sequence[Run],
) -> tuple[pd.DataFrame, list[str]]:
    """Learn from past runs what the sources restate; also say which could not be read."""
    if not past:
        return pd.DataFrame(columns=MOVES), []
    now = {name: as_vintage(params, table) for name, table in tables.items() if table is not None}
    used: dict[str, set[str]] = {}
    for table, column in found.values():
        used.setdefault(table.name, set()).add(column)
    vintages, broken = past_vintages(past, now)
    return restatements(now, vintages, used), broken


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
        values = table.shares(column, equals)
        if values.empty:
            problems.add(
                table.path,
                f"column {column} ({declared.key})",
                f"numbers, and events.{declared.name}.equals is '{equals}'",
                "a number there",
            )
        return make_grid(values, table, column, calendar, "nothing", problems)

    values = table.values(column)
    if not may_be_negative(params, declared):
        below = values < 0
        # Of weeks as they were delivered each cell was held against this when it was read.
        for label, value in () if is_whole_week(table.source) else values[below].items():
            place = table.place(int(str(label)), column)
            problems.add(table.path, place, shown(repr(value)), "zero or more")
        values = values.mask(below)
    rule: str = table.source.gaps or params.data.gaps
    firm = declared.role == "outcome" or table.source.gaps is None
    if firm and table.source.grain == "event" and adds_up(params, declared, table.name):
        rule = "nothing"  # a week of no deal is a week of no bookings
    elif declared.role == "outcome":
        rule = "fail"  # a model must not learn from an outcome that was made up
    elif rule == "zero" and declared.role not in SUMMED:
        rule = "fail"  # no price, no population of zero
    return make_grid(values, table, column, calendar, rule, problems)
