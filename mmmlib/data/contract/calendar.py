"""Weeks and their days: which days a source has rows of, and which weeks it covers whole.

A week is named by its first day, so that a year of 53 weeks needs no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = pd.Timedelta(days=1)
USUAL = 0.5
"""Share of the weeks in which a weekday has rows, from which it is one that has them."""
DENSE = 0.75
"""Share of the weeks in which a region or a series has rows on a weekday, from which a day without
any is missed: its rows may be few."""


@dataclass(frozen=True)
class Coverage:
    """The days that a source has rows of: rows by day, ascending.

    Weeks start on the weekday ``start``, 0 for Monday.
    """

    days: pd.Series
    start: int
    regions: Mapping[str, pd.Series] = field(default_factory=dict)
    """Rows by day of every region, where regions are counted."""
    measured: pd.DataFrame | None = field(default=None, repr=False)
    """``date``, ``region`` where regions were counted, and what else was measured of every day."""

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

        Columns are ``region``, ``week`` and ``days``, how many it lacks. Weeks that are left out at
        the ends are not in it, nor weeks without any row.
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


def read_coverage(
    rows: ir.Table, start: int, measures: Mapping[str, Callable[[Any], Any]] | None = None
) -> Coverage:
    """Count the rows of every day (``date``), and of every ``region`` where ``rows`` have one.

    ``measures`` are more to measure of every day in the same pass over the rows: expressions by
    name.
    """
    keys = ["date", *(["region"] if "region" in rows.columns else [])]
    dated = rows.filter(rows.date.notnull())
    counted = dated.group_by(keys).aggregate(n=dated.count(), **(measures or {}))
    found = pd.DataFrame(counted.to_pyarrow().to_pydict())
    found["date"] = pd.to_datetime(found["date"].astype(object)).astype("datetime64[ns]")
    days = pd.Series(
        found["n"].to_numpy(dtype=float), index=pd.DatetimeIndex(found["date"]).rename(None)
    )
    if "region" not in rows.columns:
        return Coverage(days.sort_index(), start, measured=found)
    regions = dict(list(days.groupby(found["region"].to_numpy(dtype=object))))
    return Coverage(
        days.groupby(level=0).sum(),
        start,
        {str(region): one.sort_index() for region, one in sorted(regions.items())},
        found,
    )


def week_of(date: ir.Column, start: int) -> ir.Column:
    """First day of the week of a date; every database can do it."""
    import ibis

    moved = date - ibis.interval(days=start) if start else date
    week = moved.cast("timestamp").truncate("W").date()
    return (week + ibis.interval(days=start)).cast("date") if start else week
