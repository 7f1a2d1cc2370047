"""What money buys where a price rises: at the points, between and beyond them, and back again."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.prices import UnitPrice

RISING = UnitPrice((40.0, 80.0, 160.0), (1.0, 1.25, 1.6))
TWO = UnitPrice(RISING.weekly, RISING.price, (0.25, 0.75))
LEVELS = np.array([0.0, 10.0, 40.0, 47.0, 80.0, 131.0, 159.9, 160.0, 161.0, 400.0])


def test_a_price_that_stays_is_the_money_itself() -> None:
    money = np.array([[3.0, 0.1]])
    still = UnitPrice()
    assert still.worth(money) is money
    assert still.money(money) is money
    np.testing.assert_array_equal(still.followed(money).slope, 1.0)
    np.testing.assert_array_equal(still.followed(money).bend, 0.0)


def test_at_its_points_money_buys_what_was_declared() -> None:
    worth = RISING.worth(np.array([[20.0, 40.0, 80.0, 160.0]]))
    np.testing.assert_allclose(worth, [[20.0, 40.0, 64.0, 100.0]])


def test_beyond_the_last_point_more_money_buys_as_at_the_point() -> None:
    # There the price rises by 0.35 over 80: of a price of 1.6, less 160 times that.
    slope = (1.6 - 160 * 0.35 / 80) / 1.6**2
    np.testing.assert_allclose(RISING.worth(np.array([[260.0]])), [[100.0 + 100.0 * slope]])


def test_the_price_never_falls_and_more_money_buys_more() -> None:
    money = np.linspace(1, 400, 2000)[None]
    worth = RISING.worth(money)
    assert (np.diff(worth) > 0).all()
    assert (np.diff(money / worth) > -1e-12).all()
    assert not RISING.too_steep()


def test_a_region_is_a_market_of_its_own() -> None:
    money = np.array([[20.0, 20.0], [60.0, 90.0]])
    worth = TWO.worth(money)
    # Shared out as today both pay the price of 80; at 90 the south pays that of 120, all alone.
    np.testing.assert_allclose(worth[:, 0], [16.0, 48.0])
    assert worth[0, 1] == worth[0, 0]
    np.testing.assert_allclose(worth[1, 1], 0.75 * RISING.worth(np.array([[120.0]]))[0, 0])
    np.testing.assert_allclose(TWO.last_in_regions, [40.0, 120.0])


@pytest.mark.parametrize("price", [RISING, TWO])
def test_derivatives_are_those_of_finite_differences(price: UnitPrice) -> None:
    money = np.array(price.share)[:, None] * (LEVELS[LEVELS != 160.0] + 0.01)
    step = 1e-4
    above, at, below = (price.followed(money + sign * step) for sign in (1, 0, -1))
    np.testing.assert_allclose(at.slope, (above.value - below.value) / (2 * step), rtol=1e-6)
    expected = (above.slope - below.slope) / (2 * step)
    np.testing.assert_allclose(at.bend, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("price", [RISING, TWO])
def test_money_is_found_from_what_it_buys(price: UnitPrice) -> None:
    money = np.array(price.share)[:, None] * LEVELS
    np.testing.assert_allclose(price.money(price.worth(money)), money, rtol=1e-9, atol=1e-9)


def test_at_the_level_of_some_weeks_these_buy_in_all_what_they_bought() -> None:
    weekly = np.array([60.0, 100.0, 0.0])
    here = RISING.relative_to(weekly)
    assert here.worth(weekly[None]).sum() == pytest.approx(160.0)
    np.testing.assert_allclose(np.divide(here.price, here.price[0]), RISING.price)


def test_a_rise_that_is_too_steep_between_two_points_is_found() -> None:
    assert UnitPrice((40.0, 80.0, 160.0), (1.0, 1.1, 2.19)).too_steep() == [2]
