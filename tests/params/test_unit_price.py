"""Prices that are declared to rise: what is refused, with its place."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.fakes import fake_params

RISES: list[dict[str, Any]] = [{"weekly": 100, "price": 8}, {"weekly": 200, "price": 9.5}]


def refused(points: list[dict[str, Any]], **channel: str) -> str:
    told: dict[str, Any] = {
        **(channel or {"spend": "s", "exposure": "views"}),
        "unit_price": points,
    }
    with pytest.raises(ValidationError) as caught:
        fake_params(channels={"search": told}, key_questions=[])
    return str(caught.value)


def test_a_price_that_rises_is_taken() -> None:
    channel = {"spend": "s", "exposure": "views", "unit_price": RISES}
    params = fake_params(channels={"search": channel}, key_questions=[])
    assert list(params.channels["search"].price.weekly) == [100, 200]
    assert not fake_params().channels["search"].price.rises


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (RISES[:1], "one point"),
        (RISES[::-1], "points by rising 'weekly' spend"),
        ([RISES[0], {"weekly": 200, "price": 7}], "does not fall as more is spent"),
        ([RISES[0], {"weekly": 200, "price": 16}], "a price below 16"),
        ([RISES[0], {"weekly": 200, "price": 15.5}], "from 100 to 200 a week more money buys less"),
        ([{"weekly": 0, "price": 8}, RISES[1]], "greater than 0"),
        ([RISES[0], {"weekly": 200, "price": float("nan")}], "nan"),
        ([RISES[0], {"weekly": float("inf"), "price": 9}], "inf"),
    ],
)
def test_what_is_no_rising_price_is_refused(points: list[dict[str, Any]], said: str) -> None:
    assert said in refused(points)


def test_only_a_channel_whose_money_buys_exposure_has_a_price() -> None:
    assert "no 'exposure'" in refused(RISES, spend="s")
    assert "no 'spend'" in refused(RISES, exposure="views")
