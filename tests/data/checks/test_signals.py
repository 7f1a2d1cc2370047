"""What stands out in a series: known answers and false alarms."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.data.checks.signals import (
    SIDE,
    YEAR,
    level_shift,
    outliers,
    residual_noise,
    trend_and_season,
)


def noise(weeks: int, carry: float, seed: int) -> np.ndarray:
    """First-order autoregression with standard deviation 1."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=weeks + 50) * np.sqrt(1 - carry**2)
    values = np.zeros(weeks + 50)
    values[0] = rng.normal()
    for week in range(1, weeks + 50):
        values[week] = carry * values[week - 1] + steps[week]
    return values[50:]


def season(weeks: int) -> np.ndarray:
    return 10 * np.sin(2 * np.pi * np.arange(weeks) / YEAR)


def test_outliers_find_the_planted_week_and_no_other() -> None:
    values = 100 + season(156) + noise(156, 0.3, 1)
    values[70] += 15
    distance = outliers(values)
    assert np.flatnonzero(distance > 6).tolist() == [70]


@pytest.mark.parametrize("series", [np.zeros(60), np.full(60, 5.0), np.arange(60.0)])
def test_outliers_of_a_still_or_straight_series_are_none(series: np.ndarray) -> None:
    assert outliers(series).max() < 6


@pytest.mark.parametrize("weeks", [1, 2, 4, 19])
def test_short_series_have_no_outliers(weeks: int) -> None:
    assert outliers(np.arange(float(weeks)) ** 4).tolist() == [0.0] * weeks


def test_a_channel_with_bursts_has_no_outlier() -> None:
    burst = np.where(np.arange(156) % 13 == 0, 300_000.0, 1_000.0)
    assert outliers(burst, positive=True).max() < 6


def test_a_step_is_no_outlier_but_a_slip_beside_it_is() -> None:
    price = np.where(np.arange(104) < 60, 100.0, 112.0)
    assert outliers(price).max() < 6
    price[63] = 11.2
    assert np.flatnonzero(outliers(price) > 6).tolist() == [63]


@pytest.mark.parametrize("carry", [0.0, 0.6])
def test_false_alarms_are_rare(carry: float) -> None:
    alarms = [
        outliers(100 + season(156) + noise(156, carry, seed)).max() > 6 for seed in range(300)
    ]
    assert np.mean(alarms) < 0.02


def test_spend_outliers_are_errors_of_size_not_bursts() -> None:
    rng = np.random.default_rng(2)
    spend = np.where(rng.random(104) < 0.3, rng.lognormal(9, 0.8, 104), 0.0)
    assert outliers(spend, positive=True).max() < 6
    week = int(np.flatnonzero(spend > 0)[5])
    spend[week] = np.exp(9) * 1000  # cents instead of whole money, and more
    assert np.flatnonzero(outliers(spend, positive=True) > 6).tolist() == [week]


def test_level_shift_finds_size_and_week() -> None:
    values = 100 + season(156) + 3 * noise(156, 0.2, 3)
    values[90:] += 40
    found = level_shift(values)
    assert found is not None
    shift, week, clear = found
    assert clear
    assert shift == pytest.approx(0.40, abs=0.05)
    assert abs(week - 90) <= 1


def test_level_shift_is_seldom_clear_in_noise_that_wanders() -> None:
    alarms = 0
    for seed in range(200):
        found = level_shift(100 + season(130) + 5 * noise(130, 0.6, seed))
        assert found is not None
        alarms += found[2]
    assert alarms <= 6  # 3 %


def test_level_shift_needs_two_years() -> None:
    assert level_shift(np.arange(80.0)) is None
    assert level_shift(np.full(130, np.nan)) is None
    assert 2 * SIDE < 80


def test_residual_noise_recovers_size_and_carry() -> None:
    answers = [
        residual_noise(
            50 + season(156) + 0.1 * np.arange(156) + 2 * noise(156, 0.5, seed),
            trend_and_season(156),
        )
        for seed in range(200)
    ]
    sd, carry = np.mean(answers, axis=0)
    assert sd == pytest.approx(2, rel=0.05)
    assert carry == pytest.approx(0.5, abs=0.06)


def test_residual_noise_of_nothing_left() -> None:
    assert residual_noise(np.arange(60.0), trend_and_season(60))[0] == pytest.approx(0, abs=1e-9)
    assert trend_and_season(40).shape == (40, 2)
