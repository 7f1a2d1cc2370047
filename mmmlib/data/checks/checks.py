"""Health of the data before anything is fitted to it (H1, D1, D5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.checks import levels, status
from mmmlib.data.checks.levels import judge_shift
from mmmlib.data.checks.signals import level_shift
from mmmlib.data.contract.declared_series import BESIDE
from mmmlib.data.history.restatement import Learned, settling_findings
from mmmlib.data.panel.build import Built
from mmmlib.data.panel.lift_tests import lift_findings
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import Problems, breach_words
from mmmlib.data.weeks.rates import read_price_index, read_rates
from mmmlib.data.weeks.source_rows import SourceRows, find_column
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, at_most, judge, none_of
from mmmlib.params import Params
from mmmlib.params.contract import SCALES
from mmmlib.params.data import PriceLevel
from mmmlib.phrases import count_text, some_of

ACTIVE = 0.5
"""Least share of weeks with spend and exposure from which a price can be followed."""


def check_panel(params: Params, built: Built, learned: Learned | None = None) -> list[Finding]:
    """Ask every question of ``checks.toml`` that applies; limits are in ``data.limits``.

    The subject of a finding is a source, a channel or a series; passed ones are included.
    ``learned`` is what past refreshes saw differently, if any did.
    """
    learned = learned or Learned()
    rates = _rates(params, built.folder)
    worth = {str(code): float(one["rate"].iloc[-1]) for code, one in rates.groupby("currency")}
    return [
        *status.week_start_findings(
            built.sources,
            built.calendar.start,
            params.data.week_start,
            beside_days=_names_days(params, built),
        ),
        *status.month_findings(built.sources),
        *status.left_out_findings(built.sources),
        *status.currency_findings(built.sources, params.currency),
        *status.timeliness(params, built),
        *status.status_findings(params, status.arrivals(params, built.sources)),
        *_imputed(params, built.panel),
        *_days(built),
        *_events(params, built),
        *levels.check_series(params, built.panel, learned.ended, worth),
        *_exposure(params, built),
        *(one for name, table in built.sources.items() for one in _contract(name, table)),
        *lift_findings(built.lift_tests, built.panel, params),
        *_prices(params, built.folder, rates, built.calendar.weeks),
        *settling_findings(params, built, learned),
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
            short.append(f"{where}the week of {week.date()} ({count_text(days, 'day')})")
        short += _absent(table, built.calendar.weeks)
        yield none_of(
            "data.days",
            name,
            len(short),
            f"{count_text(len(short), 'week')} without rows of usual days: {some_of(short)}.",
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
        yield f"{where}{series} in the week of {week.date()} ({count_text(days, 'day')})"


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
            message=f"Column {event.column} reads '{event.equals}' in {count_text(weeks, 'week')} "
            f"of {len(panel.weeks)}.",
            event=name,
        )


def _contract(name: str, table: SourceRows) -> Iterator[Finding]:
    """Say of a source whether it keeps its contract; every broken promise is a finding.

    Without a contract a source is still held to what its layout needs.
    """
    source, contract = table.source, table.source.contract
    if contract is not None and not table.breaches:
        units = {name: column.unit for name, column in contract.columns.items()} | contract.units
        scaled = [f"{name} ({unit})" for name, unit in units.items() if SCALES[unit] != 1]
        converted = f" Converted to whole units: {', '.join(scaled)}." if scaled else ""
        promises = f"the contract of {len(contract.columns)} columns"
        message = f"{table.rows:,} rows keep {promises}.{converted}"
        yield judge("data.contract", name, passed=True, message=message)
    for breach in table.breaches:
        yield judge(
            "data.contract",
            name,
            passed=False,
            case="layout" if contract is None else "broken",
            value=float(breach.count),
            limit=0.0,
            unit=breach.kind,
            message=breach_words(breach),
            source=name,
            promise=breach.kind,
            owner=source.whom_to_ask,
            what_to_do=breach.action,
        )


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
        f"The base day {rule.base} is {count_text(days, 'day')} after the newest price "
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


# --- spend beside exposure --------------------------------------------------------------------


def _exposure(params: Params, built: Built) -> Iterator[Finding]:
    """Hold the spend of every channel against the exposure that it bought.

    The exposure is that of the parameters; where they name none, what the source delivers
    beside the spend (impressions, else clicks). Such a pair is of the country.
    """
    panel = built.panel
    spends = dict(zip(panel.names("spend"), panel.values("spend"), strict=True))
    declared = dict(zip(panel.names("exposure"), panel.values("exposure"), strict=True))
    for name in params.paid_channels:
        channel = params.channels[name]
        if name in declared:
            exposure, spend, seen = str(channel.exposure), spends[name], declared[name]
        else:
            place = find_column(built.sources, str(channel.spend), "", Problems())
            if place is None:
                continue
            table, column = place
            first, dot, last = column.rpartition(".")
            near = [f"{first}.{word}" for word in BESIDE] if dot and last == "spend" else []
            exposure = next((one for one in near if one in table.columns), "")
            if not exposure:
                continue
            spend, seen = (_by_week(table, one, panel.weeks) for one in (column, exposure))
        yield from _beside(params, name, exposure, spend, seen, panel.weeks)


def _by_week(table: SourceRows, column: str, weeks: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Sum a series over regions, shape ``(1, week)``; zero where nothing is told."""
    sums = table.of(column).groupby("week")["value"].sum()
    return sums.reindex(weeks, fill_value=0.0).to_numpy(dtype=float)[None]


def _beside(
    params: Params,
    channel: str,
    exposure: str,
    spend: NDArray[np.float64],
    seen: NDArray[np.float64],
    weeks: pd.DatetimeIndex,
) -> Iterator[Finding]:
    """Hold spend against exposure, ``(region, week)``: one without the other, and their ratio.

    Nothing is said of a lasting move of the price of an exposure where it cannot be told.
    """
    limits = params.data.limits
    paid, there = spend > 0, seen > 0
    for check, odd, words in (
        ("data.spend_without_exposure", paid & ~there, f"spend but no {exposure}"),
        ("data.exposure_without_spend", there & ~paid, f"{exposure} but no spend"),
    ):
        share = float(odd.mean())
        named = [str(week.date()) for week in weeks[odd.any(axis=0)]]
        yield at_most(
            check,
            channel,
            share,
            limits.max_mismatch_share,
            f"{format_number(share, 'share')} of the weeks have {words}"
            + (f": {some_of(named)}." if named else "."),
        )
    money, bought = spend.sum(axis=0), seen.sum(axis=0)
    both = (money > 0) & (bought > 0)
    if both.mean() < ACTIVE:
        return
    price = np.divide(money, bought, out=np.full(len(money), np.nan), where=both)
    # A week without spend has no price; the line between its neighbours moves nothing.
    whole = np.interp(np.arange(len(price)), np.flatnonzero(both), price[both])
    found = level_shift(whole / np.median(whole))
    if found is not None:
        moved = f"of spend per {exposure}"
        yield judge_shift("data.cost_level", channel, found, limits.level_shift, weeks, moved)
