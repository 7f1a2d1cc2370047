"""From campaign days to a weekly panel by channel and region: seconds and memory, 1 to 100 million.

    python benchmarks/ingest.py                    # 1, 10 and 100 million rows
    python benchmarks/ingest.py --rows 1 10        # what a small machine can do

Every size is read in a process of its own, through the same road as a refresh: contract
checked on all rows (types, ranges, values, uniqueness, volume), names mapped by a taxonomy,
days summed to weeks. Beside it the same by plain pandas, on what fits into memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MILLION = 1_000_000
DAYS, REGIONS, CHANNELS = 1096, 20, 10
FIRST = "2023-01-02"
PLAIN_LIMIT = 10
"""Million rows up to which plain pandas is asked too."""


def generate(folder: Path, millions: int) -> int:
    """Write Parquet files, one a year; return how many rows there are."""
    import duckdb

    campaigns = millions * MILLION // (DAYS * REGIONS)
    per_day = REGIONS * campaigns
    connection = duckdb.connect(config={"memory_limit": "1GB"})
    folder.mkdir(parents=True)
    for year, (first, last) in enumerate(((0, 364), (364, 728), (728, DAYS))):
        connection.execute(f"""
            copy (
                select
                    date '{FIRST}' + (i // {per_day})::int as date,
                    'region_' || lpad(((i // {campaigns}) % {REGIONS})::varchar, 2, '0') as region,
                    'ch' || ((i % {campaigns}) % {CHANNELS}) || '_campaign_' || (i % {campaigns})
                        as campaign,
                    round((hash(i) % 100000) / 100.0, 2) as spend,
                    (hash(i + 7) % 50000)::int as impressions
                from range({first * per_day}, {last * per_day}) rows(i)
            ) to '{folder}/year_{year}.parquet' (format parquet, compression zstd)""")
    return DAYS * per_day


def by_workbook(folder: Path, rows: int) -> dict[str, float]:
    """Read a folder as a refresh does."""
    from mmmlib.data.naming.taxonomy import MappingRule, Taxonomy
    from mmmlib.data.read.problems import Problems
    from mmmlib.data.weeks.delivery import open_source, sum_to_weeks
    from mmmlib.params.source import Source

    source = Source.model_validate(
        {
            "path": "*.parquet",
            "layout": "ad_platform",
            "grain": "day",
            "region": "region",
            "taxonomy": True,
            "contract": {
                "columns": {
                    "date": {"type": "date"},
                    "region": {"pattern": "region_[0-9]{2}"},
                    "campaign": {},
                    "spend": {"type": "number", "unit": "currency", "min": 0},
                    "impressions": {"type": "integer", "min": 0},
                },
                "closed": True,
                "unique": ["date", "region", "campaign"],
                "volume": {"rows_per_week": 7 * rows / DAYS, "tolerance": 0.1},
            },
        }
    )
    rules = [MappingRule(glob=f"ch{n}_*", channel=f"channel_{n}") for n in range(CHANNELS)]
    taxonomy = Taxonomy.model_validate(
        {"version": "1", "valid_from": FIRST, "rules": [r.model_dump(mode="json") for r in rules]}
    )
    problems = Problems()
    start = time.perf_counter()
    checked = open_source("ads", source, folder, problems)
    delivery = checked and sum_to_weeks(checked, problems, taxonomy=taxonomy)
    seconds = time.perf_counter() - start
    problems.raise_if_any()
    assert delivery is not None
    assert delivery.rows == rows
    assert not delivery.breaches
    spend = delivery.weekly[delivery.weekly["series"].str.endswith(".spend")]
    return _told(seconds, len(delivery.weekly), float(spend["value"].sum()))


def by_pandas(folder: Path, rows: int) -> dict[str, float]:
    """Do the same by plain pandas, everything in memory."""
    import pandas as pd

    start = time.perf_counter()
    frame = pd.read_parquet(folder)
    assert len(frame) == rows
    good = frame["spend"].ge(0) & frame["impressions"].ge(0) & frame["campaign"].notna()
    good &= frame["region"].str.fullmatch("region_[0-9]{2}")
    assert good.all()
    assert not frame.duplicated(["date", "region", "campaign"]).any()
    day = pd.to_datetime(frame["date"])
    frame["week"] = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    frame["channel"] = "channel_" + frame["campaign"].str.extract(r"ch(\d+)_", expand=False)
    weekly = frame.groupby(["week", "region", "channel"])[["spend", "impressions"]].sum()
    whole = weekly.loc[: day.max() - pd.Timedelta(days=6)]
    seconds = time.perf_counter() - start
    return _told(seconds, 2 * len(whole), float(whole["spend"].sum()))


def _told(seconds: float, cells: int, spend: float) -> dict[str, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": seconds,
        "cpu": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / 1024,
        "cells": cells,
        "spend": spend,
    }


def measure(how: str, folder: Path, rows: int) -> dict[str, float]:
    """Run one way in a process of its own, whose memory is its own."""
    words = [sys.executable, __file__, "--one", how, str(folder), str(rows)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Generate, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 10, 100], metavar="MILLIONS")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        how, folder, rows = asked.one
        ways = {"workbook": by_workbook, "pandas": by_pandas}
        print(json.dumps(ways[how](Path(folder), int(rows))))
        return
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load before {load:.1f}")
    print("| million rows | MB on disk | way | seconds | CPU seconds | MB | weekly values |")
    print("|---:|---:|---|---:|---:|---:|---:|")
    for millions in asked.rows:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "ads"
            rows = generate(folder, millions)
            size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
            spend = set()
            for how in ("workbook", "pandas"):
                if how == "pandas" and millions > PLAIN_LIMIT:
                    continue
                told = measure(how, folder, rows)
                spend.add(round(told["spend"] / 1e4))
                print(
                    f"| {rows / MILLION:.1f} | {size:.0f} | {how} | {told['seconds']:.1f} | "
                    f"{told['cpu']:.1f} | {told['megabytes']:.0f} | {told['cells']:,} |",
                    flush=True,
                )
            if len(spend) != 1:
                raise SystemExit(f"the two ways disagree: {spend}")


if __name__ == "__main__":
    main()
