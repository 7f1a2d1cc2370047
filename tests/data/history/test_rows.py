"""Rows as they were delivered are kept with the run, once for all refreshes."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from mmmlib.data.history.rows import CELLS, ROWS, SUMS, kept_of, rows_of
from mmmlib.data.history.vintages import INPUTS
from mmmlib.data.ingest import ingest
from mmmlib.data.read.parts import read_index
from mmmlib.errors import InputError, RunError
from mmmlib.findings import FindingList
from mmmlib.params import Params
from mmmlib.runs import Manifest, Run, sha256_file, write_atomic
from tests.data.conftest import small_params, weekly
from tests.data.reading import daily

ADS = {"layout": "ad_platform", "grain": "day", "owner": "Growth"}


def new_run(folder: Path, name: str = "fake-2026-Q2-abc") -> Run:
    path = folder / "runs" / name
    manifest = Manifest(
        run=name, workbook="fake", period="2026-Q2", created=dt.datetime.now(dt.UTC)
    )
    write_atomic(path / "manifest.json", manifest.sealed())
    return Run(path)


def files_of(run: Run, source: str) -> dict[str, str]:
    """sha256 of every file that a source was read from, as its run wrote it down."""
    facts = read_index(run.path / INPUTS / f"{source}.parquet").facts
    return dict(json.loads(facts["files"]))


def params_for(keep_rows_mb: float = 16, **source: Any) -> Params:
    return small_params(
        data={
            "sources": {
                "media": {"path": "media.csv"},
                "ads": {"path": "ads.csv", **ADS, **source},
            },
            "keep_rows_mb": keep_rows_mb,
        },
        channels={"search": {"spend": "search.spend"}, "tv": {"spend": "tv_spend"}},
    )


@pytest.fixture
def rows(tmp_path: Path) -> pd.DataFrame:
    """Days of two campaigns; the weekly sources are there too."""
    weekly(8).to_csv(tmp_path / "media.csv", index=False)
    return daily(56)


def put(rows: pd.DataFrame, folder: Path, ending: str) -> dict[str, Any]:
    typed = rows.assign(spend=rows["spend"].astype(float), clicks=rows["clicks"].astype(int))
    if ending == "csv":
        rows.to_csv(folder / "ads.csv", index=False)
    elif ending == "jsonl":
        typed.to_json(folder / "ads.jsonl", orient="records", lines=True)
    elif ending == "xlsx":
        rows.to_excel(folder / "ads.xlsx", index=False)
    elif ending == "db":
        with duckdb.connect(str(folder / "ads.db")) as base:
            base.execute("CREATE TABLE ads AS SELECT * FROM typed")
        return {"path": "", "url": "duckdb://ads.db", "table": "ads"}
    else:
        typed.to_parquet(folder / "ads.parquet")
    return {"path": f"ads.{ending}"}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "xlsx", "parquet", "db"])
def test_every_kind_of_source_is_kept_row_by_row(
    tmp_path: Path, rows: pd.DataFrame, ending: str
) -> None:
    run = new_run(tmp_path)
    ingest(params_for(**put(rows, tmp_path, ending)), run, tmp_path)
    kept = rows_of(run, "ads")
    assert list(kept.columns) == list(rows.columns)
    order = ["campaign", "date"]
    told = kept.assign(date=kept["date"].astype(str)).sort_values(order, ignore_index=True)
    expected = rows.sort_values(order, ignore_index=True)
    assert told["date"].tolist() == expected["date"].tolist()
    assert told["spend"].astype(float).tolist() == expected["spend"].astype(float).tolist()
    if ending == "csv":  # cells as they stand there, at their rows
        pd.testing.assert_frame_equal(kept.reset_index(drop=True), rows, check_dtype=False)
        assert files_of(run, "ads") == {"ads.csv": sha256_file(tmp_path / "ads.csv")}
    assert kept_of(run) == {"ads": ROWS, "media": CELLS}


def test_what_did_not_change_is_kept_once(
    tmp_path: Path, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmmlib.data.history.rows.PART_BYTES", 8_000)
    first, second = new_run(tmp_path), new_run(tmp_path, "fake-2026-Q3-abc")
    many = daily(420)
    for run, days in ((first, 413), (second, 420)):
        seen = many[
            pd.to_datetime(many["date"]) < pd.Timestamp("2024-01-01") + days * pd.Timedelta("1D")
        ]
        ingest(params_for(**put(seen, tmp_path, "csv")), run, tmp_path)
    parts = [
        {path.name: path.stat().st_ino for path in (run.path / "inputs/ads.rows").glob("*.parquet")}
        for run in (first, second)
    ]
    shared = set(parts[0].values()) & set(parts[1].values())
    assert len(parts[1]) >= 3
    assert len(shared) >= len(parts[1]) - 1


def test_files_of_another_folder_are_shared_too(
    tmp_path: Path, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deliveries lie in a folder of their own each; what they repeat is kept once."""
    monkeypatch.setattr("mmmlib.data.history.rows.PART_BYTES", 2_000)
    parts = []
    for number, days in enumerate((28, 56)):
        folder = tmp_path / f"delivery_{number}"
        (folder / "ads").mkdir(parents=True)
        weekly(8).to_csv(folder / "media.csv", index=False)
        daily(14).to_csv(folder / "ads" / "a.csv", index=False)
        daily(days - 14, "2024-01-15").to_csv(folder / "ads" / "b.csv", index=False)
        run = new_run(tmp_path, f"fake-2026-Q{number + 2}-abc")
        ingest(params_for(path="ads/*.csv"), run, folder)
        kept = rows_of(run, "ads")
        assert kept["_file"].value_counts().to_dict() == {
            "ads/a.csv": 28,
            "ads/b.csv": 2 * (days - 14),
        }
        parts.append({p.stat().st_ino for p in (run.path / "inputs/ads.rows").glob("*.parquet")})
    assert len(parts[0]) >= 2
    assert len(parts[0] - parts[1]) <= 1  # the newest one has grown


def test_of_a_large_source_sums_and_hashes_are_kept(tmp_path: Path, rows: pd.DataFrame) -> None:
    run = new_run(tmp_path)
    ingest(params_for(0.001, **put(rows, tmp_path, "csv")), run, tmp_path)
    assert kept_of(run) == {"ads": SUMS, "media": CELLS}
    assert files_of(run, "ads") == {"ads.csv": sha256_file(tmp_path / "ads.csv")}
    with pytest.raises(RunError, match="keep_rows_mb"):
        rows_of(run, "ads")
    found = {
        f.subject: f
        for f in run.load_json("data.json", FindingList).findings
        if f.check == "data.rows_kept"
    }
    assert found["media"].message == "Kept: every cell (8 rows)."
    assert found["ads"].message.startswith("Only sums by week of 112 rows are kept")


def test_a_file_that_changes_before_its_rows_are_kept(
    tmp_path: Path, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large source is read anew for its rows: they have to be those of the sums."""
    from mmmlib.data.history import rows as rows_kept

    monkeypatch.setattr("mmmlib.data.read.relations.HELD", 0)
    told = put(rows, tmp_path, "csv")
    kept = rows_kept.keep

    def meanwhile(*words: Any) -> Any:
        with (tmp_path / "ads.csv").open("a") as file:
            file.write("2024-02-26,brand,1,1\n")
        return kept(*words)

    monkeypatch.setattr(rows_kept, "keep", meanwhile)
    with pytest.raises(InputError, match=r"ads\.csv: the file: found it changed while it was read"):
        ingest(params_for(**told), new_run(tmp_path), tmp_path)


def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmmlib.data.weeks import delivery

    told = put(rows, tmp_path, "csv")
    named = delivery.name_rows

    def meanwhile(*words: Any) -> Any:
        with (tmp_path / "ads.csv").open("a") as file:
            file.write("2024-02-26,brand,1,1\n")
        return named(*words)

    monkeypatch.setattr(delivery, "name_rows", meanwhile)
    with pytest.raises(InputError, match=r"source ads, owner Growth.*it changed while it was read"):
        ingest(params_for(**told), new_run(tmp_path), tmp_path)
