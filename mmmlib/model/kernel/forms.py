"""Adstock and saturation of one series, and their gradients.

The same formulas as in :mod:`mmmlib.transforms`, which says what they mean.
"""

from __future__ import annotations

import math
from typing import Any

from mmmlib.model.kernel.arithmetic import decay, jit, sigmoid


@jit
def weigh(delayed: bool, retention: float, peak: float, out: Any) -> None:
    """Weights of the lags, which sum to one; ``retention`` is on the logit scale."""
    log_retention = -math.log1p(math.exp(-retention))
    total = 0.0
    for lag in range(out.shape[0]):
        distance = lag - peak
        if delayed:
            distance *= distance
        out[lag] = math.exp(distance * log_retention)
        total += out[lag]
    for lag in range(out.shape[0]):
        out[lag] /= total


@jit
def weigh_back(
    delayed: bool, retention: float, peak: float, weights: Any, up: Any
) -> tuple[float, float]:
    """Carry ``up`` (by weight) back to retention and the peak's place, both on the logit scale."""
    lags = weights.shape[0]
    log_retention = -math.log1p(math.exp(-retention))
    kept = 1.0 - sigmoid(retention)
    mean = 0.0
    for lag in range(lags):
        mean += weights[lag] * up[lag]
    by_retention, by_peak = 0.0, 0.0
    for lag in range(lags):
        slope = weights[lag] * (up[lag] - mean)
        distance = lag - peak
        if delayed:
            by_retention += slope * distance * distance * kept
            by_peak -= slope * 2.0 * distance * log_retention * peak * (1.0 - peak / lags)
        else:
            by_retention += slope * lag * kept
    return by_retention, by_peak


@jit
def stock(media: Any, weights: Any, out: Any) -> None:
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


@jit
def stock_back(media: Any, up: Any, out: Any) -> None:
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


@jit
def saturate(hill: bool, stocked: Any, first: float, second: float, out: Any) -> float:
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
            power = decay(first * stocked[t])
            out[t] = (1.0 - power) / (1.0 + power)
            total += out[t]
    return total


@jit
def saturate_back(
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
