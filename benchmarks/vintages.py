"""How much room a year of weekly refreshes takes, and how long keeping one takes.

    python benchmarks/vintages.py [MEGABYTES]

Writes what 52 refreshes keep of one source and of its panel: each has a week more than the
one before and tells the last three weeks otherwise; once a year one region is told anew
from the beginning.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from mmmlib.data.parts import read_parts, store_of, write_arrow, write_parts
from mmmlib.data.rows import PART_BYTES

WEEKS, REFRESHES, SERIES = 156, 52, 30
BYTES = 9.0
"""Bytes of a number in a CSV file."""
ROW_BYTES = 33
"""Bytes of a row of a day and campaign."""


def main(megabytes: float) -> None:
    """Measure, and print one line for each kind of table."""
    regions = max(round(megabytes * 1e6 / (WEEKS * SERIES * BYTES)), 1)
    rng = np.random.default_rng(1)
    values = np.round(rng.gamma(2, 5000, (regions, WEEKS + REFRESHES, SERIES)), 2)
    weeks = pd.date_range("2023-01-02", periods=WEEKS + REFRESHES, freq="7D")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = {"source": 0, "panel": 0}
        seconds = {"source": 0.0, "panel": 0.0}
        for refresh in range(REFRESHES):
            if refresh == REFRESHES // 2:
                values[0] = np.round(values[0] * 1.1, 2)
            panel = _told(values, weeks, WEEKS + refresh, rng)
            source = panel.assign(week=panel["week"].dt.strftime("%Y-%m-%d")).astype("str")
            source.index = pd.RangeIndex(2, len(source) + 2)
            if refresh == 0:
                first = len(source.to_csv(index=False)) / 1e6
            for kind, frame in (("source", source), ("panel", panel)):
                before = _used(folder)
                begun = time.perf_counter()
                path = folder / f"run{refresh}" / kind
                write_parts(path, store_of(folder), frame, panel["week"], {})
                seconds[kind] += time.perf_counter() - begun
                sizes[kind] += _used(folder) - before
        begun = time.perf_counter()
        read_parts(folder / f"run{REFRESHES - 1}" / "source")
        reading = time.perf_counter() - begun
    print(f"one table as CSV: {first:.1f} MB, {regions} regions, {SERIES} series, {WEEKS} weeks")
    for kind, size in sizes.items():
        each = seconds[kind] / REFRESHES
        print(f"{kind}: {REFRESHES} refreshes {size / 1e6:.1f} MB, {each:.2f} s to keep each")
    print(f"together: {sum(sizes.values()) / 1e6:.1f} MB; {reading:.2f} s to read one back")


def rows_of_a_year(megabytes: float) -> None:
    """Measure what a year of daily deliveries takes: a week of days more each, two weeks anew."""
    days, campaigns = (WEEKS + REFRESHES) * 7, round(megabytes * 1e6 / (WEEKS * 7 * ROW_BYTES))
    rng = np.random.default_rng(1)
    spend = np.round(rng.gamma(2, 50, (days, campaigns)), 2)
    names = [f"GS_brand_{number:04d}" for number in range(campaigns)]
    dates = pd.date_range("2023-01-02", periods=days).strftime("%Y-%m-%d").to_numpy()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.perf_counter()
        for refresh in range(REFRESHES):
            count = (WEEKS + refresh) * 7
            told = spend[:count].copy()
            told[-14:] = np.round(told[-14:] * rng.uniform(0.9, 1, told[-14:].shape), 2)
            text = pd.Series(told.ravel()).astype(str)
            table = pa.table(
                {
                    "day": np.repeat(dates[:count], campaigns),
                    "campaign": np.tile(names, count),
                    "spend": text.tolist(),
                }
            )
            at = np.repeat(dates[:count].astype("datetime64[D]"), campaigns)
            labels = np.arange(len(at)) + 2
            path = folder / f"run{refresh}"
            write_arrow(path, store_of(folder), table, labels, at, {}, PART_BYTES)
        seconds = (time.perf_counter() - begun) / REFRESHES
        size = _used(folder) / 1e6
    print(f"rows: {campaigns} campaigns, {len(at):,} rows at the end")
    print(f"rows: {REFRESHES} refreshes {size:.1f} MB, {seconds:.2f} s to make and keep each")


def _told(
    values: np.ndarray, weeks: pd.DatetimeIndex, count: int, rng: np.random.Generator
) -> pd.DataFrame:
    """What is told after some weeks: the last three are not final yet."""
    seen = values[:, :count].copy()
    noise = 1 + 0.05 * rng.standard_normal(seen[:, -3:].shape)
    seen[:, -3:] = np.round(seen[:, -3:] * noise, 2)
    regions = len(values)
    frame = pd.DataFrame(seen.reshape(-1, SERIES)).add_prefix("series_")
    frame.insert(0, "week", np.tile(weeks[:count].to_numpy(), regions))
    frame.insert(1, "region", np.repeat([f"region {n}" for n in range(regions)], count))
    return frame


def _used(folder: Path) -> int:
    """Bytes on disk; a file with two names counts once."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            stat = path.stat()
            found[stat.st_ino] = stat.st_size
    return sum(found.values())


if __name__ == "__main__":
    asked = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    main(asked)
    rows_of_a_year(asked)
