"""Are the errors of neighbouring weeks alike? (H2)

A model that takes weeks for independent counts the same surprise again and again,
and its ranges come out too narrow. Lag-1 correlation ``r``; the Durbin-Watson
statistic is about ``2 * (1 - r)``.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from mmmlib.findings import Finding, Level, judge
from mmmlib.model.effects import fitted
from mmmlib.params.schema import HealthParams


def residuals(effects: xr.Dataset) -> xr.DataArray:
    """Observed outcome minus the median of the fitted one, fitted weeks only; ``(week,)``."""
    inside = effects.isel(week=np.flatnonzero(effects["in_sample"].to_numpy()))
    return inside["observed"] - fitted(inside).median("draw", skipna=False)


def lag_one(values: np.ndarray) -> float:
    """Return the correlation of a series with itself a step before; NaN if it is constant."""
    centred = values - values.mean()
    power = float(np.sum(centred**2))
    return float(np.sum(centred[1:] * centred[:-1]) / power) if power > 0 else math.nan


def check_autocorrelation(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check whether a week's error tells the next one's.

    Parameters
    ----------
    effects
        Weeks with ``in_sample`` are judged.
    limits
        ``max_residual_autocorrelation``.

    Notes
    -----
    How to read it: at 0 the weeks' errors are independent. At 0.5 a mean over many
    weeks has the standard error of a third as many: ranges should be about 1.7 times
    as wide (``sqrt((1 + r) / (1 - r))``, the first-order formula).
    """
    errors = residuals(effects)
    value = lag_one(errors.to_numpy())
    limit = limits.max_residual_autocorrelation
    if value > 0:
        factor = math.sqrt((1 + value) / max(1 - value, 1e-3))
        meaning = (
            "Neighbouring weeks are counted as independent evidence: ranges may have to be up to "
            f"{factor:.1f} times as wide."
        )
    else:
        meaning = "Errors that swing from week to week point at dates or sums that were shifted."
    seen = "not a number" if math.isnan(value) else f"{value:.2f}"
    statistic = "" if math.isnan(value) else f", Durbin-Watson {2 * (1 - value):.1f}"
    return [
        judge(
            "health.autocorrelation",
            str(effects.attrs["model"]),
            passed=abs(value) <= limit,
            level=Level.WARN,
            value=value,
            limit=f"{-limit:g} to {limit:g}",
            message=f"The errors of neighbouring weeks correlate by {seen} over {errors.size} weeks "
            f"(limit {limit:g} either way{statistic}).",
            meaning=meaning,
            action="Give the trend more knots, or add the event or control that explains the run "
            "of errors.",
        )
    ]
