"""What effect could a test detect, given the outcome's own noise?"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

POWER = 0.8
SIGNIFICANCE = 0.05
DETECTABLE = NormalDist().inv_cdf(1 - SIGNIFICANCE / 2) + NormalDist().inv_cdf(POWER)
"""Standard errors that an effect must have to be found with that power: 2.80."""


def detectable_effect(
    noise: float,
    carry: float,
    test_weeks: int,
    before_weeks: int,
    power: float = POWER,
    significance: float = SIGNIFICANCE,
) -> float:
    """Return the smallest weekly effect that a before-and-during comparison detects.

    Parameters
    ----------
    noise
        Standard deviation of a week's outcome around what is expected of it. With
        noise as a share of the outcome the effect is one too.
    carry
        Autocorrelation of that noise from week to week, in [0, 1).
    test_weeks, before_weeks
        Weeks of the test, and weeks right before it that it is held against.
    power, significance
        Probability to find the effect if it is there, and (two-sided) one if there is none.

    Notes
    -----
    ``(z(1 - significance/2) + z(power)) * se``: the minimum detectable effect of
    Bloom (1995), *Minimum detectable effects*, Evaluation Review 19(5), 547-556;
    2.80 standard errors here. The standard error is exact for the difference of
    two means of a first-order autoregression: ``noise² * w' R w`` with
    ``R[i, j] = carry^|i - j|`` and ``w`` one over the number of weeks, negative
    before the test. Autocorrelation matters: at 0.5, twelve weeks are worth about
    five. ``noise`` is taken as known, as there are many weeks before a test.
    """
    weights = np.r_[np.full(before_weeks, -1 / before_weeks), np.full(test_weeks, 1 / test_weeks)]
    apart = np.abs(np.subtract.outer(np.arange(len(weights)), np.arange(len(weights))))
    variance = weights @ np.power(float(carry), apart) @ weights
    normal = NormalDist()
    errors = normal.inv_cdf(1 - significance / 2) + normal.inv_cdf(power)
    return float(errors * noise * np.sqrt(variance))


def split_regions(sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Choose the regions that a holdout goes without: one of each pair of similar size.

    ``sizes`` are the outcomes of the regions, two or more; true are those of the holdout. Pairs are
    neighbours by size, and which of a pair is held out alternates, so that both groups are alike in
    total; a region left over stays as it is.
    """
    order = np.argsort(-sizes, kind="stable")
    held = np.zeros(len(sizes), dtype=bool)
    for pair in range(len(sizes) // 2):
        held[order[2 * pair + (pair + 1) % 2]] = True
    return held


def contrast(outcome: NDArray[np.float64], held: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the held-out regions' outcome against the others', week by week.

    ``outcome`` has the shape ``(region, week)``. Each group is taken as a share of its own mean,
    one minus the other. What moves all regions alike cancels (difference in differences), which is
    why a geo holdout sees smaller effects than a pause.
    """
    treated, control = outcome[held].sum(axis=0), outcome[~held].sum(axis=0)
    return treated / treated.mean() - control / control.mean()
