"""Rows to a regular grid of regions and weeks: gaps and their filling, and all series together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from mmmlib.data.contract.declared_series import DeclaredSeries
from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.lift_grid import at_factors
from mmmlib.data.panel.panel import Panel, over_regions
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.data.weeks.weekly import share_of_week
from mmmlib.params import Params
from mmmlib.phrases import count_text

WEEK = pd.Timedelta(days=7)
LAST_DAY = "{last day}"
"""Stands in an advice for the day before the first week that has no value."""
ROW_ADVICE = (
    "Complete the source. Its 'gaps' can fill what is no outcome: zero for what adds up (spend, "
    "exposure, counts), carry or interpolate for levels (a price, an index)."
)
"""What to do about a week that lacks its whole row."""


@dataclass(frozen=True)
class Calendar:
    """The weeks and regions of the panel.

    ``weeks`` are first days, ascending, no gap: those that every source covers; they start on the
    weekday ``start``, 0 for Monday. ``regions`` are sorted names; ``national`` alone where no
    source has regions. ``covers`` has the first and last week of every source that is used.
    """

    weeks: pd.DatetimeIndex
    regions: list[str]
    start: int
    covers: dict[str, tuple[pd.Timestamp, pd.Timestamp]]


@dataclass(frozen=True)
class Grid:
    """One series: ``values`` and ``imputed``, shape ``(region, week)``; one region if national."""

    values: np.ndarray
    imputed: np.ndarray


def make_calendar(
    found: Mapping[str, tuple[SourceRows, str]],
    outcomes: list[str],
    regional: bool,
    problems: Problems,
) -> Calendar | None:
    """Find the weeks and regions that the series have in common.

    ``found`` are source and column of every series that bounds the panel, by its name; the regions
    of those that are ``outcomes`` are the panel's. None where no week can be told; ``problems``
    then says why.
    """
    tables = {table.name: table for table, _ in found.values() if len(table.dates)}
    covers = {name: (table.dates.min(), table.dates.max()) for name, table in tables.items()}
    if not covers:
        return None
    first = max(ends[0] for ends in covers.values())
    last = min(ends[1] for ends in covers.values())
    if first > last:
        spans = "; ".join(f"{name} {a.date()} to {b.date()}" for name, (a, b) in covers.items())
        seen = f"no week that all sources cover ({spans})"
        problems.add("sources", "the weeks", seen, "sources that overlap")
        return None
    regions = _regions(found, outcomes, problems) if regional else [NATIONAL]
    weeks_index = pd.date_range(first, last, freq=WEEK, name="week").as_unit("ns")
    return Calendar(weeks_index, regions, int(first.day_of_week), covers)


def _regions(
    found: Mapping[str, tuple[SourceRows, str]], outcomes: list[str], problems: Problems
) -> list[str]:
    """Regions of the outcomes; others that a source has are reported."""
    having: set[str] = set()
    for series in outcomes:
        table, column = found[series]
        rows = table.of(column)
        having |= set(rows.loc[rows["value"].notna() | rows["unreadable"], "region"])
    for table in {table.name: table for table, _ in found.values()}.values():
        for region in sorted(set(table.regions) - having) if table.regional else ():
            problems.add(
                table.path,
                f"column {table.source.region}, region '{region}'",
                "no outcome for this region",
                "an outcome for every region that has rows",
                "Add its outcome, or remove the region from the sources.",
            )
    return sorted(having)


def cut_calendar(
    calendar: Calendar, first: dt.date | None, last: dt.date | None, problems: Problems
) -> Calendar:
    """Leave out the weeks that are not wholly between two days; None stands for no limit."""
    weeks = calendar.weeks
    if first is not None:
        weeks = weeks[weeks >= pd.Timestamp(first)]
    if last is not None:
        weeks = weeks[weeks + WEEK <= pd.Timestamp(last) + pd.Timedelta(days=1)]
    if weeks.empty:
        problems.add(
            "parameters",
            "'starts' and 'ends' of outcomes and channels",
            f"no week from {first or 'the first'} to {last or 'the last'} among those of "
            f"{calendar.weeks[0].date()} to {calendar.weeks[-1].date()}",
            "days that leave some weeks of the sources",
        )
        return calendar
    return replace(calendar, weeks=weeks)


def keep_out(
    calendar: Calendar,
    weeks: int | Literal["auto"],
    moving: Mapping[str, int],
    problems: Problems,
) -> tuple[Calendar, pd.DatetimeIndex]:
    """End the calendar before weeks that are still being restated; return what was taken off too.

    ``weeks`` is ``data.settling.weeks``; for ``auto``, ``moving`` has how many of its youngest
    weeks each source still restates.
    """
    if weeks == "auto":
        ends = [
            last - moving.get(source, 0) * WEEK for source, (_, last) in calendar.covers.items()
        ]
        end = min([calendar.weeks[-1], *ends])
    else:
        end = calendar.weeks[-1] - weeks * WEEK
    settled = calendar.weeks[calendar.weeks <= end]
    if settled.empty:
        problems.add(
            "sources",
            "the weeks (data.settling)",
            f"{len(calendar.weeks)} weeks, all of them kept out as still moving",
            "some weeks that are settled",
            "Wait for more weeks, or keep fewer of them out.",
        )
        return calendar, calendar.weeks[:0]
    return replace(calendar, weeks=settled), calendar.weeks[calendar.weeks > end]


def regions_of(table: SourceRows, calendar: Calendar) -> list[str]:
    """Regions of a series' grid: the panel's, or its source's own where the panel is national."""
    if not table.regional:
        return [NATIONAL]
    if calendar.regions == [NATIONAL]:
        return sorted(set(table.regions))
    return calendar.regions


# --- filling ----------------------------------------------------------------------------


def make_grid(
    rows: pd.DataFrame,
    table: SourceRows,
    column: str,
    calendar: Calendar,
    rule: str,
    problems: Problems,
    advice: str = "",
) -> Grid:
    """Lay one series on the calendar.

    Parameters
    ----------
    rows
        See :meth:`mmmlib.data.weeks.source_rows.SourceRows.of`; the value is NaN where the cell is
        missing (or was reported).
    rule
        ``fail``, ``zero``, ``carry`` or ``interpolate``: what to do where a week has
        no value. Carrying and interpolating stay inside a region; nothing is
        made up before the first value or (interpolating) after the last. ``nothing``, of what
        happened: a week without a row is a true zero, which is not marked.
    advice
        What to do where a week has no value, for the message.
    """
    regions, keys = regions_of(table, calendar), [rows["region"], rows["week"]]

    def spread(cells: pd.Series) -> pd.DataFrame:
        square = cells.set_axis(pd.MultiIndex.from_arrays(keys)).unstack()
        return square.reindex(index=regions, columns=calendar.weeks)

    # Where a day has no value, the other days alone would be too little.
    square = spread(rows["value"].mask(rows["blank"]) if rule != "zero" else rows["value"])
    if rule == "nothing":
        there = spread(pd.Series(1.0, index=rows.index)).notna()
        square = square.where(there, 0.0)
    lacking = square.isna().to_numpy() | spread(rows["blank"].astype(float)).eq(1.0).to_numpy()
    if rule == "zero":
        square = square.fillna(0.0)
    elif rule == "carry":
        square = square.ffill(axis=1)
    elif rule == "interpolate":
        square = square.T.interpolate(limit_area="inside").T
    left = square.isna()
    if left.to_numpy().any():
        _report_gaps(left, table, column, advice, problems)
    return Grid(square.to_numpy(dtype=float), lacking)


def _report_gaps(
    left: pd.DataFrame, table: SourceRows, column: str, advice: str, problems: Problems
) -> None:
    """Report empty cells by row, and runs of weeks without a row.

    A cell that was filled but reported is not a gap; weeks of a source whose rows
    were reported are not either.
    """
    rows = table.of(column)
    empty = (rows["value"].isna() & ~rows["unreadable"]) | rows["blank"]
    keys = zip(rows["region"], rows["week"], strict=True)
    cells = dict(zip(keys, zip(rows.index, empty, strict=True), strict=True))
    weeks = pd.DatetimeIndex(left.columns)
    for region, lacking in left.iterrows():
        where = f", region '{region}'" if table.regional else ""
        gaps = weeks[lacking.to_numpy(dtype=bool)]
        there = {week: cells[region, week] for week in gaps if (region, week) in cells}
        holes = [week for week, (_, is_empty) in there.items() if is_empty]
        if len(gaps) == len(weeks) and len(holes) == len(there):
            place = f"column {column}{where}"
            problems.add(table.path, place, "no value at all", "a value every week")
            continue
        for first, last in _runs(holes):
            row = there[first][0]
            found, expected = "an empty cell", "a value every week"
            if rows["blank"][row]:
                found, expected = "a day or more without a value", "a value every day"
            if last > first:
                found += f", and {count_text((last - first).days // 7, 'week')} after it too"
            day = str((first - pd.Timedelta(days=1)).date())
            action = advice.replace(LAST_DAY, day)
            problems.add(table.path, table.place(row, column), found, expected, action)
        of = f" of {column}" if table.source.layout != "wide" else ""
        place = f"column {table.source.date}{where}"
        absent = [week for week in gaps if week not in there] if table.whole else []
        for first, last in _runs(absent):
            span = f"the week of {first.date()}"
            if last > first:
                span = f"the weeks of {first.date()} to {last.date()}"
            found = f"no row{of} for {span}"
            problems.add(table.path, place, found, "a row every week", ROW_ADVICE)


def _runs(weeks: list[pd.Timestamp]) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return first and last week of every run of weeks that follow each other."""
    days = pd.Series(weeks, dtype="datetime64[ns]")
    return [(run.iloc[0], run.iloc[-1]) for _, run in days.groupby((days.diff() != WEEK).cumsum())]


# --- all series together ---------------------------------------------------------------


def assemble(
    params: Params, grids: dict[DeclaredSeries, Grid], calendar: Calendar, regional: bool
) -> Panel:
    """Put the grids of all series together.

    There is one for every part of a series that a source tells; ``values`` have the shape
    ``(region, week)``, one region where the source is national. Unless the panel is ``regional``,
    regions are added up or averaged.
    """
    regions = calendar.regions if regional else [NATIONAL]
    shape = (len(regions), len(calendar.weeks))
    population = next((g.values for w, g in grids.items() if w.role == "population"), None)
    worth = {w.name: grid for w, grid in grids.items() if w.role == "value"}
    columns: dict[str, np.ndarray] = {}
    filled: dict[str, np.ndarray] = {}
    for declared, grid in grids.items():
        if declared.role in ("value", "population"):
            continue
        price = worth.get(declared.name.partition(".")[0])
        if declared.role == "outcome" and price is not None:
            grid = _in_money(grid, price, population)
        values, imputed = grid.values, grid.imputed
        if not regional and len(values) > 1:
            values = over_regions(declared.role, values, population)
            imputed = imputed.any(axis=0, keepdims=True)
        # What several sources tell of one series is added up, marks of filled cells too.
        columns[declared.series] = (
            columns.get(declared.series, 0.0) + np.broadcast_to(values, shape).ravel()
        )
        filled[declared.series] = (
            filled.get(declared.series, False) | np.broadcast_to(imputed, shape).ravel()
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
        each = over_regions("value", each, population)
        filled = filled.any(axis=0, keepdims=True)
    return Grid(count.values * each, count.imputed | filled)


def _imputed_names(filled: dict[str, np.ndarray], rows: int) -> pd.Series:
    names = pd.Series("", index=range(rows), dtype="str")
    for name, mask in filled.items():
        if mask.any():
            names[mask] += ";" + name
    return names.str.removeprefix(";")


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
