"""Days and events to weeks, by the calendar: whole weeks, and what the ends lack.

A week is named by its first day, so that a year of 53 weeks needs no rule.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmmlib.data.contract.row_hashes import count_twins, twin_days
from mmmlib.data.weeks.absent_days import DENSE, absent_days, beyond, weekday_bits

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
    regions: Mapping[str, pd.Series] = field(default_factory=dict)
    """Rows by day of every region, where they were asked for."""
    twins: pd.DataFrame | None = None
    """Days on which each row is there again, see :mod:`mmmlib.data.contract.twins`; None: nobody looked."""

    @property
    def weeks(self) -> pd.DatetimeIndex:
        """First days of the weeks of every day in ``days``."""
        index = pd.DatetimeIndex(self.days.index)
        return index - pd.to_timedelta((index.day_of_week - self.start) % 7, unit="D")

    @property
    def _places(self) -> np.ndarray:
        """Number of every day in its week, 0 to 6."""
        return np.asarray((pd.DatetimeIndex(self.days.index).day_of_week - self.start) % 7)

    def usual(self, least: float = USUAL) -> set[int]:
        """Days of the week, 0 to 6, that have rows as a rule; none where no week lies inside."""
        if self.days.empty:
            return set()
        weeks = self.weeks
        inner = (weeks > weeks[0]) & (weeks < weeks[-1])
        if not inner.any():
            return set()
        share = np.bincount(self._places[inner], minlength=7) / weeks[inner].nunique()
        return {number for number in range(7) if share[number] >= least}

    def partial(self) -> set[pd.Timestamp]:
        """Weeks at the ends that are not covered whole, by all of the source or by a region.

        A last week counts as whole when it reaches the last weekday on which the
        source usually has rows: who sells from Monday to Friday has whole weeks too.
        A region that ends earlier than the others lacks days, and so does their sum.
        """
        if self.days.empty:
            return set()
        ends = self._ends(self.usual() or set(range(7)))
        regions = [Coverage(days, self.start) for days in self.regions.values()]
        lacks = [one._ends(dense) for one in regions if (dense := one.usual(DENSE))]
        known = self.weeks.unique()
        for order in (known, known[::-1]):
            for week in order:
                if week not in ends:
                    ends |= {week} & set().union(*lacks)
                if week not in ends:
                    break
        return ends

    def _ends(self, usual: set[int]) -> set[pd.Timestamp]:
        weeks, places = self.weeks, self._places
        ends = set()
        if places[weeks == weeks[0]].min() > min(usual):
            ends.add(weeks[0])
        if places[weeks == weeks[-1]].max() < max(usual):
            ends.add(weeks[-1])
        return ends

    def lacking(self) -> pd.DataFrame:
        """List weeks that lack days on which a region usually has rows.

        Returns
        -------
        pandas.DataFrame
            ``region``, ``week``, ``days`` (how many it lacks). Weeks that are left out at the
            ends are not in it, nor weeks without any row.
        """
        ends = self.partial()
        found = []
        for region, days in self.regions.items():
            one = Coverage(days, self.start)
            usual = one.usual(DENSE)
            has = pd.Series(one._places, index=one.weeks)
            has = has[has.isin(list(usual)) & ~has.index.isin(list(ends))]
            lacks = len(usual) - has.groupby(level=0).nunique()
            found += [(region, week, int(n)) for week, n in lacks[lacks > 0].items()]
        return pd.DataFrame(found, columns=["region", "week", "days"])

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
    """Count the rows of every day.

    Parameters
    ----------
    rows
        ``date``; ``region`` where every region is to be counted; the marks of
        :func:`mmmlib.data.contract.twins.twin_marks` where rows that are there again are looked for.
    start
        Weekday on which weeks start, 0 for Monday.
    """
    keys = ["date", *(["region"] if "region" in rows.columns else [])]
    dated = rows.filter(rows.date.notnull())
    counted = dated.group_by(keys).aggregate(n=dated.count(), **count_twins(dated))
    found = pd.DataFrame(counted.to_pyarrow().to_pydict())
    found["date"] = pd.to_datetime(found["date"].astype(object)).astype("datetime64[ns]")
    days = pd.Series(
        found["n"].to_numpy(dtype=float), index=pd.DatetimeIndex(found["date"]).rename(None)
    )
    twins = twin_days(found) if "twins" in found else None
    if "region" not in rows.columns:
        return Coverage(days.sort_index(), start, twins=twins)
    regions = dict(list(days.groupby(found["region"].to_numpy(dtype=object))))
    return Coverage(
        days.groupby(level=0).sum(),
        start,
        {str(region): one.sort_index() for region, one in sorted(regions.items())},
        twins,
    )


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
    sums: Collection[str] = (),
    whole: Collection[str] = (),
    every_day: Collection[str] = (),
    *,
    by_channel: bool = False,
    happened: bool = False,
) -> pd.DataFrame:
    """Bring rows to weeks; what nothing else is said of is summed.

    Parameters
    ----------
    rows
        Columns ``date``, ``region``, ``series``, ``value``, and ``told`` where a row stands for
        several: how many of them have a value. Rows without a date are left out (the contract
        reports them).
    week_start
        Weekday on which weeks start, 0 for Monday.
    coverage
        The days that ``rows`` have, where that is known already.
    means
        Series of which the mean of the rows that have a value counts.
    shares
        Series of which the share of the week's seven days counts that have the value 1.
    sums
        Series that lack something where a day has rows and no value.
    whole
        Those whose last week is partial where its last days have no value, or usually have a row
        and have none; so the first.
    every_day
        Series that lack something where a day on which they usually have a row has none.
    by_channel
        See :func:`mmmlib.data.weeks.absent_days.absent_days`.
    happened
        Whether each row is something that happened: a week without one is then no gap.

    Returns
    -------
    pandas.DataFrame
        ``week``, ``region``, ``series``, ``value``, ``partial`` (whether the source
        covers the week only in part), ``blank`` (whether a day of it has no value, for ``sums``),
        ``absent`` (on how many usual days there is no row, for ``every_day``), sorted. A week in which every cell of a series is missing has no row; of what happened,
        no value.
    """
    dated = rows.filter(rows.date.notnull())
    has = dated.value.notnull()
    measures = {"value": dated.value.sum()}
    if means:  # none is counted where nobody asks: there may be many rows
        measures["over"] = dated.told.sum() if "told" in dated.columns else has.sum()
    if shares:
        measures["share"] = dated.date.nunique(where=dated.value == 1)
    if sums:
        measures["lacks"] = dated.date.nunique() - dated.date.nunique(where=has)
        measures["late"] = (dated.date.max(where=has) < dated.date.max()).cast("int32")
        measures["early"] = (dated.date.min(where=has) > dated.date.min()).cast("int32")
    if every_day:
        measures["days"] = weekday_bits(dated.date, week_start)
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
        frame["value"] = frame["value"].mask(mine, frame.pop("share") / 7)
    frame["value"] = frame["value"].map(_as_told)
    after = before = np.zeros(len(frame), dtype=bool)
    frame["absent"] = 0
    if every_day:
        asked = frame["series"].isin(list(every_day)).to_numpy()
        absent = absent_days(frame, by_channel=by_channel) & asked[:, None]
        after, before = beyond(absent, frame.pop("days"))
        frame["absent"] = absent.sum(axis=1)
    if sums:
        frame["blank"] = frame["series"].isin(list(sums)) & (frame.pop("lacks") > 0)
        after, before = after | (frame.pop("late") > 0), before | (frame.pop("early") > 0)
    else:
        frame["blank"] = False
    frame = frame.assign(late=after, early=before)
    if not happened:  # else a week of which no value is known would be one in which nothing was
        frame = frame.dropna(subset=["value"])
    partial = (coverage or read_coverage(dated[["date"]], week_start)).partial()
    ends = frame[frame["series"].isin(list(whole))]
    covered = frame.loc[~frame["week"].isin(list(partial)), "week"]
    for week, lacks in ((covered.max(), ends["late"]), (covered.min(), ends["early"])):
        if lacks[ends["week"] == week].any():
            partial = partial | {week}
    frame = frame.drop(columns=["late", "early"])
    frame["partial"] = frame["week"].isin(list(partial))
    frame["blank"] &= ~frame["partial"]
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
