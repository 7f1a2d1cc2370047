"""Rows to a regular grid of regions and weeks: gaps, and their filling."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.read.problems import Problems, count_of
from mmmlib.data.weeks.source_rows import SourceRows

WEEK = pd.Timedelta(days=7)
ROW_ADVICE = (
    "Complete the source. Its 'gaps' can fill what is no outcome: zero for what adds up (spend, "
    "exposure, counts), carry or interpolate for levels (a price, an index)."
)
"""What to do about a week that lacks its whole row."""


@dataclass(frozen=True)
class Calendar:
    """The weeks and regions of the panel.

    Parameters
    ----------
    weeks
        First days, ascending, no gap: the weeks that every source covers.
    regions
        Sorted names; ``national`` alone where no source has regions.
    start
        Weekday on which weeks start, 0 for Monday.
    covers
        First and last week of every source that is used.
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


def weeks_of(dates: pd.Series, start: int) -> pd.Series:
    """First day of the week of each date, for weeks that start on weekday ``start``."""
    back = (dates.dt.day_of_week - start) % 7
    return dates - pd.to_timedelta(back, unit="D")


def make_calendar(
    found: Mapping[str, tuple[SourceRows, str]],
    outcomes: list[str],
    regional: bool,
    problems: Problems,
    start: int,
) -> Calendar | None:
    """Find the weeks and regions that the series have in common.

    Parameters
    ----------
    found
        SourceRows and column of every series that bounds the panel, by its name.
    outcomes
        Names in ``found`` of the outcomes: their regions are the panel's.
    regional
        Whether the panel is by region.
    problems
        Receives regions without an outcome, and a window without weeks.
    start
        Weekday on which weeks start, 0 for Monday.

    Returns
    -------
    Calendar or None
        None where no week can be told; ``problems`` then says why.
    """
    tables = {table.name: table for table, _ in found.values()}
    if not tables:
        return None
    covers = {}
    for name, table in tables.items():
        weeks = weeks_of(table.dates.dropna(), start)
        if len(weeks):
            covers[name] = (weeks.min(), weeks.max())
    if not covers:
        return None
    first = max(ends[0] for ends in covers.values())
    last = min(ends[1] for ends in covers.values())
    if first > last:
        spans = "; ".join(f"{name} {a.date()} to {b.date()}" for name, (a, b) in covers.items())
        problems.add(
            "sources",
            "the weeks",
            f"no week that all sources cover ({spans})",
            "sources that overlap",
        )
        return None
    regions = _regions(found, outcomes, problems) if regional else [NATIONAL]
    weeks_index = pd.date_range(first, last, freq=WEEK, name="week").as_unit("ns")
    return Calendar(weeks_index, regions, start, covers)


def _regions(
    found: Mapping[str, tuple[SourceRows, str]], outcomes: list[str], problems: Problems
) -> list[str]:
    """Regions of the outcomes; others that a source has are reported."""
    having: dict[str, None] = {}
    for series in outcomes:
        table, column = found[series]
        empty = table.is_empty(column)
        held = table.regions.loc[empty.index[~empty]]
        having |= dict.fromkeys(region for region in held if region)
    for table in {table.name: table for table, _ in found.values()}.values():
        if not table.regional:
            continue
        for region in sorted(set(table.regions) - set(having) - {""}):
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
    """End the calendar before the weeks that are still being restated.

    Parameters
    ----------
    calendar
        All weeks that the sources have in common.
    weeks
        ``data.settling.weeks``.
    moving
        How many of its youngest weeks each source still restates, for ``auto``.
    problems
        Told where no week would be left.

    Returns
    -------
    tuple
        The calendar, and the weeks that were taken off it.
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
        return sorted(set(table.regions) - {""})
    return calendar.regions


# --- filling ----------------------------------------------------------------------------


def make_grid(
    values: pd.Series,
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
    values
        Numbers by row; NaN where the cell is missing (or was reported).
    rule
        ``fail``, ``zero``, ``carry`` or ``interpolate``: what to do where a week has
        no value. Carrying and interpolating stay inside a region; nothing is
        made up before the first value or (interpolating) after the last. ``nothing``, of what
        happened: a week without a row is a true zero, which is not marked.
    advice
        What to do where a week has no value, for the message.
    """
    regions = regions_of(table, calendar)
    blank = values.index.isin(list(table.blank))
    if rule != "zero":  # the other days alone would be too little
        values = values.mask(blank)
    keyed = pd.DataFrame(
        {
            "region": table.regions.loc[values.index],
            "week": weeks_of(table.dates.loc[values.index], calendar.start),
            "value": values,
            "blank": blank,
        }
    ).drop_duplicates(["region", "week"])
    keyed = keyed.dropna(subset=["week"])

    def spread(column: str) -> pd.DataFrame:
        square = keyed.pivot(index="region", columns="week", values=column)
        return square.reindex(index=regions, columns=calendar.weeks)

    square = spread("value")
    if rule == "nothing":
        told = pd.MultiIndex.from_frame(keyed[["region", "week"]])
        every = pd.MultiIndex.from_product([regions, calendar.weeks])
        square = square.mask(~every.isin(told).reshape(square.shape), 0.0)
    lacking = square.isna().to_numpy() | spread("blank").eq(True).to_numpy()
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
    cells = table.is_empty(column)
    weeks = pd.DatetimeIndex(left.columns)
    keys = list(
        zip(
            table.regions.loc[cells.index],
            weeks_of(table.dates.loc[cells.index], int(weeks[0].day_of_week)),
            strict=True,
        )
    )
    row_of = dict(zip(keys, cells.index, strict=True))
    blank = cells.index.isin(list(table.blank))
    empty = dict(zip(keys, cells | blank, strict=True))
    for region, lacking in left.iterrows():
        where = f", region '{region}'" if table.regional else ""
        gaps = weeks[lacking.to_numpy(dtype=bool)]
        if len(gaps) == len(weeks) and all(empty.get((region, w), True) for w in gaps):
            place = f"column {column}{where}"
            problems.add(table.path, place, "no value at all", "a value every week")
            continue
        holes = [week for week in gaps if empty.get((region, week), False)]
        for first, last in _runs(holes):
            row = int(row_of[region, first])
            found, expected = "an empty cell", "a value every week"
            if row in table.blank:
                found, expected = "a day or more without a value", "a value every day"
            if last > first:
                found += f", and {count_of((last - first).days // 7, 'week')} after it too"
            problems.add(table.path, table.place(row, column), found, expected, advice)
        absent = [week for week in gaps if (region, week) not in row_of]
        if table.whole:
            of = f" of {column}" if table.source.layout == "long" else ""
            place = f"column {table.source.date}{where}"
            for first, last in _runs(absent):
                span = f"the week of {first.date()}"
                if last > first:
                    span = f"the weeks of {first.date()} to {last.date()}"
                found = f"no row{of} for {span}"
                problems.add(table.path, place, found, "a row every week", ROW_ADVICE)


def _runs(weeks: list[pd.Timestamp]) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    runs: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for week in weeks:
        if runs and week - runs[-1][1] == WEEK:
            runs[-1] = (runs[-1][0], week)
        else:
            runs.append((week, week))
    return runs
