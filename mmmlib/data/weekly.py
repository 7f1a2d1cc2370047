"""Days and events to weeks, by the calendar: whole weeks, and what the ends lack.

A week is named by its first day, so that a year of 53 weeks needs no rule.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = pd.Timedelta(days=1)
USUAL = 0.5
"""Share of the weeks in which a weekday has rows, from which it is one that has them."""


@dataclass(frozen=True)
class Coverage:
    """The days that a source has rows of.

    Parameters
    ----------
    days
        Rows by day, ascending.
    start
        Weekday on which weeks start, 0 for Monday.
    """

    days: pd.Series
    start: int

    @property
    def weeks(self) -> pd.DatetimeIndex:
        """First days of the weeks of every day in ``days``."""
        index = pd.DatetimeIndex(self.days.index)
        return index - pd.to_timedelta((index.day_of_week - self.start) % 7, unit="D")

    def partial(self) -> set[pd.Timestamp]:
        """Weeks at the ends that are not covered whole.

        A last week counts as whole when it reaches the last weekday on which the
        source usually has rows: who sells from Monday to Friday has whole weeks too.
        """
        if self.days.empty:
            return set()
        index, weeks = pd.DatetimeIndex(self.days.index), self.weeks
        place = np.asarray((index.day_of_week - self.start) % 7)
        inner = (weeks > weeks[0]) & (weeks < weeks[-1])
        usual = set(range(7))
        if inner.any():
            share = np.bincount(place[inner], minlength=7) / weeks[inner].nunique()
            usual = {number for number in range(7) if share[number] >= USUAL} or usual
        first_has = place[weeks == weeks[0]].min()
        last_has = place[weeks == weeks[-1]].max()
        ends = set()
        if first_has > min(usual):
            ends.add(weeks[0])
        if last_has < max(usual):
            ends.add(weeks[-1])
        return ends

    def rows_by_week(self) -> pd.Series:
        """Rows of every whole week, weeks without rows as zero."""
        if self.days.empty:
            return pd.Series(dtype=float)
        rows = self.days.groupby(self.weeks).sum()
        rows = rows.reindex(
            pd.date_range(rows.index[0], rows.index[-1], freq=7 * DAY), fill_value=0
        )
        return rows.drop(list(self.partial()), errors="ignore")


def week_number(name: str | None) -> int:
    """Return 0 for Monday, 6 for Sunday; Monday where nothing is said."""
    return WEEKDAYS.index(name) if name else 0


def read_coverage(rows: ir.Table, start: int) -> Coverage:
    """Count the rows of every day; ``rows`` has a column ``date``."""
    counted = (
        rows.filter(rows.date.notnull()).group_by("date").aggregate(n=lambda t: t.count())
    ).to_pyarrow()
    days = pd.Series(
        counted["n"].to_pylist(), index=pd.DatetimeIndex(counted["date"].to_pylist()), dtype=float
    )
    return Coverage(days.sort_index(), start)


def week_of(date: ir.Column, start: int) -> ir.Column:
    """First day of the week of a date; every database can do it."""
    import ibis

    moved = date - ibis.interval(days=start) if start else date
    week = moved.cast("timestamp").truncate("W").date()
    return (week + ibis.interval(days=start)).cast("date") if start else week


def to_weekly(
    rows: ir.Table,
    week_start: int = 0,
    coverage: Coverage | None = None,
    means: Collection[str] = (),
    shares: Collection[str] = (),
    *,
    happened: bool = False,
) -> pd.DataFrame:
    """Bring rows to weeks; what nothing else is said of is summed.

    Parameters
    ----------
    rows
        Columns ``date``, ``region``, ``series``, ``value``. Rows without a date are
        left out (the contract reports them).
    week_start
        Weekday on which weeks start, 0 for Monday.
    coverage
        The days that ``rows`` have, where that is known already.
    means
        Series of which the mean of the days that have a value counts.
    shares
        Series of which the share of the week's seven days counts that have the value 1.
    happened
        Whether each row is something that happened: a mean is then over rows, not days.

    Returns
    -------
    pandas.DataFrame
        ``week``, ``region``, ``series``, ``value``, ``partial`` (whether the source
        covers the week only in part), sorted. A week in which every cell of a series
        is missing has no row; of what happened, no value.
    """
    dated = rows.filter(rows.date.notnull())
    measures = {"value": dated.value.sum()}
    if means:  # none is counted where nobody asks: there may be many rows
        told = dated.value.notnull()
        measures["over"] = told.sum() if happened else dated.date.nunique(where=told)
    if shares:
        measures["days"] = dated.date.nunique(where=dated.value == 1)
    summed = (
        dated.group_by(
            week=week_of(dated.date, week_start), region=dated.region, series=dated.series
        )
        .aggregate(**measures)
        .to_pyarrow()
    )
    weeks = pd.to_datetime(pd.Series(summed["week"].to_pylist(), dtype=object)).astype(
        "datetime64[ns]"
    )
    frame = pd.DataFrame(
        {
            "week": weeks,
            "region": pd.Series(summed["region"].to_pylist(), dtype="str"),
            "series": pd.Series(summed["series"].to_pylist(), dtype="str"),
            **{name: pd.Series(summed[name].to_pylist(), dtype=float) for name in measures},
        }
    )
    if means:
        frame["value"] /= frame.pop("over").where(frame["series"].isin(list(means)), 1)
    if shares:
        mine = frame["series"].isin(list(shares))
        frame["value"] = frame["value"].mask(mine, frame.pop("days") / 7)
    frame["value"] = frame["value"].map(_as_told)
    if not happened:  # else a week of which no value is known would be one in which nothing was
        frame = frame.dropna(subset=["value"])
    partial = (coverage or read_coverage(dated, week_start)).partial()
    frame["partial"] = frame["week"].isin(list(partial))
    return frame.sort_values(["week", "region", "series"], ignore_index=True)


def _as_told(value: float) -> float:
    """Keep twelve digits: the last ones of a sum depend on the order in which threads add."""
    return float(f"{value:.12g}")


def share_of_week(weeks: pd.DatetimeIndex, start: object, end: object) -> np.ndarray:
    """Return the share of each week's seven days that lie in ``start`` to ``end``.

    Both ends count. Shape ``(week,)``, values 0 to 1.
    """
    first, last = pd.Timestamp(str(start)), pd.Timestamp(str(end))
    day = pd.Timedelta(days=1)
    begin = np.maximum(weeks.to_numpy(), first.to_datetime64())
    stop = np.minimum((weeks + 7 * day).to_numpy(), (last + day).to_datetime64())
    days = (stop - begin) / np.timedelta64(1, "D")
    return np.clip(days, 0, 7) / 7
