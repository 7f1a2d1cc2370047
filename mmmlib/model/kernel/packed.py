"""The one vector of floats in which all data of a fit come to the compiled function.

:func:`mmmlib.model.layout.pack` writes it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mmmlib.model.kernel.arithmetic import empty_series, jit, zero_series

HEADER = 25
LENGTH_AT = 13
"""Place of the packed vector's own length."""
CARRIED_AT = 24
"""Place of where centre and factor of an earlier fit begin; 0 where none are carried on."""
LIFTS_AT = 15
"""Place of the number of lift tests."""
SLOTS = 8
ADSTOCK, CARRY, CARRY_2, SATURATION, SHAPE, SHAPE_2, RETURN, POOLING = range(SLOTS)
"""Per channel: number of its adstock, places of its two parameters; the same of its saturation;
places of return and pooling. Numbers are those of the names' order in ``mmmlib.transforms``."""
GEOMETRIC, DELAYED, WEIBULL = range(3)
LOGISTIC, HILL, MICHAELIS_MENTEN = range(3)


NORMAL, STUDENT_T, NEGATIVE_BINOMIAL = range(3)


class Packed(NamedTuple):
    """Views of the packed vector; places are -1 where the model has no such parameter."""

    sigma_at: int
    rho_at: int
    scale_at: int
    deviation_at: int
    level_precision: float
    max_share: float
    share_width: float
    varying: int
    """How many of the columns, the first ones, differ between regions."""
    prior_mean: Any
    prior_sd: Any
    slots: Any
    """``(channel, slot)``"""
    spend: Any
    share_per_return: Any
    outcome_scale: Any
    noise_weight: Any
    mirror: Any
    sd: Any
    group: Any
    outcome: Any
    """``(region, week)``, rotated"""
    media: Any
    """``(channel, region, week)``, with the adstock's length of zeros in front and behind"""
    linear: Any
    """``(region, column, week)``, rotated"""
    gram: Any
    """``(region, 3, 1 + column, 1 + column)``; see :func:`mmmlib.model.layout.gram_matrices`"""
    lags: int
    likelihood: int
    tail_at: int
    linear_at: int
    level_mean: Any
    """By region, as the levels are sampled; with ``origin`` and ``whitening`` used where they are"""
    origin: Any
    whitening: Any
    media_level: Any
    """``(region, channel)``: what a return of one adds to the mean of a series"""
    alike: Any
    """By channel: whether its return is believed to be like the others'"""
    likeness: float
    """Correlation of those channels' log returns under the prior"""


@jit
def unpack(packed: Any) -> Packed:
    """Give the parts of the vector their names and shapes; nothing is copied."""
    channels, regions, weeks = int(packed[0]), int(packed[1]), int(packed[2])
    lags, columns, size = int(packed[3]), int(packed[4]), int(packed[5])
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
    padded = weeks + 2 * (lags - 1)
    media = packed[at : at + channels * regions * padded].reshape((channels, regions, padded))
    at += channels * regions * padded
    linear = packed[at : at + regions * columns * weeks].reshape((regions, columns, weeks))
    at += regions * columns * weeks
    wide = columns + 1
    gram = packed[at : at + regions * 3 * wide * wide].reshape((regions, 3, wide, wide))
    at += regions * 3 * wide * wide
    level_mean = packed[at : at + regions]
    at += regions
    terms = int(packed[22])
    origin = packed[at : at + terms]
    at += terms
    whitening = packed[at : at + terms * terms].reshape((terms, terms))
    at += terms * terms
    leveled = regions if terms > 0 else 0
    media_level = packed[at : at + leveled * channels].reshape((leveled, channels))
    at += leveled * channels
    alike = packed[at : at + channels]
    return Packed(
        int(packed[6]),
        int(packed[7]),
        int(packed[8]),
        int(packed[9]),
        packed[10],
        packed[11],
        packed[12],
        int(packed[14]),
        prior_mean,
        prior_sd,
        slots,
        spend,
        share_per_return,
        outcome_scale,
        noise_weight,
        mirror,
        sd,
        group,
        outcome,
        media,
        linear,
        gram,
        lags,
        int(packed[19]),
        int(packed[20]),
        int(packed[21]),
        level_mean,
        origin,
        whitening,
        media_level,
        alike,
        packed[23],
    )


class PackedLifts(NamedTuple):
    """Views of the part of the packed vector that holds the lift tests of the likelihood.

    A cell is a test in one region; all cells are as wide as the longest test.
    """

    tests: Any
    """``(test, 4)``: channel, first cell, number of cells, measured lift in standard errors"""
    region: Any
    """By cell: the region"""
    weight: Any
    """``(cell, week)``: outcome scale times what was counted, in standard errors"""
    media: Any
    """``(cell, 2, week)``: media without the change and with it, the adstock's length in front"""


@jit
def unpack_lifts(packed: Any) -> PackedLifts:
    """Give the lift tests their names and shapes."""
    tests, cells, width = int(packed[LIFTS_AT]), int(packed[16]), int(packed[17])
    at = int(packed[18])
    table = packed[at : at + 4 * tests].reshape((tests, 4))
    at += 4 * tests
    region = packed[at : at + cells]
    at += cells
    weight = packed[at : at + cells * width].reshape((cells, width))
    at += cells * width
    length = width + int(packed[3]) - 1
    media = packed[at : at + cells * 2 * length].reshape((cells, 2, length))
    return PackedLifts(table, region, weight, media)


@jit
def placed(z: Any, packed: Any) -> Any:
    """Parameters at the sampler's point: itself, or ``centre + factor z`` of an earlier fit."""
    at, size = int(packed[CARRIED_AT]), z.shape[0]
    theta = empty_series(size)
    for i in range(size):
        if at == 0:
            theta[i] = z[i]
        else:
            row = at + size + i * size
            total = packed[at + i]
            for j in range(i + 1):
                total += packed[row + j] * z[j]
            theta[i] = total
    return theta


@jit
def slope_of_point(packed: Any, gradient: Any) -> None:
    """Take the slope by the parameters to that by the sampler's point, in place."""
    at, size = int(packed[CARRIED_AT]), gradient.shape[0]
    if at > 0:
        slope = zero_series(size)
        for i in range(size):
            row = at + size + i * size
            for j in range(i + 1):
                slope[j] += packed[row + j] * gradient[i]
        for i in range(size):
            gradient[i] = slope[i]
