"""The log density: prior, channels, lift tests, and the outcome given the channels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mmmlib.model.kernel.arithmetic import jit, sigmoid
from mmmlib.model.kernel.lift import add_lifts
from mmmlib.model.kernel.linear import integrate_out
from mmmlib.model.kernel.media import add_media, carry_back
from mmmlib.model.kernel.packed import LIFTS_AT, RETURN, Packed, unpack, unpack_lifts


@jit
def log_density(theta: Any, packed: Any, gradient: Any) -> float:
    """Log density (without constants) at ``theta``; its gradient goes to ``gradient``.

    Returns minus infinity where the linear algebra breaks down, which the sampler
    takes as a divergence.
    """
    data = unpack(packed)
    value = _believe(theta, data, gradient) + _leave_room(theta, data, gradient)
    media = add_media(theta, data)
    held = np.zeros(media.sums.shape)
    if packed[LIFTS_AT] > 0:
        value += add_lifts(theta, unpack_lifts(packed), data, media, held, gradient)
    pull = np.empty(media.caused.shape)
    value += integrate_out(theta, data, media.caused, pull, gradient)
    if math.isfinite(value):
        carry_back(theta, data, media, pull, held, gradient)
    return value


@jit
def _believe(theta: Any, data: Packed, gradient: Any) -> float:
    """Prior: every parameter is normal on its unconstrained scale. Sets ``gradient``."""
    value = 0.0
    for i in range(theta.shape[0]):
        step = (theta[i] - data.prior_mean[i]) / data.prior_sd[i]
        value -= 0.5 * step * step
        gradient[i] = -step / data.prior_sd[i]
    return value


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
