"""On which day weeks start: declared, or read off the sources of weeks and said so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from mmmlib.data.contract.calendar import WEEKDAYS
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.findings import Finding, Level, judge

CHECKS: dict[str, str] = {"data.week_start": "Weeks start on one day"}


def usual_start(tables: Mapping[str, SourceRows | None]) -> str:
    """First day of the weeks of the first weekly source whose dates share one; else Monday."""
    for table in tables.values():
        days = [] if table is None else table.dates.dropna().dt.day_of_week.unique()
        if len(days) == 1:
            return WEEKDAYS[int(days[0])]
    return WEEKDAYS[0]


def week_start_findings(
    tables: Mapping[str, SourceRows], start: int, declared: str | None
) -> Iterator[Finding]:
    """Say of every source by which day its weeks are dated, and whether that can be aligned.

    Parameters
    ----------
    tables
        All sources, by name. Days and events are summed to the panel's weeks; nothing can be
        wrong with theirs.
    start
        Weekday on which the panel's weeks start, 0 for Monday.
    declared
        ``data.week_start``.
    """
    dated = {name: _weekdays(table) for name, table in tables.items()}
    weekly = {name: days for name, days in dated.items() if tables[name].source.grain == "week"}
    shared = {tuple(days) for days in weekly.values()}
    alike = len(shared) == 1 and len(min(shared)) == 1
    alone = alike and len(weekly) == len(tables)
    for name, days in dated.items():
        if name not in weekly or (alone and declared is None):
            yield _judged(name, days, start, Level.INFO, "", passed=True)
        elif declared is not None:
            last = (start - 1) % 7
            told = f": the last day of weeks that start on {_name(start)}" if days == [last] else ""
            good = days in ([start], [last])
            yield _judged(name, days, start, Level.WARN, told, passed=good)
        elif days != [start]:
            yield _judged(name, days, start, Level.BLOCK, "", passed=False)
        else:
            # Of Mondays nobody doubts that they are first days; of Sundays everybody may.
            certain = start == 0 or not alike
            told = "" if certain else ": taken for the first, and nothing says so"
            yield _judged(name, days, start, Level.WARN, told, passed=certain)


def _weekdays(table: SourceRows) -> list[int]:
    """Weekdays of the rows of a source as they were dated, 0 for Monday."""
    coverage = None if table.delivered is None else table.delivered.coverage
    if coverage is None or table.source.grain != "week":
        return sorted(map(int, table.dates.dropna().dt.day_of_week.unique()))
    return sorted(map(int, pd.DatetimeIndex(coverage.days.index).day_of_week.unique()))


def _judged(
    name: str, days: list[int], start: int, level: Level, told: str, *, passed: bool
) -> Finding:
    named = ", ".join(f"{_name(day)}s" for day in days)
    one = days[0] if len(days) == 1 else start
    declare = (
        f"Declare data.week_start: '{WEEKDAYS[one]}' if that is their first day, "
        f"'{WEEKDAYS[(one + 1) % 7]}' if it is the last."
    )
    return judge(
        "data.week_start",
        name,
        passed=passed,
        level=level,
        value=named,
        limit=f"{_name(start)}s",
        message=f"Its dates are {named}{told or f'; weeks start on {_name(start)}'}.",
        meaning="A date is taken as a day inside its week. If it is the first day of a week that "
        "starts otherwise, the series is shifted against the others, by up to a week.",
        action="Write the first day of the week in all sources."
        if level is Level.WARN and not told
        else declare,
    )


def _name(day: int) -> str:
    return WEEKDAYS[day].capitalize()
