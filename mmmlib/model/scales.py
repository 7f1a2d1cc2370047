"""What outcome and media are divided by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scales:
    """What outcome and media are divided by, so that priors mean the same everywhere.

    Parameters
    ----------
    outcome
        By region: mean weekly outcome.
    media
        By channel and region: mean of the weeks with spend, or that mean per head
        over all regions times the region's population where it is known.
    """

    outcome: np.ndarray
    media: np.ndarray


def measure_scales(outcome: np.ndarray, media: np.ndarray, population: np.ndarray | None) -> Scales:
    """Measure the scales on the fitted weeks; see :class:`Scales`."""
    heads = np.ones(media.shape[1]) if population is None else population
    per_head = media / heads[:, None]
    used = per_head > 0
    if population is None:
        level = per_head.sum(-1) / np.maximum(used.sum(-1), 1)
        # A region that never had a channel takes the mean of the others.
        total = level.sum(-1, keepdims=True) / np.maximum((level > 0).sum(-1, keepdims=True), 1)
        level = np.where(level > 0, level, total)
    else:
        level = per_head.sum((1, 2)) / used.sum((1, 2))
        level = level[:, None] * np.ones(media.shape[1])
    return Scales(outcome=outcome.mean(-1), media=level * heads)
