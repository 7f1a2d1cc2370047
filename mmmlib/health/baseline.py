"""Is the baseline one that a business can have? (H2)

The baseline is what would have come without marketing. Below zero it means that
channels were given more than there was; dead flat, that channels were given every
movement of the outcome.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from mmmlib.findings import Finding, Level, at_least, at_most
from mmmlib.model.effects import baseline, seen_weeks
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.limits import HealthParams

IMPOSSIBLE = 0.5
"""From here on the baseline is more likely below zero than above it."""


def negative_probability(effects: xr.Dataset) -> xr.DataArray:
    """Probability that the baseline is below zero, per week; NaN where a draw is."""
    parts = baseline(effects).transpose("draw", "week")
    values = parts.to_numpy()
    known = np.isfinite(values).all(axis=0)
    share = np.where(known, (values < 0).mean(axis=0), np.nan)
    return xr.DataArray(share, dims="week", coords={"week": parts["week"]})


def check_negative_baseline(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check the probability of a baseline below zero, averaged over all weeks.

    The limit is ``max_negative_baseline``.

    How to read it: 0.05 means that of all weeks and draws one in twenty has a negative baseline,
    which no business has. Above one half it blocks.
    """
    weekly = negative_probability(effects)
    value = float(weekly.mean(skipna=False))
    by_draw = (baseline(effects) < 0).mean("week").to_numpy()
    worst = weekly.isel(week=int(np.argmax(weekly.fillna(np.inf).to_numpy())))
    day = np.datetime_as_string(worst["week"].to_numpy(), unit="D")
    # Not "worst > 0": an unknown probability is worth naming too.
    where = "" if float(worst) == 0 else f"; most in the week of {day}, {_percent(float(worst))}"
    return [
        at_most(
            "health.negative_baseline",
            str(effects.attrs["model"]),
            value,
            limits.max_negative_baseline,
            f"The baseline is below zero with a probability of {_percent(value)} over all "
            f"weeks (limit {_percent(limits.max_negative_baseline)}){where}.",
            level=None if value <= IMPOSSIBLE else Level.BLOCK,
            error=monte_carlo_error(by_draw, "mean"),
        )
    ]


def check_flat_baseline(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check that the baseline moves at all, against the outcome (``min_baseline_movement``).

    How to read it: the standard deviation over weeks of the baseline's median, as a share of that
    of the outcome. Near zero every season and trend of the business was credited to marketing.
    """
    inside = seen_weeks(effects)
    spread = float(inside["observed"].std("week", skipna=False))
    weekly = baseline(inside)
    middle = weekly.median("draw", skipna=False)
    moved = float(middle.std("week", skipna=False))
    value = moved / spread if spread > 0 else math.nan
    # What a small movement of the weeks' medians does to their deviation, to the first order.
    slope = (middle - middle.mean("week")) / (moved * middle.size) if moved > 0 else 0 * middle
    error = monte_carlo_error((weekly * slope).sum("week", skipna=False).to_numpy())
    return [
        at_least(
            "health.flat_baseline",
            str(effects.attrs["model"]),
            value,
            limits.min_baseline_movement,
            f"From week to week the baseline moves {_percent(value)} as much as the outcome "
            f"(at least {_percent(limits.min_baseline_movement)}).",
            error=error / spread if spread > 0 else math.nan,
        )
    ]


def _percent(value: float) -> str:
    return "an unknown share" if math.isnan(value) else f"{100 * value:.1f} %"
