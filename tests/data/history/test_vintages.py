"""What refreshes saw, and the difference between two of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.cli.data import difference_lines
from mmmlib.data.history.vintages import (
    Shape,
    Vintage,
    compare_runs,
    compare_vintages,
    difference_table,
    sources_of,
    vintage_of,
)
from mmmlib.data.ingest import ingest
from mmmlib.errors import InputError, RunError
from mmmlib.runs import Manifest, Run, write_atomic
from tests.data.conftest import WEEKS, regional, small_params, sources, weekly
from tests.small import mmm

Write = Callable[..., Path]


def make_run(folder: Path, number: int) -> Run:
    path = folder / "runs" / f"fake-2026-Q2-{number:08d}"
    manifest = Manifest(
        run=path.name,
        workbook="fake",
        period="2026-Q2",
        created=dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=number),
    )
    write_atomic(path / "manifest.json", manifest.sealed())
    return Run(path)


def finish(run: Run) -> None:
    manifest = run.manifest
    manifest.status = "done"
    run.write_manifest(manifest)


def wide(frame: pd.DataFrame, **shape: str) -> Vintage:
    text = frame.astype("str")
    text.index = pd.RangeIndex(2, len(text) + 2, name="row")
    return Vintage("media", text, Shape("date", **shape), "here")


def test_a_restated_value_is_told_with_both_values() -> None:
    before, after = weekly(), weekly()
    after.loc[4, "tv_spend"] = 77.5
    (row,) = compare_vintages(wide(before), wide(after)).to_dict("records")
    assert (row["series"], row["kind"], row["before"], row["after"]) == (
        "tv_spend",
        "restated",
        "10.0",
        "77.5",
    )
    assert row["day"] == pd.Timestamp("2024-01-29")
    assert row["change"] == 67.5


def test_the_same_number_written_otherwise_is_no_difference() -> None:
    before = wide(weekly())
    text = before.text.assign(revenue=[f"{float(cell):.3f}" for cell in before.text["revenue"]])
    assert compare_vintages(before, Vintage("media", text, before.shape, "here")).empty


def test_the_order_of_rows_and_columns_is_no_difference() -> None:
    frame = regional("north", "south")
    after = frame.sample(frac=1, random_state=1)[frame.columns[::-1]]
    assert compare_vintages(wide(frame, region="region"), wide(after, region="region")).empty


def test_kinds_of_differences() -> None:
    before = weekly().drop(index=[3])
    after = weekly(WEEKS + 1).drop(columns="price").assign(clicks=1)
    found = compare_vintages(wide(before), wide(after))
    kinds = found.groupby("kind")["series"].agg(["nunique", "size"])
    assert kinds.loc["new", "size"] == 3
    assert kinds.loc["backfilled", "size"] == 3
    assert kinds.loc["removed"].tolist() == [1, WEEKS - 1]
    assert kinds.loc["added"].tolist() == [1, WEEKS + 1]


def test_a_cell_that_became_empty_is_told() -> None:
    after = weekly().astype("str")
    after.loc[2, "price"] = ""
    (row,) = compare_vintages(wide(weekly()), wide(after)).to_dict("records")
    assert (row["kind"], row["after"]) == ("restated", "")
    assert np.isnan(row["change"])


def test_a_source_that_came_or_went() -> None:
    assert set(compare_vintages(None, wide(weekly()))["kind"]) == {"added"}
    assert set(compare_vintages(wide(weekly()), None)["kind"]) == {"removed"}


def test_summed_up_the_largest_share_first() -> None:
    after = weekly()
    after.loc[0, "revenue"] = 1001
    after.loc[[1, 2], "search_spend"] *= 2
    table = difference_table(compare_vintages(wide(weekly()), wide(after)))
    assert table["series"].tolist() == ["search_spend", "revenue"]
    assert table["values"].tolist() == [2, 1]
    assert table["share"].iloc[0] == pytest.approx(1.0)
    lines = list(difference_lines(compare_vintages(wide(weekly()), wide(after)), most=1))
    assert lines[0].startswith("media.search_spend: 2 values restated, 2024-01-08 to 2024-01-15")
    assert lines[1:3] == ["    2024-01-15  national: 102.0 -> 204.0", "    and 1 more"]


# --- runs --------------------------------------------------------------------------


def test_two_runs_are_compared_value_by_value(tmp_path: Path, write: Write) -> None:
    one, two = make_run(tmp_path, 1), make_run(tmp_path, 2)
    ingest(small_params(), one, write(weekly()))
    ingest(small_params(), two, write(weekly(WEEKS + 2).replace(1003.0, 1500.0)))
    found = compare_runs(one, two)
    restated = found[found["kind"] == "restated"]
    assert restated[["series", "before", "after"]].to_numpy().tolist() == [
        ["revenue", "1003.0", "1500.0"]
    ]
    assert (found["kind"] == "new").sum() == 2 * 4
    assert compare_runs(one, one).empty


def test_a_run_without_inputs_says_so(tmp_path: Path, write: Write) -> None:
    one, two = make_run(tmp_path, 1), make_run(tmp_path, 2)
    ingest(small_params(), one, write(weekly()))
    with pytest.raises(RunError, match="00000002: it kept no sources"):
        compare_runs(one, two)
    with pytest.raises(RunError, match=r"'tv' was not kept\. Kept: media"):
        vintage_of(one, "tv")


@pytest.mark.parametrize("content", ["", "date,revenue\n2024-01-01", b"\xff\xfe", "x;y\n1;2\n"])
def test_bad_input_never_touches_the_last_good_vintage(
    tmp_path: Path, write: Write, content: str | bytes
) -> None:
    good = make_run(tmp_path, 1)
    ingest(small_params(), good, write(weekly()))
    finish(good)
    kept = {path: path.read_bytes() for path in (tmp_path / "runs").rglob("*") if path.is_file()}
    bad = make_run(tmp_path, 2)
    with pytest.raises(InputError):
        ingest(small_params(), bad, write(content))
    assert {path: path.read_bytes() for path in kept} == kept
    assert sources_of(bad) == []
    assert vintage_of(good, "media").newest == pd.Timestamp("2024-03-18")


def test_rates_and_prices_are_kept_beside_the_sources(tmp_path: Path, write: Write) -> None:
    write("from,index\n2023-12-01,100\n2024-02-01,110\n", "prices.csv")
    folder = write(weekly())
    data = sources() | {"price_level": {"path": "prices.csv", "base": "2024-01-15"}}
    run = make_run(tmp_path, 1)
    ingest(small_params(data=data), run, folder)
    assert sources_of(run) == ["data.price_level", "media"]
    assert vintage_of(run, "data.price_level").values["number"].tolist() == [100.0, 110.0]


def test_the_command_lists_what_two_runs_saw_differently(tmp_path: Path, write: Write) -> None:
    one, two = make_run(tmp_path, 1), make_run(tmp_path, 2)
    ingest(small_params(), one, write(weekly()))
    ingest(small_params(), two, write(weekly(WEEKS + 1).replace(1003.0, 1500.0)))
    runs = ["--runs", tmp_path / "runs"]
    answer = mmm("data", "diff", one.name, two.name, *runs, "--out", tmp_path / "all.csv")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "media.revenue: 1 value restated, 2024-01-22" in answer.stdout
    assert "    2024-01-22  national: 1003.0 -> 1500.0" in answer.stdout
    assert "media: 4 new values of 4 series, 2024-03-25" in answer.stdout
    assert len(pd.read_csv(tmp_path / "all.csv")) == 5
    some = mmm("data", "diff", one.name, two.name, *runs, "--series", "tv_*")
    assert "revenue" not in some.stdout
    same = mmm("data", "diff", one.name, one.name, *runs)
    assert same.stdout == "No difference: both runs saw the same values.\n"
    none = mmm("data", "diff", one.name, "fake-2026-Q2-none", *runs)
    assert none.returncode == 1
    assert "no such run" in none.stderr
