"""A test's two paths of spend: the one that was, and the one that would have been."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.panel.lift_grid import Lift, at_factors, lay_out, nationwide
from mmmlib.params.lift import LiftTest

WEEKS = pd.date_range("2024-01-01", periods=6, freq="7D")
SPEND = np.array([[70.0, 140, 70, 0, 70, 70], [7.0, 0, 7, 7, 7, 7]])
REGIONS = ("north", "south")


def laid(spend: np.ndarray = SPEND, **options: Any) -> Lift:
    content = {
        "channel": "tv",
        "outcome": "revenue",
        "start": "2024-01-08",
        "end": "2024-01-21",
        "incremental_outcome": 10.0,
        "standard_error": 2.0,
    }
    told: list[str] = []
    test = LiftTest.model_validate(content | options)
    lift = lay_out("a", test, spend, REGIONS, WEEKS, lambda *words: told.append(" ".join(words)))
    assert lift is not None, told
    return lift


def moved(lift: Lift) -> np.ndarray:
    return np.array(lift.tested) - np.array(lift.without)


def test_a_share_changes_every_day_by_it() -> None:
    lift = laid(regions=("north",), spend_change_share=-0.5, end="2024-01-17")
    np.testing.assert_allclose(lift.without, [[140, 70]])
    np.testing.assert_allclose(moved(lift), [[-70, -35 * 3 / 7]])
    assert lift.spend_change == pytest.approx(-85)


def test_money_follows_the_spend_that_is_there() -> None:
    lift = laid(spend_change=21.7)
    np.testing.assert_allclose(moved(lift), [[14, 7], [0, 0.7]])
    # Where there is none, it goes evenly over the days, and by the regions' usual shares.
    quiet = np.array([[70.0, 0, 0, 0, 70, 70], [7.0, 0, 0, 7, 7, 7]])
    lift = laid(quiet, spend_change=100.0, end="2024-01-14")
    np.testing.assert_allclose(moved(lift)[:, 0], [100 * 210 / 238, 100 * 28 / 238])


def test_a_change_that_the_data_has_already_is_taken_out() -> None:
    more = laid(regions=("north",), spend_change=105.0, already_in_spend=True)
    np.testing.assert_allclose(more.tested, [[140, 70]])
    np.testing.assert_allclose(more.without, [[70, 35]])
    half = laid(regions=("north",), spend_change_share=1.0, already_in_spend=True)
    np.testing.assert_allclose(half.without, more.without)
    # A pause: what would have been spent is spread over the days.
    off = laid(
        regions=("north",), spend_change=-60.0, already_in_spend=True,
        start="2024-01-22", end="2024-01-28",
    )  # fmt: skip
    np.testing.assert_allclose((off.without, off.tested), [[[60]], [[0]]])
    assert off.spend_change == -60


def test_an_effect_is_counted_from_the_first_day_to_the_last_one_counted() -> None:
    lift = laid(start="2024-01-10", end="2024-01-17", measured_until="2024-01-25",
                spend_change_share=0.5)  # fmt: skip
    # The first week whole (nothing happens before the test), of the last one four days.
    np.testing.assert_allclose(lift.counted, [1, 1, 4 / 7])
    np.testing.assert_allclose(moved(lift)[0], [140 * 0.5 * 5 / 7, 70 * 0.5 * 3 / 7, 0])
    inside = laid(start="2024-01-10", end="2024-01-12", spend_change_share=0.5)
    np.testing.assert_allclose(inside.counted, [3 / 5])


def test_a_test_of_a_region_becomes_a_part_of_one_of_the_country() -> None:
    lift = laid(regions=("north",), spend_change_share=-1.0)
    country = nationwide(lift, SPEND[:, 1:3], REGIONS, "national")
    assert country.part == pytest.approx(210 / 217)
    np.testing.assert_allclose(country.without, [[140, 77]])
    np.testing.assert_allclose(country.tested, [[0, 0]])
    # A region that had no spend: what was tried there stands for the whole.
    quiet = np.array([[70.0, 0, 0, 0, 70, 70], SPEND[1]])
    fresh = laid(quiet, regions=("north",), spend_change=42.0)
    country = nationwide(fresh, quiet[:, 1:3], REGIONS, "national")
    np.testing.assert_allclose(country.without, [[0, 0]])
    assert np.sum(country.tested) * country.part == pytest.approx(42)
    # Everywhere: nothing is a part of anything, and the error stays what it was.
    whole = nationwide(laid(spend_change=21.7), SPEND[:, 1:3], REGIONS, "national")
    assert (whole.part, whole.error) == (1, 2)


def test_prices_of_another_day() -> None:
    lift = at_factors(laid(spend_change=21.7), np.array([2.0, 4.0]), money=True)
    np.testing.assert_allclose(lift.without, [[280, 280], [0, 28]])
    assert (lift.incremental_outcome, lift.standard_error, lift.error) == (30, 6, 6)
    counts = at_factors(laid(spend_change=21.7), np.array([2.0, 4.0]), money=False)
    assert (counts.incremental_outcome, counts.spend_change) == (10, pytest.approx(58.8))
