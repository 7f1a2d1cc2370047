"""What did the data add to what was believed before? (H2)

A channel whose posterior is as wide as its prior was not measured: its return is
what was put in. Reports must not pass it on as a result.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, Level, at_least, not_run
from mmmlib.model.effects import roi
from mmmlib.params.limits import HealthParams

TAILS = (0.05, 0.95)
SHRINKAGE = "health.prior_shrinkage"


def shrinkage(prior: np.ndarray, posterior: np.ndarray) -> float:
    """Return by how much the 90 % range got narrower, as a share of the prior's.

    Parameters
    ----------
    prior, posterior
        Draws of one return, shape ``(draw,)``.

    Returns
    -------
    float
        1 where the data settled the return, 0 where the range is as wide as before,
        negative where it is wider; NaN where a draw is not finite or the prior has
        no width.

    Notes
    -----
    Measured in money and, where all draws are positive, in ratios (logarithms);
    the larger counts. A return shown to be tiny narrows in money though its ratios
    stay wide, and a return shown to be large narrows in ratios though not in money.
    """
    if not (np.isfinite(prior).all() and np.isfinite(posterior).all()):
        return math.nan
    scales = [(prior, posterior)]
    if prior.min() > 0 and posterior.min() > 0:
        scales.append((np.log(prior), np.log(posterior)))
    widths = [(np.ptp(np.quantile(a, TAILS)), np.ptp(np.quantile(b, TAILS))) for a, b in scales]
    if any(before <= 0 for before, _ in widths):
        return math.nan
    return float(max(1 - after / before for before, after in widths))


def check_shrinkage(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check for every channel that the data narrowed its return.

    Parameters
    ----------
    effects
        ``prior_roi`` is NaN for a channel whose prior the engine does not state.
    limits
        ``min_prior_shrinkage``.

    Returns
    -------
    list of Finding
        One per channel, subject ``model/channel``. Without a stated prior, or without
        spend, the check could not run; that warns and does not block.
    """
    model = effects.attrs["model"]
    returns = roi(effects)
    return [
        _judge(
            f"{model}/{channel}",
            effects["prior_roi"].sel(channel=channel).to_numpy().astype(float),
            returns.sel(channel=channel).to_numpy().astype(float),
            effects.attrs["return_unit"],
            limits.min_prior_shrinkage,
        )
        for channel in effects["channel"].to_numpy()
    ]


def _judge(
    subject: str, prior: np.ndarray, posterior: np.ndarray, unit: str, limit: float
) -> Finding:
    check = SHRINKAGE
    if np.isnan(posterior).all():
        return not_run(
            check,
            subject,
            "The channel had no spend, so it has no return.",
            level=Level.WARN,
        )
    if np.isnan(prior).all():
        return not_run(
            check,
            subject,
            "The engine does not say what it believed before the fit.",
            level=Level.WARN,
        )
    value = shrinkage(prior, posterior)
    if math.isnan(value):
        message = (
            "The ranges before and after the fit cannot be compared: not all draws are numbers."
        )
    else:
        before, after = (Estimate.from_draws(draws, unit) for draws in (prior, posterior))
        way = "narrowed" if value >= 0 else "widened"
        how = f"{way} the return by" if value >= limit else f"said little: they {way} it by"
        message = (
            f"The data {how} {100 * abs(value):.0f} % (narrowed by at least {100 * limit:g} %): "
            f"{before.text()} before, {after.text()} after."
        )
    return at_least(check, subject, value, limit, message)
