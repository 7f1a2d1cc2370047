"""Laws of the noise with which linear terms do not leave in closed form.

Each takes one series and gives its log density (without constants that no parameter
moves), the slope by the expected value, and the slopes by the law's own parameters.
"""

from __future__ import annotations

import math
from typing import Any

from mmmlib.model.kernel.arithmetic import jit, sigmoid

FLOOR = 0.02
"""Expected counts bend towards zero where they would fall below some times this share of the
mean."""


@jit
def digamma(x: float) -> float:
    """Slope of the log gamma function for x > 0: recurrence, then the asymptotic series."""
    total = 0.0
    while x < 8.0:
        total -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    series = y * (
        1.0 / 12.0 - y * (1.0 / 120.0 - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y / 132.0)))
    )
    return total + math.log(x) - 0.5 / x - series


@jit
def student_t(
    error: Any, log_sigma: float, rho: float, log_tail: float, by_week: Any
) -> tuple[float, float, float, float]:
    """AR(1) errors with innovations of Student's t.

    Returns the value and the slopes by log sigma, by rho (as it is) and by the logarithm
    of the degrees of freedom.
    """
    weeks = error.shape[0]
    tail = math.exp(log_tail)
    width = tail * math.exp(2.0 * log_sigma)
    start = math.sqrt(1.0 - rho * rho)
    value = weeks * (
        math.lgamma(0.5 * (tail + 1.0)) - math.lgamma(0.5 * tail) - 0.5 * log_tail - log_sigma
    ) + math.log(start)
    by_tail = 0.5 * weeks * (digamma(0.5 * (tail + 1.0)) - digamma(0.5 * tail) - 1.0 / tail)
    by_sigma, by_rho = -1.0 * weeks, -rho / (1.0 - rho * rho)
    for t in range(weeks):
        if t == 0:
            step = start * error[0]
        else:
            step = error[t] - rho * error[t - 1]
        square = step * step
        weight = (tail + 1.0) * step / (width + square)
        spread = math.log1p(square / width)
        value -= 0.5 * (tail + 1.0) * spread
        by_sigma += weight * step
        by_tail += 0.5 * (weight * step / tail - spread)
        if t == 0:
            by_week[0] = start * weight
            by_rho += weight * error[0] * rho / start
        else:
            by_week[t] = weight
            by_week[t - 1] -= rho * weight
            by_rho += weight * error[t - 1]
    return value, by_sigma, by_rho, by_tail * tail


@jit
def negative_binomial(
    count: Any, expected: Any, scale: float, log_sigma: float, by_week: Any
) -> tuple[float, float]:
    """Counts whose variance is ``mean + (sigma * mean)^2``.

    ``expected`` comes in units of the mean outcome, ``scale``. Returns the value and the
    slope by log sigma.
    """
    shape = math.exp(-2.0 * log_sigma)
    own, own_slope = math.lgamma(shape), digamma(shape)
    value, by_shape = 0.0, 0.0
    for t in range(count.shape[0]):
        share = expected[t] / FLOOR
        if share > 0:
            mean = scale * FLOOR * (share + math.log1p(math.exp(-share)))
        else:
            mean = scale * FLOOR * math.log1p(math.exp(share))
        whole = shape + mean
        value += math.lgamma(count[t] + shape) - own
        value += shape * math.log(shape / whole) + count[t] * math.log(mean / whole)
        by_shape += digamma(count[t] + shape) - own_slope
        by_shape += math.log(shape / whole) + 1.0 - (count[t] + shape) / whole
        by_week[t] = (count[t] / mean - (count[t] + shape) / whole) * scale * sigmoid(share)
    return value, -2.0 * shape * by_shape
