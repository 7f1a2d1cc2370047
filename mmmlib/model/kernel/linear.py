"""The linear terms, integrated out.

Given the media, outcome = columns · b + noise with b normal, so b (one level per
region and the common columns) leaves in closed form. Fisher's identity gives all
gradients from the mean and the covariance of b given the rest:
d log p(y) = E[d log p(y, b) | y].

Rotated series are independent (:mod:`mmmlib.model.rotation`), so the precision of b
is an arrow: a diagonal for the levels, one dense block for the columns.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from mmmlib.model.kernel.arithmetic import (
    empty,
    empty_series,
    factor,
    inlined,
    invert,
    jit,
    precision_times,
    sigmoid,
    unrotate_slopes,
    zero_series,
    zeros,
)
from mmmlib.model.kernel.packed import Packed


class Linear(NamedTuple):
    """Law of the linear terms given the rest."""

    corner: Any
    side: Any
    """by region: variance and mean of the level, were the columns' coefficients zero"""
    edge: Any
    """``(region, column)``: by how much a coefficient takes from the level"""
    common: Any
    covariance: Any
    """Mean and covariance of the columns' coefficients"""
    prior_precision: Any


@jit
def integrate_out(theta: Any, data: Packed, effect: Any, by_week: Any, gradient: Any) -> float:
    """Log density of the outcome given the channels' contribution, linear terms integrated out.

    Parameters
    ----------
    effect
        ``(region, week)``, in units of the region's mean outcome.
    by_week
        ``(region, week)``: takes the slope by ``effect``.
    gradient
        The noise's parameters and the learned scales are added to it.
    """
    regions, weeks = effect.shape
    rest = empty((regions, weeks))
    along = zero_series(weeks)
    for r in range(regions):
        for t in range(weeks):
            rest[r, t] = effect[r, t] / data.noise_weight[r]
            along[t] += data.mirror[r] * rest[r, t]
    for r in range(regions):
        for t in range(weeks):
            rest[r, t] = data.outcome[r, t] - rest[r, t] + 2.0 * data.mirror[r] * along[t]
    rhos = zero_series(2)
    if data.rho_at >= 0:
        for r in range(min(regions, 2)):
            rhos[r] = sigmoid(theta[data.rho_at + r])

    solved, value = _solve(theta, data, rest, rhos, gradient)
    if not math.isfinite(value):
        return -math.inf
    for r in range(regions):
        value += _explain(theta, data, solved, r, rhos[min(r, 1)], rest[r], by_week[r], gradient)

    unrotate_slopes(by_week, data.mirror, data.noise_weight)
    return value


@inlined
def _solve(theta: Any, data: Packed, rest: Any, rhos: Any, gradient: Any) -> tuple[Linear, float]:
    """Solve for the linear terms; with the determinants' part of the log density."""
    regions, weeks = rest.shape
    columns = data.sd.shape[0]
    value = 0.0
    prior_precision = empty_series(columns)
    core = zeros((columns, columns))
    for k in range(columns):
        spread = data.sd[k]
        if data.group[k] > 0:
            spread *= math.exp(theta[data.scale_at + int(data.group[k]) - 1])
        prior_precision[k] = 1.0 / (spread * spread)
        value += 0.5 * math.log(prior_precision[k])
        core[k, k] = prior_precision[k]
    block = empty((columns + 1, columns + 1))
    right = zero_series(columns)
    corner = empty_series(regions)
    edge = zeros((regions, columns))
    side = empty_series(regions)
    weighted = empty_series(weeks)
    for r in range(regions):
        kind = min(r, 1)
        precision, rho = math.exp(-2.0 * theta[data.sigma_at + kind]), rhos[kind]
        active = columns if r == 0 else data.varying
        gram = data.gram[r]
        for i in range(active + 1):
            for j in range(active + 1):
                block[i, j] = precision * (
                    gram[0, i, j] - rho * (gram[1, i, j] - rho * gram[2, i, j])
                )
        precision_times(rest[r], rho, weighted)
        corner[r] = 1.0 / (block[0, 0] + data.level_precision)
        value += 0.5 * math.log(corner[r] * data.level_precision)
        total = 0.0
        for t in range(weeks):
            total += weighted[t]
        side[r] = corner[r] * total * precision
        for k in range(active):
            edge[r, k] = corner[r] * block[0, k + 1]
            total = 0.0
            for t in range(weeks):
                total += data.linear[r, k, t] * weighted[t]
            right[k] += total * precision - block[0, k + 1] * side[r]
        for i in range(active):
            for j in range(i + 1):
                core[i, j] += block[i + 1, j + 1] - edge[r, i] * block[0, j + 1]
    covariance = empty((columns, columns))
    common = zero_series(columns)
    if factor(core):
        invert(core, covariance)
        for k in range(columns):
            value -= math.log(core[k, k])
        for i in range(columns):
            for j in range(columns):
                common[i] += covariance[i, j] * right[j]
        for k in range(columns):
            value -= 0.5 * prior_precision[k] * common[k] * common[k]
            if data.group[k] > 0:
                gradient[data.scale_at + int(data.group[k]) - 1] += (
                    prior_precision[k] * (common[k] * common[k] + covariance[k, k]) - 1.0
                )
    else:
        value = -math.inf
    return Linear(corner, side, edge, common, covariance, prior_precision), value


@inlined
def _explain(
    theta: Any,
    data: Packed,
    solved: Linear,
    r: int,
    rho: float,
    error: Any,
    by_week: Any,
    gradient: Any,
) -> float:
    """Log density of one rotated series; ``error`` comes without the linear terms taken off."""
    weeks, columns = error.shape[0], data.sd.shape[0]
    kind = min(r, 1)
    precision = math.exp(-2.0 * theta[data.sigma_at + kind])
    active = columns if r == 0 else data.varying
    level = solved.side[r]
    for k in range(active):
        level -= solved.edge[r, k] * solved.common[k]
    value = -0.5 * data.level_precision * level * level
    for t in range(weeks):
        error[t] -= level
    for k in range(active):
        for t in range(weeks):
            error[t] -= data.linear[r, k, t] * solved.common[k]
    weighted = empty_series(weeks)
    precision_times(error, rho, weighted)
    quadratic = 0.0
    for t in range(weeks):
        quadratic += error[t] * weighted[t]
        by_week[t] = precision * weighted[t]
    neighbours, inner = 0.0, 0.0
    for t in range(1, weeks):
        neighbours += error[t] * error[t - 1]
    for t in range(1, weeks - 1):
        inner += error[t] * error[t]
    # Traces of the linear terms' covariance with the Gram matrices.
    gram = data.gram[r]
    reach = empty_series(columns)
    own = solved.corner[r]
    for i in range(active):
        total = 0.0
        for j in range(active):
            total += solved.covariance[i, j] * solved.edge[r, j]
        reach[i] = -total
        own += solved.edge[r, i] * total
    trace0 = own * gram[0, 0, 0]
    trace1 = own * gram[1, 0, 0]
    trace2 = own * gram[2, 0, 0]
    for i in range(active):
        trace0 += 2.0 * reach[i] * gram[0, 0, i + 1]
        trace1 += 2.0 * reach[i] * gram[1, 0, i + 1]
        trace2 += 2.0 * reach[i] * gram[2, 0, i + 1]
        for j in range(active):
            trace0 += solved.covariance[i, j] * gram[0, i + 1, j + 1]
            trace1 += solved.covariance[i, j] * gram[1, i + 1, j + 1]
            trace2 += solved.covariance[i, j] * gram[2, i + 1, j + 1]
    spread = quadratic + trace0 - rho * (trace1 - rho * trace2)
    value -= 0.5 * precision * quadratic + weeks * theta[data.sigma_at + kind]
    gradient[data.sigma_at + kind] += precision * spread - weeks
    if data.rho_at >= 0:
        value += 0.5 * math.log(1.0 - rho * rho)
        slope = -(2.0 * neighbours + trace1) + 2.0 * rho * (inner + trace2)
        slope = 0.5 * precision * slope + rho / (1.0 - rho * rho)
        gradient[data.rho_at + kind] -= slope * rho * (1.0 - rho)
    return value
