"""What did the data add to what was believed before? (H2)

A channel whose posterior is as wide as its prior was not measured: its return is
what was put in. Reports must not pass it on as a result. Nor is it a result where
data and prior contradict each other: one of them is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, Level, at_least, at_most, judge, not_run
from mmmlib.model.effects import roi
from mmmlib.model.quantiles import Z90
from mmmlib.model.unpaid import unpaid_of
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.limits import HealthParams

TAILS = (0.05, 0.95)
SHRINKAGE = "health.prior_shrinkage"
CONFLICT = "health.prior_conflict"


def shrinkage(prior: np.ndarray, posterior: np.ndarray) -> float:
    """Return by how much the 90 % range got narrower, as a share of the prior's.

    1 where the data settled the return, 0 where the range is as wide as before, negative where it
    is wider; NaN where a draw is not finite or the prior has no width. ``prior`` has quantiles (see
    :mod:`mmmlib.model.quantiles`), which have no Monte Carlo error, ``posterior`` draws.

    Measured in money and, where all draws are positive, in ratios (logarithms); the larger counts.
    A return shown to be tiny narrows in money though its ratios stay wide, and a return shown to be
    large narrows in ratios though not in money.
    """
    return _shrinkage(prior, posterior)[0]


def _shrinkage(prior: np.ndarray, posterior: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Return the shrinkage, the prior's width, and the draws, on the scale that counts."""
    if not (np.isfinite(prior).all() and np.isfinite(posterior).all()):
        return math.nan, math.nan, posterior
    scales = [(prior, posterior)]
    if prior.min() > 0 and posterior.min() > 0:
        scales.append((np.log(prior), np.log(posterior)))
    narrowed = []
    for before, after in scales:
        width, left = (float(np.ptp(np.quantile(one, TAILS))) for one in (before, after))
        if width <= 0:
            return math.nan, math.nan, posterior
        narrowed.append((1 - left / width, width, after))
    return max(narrowed, key=lambda one: one[0])


def _shrinkage_error(width: float, draws: np.ndarray) -> float:
    """Monte Carlo error of the shrinkage: of both ends of the range, as a share of the prior's."""
    return math.hypot(*(monte_carlo_error(draws, "quantile", at) for at in TAILS)) / width


def prior_distance(prior: np.ndarray, posterior: np.ndarray) -> float:
    """Return how far the posterior's median lies from that of the prior, in its deviations.

    Positive where the data say more. On the scale of ratios, on which a prior is stated; NaN where
    that has no number. Prior and posterior are as in :func:`shrinkage`.
    """
    median = float(np.median(posterior))
    if not (np.isfinite(prior).all() and prior.min() > 0 and np.isfinite(median)):
        return math.nan
    low, middle, high = np.log(np.quantile(prior, (TAILS[0], 0.5, TAILS[1])))
    if median <= 0:
        return -math.inf
    step = math.log(median) - middle
    spread = (high - middle if step > 0 else middle - low) / Z90
    return float(step / spread) if spread > 0 else math.nan


def _distance_error(prior: np.ndarray, posterior: np.ndarray) -> float:
    """Monte Carlo error of :func:`prior_distance`, where that is a number."""
    spread = float(np.ptp(np.log(np.quantile(prior, TAILS)))) / (2 * Z90)
    return monte_carlo_error(posterior) / float(np.median(posterior)) / spread


def check_shrinkage(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check for every channel that the data narrowed its return; without spend, its share.

    The limit is ``min_prior_shrinkage``. Without a stated prior (``prior_roi`` is NaN), or without
    spend, the check could not run; that warns and does not block. A return that the data moved out
    of its prior is no return of which they said little: see :func:`check_conflict`.
    """
    limit = limits.min_prior_shrinkage
    found = []
    for subject, prior, posterior, unit, why_not in _each_channel(effects):
        if why_not:
            found.append(not_run(SHRINKAGE, subject, why_not, level=Level.WARN))
            continue
        value, width, draws = _shrinkage(prior, posterior)
        if abs(prior_distance(prior, posterior)) > limits.max_prior_distance:
            message = f"The data moved the {_noun(unit)} out of its prior: they said much of it."
            found.append(judge(SHRINKAGE, subject, passed=True, message=message))
            continue
        message = _narrowed(prior, posterior, value, limit, unit)
        error = _shrinkage_error(width, draws)
        found.append(at_least(SHRINKAGE, subject, value, limit, message, error=error))
    return found


def check_conflict(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check for every channel that prior and data do not contradict each other.

    The limit is ``max_prior_distance``.
    """
    limit = limits.max_prior_distance
    found = []
    for subject, prior, posterior, unit, why_not in _each_channel(effects):
        if why_not:
            found.append(not_run(CONFLICT, subject, why_not, level=Level.WARN))
            continue
        value = abs(prior_distance(prior, posterior))
        if not (np.isfinite(prior).all() and np.isfinite(posterior).all()):
            message = "Prior and result cannot be compared: not all draws are numbers."
        elif value <= limit:
            message = "What came out lies where the prior had it."
        else:
            before, after = (Estimate.from_draws(draws, unit) for draws in (prior, posterior))
            message = (
                f"Prior and data contradict each other: {before.text()} was believed before the "
                f"fit, {after.text()} came out."
            )
        error = _distance_error(prior, posterior) if math.isfinite(value) else 0.0
        found.append(at_most(CONFLICT, subject, value, limit, message, error=error))
    return found


def _each_channel(effects: xr.Dataset) -> Iterator[tuple[str, np.ndarray, np.ndarray, str, str]]:
    """Yield subject, prior, posterior and unit of every return, and why they cannot be compared.

    Of a channel without spend, those of its share of the outcome.
    """
    returns, return_unit = roi(effects), str(effects.attrs["return_unit"])
    for channel in effects["channel"].to_numpy():
        prior, posterior = (
            one.sel(channel=channel).to_numpy().astype(float)
            for one in (effects["prior_roi"], returns)
        )
        why_not = ""
        if np.isnan(posterior).all():
            why_not = "The channel had no spend, so it has no return."
        elif np.isnan(prior).all():
            why_not = "The engine does not say what it believed before the fit."
        yield f"{effects.attrs['model']}/{channel}", prior, posterior, return_unit, why_not
    unpaid = unpaid_of(effects)
    if unpaid is None:
        return
    returns, whole = roi(unpaid), float(effects["observed"].sum())
    for channel in unpaid["channel"].to_numpy():
        share = float(unpaid["spend"].sel(channel=channel).sum()) / whole
        prior, posterior = (
            one.sel(channel=channel).to_numpy().astype(float) * share
            for one in (unpaid["prior_roi"], returns)
        )
        yield f"{effects.attrs['model']}/{channel}", prior, posterior, "share", ""


def _noun(unit: str) -> str:
    return "share of the outcome" if unit == "share" else "return"


def _narrowed(
    prior: np.ndarray, posterior: np.ndarray, value: float, limit: float, unit: str
) -> str:
    if math.isnan(value):
        return "The ranges before and after the fit cannot be compared: not all draws are numbers."
    before, after = (Estimate.from_draws(draws, unit) for draws in (prior, posterior))
    way = "narrowed" if value >= 0 else "widened"
    how = f"{way} the {_noun(unit)} by" if value >= limit else f"said little: they {way} it by"
    return (
        f"The data {how} {100 * abs(value):.0f} % (to pass: at least {100 * limit:g} % narrower): "
        f"{before.text(mass=False)} before, {after.text()} after."
    )
