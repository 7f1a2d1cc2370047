"""Adstock and saturation of one series, and their gradients.

The same formulas as in :mod:`mmmlib.transforms`, which says what they mean. Parameters
come on their unconstrained scale, and so do the gradients.
"""

from __future__ import annotations

import math
from typing import Any

from mmmlib.model.kernel.arithmetic import decay, jit, sigmoid
from mmmlib.model.kernel.packed import DELAYED, HILL, LOGISTIC, WEIBULL


@jit
def weigh(form: int, first: float, second: float, out: Any) -> None:
    """Weights of the lags, which sum to one."""
    lags = out.shape[0]
    if form == WEIBULL:
        shape, scale = math.exp(first), math.exp(second)
        largest = -math.inf
        for lag in range(lags):
            week = lag + 1.0
            out[lag] = (shape - 1.0) * math.log(week) - math.exp(shape * math.log(week / scale))
            largest = max(largest, out[lag])
        for lag in range(lags):
            out[lag] = math.exp(out[lag] - largest)
    else:
        log_retention = -math.log1p(math.exp(-first))
        peak = lags * sigmoid(second)
        for lag in range(lags):
            distance = 1.0 * lag
            if form == DELAYED:
                distance = (lag - peak) * (lag - peak)
            out[lag] = math.exp(distance * log_retention)
    total = 0.0
    for lag in range(lags):
        total += out[lag]
    for lag in range(lags):
        out[lag] /= total


@jit
def weigh_back(
    form: int, first: float, second: float, weights: Any, up: Any
) -> tuple[float, float]:
    """Carry ``up`` (by weight) back to both parameters."""
    lags = weights.shape[0]
    mean = 0.0
    for lag in range(lags):
        mean += weights[lag] * up[lag]
    by_first, by_second = 0.0, 0.0
    if form == WEIBULL:
        shape, scale = math.exp(first), math.exp(second)
        for lag in range(lags):
            slope = weights[lag] * (up[lag] - mean)
            if slope != 0.0:
                far = math.log((lag + 1.0) / scale)
                power = math.exp(shape * far)
                by_first += slope * shape * (math.log(lag + 1.0) - power * far)
                by_second += slope * shape * power
    else:
        log_retention = -math.log1p(math.exp(-first))
        kept = 1.0 - sigmoid(first)
        peak = lags * sigmoid(second)
        for lag in range(lags):
            slope = weights[lag] * (up[lag] - mean)
            if form == DELAYED:
                distance = lag - peak
                by_first += slope * distance * distance * kept
                by_second -= slope * 2.0 * distance * log_retention * peak * (1.0 - peak / lags)
            else:
                by_first += slope * lag * kept
    return by_first, by_second


@jit
def apply_adstock(media: Any, weights: Any, out: Any) -> None:
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
def adstock_gradient(media: Any, up: Any, out: Any) -> None:
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
def saturate_series(form: int, stocked: Any, first: float, second: float, out: Any) -> float:
    """Saturation of a series; returns its sum."""
    total = 0.0
    if form == LOGISTIC:
        steepness = math.exp(first)
        for t in range(stocked.shape[0]):
            power = decay(steepness * stocked[t])
            out[t] = (1.0 - power) / (1.0 + power)
            total += out[t]
    elif form == HILL:
        slope = math.exp(second)
        for t in range(stocked.shape[0]):
            if stocked[t] > 1e-12:
                power = math.exp(-slope * (math.log(stocked[t]) - first))
                out[t] = 1.0 / (1.0 + power)
            else:
                out[t] = 0.0
            total += out[t]
    else:
        half = math.exp(first)
        for t in range(stocked.shape[0]):
            out[t] = stocked[t] / (stocked[t] + half)
            total += out[t]
    return total


@jit
def saturate_back(
    form: int, stocked: Any, first: float, second: float, value: Any, up: Any, out: Any
) -> tuple[float, float]:
    """Carry ``up`` (by value) back to the stocked media (``out``) and to both parameters."""
    first_sum, second_sum = 0.0, 0.0
    if form == LOGISTIC:
        steepness = math.exp(first)
        for t in range(stocked.shape[0]):
            inner = 0.5 * up[t] * (1.0 - value[t] * value[t])
            out[t] = inner * steepness
            first_sum += inner * stocked[t] * steepness
    elif form == HILL:
        slope = math.exp(second)
        for t in range(stocked.shape[0]):
            if stocked[t] > 1e-12:
                inner = up[t] * value[t] * (1.0 - value[t])
                out[t] = inner * slope / stocked[t]
                first_sum -= inner * slope
                second_sum += inner * (math.log(stocked[t]) - first) * slope
            else:
                out[t] = 0.0
    else:
        half = math.exp(first)
        for t in range(stocked.shape[0]):
            left = up[t] * (1.0 - value[t])
            out[t] = left / (stocked[t] + half)
            first_sum -= left * value[t]
    return first_sum, second_sum
