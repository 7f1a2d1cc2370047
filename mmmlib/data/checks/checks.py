"""Health of the data before anything is fitted to it (H1, D1, D5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from mmmlib.data.checks import exposure_checks, series_checks, status, taxonomy_checks
from mmmlib.data.contract.breaches import contract_findings
from mmmlib.data.history import rows, settle
from mmmlib.data.history.settle import settle_findings
from mmmlib.data.panel import lift_tests, prices
from mmmlib.data.panel.build import Built
from mmmlib.data.panel.lift_tests import lift_findings
from mmmlib.data.panel.panel import Panel
from mmmlib.data.panel.prices import price_findings
from mmmlib.data.read.problems import count_of, some_of
from mmmlib.data.weeks import sources
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, at_most, judge, none_of
from mmmlib.params import Params

CHECKS: dict[str, str] = {
    "data.future": "No rows from the future",
    "data.coverage": "Sources end together",
    **sources.CHECKS,
    **status.CHECKS,
    "data.imputed": "Filled cells",
    "data.days": "Days that weeks lack",
    "data.events": "Events that a column tells of",
    **series_checks.CHECKS,
    **exposure_checks.CHECKS,
    "data.contract": "Contracts kept",
    **rows.CHECKS,
    **settle.CHECKS,
    **prices.CHECKS,
    **lift_tests.CHECKS,
    **taxonomy_checks.CHECKS,
}
"""Every check of the data and its name for people."""


def check_panel(params: Params, built: Built) -> list[Finding]:
    """Ask every question of :data:`CHECKS` that applies.

    Parameters
    ----------
    params
        Limits (``data.limits``), the day of the refresh (``refresh.as_of``, today
        if not given).
    built
        The panel with its sources.

    Returns
    -------
    list of Finding
        Passed ones included. The subject is a source, a channel or a series.
    """
    return [
        *_timeliness(params, built),
        *sources.week_start_findings(built.tables, built.calendar.start, params.data.week_start),
        *status.status_findings(params, status.arrivals(params, built.tables)),
        *_imputed(params, built.panel),
        *_days(built),
        *_events(params, built),
        *series_checks.check_series(params, built.panel),
        *exposure_checks.check_exposure(params, built),
        *_contracts(params, built),
        *lift_findings(built.lift_tests, built.panel),
        *price_findings(params, built.folder, built.calendar.weeks),
        *settle_findings(
            built.calendar, built.panel.kept_out, params.data.settling, built.moves, built.broken
        ),
    ]


# --- arrival ------------------------------------------------------------------------------


def _timeliness(params: Params, built: Built) -> Iterator[Finding]:
    today = params.as_of
    calendar = built.calendar
    weeks = calendar.weeks
    latest = max((last for _, last in calendar.covers.values()), default=weeks[-1])
    for name, table in built.tables.items():
        owner = table.source.owner or "the owner of the source"
        ahead, ahead_weeks = _ahead(table, today)
        yield none_of(
            "data.future",
            name,
            ahead,
            "rows",
            level=Level.WARN,
            seen=f"{count_of(ahead, 'row')} in {count_of(ahead_weeks, 'week')} dated after {today}.",
            clear=f"No row dated after {today}.",
            meaning="Plans or typing errors would be fitted as if they had happened.",
            action="Remove them, or correct refresh.as_of.",
        )
        if name in calendar.covers:
            last = calendar.covers[name][1]
            behind = (latest - last).days // 7
            ends = f"It ends with the week of {last.date()}"
            yield none_of(
                "data.coverage",
                name,
                behind,
                "weeks",
                level=Level.WARN,
                seen=f"{ends}; another source reaches {latest.date()}.",
                clear=f"{ends}.",
                meaning="The panel ends where the first source ends.",
                action=f"Ask {owner} for the missing weeks.",
            )


def _ahead(table: SourceRows, today: dt.date) -> tuple[int, int]:
    """Count the rows that are dated after a day, and their weeks."""
    if table.coverage is None:  # an opportunity has two days; one value a week and series
        later = table.dates[table.dates.dt.date > today]
        return len(later), later.nunique()
    days = table.coverage.days
    later = pd.DatetimeIndex(days.index) > pd.Timestamp(today)
    return int(days[later].sum()), table.coverage.weeks[later].nunique()


# --- values --------------------------------------------------------------------------------


def _imputed(params: Params, panel: Panel) -> Iterator[Finding]:
    limit = params.data.limits.max_imputed_share
    names = panel.frame["imputed"].str.split(";").explode()
    shares = names[names != ""].value_counts() / len(panel.frame)
    words = {
        "unit": "share",
        "meaning": "A filled cell is a rule's value, not an observation.",
        "action": "Have the source completed.",
    }
    if shares.empty:
        yield at_most(
            "data.imputed",
            "workbook",
            0.0,
            limit,
            level=Level.WARN,
            message="No cell was filled.",
            **words,
        )
    for series, share in shares.sort_index().items():
        yield at_most(
            "data.imputed",
            str(series),
            float(share),
            limit,
            level=Level.WARN,
            message=f"{format_number(float(share), 'share')} of its cells were filled.",
            **words,
        )


def _days(built: Built) -> Iterator[Finding]:
    """Say of every source of days which weeks of the panel lack some that it usually has."""
    for name, table in built.tables.items():
        coverage = table.coverage
        if coverage is None or not coverage.regions:
            continue
        lacking = coverage.lacking()
        lacking = lacking[lacking["week"].isin(built.calendar.weeks)]
        told = []
        for region, week, days in lacking.itertuples(index=False, name=None):
            where = f"region '{region}', " if table.regional else ""
            told.append(f"{where}the week of {week.date()} ({count_of(days, 'day')})")
        told += _absent(table, built.calendar.weeks)
        owner = table.source.owner or "the owner of the source"
        yield none_of(
            "data.days",
            name,
            len(told),
            "weeks",
            level=Level.WARN,
            seen=f"{count_of(len(told), 'week')} without rows of usual days: {some_of(told)}.",
            clear="Every week has the days that are usual.",
            meaning="Their sum is too low if something happened on those days.",
            action=f"Ask {owner} whether days are missing; write zeros if nothing happened.",
        )


def _absent(table: SourceRows, weeks: pd.DatetimeIndex) -> Iterator[str]:
    """Name the series that lack rows of usual days, where the source has others of those days."""
    weekly = table.weekly
    short = weekly[(weekly["absent"] > 0) & weekly["week"].isin(weeks)]
    named = short.sort_values(["series", "region", "week"])[["series", "region", "week", "absent"]]
    for series, region, week, days in named.itertuples(index=False, name=None):
        where = f"region '{region}', " if table.regional else ""
        yield f"{where}{series} in the week of {week.date()} ({count_of(days, 'day')})"


def _events(params: Params, built: Built) -> Iterator[Finding]:
    panel = built.panel
    for name, event in params.events.items():
        if event.column is None:
            continue
        weeks = int(panel.frame.loc[panel.frame[f"event:{name}"] > 0, "week"].nunique())
        yield judge(
            "data.events",
            name,
            passed=weeks > 0,
            level=Level.WARN,
            value=weeks,
            unit="weeks",
            message=f"Column {event.column} reads '{event.equals}' in {count_of(weeks, 'week')} "
            f"of {len(panel.weeks)}.",
            meaning="An event that never happens tells the model nothing; a text that the column "
            "writes otherwise looks the same.",
            action=f"Compare events.{name}.equals with what the column holds, or remove the event.",
        )


def _contracts(params: Params, built: Built) -> Iterator[Finding]:
    for name, table in built.tables.items():
        source = params.data.sources[name]
        yield from contract_findings(name, source, table.breaches, table.rows)
