"""Sources of months: what adds up is spread over days, a level is held, and what that hides is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.data.weeks.weekly import days_of_weeks
from mmmlib.errors import InputError
from mmmlib.findings import Level, Status
from tests.data.conftest import Refused, only, small_params, sources, weekly

Write = Callable[..., Path]


def monthly(months: int = 6, day: int = 1) -> pd.DataFrame:
    """Rows of a file of months."""
    first = pd.date_range("2024-01-01", periods=months, freq="MS")
    dates = first + pd.offsets.MonthEnd(0) if day == 31 else first + pd.Timedelta(days=day - 1)
    count = np.arange(months)
    return pd.DataFrame(
        {
            "date": dates.strftime("%Y-%m-%d"),
            "revenue": 31000.0 + count,
            "search_spend": 3100.0 * (1 + count),
            "tv_spend": 310.0,
            "price": 9.0 + count,
        }
    )


@pytest.mark.parametrize("day", [1, 15, 31])
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_what_adds_up_is_spread_and_a_level_is_held(write: Write, day: int, layout: str) -> None:
    rows, said = monthly(day=day), {}
    if layout == "long":
        rows = rows.melt("date", var_name="what", value_name="worth")
        said = {"layout": "long", "name": "what", "value": "worth"}
    panel = build_panel(small_params(data=sources(grain="month", **said)), write(rows))
    days = pd.date_range("2024-01-01", "2024-06-30")
    month = days.month - 1
    spend = pd.Series(3100.0 * (1 + month) / days.days_in_month, index=days)
    weeks = spend.resample("W-MON", label="left", closed="left").agg(["sum", "count"])
    whole = weeks[weeks["count"] == 7]
    assert panel.weeks.tolist() == whole.index.tolist()
    np.testing.assert_allclose(panel.frame["spend:search"], whole["sum"])
    price = pd.Series(9.0 + month, index=days).resample("W-MON", label="left", closed="left").mean()
    np.testing.assert_allclose(panel.frame["control:price"], price[whole.index])


def test_months_beside_weeks_and_what_they_hide(write: Write) -> None:
    weeks = weekly(26)
    write(weeks[["date", "revenue", "tv_spend", "price"]])
    folder = write(monthly()[["date", "search_spend"]], "ads.csv")
    both: dict[str, Any] = {
        "sources": {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv", "grain": "month"}}
    }
    params = small_params(data=both)
    built = read_and_build(params, folder)
    assert built.panel.frame["spend:search"].sum() > 0
    found = [one for one in check_panel(params, built) if one.check == "data.months"]
    (finding,) = [one for one in found if one.status is Status.FLAG]
    assert {one.subject for one in found} == {"ads", "media"}
    assert (finding.subject, finding.level, finding.status) == ("ads", Level.WARN, Status.FLAG)
    assert "carryover" in finding.meaning


def test_undeclared_months_are_one_line(refused: Refused) -> None:
    place, found, expected, action = only(refused(monthly()))
    assert (place, found) == ("column date", "6 months, 2024-01-01 to 2024-06-01")
    assert expected == "a row every week"
    assert "'grain: month'" in action


def test_a_month_twice_or_below_zero_is_named_by_row(refused: Refused) -> None:
    twice = pd.concat([monthly(), monthly().tail(1)])
    place, found, *_ = only(refused(twice, data=sources(grain="month")))
    assert place == "row 8, column date"
    assert found == "the month of 2024-06-01 again (first in row 7)"
    below = monthly().assign(tv_spend=[310, -1, 310, 310, 310, 310])
    place, found, expected, _ = only(refused(below, data=sources(grain="month")))
    assert (place, found, expected) == ("row 3, column tv_spend", "'-1'", "zero or more")


def test_a_month_without_a_value_is_a_gap(write: Write) -> None:
    rows = monthly().astype(str)
    rows.loc[2, "search_spend"] = ""
    folder = write(rows)
    with pytest.raises(InputError, match="a day or more without a value"):
        build_panel(small_params(data=sources(grain="month")), folder)
    panel = build_panel(small_params(data=sources(grain="month", gaps="zero")), folder)
    assert panel.frame["spend:search"].sum() < 3100 * 21


def test_four_weeks_are_no_month(write: Write) -> None:
    rows = weekly(24).iloc[::4]
    with pytest.raises(InputError, match="no row for the weeks of"):
        build_panel(small_params(), write(rows))


def year_weeks() -> pd.DataFrame:
    """Weeks of seven days that begin anew on 1 January, of 70 a day in search and a price of 5."""
    firsts = [
        *pd.date_range("2024-10-01", "2024-12-31", freq="7D"),
        *pd.date_range("2025-01-01", periods=9, freq="7D"),
    ]
    frame = weekly(len(firsts))
    days = days_of_weeks(pd.DatetimeIndex(firsts))
    frame["date"] = [f"{day:%Y-%m-%d}" for day in firsts]
    return frame.assign(search_spend=70.0 * days, price=5.0)


def test_weeks_that_begin_anew_are_two_parts_and_no_duplicate(write: Callable[..., Path]) -> None:
    folder = write(year_weeks())
    with pytest.raises(InputError, match="grain: year_week"):
        build_panel(small_params(), folder)
    panel = build_panel(small_params(data=sources(grain="year_week")), folder)
    frame = panel.frame
    assert set(pd.DatetimeIndex(panel.weeks).day_of_week) == {0}
    assert np.allclose(frame["spend:search"], 490.0)
    assert np.allclose(frame["control:price"], 5.0)
    assert pd.Timestamp("2024-12-30") in panel.weeks


def test_a_week_that_is_there_twice_is_refused_in_any_calendar(write: Callable[..., Path]) -> None:
    rows = year_weeks()
    folder = write(pd.concat([rows, rows.tail(1)]))
    with pytest.raises(InputError, match="the week of 2025-02-26 again"):
        build_panel(small_params(data=sources(grain="year_week")), folder)
