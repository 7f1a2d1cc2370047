"""Where a fit begins: at the prior, or with what an earlier fit of the like has learned.

A refit knows much before it begins. Its sampler then moves in ``z``, where the parameters are
``centre + factor z``: centre and covariance are those of the earlier draws, on the scale on which
parameters are sampled. What the earlier fit got right is then a ball of unit size, which takes
less tuning and shorter trajectories. The density is the same one, so that the posterior is, too;
where the earlier fit was far off, the sampler adapts, as it always does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from mmmlib.model.arrays import ModelData
from mmmlib.model.kernel.packed import CARRIED_AT, LENGTH_AT
from mmmlib.model.layout import Layout, labels_of, layout_of, pack, unconstrained

TUNE = 150
"""Tuning steps that are enough from a carried start."""
JITTER = 0.3
"""Of a fresh start, around the middle of the prior."""
DRAWS = 2000
"""Of an earlier fit, evenly spaced, over all chains: what its centre and covariance are taken from."""
INDEPENDENT = 0.5
"""Share of these draws that the covariance is worth; chains repeat themselves."""


@dataclass(frozen=True)
class Start:
    """Where the sampler begins, and in which coordinates it moves.

    ``packed`` is all that the compiled function reads, ``point`` is in the sampler's coordinates.
    The parameters are ``centre + factor @ z``, ``factor`` lower triangular; None where the sampler
    moves the parameters themselves.
    """

    packed: np.ndarray
    point: np.ndarray
    centre: np.ndarray | None = None
    factor: np.ndarray | None = None

    @property
    def carried(self) -> bool:
        """Whether it is that of an earlier fit."""
        return self.factor is not None

    def near(self, seed: int) -> np.ndarray:
        """Return a point to begin at: near the prior's middle, or one that the earlier fit could have drawn."""
        rng = np.random.default_rng(seed)
        if self.carried:
            return rng.normal(size=self.point.size)
        return self.point + rng.uniform(-JITTER, JITTER, self.point.size)

    def parameters(self, z: np.ndarray) -> np.ndarray:
        """Take draws ``(..., place)`` from the sampler's coordinates to the parameters."""
        if self.centre is None or self.factor is None:
            return z
        return self.centre + z @ self.factor.T


def fresh_start(data: ModelData) -> Start:
    """Begin at the middle of the prior."""
    return Start(pack(data), _middle(data, layout_of(data)))


def learned(posterior: xr.DataTree) -> xr.Dataset:
    """Take from a fit what a later one can begin with; in single precision, as it is saved."""
    draws = posterior["posterior"].to_dataset()
    step = max(draws.sizes["chain"] * draws.sizes["draw"] // DRAWS, 1)
    return draws.isel(draw=slice(None, None, step)).astype("float32")


def carried_start(data: ModelData, earlier: xr.Dataset) -> Start:
    """Begin with what an earlier fit has learned, see :func:`learned`.

    What it did not have (a channel, a knot of the trend) begins at its prior.
    """
    layout = layout_of(data)
    middle, sd = _middle(data, layout), np.ones(layout.size)
    sd[: layout.known] = np.concatenate([np.ravel(one) for _, one in data.priors.values()])
    theta = _earlier_draws(data, layout, earlier)
    known = np.isfinite(theta).all(0) & (np.ptp(theta, axis=0) > 0)
    centre = np.where(known, theta.mean(0), middle)
    factor = np.diag(sd)
    if known.any():
        factor[np.ix_(known, known)] = _factor(theta[:, known])
    packed = pack(data)
    at = packed.size
    packed = np.concatenate([packed, centre, factor.ravel()])
    packed[CARRIED_AT], packed[LENGTH_AT] = at, packed.size
    return Start(packed, np.zeros(layout.size), centre, factor)


def _middle(data: ModelData, layout: Layout) -> np.ndarray:
    middle = np.zeros(layout.size)
    middle[: layout.known] = np.concatenate([np.ravel(mean) for mean, _ in data.priors.values()])
    return middle


def _factor(theta: np.ndarray) -> np.ndarray:
    """Root of the covariance, its correlations shrunk as Schaefer and Strimmer (2005) do."""
    count, size = theta.shape
    sd = theta.std(0)
    correlation = np.corrcoef(theta, rowvar=False).reshape(size, size)
    squares = np.square(correlation)
    noise = (np.square(1 - squares).sum()) / (INDEPENDENT * count)  # the diagonal has none
    part = min(1.0, noise / max(float(squares.sum() - size), 1e-12)) if size > 1 else 0.0
    correlation = (1 - part) * correlation + part * np.eye(size)
    return np.asarray(sd[:, None] * np.linalg.cholesky(correlation))


def _earlier_draws(data: ModelData, layout: Layout, earlier: xr.Dataset) -> np.ndarray:
    """Draws of an earlier fit in the places of this one, ``(draw, place)``; NaN where it had none."""
    labels = labels_of(data, layout)
    flat = earlier.stack(sample=("chain", "draw")).transpose("sample", ...)
    named = {
        name: _aligned(flat, name, labels[name], layout.shapes[name]) for name in layout.places
    }
    theta = unconstrained(layout, named, data.adstock_weeks)
    if layout.whitening is None:
        return theta
    returns = np.where(np.isfinite(named["roi"]), named["roi"], np.exp(data.priors["roi"][0]))
    regions, columns = len(data.regions), len(data.column_names)
    level = _aligned(flat, "level", labels["level"], (regions,))
    slope = _aligned(flat, "slope_of", labels["slope_of"], (columns,))
    return np.concatenate([theta, layout.whitening.place(level, slope, returns)], axis=1)


def _aligned(
    flat: xr.Dataset, name: str, labels: Mapping[str, list[str]], shape: tuple[int, ...]
) -> np.ndarray:
    """Values of a parameter for the labels of this fit; NaN for those that the earlier one had not."""
    missing = np.full((flat.sizes["sample"], *shape), np.nan)
    if name not in flat or flat[name].ndim != 1 + len(shape):
        return missing
    array = flat[name]
    array = array.rename(dict(zip(array.dims[1:], labels, strict=True)))
    for dim, own in labels.items():
        if dim in array.indexes:
            array = array.reindex({dim: own})
    return array.to_numpy() if array.shape[1:] == shape else missing
