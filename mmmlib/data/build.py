"""Sources to panel: columns get their roles, rows their week, gaps their rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.cells import to_numbers
from mmmlib.data.grid import Calendar, Grid, make_calendar, make_grid, regions_of, report_duplicates
from mmmlib.data.lift_grid import Lift, at_factors
from mmmlib.data.lift_tests import Declared, lifts_of, read_lift_tests
from mmmlib.data.panel import NATIONAL, Panel
from mmmlib.data.prices import price_factors
from mmmlib.data.problems import Problems
from mmmlib.data.restatement import MOVES, restatements
from mmmlib.data.settle import keep_out, past_vintages
from mmmlib.data.sources import Table, find_column, read_sources
from mmmlib.data.taxonomy import Taxonomy
from mmmlib.data.vintages import Shape, Vintage
from mmmlib.data.wanted import SUMMED, Wanted, adds_up, wanted_series
from mmmlib.data.weekly import share_of_week
from mmmlib.data.words import count_of
from mmmlib.params import Params
from mmmlib.runs import Run, sha256_json


@dataclass(frozen=True)
class Built:
    """The panel, and what it was built from."""

    panel: Panel
    tables: dict[str, Table]
    calendar: Calendar
    moves: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=MOVES))
    """What past refreshes saw differently; see :mod:`mmmlib.data.restatement`."""
    broken: tuple[str, ...] = ()
    """Tables of past refreshes that could not be read."""
    folder: Path = Path()
    """Where the sources lie."""
    lift_tests: tuple[Declared, ...] = ()
    """As declared; the panel has those that lie in its weeks."""


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
    problems = Problems()
    tables = read_sources(params, folder, problems, taxonomy)
    found = {
        wanted: place
        for wanted in wanted_series(params)
        if (place := find_column(tables, wanted.reference, wanted.key, problems))
    }
    regional = params.model.geography == "regional"
    if regional:
        _refuse_national(found, problems)
    calendar = make_calendar(
        {wanted.told: place for wanted, place in found.items() if wanted.role != "event"},
        [w.told for w in found if w.role == "outcome"],
        regional,
        problems,
        params.data.week_start,
    )
    if calendar is None:
        problems.raise_if_any()
        raise AssertionError("no calendar, and no problem that says why")
    for wanted, place in found.items():
        if wanted.role == "event":  # events bound no week, but a second row of one would be lost
            report_duplicates(*place, calendar.start, problems)
    moves, broken = _learn(params, tables, found, past)
    covered = calendar
    calendar, kept_out = keep_out(calendar, params.data.settle, moves, problems)
    grids = {
        wanted: _grid_of(wanted, *place, params, calendar, problems)
        for wanted, place in found.items()
    }
    _refuse_no_people(grids, found, calendar, problems)
    prices = price_factors(params, folder, calendar.weeks, problems)
    declared = read_lift_tests(params, folder, problems)
    problems.raise_if_any()
    lifts = _lifts(declared, params, found, covered, calendar, problems)
    problems.raise_if_any()
    panel = _assemble(params, grids, calendar, regional)
    panel = replace(panel, kept_out=tuple(kept_out), lift_tests=tuple(lifts))
    if prices is not None:
        panel = at_prices(panel, prices)
    _refuse_empty(panel, found, problems)
    problems.raise_if_any()
    read = {name: table for name, table in tables.items() if table is not None}
    return Built(panel, read, calendar, moves, tuple(broken), folder, tuple(declared))


def _lifts(
    declared: Sequence[Declared],
    params: Params,
    found: dict[Wanted, tuple[Table, str]],
    covered: Calendar,
    calendar: Calendar,
    problems: Problems,
) -> list[Lift]:
    """Lay lift tests on the grid, with the spend by region also where the panel is national."""
    if not declared:
        return []
    asked = {one.test.channel for one in declared}
    # The panel's weeks are known to be whole; weeks that are kept out need not be.
    spend: dict[str, tuple[list[str], np.ndarray]] = {}
    for wanted, place in found.items():
        if wanted.role != "spend" or wanted.name not in asked:
            continue
        regions = regions_of(place[0], covered)
        values = np.nan_to_num(_grid_of(wanted, *place, params, covered, Problems()).values)
        others, sums = spend.get(wanted.name, (regions, np.zeros_like(values)))
        if others != regions:
            problems.add(
                place[0].path,
                f"column {place[1]} ({wanted.key})",
                f"the regions {', '.join(regions)}",
                f"those of the channel's other source ({', '.join(others)}), as it has a lift test",
            )
            continue
        spend[wanted.name] = regions, sums + values
    national = params.model.geography == "national"
    return lifts_of(declared, spend, covered.weeks, len(calendar.weeks), national, problems)


def _learn(
    params: Params,
    tables: dict[str, Table | None],
    found: dict[Wanted, tuple[Table, str]],
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


def as_vintage(params: Params, table: Table) -> Vintage:
    """Return a source as it is kept."""
    source = table.source
    long = source.layout == "long"
    shape = Shape(
        source.date, source.region, source.name if long else None, source.value if long else None
    )
    asked = params.data.simulated
    firm = [asked.company, asked.seed] if asked else []
    # The same place, told in the same columns: only then are two vintages the same story.
    origin = sha256_json([source.where, vars(shape), firm])
    return Vintage(table.name, table.text, shape, origin)


def _refuse_national(found: dict[Wanted, tuple[Table, str]], problems: Problems) -> None:
    for wanted, (table, column) in found.items():
        if wanted.role in (*SUMMED, "population") and not table.regional:
            problems.add(
                table.path,
                f"column {column} ({wanted.key})",
                "a source without regions",
                "one value for every region and week, as model.geography is regional",
                f"Name the region column in data.sources.{table.name}.region, "
                f"or set model.geography to national.",
            )


def at_prices(panel: Panel, factors: np.ndarray) -> Panel:
    """Multiply all money of a panel, spend and outcomes, by one factor per week."""
    money = [
        name
        for name in panel.series
        if name.startswith("spend:") or panel.units.get(name) == panel.currency
    ]
    each = np.tile(factors, len(panel.regions))
    frame = panel.frame.assign(**{name: panel.frame[name] * each for name in money})
    lifts = []
    for lift in panel.lift_tests:
        first = int(panel.weeks.searchsorted(pd.Timestamp(lift.weeks[0])))
        part = factors[first : first + len(lift.weeks)]
        lifts.append(at_factors(lift, part, money=f"outcome:{lift.model}" in money))
    return replace(panel, frame=frame, lift_tests=tuple(lifts))


# --- one series -------------------------------------------------------------------------


def _grid_of(
    wanted: Wanted,
    table: Table,
    column: str,
    params: Params,
    calendar: Calendar,
    problems: Problems,
) -> Grid:
    if wanted.role == "event":
        equals = params.events[wanted.name].equals
        values = table.shares(column, equals)
        if values.empty:
            problems.add(
                table.path,
                f"column {column} ({wanted.key})",
                f"numbers, and events.{wanted.name}.equals is '{equals}'",
                "a number there",
            )
        return make_grid(values, table, column, calendar, "nothing", problems)

    cells = table.cells(column)

    def report(row: int, found: str, expected: str, action: str) -> None:
        problems.add(table.path, table.place(row, column), found, expected, action)

    negative = wanted.role == "control" or (
        wanted.role == "outcome" and params.outcome_of(wanted.name).kind == "revenue"
    )
    values = to_numbers(cells, report, negative=negative, also=table.source.missing)
    rule: str = table.source.gaps or params.data.gaps
    firm = wanted.role == "outcome" or table.source.gaps is None
    if firm and table.source.grain == "event" and adds_up(params, wanted, table.name):
        rule = "nothing"  # a week of no deal is a week of no bookings
    elif wanted.role == "outcome":
        rule = "fail"  # a model must not learn from an outcome that was made up
    elif rule == "zero" and wanted.role not in SUMMED:
        rule = "fail"  # no price, no population of zero
    return make_grid(values, table, column, calendar, rule, problems)


# --- the whole ---------------------------------------------------------------------------


def _assemble(
    params: Params, grids: dict[Wanted, Grid], calendar: Calendar, regional: bool
) -> Panel:
    regions = calendar.regions if regional else [NATIONAL]
    shape = (len(regions), len(calendar.weeks))
    population = next((g.values for w, g in grids.items() if w.role == "population"), None)
    worth = {w.name: grid for w, grid in grids.items() if w.role == "value"}
    columns: dict[str, np.ndarray] = {}
    filled: dict[str, np.ndarray] = {}
    for wanted, grid in grids.items():
        if wanted.role in ("value", "population"):
            continue
        price = worth.get(wanted.name.partition(".")[0])
        if wanted.role == "outcome" and price is not None:
            grid = _in_money(grid, price, population)
        values, imputed = grid.values, grid.imputed
        if not regional and len(values) > 1:
            values = _over_regions(wanted.role, values, population)
            imputed = imputed.any(axis=0, keepdims=True)
        # What several sources tell of one series is added up, marks of filled cells too.
        columns[wanted.series] = (
            columns.get(wanted.series, 0.0) + np.broadcast_to(values, shape).ravel()
        )
        filled[wanted.series] = (
            filled.get(wanted.series, False) | np.broadcast_to(imputed, shape).ravel()
        )
    for name, event in params.events.items():
        if event.start is not None and event.end is not None:
            share = share_of_week(calendar.weeks, event.start, event.end)
            columns[f"event:{name}"] = np.broadcast_to(share, shape).ravel()
    order = [f"event:{name}" for name in params.events]
    frame = pd.DataFrame(
        {
            "region": np.repeat(regions, len(calendar.weeks)),
            "week": np.tile(calendar.weeks.to_numpy(), len(regions)),
            **{name: v for name, v in columns.items() if not name.startswith("event:")},
            **{name: columns[name] for name in order},
        }
    )
    if population is not None:
        people = population if regional else population.sum(axis=0, keepdims=True)
        frame["population"] = np.broadcast_to(people, shape).ravel()
    frame["imputed"] = _imputed_names(filled, len(frame))
    units = {f"outcome:{model}": params.outcome_unit(model) for model in params.model_names}
    return Panel(frame, params.currency, units)


def _in_money(count: Grid, price: Grid, population: np.ndarray | None) -> Grid:
    """Turn a count into money; a filled price makes the product a filled one."""
    each, filled = price.values, price.imputed
    if len(count.values) == 1 < len(each):  # a national count has one price, the mean
        each = _over_regions("value", each, population)
        filled = filled.any(axis=0, keepdims=True)
    return Grid(count.values * each, count.imputed | filled)


def _over_regions(role: str, values: np.ndarray, population: np.ndarray | None) -> np.ndarray:
    """Bring (region, week) to (1, week)."""
    if role in SUMMED:
        return values.sum(axis=0, keepdims=True)
    same = population is not None and population.shape == values.shape
    weights = population if same else None
    return np.average(values, axis=0, weights=weights)[None]


def _imputed_names(filled: dict[str, np.ndarray], rows: int) -> pd.Series:
    names = pd.Series("", index=range(rows), dtype="str")
    for name, mask in filled.items():
        if mask.any():
            names[mask] += ";" + name
    return names.str.removeprefix(";")


def _refuse_no_people(
    grids: dict[Wanted, Grid],
    found: dict[Wanted, tuple[Table, str]],
    calendar: Calendar,
    problems: Problems,
) -> None:
    """Report regions without people: nothing can be told per head of them."""
    for wanted, grid in grids.items():
        if wanted.role != "population":
            continue
        table, column = found[wanted]
        none = grid.values <= 0
        for region, weeks in zip(regions_of(table, calendar), none, strict=True):
            if weeks.any():
                problems.add(
                    table.path,
                    f"column {column} ({wanted.key}), region '{region}'",
                    f"no people in {count_of(int(weeks.sum()), 'week')}, the first of "
                    f"{calendar.weeks[weeks][0].date()}",
                    "a population of more than zero",
                    "Correct the source, or remove the region from the sources.",
                )


def _refuse_empty(panel: Panel, found: dict[Wanted, tuple[Table, str]], problems: Problems) -> None:
    """Report channels without any spend, and outcomes that are zero throughout."""
    first, last = panel.weeks[0].date(), panel.weeks[-1].date()
    for wanted, (table, column) in found.items():
        if wanted.role not in ("spend", "outcome"):
            continue
        place = f"column {column} ({wanted.key})"
        totals = panel.frame.groupby("region", sort=False)[wanted.series].agg(
            lambda values: values.abs().sum()
        )
        if wanted.role == "spend" and totals.sum() == 0:
            problems.add(
                table.path,
                place,
                f"zero in every week from {first} to {last}",
                "spend in some weeks",
                f"Remove channels.{wanted.name}, or correct the source.",
            )
        for region in totals.index[totals == 0] if wanted.role == "outcome" else ():
            problems.add(
                table.path,
                place,
                f"no outcome in region '{region}': zero in every week",
                "some outcome in every region",
                "Remove the region from the sources, or correct them.",
            )
