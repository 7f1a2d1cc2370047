"""Money at the prices of one day: a price index takes inflation out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.contract.side_tables import report_cells, type_columns
from mmmlib.data.panel.lift_grid import at_factors
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import Problems, count_of
from mmmlib.data.read.readers import read_side_table
from mmmlib.findings import Finding, Level, at_most, none_of
from mmmlib.params import Params
from mmmlib.params.data import PriceLevel

CHECKS: dict[str, str] = {
    "data.rates": "Exchange rates up to date",
    "data.price_level": "Price index up to date",
}
COLUMNS = ("from", "index")


def read_price_index(path: Path, problems: Problems) -> pd.Series | None:
    """Read a price index.

    Parameters
    ----------
    path
        CSV file with the columns ``from`` (a day) and ``index`` (more than zero): the level
        of prices from that day on.
    problems
        Receives what is wrong with it.

    Returns
    -------
    pandas.Series or None
        The index by day, ascending; None where it cannot be used.
    """
    text = read_side_table(path, "data.price_level.path", "a price index", COLUMNS, problems)
    if text is None:
        return None

    frame = type_columns(text, {"from": "date", "index": "number"}, path, problems)
    days, level = frame["from"], frame["index"]
    report_cells(path, text["from"], text["from"] == "", "a date such as 2024-01-29", problems)
    bad = (level <= 0) | (text["index"] == "")
    report_cells(path, text["index"], bad, "more than zero", problems)
    for row in text.index[days.notna() & days.duplicated()]:
        problems.add(path, f"row {row}, column from", f"{days[row].date()} again", "every day once")
    if problems.of(path):
        return None
    return pd.Series(level.to_numpy(), index=pd.DatetimeIndex(days)).sort_index()


def price_factors(
    params: Params, folder: Path, weeks: pd.DatetimeIndex, problems: Problems
) -> np.ndarray | None:
    """Return what money of each week is multiplied by, to be told in prices of the base day.

    Parameters
    ----------
    folder
        Where the index lies.
    weeks
        First days.

    Returns
    -------
    ndarray or None
        Shape ``(week,)``: the index of the base day over that of the week's first day. None
        where no index is declared, or it cannot be used.
    """
    rule = params.data.price_level
    if rule is None:
        return None
    path = folder / rule.path
    index = read_price_index(path, problems)
    if index is None:
        return None
    base = float(index.reindex([pd.Timestamp(rule.base)], method="ffill").iloc[0])
    levels = index.reindex(weeks, method="ffill").to_numpy(dtype=float)
    first = index.index[0].date()
    if not np.isfinite(base):
        problems.add(
            path,
            "data.price_level.base",
            f"{rule.base}, and the index begins on {first}",
            "a day that the index covers",
        )
    early = weeks[~np.isfinite(levels)]
    if len(early):
        problems.add(
            path,
            "column from",
            f"an index that begins on {first}; the panel begins in the week of {early[0].date()}",
            "the level of prices from the first week on",
        )
    return base / levels


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


def price_findings(params: Params, folder: Path, weeks: pd.DatetimeIndex) -> Iterator[Finding]:
    """Say whether rates and price index are as new as the panel, where they are declared.

    A week without a newer rate than ``data.max_rate_age_days`` is converted at the last one
    known; that is a finding. Weeks before the first rate are no finding but an error.
    """
    days_of: list[tuple[str, str, pd.Series]] = []
    if params.data.rates is not None:
        days_of += _days_of_rates(params, folder / params.data.rates)
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
            "weeks",
            level=Level.WARN,
            seen=f"{subject}: {len(old)} weeks without one of the last {limit} days{span}; the "
            f"last one known was used.",
            clear=f"{subject}: known for every week; the newest is of {newest[-1].date()}.",
            meaning="Money that is converted at an old rate seems to move when it does not.",
            action="Bring the table up to date.",
        )


def _base_known(params: Params, rule: PriceLevel, index: pd.Series) -> Finding:
    """Say whether the index reaches the day at whose prices money is told."""
    newest = index.index[-1]
    days = max((pd.Timestamp(rule.base) - newest).days, 0)
    return at_most(
        "data.price_level",
        "base",
        float(days),
        float(params.data.max_rate_age_days),
        level=Level.WARN,
        unit="days",
        message=f"The base day {rule.base} is {count_of(days, 'day')} after the newest price "
        f"level (of {newest.date()}), which was used for it."
        if days
        else f"The price level of the base day {rule.base} is known.",
        meaning="Money is said to be in prices of a day whose prices nobody knows yet.",
        action="Bring the index up to date, or take a base day that it covers.",
    )


def _days_of_rates(params: Params, path: Path) -> list[tuple[str, str, pd.Series]]:
    """Days of the rates of every currency that a source is in."""
    from mmmlib.data.weeks.rates import read_rates

    frame = read_rates(path, params.currency).frame
    used = {s.currency for s in params.data.sources.values() if s.currency}
    if any(source.currency_column for source in params.data.sources.values()):
        used |= set(frame["currency"])
    used.discard(params.currency)
    return [
        ("data.rates", currency, pd.to_datetime(frame.loc[frame["currency"] == currency, "since"]))
        for currency in sorted(used & set(frame["currency"]))
    ]
