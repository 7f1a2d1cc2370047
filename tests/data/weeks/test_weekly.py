"""Days to weeks: any first day, years of 53 weeks, ends that are covered in part."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmlib.data.contract.calendar import Coverage
from mmmlib.data.contract.declared_series import WeeklyAggregation
from mmmlib.data.weeks import weekly as weeks_of_days
from mmmlib.data.weeks.weekly import share_of_week
from mmmlib.params.source import Source


def rows(
    dates: list[dt.date], values: list[float | None] | None = None, series: str = "tv"
) -> ibis.Table:
    count = len(dates)
    return ibis.memtable(
        pa.table(
            {
                "date": pa.array(dates, pa.date32()),
                "region": pa.array(["north"] * count),
                "series": pa.array([series] * count),
                "value": pa.array(values or [1.0] * count, pa.float64()),
            }
        )
    )


def days(first: str, count: int) -> list[dt.date]:
    return [day.date() for day in pd.date_range(first, periods=count)]


def to_weekly(table: ibis.Table, start: int = 0, **said: Any) -> pd.DataFrame:
    source = Source(path="media.csv", grain="day")
    return weeks_of_days.to_weekly(table, source, WeeklyAggregation(**said), start)


def test_a_year_of_53_weeks() -> None:
    weekly = to_weekly(rows(days("2020-01-01", 731)))
    whole = weekly[~weekly["partial"]]
    assert (whole["value"] == 7).all()
    assert whole["week"].diff().dropna().eq(pd.Timedelta(days=7)).all()
    # The week of 2020-12-28 is the 53rd of 2020; nothing of it goes to another one.
    assert weekly.set_index("week").loc["2020-12-28", "value"] == 7


@settings(max_examples=100)
@given(
    first=st.dates(dt.date(2019, 1, 1), dt.date(2030, 12, 31)),
    count=st.integers(1, 60),
    start=st.integers(0, 6),
)
def test_every_day_is_in_one_week_and_a_part_is_known(
    first: dt.date, count: int, start: int
) -> None:
    index = pd.DatetimeIndex(days(str(first), count))
    coverage = Coverage(pd.Series(1.0, index=index), start)
    assert (coverage.weeks.day_of_week == start).all()
    by_week = coverage.days.groupby(coverage.weeks).sum()
    assert by_week.sum() == count
    assert coverage.partial() == set(by_week.index[by_week < 7])
    assert (coverage.rows_by_week() == 7).all()


def test_who_sells_on_weekdays_has_whole_weeks() -> None:
    worked = [day for day in days("2024-01-01", 26) if day.weekday() < 5]
    assert worked[-1].weekday() == 4
    assert not to_weekly(rows(worked))["partial"].any()
    assert to_weekly(rows(worked[:-1]))["partial"].tolist() == [False, False, False, True]


def test_missing_cells_are_no_zero() -> None:
    weekly = to_weekly(rows(days("2024-01-01", 14), [None] * 7 + [2.0] * 7))
    assert weekly["week"].dt.date.tolist() == [dt.date(2024, 1, 8)]
    assert weekly["value"].tolist() == [14.0]


def test_rows_of_whole_weeks_only() -> None:
    index = pd.DatetimeIndex([*pd.date_range("2024-01-03", "2024-01-14"), "2024-01-28"])
    counted = Coverage(pd.Series(2.0, index=index), 0).rows_by_week()
    assert counted.to_dict() == {
        pd.Timestamp("2024-01-08"): 14.0,
        pd.Timestamp("2024-01-15"): 0.0,
        pd.Timestamp("2024-01-22"): 2.0,
    }


def test_nothing_at_all() -> None:
    assert Coverage(pd.Series(dtype=float), 0).partial() == set()
    assert Coverage(pd.Series(dtype=float), 0).rows_by_week().empty


@pytest.mark.parametrize("start", range(7))
def test_a_week_is_named_by_its_first_day(start: int) -> None:
    monday = dt.date(2024, 1, 1)
    first = monday + dt.timedelta(days=start)
    weekly = to_weekly(rows([first, first + dt.timedelta(days=6)]), start)
    assert weekly["week"].dt.date.tolist() == [first]


def test_means_are_over_the_rows_that_have_a_value() -> None:
    table = rows([*days("2024-01-01", 7), *days("2024-01-01", 1)], [1.0] * 7 + [None])
    assert to_weekly(table, means=frozenset({"tv"}))["value"].tolist() == [1.0]
    table = rows([*days("2024-01-01", 7), *days("2024-01-01", 1)], [1.0] * 7 + [7.0])
    assert to_weekly(table, means=frozenset({"tv"}))["value"].tolist() == [1.75]
    assert to_weekly(table, means=frozenset({"radio"}))["value"].tolist() == [14.0]


def test_shares_count_each_day_once() -> None:
    dates = [*days("2024-01-01", 7), *days("2024-01-01", 2)]
    table = rows(dates, [1.0, 1.0] + [0.0] * 5 + [1.0] * 2, "promo = 1")
    marks = (("promo", "1"),)
    assert to_weekly(table, events=marks)["value"].tolist() == [pytest.approx(2 / 7)]
    means = frozenset({"promo = 1"})
    both = to_weekly(table, events=marks, means=means)
    assert both["value"].tolist() == [pytest.approx(2 / 7)]


def test_dated_events_are_the_share_of_the_week() -> None:
    weeks = pd.date_range("2024-01-01", periods=4, freq="7D")
    np.testing.assert_allclose(
        share_of_week(weeks, "2024-01-07", "2024-01-17"), [1 / 7, 1, 3 / 7, 0]
    )
    np.testing.assert_allclose(share_of_week(weeks, "2024-01-10", "2024-01-10")[1], 1 / 7)
