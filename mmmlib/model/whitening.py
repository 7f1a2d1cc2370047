"""Levels and coefficients as the sampler moves them, where they are sampled.

Trend, season and levels share the same weeks, so their posterior is narrow and
askew. A matrix from the data, fixed before sampling, makes them nearly independent
and of unit spread: the law that they would have under normal noise and no media.
What media cause is then taken off the levels, else every level would have to follow all
returns: it is the outcome's mean that the data fix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmmlib.model.arrays import ModelData
from mmmlib.model.priors import LEVEL_MEAN, LEVEL_SD
from mmmlib.model.rotation import rotate, rotate_back, varies_by_region


@dataclass(frozen=True)
class Whitening:
    """From the sampler's vector to levels and coefficients: ``origin + matrix @ z - media``.

    ``origin`` and ``matrix`` are of the terms: levels (as they are sampled), then columns.
    ``level_mean`` is by region the prior mean of the levels as they are sampled. ``media``,
    ``(region, channel)``, is about what a return of one adds to the mean of a series, in the
    levels' units, without what comes after it and the part of an effect that is a region's own.
    ``weight`` has the noise weights of the regions where levels are rotated, else None.
    """

    origin: np.ndarray
    matrix: np.ndarray
    level_mean: np.ndarray
    media: np.ndarray
    weight: np.ndarray | None

    def name(self, z: np.ndarray, roi: np.ndarray) -> dict[str, np.ndarray]:
        """Levels and coefficients on their own scale; first dimensions as those of ``z``.

        ``roi`` is by channel.
        """
        terms = self.origin + z @ self.matrix.T
        regions = len(self.level_mean)
        levels = terms[..., :regions] - roi @ self.media.T
        if self.weight is not None:
            levels = LEVEL_MEAN + rotate_back(levels[..., None], self.weight)[..., 0]
        return {"level": levels, "slope_of": terms[..., regions:]}

    def place(self, level: np.ndarray, slope: np.ndarray, roi: np.ndarray) -> np.ndarray:
        """Undo :meth:`name`: the sampler's ``z`` of levels, coefficients and returns."""
        if self.weight is not None:
            level = rotate((level - LEVEL_MEAN)[..., None], self.weight)[..., 0]
        terms = np.concatenate([level + roi @ self.media.T, slope], axis=-1) - self.origin
        return np.linalg.solve(self.matrix, terms.T).T


def whiten(data: ModelData) -> Whitening:
    """Find the whitening of a fit's linear terms."""
    turned = data.likelihood != "negative_binomial"
    columns = turned_columns(data)
    regions, count, weeks = columns.shape
    level_mean = np.full(regions, 0.0 if turned else LEVEL_MEAN)
    each = np.ones(regions)
    if turned:
        each = rotate(each[:, None], data.noise_weight)[:, 0]
    outcome = turned_outcome(data)
    if not turned:
        outcome = outcome / data.scales.outcome[:, None]
    spread = data.linear.sd.copy()
    if "scale" in data.priors:
        typical = np.exp(np.concatenate([[0.0], data.priors["scale"][0]]))
        spread = spread * typical[data.linear.group]
    precision = np.diag(np.concatenate([np.full(regions, LEVEL_SD**-2), spread**-2]))
    right = np.concatenate([level_mean * LEVEL_SD**-2, np.zeros(count)])
    for region in range(regions):
        design = np.zeros((weeks, regions + count))
        design[:, region] = 1.0
        design[:, regions:] = columns[region].T
        left = outcome[region] - design @ np.linalg.lstsq(design, outcome[region])[0]
        variance = max(float(left.var()), 1e-6)
        precision += design.T @ design / variance
        right += design.T @ outcome[region] / variance
    matrix = np.linalg.inv(np.linalg.cholesky(precision)).T
    return Whitening(
        np.linalg.solve(precision, right),
        matrix,
        level_mean,
        each[:, None] * data.seen_spend / data.seen_total,
        data.noise_weight if turned else None,
    )


def turned_columns(data: ModelData) -> np.ndarray:
    """Linear terms of the fitted weeks ``(movement, column, week)``; rotated unless counts."""
    seen = data.columns[:, :, : data.fitted_weeks]
    if data.likelihood == "negative_binomial":
        return np.ascontiguousarray(seen)
    rotated = rotate(seen.transpose(1, 0, 2), data.noise_weight).transpose(1, 0, 2)
    same = [k for k in range(seen.shape[1]) if not varies_by_region(data.columns[:, k])]
    rotated[1:, same] = 0.0  # what rounding left
    return np.ascontiguousarray(rotated)


def turned_outcome(data: ModelData) -> np.ndarray:
    """Outcome as the compiled function reads it: rotated around the levels' mean, or counts."""
    if data.likelihood == "negative_binomial":
        return np.rint(data.outcome[:, : data.fitted_weeks])
    return rotate(data.seen_outcome - LEVEL_MEAN, data.noise_weight)
