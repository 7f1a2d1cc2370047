"""Draws of the noise: for predictions of weeks seen and unseen."""

from __future__ import annotations

import numpy as np

from mmmlib.model.arrays import ModelData
from mmmlib.model.kernel.noise import FLOOR
from mmmlib.model.rotation import rotate, rotate_back


def by_movement(data: ModelData, values: np.ndarray) -> np.ndarray:
    """Spread ``(draw, 1 or 2)`` over the rotated series: the common one, then the others."""
    kinds = np.minimum(np.arange(len(data.regions)), values.shape[1] - 1)
    return values[:, kinds]


def noise_autocorrelation(
    data: ModelData, parameters: dict[str, np.ndarray], draws: int
) -> np.ndarray:
    """Autocorrelation of every rotated series, zero where independent; ``(draw, region)``."""
    if "autocorrelation" not in parameters:
        return np.zeros((draws, len(data.regions)))
    return by_movement(data, parameters["autocorrelation"])


def draw_noise(
    data: ModelData,
    parameters: dict[str, np.ndarray],
    fitted: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw noise for all weeks, in units of the region's mean outcome; ``(draw, region, week)``.

    In the fitted weeks it is a fresh path of the noise's law; after them it goes on from the error
    of the last fitted week, as a forecast would. Counts are independent; their noise is what a
    drawn count is above the expected one (``fitted``).
    """
    draws, regions, _ = fitted.shape
    sigma = by_movement(data, parameters["sigma"])
    if data.likelihood == "negative_binomial":
        scale = data.scales.outcome[:, None]
        mean = scale * floored(fitted)
        shape = sigma[:, :, None] ** -2
        return rng.poisson(rng.gamma(shape, mean / shape)) / scale - fitted
    seen = data.fitted_weeks
    rho = noise_autocorrelation(data, parameters, draws)
    error = data.seen_outcome[:, -1] - fitted[:, :, seen - 1]
    last = rotate(error[..., None], data.noise_weight)[..., 0]
    size = (draws, regions, len(data.weeks))
    noise = rng.normal(size=size)
    if "degrees" in parameters:
        degrees = parameters["degrees"][:, :, None]
        noise /= np.sqrt(rng.chisquare(np.broadcast_to(degrees, size)) / degrees)
    noise *= sigma[:, :, None]
    noise[:, :, 0] /= np.sqrt(1 - rho**2)
    for week in range(1, len(data.weeks)):
        before = last if week == seen else noise[:, :, week - 1]
        noise[:, :, week] += rho * before
    return rotate_back(noise, data.noise_weight)


def floored(expected: np.ndarray) -> np.ndarray:
    """Expected counts in units of the mean, bent so that they stay above zero."""
    return FLOOR * np.logaddexp(0.0, expected / FLOOR)
