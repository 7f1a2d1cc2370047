"""Days and events summed to weeks: whole weeks, and which of their days are lacking.

Each row of a long file is one series: when a delivery lacks the rows of one channel, the other
channels still have theirs, and no cell is empty. A series therefore lacks a day also where it
usually has a row on that weekday, and in some week has none.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmmlib.data.contract.calendar import DENSE, Coverage, read_coverage, week_of
from mmmlib.data.contract.declared_series import WeeklyAggregation
from mmmlib.data.contract.layout_columns import is_whole_week
from mmmlib.data.read.relations import ROW
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

KEYS = ["region", "series"]


def to_weekly(
    rows: ir.Table,
    source: Source,
    aggregation: WeeklyAggregation,
    week_start: int = 0,
    coverage: Coverage | None = None,
) -> pd.DataFrame:
    """Bring rows to weeks; what ``aggregation`` says nothing else of is summed.

    Parameters
    ----------
    rows
        Columns ``date``, ``region``, ``series``, ``value``, and ``parts`` where a row stands for
        several: how many of them have a value. Rows without a date are left out (the contract
        reports them).
    source
        What the rows are of. Of a whole week the number is kept to the last digit, its ``_row``
        where it has one, and a row without a value too.
    aggregation
        Means are over the rows that have a value. Of days that mark an event the share of the
        week's seven counts. The last week is partial where the last days of ``whole`` series have
        no value, or usually have a row and have none; so the first.
    week_start
        Weekday on which weeks start, 0 for Monday.
    coverage
        The days that ``rows`` have, where that is known already.

    Returns
    -------
    pandas.DataFrame
        ``week``, ``region``, ``series``, ``value``, ``partial`` (whether the source
        covers the week only in part), ``blank`` (whether a day of it has no value, for ``sums``),
        ``absent`` (on how many usual days there is no row, for ``every_day``), sorted. A week in
        which every cell of a series is missing has no row; of what happened, no value.
    """
    marks, by_week = set(aggregation.marks), is_whole_week(source)
    shares = set() if source.grain == "week" else marks
    means, every_day = aggregation.means | (marks - shares), aggregation.every_day
    if source.is_spread:
        rows = spread_over_days(rows, source, aggregation.means | marks)
    if source.is_spread or source.layout == "crm_pipeline":
        coverage = None  # rows of a CRM export are of two days, creation and closing
    dated = rows.filter(rows.date.notnull())
    has = dated.value.notnull()
    measures = {"value": dated.value.sum()}
    if means:  # none is counted where nobody asks: there may be many rows
        measures["over"] = dated.parts.sum() if "parts" in dated.columns else has.sum()
    if shares:
        measures["share"] = dated.date.nunique(where=dated.value == 1)
    if aggregation.sums:
        measures["lacks"] = dated.date.nunique() - dated.date.nunique(where=has)
        measures["late"] = (dated.date.max(where=has) < dated.date.max()).cast("int32")
        measures["early"] = (dated.date.min(where=has) > dated.date.min()).cast("int32")
    if by_week and ROW in dated.columns:
        measures["row"] = dated[ROW].min()
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
    # A text that was no number is not-a-number here, a missing one nothing.
    frame["unreadable"] = [
        value is not None and value != value for value in summed["value"].to_pylist()
    ]
    if means:
        frame["value"] /= frame.pop("over").where(frame["series"].isin(list(means)), 1)
    if shares:
        mine = frame["series"].isin(list(shares))
        frame["value"] = frame["value"].mask(mine, frame.pop("share") / 7)
    if not by_week:
        frame["value"] = frame["value"].map(_without_last_digits)
    after = before = np.zeros(len(frame), dtype=bool)
    frame["absent"] = 0
    if every_day:
        expected = frame["series"].isin(list(every_day)).to_numpy()
        by_channel = source.layout == "master_flat_file"
        absent = absent_days(frame, by_channel=by_channel) & expected[:, None]
        after, before = beyond(absent, frame.pop("days"))
        frame["absent"] = absent.sum(axis=1)
    if aggregation.sums:
        frame["blank"] = frame["series"].isin(list(aggregation.sums)) & (frame.pop("lacks") > 0)
        after, before = after | (frame.pop("late") > 0), before | (frame.pop("early") > 0)
    else:
        frame["blank"] = False
    frame = frame.assign(late=after, early=before)
    # Of what happened, a week of which no value is known would be one in which nothing was.
    if not (source.grain == "event" or by_week):
        frame = frame.dropna(subset=["value"])
    partial = (coverage or read_coverage(dated[["date"]], week_start)).partial()
    ends = frame[frame["series"].isin(list(aggregation.whole))]
    covered = frame.loc[~frame["week"].isin(list(partial)), "week"]
    for week, lacks in ((covered.max(), ends["late"]), (covered.min(), ends["early"])):
        if lacks[ends["week"] == week].any():
            partial = partial | {week}
    frame = frame.drop(columns=["late", "early"])
    frame["partial"] = frame["week"].isin(list(partial))
    frame["blank"] &= ~frame["partial"]
    return frame.sort_values(["week", "region", "series"], ignore_index=True)


def _without_last_digits(value: float) -> float:
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


# --- months, and weeks of the year ------------------------------------------------------------


def spread_over_days(rows: ir.Table, source: Source, held: Collection[str]) -> ir.Table:
    """Make days of rows that are of several.

    ``rows`` are as :func:`to_weekly` takes them; ``date`` is any day of a month, or the first day
    of a week that may be cut by the end of its year. Series that are ``held`` are levels: every day
    has the row's value. Of all others each day has its share of it.
    """
    import ibis

    first = rows.date.truncate("M") if source.grain == "month" else rows.date
    known = rows.filter(rows.date.notnull()).select(first=first).distinct().to_pyarrow()
    if not len(known):
        return rows
    firsts = pd.DatetimeIndex(sorted(known["first"].to_pylist()))
    lengths = firsts.days_in_month if source.grain == "month" else days_of_weeks(firsts)
    days = firsts.repeat(lengths)
    place = np.concatenate([np.arange(length) for length in lengths])
    calendar = ibis.memtable(
        pd.DataFrame(
            {
                "day": days + pd.to_timedelta(place, unit="D"),
                "first": days,
                "length": np.repeat(lengths, lengths).astype(float),
            }
        ),
        schema={"day": "date", "first": "date", "length": "float64"},
    )
    joined = rows.inner_join(calendar, first == calendar["first"])
    level = joined.series.isin(list(held))
    value = ibis.cases((level, joined.value), else_=joined.value / joined.length)
    return joined.mutate(date=joined.day, value=value).select(rows.columns)


def days_of_weeks(firsts: pd.DatetimeIndex) -> np.ndarray:
    """Return how many days each week has, of weeks that begin anew on 1 January.

    >>> days_of_weeks(pd.DatetimeIndex(["2024-12-23", "2024-12-30", "2025-01-01", "2025-01-08"]))
    array([7, 2, 7, 7])
    """
    ends = firsts + pd.offsets.YearBegin(1)
    left = (ends - firsts).days.to_numpy()
    gaps = np.append(np.diff(firsts).astype("timedelta64[D]").astype(int), 7)
    own = np.where(gaps <= 8, gaps, 7)  # some calendars give the last week of a year eight days
    return np.minimum(own, left)


# --- days that are lacking -------------------------------------------------------------------


def weekday_bits(date: Any, start: int) -> Any:
    """Expression: the days of a week that have rows, as the bits of a number; 1 for the first."""
    import ibis

    place = (date.day_of_week.index() + (7 - start)) % 7
    return (ibis.literal(1) << place.cast("int32")).bit_or()


def absent_days(weekly: pd.DataFrame, *, by_channel: bool = False) -> np.ndarray:
    """Say which days a series lacks in a week, of those that it usually has; shape ``(row, 7)``.

    ``weekly`` has ``week``, ``region``, ``series`` and ``days``, the bits of :func:`weekday_bits`.
    With ``by_channel`` only days count on which the same channel (the series' name up to the first
    dot) has another row: a campaign that pauses has none. Else any row of the region will do; a day
    without any is the region's, see :meth:`mmmlib.data.contract.calendar.Coverage.lacking`.
    """
    has = (weekly["days"].to_numpy(dtype=np.int64)[:, None] >> np.arange(7) & 1).astype(bool)
    near = ["week", "region"]
    if by_channel:
        weekly = weekly.assign(channel=weekly["series"].str.partition(".")[0])
        near.append("channel")
    around, own = (weekly.groupby(keys).ngroup().to_numpy() for keys in (near, KEYS))
    weeks = weekly["week"].groupby(own)
    # Weeks at the ends may be covered in part and say nothing of what is usual.
    inner = (weekly["week"] > weeks.transform("min")) & (weekly["week"] < weeks.transform("max"))
    known = np.bincount(own, weights=inner)[own, None]
    usual = _count(has & inner.to_numpy()[:, None], own) >= DENSE * known
    return usual & (known > 0) & ~has & (_count(has, around) > 0)


def _count(days: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Count days by group, for every row that of its own; shape ``(row, 7)``."""
    return np.stack([np.bincount(group, weights=one)[group] for one in days.T], axis=1)


def beyond(absent: np.ndarray, days: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Say where days are lacking after a week's last row, and where before its first; ``(row,)``."""
    has = (days.to_numpy(dtype=np.int64)[:, None] >> np.arange(7) & 1).astype(bool)
    first, last = has.argmax(axis=1), 6 - has[:, ::-1].argmax(axis=1)
    place = np.arange(7)
    after = (absent & (place > last[:, None])).any(axis=1)
    before = (absent & (place < first[:, None])).any(axis=1)
    return after, before
