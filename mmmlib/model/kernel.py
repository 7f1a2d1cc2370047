"""The log density and its gradient in one compiled function.

It is the density of the model that :mod:`mmmlib.model.build` writes in PyMC, with
the linear terms (levels, trend, seasonality, events, controls) integrated out; a
test holds the two equal. One function serves every model, whatever its channels,
forms, regions and weeks, so it is compiled once, kept on disk by numba, and a fit
pays for sampling only.

Integrating out: given the media, outcome = columns · b + noise with b normal, so b
leaves in closed form. Fisher's identity gives all gradients from the mean and the
covariance of b given the rest: d log p(y) = E[d log p(y, b) | y].

Layout of ``packed`` (one vector of floats): see :func:`pack`.
"""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numba
import numpy as np
from filelock import FileLock
from numba.core.caching import FunctionCache
from numba.core.registry import cpu_target

FAST = {"reassoc", "contract", "arcp", "nsz"}
"""Sums may be reordered, so that loops use vector instructions; NaN and infinity stay exact."""

COMPILING_ENV = "MMM_COMPILING"
"""Set in the process that compiles the density for all others."""
HEADER = 16
LENGTH_AT = 13
"""Place of the packed vector's own length."""
SLOTS = 6
"""Per channel: place of retention, peak, steepness or half saturation, slope, return, pooling."""


@numba.njit(fastmath=FAST, error_model="numpy", inline="always")
def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


@numba.njit(fastmath=FAST, error_model="numpy", inline="always")
def _decay(x: float) -> float:
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


@numba.njit(fastmath=FAST, error_model="numpy", cache=True)
def _precision_times(x: Any, rho: float, out: Any) -> None:
    """Apply the AR(1) precision (for unit innovations) to a series."""
    weeks = x.shape[0]
    square = 1.0 + rho * rho
    out[0] = x[0] - rho * x[1]
    out[weeks - 1] = x[weeks - 1] - rho * x[weeks - 2]
    for t in range(1, weeks - 1):
        out[t] = square * x[t] - rho * (x[t - 1] + x[t + 1])


@numba.njit(fastmath=FAST, error_model="numpy", cache=True)
def _factor(matrix: Any) -> bool:
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


@numba.njit(fastmath=FAST, error_model="numpy", cache=True)
def _invert(factor: Any, inverse: Any) -> None:
    """Inverse of the matrix whose Cholesky factor is given."""
    size = factor.shape[0]
    # Row j of ``upper`` is column j of the factor's inverse, so that loops run along rows.
    upper = np.zeros((size, size))
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


@numba.njit(fastmath=FAST, error_model="numpy", cache=True)
def _stock(media: Any, weights: Any, out: Any) -> None:
    """Adstock of a padded series: ``out[t]`` weighs ``media[t + lags - 1]`` and before."""
    lags, weeks = weights.shape[0], out.shape[0]
    for t in range(weeks):
        out[t] = 0.0
    # Four lags in a pass: the sum is loaded and stored a quarter as often.
    lag = 0
    while lag + 4 <= lags:
        a, b, c, d = weights[lag], weights[lag + 1], weights[lag + 2], weights[lag + 3]
        window = media[lags - 4 - lag :]
        for t in range(weeks):
            out[t] += (a * window[t + 3] + b * window[t + 2]) + (c * window[t + 1] + d * window[t])
        lag += 4
    while lag < lags:
        weight = weights[lag]
        window = media[lags - 1 - lag :]
        for t in range(weeks):
            out[t] += weight * window[t]
        lag += 1


@numba.njit(fastmath=FAST, error_model="numpy", cache=True)
def _stock_back(media: Any, up: Any, out: Any) -> None:
    """Carry ``up`` (by adstocked media) back to the weights; adds to ``out``."""
    lags, weeks = out.shape[0], up.shape[0]
    lag = 0
    while lag + 4 <= lags:
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        window = media[lags - 4 - lag :]
        for t in range(weeks):
            a += up[t] * window[t + 3]
            b += up[t] * window[t + 2]
            c += up[t] * window[t + 1]
            d += up[t] * window[t]
        out[lag] += a
        out[lag + 1] += b
        out[lag + 2] += c
        out[lag + 3] += d
        lag += 4
    while lag < lags:
        a = 0.0
        window = media[lags - 1 - lag :]
        for t in range(weeks):
            a += up[t] * window[t]
        out[lag] += a
        lag += 1


@numba.njit(fastmath=FAST, error_model="numpy", cache=True)
def _saturate(hill: bool, stocked: Any, first: float, second: float, out: Any) -> float:
    """Saturation of a series; returns its sum."""
    total = 0.0
    if hill:
        shift = math.log(first)
        for t in range(stocked.shape[0]):
            if stocked[t] > 1e-12:
                power = math.exp(-second * (math.log(stocked[t]) - shift))
                out[t] = 1.0 / (1.0 + power)
            else:
                out[t] = 0.0
            total += out[t]
    else:
        for t in range(stocked.shape[0]):
            power = _decay(first * stocked[t])
            out[t] = (1.0 - power) / (1.0 + power)
            total += out[t]
    return total


@numba.njit(fastmath=FAST, error_model="numpy", cache=True)
def _saturate_back(
    hill: bool, stocked: Any, first: float, second: float, value: Any, up: Any, out: Any
) -> tuple[float, float]:
    """Carry ``up`` (by value) back to the stocked media (``out``) and to both parameters."""
    first_sum, second_sum = 0.0, 0.0
    if hill:
        shift = math.log(first)
        for t in range(stocked.shape[0]):
            if stocked[t] > 1e-12:
                inner = up[t] * value[t] * (1.0 - value[t])
                out[t] = inner * second / stocked[t]
                first_sum -= inner * second
                second_sum += inner * (math.log(stocked[t]) - shift) * second
            else:
                out[t] = 0.0
    else:
        for t in range(stocked.shape[0]):
            inner = 0.5 * up[t] * (1.0 - value[t] * value[t])
            out[t] = inner * first
            first_sum += inner * stocked[t] * first
    return first_sum, second_sum


@numba.njit(fastmath=FAST, error_model="numpy", cache=True)
def log_density(theta: Any, packed: Any, gradient: Any) -> float:
    """Log density (without constants) at ``theta``; its gradient goes to ``gradient``.

    Returns minus infinity where the linear algebra breaks down, which the sampler
    takes as a divergence.
    """
    channels, regions, weeks, lags = (
        int(packed[0]),
        int(packed[1]),
        int(packed[2]),
        int(packed[3]),
    )
    columns, size = int(packed[4]), int(packed[5])
    sigma_at, rho_at, scale_at, deviation_at = (
        int(packed[6]),
        int(packed[7]),
        int(packed[8]),
        int(packed[9]),
    )
    level_precision, max_share, share_width = packed[10], packed[11], packed[12]
    varying = int(packed[14])

    at = HEADER
    prior_mean = packed[at : at + size]
    at += size
    prior_sd = packed[at : at + size]
    at += size
    slots = packed[at : at + channels * SLOTS].reshape((channels, SLOTS))
    at += channels * SLOTS
    spend = packed[at : at + channels]
    at += channels
    share_per_return = packed[at : at + channels]
    at += channels
    outcome_scale = packed[at : at + regions]
    at += regions
    noise_weight = packed[at : at + regions]
    at += regions
    mirror = packed[at : at + regions]
    at += regions
    sd = packed[at : at + columns]
    at += columns
    group = packed[at : at + columns]
    at += columns
    outcome = packed[at : at + regions * weeks].reshape((regions, weeks))
    at += regions * weeks
    padded = weeks + lags - 1
    media = packed[at : at + channels * regions * padded].reshape((channels, regions, padded))
    at += channels * regions * padded
    linear = packed[at : at + regions * columns * weeks].reshape((regions, columns, weeks))
    at += regions * columns * weeks
    wide = columns + 1
    gram = packed[at : at + regions * 3 * wide * wide].reshape((regions, 3, wide, wide))

    # Prior: every parameter is normal on its unconstrained scale.
    value = 0.0
    for i in range(size):
        step = (theta[i] - prior_mean[i]) / prior_sd[i]
        value -= 0.5 * step * step
        gradient[i] = -step / prior_sd[i]

    # Media: contribution of every channel in units of the region's mean outcome.
    weights = np.empty((channels, lags))
    stocked = np.empty((channels, regions, weeks))
    saturated = np.empty((channels, regions, weeks))
    sums = np.empty((channels, regions))
    deviation = np.ones((channels, regions))
    strength = np.empty(channels)
    norm = np.empty(channels)
    firsts = np.empty(channels)
    seconds = np.ones(channels)
    peaks = np.zeros(channels)
    caused = np.zeros((regions, weeks))
    total_share = 0.0
    for c in range(channels):
        retention = theta[int(slots[c, 0])]
        log_retention = -math.log1p(math.exp(-retention))
        delayed = slots[c, 1] >= 0
        if delayed:
            peaks[c] = lags * _sigmoid(theta[int(slots[c, 1])])
        total = 0.0
        for lag in range(lags):
            distance = lag - peaks[c]
            if delayed:
                distance *= distance
            weights[c, lag] = math.exp(distance * log_retention)
            total += weights[c, lag]
        for lag in range(lags):
            weights[c, lag] /= total
        hill = slots[c, 3] >= 0
        firsts[c] = math.exp(theta[int(slots[c, 2])])
        if hill:
            seconds[c] = math.exp(theta[int(slots[c, 3])])
        spread = 0.0
        if slots[c, 5] >= 0:
            spread = math.exp(theta[int(slots[c, 5])])
        norm[c] = 0.0
        for r in range(regions):
            if slots[c, 5] >= 0:
                deviation[c, r] = math.exp(spread * theta[deviation_at + c * regions + r])
            _stock(media[c, r], weights[c], stocked[c, r])
            sums[c, r] = _saturate(hill, stocked[c, r], firsts[c], seconds[c], saturated[c, r])
            norm[c] += outcome_scale[r] * deviation[c, r] * sums[c, r]
        returned = math.exp(theta[int(slots[c, 4])])
        total_share += returned * share_per_return[c]
        strength[c] = returned * spend[c] / norm[c]
        for r in range(regions):
            factor = strength[c] * deviation[c, r] / noise_weight[r]
            for t in range(weeks):
                caused[r, t] += factor * saturated[c, r, t]

    # To the common movement and the differences between regions.
    along = np.zeros(weeks)
    for r in range(regions):
        for t in range(weeks):
            along[t] += mirror[r] * caused[r, t]
    rest = np.empty((regions, weeks))
    for r in range(regions):
        for t in range(weeks):
            rest[r, t] = outcome[r, t] - caused[r, t] + 2.0 * mirror[r] * along[t]

    # All channels together hardly pass the whole outcome.
    excess = (total_share - max_share) / share_width
    if excess > 0:
        value -= excess + math.log1p(math.exp(-excess))
    else:
        value -= math.log1p(math.exp(excess))
    share_slope = -_sigmoid(excess) / share_width

    # Linear terms, integrated out: an arrow of one level per region and common columns.
    rhos = np.zeros(2)
    if rho_at >= 0:
        for r in range(min(regions, 2)):
            rhos[r] = _sigmoid(theta[rho_at + r])
    prior_precision = np.empty(columns)
    for k in range(columns):
        spread = sd[k]
        if group[k] > 0:
            spread *= math.exp(theta[scale_at + int(group[k]) - 1])
        prior_precision[k] = 1.0 / (spread * spread)
        value += 0.5 * math.log(prior_precision[k])
    block = np.empty((wide, wide))
    core = np.zeros((columns, columns))
    right = np.zeros(columns)
    for k in range(columns):
        core[k, k] = prior_precision[k]
    corner = np.empty(regions)
    edge = np.zeros((regions, columns))
    side = np.empty(regions)
    weighted = np.empty(weeks)
    for r in range(regions):
        kind = min(r, 1)
        precision, rho = math.exp(-2.0 * theta[sigma_at + kind]), rhos[kind]
        active = columns if r == 0 else varying
        for i in range(active + 1):
            for j in range(active + 1):
                block[i, j] = precision * (
                    gram[r, 0, i, j] - rho * (gram[r, 1, i, j] - rho * gram[r, 2, i, j])
                )
        _precision_times(rest[r], rho, weighted)
        corner[r] = 1.0 / (block[0, 0] + level_precision)
        value += 0.5 * math.log(corner[r] * level_precision)
        total = 0.0
        for t in range(weeks):
            total += weighted[t]
        side[r] = corner[r] * total * precision
        for k in range(active):
            edge[r, k] = corner[r] * block[0, k + 1]
            total = 0.0
            for t in range(weeks):
                total += linear[r, k, t] * weighted[t]
            right[k] += total * precision - block[0, k + 1] * side[r]
        for i in range(active):
            for j in range(i + 1):
                core[i, j] += block[i + 1, j + 1] - edge[r, i] * block[0, j + 1]
    if not _factor(core):
        return -math.inf
    covariance = np.empty((columns, columns))
    _invert(core, covariance)
    for k in range(columns):
        value -= math.log(core[k, k])
    common = np.zeros(columns)
    for i in range(columns):
        for j in range(columns):
            common[i] += covariance[i, j] * right[j]
    for k in range(columns):
        value -= 0.5 * prior_precision[k] * common[k] * common[k]
        if group[k] > 0:
            gradient[scale_at + int(group[k]) - 1] += (
                prior_precision[k] * (common[k] * common[k] + covariance[k, k]) - 1.0
            )

    pull = np.empty((regions, weeks))  # by scaled contribution
    reach = np.empty(columns)
    for r in range(regions):
        kind = min(r, 1)
        precision, rho = math.exp(-2.0 * theta[sigma_at + kind]), rhos[kind]
        active = columns if r == 0 else varying
        level = side[r]
        for k in range(active):
            level -= edge[r, k] * common[k]
        value -= 0.5 * level_precision * level * level
        error = rest[r]
        for t in range(weeks):
            error[t] -= level
        for k in range(active):
            for t in range(weeks):
                error[t] -= linear[r, k, t] * common[k]
        _precision_times(error, rho, weighted)
        quadratic = 0.0
        for t in range(weeks):
            quadratic += error[t] * weighted[t]
            pull[r, t] = precision * weighted[t]
        neighbours, inner = 0.0, 0.0
        for t in range(1, weeks):
            neighbours += error[t] * error[t - 1]
        for t in range(1, weeks - 1):
            inner += error[t] * error[t]
        # Traces of the linear terms' covariance with the Gram matrices.
        own = corner[r]
        for i in range(active):
            total = 0.0
            for j in range(active):
                total += covariance[i, j] * edge[r, j]
            reach[i] = -total
            own += edge[r, i] * total
        trace0 = own * gram[r, 0, 0, 0]
        trace1 = own * gram[r, 1, 0, 0]
        trace2 = own * gram[r, 2, 0, 0]
        for i in range(active):
            trace0 += 2.0 * reach[i] * gram[r, 0, 0, i + 1]
            trace1 += 2.0 * reach[i] * gram[r, 1, 0, i + 1]
            trace2 += 2.0 * reach[i] * gram[r, 2, 0, i + 1]
            for j in range(active):
                trace0 += covariance[i, j] * gram[r, 0, i + 1, j + 1]
                trace1 += covariance[i, j] * gram[r, 1, i + 1, j + 1]
                trace2 += covariance[i, j] * gram[r, 2, i + 1, j + 1]
        spread0 = quadratic + trace0 - rho * (trace1 - rho * trace2)
        value -= 0.5 * precision * quadratic + weeks * theta[sigma_at + kind]
        gradient[sigma_at + kind] += precision * spread0 - weeks
        if rho_at >= 0:
            value += 0.5 * math.log(1.0 - rho * rho)
            slope = -(2.0 * neighbours + trace1) + 2.0 * rho * (inner + trace2)
            slope = 0.5 * precision * slope + rho / (1.0 - rho * rho)
            gradient[rho_at + kind] -= slope * rho * (1.0 - rho)

    # Back from the rotation.
    for t in range(weeks):
        along[t] = 0.0
    for r in range(regions):
        for t in range(weeks):
            along[t] += mirror[r] * pull[r, t]
    for r in range(regions):
        for t in range(weeks):
            pull[r, t] = (pull[r, t] - 2.0 * mirror[r] * along[t]) / noise_weight[r]

    # Back through the media.
    up = np.empty(weeks)
    back = np.empty(weeks)
    held = np.empty(regions)
    by_weight = np.empty(lags)
    for c in range(channels):
        hill = slots[c, 3] >= 0
        pooled = slots[c, 5] >= 0
        all_regions = 0.0
        for r in range(regions):
            total = 0.0
            for t in range(weeks):
                total += pull[r, t] * saturated[c, r, t]
            held[r] = total
            all_regions += deviation[c, r] * total
        returned = math.exp(theta[int(slots[c, 4])])
        gradient[int(slots[c, 4])] += (
            strength[c] * all_regions + share_slope * returned * share_per_return[c]
        )
        mean_pull = all_regions / norm[c]
        first_sum, second_sum = 0.0, 0.0
        for lag in range(lags):
            by_weight[lag] = 0.0
        for r in range(regions):
            factor = strength[c] * deviation[c, r]
            shift = outcome_scale[r] * mean_pull
            if pooled:
                spread = math.exp(theta[int(slots[c, 5])])
                place = deviation_at + c * regions + r
                slope = factor * (held[r] - shift * sums[c, r])
                gradient[place] += slope * spread
                gradient[int(slots[c, 5])] += slope * spread * theta[place]
            for t in range(weeks):
                up[t] = factor * (pull[r, t] - shift)
            one, two = _saturate_back(
                hill, stocked[c, r], firsts[c], seconds[c], saturated[c, r], up, back
            )
            first_sum += one
            second_sum += two
            _stock_back(media[c, r], back, by_weight)
        gradient[int(slots[c, 2])] += first_sum
        if hill:
            gradient[int(slots[c, 3])] += second_sum
        retention = theta[int(slots[c, 0])]
        log_retention = -math.log1p(math.exp(-retention))
        kept = 1.0 - _sigmoid(retention)
        mean_weight = 0.0
        for lag in range(lags):
            mean_weight += weights[c, lag] * by_weight[lag]
        for lag in range(lags):
            slope = weights[c, lag] * (by_weight[lag] - mean_weight)
            distance = lag - peaks[c]
            if slots[c, 1] >= 0:
                gradient[int(slots[c, 0])] += slope * distance * distance * kept
                gradient[int(slots[c, 1])] -= (
                    slope * 2.0 * distance * log_retention * peaks[c] * (1.0 - peaks[c] / lags)
                )
            else:
                gradient[int(slots[c, 0])] += slope * lag * kept
    return value


_density_signature = numba.types.int64(
    numba.types.uint64,
    numba.types.CPointer(numba.types.double),
    numba.types.CPointer(numba.types.double),
    numba.types.CPointer(numba.types.double),
    numba.types.CPointer(numba.types.double),
)
_expand_signature = numba.types.int64(
    numba.types.uint64,
    numba.types.uint64,
    numba.types.CPointer(numba.types.double),
    numba.types.CPointer(numba.types.double),
    numba.types.CPointer(numba.types.double),
)


def _log_density_of_pointers(
    size: Any, theta_at: Any, gradient_at: Any, value_at: Any, packed_at: Any
) -> int:
    """As the sampler calls it: pointers in, a status out (0, or 4 where nothing is finite)."""
    theta = numba.carray(theta_at, (size,))
    gradient = numba.carray(gradient_at, (size,))
    head = numba.carray(packed_at, (HEADER,))
    packed = numba.carray(packed_at, (int(head[LENGTH_AT]),))
    value = log_density(theta, packed, gradient)
    value_at[0] = value
    if not math.isfinite(value):
        return 4
    for i in range(gradient.shape[0]):
        if not math.isfinite(gradient[i]):
            return 3
    return 0


def _copy(size: Any, expanded: Any, theta_at: Any, out_at: Any, packed_at: Any) -> int:
    """Draws are kept as they are; what follows from them is computed after sampling."""
    for i in range(size):
        out_at[i] = theta_at[i]
    return 0


def _compile_lock() -> FileLock:
    """Return the lock under which one process compiles and the others wait, then load."""
    place = hashlib.sha256(__file__.encode()).hexdigest()[:16]
    return FileLock(Path(tempfile.gettempdir()) / f"mmm-kernel-{os.getuid()}-{place}.lock")


def _is_cached() -> bool:
    """Say whether numba keeps the code for this source and processor."""
    cache = FunctionCache(_log_density_of_pointers)
    return cache.load_overload(_density_signature, cpu_target.target_context) is not None


def _compile_elsewhere() -> None:
    """Fill numba's cache in another process.

    The code in a process that compiles rounds otherwise than the code that is later
    loaded from the cache: the same seed, other draws. So nobody samples with the former.
    """
    with _compile_lock():
        if not _is_cached():
            command = [sys.executable, "-c", f"import {__name__}"]
            subprocess.run(command, env=os.environ | {COMPILING_ENV: "1"}, check=True)


if COMPILING_ENV not in os.environ:
    _compile_elsewhere()
c_log_density = numba.cfunc(_density_signature, cache=True)(_log_density_of_pointers)
c_copy = numba.cfunc(_expand_signature, cache=True)(_copy)
