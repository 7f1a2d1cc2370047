"""Channels without spend in the effects: a contribution of their own, and no return.

Everything that asks for money (returns, plans, labels, promises) takes the dimension ``channel``, and
so never sees them. What they contributed is a component of the baseline there: what came without the
channels that were paid for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

COMPONENT = "channels without spend"
"""Component of the baseline that holds what they contributed."""
NAMES = {
    "contribution": "unpaid_contribution",
    "spend_effect": "unpaid_effect",
    "prior_roi": "unpaid_prior",
    "half_life": "unpaid_half_life",
    "response": "unpaid_response",
    "spend": "exposure",
    "response_spend": "response_exposure",
    "spend_today": "exposure_today",
    "spend_low": "exposure_low",
    "spend_high": "exposure_high",
}
"""What is told of a channel with spend, and the name of the same of one without."""


def set_apart(effects: xr.Dataset, unpaid: Sequence[str]) -> xr.Dataset:
    """Give channels without spend, for which their exposure stands, a dimension of their own."""
    if not unpaid:
        return effects
    own = effects.sel(channel=list(unpaid))
    paid = [str(name) for name in effects["channel"].to_numpy() if name not in unpaid]
    parts = effects["baseline_part"].transpose("draw", "component", "week")
    together = own["contribution"].sum("channel").transpose("draw", "week")
    names = [*map(str, parts["component"].to_numpy()), COMPONENT]
    rest = effects.sel(channel=paid).drop_dims("component").assign_coords(component=names)
    wide = np.concatenate([parts.to_numpy(), together.to_numpy()[:, None]], axis=1)
    rest["baseline_part"] = (("draw", "component", "week"), wide)
    for name, new in NAMES.items():
        rest[new] = own[name].rename(channel="unpaid")
    return rest


def unpaid_of(effects: xr.Dataset) -> xr.Dataset | None:
    """Return the channels without spend by the names of those with: ``spend`` is exposure.

    None where there are none.
    """
    if "unpaid" not in effects.dims:
        return None
    back = {new: name for name, new in NAMES.items()}
    return (
        effects[list(back)]
        .drop_vars("channel", errors="ignore")
        .rename(back | {"unpaid": "channel"})
    )


def paid_baseline(effects: xr.Dataset) -> xr.DataArray:
    """Parts of the baseline that no channel caused, with spend or without; summed."""
    parts = effects["baseline_part"]
    kept = parts["component"].to_numpy() != COMPONENT
    return parts.isel(component=np.flatnonzero(kept)).sum("component", skipna=False)
