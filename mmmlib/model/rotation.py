"""Regions seen as one common movement and their differences from it.

Regions share shocks (a news day, a holiday that moved, a competitor), so their noise
is not independent: taken for independent, ranges of what all regions share are far
too short. Noise is modelled as a part common to all regions plus a part of each:
covariance over regions ``b * W^2 + c * 11'`` with ``W`` the regions' noise weights.

A reflection (Householder) that maps ``1 / w`` to the first axis makes this diagonal:
the first rotated series is the regions' precision-weighted common movement, the
others are differences. Rotated series are independent, so the log density is that of
separate series, and terms that are the same in every region live in the first only.
One region is its own common movement: nothing is rotated.
"""

from __future__ import annotations

import numpy as np

PRIOR_WEEKS = 20
"""A region's own noise counts against the regions' mean as if that were seen so many weeks."""


def measure_noise_weight(outcome: np.ndarray) -> np.ndarray:
    """Noise of every region relative to the others, from the outcome in units of the region's mean.

    By region; the mean of ``1 / w^2`` is one. Measured on what is left after region and week means,
    and drawn a little towards the regions' mean.
    """
    regions, weeks = outcome.shape
    if regions == 1:
        return np.ones(1)
    own = outcome - outcome.mean(1, keepdims=True)
    left = own - own.mean(0)
    variance = np.square(left).mean(1)
    variance = (weeks * variance + PRIOR_WEEKS * variance.mean()) / (weeks + PRIOR_WEEKS)
    return np.sqrt(variance * (1 / variance).mean())


def mirror(weight: np.ndarray) -> np.ndarray:
    """Unit vector of the reflection; zero for one region."""
    direction = 1 / weight / np.linalg.norm(1 / weight)
    direction[0] -= 1
    length = np.linalg.norm(direction)
    return direction / length if length > 1e-12 else np.zeros_like(direction)


def rotate(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Take values by region to the common movement (first) and the differences.

    ``values`` are ``(..., region, week)``, in units of the region's mean.
    """
    return _reflect(values / weight[:, None], mirror(weight))


def rotate_back(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Undo :func:`rotate`."""
    return _reflect(values, mirror(weight)) * weight[:, None]


def varies_by_region(column: np.ndarray) -> bool:
    """Say whether a term (``(week,)`` or ``(region, week)``) differs between regions."""
    return column.ndim == 2 and bool((column != column[:1]).any())


def _reflect(values: np.ndarray, vector: np.ndarray) -> np.ndarray:
    along = np.einsum("...rt,r->...t", values, vector)
    return values - 2 * vector[:, None] * along[..., None, :]
