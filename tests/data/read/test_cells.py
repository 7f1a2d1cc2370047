"""Text to numbers and dates, cell by cell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmmlib.data.read.cells import is_missing, to_dates, to_numbers

Reports = list[tuple[int, str, str, str]]


def cells(*texts: str) -> pd.Series:
    return pd.Series(list(texts), index=range(2, 2 + len(texts)), dtype="str")


def numbers(*texts: str, negative: bool = True) -> tuple[pd.Series, Reports]:
    reports: Reports = []
    values = to_numbers(cells(*texts), lambda *r: reports.append(r), negative=negative)
    return values, reports


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_finite_number_is_read_exactly(values: list[float]) -> None:
    read, reports = numbers(*map(repr, values))
    assert reports == []
    np.testing.assert_array_equal(read, values)


@given(st.text(max_size=12))
def test_no_text_slips_through_unseen(text: str) -> None:
    text = text.strip()
    read, reports = numbers(text, negative=False)
    value = float(read.iloc[0])
    if np.isfinite(value):
        assert value >= 0
        assert float(text) == value
        assert reports == []
    else:
        assert len(reports) == (text != "")


@pytest.mark.parametrize(("text", "value"), [("5.", 5), (".5", 0.5), ("+3", 3), ("1E-3", 0.001)])
def test_ways_to_write_a_number(text: str, value: float) -> None:
    assert numbers(text)[0].iloc[0] == value


def test_missing_is_what_the_source_says() -> None:
    assert is_missing(cells("", "na", "0", "-"), ["na", "-"]).tolist() == [True, True, False, True]


def dates(*texts: str) -> tuple[list[str], Reports]:
    reports: Reports = []
    days = to_dates(cells(*texts), lambda *r: reports.append(r))
    return [str(day)[:10] for day in days], reports


def test_times_and_one_zone_are_dropped_and_the_written_day_stays() -> None:
    read = dates("2024-01-01T23:30:00-05:00", "2024-01-08 00:00-0500")
    assert read[0] == ["2024-01-01", "2024-01-08"]
    assert dates("2024-01-01T00:00:00Z", "2024-01-08T00:00:00+00:00")[1] == []


def test_only_the_odd_ones_are_reported() -> None:
    read, reports = dates("2024-01-01", "2024-01-08", "15.01.2024", "2024-02-30", "soon")
    assert read == ["2024-01-01", "2024-01-08", "NaT", "NaT", "NaT"]
    assert sorted(report[0] for report in reports) == [4, 5, 6]


def test_month_first_is_told_by_the_days() -> None:
    assert dates("01/29/2024", "02/05/2024")[0] == ["2024-01-29", "2024-02-05"]
    assert dates("29/01/2024", "05/02/2024")[0] == ["2024-01-29", "2024-02-05"]
    found = dates("29/01/2024", "01/29/2024")[1][0][1]
    assert "neither day/month nor month/day" in found


@given(st.text(max_size=12))
def test_any_text_is_a_day_or_is_reported(text: str) -> None:
    read, reports = dates(text.strip())
    assert (read == ["NaT"]) == (len(reports) == 1)
