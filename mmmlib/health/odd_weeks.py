"""Do a few odd weeks decide what a channel returned? (H2)

A week far from all others (a strike, an outage, a bulk order) tells nothing of marketing. Under
normal noise it counts with the square of its distance: it moves returns, and widens every range,
so that nothing seems to have moved. So a model with odd weeks is fitted again without them.
"""

from __future__ import annotations

import json
import math

import numpy as np
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, Level, at_most, judge, not_run
from mmmlib.model.chains import agreed, rhat_text
from mmmlib.model.effects import ODD_WEEKS, roi
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.limits import HealthParams
from mmmlib.phrases import count_text, some_of

ODD = "health.odd_weeks"


def check_odd_weeks(
    effects: xr.Dataset, without: xr.Dataset | None, limits: HealthParams, *, odd: bool
) -> list[Finding]:
    """Hold every return against that of the fit in which odd weeks have no say.

    Parameters
    ----------
    effects
        Of the model.
    without
        Of the fit without its odd weeks.
    odd
        Whether there are odd weeks; where there are none, there is no other fit.
    limits
        ``max_odd_shift``.

    Returns
    -------
    list of Finding
        One for a model without odd weeks; else one per channel, subject ``model/channel``.

    Notes
    -----
    How to read it: 0.5 means that the median with the odd weeks is by half higher, or by as large
    a factor lower, than without them.
    """
    model, unit = str(effects.attrs["model"]), str(effects.attrs["return_unit"])
    if not odd:
        return [judge(ODD, model, passed=True, message="No week of the outcome is an odd one.")]
    if without is None or not agreed(without):
        why = "The fit without the odd weeks was not made."
        if without is not None:
            why = f"The fit without the odd weeks did not converge ({rhat_text(without)})."
        return [not_run(ODD, model, why, level=Level.WARN, action="Run notebook 03 again.")]
    weeks = json.loads(without.attrs[ODD_WEEKS])
    lead = f"{count_text(len(weeks), 'odd week')} ({some_of(weeks)})"
    limit, found = limits.max_odd_shift, []
    for channel in effects["channel"].to_numpy():
        each = [
            roi(one).sel(channel=channel).to_numpy().astype(float) for one in (effects, without)
        ]
        subject = f"{model}/{channel}"
        if any(np.isnan(one).any() for one in each):
            why = "The channel had no spend, so it has no return."
            found.append(not_run(ODD, subject, why, level=Level.WARN))
            continue
        medians = [float(np.median(one)) for one in each]
        ratio = medians[0] / medians[1] if min(medians) > 0 else math.nan
        before, after = (Estimate.from_draws(one, unit).text() for one in each)
        value = max(ratio, 1 / ratio) - 1
        error = (1 + value) * math.hypot(*(monte_carlo_error(one) / np.median(one) for one in each))
        message = (
            f"{lead}: the return is {before} with them, {after} without (limit {100 * limit:g} %)."
        )
        found.append(at_most(ODD, subject, value, limit, message, error=error))
    return found
