"""What no panel can be made of is refused, with the place and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmmlib.data.panel.build import build_panel
from mmmlib.errors import InputError
from tests.data.conftest import (
    Refused,
    only,
    regional,
    small_params,
    sources,
    weekly,
)


def test_people_of_the_whole_country_are_not_those_of_a_region(write: Callable[..., Path]) -> None:
    write(regional("north", "south"))
    folder = write(weekly()[["date"]].assign(people=1000), "people.csv")
    told = {
        "media": {"path": "media.csv", "region": "region"},
        "people": {"path": "people.csv"},
    }
    data = {"population": "people.people", "sources": told}
    with pytest.raises(InputError) as caught:
        build_panel(small_params(data=data, model={"geography": "regional"}), folder)
    (problem,) = caught.value.problems
    assert problem.place == "column people (data.population)"
    assert problem.found == "a source without regions"
    assert build_panel(small_params(data=data), folder).frame["population"].iloc[0] == 1000.0


@pytest.mark.parametrize("geography", ["national", "regional"])
def test_a_region_without_people_is_refused(
    refused: Callable[..., InputError], geography: str
) -> None:
    frame = regional("north", "south")
    frame["people"] = np.where(frame["region"] == "south", 0, 100)
    data = {**sources(region="region"), "population": "people"}
    (problem,) = refused(frame, data=data, model={"geography": geography}).problems
    assert problem.place == "column people (data.population), region 'south'"
    assert problem.found == "no people in 12 weeks, the first of 2024-01-01"


def test_holidays_of_a_region_that_no_source_has(refused: Refused) -> None:
    holidays = {
        "country": "DE",
        "regions": {"sooth": {"country": "AT"}, "north": {"country": "CH"}},
    }
    error = refused(
        regional("north", "south"),
        data=sources(region="region"),
        model={"geography": "regional", "holidays": holidays},
    )
    assert [str(problem) for problem in error.problems] == [
        (
            "model.holidays.regions.sooth: found no such region in the sources; expected one of north, "
            "south. Did you mean 'south'?"
        )
    ]


def test_channel_without_any_spend(refused: Refused) -> None:
    place, found, expected, action = only(refused(weekly().assign(tv_spend=0)))
    assert place == "column tv_spend (channels.tv.spend)"
    assert found == "zero in every week from 2024-01-01 to 2024-03-18"
    assert expected == "spend in some weeks"
    assert "Remove channels.tv" in action


def test_outcome_without_any_value(refused: Refused) -> None:
    assert "no outcome" in only(refused(weekly().assign(revenue=0)))[1]
    place, found, *_ = only(refused(weekly().assign(revenue="")))
    assert (place, found) == ("column revenue", "no value at all")


def test_national_source_for_a_regional_model(refused: Refused) -> None:
    error = refused(weekly(), model={"geography": "regional"})
    first = error.problems[0]
    assert first.found == "a source without regions"
    assert "model.geography is regional" in first.expected
    assert "data.sources.media.region" in first.action
