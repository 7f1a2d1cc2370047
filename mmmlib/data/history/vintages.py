"""What every refresh saw of its sources, and the difference between two of them (D4)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.contract.forms import NUMBER
from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.contract.side_tables import read_days
from mmmlib.data.read.parts import INDEX, read_index, read_parts, store_of, write_parts
from mmmlib.data.weeks.source_rows import SourceRows, keeps_cells
from mmmlib.errors import RunError
from mmmlib.params import Params
from mmmlib.runs import Run, list_runs, sha256_json

INPUTS = "inputs"
KEY = ["series", "region", "day"]
ROUNDING = 1e-9
"""Relative difference up to which two numbers are the same."""
DIFFERENCES = ["source", *KEY, "before", "after", "change", "kind"]


@dataclass(frozen=True)
class Shape:
    """How a kept table is read: the columns of days, regions, the series' names and their values.

    None where there is none. Without ``name`` every other column is a series.
    """

    date: str
    region: str | None = None
    name: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Vintage:
    """One source as one refresh saw it: every cell as text, by row.

    ``origin`` is where it came from. Two vintages of one source with one origin tell the same story
    at two times.
    """

    source: str
    text: pd.DataFrame
    shape: Shape
    origin: str

    @cached_property
    def values(self) -> pd.DataFrame:
        """Return one row per series, region and day, by which it is indexed.

        ``text`` is the cell, that of the first row where several are of one day, and ``number``
        their sum; NaN where no cell is a number. Rows without a day are left out: they were
        reported.
        """
        shape, text, days = self.shape, self.text, self.days
        regions = text[shape.region] if shape.region else pd.Series(NATIONAL, index=text.index)
        keys = pd.DataFrame({"region": regions, "day": days})
        if shape.name and shape.value:
            long = keys.assign(series=text[shape.name], text=text[shape.value])
        else:
            others = [name for name in text.columns if name not in (shape.date, shape.region)]
            wide = pd.concat([keys, text[others].add_prefix("=")], axis=1)
            long = wide.melt(["region", "day"], var_name="series", value_name="text")
            long["series"] = long["series"].str.removeprefix("=")
        long = long.dropna(subset=["day"])
        good = long["text"].str.fullmatch(NUMBER).fillna(False).astype(bool)
        long["number"] = long["text"].where(good).astype(float)
        index = pd.MultiIndex.from_frame(long[KEY])
        if index.is_unique:
            return long.set_index(KEY).sort_index()
        grouped = long.groupby(KEY, sort=True)
        return pd.DataFrame(
            {"text": grouped["text"].first(), "number": grouped["number"].sum(min_count=1)}
        )

    @cached_property
    def days(self) -> pd.Series:
        """Day of every row; NaT where it has none."""
        return read_days(self.text[self.shape.date])

    @cached_property
    def newest(self) -> pd.Timestamp:
        """The newest day."""
        return pd.Timestamp(self.days.max())

    def only(self, series: Collection[str], since: pd.Timestamp) -> Vintage:
        """Return some series of it, from a day on."""
        shape, recent = self.shape, self.days >= since
        if shape.name is not None:
            return replace(self, text=self.text[recent & self.text[shape.name].isin(list(series))])
        kept = [c for c in self.text.columns if c in (shape.date, shape.region, *series)]
        return replace(self, text=self.text.loc[recent, kept])


def as_vintage(params: Params, table: SourceRows) -> Vintage:
    """Return a source as it is kept."""
    source = table.source
    if keeps_cells(table.relation):
        long = source.layout == "long"
        names = (source.name, source.value) if long else (None, None)
        shape = Shape(source.date, source.region, *names)
    else:
        shape = Shape("week", "region" if table.regional else None, "series", "value")
    asked = params.data.simulated
    firm = [asked.company, asked.seed] if asked else []
    # The same place, told in the same columns: only then are two vintages the same story.
    origin = sha256_json([source.where, vars(shape), firm])
    return Vintage(table.name, table.text, shape, origin)


# --- on disk -------------------------------------------------------------------------


def keep(run: Run, vintage: Vintage, facts: Mapping[str, str]) -> Path:
    """Keep a source as a run saw it; what earlier runs have of it too is linked.

    The run receives ``inputs/<source>.parquet``, a folder of parts. ``facts`` are more that is to
    be remembered, such as the file and its hash.
    """
    folder = _folder(run, vintage.source)
    if folder.is_file():  # left by an earlier version's attempt at this run
        folder.unlink()
    remembered = {
        **facts,
        "source": vintage.source,
        "origin": vintage.origin,
        "shape": json.dumps(vars(vintage.shape)),
    }
    return write_parts(folder, store_of(run.runs_dir), vintage.text, vintage.days, remembered)


def vintage_of(run: Run, source: str, weeks: int | None = None) -> Vintage:
    """Return a source as a run saw it.

    Of the parts only those that hold the youngest ``weeks``, at least so many; all if not given.

    Raises
    ------
    RunError
        If the run did not keep it, or it is not what was kept.
    """
    folder = _folder(run, source)
    if not (folder / INDEX).is_file():
        known = ", ".join(sources_of(run)) or "none"
        raise RunError(f"{run.name}: the source '{source}' was not kept. Kept: {known}.")
    text, facts = read_parts(folder, weeks)
    return Vintage(source, text, Shape(**json.loads(facts["shape"])), facts["origin"])


def sources_of(run: Run) -> list[str]:
    """Names of the sources that a run kept."""
    found = (run.path / INPUTS).glob(f"*.parquet/{INDEX}")
    return sorted(path.parent.name.removesuffix(".parquet") for path in found)


def origin_of(run: Run, source: str) -> str:
    """Where a kept source came from, without reading it."""
    return read_index(_folder(run, source)).facts["origin"]


def _folder(run: Run, source: str) -> Path:
    return run.path / INPUTS / f"{source}.parquet"


# --- runs made before ------------------------------------------------------------------


def past_runs(runs_dir: Path, workbook: str, before: dt.datetime | None = None) -> list[Run]:
    """Return the finished runs of a workbook, those of the earliest period first, then by age.

    Only those made ``before``, where that is given.
    """
    finished = []
    for run in list_runs(runs_dir, workbook):
        manifest = run.manifest
        if manifest.status == "done" and (before is None or manifest.created < before):
            finished.append((period_end(manifest.period), run))
    finished.sort(key=lambda item: item[0])  # of one period, in the order they were made in
    return [run for _, run in finished]


def is_earlier_period(period: str, params: Params) -> bool:
    """Say whether a period ends before the one that a refresh is for.

    Runs of the same period are repeats and trials of the same refresh: what it is held against
    must not depend on how often it was made.
    """
    return period_end(period) < period_end(params.refresh.period)


def period_end(period: str) -> tuple[int, int]:
    """Return year and month with which a period ends.

    >>> period_end("2026-Q2"), period_end("2026-06")
    ((2026, 6), (2026, 6))
    """
    year, _, part = period.partition("-")
    return int(year), 3 * int(part[1:]) if part.startswith("Q") else int(part)


# --- differences ---------------------------------------------------------------------


def compare_runs(before: Run, after: Run) -> pd.DataFrame:
    """List every value that two runs saw differently, see :func:`compare_vintages`.

    Sources that only one run has are listed whole, as ``added`` or ``removed``.

    Raises
    ------
    RunError
        If a run kept no sources.
    """
    names = {run.name: sources_of(run) for run in (before, after)}
    for name, kept in names.items():
        if not kept:
            raise RunError(f"{name}: it kept no sources; the step 'data' has not run.")
    parts = []
    for source in sorted({*names[before.name], *names[after.name]}):
        old = vintage_of(before, source) if source in names[before.name] else None
        new = vintage_of(after, source) if source in names[after.name] else None
        parts.append(compare_vintages(old, new))
    return pd.concat(parts, ignore_index=True)


def compare_vintages(before: Vintage | None, after: Vintage | None) -> pd.DataFrame:
    """List every value that two vintages of a source tell differently; None where it was not there.

    Columns are ``source``, ``series``, ``region``, ``day``, ``before``, ``after`` (texts as
    delivered, empty where there is none), ``change`` (of the number; NaN where one of them is none)
    and ``kind``: ``restated``, ``backfilled`` (a day that the first one could have had), ``new``
    (after its last day), ``removed``; ``added`` for a whole series. By source and series, the
    largest change first.
    """
    known = before or after
    if known is None:
        return pd.DataFrame(columns=DIFFERENCES)
    empty = known.values.iloc[:0]
    old = empty if before is None else before.values
    new = empty if after is None else after.values
    both = old.add_suffix("_old").join(new.add_suffix("_new"), how="outer")
    left, right = both["number_old"], both["number_new"]
    size = np.maximum(left.abs(), right.abs())
    close = (right - left).abs() <= ROUNDING * size
    same = close | (both["text_old"] == both["text_new"])
    both = both[~same.fillna(False).astype(bool)]
    table = both.reset_index()
    series = table["series"]
    was, is_ = table["text_old"].notna(), table["text_new"].notna()
    last = pd.NaT if before is None else before.newest
    kind = np.select(
        [
            was & is_,
            was,
            ~series.isin(old.index.get_level_values("series")),
            table["day"] > last,
        ],
        ["restated", "removed", "added", "new"],
        "backfilled",
    )
    table = table.assign(
        source=known.source,
        before=table["text_old"].fillna(""),
        after=table["text_new"].fillna(""),
        change=table["number_new"] - table["number_old"],
        kind=kind,
    )
    order = table.assign(size=table["change"].abs().fillna(0.0))
    order = order.sort_values(["series", "size"], ascending=[True, False], kind="stable")
    return order[DIFFERENCES].reset_index(drop=True)


def difference_table(differences: pd.DataFrame) -> pd.DataFrame:
    """Sum differences up, one row per source, series and kind.

    Columns are ``source``, ``series``, ``kind``, ``values`` (how many), ``first`` and ``last``
    (days), ``change`` (sum) and ``share`` (of what was there before; NaN where nothing was). Series
    with restated values first, the largest share first.
    """
    columns = ["source", "series", "kind", "values", "first", "last", "change", "share"]
    if differences.empty:
        return pd.DataFrame(columns=columns)
    numbers = pd.to_numeric(differences["before"], errors="coerce").abs()
    grouped = differences.assign(size=numbers, move=differences["change"].abs()).groupby(
        ["source", "series", "kind"], sort=False
    )
    table = grouped.agg(
        values=("day", "size"),
        first=("day", "min"),
        last=("day", "max"),
        change=("change", "sum"),
        size=("size", "sum"),
        move=("move", "sum"),
    ).reset_index()
    restated = table["kind"] == "restated"
    table["share"] = (table["move"] / table["size"]).where(restated & (table["size"] > 0))
    table = table.sort_values("share", ascending=False, kind="stable", na_position="last")
    rank = table["kind"].map({"restated": 0, "removed": 1, "backfilled": 2, "added": 3, "new": 4})
    return table.iloc[rank.argsort(kind="stable")][columns].reset_index(drop=True)
