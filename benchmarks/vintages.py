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

from mmmlib.data.parts import read_parts, store_of, write_parts

WEEKS, REFRESHES, SERIES = 156, 52, 30
BYTES = 9.0
"""Bytes of a number in a CSV file."""


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
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
