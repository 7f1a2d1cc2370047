"""Lift tests pull a channel whose spend follows demand towards the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from small_worlds import LEVEL, MODEL, World, make_world

from mmmlib.data.panel.panel import Panel
from mmmlib.model.effects import roi
from mmmlib.model.one_fit import FitRequest, fit_one
from mmmlib.params.lift import LiftTest
from tests.model.worlds import with_tests

SEEDS = range(6)
CHANNEL = "channel_1"
SETTINGS = {"chains": 2, "tune": 250, "draws": 300, "kept_draws": 600, "demand_proxy": False}
DEMAND = 0.04
"""What a standard deviation of hidden demand adds, as a share of the level."""


def confounded(seed: int, regions: int = 1) -> World:
    """A world in which the spend of the first channel follows demand that nobody measured."""
    world = make_world(seed, weeks=104, channels=3, regions=regions, autocorrelation=0.3)
    model = world.params.model.model_copy(update=SETTINGS)
    spend = world.panel.array("spend").sel(channel=CHANNEL).to_numpy()
    level = spend.sum(axis=0)
    hidden = (level - level.mean()) / level.std()
    hidden = 0.8 * hidden + 0.6 * np.random.default_rng(seed).normal(size=hidden.shape)
    name = f"outcome:{MODEL}"
    share = spend.mean(axis=1) / spend.mean(axis=1).sum()
    more = np.outer(share, DEMAND * LEVEL * hidden).ravel()
    frame = world.panel.frame.assign(**{name: world.panel.frame[name] + more})
    panel = Panel(frame, world.panel.currency)
    return replace(world, panel=panel, params=world.params.model_copy(update={"model": model}))


def with_pause(world: World, seed: int, error: float = 0.15, **options: Any) -> World:
    """The world with a pause of the first channel that was measured with an error."""
    spend = world.panel.array("spend").sel(channel=CHANNEL).sum("region").to_pandas()
    start = spend.iloc[20:90].rolling(8).sum().idxmax() - pd.Timedelta(weeks=7)
    content = {
        "channel": CHANNEL,
        "outcome": "revenue",
        "start": str(start.date()),
        "end": str((start + pd.Timedelta(days=55)).date()),
        "spend_change_share": -1,
        "incremental_outcome": 0.0,
        "standard_error": 1.0,
    } | options
    truth = world.lift(LiftTest.model_validate(content))
    size = error * abs(truth)
    seen = truth + size * float(np.random.default_rng([seed, 1]).normal())
    content |= {"incremental_outcome": seen, "standard_error": size}
    return replace(world, panel=with_tests(world.panel, {"pause": content}))


def fitted(world: World) -> xr.Dataset:
    return fit_one(world.panel, world.params, FitRequest(MODEL), cores=2).effects


def returned(world: World) -> np.ndarray:
    """Log of the return over its truth: low, middle and high."""
    draws = roi(fitted(world)).sel(channel=CHANNEL).to_numpy()
    truth = float(world.truth["roi"].sel(channel=CHANNEL))
    return np.quantile(np.log(draws / truth), [0.05, 0.5, 0.95])


@pytest.mark.slow
def test_a_lift_test_pulls_a_confounded_channel_to_the_truth() -> None:
    worlds = {seed: confounded(seed) for seed in SEEDS}
    alone = np.stack([returned(world) for world in worlds.values()])
    told = np.stack([returned(with_pause(world, seed)) for seed, world in worlds.items()])
    table = np.round(np.hstack([alone, told]), 2)
    # The spend that follows demand takes the credit for it.
    assert np.mean(alone[:, 1]) > 0.2, table
    # With the test the returns are near the truth, on average and nearly every time.
    assert abs(np.mean(told[:, 1])) < 0.5 * np.mean(alone[:, 1]), table
    assert np.sum(np.abs(told[:, 1]) < np.abs(alone[:, 1])) >= len(SEEDS) - 1, table
    widths = [np.ptp(np.exp(ends[:, [0, 2]]), axis=1) for ends in (alone, told)]
    assert np.mean(widths[1] < widths[0]) > 0.8, table


@pytest.mark.slow
def test_a_test_of_one_region_narrows_that_region_most() -> None:
    world = confounded(3, regions=3)
    with_test = with_pause(world, 3, error=0.05, regions=["region_1"])
    before, after = fitted(world), fitted(with_test)

    def width(fit: xr.Dataset, region: str) -> float:
        draws = fit["contribution_region"].sel(channel=CHANNEL, region=region)
        return float(np.ptp(np.quantile(np.log(draws), [0.05, 0.95])))

    shrunk = [width(after, name) / width(before, name) for name in ("region_1", "region_2")]
    assert shrunk[0] < 0.8, shrunk
    assert shrunk[0] < shrunk[1], shrunk
    [saw] = with_test.panel.lift_tests
    expected = float(after["lift_expected"].median("draw")[0])
    assert abs(expected - saw.incremental_outcome) < 2 * saw.standard_error


@pytest.mark.slow
def test_a_test_with_a_huge_error_changes_nothing() -> None:
    world = confounded(1)
    vague = with_pause(world, 1)
    [lift] = vague.panel.lift_tests
    lost = lift.model_copy(update={"error": 1e30, "standard_error": 1e30})
    vague = replace(vague, panel=replace(vague.panel, lift_tests=(lost,)))
    np.testing.assert_allclose(returned(vague), returned(world), rtol=1e-6)
