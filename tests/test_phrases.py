"""Numbers as people read them."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from mmmlib.estimates import Estimate, return_words, scaled
from mmmlib.phrases import (
    count_text,
    date_text,
    listed,
    month_text,
)
from mmmlib.scenarios.labels import likely, probability_text

NBSP = "\N{NO-BREAK SPACE}"


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def estimate(low: float, high: float, unit: str) -> Estimate:
    return Estimate.from_draws(np.linspace(low, high, 101), unit)


def test_money_for_money_is_told_per_one() -> None:
    told = return_words("USD/USD", "USD")
    assert told.break_even == 1.0
    assert plain(told.head) == "USD per USD 1"
    sentence = told.sentence(estimate(1.0, 2.0, "USD/USD"))
    assert plain(sentence) == "USD 1.05 to 1.95 per USD 1 (90 %)"


def test_things_for_money_are_told_per_thousand() -> None:
    told = return_words("signups/USD", "USD")
    assert told.break_even is None
    sentence = told.sentence(estimate(0.01, 0.02, "signups/USD"))
    assert plain(sentence) == "10.5 to 19.5 signups per USD 1,000 (90 %)"


def test_a_range_that_is_not_zero_is_not_told_as_zeros() -> None:
    told = return_words("deals/IDR", "IDR")
    sentence = told.sentence(estimate(2e-8, 4e-8, "deals/IDR"))
    assert plain(sentence) == "0.000021 to 0.000039 deals per IDR 1,000 (90 %)"


def test_other_money_has_no_break_even() -> None:
    assert return_words("EUR/USD", "USD").break_even is None


def test_scaling_keeps_the_order() -> None:
    before = estimate(-1.0, 3.0, "USD")
    after = scaled(before, 1000, "k")
    assert (after.low, after.median, after.high) == pytest.approx(
        tuple(1000 * value for value in (before.low, before.median, before.high))
    )
    assert (after.mass, after.draws, after.unit) == (before.mass, before.draws, "k")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.87, "87 %"), (0.999, "over 99 %"), (0.001, "under 1 %"), (0.0, "under 1 %"), (1.0, "over 99 %"), (math.nan, "unknown")],
)  # fmt: skip
def test_chances(value: float, text: str) -> None:
    assert plain(probability_text(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "very likely"), (0.8, "likely"), (0.5, "as likely as not"), (0.1, "unlikely"), (0.0, "very unlikely"), (math.nan, "very unlikely")],
)  # fmt: skip
def test_likelihood_in_words(value: float, text: str) -> None:
    assert likely(value) == text


def test_small_words() -> None:
    assert plain(count_text(1, "series", "series")) == "1 series"
    assert plain(count_text(1200, "week")) == "1,200 weeks"
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    day = dt.date(2026, 4, 6)
    assert (plain(date_text(day)), plain(month_text(day))) == ("6 Apr 2026", "Apr 2026")
