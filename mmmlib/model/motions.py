"""An outcome over all its motions: the sum of the models that were fitted to each (M3).

Each motion has its own model and curves, and yet the money is spent once. What a channel
returns, and what a plan is worth, is the sum over motions; a motion alone, with all of the
spend set against it, looks worse than it is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import reduce
from operator import add, and_

import numpy as np
import xarray as xr

from mmmlib.model.quantiles import probabilities, sum_points

ADDED = (
    "contribution",
    "spend_effect",
    "contribution_region",
    "predicted",
    "observed",
    "response",
    "marginal_roi",
)
ADDED_LEVERS = ("lever_effect",)
ADDED_UNPAID = ("unpaid_contribution", "unpaid_effect", "unpaid_response")
SAME = (
    "spend",
    "spend_region",
    "media",
    "media_cost",
    "response_spend",
    "spend_today",
    "spend_low",
    "spend_high",
)
"""Every motion has the same media."""
EXPOSURE = ("exposure", "response_exposure")
"""So begin the names of the same media of channels without spend."""


def sum_motions(outcome: str, parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Add the effects of an outcome's motions, fitted to the same media, draw by draw.

    The sum is called by the outcome's name, and has no formula: each motion has its own. The fits
    are independent given the data, so that any pairing of their draws is a draw of the sum. The
    half-life is the motions' own, weighted by what each brings.

    Raises
    ------
    ValueError
        If weeks, channels, regions or the unit differ.
    """
    first = parts[0]
    for part in parts[1:]:
        for dim in ("week", "channel", "region"):
            if not np.array_equal(part[dim].to_numpy(), first[dim].to_numpy()):
                raise ValueError(f"the motions of {outcome} do not have the same {dim}s")
        if part.attrs["outcome_unit"] != first.attrs["outcome_unit"]:
            raise ValueError(f"the motions of {outcome} do not have the same unit")
    draws = min(part.sizes["draw"] for part in parts)
    cut = [part.isel(draw=slice(draws)).assign_coords(draw=np.arange(draws)) for part in parts]
    levers = all("lever" in part.dims for part in parts)
    same = [*SAME, *(name for name in first if str(name).startswith(EXPOSURE))]
    same += ["lever_value"] if levers else []
    whole = cut[0][same].assign_coords(draw=np.arange(draws))
    unpaid = "unpaid" in first.dims
    added = (*ADDED, *(ADDED_UNPAID if unpaid else ()), *(ADDED_LEVERS if levers else ()))
    for name in added:
        whole[name] = reduce(add, (part[name] for part in cut))
    for name in ("prior_roi", "unpaid_prior") if unpaid else ("prior_roi",):
        whole[name] = _added_priors([part[name] for part in cut])
    whole["in_sample"] = reduce(and_, (part["in_sample"] for part in cut))
    whole["baseline_part"] = _added_components([part["baseline_part"] for part in cut])
    for name in ("half_life", "unpaid_half_life") if unpaid else ("half_life",):
        whole[name] = _mean_half_life(cut, name)
    whole.attrs = first.attrs | {
        "model": outcome,
        "formula": 0,
        "saturation_kinds": "{}",
        "inputs": json.dumps(
            {
                "sum_of": [part.attrs["model"] for part in parts],
                "stated": _stated_on(outcome, parts),
            }
        ),
    }
    return whole


def _stated_on(outcome: str, parts: Sequence[xr.Dataset]) -> dict[str, object]:
    """What was stated of the outcome itself, by channel; not what was stated of its motions."""
    each = [json.loads(part.attrs["inputs"]).get("stated", {}) for part in parts]
    return {
        channel: one
        for channel, one in each[0].items()
        if one["of"] == outcome and all(other.get(channel) == one for other in each)
    }


def _added_components(parts: Sequence[xr.DataArray]) -> xr.DataArray:
    """Add component by component; one that a motion lacks counts nothing there."""
    names = dict.fromkeys(str(name) for part in parts for name in part["component"].to_numpy())
    return reduce(add, (part.reindex(component=list(names), fill_value=0.0) for part in parts))


def _added_priors(parts: Sequence[xr.DataArray]) -> xr.DataArray:
    """Add what was believed of every motion: by quantiles, which have no order of draws."""
    like = parts[0]
    at = probabilities(like.sizes["draw"])
    columns = [
        sum_points([part.to_numpy()[:, place].astype(float) for part in parts], at)
        for place in range(like.shape[1])
    ]
    return like.copy(data=np.stack(columns, axis=1).astype("float32"))


def _mean_half_life(parts: Sequence[xr.Dataset], name: str) -> xr.DataArray:
    of = name.replace("half_life", "contribution")
    contributed = xr.concat([part[of].sum("week") for part in parts], "motion")
    each = xr.concat([part[name] for part in parts], "motion")
    total = contributed.sum("motion")
    return (each * contributed).sum("motion") / total.where(total > 0, 1.0) + each.mean(
        "motion"
    ).where(total <= 0, 0.0)
