from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Status
from mmmlib.health.residuals import check_autocorrelation, lag_one
from mmmlib.params.limits import HealthParams
from tests.fakes import fake_effects

LIMITS = HealthParams()


def errors(strength: float, seed: int, weeks: int = 104, draws: int = 1) -> np.ndarray:
    """Series of first-order autocorrelated noise of unit innovations; ``(draw, week)``."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(draws, weeks))
    values[:, 0] /= np.sqrt(1 - strength**2)
    for week in range(1, weeks):
        values[:, week] += strength * values[:, week - 1]
    return values


def with_errors(
    strength: float, seed: int = 1, expected: float = 0.0, weeks: int = 104
) -> xr.Dataset:
    """Errors of one autocorrelation, under a model that expects another."""
    noise = errors(expected, 10_000 + seed, weeks, draws=100)
    return xr.Dataset(
        {
            "observed": ("week", 100 + errors(strength, seed, weeks)[0]),
            "baseline_part": (("draw", "component", "week"), np.full((100, 1, weeks), 60.0)),
            "contribution": (("draw", "channel", "week"), np.full((100, 1, weeks), 40.0)),
            "predicted": (("draw", "week"), 100 + noise),
            "in_sample": ("week", np.ones(weeks, dtype=bool)),
        },
        attrs={"model": "revenue.pooled"},
    )


def alarm_rate(strength: float, expected: float) -> float:
    return float(
        np.mean(
            [
                check_autocorrelation(with_errors(strength, seed, expected), LIMITS)[0].status
                is Status.FLAG
                for seed in range(200)
            ]
        )
    )


def test_lag_one_of_known_series() -> None:
    assert lag_one(np.array([1.0, -1.0] * 50)) == pytest.approx(-0.99)
    both = lag_one(np.stack([np.arange(100.0), np.ones(100)]))
    assert both[0] > 0.95
    assert np.isnan(both[1])


@pytest.mark.parametrize("strength", [0.0, 0.7])
def test_errors_as_the_model_expects_them_are_seldom_flagged(strength: float) -> None:
    assert alarm_rate(strength, expected=strength) <= 0.02


def test_errors_that_the_model_does_not_expect_are_found() -> None:
    assert alarm_rate(0.7, expected=0.0) >= 0.97


def test_the_price_in_width_is_named() -> None:
    finding = check_autocorrelation(with_errors(0.8, weeks=5000), LIMITS)[0]
    # sqrt(1.8 / 0.2) = 3
    assert "up to 3.0 times" in finding.meaning
    assert finding.value == pytest.approx(0.8, abs=0.05)


def test_alternating_errors_are_flagged_too() -> None:
    finding = check_autocorrelation(with_errors(-0.8), LIMITS)[0]
    assert finding.status is Status.FLAG
    assert "swing" in finding.meaning


def test_constant_errors_or_nan_do_not_pass() -> None:
    effects = with_errors(0.0)
    for name, bad in (("observed", 100.0), ("observed", np.nan), ("predicted", np.nan)):
        broken = effects.assign({name: effects[name] * 0 + bad})
        finding = check_autocorrelation(broken, LIMITS)[0]
        assert finding.status is Status.FLAG, name
        assert "could not be computed" in finding.message


def test_unseen_weeks_are_left_out() -> None:
    effects = fake_effects(holdout_weeks=8)
    assert "over 96 weeks" in check_autocorrelation(effects, LIMITS)[0].message
