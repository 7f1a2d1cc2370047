"""Do the ranges hold the truth? A model's effects held against a simulated world."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.estimates import MASS
from mmmlib.model.effects import contribution


def cover(effects: xr.Dataset, truth: xr.DataArray, mass: float = MASS) -> pd.DataFrame:
    """Hold a model's contributions against the true ones.

    Parameters
    ----------
    effects
        See :mod:`mmmlib.model.effects`.
    truth
        True contribution of the same model and window, dimensions
        ``(channel, region, week)``.
    mass
        Probability of the range.

    Returns
    -------
    DataFrame
        One row per channel: ``truth``, ``low``, ``median``, ``high`` (outcome over
        all weeks), ``covered`` and ``rank``, the share of draws below the truth.

    Notes
    -----
    How to read it: over many channels and worlds about ``mass`` of them should be
    covered, and ranks should be spread evenly between 0 and 1. Ranks that crowd at
    one end say that returns are told too low (near 1) or too high (near 0).
    """
    draws = contribution(effects)
    true = truth.sel(channel=draws["channel"]).sum(["region", "week"])
    tail = (1 - mass) / 2
    low, median, high = draws.quantile([tail, 0.5, 1 - tail], "draw").to_numpy()
    values = true.to_numpy()
    return pd.DataFrame(
        {
            "truth": values,
            "low": low,
            "median": median,
            "high": high,
            "covered": (low <= values) & (values <= high),
            "rank": (draws < true).mean("draw").to_numpy(),
        },
        index=pd.Index(draws["channel"].to_numpy(), name="channel"),
    )


def fewest_covered(count: int, mass: float = MASS, chance: float = 0.01) -> int:
    """Return how many of ``count`` ranges must hold the truth at least.

    The largest number that ranges of true probability ``mass``, independent of
    each other, stay below with a chance of less than ``chance``.
    """
    from scipy.stats import binom

    numbers = np.arange(count + 1)
    return int(numbers[binom.cdf(numbers - 1, count, mass) < chance].max())
