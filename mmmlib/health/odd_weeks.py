"""Which weeks of the outcome say nothing of marketing? (H2)

A week far from all others (a strike, an outage, a bulk order) tells nothing of marketing. Under
normal noise it would count with the square of its distance: it moves returns, and widens every
range, so that nothing seems to have moved. So each has a level of its own, see
:mod:`mmmlib.model.odd_weeks`, and people are asked what happened.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, none_of
from mmmlib.model.effects import ODD_WEEKS
from mmmlib.params.limits import HealthParams
from mmmlib.phrases import count_text, some_of

ODD = "health.odd_weeks"


def check_odd_weeks(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Name the weeks that were set apart from the fit, and how far each was off.

    The value is the number of weeks. There is no limit: a single such week is worth a question.

    How to read it: the amounts are how far the outcome of these weeks was from what the model
    expects of them, and no channel is credited with any of it.
    """
    seen = []
    if ODD_WEEKS in effects["component"]:
        levels = effects["baseline_part"].sel(component=ODD_WEEKS, drop=True)
        odd = np.flatnonzero((levels != 0).any("draw").to_numpy())
        for week, draws in zip(
            pd.DatetimeIndex(effects["week"].to_numpy()[odd]),
            levels.transpose("week", "draw").to_numpy().astype(float)[odd],
            strict=True,
        ):
            off = Estimate.from_draws(draws, str(effects.attrs["outcome_unit"]))
            seen.append(f"{week.date()} by {off}")
    message = (
        f"{count_text(len(seen), 'odd week')} set apart: no channel is credited or charged with what "
        f"happened there. The outcome was off in {some_of(seen, most=3)}."
    )
    return [
        none_of(
            ODD, str(effects.attrs["model"]), len(seen), message, "No week was set apart as odd."
        )
    ]
