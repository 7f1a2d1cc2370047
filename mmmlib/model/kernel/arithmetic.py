"""What the compiled functions share: how they are compiled, and sums that return often."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

FAST = {"reassoc", "contract", "arcp", "nsz"}
"""Sums may be reordered, so that loops use vector instructions; NaN and infinity stay exact."""

jit = numba.njit(fastmath=FAST, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compiled as a part of what calls it; only the whole is kept on disk (``compiled``).

LLVM optimises a part again in everything that holds it, level by level: the functions
between the whole and its large parts are ``inlined``, which takes a third off the compiling.
Nothing calls a part from Python, so none has the wrapper for it.
"""
inlined = numba.njit(fastmath=FAST, error_model="numpy", inline="always")
"""Written into its caller. Not for everything: the time of numba's own passes grows faster
than a function's length."""


APART = 64
"""Numbers between two arrays: more than any loop handles at a time.

Before a loop in vector instructions, the machine code asks whether what it writes lies close
behind what it reads, and takes the slow way if so, which rounds otherwise. Short arrays side by
side made that a matter of where the system had free memory: the same seed, other draws.
"""


@jit
def empty_series(length: int) -> Any:
    """Array of one dimension for intermediate results, with room behind it; not filled."""
    return np.empty(length + APART)[:length]


@jit
def zero_series(length: int) -> Any:
    """Array of one dimension, of zeros, with room behind it."""
    return np.zeros(length + APART)[:length]


@jit
def empty(shape: Any) -> Any:
    """Array of two or more dimensions, with rows of room behind it; not filled."""
    return np.empty((shape[0] + APART // shape[-1] + 1, *shape[1:]))[: shape[0]]


@jit
def zeros(shape: Any) -> Any:
    """Array of zeros of two or more dimensions, with rows of room behind it."""
    return np.zeros((shape[0] + APART // shape[-1] + 1, *shape[1:]))[: shape[0]]


@inlined
def sigmoid(x: float) -> float:
    """Logistic function."""
    return 1.0 / (1.0 + math.exp(-x))


@inlined
def decay(x: float) -> float:
    """exp(-x) for x >= 0, to 13 digits: a series and eight squarings, for vector instructions.

    The mathematical library's exp is called number by number; this is three times as fast.
    """
    y = -min(x, 40.0) / 256.0
    p = 1.0 + y * (
        1.0
        + y
        / 2.0
        * (
            1.0
            + y
            / 3.0
            * (
                1.0
                + y
                / 4.0
                * (
                    1.0
                    + y
                    / 5.0
                    * (1.0 + y / 6.0 * (1.0 + y / 7.0 * (1.0 + y / 8.0 * (1.0 + y / 9.0))))
                )
            )
        )
    )
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    return p


@jit
def precision_times(x: Any, rho: float, out: Any) -> None:
    """Apply the AR(1) precision (for unit innovations) to a series."""
    weeks = x.shape[0]
    square = 1.0 + rho * rho
    out[0] = x[0] - rho * x[1]
    out[weeks - 1] = x[weeks - 1] - rho * x[weeks - 2]
    for t in range(1, weeks - 1):
        out[t] = square * x[t] - rho * (x[t - 1] + x[t + 1])


@jit
def unrotate_slopes(by_week: Any, mirror: Any, weight: Any) -> None:
    """Carry slopes by rotated series, ``(region, week)``, back to those by contribution, in place.

    ``mirror`` and ``weight`` (by region) are those of :mod:`mmmlib.model.rotation`.
    """
    regions, weeks = by_week.shape
    along = zero_series(weeks)
    for r in range(regions):
        for t in range(weeks):
            along[t] += mirror[r] * by_week[r, t]
    for r in range(regions):
        for t in range(weeks):
            by_week[r, t] = (by_week[r, t] - 2.0 * mirror[r] * along[t]) / weight[r]


@jit
def factor(matrix: Any) -> bool:
    """Cholesky factor in the lower triangle, in place; False if it is not positive."""
    size = matrix.shape[0]
    for j in range(size):
        total = matrix[j, j]
        for k in range(j):
            total -= matrix[j, k] * matrix[j, k]
        if not total > 0.0:
            return False
        root = math.sqrt(total)
        matrix[j, j] = root
        for i in range(j + 1, size):
            value = matrix[i, j]
            for k in range(j):
                value -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = value / root
    return True


@jit
def invert(factor: Any, inverse: Any) -> None:
    """Inverse of the matrix whose Cholesky factor is given."""
    size = factor.shape[0]
    # Row j of ``upper`` is column j of the factor's inverse, so that loops run along rows.
    upper = zeros((size, size))
    for j in range(size):
        upper[j, j] = 1.0 / factor[j, j]
        for i in range(j + 1, size):
            value = 0.0
            for k in range(j, i):
                value += factor[i, k] * upper[j, k]
            upper[j, i] = -value / factor[i, i]
    for i in range(size):
        for j in range(i + 1):
            value = 0.0
            for k in range(i, size):
                value += upper[i, k] * upper[j, k]
            inverse[i, j] = value
            inverse[j, i] = value
