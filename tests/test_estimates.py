import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mmmlib.estimates import Estimate, format_number, format_range


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


def test_intervals_hold_their_mass():
    draws = np.arange(100_001) / 100_000
    estimate = Estimate.from_draws(draws, "share")
    ends = (
        estimate.low,
        estimate.inner_low,
        estimate.median,
        estimate.inner_high,
        estimate.high,
    )
    assert ends == pytest.approx((0.05, 0.25, 0.5, 0.75, 0.95))
    assert estimate.draws == 100_001


@pytest.mark.parametrize("bad", [[1.0, np.nan], [1.0, np.inf], [1.0], []])
def test_draws_that_cannot_be_summarised_are_refused(bad):
    with pytest.raises(ValueError, match=r"draws"):
        Estimate.from_draws(bad)


def test_ends_out_of_order_are_refused():
    with pytest.raises(ValidationError, match="in order"):
        Estimate(median=1, low=2, high=3, inner_low=1, inner_high=2, draws=10)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1_234_567, "USD", "USD 1.23 M"),
        (999_960, "USD", "USD 1 M"),
        (1.44, "USD/USD", "1.44"),
        (0.184, "share", "18.4 %"),
        (-0.05, "share", "-5 %"),
        (12_340, "signups", "12.3 k signups"),
        (0.0123, "signups/USD", "12.3 signups per USD 1,000"),
        (0, "USD", "USD 0"),
        (3.1, "weeks", "3.1 weeks"),
        (-1_500, "USD", "USD -1.5 k"),
        (1_234, "MQLs", "1.23 k MQLs"),
        (2.34e-8, "opportunities/IDR", "0.0000234 opportunities per IDR 1,000"),
        (1e-13, "USD", "USD 0"),
    ],
)
def test_numbers_read_as_people_write_them(value, unit, text):
    assert plain(format_number(value, unit)) == text


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (1.4, 2.1, "USD/USD", "1.4 to 2.1"),
        (0.18, 0.24, "share", "18 to 24 %"),
        (-200_000, 1_900_000, "USD", "USD -0.2 to 1.9 M"),
        (2e-8, 4e-8, "opportunities/IDR", "0.00002 to 0.00004 opportunities per IDR 1,000"),
        (3e-5, 3.4e-5, "USD/USD", "0.000030 to 0.000034"),
        (-1e-5, 0.4, "USD/USD", "0.0 to 0.4"),
        (0.4, 2.25, "USD/USD", "0.40 to 2.25"),
        (-109, 0.06, "", "-109 to 0.06"),
    ],
)
def test_ranges_share_one_scale(low, high, unit, text):
    assert plain(format_range(low, high, unit)) == text


def test_text_names_the_probability():
    estimate = Estimate.from_draws(np.linspace(1, 3, 1001), "USD/USD")
    assert plain(str(estimate)) == "1.1 to 2.9 (90 %)"
    assert plain(estimate.text(mass=False)) == "1.1 to 2.9"


def test_exclusion():
    one = Estimate.from_draws(np.linspace(0, 1, 101))
    assert one.excludes(1.5)
    assert not one.excludes(0.5)


@given(st.floats(min_value=-1e12, max_value=1e12, allow_subnormal=False))
def test_three_significant_digits_at_most(value):
    body = plain(format_number(value)).rstrip("kMB ")
    digits = body.replace("-", "").replace(",", "").replace(".", "").lstrip("0")
    if abs(value) < 1e12 * 0.9995 and abs(value) >= 0.01:
        assert len(digits.rstrip("0")) <= 3


def test_of_whole_numbers_the_ends_are_whole() -> None:
    places = np.array([1] * 40 + [2] * 55 + [7] * 5)
    place = Estimate.from_draws(places)
    assert (place.low, place.median, place.high) == (1, 2, 2)
    place = Estimate.from_draws(np.append(places, [8]))
    assert (place.low, place.high) == (1, 7)
    assert Estimate.from_draws(places / 1.0).high != int(Estimate.from_draws(places / 1.0).high)
