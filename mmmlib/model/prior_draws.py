"""Draws from the prior of a fit: what is believed before the outcome is looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from mmmlib.model.arrays import ModelData
from mmmlib.model.layout import layout_of
from mmmlib.model.linear import column_spread
from mmmlib.model.priors import LEVEL_MEAN, LEVEL_SD, SHARE_WIDTH
from mmmlib.model.sample import named_tree

TRIES = 10
"""Draws for each one that is kept, of which the bound on the media's share takes some."""


def draw_prior(data: ModelData, draws: int, rng: np.random.Generator) -> xr.Dataset:
    """Draw all parameters from the prior.

    Of the outcome of ``data`` only the sizes count: the mean that scales are measured on, and the
    total that channels together hardly exceed. As a posterior: names, scales and dimensions are the
    same, with one chain. ``level`` and ``slope_of`` are there under every likelihood.
    """
    layout = replace(layout_of(data), whitening=None)
    mean = np.concatenate([np.ravel(prior[0]) for prior in data.priors.values()])
    sd = np.concatenate([np.ravel(prior[1]) for prior in data.priors.values()])
    tries = TRIES * draws
    off = rng.normal(size=(tries, mean.size))
    start, end = layout.places["roi"]
    # Returns without a prior of their own share a part of how far they are off.
    shared = np.sqrt(data.likeness) * rng.normal(size=(tries, 1))
    shared = shared + np.sqrt(1 - data.likeness) * off[:, start:end]
    off[:, start:end] = np.where(data.alike, shared, off[:, start:end])
    theta = mean + sd * off
    excess = np.exp(theta[:, start:end]) @ data.seen_spend / data.seen_total - data.max_media_share
    allowed = np.exp(-np.logaddexp(0, excess / SHARE_WIDTH))
    # Where hardly any is allowed, the likeliest are taken: the prior says what it says.
    kept = np.sort(np.argsort(rng.exponential(size=tries) / np.maximum(allowed, 1e-300))[:draws])
    posterior = named_tree(theta[kept][None], {}, layout, data)["posterior"].to_dataset()
    named = {
        str(name): array.to_numpy()[0]
        for name, array in posterior.data_vars.items()
        if name == "scale"
    }
    spread = column_spread(data, named, draws)
    level = LEVEL_MEAN + LEVEL_SD * data.noise_weight * rng.normal(size=(draws, len(data.regions)))
    slope = spread * rng.normal(size=spread.shape)
    posterior["level"] = (("chain", "draw", "region"), level[None])
    posterior["slope_of"] = (("chain", "draw", "column"), slope[None])
    return posterior.assign_coords(region=list(data.regions), column=list(data.column_names))
