"""What days become as weeks: sums, means of levels, and shares of events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmmlib.data.panel.build import build_panel
from mmmlib.errors import InputError
from tests.data.conftest import Built, small_params, sources, weekly, weekly_by_day

DAYS = sources(grain="day")


def test_days_add_up_and_a_price_is_the_mean_of_its_days(built: Built) -> None:
    days = weekly_by_day()
    days.loc[[8, 9], "price"] = np.nan  # no price on two days is no lower price
    panel, by_week = built(days, data=DAYS), built(weekly())
    for name in ("outcome:revenue.pooled", "spend:search", "spend:tv", "control:price"):
        np.testing.assert_allclose(panel.frame[name], by_week.frame[name], rtol=1e-9)


def test_what_is_counted_may_be_added_up(built: Built) -> None:
    controls = {"price": {"column": "price", "week": "sum"}}
    panel = built(weekly_by_day(), data=DAYS, controls=controls)
    np.testing.assert_allclose(panel.frame["control:price"], 7 * weekly()["price"])


def test_a_count_of_days_becomes_money_at_the_price_of_a_day(built: Built) -> None:
    orders = {"kind": "count", "unit": "orders", "column": "revenue", "value_per_unit": "price"}
    panel = built(weekly_by_day(), data=DAYS, outcomes={"orders": orders}, controls={})
    expected = weekly()["revenue"] * weekly()["price"]
    np.testing.assert_allclose(panel.frame["outcome:orders.pooled"], expected)


def test_events_by_a_column_of_days_are_the_share_of_the_week(built: Built) -> None:
    days = weekly_by_day().assign(note="na", open=1)
    days.loc[14:16, "note"] = "Sale"
    days.loc[20, "note"] = "Fair"
    days.loc[35:41, "open"] = 0
    events = {
        "sale": {"column": "note", "equals": "Sale"},
        "fair": {"column": "media.note", "equals": "Fair"},
        "shut": {"column": "open", "equals": "0"},
    }
    frame = built(days, data=DAYS, events=events).frame
    np.testing.assert_allclose(frame["event:sale"], 3 / 7 * (frame.index == 2), atol=1e-9)
    np.testing.assert_allclose(frame["event:fair"], 1 / 7 * (frame.index == 2), atol=1e-9)
    np.testing.assert_allclose(frame["event:shut"], frame.index == 5)


def test_a_calendar_of_events_may_be_a_source_of_its_own(write: Callable[..., Path]) -> None:
    days = weekly_by_day()[["date"]].assign(promotion="")
    days.loc[7:13, "promotion"] = "spring"
    days.to_csv(write(weekly()) / "calendar.csv", index=False)
    declared = {
        "media": {"path": "media.csv"},
        "calendar": {"path": "calendar.csv", "grain": "day"},
    }
    params = small_params(
        data={"sources": declared}, events={"spring": {"column": "promotion", "equals": "spring"}}
    )
    panel = build_panel(params, write(weekly()))
    np.testing.assert_allclose(panel.frame["event:spring"], panel.frame.index == 1)


def test_events_in_a_long_source_of_days(built: Built, refused: Callable[..., InputError]) -> None:
    days = weekly_by_day().assign(promotion=0.0)
    days.loc[7:9, "promotion"] = 1.0
    long = days.melt("date", var_name="what", value_name="worth")
    data = sources(grain="day", layout="long", name="what", value="worth")
    frame = built(long, data=data, events={"spring": {"column": "promotion"}}).frame
    np.testing.assert_allclose(frame["event:spring"], 3 / 7 * (frame.index == 1), atol=1e-9)
    error = refused(long, data=data, events={"spring": {"column": "promotion", "equals": "spring"}})
    assert "events.spring.equals is 'spring'" in str(error)
    assert "expected a number" in str(error)
