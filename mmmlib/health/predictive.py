"""Do the weeks that the model saw look like draws from it? (H2)

Share of observed weeks inside the posterior predictive bands, after Gelman et al.,
*Bayesian Data Analysis*, 3rd edition, chapter 6.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from mmmlib.findings import Finding, Level, judge
from mmmlib.params.schema import HealthParams

MASSES = (0.5, 0.9)


def coverage(effects: xr.Dataset, mass: float) -> tuple[float, int]:
    """Return the share of weeks inside the predictive band, and how many weeks there are.

    Parameters
    ----------
    effects
        Only the weeks in it are judged: select before calling.
    mass
        Probability inside the equal-tailed band.
    """
    tail = (1 - mass) / 2
    low, high = np.quantile(effects["predicted"].to_numpy(), [tail, 1 - tail], axis=0)
    observed = effects["observed"].to_numpy()
    if not observed.size:
        return math.nan, 0
    return float(np.mean((low <= observed) & (observed <= high))), observed.size


def allowed_deviation(mass: float, weeks: int, tolerance: float) -> float:
    """Return how far coverage may be from ``mass``: the tolerance, or two standard errors.

    With few weeks chance alone moves the share by more than the tolerance.
    """
    return max(tolerance, 2 * math.sqrt(mass * (1 - mass) / weeks)) if weeks else math.nan


def check_coverage(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check the share of fitted weeks inside the 50 % and the 90 % band.

    Parameters
    ----------
    effects
        Weeks with ``in_sample`` are judged.
    limits
        ``coverage_tolerance``.

    Notes
    -----
    How to read it: about 90 of 100 weeks should lie inside the 90 % band. Fewer, and
    the model is too sure of itself; clearly more, and its ranges are wider than
    they need to be.
    """
    inside = effects.isel(week=np.flatnonzero(effects["in_sample"].to_numpy()))
    return [_judge(inside, mass, limits) for mass in MASSES]


def _judge(effects: xr.Dataset, mass: float, limits: HealthParams) -> Finding:
    value, weeks = coverage(effects, mass)
    allowed = allowed_deviation(mass, weeks, limits.coverage_tolerance)
    low, high = max(mass - allowed, 0.0), min(mass + allowed, 1.0)
    too_sure = value < mass
    percent = round(100 * mass)
    return judge(
        f"health.coverage_{percent}",
        str(effects.attrs["model"]),
        # Rounding room: 49 of 50 weeks is not to fail at a limit of 0.98.
        passed=abs(value - mass) <= allowed + 1e-9,
        level=Level.WARN,
        value=value,
        limit=f"{100 * low:.0f} to {100 * high:.0f} %",
        unit="share",
        message=f"{100 * value:.0f} % of {weeks} fitted weeks lie inside the {percent} % band "
        f"({100 * low:.0f} to {100 * high:.0f} % is as it should be).",
        meaning="The model is surer than it should be: its ranges are too narrow."
        if too_sure
        else "The model's ranges are wider than the data asks for.",
        action="Look for missing events or controls in the weeks outside the band."
        if too_sure
        else "Look at the prior of the noise, and for single weeks that inflate it.",
    )
