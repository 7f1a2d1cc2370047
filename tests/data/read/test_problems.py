"""What is wrong with the sources, in one message: counted right, and named from the data folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.data.read.problems import CAP, SHOWN, Problems
from mmmlib.errors import InputError
from tests.data.conftest import Refused, small_params, sources, weekly, weekly_by_day

# --- the rest is counted --------------------------------------------------------------------


def test_rows_that_cannot_be_read_are_counted_to_the_last(refused: Refused) -> None:
    rows = weekly_by_day().astype(object)
    rows.loc[:44, "tv_spend"] = "much"
    error = refused(rows, data=sources(grain="day"))
    assert len(error.problems) == SHOWN + 1
    assert error.problems[-1].place == "column tv_spend"
    assert error.problems[-1].found == "40 more of these"


def test_the_rest_of_every_promise_is_told(refused: Refused) -> None:
    rows = weekly_by_day().astype(object)
    rows.loc[:14, "search_spend"] = "much"
    rows.loc[:9, "tv_spend"] = "little"
    error = refused(rows, data=sources(grain="day"))
    assert [p.found for p in error.problems if "more" in p.found] == [
        "10 more of these",
        "5 more of these",
    ]
    assert "more problem" not in str(error)


def test_no_column_and_no_cause_hides_another(refused: Refused) -> None:
    rows = weekly_by_day().astype(object)
    rows.loc[:39, "search_spend"] = "much"
    rows.loc[40:42, "search_spend"] = "1,5"
    rows.loc[83, "tv_spend"] = "little"
    shown = [p.found for p in refused(rows, data=sources(grain="day")).problems]
    assert shown.count("'much'") == SHOWN
    assert "'little'" in shown


@pytest.mark.parametrize(("count", "told"), [(21, "1 more problem"), (22, "2 more problems")])
def test_problems_beyond_the_limit_are_counted(count: int, told: str) -> None:
    problems = Problems()
    for number in range(count):
        problems.add("media.csv", "row 3", "x", f"a number, {chr(97 + number)}")
    problems.add_rest("media.csv", "column tv", 1300, "a number")
    with pytest.raises(InputError) as caught:
        problems.raise_if_any()
    assert [p.found for p in caught.value.problems[CAP:]] == [told, "1,300 more of these"]


def test_the_rest_of_one_cause_is_counted() -> None:
    problems = Problems()
    for row in range(9):
        problems.add("media.csv", f"row {row}", "3 cells", "4 cells")
    with pytest.raises(InputError) as caught:
        problems.raise_if_any()
    assert [p.found for p in caught.value.problems[SHOWN:]] == ["4 more of these"]


# --- files are named from the data folder ----------------------------------------------------


def in_parts(folder: Path, spoil: Callable[[pd.DataFrame], Any]) -> Path:
    """Write days as two files of a folder; the second is spoilt."""
    (folder / "ads").mkdir()
    rows = weekly_by_day().astype(object)
    spoilt = rows.iloc[40:].reset_index(drop=True)
    spoil(spoilt)
    rows.iloc[:40].to_csv(folder / "ads" / "a.csv", index=False)
    spoilt.to_csv(folder / "ads" / "b.csv", index=False)
    return folder


def test_a_broken_promise_names_files_from_the_data_folder(tmp_path: Path) -> None:
    def double(rows: pd.DataFrame) -> None:
        rows.loc[3, "tv_spend"] = 99
        rows.loc[1] = rows.loc[0]

    folder = in_parts(tmp_path, double)
    contract = {"columns": {"tv_spend": {"type": "number", "max": 20}}, "unique": ["date"]}
    params = small_params(data=sources(path="ads", grain="day", contract=contract))
    built = read_and_build(params, folder)
    told = [f.message for f in check_panel(params, built) if f.check == "data.contract"]
    assert len(told) == 2
    assert "found ads/b.csv, row 5, column tv_spend: '99'" in told[0]
    assert "2 times (ads/b.csv row 2, ads/b.csv row 3)" in told[1]
    assert not [f for f in check_panel(params, built) if str(tmp_path) in str(f)]


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl", "parquet"])
def test_an_error_names_files_from_the_data_folder(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "data"
    (folder / "raw").mkdir(parents=True)
    rows = weekly().astype({"tv_spend": "str"})
    rows.loc[2, "tv_spend"] = "much"
    path = folder / "raw" / f"media.{form}"
    writers: dict[str, Callable[[], Any]] = {
        "csv": lambda: rows.to_csv(path, index=False),
        "xlsx": lambda: rows.to_excel(path, index=False),
        "jsonl": lambda: rows.to_json(path, orient="records", lines=True),
        "parquet": lambda: rows.to_parquet(path),
    }
    writers[form]()
    params = small_params(data=sources(path=f"raw/media.{form}"))
    with pytest.raises(InputError) as caught:
        build_panel(params, folder)
    assert caught.value.file == f"raw/media.{form}"
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_broken_file_is_named_from_the_data_folder(tmp_path: Path, form: str) -> None:
    (tmp_path / f"media.{form}").write_text('{"date": "2024-01-01", "revenue')
    with pytest.raises(InputError) as caught:
        build_panel(small_params(data=sources(path=f"media.{form}", grain="day")), tmp_path)
    assert caught.value.file == f"media.{form}"
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_is_not_there_is_told_with_the_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        build_panel(small_params(), tmp_path)
    (problem,) = caught.value.problems
    assert caught.value.file == "media.csv"
    assert problem.expected == f"the file of this source in {tmp_path.resolve()}"
