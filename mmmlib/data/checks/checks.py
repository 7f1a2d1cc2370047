"""Health of the data before anything is fitted to it (H1, D1, D5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.checks import exposure_checks, series_checks, status
from mmmlib.data.contract.breaches import contract_findings
from mmmlib.data.history.restatement import Learned, by_source, most_moving, moving_weeks
from mmmlib.data.panel.build import Built
from mmmlib.data.panel.grid import WEEK
from mmmlib.data.panel.lift_tests import lift_findings
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import Problems, count_of, some_of
from mmmlib.data.weeks import sources
from mmmlib.data.weeks.rates import read_price_index, read_rates
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, at_most, judge, none_of
from mmmlib.params import Params
from mmmlib.params.data import PriceLevel, Settling


def check_panel(params: Params, built: Built, learned: Learned | None = None) -> list[Finding]:
    """Ask every question of ``checks.toml`` that applies.

    Parameters
    ----------
    params
        Limits (``data.limits``), the day of the refresh (``refresh.as_of``, today
        if not given).
    built
        The panel with its sources.
    learned
        What past refreshes saw differently, if any did.

    Returns
    -------
    list of Finding
        Passed ones included. The subject is a source, a channel or a series.
    """
    learned = learned or Learned()
    rates = _rates(params, built.folder)
    worth = {str(code): float(one["rate"].iloc[-1]) for code, one in rates.groupby("currency")}
    return [
        *sources.week_start_findings(
            built.sources,
            built.calendar.start,
            params.data.week_start,
            beside_days=_names_days(params, built),
        ),
        *sources.month_findings(built.sources),
        *sources.currency_findings(built.sources, params.currency),
        *status.timeliness(params, built),
        *status.status_findings(params, status.arrivals(params, built.sources)),
        *_imputed(params, built.panel),
        *_days(built),
        *_events(params, built),
        *series_checks.check_series(params, built.panel, learned.ended, worth),
        *exposure_checks.check_exposure(params, built),
        *_contracts(params, built),
        *lift_findings(built.lift_tests, built.panel),
        *_prices(params, built.folder, rates, built.calendar.weeks),
        *_settling(params.data.settling, built, learned),
    ]


def _names_days(params: Params, built: Built) -> bool:
    """Say whether the parameters name days, against which weeks may be shifted."""
    events = any(event.start is not None for event in params.events.values())
    return events or params.model.holidays is not None or bool(built.lift_tests)


# --- values --------------------------------------------------------------------------------


def _imputed(params: Params, panel: Panel) -> Iterator[Finding]:
    limit = params.data.limits.max_imputed_share
    names = panel.frame["imputed"].str.split(";").explode()
    shares = names[names != ""].value_counts() / len(panel.frame)
    if shares.empty:
        yield at_most("data.imputed", "workbook", 0, limit, "No cell was filled.")
    for series, share in shares.sort_index().items():
        filled = f"{format_number(float(share), 'share')} of its cells were filled."
        yield at_most("data.imputed", str(series), share, limit, filled)


def _days(built: Built) -> Iterator[Finding]:
    """Say of every source of days which weeks of the panel lack some that it usually has."""
    for name, table in built.sources.items():
        coverage = table.coverage
        if coverage is None or not coverage.regions:
            continue
        lacking = coverage.lacking()
        lacking = lacking[lacking["week"].isin(built.calendar.weeks)]
        short = []
        for region, week, days in lacking.itertuples(index=False, name=None):
            where = f"region '{region}', " if table.regional else ""
            short.append(f"{where}the week of {week.date()} ({count_of(days, 'day')})")
        short += _absent(table, built.calendar.weeks)
        yield none_of(
            "data.days",
            name,
            len(short),
            f"{count_of(len(short), 'week')} without rows of usual days: {some_of(short)}.",
            "Every week has the days that are usual.",
            owner=table.source.whom_to_ask,
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
            value=weeks,
            message=f"Column {event.column} reads '{event.equals}' in {count_of(weeks, 'week')} "
            f"of {len(panel.weeks)}.",
            event=name,
        )


def _contracts(params: Params, built: Built) -> Iterator[Finding]:
    for name, table in built.sources.items():
        source = params.data.sources[name]
        yield from contract_findings(name, source, table.breaches, table.rows)


# --- what is still moving ------------------------------------------------------------------


def _settling(rule: Settling, built: Built, learned: Learned) -> Iterator[Finding]:
    """Say what is usually restated, what of it is in the panel, and what was kept out."""
    calendar, kept_out, moves = built.calendar, built.panel.kept_out, learned.moves
    moving = moving_weeks(moves, rule)
    for source, (_, last) in calendar.covers.items():
        if source not in moving:
            continue  # no past refresh to learn from
        weeks = moving[source]
        first_moving = last - (weeks - 1) * WEEK
        inside = int((calendar.weeks >= first_moving).sum()) if weeks else 0
        yield judge(
            "data.restatement",
            source,
            passed=inside == 0,
            value=float(inside),
            limit=0.0,
            message=_usual_words(moves, source, weeks, rule),
        )
    if not moving:
        yield judge(
            "data.restatement",
            "workbook",
            passed=True,
            case="unknown",
            message="No past refresh saw the same weeks at least four weeks ago.",
        )
    names = [str(week.date()) for week in kept_out]
    span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}" if names else ""
    how = "what past refreshes restated" if rule.weeks == "auto" else "the number declared"
    yield none_of(
        "data.kept_out",
        "workbook",
        len(names),
        f"{count_of(len(names), 'week')} kept out of the fit as still moving: {span} "
        f"(data.settling.weeks: {rule.weeks}, {how}).",
        f"No week was kept out (data.settling.weeks: {rule.weeks}).",
    )
    yield none_of(
        "data.past",
        "workbook",
        len(learned.broken),
        f"{len(learned.broken)} tables of past runs could not be read; the first: "
        f"{(*learned.broken, '')[0]}",
        "Every table of past runs that was asked for could be read.",
    )


def _usual_words(moves: pd.DataFrame, source: str, weeks: int, rule: Settling) -> str:
    """The last 3 weeks move by 4 % on average …"""
    shown = weeks or min(3, rule.max_weeks)
    usual = by_source(moves, source, shown)
    young, old = format_number(usual["young"], "share"), format_number(usual["old"], "share")
    count = int(usual["refreshes"])
    learned = f"{count} past refresh" if count == 1 else f"{count} past refreshes"
    words = f"Its last {count_of(shown, 'week')} move by {young} on average"
    series, most = most_moving(moves, source, shown)
    if weeks and series:
        words += f" ({series} most, by {format_number(most, 'share')})"
    lean = usual["shift"]
    if weeks and np.isfinite(lean) and abs(lean) > usual["young"] / 2:
        words += ", mostly up" if lean > 0 else ", mostly down"
    if np.isfinite(usual["old"]):
        words += f"; older ones by {old}"
    settled = (
        f"it settles after {count_of(weeks, 'week')}" if weeks else "none of them beyond the limit"
    )
    return f"{words} ({learned}; {settled}, limit {format_number(rule.max_move, 'share')})."


# --- rates and price index --------------------------------------------------------------------


def _prices(
    params: Params, folder: Path, rates: pd.DataFrame, weeks: pd.DatetimeIndex
) -> Iterator[Finding]:
    """Say whether rates and price index are as new as the panel, where they are declared.

    A week without a newer rate than ``data.max_rate_age_days`` is converted at the last one
    known; that is a finding. Weeks before the first rate are no finding but an error.
    """
    used = {source.currency for source in params.data.sources.values()}
    if any(source.currency_column for source in params.data.sources.values()):
        used |= set(rates["currency"])
    days_of = [
        ("data.rates", str(code), pd.to_datetime(one["since"]))
        for code, one in rates.groupby("currency")
        if code in used
    ]
    if params.data.price_level is not None:
        index = read_price_index(folder / params.data.price_level.path, Problems())
        if index is not None:
            words = f"The prices of {params.data.price_level.base}"
            days_of.append(("data.price_level", words, pd.Series(index.index)))
            yield _base_known(params, params.data.price_level, index)
    limit = params.data.max_rate_age_days
    for check, subject, days in days_of:
        newest = pd.DatetimeIndex(days.sort_values())
        place = newest.searchsorted(weeks, side="right") - 1
        known = newest[np.maximum(place, 0)]
        age = np.where(place >= 0, (weeks - known).days, np.iinfo(np.int32).max)
        old = weeks[age > limit]
        span = f", the first of {old[0].date()}, the last of {old[-1].date()}" if len(old) else ""
        yield none_of(
            check,
            "workbook" if check == "data.price_level" else subject,
            len(old),
            f"{subject}: {len(old)} weeks without one of the last {limit} days{span}; the "
            f"last one known was used.",
            f"{subject}: known for every week; the newest is of {newest[-1].date()}.",
        )


def _base_known(params: Params, rule: PriceLevel, index: pd.Series) -> Finding:
    """Say whether the index reaches the day at whose prices money is told."""
    newest = index.index[-1]
    days = max((pd.Timestamp(rule.base) - newest).days, 0)
    return at_most(
        "data.price_level",
        "base",
        days,
        params.data.max_rate_age_days,
        f"The base day {rule.base} is {count_of(days, 'day')} after the newest price "
        f"level (of {newest.date()}), which was used for it."
        if days
        else f"The price level of the base day {rule.base} is known.",
        case="base",
    )


def _rates(params: Params, folder: Path) -> pd.DataFrame:
    """Return the rates of other currencies, by their first day; none where none are declared."""
    path = None if params.data.rates is None else folder / params.data.rates
    rates = read_rates(path, params.currency, Problems())
    assert rates is not None  # they were read before, without a problem
    frame = rates.frame.sort_values(["currency", "since"])
    return frame[frame["currency"] != params.currency]
