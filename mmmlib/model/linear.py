"""Draws of the linear terms: sampled with the rest, or recovered after sampling.

Under normal noise, given the sampled parameters, levels and columns are normal with known mean and
covariance; one draw of them per posterior draw makes the joint posterior whole.
"""

from __future__ import annotations

import numpy as np

from mmmlib.model.arrays import ModelData
from mmmlib.model.layout import gram_matrices
from mmmlib.model.noise import by_movement, noise_autocorrelation
from mmmlib.model.priors import LEVEL_MEAN, LEVEL_SD
from mmmlib.model.rotation import rotate, rotate_back
from mmmlib.model.whitening import turned_columns, turned_outcome

CHUNK = 100
"""Draws that are worked on at a time, to keep memory small."""


def draw_linear(
    data: ModelData,
    parameters: dict[str, np.ndarray],
    media: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw levels ``(draw, region)`` and coefficients of the columns ``(draw, column)``.

    All are in units of the region's mean outcome, and so is ``media``, ``(draw, region, week)``:
    the contribution of all channels, weeks of the fit at least. ``parameters`` are posterior draws
    by name.
    """
    if "level" in parameters:
        return parameters["level"], parameters["slope_of"]
    weeks, regions, count = data.fitted_weeks, len(data.regions), len(data.column_names)
    draws = len(media)
    columns = turned_columns(data)
    wide = np.concatenate([np.ones((regions, 1, weeks)), columns], axis=1)
    beside, inner = np.zeros_like(wide), wide.copy()
    beside[:, :, 1:] += wide[:, :, :-1]
    beside[:, :, :-1] += wide[:, :, 1:]
    inner[:, :, [0, -1]] = 0
    gram = gram_matrices(columns)
    sd = column_spread(data, parameters, draws)
    rho = noise_autocorrelation(data, parameters, draws)
    sigma = by_movement(data, parameters["sigma"])
    rest = turned_outcome(data)
    total = np.empty((draws, regions + count))
    for start in range(0, draws, CHUNK):
        part = slice(start, start + CHUNK)
        size = len(rho[part])
        error = rest - rotate(media[part, :, :weeks], data.noise_weight)
        precision = sigma[part] ** -2
        r = rho[part, :, None]
        side = _product(wide, error) - r * _product(beside, error) + r**2 * _product(inner, error)
        side *= precision[:, :, None]
        r = rho[part, :, None, None]
        blocks = gram[:, 0] - r * gram[:, 1] + r**2 * gram[:, 2]
        blocks = blocks * precision[:, :, None, None]
        matrix = np.zeros((size, regions + count, regions + count))
        own = np.arange(regions)
        matrix[:, own, own] = blocks[:, :, 0, 0] + LEVEL_SD**-2
        matrix[:, :regions, regions:] = blocks[:, :, 0, 1:]
        matrix[:, regions:, :regions] = blocks[:, :, 0, 1:].transpose(0, 2, 1)
        matrix[:, regions:, regions:] = blocks[:, :, 1:, 1:].sum(1)
        shared = np.arange(regions, regions + count)
        matrix[:, shared, shared] += sd[part] ** -2
        right = np.concatenate([side[:, :, 0], side[:, :, 1:].sum(1)], axis=1)
        factor = np.linalg.cholesky(matrix)
        mean = np.linalg.solve(matrix, right[..., None])[..., 0]
        noise = rng.normal(size=(size, regions + count, 1))
        total[part] = mean + np.linalg.solve(factor.transpose(0, 2, 1), noise)[..., 0]
    levels = rotate_back(total[:, :regions, None], data.noise_weight)[..., 0]
    return levels + LEVEL_MEAN, total[:, regions:]


def column_spread(data: ModelData, parameters: dict[str, np.ndarray], draws: int) -> np.ndarray:
    """Prior spread of every column's coefficient, learned scales included; ``(draw, column)``."""
    scale = parameters.get("scale", np.ones((draws, 0)))
    with_fixed = np.concatenate([np.ones((draws, 1)), scale], axis=1)
    return data.linear.sd * with_fixed[:, data.linear.group]


def _product(wide: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Columns times errors by region: ``(draw, region, column)``."""
    return np.matmul(error.transpose(1, 0, 2), wide.transpose(0, 2, 1)).transpose(1, 0, 2)
