"""Text to numbers and dates, cell by cell: what is neither is reported by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmlib.data.contract.side_tables import Kind, read_days, type_columns
from mmmlib.data.read.problems import Problems
from mmmlib.errors import Problem

FILE = Path("rates.csv")
QUICK = settings(max_examples=30, deadline=None)


def read(kind: Kind, *texts: str) -> tuple[pd.Series, list[Problem]]:
    problems = Problems()
    text = pd.DataFrame({"cell": list(texts)}, index=range(2, 2 + len(texts)), dtype="str")
    return type_columns(text, {"cell": kind}, FILE, problems)["cell"], problems.of(FILE)


def rows(problems: list[Problem]) -> list[str]:
    return sorted(problem.place.partition(",")[0] for problem in problems)


@QUICK
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_finite_number_is_read_exactly(values: list[float]) -> None:
    found, problems = read("number", *map(repr, values))
    assert problems == []
    np.testing.assert_array_equal(found, values)


@QUICK
@given(st.text(max_size=12))
def test_no_text_slips_through_unseen(text: str) -> None:
    text = text.strip()
    found, problems = read("number", text)
    value = float(found.iloc[0])
    if np.isfinite(value):
        assert float(text) == value
        assert problems == []
    else:
        assert len(problems) == (text != "")


@pytest.mark.parametrize(("text", "value"), [("5.", 5), (".5", 0.5), ("+3", 3), ("1E-3", 0.001)])
def test_ways_to_write_a_number(text: str, value: float) -> None:
    assert read("number", text)[0].iloc[0] == value


def dates(*texts: str) -> tuple[list[str], list[Problem]]:
    days, problems = read("date", *texts)
    return [str(day)[:10] for day in days], problems


def test_times_and_one_zone_are_dropped_and_the_written_day_stays() -> None:
    found = dates("2024-01-01T23:30:00-05:00", "2024-01-08 00:00-0500")
    assert found[0] == ["2024-01-01", "2024-01-08"]
    assert dates("2024-01-01T00:00:00Z", "2024-01-08T00:00:00+00:00")[1] == []


def test_only_the_odd_ones_are_reported() -> None:
    found, problems = dates("2024-01-01", "2024-01-08", "15.01.2024", "2024-02-30", "soon")
    assert found == ["2024-01-01", "2024-01-08", "NaT", "NaT", "NaT"]
    assert rows(problems) == ["row 4", "row 5", "row 6"]


def test_month_first_is_told_by_the_days() -> None:
    assert dates("01/29/2024", "02/05/2024")[0] == ["2024-01-29", "2024-02-05"]
    assert dates("29/01/2024", "05/02/2024")[0] == ["2024-01-29", "2024-02-05"]
    found = dates("29/01/2024", "01/29/2024")[1][0].found
    assert "neither day/month nor month/day" in found


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_beyond_all_calendars_is_reported(day: str) -> None:
    found, (problem,) = dates("2024-01-01", day)
    assert found == ["2024-01-01", "NaT"]
    assert problem.place == "row 3, column cell"
    assert problem.expected == "a day of the years 1900 to 2199"


@QUICK
@given(st.text(max_size=12))
def test_any_text_is_a_day_or_is_reported(text: str) -> None:
    found, problems = dates(text.strip())
    assert (found == ["NaT"]) == (text.strip() == "" or len(problems) == 1)


def test_days_that_were_read_before_are_read_again_in_any_format() -> None:
    for written in ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d"):
        days = pd.Series(pd.date_range("2024-01-01", periods=3, freq="7D"), index=[5, 7, 9])
        again = read_days(days.dt.strftime(written))
        pd.testing.assert_series_equal(again, days.astype("datetime64[ns]"), check_names=False)
