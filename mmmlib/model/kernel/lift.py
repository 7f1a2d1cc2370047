"""Lift tests: what the channels are expected to have gained in them, and the way back.

:mod:`mmmlib.model.lift` says what is compared with what.
"""

from __future__ import annotations

from typing import Any

from mmmlib.model.kernel.arithmetic import empty, empty_series, jit
from mmmlib.model.kernel.forms import (
    adstock_gradient,
    apply_adstock,
    saturate_back,
    saturate_series,
)
from mmmlib.model.kernel.media import Media, at, form_back
from mmmlib.model.kernel.packed import SATURATION, SHAPE, SHAPE_2, Packed, PackedLifts


@jit
def add_lifts(
    theta: Any, lifts: PackedLifts, data: Packed, media: Media, held: Any, gradient: Any
) -> float:
    """Log density of what the lift tests measured.

    Its gradient by the forms of the channels goes to ``gradient``. That by the size of
    a channel's effect goes to ``held`` (by channel and region, for an effect of size one),
    which :func:`mmmlib.model.kernel.media.media_gradient` takes on.
    """
    cells, _, length = lifts.media.shape
    width = length - data.lags + 1
    stocked = empty((cells, 2, width))
    saturated = empty((cells, 2, width))
    up = empty_series(width)
    back = empty_series(width)
    by_weight = empty_series(data.lags)
    value = 0.0
    for test in range(lifts.tests.shape[0]):
        c, start = int(lifts.tests[test, 0]), int(lifts.tests[test, 1])
        end = start + int(lifts.tests[test, 2])
        missed = lifts.tests[test, 3]  # measured minus expected, in standard errors
        form, slots = int(data.slots[c, SATURATION]), data.slots[c]
        first, second = at(theta, slots[SHAPE]), at(theta, slots[SHAPE_2])
        for cell in range(start, end):
            r = int(lifts.region[cell])
            factor = media.strength[c] * media.deviation[c, r]
            for side in range(2):
                apply_adstock(lifts.media[cell, side], media.weights[c], stocked[cell, side])
                saturate_series(form, stocked[cell, side], first, second, saturated[cell, side])
            for t in range(width):
                gain = saturated[cell, 1, t] - saturated[cell, 0, t]
                missed -= factor * lifts.weight[cell, t] * gain
        value -= 0.5 * missed * missed
        first_sum, second_sum = 0.0, 0.0
        for lag in range(data.lags):
            by_weight[lag] = 0.0
        for cell in range(start, end):
            r = int(lifts.region[cell])
            factor = missed * media.strength[c] * media.deviation[c, r]
            for side in range(2):
                sign = 2.0 * side - 1.0
                for t in range(width):
                    weight = sign * lifts.weight[cell, t]
                    held[c, r] += missed * weight * saturated[cell, side, t]
                    up[t] = factor * weight
                one, two = saturate_back(
                    form, stocked[cell, side], first, second, saturated[cell, side], up, back
                )
                first_sum += one
                second_sum += two
                adstock_gradient(lifts.media[cell, side], back, by_weight)
        form_back(theta, data, media, c, first_sum, second_sum, by_weight, gradient)
    return value
