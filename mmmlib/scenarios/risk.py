"""What is made as large as can be: a gain's mean over the draws, or a figure that fears the bad ones.

All are functions of the draws' gains, so that one gradient serves them: the sum of the draws'
gradients, weighed by how much each draw counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from scipy.special import ndtr

Aim = Literal["expected", "quantile", "shortfall", "mean_deviation"]
SOFT = 0.2
"""Width, in standard deviations of the gain, over which a draw enters a tail: with a hard edge there
would be no gradient at it."""


@dataclass(frozen=True)
class Objective:
    """What an optimised plan makes as large as can be.

    Parameters
    ----------
    aim
        ``expected``: the mean gain. ``quantile``: the gain that is exceeded all but ``tail`` of
        the time. ``shortfall``: the mean of the worst ``tail`` of the draws. ``mean_deviation``:
        the mean less ``aversion`` standard deviations, which goes along the same frontier as
        mean and variance and is in the unit of the gain.
    tail
        Share of the draws, for ``quantile`` and ``shortfall``.
    aversion
        For ``mean_deviation``.
    width
        Gain over which a draw enters the tail; see :meth:`softened`.
    """

    aim: Aim = "expected"
    tail: float = 0.1
    aversion: float = 1.0
    width: float = 0.0

    def softened(self, gain: np.ndarray) -> Self:
        """The same with an edge of the tail that fits gains of this spread."""
        return replace(self, width=SOFT * float(gain.std()))

    def value(self, gain: np.ndarray) -> float:
        """Return the figure of these draws."""
        if self.aim == "mean_deviation":
            return float(gain.mean() - self.aversion * gain.std())
        if self.aim == "quantile":
            return float(np.quantile(gain, self.tail))
        return float(self.weights(gain) @ gain)

    def climbed(self, gain: np.ndarray) -> float:
        """Return the figure whose derivative by each draw's gain is exactly its weight."""
        if self.aim == "quantile":
            return self._soft_quantile(gain)
        if self.aim != "shortfall":
            return self.value(gain)
        weights = self._tail_weights(gain)
        soft = self._edge(gain) / self._cap(len(gain))
        return float(weights @ gain + soft / 2 * (weights @ weights))

    def weights(self, gain: np.ndarray) -> np.ndarray:
        """Return by how much each draw counts at the margin; they sum to 1."""
        count = len(gain)
        equal = np.full(count, 1 / count)
        if self.aim == "mean_deviation":
            spread = max(gain.std(), 1e-300)
            return equal * (1 - self.aversion * (gain - gain.mean()) / spread)
        if self.aim == "quantile":
            near = (
                np.exp(-0.5 * ((self._soft_quantile(gain) - gain) / self._edge(gain)) ** 2) + 1e-300
            )
            return near / near.sum()
        if self.aim == "shortfall":
            return self._tail_weights(gain)
        return equal

    def ties(self, gain: np.ndarray) -> np.ndarray:
        """Return how much each draw's own gradient, less their mean, adds to the curvature."""
        count = len(gain)
        if self.aim == "mean_deviation":
            return np.full(count, self.aversion / (count * max(gain.std(), 1e-300)))
        if self.aim == "shortfall":
            weights = self._tail_weights(gain)
            soft = (weights > 0) & (weights < self._cap(count) * (1 - 1e-9))
            return np.where(soft, self._cap(count) / self._edge(gain), 0.0)
        return np.zeros(count)

    def _soft_quantile(self, gain: np.ndarray) -> float:
        """Gain below which ``tail`` of the draws lie, each of them spread a little."""
        width = self._edge(gain)
        low, high = float(gain.min()) - 9 * width, float(gain.max()) + 9 * width
        for _ in range(60):
            middle = (low + high) / 2
            below = ndtr((middle - gain) / width).mean() < self.tail
            low, high = (middle, high) if below else (low, middle)
        return (low + high) / 2

    def _cap(self, count: int) -> float:
        return 1 / max(self.tail * count, 1.0)

    def _edge(self, gain: np.ndarray) -> float:
        return max(self.width, 1e-9 * max(float(np.abs(gain).max()), 1e-280))

    def _tail_weights(self, gain: np.ndarray) -> np.ndarray:
        """Weights that fall from their cap to zero over the soft edge of the tail."""
        cap, width = self._cap(len(gain)), self._edge(gain)
        low, high = float(gain.min()), float(gain.max()) + width

        def at(edge: float) -> np.ndarray:
            return np.clip((edge - gain) / width, 0, 1) * cap

        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if at(middle).sum() < 1 else (low, middle)
        weights = at(high)
        return weights / weights.sum()
