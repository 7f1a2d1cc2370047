"""The structural equations that a simulated outcome follows: the truth.

Per outcome and region::

    y = baseline + sum over channels of coefficient * saturation(adstock(spend / scale)) + noise

which is the model's own family, so that a good fit can find the truth. Spend
before the first week is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmmlib.transforms import ADSTOCKS, SATURATIONS, adstock_weights, half_life, lagged, saturate


@dataclass(frozen=True)
class Response:
    """How an outcome answers to one channel.

    The kinds of adstock and saturation, with their parameters (``carryover`` and ``shape``) in the
    order of :mod:`mmmlib.transforms`.
    """

    adstock: str
    carryover: tuple[float, ...]
    saturation: str
    shape: tuple[float, ...]

    def weights(self, length: int) -> np.ndarray:
        """Share of an effect that comes in each week after the spend; shape ``(lag,)``."""
        values = [np.array(value) for value in self.carryover]
        names = ADSTOCKS[self.adstock]
        return adstock_weights(self.adstock, dict(zip(names, values, strict=True)), length)

    def half_life(self, length: int) -> float:
        """Weeks until half of an effect has come."""
        return float(half_life(self.weights(length)))

    def curve(self, stocked: np.ndarray) -> np.ndarray:
        """Saturation of adstocked media that is divided by its scale."""
        names = SATURATIONS[self.saturation]
        return saturate(self.saturation, stocked, dict(zip(names, self.shape, strict=True)))


def activity(
    spend: np.ndarray, scale: np.ndarray, responses: Sequence[Response], length: int
) -> np.ndarray:
    """Saturated, adstocked media: what a coefficient is multiplied with; 0 at no spend, below 1.

    ``spend`` and the result have the shape ``(channel, region, week)``, ``scale``, which divides
    it, ``(channel, region)``; an effect lasts ``length`` weeks.
    """
    past = lagged(spend / scale[..., None], length)
    return np.stack(
        [
            response.curve(window @ response.weights(length))
            for window, response in zip(past, responses, strict=True)
        ]
    )


def autoregressive(
    rng: np.random.Generator, shape: tuple[int, ...], coefficient: float, sd: float
) -> np.ndarray:
    """Noise of order one along the last axis, stationary, with standard deviation ``sd``."""
    if not 0 <= coefficient < 1:
        raise ValueError(f"autocorrelation should be in [0, 1) but got {coefficient}")
    shocks = rng.normal(size=shape)
    shocks[..., 1:] *= np.sqrt(1 - coefficient**2)
    for week in range(1, shape[-1]):  # a loop of some hundred steps; a filter costs its import
        shocks[..., week] += coefficient * shocks[..., week - 1]
    return sd * shocks
