"""How much room a year of weekly refreshes takes, and how long keeping one takes.

    python benchmarks/vintages.py [MEGABYTES [weeks | day | newest | campaign]]

Writes what 52 refreshes keep of one source of weeks and of its panel: each has a week more than
the one before and tells the last three weeks otherwise; once a year one region is told anew
from the beginning. Then the same of a source of days, whose rows are kept as delivered, in three
orders of its rows. MEGABYTES is the size of one delivery as CSV, at the beginning of the year.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from mmmlib.data.history.rows import rows_of
from mmmlib.data.ingest import ingest
from mmmlib.data.read.parts import read_parts, store_of, write_parts
from mmmlib.params import Params
from mmmlib.runs import Manifest, Run, write_atomic

WEEKS, REFRESHES, SERIES = 156, 52, 30
BYTES = 9.0
"""Bytes of a number in a CSV file."""
ROW_BYTES = 33
"""Bytes of a row of a day and campaign."""
WORKBOOK = {
    "workbook": "year",
    "title": "A year of weekly refreshes",
    "currency": "USD",
    "refresh": {"period": "2026-Q2", "as_of": "2027-01-01"},
    "audience": {"serves": "growth", "supports": ["Shift budget"], "not_for": ["Set targets"]},
    "data": {
        "sources": {
            "ads": {"path": "ads.csv", "layout": "ad_platform", "grain": "day"},
            "sales": {"path": "sales.csv"},
        },
    },
    "channels": {"first": {"spend": "GS_brand_0000.spend"}},
    "outcomes": {"revenue": {"kind": "revenue", "column": "revenue"}},
}


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


def rows_of_a_year(megabytes: float, order: str) -> None:
    """Measure what a year of refreshes keeps of days as delivered, on the road of a refresh.

    A week of days more each, the last two weeks told anew.

    Parameters
    ----------
    order
        Of the rows in the file: ``day`` (an export that grows at its end), ``newest`` (one that
        begins with the newest day) or ``campaign``.
    """
    import pyarrow.csv

    days, campaigns = (WEEKS + REFRESHES) * 7, round(megabytes * 1e6 / (WEEKS * 7 * ROW_BYTES))
    rng = np.random.default_rng(1)
    spend = np.round(rng.gamma(2, 50, (days, campaigns)), 2)
    names = np.array([f"GS_brand_{number:04d}" for number in range(campaigns)])
    dates = pd.date_range("2023-01-02", periods=days)
    written = dates.strftime("%Y-%m-%d").to_numpy()
    params = Params.model_validate(WORKBOOK)
    with tempfile.TemporaryDirectory() as name:
        folder, seconds, total = Path(name), 0.0, 0
        for refresh in range(REFRESHES):
            count = (WEEKS + refresh) * 7
            told = spend[:count].copy()
            told[-14:] = np.round(told[-14:] * rng.uniform(0.9, 1, told[-14:].shape), 2)
            day, campaign = np.divmod(np.arange(count * campaigns), campaigns)
            if order == "newest":
                day = count - 1 - day
            elif order == "campaign":
                campaign, day = np.divmod(np.arange(count * campaigns), count)
            rows = {
                "date": written[day],
                "campaign": names[campaign],
                "spend": told[day, campaign],
            }
            plain = pyarrow.csv.WriteOptions(quoting_style="none")
            pyarrow.csv.write_csv(pa.table(rows), folder / "ads.csv", plain)
            weeks = dates[:count:7].strftime("%Y-%m-%d")
            sales = told.sum(axis=1).reshape(-1, 7).sum(axis=1).round(2)
            pd.DataFrame({"date": weeks, "revenue": sales}).to_csv(
                folder / "sales.csv", index=False
            )
            size = (folder / "ads.csv").stat().st_size / 1e6
            total += size
            if refresh == 0:
                first = size
            run = _run(folder / "runs" / f"run{refresh:02d}")
            begun = time.perf_counter()
            ingest(params, run, folder)
            seconds += time.perf_counter() - begun
        rows_kept = {"rows": "inputs/ads.rows", "sums": "inputs/ads.parquet"}
        parts = {
            kind: _used(*(folder / "runs").glob(f"run*/{place}")) / 1e6
            for kind, place in rows_kept.items()
        }
        used = _used(folder / "runs") / 1e6
        back = rows_of(run, "ads")
        assert len(back) == count * campaigns
        assert np.isclose(back["spend"].astype(float).sum(), told.sum(), rtol=1e-9)
    print(
        f"days by {order}: {campaigns} campaigns, {first:.1f} MB as CSV at the beginning, "
        f"{size:.1f} MB at the end, {total:.0f} MB delivered together"
    )
    print(
        f"days by {order}: {REFRESHES} refreshes {used:.1f} MB (rows {parts['rows']:.1f}, sums "
        f"{parts['sums']:.1f}), {seconds / REFRESHES:.1f} s to read, check and keep each"
    )


def _run(path: Path) -> Run:
    """Begin a run that a refresh would begin."""
    manifest = Manifest(
        run=path.name, workbook="year", period="2026-Q2", created=dt.datetime.now(dt.UTC)
    )
    write_atomic(path / "manifest.json", manifest.model_dump_json().encode())
    return Run(path)


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


def _used(*folders: Path) -> int:
    """Bytes on disk; a file with two names counts once."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                stat = path.stat()
                found[stat.st_ino] = stat.st_size
    return sum(found.values())


if __name__ == "__main__":
    asked = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    for kind in sys.argv[2:] or ("weeks", "day", "newest", "campaign"):
        if kind == "weeks":
            main(asked)
        else:
            rows_of_a_year(asked, kind)
