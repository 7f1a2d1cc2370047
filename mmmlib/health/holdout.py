"""Does it predict weeks that it has not seen? (H2)

The last weeks are left out, the model is fitted again and predicts them from their
spend. Error and coverage of the bands, and skill: the error against that of a naive
forecast that repeats last year (Hyndman and Koehler, 2006, *Another look at measures
of forecast accuracy*).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from mmmlib.estimates import format_number
from mmmlib.findings import Finding, at_least, at_most, judge, not_run
from mmmlib.health.predictive import coverage, coverage_error
from mmmlib.model.chains import agreed, rhat_text
from mmmlib.model.effects import LEFT_OUT
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.limits import HealthParams

YOUNG = "health.holdout_channels"
CHECKS = ("health.holdout_error", "health.holdout_coverage", "health.holdout_skill", YOUNG)
SEASON = 52
"""Weeks in a year: what the naive forecast repeats."""
RECENT = 13
"""Weeks whose mean is the naive forecast where there is no year to repeat."""


@dataclass(frozen=True)
class NoHoldout:
    """Why there is no fit without the last weeks, and what to do about it."""

    why: str = "No fit without the last weeks was made."
    action: str = "Run notebook 03 again."


def check_holdout(
    model: str,
    holdout: xr.Dataset | None,
    limits: HealthParams,
    none: NoHoldout | None = None,
) -> list[Finding]:
    """Score the predictions of the weeks that the fit did not see.

    One finding for each of :data:`CHECKS`. ``holdout`` is not scored where its attribute
    ``largest_rhat`` does not say that the chains agreed; where it is None, ``none`` says why.
    Limits are ``max_holdout_error``, ``min_holdout_coverage`` and ``min_holdout_skill``.

    How to read it: an error of 0.1 means that a week is missed by 10 % of the mean outcome. A skill
    of 0.3 is an error 30 % below that of repeating last year; at or below zero the model forecasts
    no better than last year does. With eight weeks one odd week moves these numbers a good deal.
    """
    if holdout is None:
        return _not_run(model, none or NoHoldout())
    seen = holdout["in_sample"].to_numpy()
    unseen = holdout.isel(week=np.flatnonzero(~seen))
    if not unseen.sizes["week"]:
        return _not_run(model, NoHoldout("The holdout fit saw every week."))
    if not agreed(holdout):
        why = f"The fit without the last weeks did not converge ({rhat_text(holdout)})."
        action = "Raise model.draws and model.tune, and refresh again."
        return _not_run(model, NoHoldout(why, action))
    return [
        _error(model, unseen, limits),
        _coverage(model, unseen, limits),
        _skill(model, holdout, unseen, limits),
        *_channels(model, holdout, unseen),
    ]


def _noise(unseen: xr.Dataset) -> float:
    """Monte Carlo error of :func:`absolute_error`, in the outcome's unit."""
    off = unseen["observed"] - unseen["predicted"]
    side = np.sign(off.median("draw"))
    return monte_carlo_error((off * side).mean("week", skipna=False).to_numpy())


def absolute_error(unseen: xr.Dataset) -> float:
    """Mean absolute error of the median prediction, in the outcome's unit."""
    errors = unseen["observed"] - unseen["predicted"].median("draw", skipna=False)
    return float(abs(errors).mean(skipna=False))


def naive_forecast(observed: np.ndarray, first: int) -> tuple[np.ndarray, str]:
    """Forecast without any model: the same week a year before, or the latest mean.

    ``observed`` has all weeks; those from place ``first`` on are forecast, and looked at only
    through weeks that are a whole year before. Returned with what the values are in words.
    """
    places = np.arange(first, len(observed)) - SEASON
    if places[0] >= 0 and places[-1] < first:
        return observed[places], "the same weeks a year before"
    recent = observed[max(first - RECENT, 0) : first]
    mean = recent.mean() if recent.size else math.nan
    return np.full(len(places), mean), f"the mean of the {recent.size} weeks before"


def _error(model: str, unseen: xr.Dataset, limits: HealthParams) -> Finding:
    weeks = unseen.sizes["week"]
    mean = float(unseen["observed"].mean(skipna=False))
    value = absolute_error(unseen) / mean if mean > 0 else math.nan
    limit = f"limit {100 * limits.max_holdout_error:g} %"
    if mean > 0 and not math.isnan(value):
        said = f"were missed by {100 * value:.1f} % of their mean ({limit})"
    elif mean <= 0:
        said = f"have no relative error, because their mean outcome is not above zero ({limit})"
    else:
        said = f"or what was expected of them, are not all numbers ({limit})"
    return at_most(
        "health.holdout_error",
        model,
        value,
        limits.max_holdout_error,
        f"The last {weeks} weeks, not seen by the fit, {said}.",
        error=_noise(unseen) / mean if mean > 0 else math.nan,
    )


def _coverage(model: str, unseen: xr.Dataset, limits: HealthParams) -> Finding:
    value, weeks = coverage(unseen, 0.9)
    inside = round(value * weeks)
    return at_least(
        "health.holdout_coverage",
        model,
        value,
        limits.min_holdout_coverage,
        f"{inside} of {weeks} unseen weeks {'lies' if inside == 1 else 'lie'} inside their "
        f"90 % band ({100 * value:.0f} %, at least {100 * limits.min_holdout_coverage:g} %).",
        error=coverage_error(unseen, 0.9),
    )


def _skill(model: str, holdout: xr.Dataset, unseen: xr.Dataset, limits: HealthParams) -> Finding:
    observed = holdout["observed"].to_numpy()
    naive, words = naive_forecast(observed, len(observed) - unseen.sizes["week"])
    naive_error = float(np.mean(np.abs(unseen["observed"].to_numpy() - naive)))
    value = 1 - absolute_error(unseen) / naive_error if naive_error > 0 else math.nan
    if math.isnan(value):
        message = f"Skill could not be computed: {words} leaves no error to compare with."
    else:
        message = (
            f"The model's error on unseen weeks is {100 * (1 - value):.0f} % of that of repeating "
            f"{words}: skill {format_number(round(value, 2))} (at least {limits.min_holdout_skill:g})."
        )
    return at_least(
        "health.holdout_skill",
        model,
        value,
        limits.min_holdout_skill,
        message,
        error=_noise(unseen) / naive_error if naive_error > 0 else math.nan,
    )


def _channels(model: str, holdout: xr.Dataset, unseen: xr.Dataset) -> list[Finding]:
    """Name the channels that are younger than the holdout: nothing has tested what is said of them."""
    weeks = unseen.sizes["week"]
    young = json.loads(holdout.attrs.get(LEFT_OUT, "[]"))
    if not young:
        message = f"Every channel is older than the {weeks} weeks that were held out."
        return [judge(YOUNG, model, passed=True, message=message)]
    return [
        judge(
            YOUNG,
            f"{model}/{name}",
            passed=False,
            message=f"The channel is younger than the {weeks} weeks that were held out, so the fit "
            f"without them left it out.",
        )
        for name in young
    ]


def _not_run(model: str, none: NoHoldout) -> list[Finding]:
    return [not_run(check, model, none.why, action=none.action) for check in CHECKS]
