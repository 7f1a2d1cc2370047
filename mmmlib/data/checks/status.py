"""Has everything arrived, and how: asked before the fit, and kept with the run (D1, D5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.contract.calendar import WEEKDAYS
from mmmlib.data.contract.declared_series import declared_series
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.panel.build import Built
from mmmlib.data.panel.lift_tests import read_lift_tests
from mmmlib.data.read.files import data_folder
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.delivery import read_sources, weekdays_of
from mmmlib.data.weeks.source_rows import SourceRows, find_column
from mmmlib.errors import InputError
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, at_least, judge, none_of
from mmmlib.params import Params
from mmmlib.phrases import count_text, some_of

DELIVERY_MODES = {"automatic": "automatic", "manual": "by hand"}


@dataclass(frozen=True)
class Arrival:
    """What has arrived of one source.

    ``delivery`` is ``automatic`` or ``by hand``; ``rows`` and ``spend`` are its rows, and the sum
    of the spend that channels take from it. ``newest`` is the day of the newest row (None where the
    source could not be read), ``age`` the days from it to the day of the refresh and ``limit`` how
    many there may be; ``late`` is what it means if there are more.
    """

    source: str
    owner: str
    delivery: str
    rows: int
    spend: float
    newest: dt.date | None
    age: int | None
    limit: int
    late: Level

    @property
    def is_late(self) -> bool:
        """Whether it is older than it may be, or not there."""
        return not (self.age is not None and self.age <= self.limit)


def read_status(
    params: Params, folder: Path | None = None, taxonomy: Taxonomy | None = None
) -> tuple[list[Arrival], InputError | None]:
    """Look at every source; one that cannot be read does not hide the others.

    Returned are what has arrived, in the order of the parameters, and everything that is wrong with
    the sources, if anything is.

    Raises
    ------
    InputError
        If there is no folder of sources at all.
    """
    base = data_folder(params) if folder is None else Path(folder)
    problems = Problems(base)
    tables = read_sources(params, base, problems, taxonomy)
    read_lift_tests(params, base, problems)
    try:
        problems.raise_if_any()
        error = None
    except InputError as caught:
        error = caught
    return arrivals(params, tables), error


def arrivals(params: Params, tables: Mapping[str, SourceRows | None]) -> list[Arrival]:
    """Say of every declared source what has arrived; see :class:`Arrival`."""
    today = params.as_of
    spend = _spend_by_source(params, tables)
    found = []
    for name, source in params.data.sources.items():
        table = tables.get(name)
        dates = pd.Series(dtype="datetime64[ns]") if table is None else table.dates.dropna()
        newest = None if dates.empty else dates.max().date()
        if table is not None and table.newest is not None:
            newest = table.newest.date()
        found.append(
            Arrival(
                source=name,
                owner=source.owner,
                delivery=DELIVERY_MODES[source.delivery],
                rows=0 if table is None else table.rows,
                spend=spend.get(name, 0.0),
                newest=newest,
                age=None if newest is None else (today - newest).days,
                limit=source.max_age_days or params.data.limits.max_age_days,
                late=Level(source.late),
            )
        )
    return found


def _spend_by_source(params: Params, tables: Mapping[str, SourceRows | None]) -> dict[str, float]:
    """Sum what channels spend by the source that tells it; cells that are no number are nothing."""
    spend: dict[str, float] = {}
    for declared in declared_series(params):
        if declared.role != "spend":
            continue
        place = find_column(tables, declared.reference, declared.key, Problems())
        if place is not None:
            table, column = place
            numbers = table.of(column)["value"]
            spend[table.name] = spend.get(table.name, 0.0) + float(numbers.sum())
    return spend


# --- judged --------------------------------------------------------------------------


def status_findings(params: Params, arrived: Sequence[Arrival]) -> list[Finding]:
    """Judge the age of every source, and how much arrives by itself."""
    return [*freshness(params, arrived), *automatic(params, arrived)]


def freshness(params: Params, arrived: Sequence[Arrival]) -> Iterator[Finding]:
    """Judge the age of every source; one that is not there is late."""
    today = params.as_of
    for one in arrived:
        days = "1 day" if one.age == 1 else f"{one.age} days"
        yield judge(
            "data.freshness",
            one.source,
            passed=not one.is_late,
            level=one.late,
            value=float("nan") if one.age is None else float(max(one.age, 0)),
            limit=float(one.limit),
            message=(
                "It could not be read."
                if one.newest is None
                else f"The newest row is of {one.newest}, {days} before {today}; it arrives "
                f"{'by hand' if one.delivery == 'by hand' else 'automatically'}."
            ),
            owner=params.data.sources[one.source].whom_to_ask,
        )


def automatic(params: Params, arrived: Sequence[Arrival]) -> Iterator[Finding]:
    """Judge what share arrives by itself: of sources, of rows and of spend (D1)."""
    limit = params.data.limits.min_automatic_share
    by_hand = [one.source for one in arrived if one.delivery == "by hand"]
    named = f"; by hand: {', '.join(by_hand)}." if by_hand else "."
    count = len(arrived) - len(by_hand)
    shares = automatic_shares(arrived)
    for check, key, words in (
        (
            "data.automatic",
            "sources",
            f"Sources that arrive automatically: {count} of {len(arrived)}{named}",
        ),
        ("data.automatic_rows", "rows", "{share} of the rows arrive automatically."),
        ("data.automatic_spend", "spend", "{share} of the spend arrives automatically."),
    ):
        share = shares[key]
        if not np.isfinite(share):
            continue  # no rows, or no spend: nothing to take a share of
        words = words.replace("{share}", format_number(share, "share"))
        yield at_least(check, "workbook", share, limit, words)


def automatic_shares(arrived: Sequence[Arrival]) -> dict[str, float]:
    """Share that arrives by itself, of ``sources``, ``rows`` and ``spend``; NaN of nothing."""
    sizes = {
        "sources": [1.0 for _ in arrived],
        "rows": [float(one.rows) for one in arrived],
        "spend": [one.spend for one in arrived],
    }
    itself = np.array([one.delivery == "automatic" for one in arrived])
    return {
        key: float(np.array(size)[itself].sum() / sum(size)) if sum(size) > 0 else float("nan")
        for key, size in sizes.items()
    }


def timeliness(params: Params, built: Built) -> Iterator[Finding]:
    """Judge rows of the future, and sources that end before the others."""
    today = params.as_of
    calendar = built.calendar
    weeks = calendar.weeks
    latest = max((last for _, last in calendar.covers.values()), default=weeks[-1])
    for name, table in built.sources.items():
        ahead = _ahead(table, today)
        yield none_of(
            "data.future",
            name,
            ahead,
            f"{count_text(ahead, 'row')} dated after {today}, the last of {table.newest:%Y-%m-%d}."
            if table.coverage is not None and table.newest is not None
            else f"{count_text(ahead, 'value')} dated after {today}.",
            f"No row dated after {today}.",
        )
        if name in calendar.covers:
            last = calendar.covers[name][1]
            behind = (latest - last).days // 7
            ends = f"It ends with the week of {last.date()}"
            yield none_of(
                "data.coverage",
                name,
                behind,
                f"{ends}; another source reaches {latest.date()}.",
                f"{ends}.",
                owner=table.source.whom_to_ask,
            )


def _ahead(table: SourceRows, today: dt.date) -> int:
    """Count the rows that are dated after a day."""
    if table.coverage is None:  # an opportunity has two days: its values by week are counted
        return int((table.dates.dt.date > today).sum())
    days = table.coverage.days
    return int(days[pd.DatetimeIndex(days.index) > pd.Timestamp(today)].sum())


# --- weeks and money ------------------------------------------------------------------------


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
            else f"A row is one {grain.removeprefix('year_')}.",
            owner=table.source.whom_to_ask,
        )


def left_out_findings(tables: Mapping[str, SourceRows]) -> Iterator[Finding]:
    """Tell of every source how many rows its rules left out; a rule that left out none warns."""
    for name, table in tables.items():
        if not table.left_out:
            continue
        counts = [f"{one.rows:,} by {one.rule} ({one.rule.because})" for one in table.left_out]
        idle = [str(one.rule) for one in table.left_out if not one.rows]
        total = sum(one.rows for one in table.left_out)
        yield judge(
            "data.left_out",
            name,
            passed=False,  # told in any case: what is left out is never silent
            value=total,
            message=f"{total:,} of {total + table.rows:,} rows are left out on purpose: "
            f"{'; '.join(counts)}.",
            case="idle" if idle else "",
            rules=some_of(idle),
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

    Days and events are summed to the panel's weeks, which begin on ``start`` (0 for Monday);
    nothing can be wrong with theirs. ``declared`` is ``data.week_start``; ``beside_days`` says
    whether the parameters name days too: dated events, public holidays, lift tests.
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
