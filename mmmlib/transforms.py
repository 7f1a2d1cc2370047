"""Adstock and saturation, written once for NumPy and for PyTensor.

Every function uses only arithmetic and the few functions of ``xp``, which is
``numpy`` (default) or ``pytensor.tensor``. Leading dimensions broadcast, so that
parameters may carry draws and channels in front.

Sources: Jin et al. (2017), *Bayesian methods for media mix modeling with
carryover and shape effects* (geometric and delayed adstock, Hill). Robyn (Meta, 2021)
for the Weibull density as adstock; Michaelis and Menten (1913) for the saturation
that bears their names.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ADSTOCKS = {
    "geometric": ("retention",),
    "delayed": ("retention", "peak"),
    "weibull": ("weibull_shape", "weibull_scale"),
}
"""Parameters of each adstock: retention in (0, 1), peak and scale in weeks, shape positive."""
SATURATIONS = {
    "logistic": ("steepness",),
    "hill": ("half_saturation", "slope"),
    "michaelis_menten": ("half_saturation",),
}
"""Parameters of each saturation, on media divided by its scale."""

# Hill's power is not differentiable at zero spend, where PyTensor would give NaN.
TINY = 1e-12


def geometric_weights(retention: Any, length: int, xp: Any = np) -> Any:
    """Weights of geometric adstock, normalised to sum to one.

    Parameters
    ----------
    retention
        Share of an effect that is left a week later, in (0, 1); any shape.
    length
        Number of weeks, the week of the spend included.
    xp
        ``numpy`` or ``pytensor.tensor``.

    Returns
    -------
    array
        Shape ``retention.shape + (length,)``.
    """
    weights = retention[..., None] ** np.arange(length)
    return weights / weights.sum(axis=-1, keepdims=True)


def delayed_weights(retention: Any, peak: Any, length: int, xp: Any = np) -> Any:
    """Weights of delayed adstock: an effect that peaks ``peak`` weeks after the spend.

    Same shapes as :func:`geometric_weights`; with ``peak`` 0 the decay is that of
    a half bell, faster in the tail than the geometric one.
    """
    distance = np.arange(length) - peak[..., None]
    weights = retention[..., None] ** (distance**2)
    return weights / weights.sum(axis=-1, keepdims=True)


def weibull_weights(shape: Any, scale: Any, length: int, xp: Any = np) -> Any:
    """Weights of Weibull adstock: the density of a Weibull law at 1, 2, … ``length`` weeks.

    With ``shape`` at most 1 an effect decays from its first week on; above, it peaks
    ``scale * (1 - 1 / shape) ** (1 / shape)`` weeks into it. Same shapes as
    :func:`geometric_weights`. Weights are normalised to sum to one.
    """
    week = np.arange(1, length + 1)
    shape, scale = shape[..., None], scale[..., None]
    log = (shape - 1) * np.log(week) - (week / scale) ** shape
    weights = xp.exp(log - xp.max(log, axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def adstock_weights(kind: str, parameters: dict[str, Any], length: int, xp: Any = np) -> Any:
    """Weights of the adstock called ``kind``; see :data:`ADSTOCKS` for its parameters."""
    if kind == "geometric":
        return geometric_weights(parameters["retention"], length, xp)
    if kind == "delayed":
        return delayed_weights(parameters["retention"], parameters["peak"], length, xp)
    if kind == "weibull":
        return weibull_weights(parameters["weibull_shape"], parameters["weibull_scale"], length, xp)
    raise ValueError(f"adstock should be one of {', '.join(ADSTOCKS)} but got {kind!r}")


def half_life(weights: np.ndarray) -> np.ndarray:
    """Weeks until half of an effect has come, from its weights.

    These sum to one over the last dimension. Interpolated between weeks, so 0.5 means half a week.
    """
    cumulative = np.cumsum(weights, axis=-1)
    reached = np.argmax(cumulative >= 0.5, axis=-1)
    after = np.take_along_axis(cumulative, reached[..., None], -1)[..., 0]
    weight = np.take_along_axis(weights, reached[..., None], -1)[..., 0]
    return reached + (0.5 - (after - weight)) / weight


def lagged(media: np.ndarray, length: int) -> np.ndarray:
    """Stack a series ``(..., week)`` with its own past; weeks before the first count as zero.

    Shape ``(..., week, lag)``; ``[..., t, k]`` is the value ``k`` weeks before ``t``.
    """
    padded = np.concatenate([np.zeros((*media.shape[:-1], length - 1)), media], axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, length, axis=-1)
    return windows[..., ::-1]


def saturate(kind: str, media: Any, parameters: dict[str, Any], xp: Any = np) -> Any:
    """Apply the saturation called ``kind``: 0 at 0, rising towards 1.

    ``media`` is adstocked, divided by its scale and not negative; parameters are those of
    :data:`SATURATIONS`, in shapes that broadcast against it.
    """
    if kind == "logistic":
        return logistic(media, parameters["steepness"], xp)
    if kind == "hill":
        return hill(media, parameters["half_saturation"], parameters["slope"], xp)
    if kind == "michaelis_menten":
        return michaelis_menten(media, parameters["half_saturation"])
    raise ValueError(f"saturation should be one of {', '.join(SATURATIONS)} but got {kind!r}")


def logistic(media: Any, steepness: Any, xp: Any = np) -> Any:
    """Concave saturation ``(1 - exp(-steepness * x)) / (1 + exp(-steepness * x))``."""
    return xp.tanh(steepness * media / 2)


def hill(media: Any, half_saturation: Any, slope: Any, xp: Any = np) -> Any:
    """Hill saturation ``x^slope / (x^slope + half_saturation^slope)``; S-shaped for slope > 1."""
    ratio = (xp.maximum(media, TINY) / half_saturation) ** slope
    return xp.where(media > TINY, ratio / (1 + ratio), 0.0)


def michaelis_menten(media: Any, half_saturation: Any) -> Any:
    """Michaelis-Menten saturation ``x / (x + half_saturation)``; Hill's with slope 1."""
    return media / (media + half_saturation)
