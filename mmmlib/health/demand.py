"""Does spend follow demand? Then demand that nobody measured is behind the returns. (H2)

Budgets are raised where business is good. A model sees spend and outcome rise
together, and credits the channels with what the demand behind both brought. What it
measures of demand it takes out; what it does not measure stays, and no range of it
holds that error.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from mmmlib.findings import Finding, judge
from mmmlib.params.limits import HealthParams


def follow_demand(effects: xr.Dataset) -> dict[str, float]:
    """Measure how far each channel's spend moves with the outcome that media did not cause.

    Returns
    -------
    dict
        By channel: correlation over the fitted weeks of log spend with what the outcome is
        without the channels' median contributions; NaN for spend that never changes.
    """
    inside = effects.isel(week=np.flatnonzero(effects["in_sample"].to_numpy()))
    contributed = inside["contribution"].median("draw", skipna=False).sum("channel", skipna=False)
    rest = (inside["observed"] - contributed).to_numpy().astype(float)
    followed = {}
    for channel in effects["channel"].to_numpy():
        spend = inside["spend"].sel(channel=channel).to_numpy().astype(float)
        moved = np.log1p(spend / spend.mean()) if spend.mean() > 0 else spend
        steady = not (moved.std() > 0 and rest.std() > 0)
        followed[str(channel)] = math.nan if steady else float(np.corrcoef(moved, rest)[0, 1])
    return followed


def check_demand(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Say how far demand may be behind the returns, and which way they then lean.

    Parameters
    ----------
    effects
        Weeks with ``in_sample`` are judged.
    limits
        ``max_spend_follows_demand``.

    Notes
    -----
    How to read it: the value is the largest correlation, either sign. It is measured on demand
    that shows outside the channels; demand that the model already gave to a channel does
    not show in it, so a low value does not clear a channel. In worlds made for it, whose
    budgets follow an unseen demand, returns came out too high.
    """
    model = str(effects.attrs["model"])
    limit = limits.max_spend_follows_demand
    followed = follow_demand(effects)
    known = {name: value for name, value in followed.items() if not math.isnan(value)}
    value = max(known.values(), key=abs) if known else math.nan
    high = [f"{name} ({r:.2f})" for name, r in known.items() if r > limit]
    low = [f"{name} ({r:.2f})" for name, r in known.items() if r < -limit]
    said = []
    if high:
        said.append(f"{', '.join(high)}: more likely too high than too low")
    if low:
        said.append(f"{', '.join(low)}: more likely too low than too high")
    if said:
        message = (
            "Spend moves with the outcome that the channels did not cause (correlation); "
            f"returns of {'; '.join(said)}."
        )
    elif known:
        message = (
            "No channel's spend moves much with the outcome that the channels did not cause "
            f"(largest correlation {value:.2f}, limit {limit:g}). Should budgets have followed a "
            "demand that no column measures, returns are more likely too high than too low."
        )
    else:
        message = (
            "Could not be computed: no channel's spend changes, or the outcome is not a number."
        )
    return [
        judge(
            "health.unseen_demand",
            model,
            passed=bool(known) and not said,
            value=value,
            limit=limit,
            message=message,
        )
    ]
