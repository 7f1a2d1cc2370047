"""The declared sources, read to weeks; and on which day those weeks start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from mmmlib.data.contract.calendar import WEEKDAYS, Coverage
from mmmlib.data.contract.contracts import Checked
from mmmlib.data.contract.declared_series import weekly_aggregation
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.read.files import hash_each, sha256_of
from mmmlib.data.read.problems import Problems
from mmmlib.data.read.relations import connect
from mmmlib.data.weeks.delivery import open_source, sum_to_weeks
from mmmlib.data.weeks.rates import read_rates
from mmmlib.data.weeks.source_rows import SourceRows, text_of_sums
from mmmlib.findings import Finding, Level, judge
from mmmlib.params import Params
from mmmlib.runs import sha256_json


def read_sources(
    params: Params, folder: Path, problems: Problems, taxonomy: Taxonomy | None = None
) -> dict[str, SourceRows | None]:
    """Read all declared sources; those that cannot be read are None.

    Sources of weeks come first: where ``data.week_start`` is not declared, their dates say on
    which day the weeks start to which days and events are summed.

    Parameters
    ----------
    params
        Declares the sources.
    folder
        Where they lie; see :func:`mmmlib.data.read.files.data_folder`.
    problems
        Receives what is wrong with them.
    taxonomy
        Maps raw names, for the sources that ask for it.
    """
    shared = connect()  # held until all are read
    path = params.data.rates
    rates = read_rates(None if path is None else folder / path, params.currency, problems)
    opened: dict[str, Checked | None] = dict.fromkeys(params.data.sources)
    aggregations = {name: weekly_aggregation(params, name) for name in opened}
    start: str | None = params.data.week_start
    for weeks in (True, False):
        for name, source in params.data.sources.items():
            foreign = source.currency or source.currency_column
            if (source.grain == "week") is weeks and (rates or not foreign):
                opened[name] = open_source(
                    name,
                    source,
                    folder,
                    problems,
                    week_start=start,
                    aggregation=aggregations[name],
                    currencies=rates.currencies if rates else (),
                )
        if weeks:
            start = start or _shared_weekday([one.coverage for one in opened.values() if one])
    tables: dict[str, SourceRows | None] = dict.fromkeys(opened)
    for name, checked in opened.items():
        if checked is not None:
            rows = sum_to_weeks(
                checked,
                problems,
                week_start=start,
                aggregation=aggregations[name],
                taxonomy=taxonomy,
                rates=rates,
                keep_partial=params.data.partial_weeks == "keep",
            )
            tables[name] = None if rows is None else _hashed(rows, folder)
    del shared
    return tables


def _hashed(rows: SourceRows, folder: Path) -> SourceRows:
    """Add the hashes of what was read."""
    files = [Path(file) for file in rows.relation.files if Path(file).is_file()]
    hashes = hash_each(files, folder)
    sha256 = sha256_of(hashes) or sha256_json(text_of_sums(rows.weekly).to_dict("list"))
    return replace(rows, file_hashes=hashes, sha256=sha256)


# --- the first day of the week --------------------------------------------------------------


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


def _shared_weekday(coverages: list[Coverage | None]) -> str:
    for coverage in coverages:
        days = [] if coverage is None else _weekdays(coverage)
        if len(days) == 1:
            return WEEKDAYS[days[0]]
    return WEEKDAYS[0]


def _weekdays(coverage: Coverage) -> list[int]:
    """Weekdays that a source has rows of, 0 for Monday."""
    return sorted(map(int, pd.DatetimeIndex(coverage.days.index).day_of_week.unique()))


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
    return _weekdays(table.coverage)


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
