"""The log density: prior, channels, lift tests, and the outcome given the channels."""

from __future__ import annotations

import math
from typing import Any

from mmmlib.model.kernel.arithmetic import empty, inlined, jit, sigmoid, zeros
from mmmlib.model.kernel.lift import add_lifts
from mmmlib.model.kernel.linear import integrate_out
from mmmlib.model.kernel.media import Media, add_media, media_gradient
from mmmlib.model.kernel.packed import LIFTS_AT, RETURN, Packed, unpack, unpack_lifts
from mmmlib.model.kernel.sampled import explain


@inlined
def log_density(theta: Any, packed: Any, gradient: Any) -> float:
    """Log density at ``theta``, linear terms integrated out; its gradient goes to ``gradient``.

    Constants are left out. Returns minus infinity where the linear algebra breaks down,
    which the sampler takes as a divergence.
    """
    data, media, held, value = _before_outcome(theta, packed, gradient)
    by_week = empty(media.effect.shape)
    value += integrate_out(theta, data, media.effect, by_week, gradient)
    if math.isfinite(value):
        media_gradient(theta, data, media, by_week, held, gradient)
    return value


@inlined
def log_density_sampled(theta: Any, packed: Any, gradient: Any) -> float:
    """Log density with the linear terms among the parameters; see :func:`log_density`."""
    data, media, held, value = _before_outcome(theta, packed, gradient)
    by_week = empty(media.effect.shape)
    value += explain(theta, data, media.effect, by_week, gradient)
    media_gradient(theta, data, media, by_week, held, gradient)
    return value


@inlined
def _before_outcome(theta: Any, packed: Any, gradient: Any) -> tuple[Packed, Media, Any, float]:
    """Prior, channels, lift tests: all but the outcome. The third is what tests pull at."""
    data = unpack(packed)
    value = _log_prior(theta, data, gradient) + _leave_room(theta, data, gradient)
    media = add_media(theta, data)
    held = zeros(media.sums.shape)
    if packed[LIFTS_AT] > 0:
        value += add_lifts(theta, unpack_lifts(packed), data, media, held, gradient)
    return data, media, held, value


@jit
def _log_prior(theta: Any, data: Packed, gradient: Any) -> float:
    """Prior: every parameter is normal on its unconstrained scale. Sets ``gradient``."""
    value = 0.0
    gradient[:] = 0.0  # the linear terms, if sampled, bring their own
    for i in range(data.prior_mean.shape[0]):
        step = (theta[i] - data.prior_mean[i]) / data.prior_sd[i]
        value -= 0.5 * step * step
        gradient[i] = -step / data.prior_sd[i]
    return value + _add_alike_prior(theta, data, gradient)


@jit
def _add_alike_prior(theta: Any, data: Packed, gradient: Any) -> float:
    """What the prior gains by returns that are alike: their deviations share a correlation.

    Beside independent ones, normals with a common correlation ``r`` have the log density
    ``-r / (1 - r) / 2 * (sum z^2 - (sum z)^2 / (1 - r + r n))``.
    """
    if data.likeness == 0.0:
        return 0.0
    count, total, squares = 0.0, 0.0, 0.0
    for c in range(data.alike.shape[0]):
        if data.alike[c] > 0:
            place = int(data.slots[c, RETURN])
            step = (theta[place] - data.prior_mean[place]) / data.prior_sd[place]
            count += 1.0
            total += step
            squares += step * step
    factor = data.likeness / (1.0 - data.likeness)
    common = total / (1.0 - data.likeness + data.likeness * count)
    for c in range(data.alike.shape[0]):
        if data.alike[c] > 0:
            place = int(data.slots[c, RETURN])
            step = (theta[place] - data.prior_mean[place]) / data.prior_sd[place]
            gradient[place] -= factor * (step - common) / data.prior_sd[place]
    return -0.5 * factor * (squares - total * common)


@jit
def _leave_room(theta: Any, data: Packed, gradient: Any) -> float:
    """All channels together hardly pass the whole outcome."""
    channels = data.spend.shape[0]
    total = 0.0
    for c in range(channels):
        total += math.exp(theta[int(data.slots[c, RETURN])]) * data.share_per_return[c]
    excess = (total - data.max_share) / data.share_width
    slope = sigmoid(excess) / data.share_width
    for c in range(channels):
        place = int(data.slots[c, RETURN])
        gradient[place] -= slope * math.exp(theta[place]) * data.share_per_return[c]
    if excess > 0:
        return -excess - math.log1p(math.exp(-excess))
    return -math.log1p(math.exp(excess))
