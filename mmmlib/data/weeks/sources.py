"""What stands out in how sources tell their weeks: the day on which they start, months, currencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mmmlib.data.contract.calendar import WEEKDAYS
from mmmlib.data.weeks.delivery import weekdays_of
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.findings import Finding, Level, judge


def month_findings(tables: Mapping[str, SourceRows]) -> Iterator[Finding]:
    """Say of every source of months what its weeks cannot show."""
    for name, table in tables.items():
        grain = table.source.grain
        yield judge(
            "data.months",
            name,
            passed=grain != "month",
            value=grain,
            message="Its rows are months: what adds up was spread evenly over the days of its "
            "month, a level was held."
            if grain == "month"
            else f"A row is one {grain}.",
            owner=table.source.whom_to_ask,
        )


def currency_findings(tables: Mapping[str, SourceRows], currency: str) -> Iterator[Finding]:
    """Say of every source whether it has a column of several currencies that nobody declared."""
    for name, table in tables.items():
        found = [
            f"'{column}' ({', '.join(codes)})" for column, codes in table.currency_codes.items()
        ]
        column = next(iter(table.currency_codes), "")
        yield judge(
            "data.currencies",
            name,
            passed=not found,
            value=len(found),
            message=f"Undeclared columns of several currencies: {', '.join(found)}. All of its "
            f"money is taken for {currency}."
            if found
            else "No undeclared column of several currencies.",
            column=column,
        )


def week_start_findings(
    tables: Mapping[str, SourceRows], start: int, declared: str | None, *, beside_days: bool = False
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
    beside_days
        Whether the parameters name days too: dated events, public holidays, lift tests.
    """
    dated = {name: _dated(table) for name, table in tables.items()}
    weekly = {name: days for name, days in dated.items() if tables[name].source.grain == "week"}
    shared = {tuple(days) for days in weekly.values()}
    alike = len(shared) == 1 and len(min(shared)) == 1
    # Where nothing is of a day, nothing can be shifted against it.
    alone = alike and len(weekly) == len(tables) and not beside_days
    for name, days in dated.items():
        if name not in weekly or (alone and declared is None):
            yield _judged(name, days, start, Level.INFO, "", passed=True)
        elif declared is not None:
            last = (start - 1) % 7
            note = f": the last day of weeks that start on {_name(start)}" if days == [last] else ""
            good = days in ([start], [last])
            yield _judged(name, days, start, Level.WARN, note, passed=good)
        elif days != [start]:
            yield _judged(name, days, start, Level.BLOCK, "", passed=False)
        else:
            # Of Mondays nobody doubts that they are first days; of Sundays everybody may.
            certain = start == 0 or not alike
            note = "" if certain else ": taken for the first, and nothing says so"
            yield _judged(name, days, start, Level.WARN, note, passed=certain)


def _dated(table: SourceRows) -> list[int]:
    """Weekdays of the rows of a source as they were dated, 0 for Monday."""
    if table.coverage is None or table.source.grain != "week":
        return sorted(map(int, table.dates.dt.day_of_week.unique()))
    return weekdays_of(table.coverage)


def _judged(
    name: str, days: list[int], start: int, level: Level, note: str, *, passed: bool
) -> Finding:
    named = ", ".join(f"{_name(day)}s" for day in days)
    one = days[0] if len(days) == 1 else start
    return judge(
        "data.week_start",
        name,
        passed=passed,
        level=level,
        case="declared" if level is Level.WARN and not note else "",
        value=named,
        limit=f"{_name(start)}s",
        message=f"Its dates are {named}{note or f'; weeks start on {_name(start)}'}.",
        day=WEEKDAYS[one],
        next_day=WEEKDAYS[(one + 1) % 7],
    )


def _name(day: int) -> str:
    return WEEKDAYS[day].capitalize()
