"""Whether a declared unit price is what past weeks of more and of less spend paid."""

from __future__ import annotations

import numpy as np
import xarray as xr

from mmmlib.estimates import NBSP, format_number, format_range
from mmmlib.findings import Finding, Level, judge, not_run
from mmmlib.model.prices import price_of, rising
from mmmlib.params.schema import Params
from mmmlib.scenarios.history import YEAR

CHECK = "scenarios.unit_price"
ENOUGH = 26
"""Weeks with spend and exposure, of the last year."""
MOVED = 0.02
"""Least rise of the declared price from a quiet to a busy week: below, the past cannot tell."""
NEAR = 0.5
"""Share of the declared rise by which what was paid may be another one."""


def price_findings(effects: xr.Dataset, params: Params) -> list[Finding]:
    """Hold each declared price against what the weeks of the last year paid for a unit.

    Parameters
    ----------
    effects
        Of what leads: spend and exposure by week.
    params
        Of the run.

    Returns
    -------
    list of Finding
        The value is the rise that was paid over the one that is declared, a steady rise or fall of the price
        over the year left out: 1 where both are the same, 0 where more spend paid no more.
    """
    return [_of_channel(effects, name, params.channel_label(name)) for name in rising(effects)]


def _of_channel(effects: xr.Dataset, name: str, label: str) -> Finding:
    one = effects.sel(channel=name).isel(week=slice(-YEAR, None))
    spend, media = one["spend"].to_numpy().astype(float), one["media"].sum("region").to_numpy()
    both = (spend > 0) & (media > 0)
    if both.sum() < ENOUGH:
        why = f"{label} has spend and exposure in {both.sum()} weeks of the last year; {ENOUGH} tell its price."
        return not_run(CHECK, name, why, level=Level.INFO)
    spend, paid = spend[both], np.log(spend[both] / media[both])
    stated = np.log(spend / price_of(effects, name).whole.worth(spend[None])[0])
    low, high = np.quantile(stated, [0.1, 0.9])
    if not np.expm1(high - low) >= MOVED:
        why = f"The spend of {label} hardly moved in the last year: its weeks do not tell how its price rises."
        return not_run(CHECK, name, why, level=Level.INFO)
    when = np.linspace(-1, 1, len(paid))
    terms = np.column_stack([stated, np.ones_like(stated), when])
    found, *_ = np.linalg.lstsq(terms, paid)
    left = paid - terms @ found
    spread = float(left @ left) / (len(paid) - terms.shape[1])
    error = float(np.sqrt(spread * np.linalg.inv(terms.T @ terms)[0, 0]))
    share = float(found[0])
    rise = float(np.expm1(high - low))
    least, most = (
        round(float(np.expm1((share + way * error) * (high - low))), 3) + 0.0
        for way in (-1.645, 1.645)
    )
    return judge(
        CHECK,
        name,
        passed=abs(share - 1) <= max(NEAR, 2 * error),
        value=share,
        limit=f"{1 - NEAR} to {1 + NEAR}",
        message=f"From a quiet to a busy week of the last year the declared price of {label} rises by "
        f"{format_number(rise, 'share')}; what was paid changed by {format_range(least, most, 'share')} (90{NBSP}%).",
    )
