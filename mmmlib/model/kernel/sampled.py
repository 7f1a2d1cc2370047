"""The linear terms, sampled: for noise with which they do not leave in closed form.

The sampler moves ``z``; levels and coefficients are ``origin + whitening · z``, less what
media cause at the mean, so that they are nearly independent and of unit spread
(:func:`mmmlib.model.whitening.whiten`).
"""

from __future__ import annotations

import math
from typing import Any

from mmmlib.model.kernel.arithmetic import (
    empty_series,
    inlined,
    jit,
    sigmoid,
    unrotate_slopes,
    zero_series,
)
from mmmlib.model.kernel.noise import negative_binomial, student_t
from mmmlib.model.kernel.packed import RETURN, STUDENT_T, Packed


@jit
def explain(theta: Any, data: Packed, effect: Any, by_week: Any, gradient: Any) -> float:
    """Log density of the linear terms, and of the outcome given them and the channels.

    Parameters
    ----------
    effect
        ``(region, week)``, in units of the region's mean outcome.
    by_week
        ``(region, week)``: takes the slope by ``effect``.
    gradient
        Noise, learned scales and linear terms are added to it.
    """
    regions, weeks = effect.shape
    terms = data.origin.shape[0]
    linear = empty_series(terms)
    by_linear = zero_series(terms)
    for i in range(terms):
        linear[i] = data.origin[i]
        for j in range(terms):
            linear[i] += data.whitening[i, j] * theta[data.linear_at + j]
    for c in range(data.spend.shape[0]):
        own = math.exp(theta[int(data.slots[c, RETURN])])
        for r in range(regions):
            linear[r] -= own * data.media_level[r, c]
    value = _log_prior_linear(theta, data, linear, by_linear, gradient)

    along = zero_series(weeks)
    for r in range(regions):
        for t in range(weeks):
            along[t] += data.mirror[r] * effect[r, t] / data.noise_weight[r]
    expected = empty_series(weeks)
    for r in range(regions):
        active = terms - regions if r == 0 or data.likelihood != STUDENT_T else data.varying
        for t in range(weeks):
            expected[t] = linear[r] + effect[r, t] / data.noise_weight[r]
            expected[t] -= 2.0 * data.mirror[r] * along[t]
        for k in range(active):
            for t in range(weeks):
                expected[t] += data.linear[r, k, t] * linear[regions + k]
        if data.likelihood == STUDENT_T:
            value += _series(theta, data, r, expected, by_week[r], gradient)
        else:
            scale = data.outcome_scale[r]
            one, by_sigma = negative_binomial(
                data.outcome[r], expected, scale, theta[data.sigma_at], by_week[r]
            )
            value += one
            gradient[data.sigma_at] += by_sigma
        for t in range(weeks):
            by_linear[r] += by_week[r, t]
        for k in range(active):
            total = 0.0
            for t in range(weeks):
                total += data.linear[r, k, t] * by_week[r, t]
            by_linear[regions + k] += total
    for i in range(terms):
        for j in range(terms):
            gradient[data.linear_at + j] += data.whitening[i, j] * by_linear[i]
    for c in range(data.spend.shape[0]):
        place = int(data.slots[c, RETURN])
        for r in range(regions):
            gradient[place] -= math.exp(theta[place]) * data.media_level[r, c] * by_linear[r]

    unrotate_slopes(by_week, data.mirror, data.noise_weight)
    return value


@jit
def _log_prior_linear(
    theta: Any, data: Packed, linear: Any, by_linear: Any, gradient: Any
) -> float:
    """Prior of levels and coefficients."""
    columns = data.sd.shape[0]
    regions = linear.shape[0] - columns
    value = 0.0
    for r in range(regions):
        far = linear[r] - data.level_mean[r]
        value -= 0.5 * data.level_precision * far * far
        by_linear[r] = -data.level_precision * far
    for k in range(columns):
        coefficient = linear[regions + k]
        grouped = data.group[k] > 0
        place = data.scale_at + int(data.group[k]) - 1
        spread = data.sd[k]
        if grouped:
            spread *= math.exp(theta[place])
        step = coefficient / spread
        value -= 0.5 * step * step
        by_linear[regions + k] = -step / spread
        if grouped:
            value -= theta[place]
            gradient[place] += step * step - 1.0
    return value


@inlined
def _series(theta: Any, data: Packed, r: int, expected: Any, by_week: Any, gradient: Any) -> float:
    """Log density of one rotated series under Student's t."""
    kind = min(r, 1)
    rho = 0.0
    if data.rho_at >= 0:
        rho = sigmoid(theta[data.rho_at + kind])
    for t in range(expected.shape[0]):
        expected[t] = data.outcome[r, t] - expected[t]
    value, by_sigma, by_rho, by_tail = student_t(
        expected, theta[data.sigma_at + kind], rho, theta[data.tail_at], by_week
    )
    gradient[data.sigma_at + kind] += by_sigma
    gradient[data.tail_at] += by_tail
    if data.rho_at >= 0:
        gradient[data.rho_at + kind] += by_rho * rho * (1.0 - rho)
    return value
