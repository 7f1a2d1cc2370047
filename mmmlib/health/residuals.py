"""Are the errors of neighbouring weeks more alike than the model expects? (H2)

A model that takes such weeks for independent counts the same surprise again and
again, and its ranges come out too narrow. A posterior predictive check (Gelman et
al., *Bayesian Data Analysis*, 3rd edition, section 6.3): the lag-1 correlation of
the errors is held against that of the noise that the model itself draws, so that a
model which knows of correlated errors is not blamed for them.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from mmmlib.estimates import MINUS, format_number
from mmmlib.findings import BY_CHANCE, Finding, judge
from mmmlib.model.effects import fitted, seen_weeks
from mmmlib.monte_carlo import at_most_for_certain, monte_carlo_error
from mmmlib.params.limits import HealthParams


def lag_one(values: np.ndarray) -> np.ndarray:
    """Return the correlation of series ``(..., week)`` with themselves a step before.

    NaN for a series that is constant or not finite.
    """
    centred = values - values.mean(axis=-1, keepdims=True)
    power = np.sum(centred**2, axis=-1)
    product = np.sum(centred[..., 1:] * centred[..., :-1], axis=-1)
    return np.divide(product, power, out=np.full(power.shape, math.nan), where=power > 0)


def autocorrelation(effects: xr.Dataset) -> tuple[float, float, float]:
    """Return the lag-1 correlation of the errors, the one that the model expects, and their error.

    Both are medians over draws, over the weeks with ``in_sample``; the last is the Monte Carlo
    error of their difference.
    """
    inside = seen_weeks(effects)
    expected = fitted(inside).transpose("draw", "week").to_numpy().astype(float)
    observed = inside["observed"].to_numpy().astype(float)
    predicted = inside["predicted"].to_numpy().astype(float)
    both = lag_one(observed - expected), lag_one(predicted - expected)
    seen, own = (float(np.median(draws)) for draws in both)
    return seen, own, math.hypot(*map(monte_carlo_error, both))


def check_autocorrelation(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check whether a week's error tells the next one's (``max_residual_autocorrelation``).

    How to read it: the value is the correlation that is seen, minus the one that the model expects.
    Where a model expects none, 0.5 means that a mean over many weeks has the standard error of a
    third as many: ranges should be about 1.7 times as wide (``sqrt((1 + r) / (1 - r))``, the
    first-order formula).
    """
    seen, expected, error = autocorrelation(effects)
    value = seen - expected
    limit = limits.max_residual_autocorrelation
    weeks = int(effects["in_sample"].sum())
    passed = at_most_for_certain(abs(value), limit, error)
    by_chance = BY_CHANCE if abs(value) <= limit and not passed else ""
    words = (
        "could not be computed"
        if math.isnan(value)
        else f"correlate by {format_number(round(seen, 2))} over {weeks} weeks, the model expects {format_number(round(expected, 2))}"
    )
    return [
        judge(
            "health.autocorrelation",
            str(effects.attrs["model"]),
            passed=passed,
            case="" if value > 0 else "swing",
            value=value,
            limit=f"{MINUS}{limit:g} to {limit:g}",
            message=f"The errors of neighbouring weeks {words} "
            f"(limit of the difference: {limit:g} either way).{by_chance}",
            times=_widening(seen) / _widening(expected),
        )
    ]


def _widening(correlation: float) -> float:
    return math.sqrt((1 + correlation) / max(1 - correlation, 1e-3))
