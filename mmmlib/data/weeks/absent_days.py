"""Days on which a series usually has a row, and in some week has none: its sum is then short.

Each row of a long file is one series: when a delivery lacks the rows of one channel, the other
channels still have theirs, and no cell is empty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

DENSE = 0.75
"""Share of the weeks in which a region or a series has rows on a weekday, from which a day without
any is missed: its rows may be few."""
KEYS = ["region", "series"]


def weekday_bits(date: Any, start: int) -> Any:
    """Expression: the days of a week that have rows, as the bits of a number; 1 for the first."""
    import ibis

    place = (date.day_of_week.index() + (7 - start)) % 7
    return (ibis.literal(1) << place.cast("int32")).bit_or()


def absent_days(weekly: pd.DataFrame, *, by_channel: bool = False) -> np.ndarray:
    """Say which days a series lacks in a week, of those that it usually has.

    Parameters
    ----------
    weekly
        ``week``, ``region``, ``series`` and ``days``, the bits of :func:`weekday_bits`.
    by_channel
        Count only days on which the same channel (the series' name up to the first dot) has
        another row: a campaign that pauses has none. Else any row of the region will do; a day
        without any is the region's, see :meth:`mmmlib.data.weeks.weekly.Coverage.lacking`.

    Returns
    -------
    numpy.ndarray
        True for a day that is lacking, shape ``(row, 7)``; the week's first day first.
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
