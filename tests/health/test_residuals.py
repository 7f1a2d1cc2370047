from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Status
from mmmlib.health.residuals import check_autocorrelation, lag_one
from mmmlib.params.schema import HealthParams
from tests.fakes import fake_effects

LIMITS = HealthParams()


def with_errors(errors: np.ndarray) -> xr.Dataset:
    weeks = len(errors)
    return xr.Dataset(
        {
            "observed": ("week", 100 + errors),
            "baseline_part": (
                ("draw", "component", "week"),
                np.full((3, 1, weeks), 60.0),
            ),
            "contribution": (("draw", "channel", "week"), np.full((3, 1, weeks), 40.0)),
            "in_sample": ("week", np.ones(weeks, dtype=bool)),
        },
        attrs={"model": "revenue.pooled"},
    )


def errors(strength: float, seed: int, weeks: int = 104) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = np.zeros(weeks)
    for week in range(1, weeks):
        values[week] = strength * values[week - 1] + rng.normal()
    return values


def test_lag_one_of_known_series() -> None:
    assert lag_one(np.array([1.0, -1.0] * 50)) == pytest.approx(-0.99)
    assert lag_one(np.arange(100.0)) > 0.95
    assert np.isnan(lag_one(np.ones(5)))


def test_independent_errors_are_seldom_flagged_and_runs_are_found() -> None:
    def rate(strength: float) -> float:
        return np.mean(
            [
                check_autocorrelation(with_errors(errors(strength, seed)), LIMITS)[0].status
                is Status.FLAG
                for seed in range(200)
            ]
        )

    assert rate(0.0) <= 0.01
    assert rate(0.6) >= 0.95


def test_the_price_in_width_is_named() -> None:
    finding = check_autocorrelation(with_errors(errors(0.8, 1, 2000)), LIMITS)[0]
    # sqrt(1.8 / 0.2) = 3
    assert "up to 3." in finding.meaning or "up to 2.9" in finding.meaning


def test_alternating_errors_are_flagged_too() -> None:
    finding = check_autocorrelation(with_errors(np.array([1.0, -1.0] * 50)), LIMITS)[0]
    assert finding.status is Status.FLAG
    assert "swing" in finding.meaning


def test_constant_errors_do_not_pass() -> None:
    finding = check_autocorrelation(with_errors(np.ones(60)), LIMITS)[0]
    assert finding.status is Status.FLAG
    assert "not a number" in finding.message


def test_unseen_weeks_are_left_out() -> None:
    effects = fake_effects(holdout_weeks=8)
    assert "over 96 weeks" in check_autocorrelation(effects, LIMITS)[0].message
