"""Contribution of the channels, and the gradient's way back through them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from mmmlib.model.kernel.arithmetic import empty, empty_series, inlined, jit, zeros
from mmmlib.model.kernel.forms import (
    adstock_gradient,
    apply_adstock,
    saturate_back,
    saturate_series,
    weigh,
    weigh_back,
)
from mmmlib.model.kernel.packed import (
    ADSTOCK,
    CARRY,
    CARRY_2,
    POOLING,
    RETURN,
    SATURATION,
    SHAPE,
    SHAPE_2,
    Packed,
)


class Media(NamedTuple):
    """What the channels do at a point, kept for the way back.

    A channel's contribution in a region is ``strength * deviation * saturated``.
    """

    weights: Any
    """``(channel, lag)``"""
    stocked: Any
    saturated: Any
    """``(channel, region, week)``, to the end of the effects of the last fitted week's spend"""
    sums: Any
    """``(channel, region)``: saturated, summed over all of these weeks"""
    deviation: Any
    """``(channel, region)``: factor of the region on the channel's effect"""
    strength: Any
    norm: Any
    """by channel"""
    effect: Any
    """``(region, week)``: all channels, in units of the region's mean outcome"""


@jit
def at(theta: Any, place: float) -> float:
    """Value at a place; 0 where there is none."""
    return theta[int(place)] if place >= 0 else 0.0


@jit
def add(gradient: Any, place: float, value: float) -> None:
    """Add at a place, if there is one."""
    if place >= 0:
        gradient[int(place)] += value


@jit
def add_media(theta: Any, data: Packed) -> Media:
    """Compute the contribution of all channels at ``theta``."""
    channels, regions, weeks = data.spend.shape[0], data.outcome.shape[0], data.outcome.shape[1]
    slots = data.slots
    weights = empty((channels, data.lags))
    reach = weeks + data.lags - 1
    stocked = empty((channels, regions, reach))
    saturated = empty((channels, regions, reach))
    sums = empty((channels, regions))
    deviation = np.ones((channels, regions))
    strength = empty_series(channels)
    norm = empty_series(channels)
    effect = zeros((regions, weeks))
    for c in range(channels):
        adstock, saturation = int(slots[c, ADSTOCK]), int(slots[c, SATURATION])
        first, second = at(theta, slots[c, SHAPE]), at(theta, slots[c, SHAPE_2])
        pooled = slots[c, POOLING] >= 0
        weigh(adstock, at(theta, slots[c, CARRY]), at(theta, slots[c, CARRY_2]), weights[c])
        spread = 0.0
        if pooled:
            spread = math.exp(theta[int(slots[c, POOLING])])
        norm[c] = 0.0
        for r in range(regions):
            if pooled:
                deviation[c, r] = math.exp(spread * theta[data.deviation_at + c * regions + r])
            apply_adstock(data.media[c, r], weights[c], stocked[c, r])
            sums[c, r] = saturate_series(saturation, stocked[c, r], first, second, saturated[c, r])
            norm[c] += data.outcome_scale[r] * deviation[c, r] * sums[c, r]
        # The return fixes the size: all that the spend of the fitted weeks brings, over that spend.
        strength[c] = math.exp(theta[int(slots[c, RETURN])]) * data.spend[c] / norm[c]
        for r in range(regions):
            factor = strength[c] * deviation[c, r]
            for t in range(weeks):
                effect[r, t] += factor * saturated[c, r, t]
    return Media(
        weights,
        stocked,
        saturated,
        sums,
        deviation,
        strength,
        norm,
        effect,
    )


@jit
def media_gradient(
    theta: Any, data: Packed, media: Media, by_week: Any, held: Any, gradient: Any
) -> None:
    """Carry ``by_week`` (by contribution, ``(region, week)``) back to the channels' parameters.

    ``held`` (``(channel, region)``) has what else pulls at the size of a channel's effect;
    it is overwritten.
    """
    channels, regions, weeks = data.spend.shape[0], by_week.shape[0], by_week.shape[1]
    reach = weeks + data.lags - 1
    slots = data.slots
    up = empty_series(reach)
    back = empty_series(reach)
    by_weight = empty_series(data.lags)
    for c in range(channels):
        saturation, pooled = int(slots[c, SATURATION]), slots[c, POOLING] >= 0
        first, second = at(theta, slots[c, SHAPE]), at(theta, slots[c, SHAPE_2])
        all_regions = 0.0
        for r in range(regions):
            total = held[c, r]
            for t in range(weeks):
                total += by_week[r, t] * media.saturated[c, r, t]
            held[c, r] = total
            all_regions += media.deviation[c, r] * total
        gradient[int(slots[c, RETURN])] += media.strength[c] * all_regions
        mean_slope = all_regions / media.norm[c]
        first_sum, second_sum = 0.0, 0.0
        for lag in range(data.lags):
            by_weight[lag] = 0.0
        for r in range(regions):
            factor = media.strength[c] * media.deviation[c, r]
            shift = data.outcome_scale[r] * mean_slope
            if pooled:
                spread = math.exp(theta[int(slots[c, POOLING])])
                place = data.deviation_at + c * regions + r
                slope = factor * (held[c, r] - shift * media.sums[c, r])
                gradient[place] += slope * spread
                gradient[int(slots[c, POOLING])] += slope * spread * theta[place]
            for t in range(weeks):
                up[t] = factor * (by_week[r, t] - shift)
            for t in range(weeks, reach):
                up[t] = -factor * shift
            one, two = saturate_back(
                saturation, media.stocked[c, r], first, second, media.saturated[c, r], up, back
            )
            first_sum += one
            second_sum += two
            adstock_gradient(data.media[c, r], back, by_weight)
        form_back(theta, data, media, c, first_sum, second_sum, by_weight, gradient)


@inlined
def form_back(
    theta: Any,
    data: Packed,
    media: Media,
    c: int,
    first_sum: float,
    second_sum: float,
    by_weight: Any,
    gradient: Any,
) -> None:
    """Add to ``gradient`` what reached the parameters of channel ``c``'s forms."""
    slots = data.slots
    add(gradient, slots[c, SHAPE], first_sum)
    add(gradient, slots[c, SHAPE_2], second_sum)
    one, two = weigh_back(
        int(slots[c, ADSTOCK]),
        at(theta, slots[c, CARRY]),
        at(theta, slots[c, CARRY_2]),
        media.weights[c],
        by_weight,
    )
    add(gradient, slots[c, CARRY], one)
    add(gradient, slots[c, CARRY_2], two)
