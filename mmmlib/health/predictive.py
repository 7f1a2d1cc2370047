"""Do the weeks that the model saw look like draws from it? (H2)

Share of observed weeks inside the posterior predictive bands, after Gelman et al.,
*Bayesian Data Analysis*, 3rd edition, chapter 6.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from scipy.special import ndtr

from mmmlib.findings import Finding, judge
from mmmlib.model.effects import seen_weeks
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.limits import HealthParams

MASSES = {0.5: "health.coverage_50", 0.9: "health.coverage_90"}
"""Probabilities of the bands that are checked, and the checks."""


def coverage(effects: xr.Dataset, mass: float) -> tuple[float, int]:
    """Return the share of weeks inside the predictive band, and how many weeks there are.

    Only the weeks in ``effects`` are judged: select before calling.
    """
    low, high = band(effects, mass)
    observed = effects["observed"].to_numpy()
    if not observed.size:
        return math.nan, 0
    return float(np.mean((low <= observed) & (observed <= high))), observed.size


def band(effects: xr.Dataset, mass: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the equal-tailed predictive band of every week, each ``(week,)``."""
    tail = (1 - mass) / 2
    low, high = np.quantile(effects["predicted"].to_numpy(), [tail, 1 - tail], axis=0)
    return low, high


def coverage_error(effects: xr.Dataset, mass: float) -> float:
    """Return the Monte Carlo error of :func:`coverage`: weeks near an end of their band may cross it.

    NaN where a draw is not finite.
    """
    tail = (1 - mass) / 2
    observed = effects["observed"].to_numpy()
    weeks = effects["predicted"].transpose("week", "draw").to_numpy()
    inside = np.ones(len(observed))
    for end, at, side in zip(band(effects, mass), (tail, 1 - tail), (1, -1), strict=True):
        error = np.array([monte_carlo_error(draws, "quantile", at) for draws in weeks])
        with np.errstate(divide="ignore", invalid="ignore"):
            inside *= ndtr(side * (observed - end) / error)
    return float(np.sqrt(np.sum(inside * (1 - inside))) / max(len(observed), 1))


def expected_coverage(effects: xr.Dataset, mass: float, tolerance: float) -> tuple[float, float]:
    """Return between which shares coverage should lie if the model is right.

    The tolerance around ``mass``, or the middle 95 % of what the model's own draws
    reach when each is held against the band as if it were the data: where weeks are
    few, or a good week is followed by a good one, chance alone does more than the
    tolerance. NaN for both where a draw is not finite.
    """
    predicted = effects["predicted"].to_numpy()
    if not (predicted.size and np.isfinite(predicted).all()):
        return math.nan, math.nan
    low, high = band(effects, mass)
    own = np.mean((low <= predicted) & (predicted <= high), axis=1)
    by_chance = np.quantile(own, [0.025, 0.975])
    return (
        max(min(mass - tolerance, float(by_chance[0])), 0.0),
        min(max(mass + tolerance, float(by_chance[1])), 1.0),
    )


def check_coverage(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check the share of fitted weeks inside the 50 % and the 90 % band (``coverage_tolerance``).

    How to read it: about 90 of 100 weeks should lie inside the 90 % band. Fewer, and the model is
    too sure of itself, which warns. More is told but warns nobody: a model lies closer to the weeks
    that it was fitted to than to new ones, so wide bands there are the rule and cost sharpness, not
    safety. The holdout judges new weeks.
    """
    inside = seen_weeks(effects)
    return [_judge(inside, mass, limits) for mass in MASSES]


def _judge(effects: xr.Dataset, mass: float, limits: HealthParams) -> Finding:
    value, weeks = coverage(effects, mass)
    low, high = expected_coverage(effects, mass, limits.coverage_tolerance)
    expected = f"{100 * low:.0f} to {100 * high:.0f} %" if low <= high else "unknown"
    return judge(
        MASSES[mass],
        str(effects.attrs["model"]),
        passed=low <= value <= high,
        case="wide" if value > high else "",
        value=value,
        limit=expected,
        message=f"{100 * value:.0f} % of {weeks} fitted weeks lie inside the {100 * mass:.0f} % band "
        f"({expected} is as it should be).",
    )
