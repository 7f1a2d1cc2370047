"""The sampler's chains, parameter by parameter, and how well they agree."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr

SAME = 1e-10
"""A parameter whose draws differ by less than this, relative to their size, is constant."""
RHAT = "largest_rhat"
"""Attribute of effects that are kept without their chains: how well those agreed."""
MAX_RHAT = 1.05
"""Looser than for the model itself: what is only held against it can stand a little noise."""


@dataclass(frozen=True)
class Chains:
    """Draws of every scalar parameter, sorted by what can be judged.

    ``draws`` are those of parameters that vary, by name (``roi[search]``), each ``(chain, draw)``;
    ``constant`` are names of parameters that never change: fixed values, nothing to converge;
    ``broken`` those with a draw that is not finite.
    """

    draws: dict[str, np.ndarray]
    constant: tuple[str, ...]
    broken: tuple[str, ...]


def sort_parameters(posterior: xr.Dataset) -> Chains:
    """Split a posterior into scalar parameters and set constant and broken ones apart."""
    draws: dict[str, np.ndarray] = {}
    constant: list[str] = []
    broken: list[str] = []
    for name, values in _scalars(posterior):
        if not np.isfinite(values).all():
            broken.append(name)
        elif np.ptp(values) <= SAME * max(np.abs(values).max(), np.finfo(float).tiny):
            constant.append(name)
        else:
            draws[name] = values
    return Chains(draws, tuple(constant), tuple(broken))


def largest_rhat(posterior: xr.DataTree) -> float:
    """Return the largest R-hat of all parameters that vary; NaN where one is NaN."""
    values = diagnose(sort_parameters(posterior["posterior"].to_dataset()), "rhat")
    return float(np.max(values)) if len(values) else float("nan")


def least_ess(posterior: xr.DataTree) -> float:
    """Return the least effective sample size of all parameters that vary, bulk and tail; NaN where one is."""
    chains = sort_parameters(posterior["posterior"].to_dataset())
    values = [
        diagnose(chains, "ess", method="bulk"),
        diagnose(chains, "ess", method="tail", prob=(0.05, 0.95)),
    ]
    return float(np.min(values)) if len(values[0]) else float("nan")


def agreed(effects: xr.Dataset) -> bool:
    """Say whether the chains of a fit that is only compared with are known to have agreed."""
    return float(effects.attrs.get(RHAT, math.nan)) <= MAX_RHAT


def rhat_text(effects: xr.Dataset) -> str:
    """Say how well the chains of a fit that is only compared with agreed."""
    rhat = float(effects.attrs.get(RHAT, math.nan))
    if not math.isfinite(rhat):
        return "its R-hat is not known"
    return f"its largest R-hat is {rhat:.2f}, the limit {MAX_RHAT:g}"


def diagnose(chains: Chains, diagnostic: str, **options: object) -> np.ndarray:
    """Apply one of ArviZ's diagnostics to every parameter that varies; broken ones give NaN.

    ``diagnostic`` is ``rhat`` or ``ess``; one value each, in the order of ``chains.draws``.
    """
    import arviz_stats

    if not chains.draws:
        return np.full(len(chains.broken), np.nan)
    stacked = np.stack(list(chains.draws.values()))
    data = xr.DataArray(stacked, dims=("scalar", "chain", "draw"))
    # A chain that never moves divides by zero: R-hat is then infinite or NaN, and both fail.
    with np.errstate(divide="ignore", invalid="ignore"):
        result = getattr(arviz_stats, diagnostic)(data, **options)
    return np.concatenate([np.asarray(result, dtype=float), np.full(len(chains.broken), np.nan)])


def _scalars(posterior: xr.Dataset) -> Iterable[tuple[str, np.ndarray]]:
    for name, array in posterior.data_vars.items():
        if not {"chain", "draw"} <= set(array.dims) or array.dtype.kind not in "fiub":
            continue
        if array.size == 0:
            continue
        wide = array.transpose("chain", "draw", ...)
        values = wide.to_numpy().astype(float)
        values = np.moveaxis(values.reshape(*values.shape[:2], -1), -1, 0)
        for label, one in zip(_labels(wide), values, strict=True):
            yield f"{name}{label}", one


def _labels(array: xr.DataArray) -> list[str]:
    dims = [dim for dim in array.dims if dim not in ("chain", "draw")]
    if not dims:
        return [""]
    index = np.ndindex(*(array.sizes[dim] for dim in dims))
    names = [array[dim].to_numpy() if dim in array.coords else None for dim in dims]
    return [
        "["
        + ", ".join(
            str(place if known is None else known[place])
            for place, known in zip(places, names, strict=True)
        )
        + "]"
        for places in index
    ]
