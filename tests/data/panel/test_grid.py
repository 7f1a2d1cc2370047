"""Weeks without a value: filled by rule and marked, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.panel.build import build_panel
from mmmlib.errors import InputError
from tests.data.conftest import (
    REGIONAL,
    Built,
    Refused,
    only,
    regional,
    small_params,
    sources,
    weekly,
)

HOLES = [3, 4]


@pytest.mark.parametrize(("rule", "price"), [("carry", [9.7, 9.7]), ("interpolate", [9.8, 9.9])])
def test_gaps_of_a_level_are_filled_and_marked(
    write: Callable[..., Path], rule: str, price: list[float]
) -> None:
    write(weekly().drop(columns="price"))
    rest = weekly()[["date", "price"]].drop(index=HOLES)
    folder = write(rest, "rest.csv")
    data = {
        "gaps": rule,
        "sources": {"media": {"path": "media.csv"}, "rest": {"path": "rest.csv"}},
    }
    frame = build_panel(small_params(data=data), folder).frame
    np.testing.assert_allclose(frame.loc[HOLES, "control:price"], price)
    assert set(frame.loc[HOLES, "imputed"]) == {"control:price"}
    assert set(frame.drop(index=HOLES)["imputed"]) == {""}


def test_zero_fills_spend_but_neither_outcome_nor_control(
    write: Callable[..., Path], refused: Callable[..., InputError]
) -> None:
    frame = weekly().astype(object)
    frame.loc[HOLES, "tv_spend"] = ""
    folder = write(frame)
    filled = build_panel(small_params(data=sources(gaps="zero")), folder).frame
    assert set(filled.loc[HOLES, "spend:tv"]) == {0.0}
    assert set(filled.loc[HOLES, "imputed"]) == {"spend:tv"}
    for column in ("revenue", "price"):
        frame = weekly().astype(object)
        frame.loc[3, column] = ""
        problem = refused(frame, data=sources(gaps="zero")).problems[0]
        assert (problem.place, problem.found) == (f"row 5, column {column}", "an empty cell")


@pytest.mark.parametrize("rule", ["carry", "interpolate"])
@pytest.mark.parametrize("column", ["tv_spend", "clicks", "visits"])
def test_what_adds_up_is_never_carried(refused: Refused, rule: str, column: str) -> None:
    """A week of spend that is told again is spent twice: 1.04 M became 4.4 M."""
    frame = weekly().assign(clicks=5.0, visits=7.0).astype(object)
    frame.loc[HOLES, column] = ""
    error = refused(
        frame,
        data=sources(gaps=rule),
        channels={
            "search": {"spend": "search_spend", "exposure": "clicks"},
            "tv": {"spend": "tv_spend"},
        },
        controls={"visits": {"column": "visits", "week": "sum"}},
    )
    place, found, _, action = only(error)
    assert (place, found) == (f"row 5, column {column}", "an empty cell, and 1 week after it too")
    assert f"never filled by {rule}" in action
    assert "gaps: zero" in action


def test_a_sum_of_happenings_may_be_zero_and_a_level_may_not(
    built: Built, refused: Refused
) -> None:
    frame = weekly().assign(visits=7.0).astype(object)
    frame.loc[3, "visits"] = ""
    controls = {"visits": {"column": "visits", "week": "sum"}}
    panel = built(frame, data=sources(gaps="zero"), controls=controls)
    assert panel.frame.loc[3, "control:visits"] == 0.0
    controls = {"visits": {"column": "visits", "week": "mean"}}
    action = only(refused(frame, data=sources(gaps="zero"), controls=controls))[3]
    assert "gaps: carry" in action
    assert "zero" not in action


def test_an_outcome_that_is_not_counted_yet_ends_the_panel(built: Built, refused: Refused) -> None:
    frame = weekly().astype(object)
    frame.loc[8:, "revenue"] = ""
    place, found, _, action = only(refused(frame))
    assert (place, found) == ("row 10, column revenue", "an empty cell, and 3 weeks after it too")
    assert "outcomes.revenue.ends: 2024-02-25" in action
    assert "gaps" not in action
    ends = {"revenue": {"kind": "revenue", "column": "revenue", "ends": "2024-02-25"}}
    panel = built(frame, outcomes=ends)
    assert str(panel.weeks[-1].date()) == "2024-02-19"
    # Wednesday: its week is not whole
    ends["revenue"]["ends"] = "2024-02-21"
    assert str(built(frame, outcomes=ends).weeks[-1].date()) == "2024-02-12"


def test_a_channel_that_was_measured_late_begins_the_panel(built: Built, refused: Refused) -> None:
    tv = {"spend": "tv_spend", "starts": "2024-01-10"}
    panel = built(weekly(), channels={"tv": tv})
    assert str(panel.weeks[0].date()) == "2024-01-15"
    error = refused(weekly(), channels={"tv": tv | {"starts": "2025-01-10"}})
    assert "no week from 2025-01-10" in error.problems[0].found
    with pytest.raises(ValueError, match="'starts' not after 'ends'"):
        built(weekly(), channels={"tv": tv | {"ends": "2024-01-09"}})


def test_nothing_is_carried_before_the_first_value(refused: Callable[..., InputError]) -> None:
    frame = weekly().astype(object)
    frame.loc[0, "price"] = ""
    problem = refused(frame, data=sources(gaps="carry")).problems[0]
    assert problem.action == "There is no earlier value to carry."


def test_words_for_missing(built: Built) -> None:
    frame = weekly().astype(object)
    frame.loc[3, "tv_spend"] = "n/a"
    panel = built(frame, data=sources(gaps="zero", missing=["n/a"]))
    assert panel.frame.loc[3, "imputed"] == "spend:tv"


def test_gaps_are_told_as_spans(refused: Refused) -> None:
    error = refused(weekly().drop(index=[2, 3, 6]))
    texts = [(problem.place, problem.found) for problem in error.problems]
    assert texts == [
        ("column date", "no row for the weeks of 2024-01-15 to 2024-01-22"),
        ("column date", "no row for the week of 2024-02-12"),
    ]
    assert "'gaps'" in error.problems[0].action


def test_duplicate_week(refused: Refused) -> None:
    frame = pd.concat([weekly(), weekly().iloc[[4]]])
    place, found, expected, action = only(refused(frame))
    assert place == "row 14, column date"
    assert found == "the week of 2024-01-29 again (first in row 6)"
    assert expected == "every week once"
    assert action == "Remove one of the two rows."


def test_two_days_of_one_week(refused: Refused) -> None:
    extra = weekly().iloc[[4]].assign(date="2024-01-31")
    error = refused(pd.concat([weekly(), extra]))
    assert only(error)[1] == "the week of 2024-01-29 again (first in row 6)"


def test_duplicate_week_in_a_region(refused: Refused) -> None:
    frame = pd.concat([regional("north", "south"), regional("south").iloc[[0]]])
    options = {"data": sources(region="region"), "model": {"geography": "regional"}}
    place, found, *_ = only(refused(frame, **options))
    assert place == "row 26, column date"
    assert found == "the week of 2024-01-01, region 'south' again (first in row 14)"


def test_daily_rows_are_one_problem(refused: Refused) -> None:
    daily = weekly(84).assign(date=pd.date_range("2024-01-01", periods=84).strftime("%Y-%m-%d"))
    place, found, expected, action = only(refused(daily))
    assert place == "column date"
    assert found == "84 rows for 12 weeks and regions"
    assert expected == "one row for every week and region"
    assert "Sum daily rows" in action


def test_sources_that_do_not_overlap(write: Callable[..., Path]) -> None:
    write(weekly()[["date", "revenue", "price"]])
    folder = write(weekly(first="2025-01-06")[["date", "search_spend", "tv_spend"]], "ads.csv")
    both = {"sources": {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv"}}}
    with pytest.raises(InputError) as caught:
        build_panel(small_params(data=both), folder)
    assert "no week that all sources cover" in caught.value.problems[0].found


def test_region_without_an_outcome(refused: Refused) -> None:
    frame = regional("north", "south")
    frame.loc[frame["region"] == "south", "revenue"] = None
    place, found, expected, _ = only(refused(frame, **REGIONAL))
    assert place == "column region, region 'south'"
    assert found == "no outcome for this region"
    assert expected == "an outcome for every region that has rows"
    frame.loc[frame["region"] == "south", "revenue"] = 0
    assert only(refused(frame, **REGIONAL))[1] == (
        "no outcome in region 'south': zero in every week"
    )
