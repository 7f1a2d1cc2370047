"""Are the results ones that a marketer can believe? (H2)"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import xarray as xr

from mmmlib.estimates import Estimate, format_number, is_money
from mmmlib.findings import Finding, Level, at_most, judge, not_run
from mmmlib.health.demand import tested_channels
from mmmlib.model.effects import fitted, roi, still_to_come
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.limits import HealthParams

TO_COME = "health.effect_to_come"
HIGH, APART = "health.high_return", "health.return_apart"


def check_returns(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check that no channel returns more, over all weeks, than can be believed.

    The limit, ``max_plausible_roi``, is stated in money per money; where the outcome is a count one
    finding says that it does not apply.

    How to read it: a channel is flagged when its return is more likely above the limit than below
    it. Such a channel mostly stands where demand already is (brand search) and takes credit for it.
    """
    model, limit = str(effects.attrs["model"]), limits.max_plausible_roi
    if not is_money(effects.attrs["outcome_unit"]):
        message = (
            f"Not applicable: the outcome is counted in {effects.attrs['outcome_unit']}, "
            "and the limit is stated in money per money."
        )
        return [judge(HIGH, model, passed=True, message=message)]
    unit, found = str(effects.attrs["return_unit"]), []
    for subject, draws in _each(roi(effects), model):
        if np.isnan(draws).all():
            why = "The channel had no spend, so it has no return."
            found.append(not_run(HIGH, subject, why, level=Level.WARN))
            continue
        message = f"The return is {_words(draws, unit)} (limit {limit:g}, held against the median)."
        value, error = float(np.median(draws)), monte_carlo_error(draws)
        found.append(at_most(HIGH, subject, value, limit, message, unit=unit, error=error))
    return found


def check_apart(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check that no return stands far above those of the other channels.

    Returns are those of all weeks, the limit is ``max_return_apart``.

    How to read it: the value is the median return over the geometric mean of the other channels'
    medians. Of many estimates the highest is high by chance as well: in worlds made for it, ranges
    of such channels missed the truth in 13 of 28 cases, always above it.
    """
    model, limit = str(effects.attrs["model"]), limits.max_return_apart
    medians = roi(effects).median("draw", skipna=False).to_series().astype(float)
    known = {str(n): math.log(one) for n, one in medians.items() if 0 < one < math.inf}
    tested, found = tested_channels(effects), []
    for name in map(str, medians.index):
        subject = f"{model}/{name}"
        others = [one for other, one in known.items() if other != name]
        if name not in known:
            why = "The channel has no return, so it is not above any."
            found.append(not_run(APART, subject, why, level=Level.INFO))
            continue
        if len(others) < 2:
            message = "There are too few other channels to hold the return against."
            found.append(judge(APART, subject, passed=True, message=message))
            continue
        value = float(np.exp(known[name] - np.mean(others)))
        message = (
            f"The return is {value:.1f} times that of the other channels together "
            f"(geometric mean of the medians, limit {limit:g})."
        )
        if name in tested:
            message = f"{message} A lift test measured it."
        passed = name in tested or value <= limit
        found.append(
            judge(APART, subject, passed=passed, value=value, limit=limit, message=message)
        )
    return found


def check_to_come(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check for every channel that most of what its spend brings has come (``max_still_to_come``).

    How to read it: a return counts the effect of the spend to its end. What comes after the last
    week nobody has seen: the model expects it by the carryover of the weeks before. Much is still
    to come of a young channel whose effect is late.
    """
    limit = limits.max_still_to_come
    return [
        at_most(
            TO_COME,
            subject,
            float(np.median(draws)),
            limit,
            f"Of what this spend brings, {_words(draws, 'share')} is still to come after the last "
            f"week (limit {format_number(limit, 'share')}, held against the median).",
            error=monte_carlo_error(draws),
        )
        for subject, draws in _each(still_to_come(effects), str(effects.attrs["model"]))
    ]


def check_media_share(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check the share of the outcome that all channels explain together.

    How to read it: the median share of the fitted outcome. Most businesses would keep most of their
    sales for a while without any marketing.
    """
    media = effects["contribution"].sum(["channel", "week"], skipna=False)
    draws = (media / fitted(effects).sum("week", skipna=False)).to_numpy().astype(float)
    return [
        at_most(
            "health.media_share",
            str(effects.attrs["model"]),
            float(np.median(draws)),
            limits.max_media_share,
            f"All channels together explain {_words(draws, 'share')} of the outcome "
            f"(limit {format_number(limits.max_media_share, 'share')}, held against the median).",
            error=monte_carlo_error(draws),
        )
    ]


def _each(values: xr.DataArray, model: str) -> Iterator[tuple[str, np.ndarray]]:
    """Subject and draws of every channel."""
    for name in values["channel"].to_numpy():
        yield f"{model}/{name}", values.sel(channel=name).to_numpy().astype(float)


def _words(draws: np.ndarray, unit: str) -> str:
    return Estimate.from_draws(draws, unit).text() if np.isfinite(draws).all() else "not a number"
