"""Draws that are weighed anew are draws under the other prior: held against the exact answer."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from mmmlib.model.power_scaling import (
    ALTERNATIVES,
    MAX_PARETO_K,
    SHIFT,
    WIDER,
    lowest_chance,
    reweigh,
)
from tests.fakes import BELIEF, fake_effects, over_at_once

CHANNEL = "search"


def fitted(likely: float, spread: float, draws: int = 4000, seed: int = 3) -> xr.Dataset:
    """A fit whose data say that every log return is normal about ``likely``, prior about 0."""
    rng = np.random.default_rng(seed)
    effects = fake_effects(draws=draws)
    mean, sd = posterior(likely, spread, 0.0, BELIEF)
    channels = effects.sizes["channel"]
    returns = np.exp(mean + sd * rng.normal(size=(draws, channels)))
    spend = effects["spend"].to_numpy().astype(float)
    effects["contribution"] = (effects["contribution"].dims, returns[:, :, None] * spend)
    effects = over_at_once(effects)
    told = json.loads(effects.attrs["inputs"])
    told["priors"]["roi"] = {"mean": [0.0] * channels, "sd": [BELIEF] * channels}
    effects.attrs["inputs"] = json.dumps(told)
    return effects


def posterior(likely: float, spread: float, mean: float, sd: float) -> tuple[float, float]:
    """Mean and spread of a normal, from a normal likelihood and a normal prior."""
    precision = spread**-2 + sd**-2
    return (likely * spread**-2 + mean * sd**-2) / precision, precision**-0.5


@pytest.mark.parametrize("spread", [0.2, 0.8, 3.0])
def test_the_median_is_that_of_a_fit_under_the_other_prior(spread: float) -> None:
    effects = fitted(1.0, spread)
    found = reweigh(effects)[CHANNEL]
    assert found.known
    spend = effects["spend"].sum("week").sel(channel=CHANNEL)
    draws = (effects["contribution"].sum("week").sel(channel=CHANNEL) / spend).to_numpy()
    priors = ((SHIFT * BELIEF, BELIEF), (-SHIFT * BELIEF, BELIEF), (0.0, WIDER * BELIEF))
    exact = [posterior(1.0, spread, *prior)[0] for prior in priors]
    np.testing.assert_allclose(np.log(found.medians(draws)), exact, atol=0.08)


def test_the_chance_of_an_event_is_that_of_the_other_prior() -> None:
    found = reweigh(fitted(0.3, 0.8))[CHANNEL]
    assert len(ALTERNATIVES) == len(found.weights)
    np.testing.assert_allclose(found.chances(np.ones(4000, dtype=bool)), 1.0)
    assert (found.chances(np.zeros(4000, dtype=bool)) == 0).all()


def test_where_a_few_draws_carry_everything_nobody_can_tell() -> None:
    """A posterior far out in the prior's tail: the wider prior would go much farther."""
    effects = fitted(0.0, 3.0)
    told = json.loads(effects.attrs["inputs"])
    told["priors"]["roi"]["sd"] = [0.2] * effects.sizes["channel"]
    effects.attrs["inputs"] = json.dumps(told)
    found = reweigh(effects)[CHANNEL]
    assert found.pareto_k > MAX_PARETO_K
    assert not found.known


def test_an_engine_that_does_not_say_what_it_believed_has_no_answer() -> None:
    effects = fake_effects()
    effects.attrs["inputs"] = json.dumps({"priors": {}})
    assert reweigh(effects) == {}


def test_the_lowest_chance_is_that_under_the_least_favourable_prior() -> None:
    effects = fitted(0.4, 0.8)
    under = reweigh(effects)
    pays = effects["spend_effect"].sel(channel=CHANNEL).sum("week").to_numpy()
    pays = pays > float(effects["spend"].sel(channel=CHANNEL).sum())
    alone, together = (under[name].chances(pays).min() for name in (CHANNEL, None))
    assert lowest_chance(pays, under, [CHANNEL]) == pytest.approx(min(alone, together))
    assert min(alone, together) < pays.mean() - 0.03
    half = lowest_chance(pays[1::2], under, [CHANNEL], slice(1, None, 2))
    assert half == pytest.approx(min(alone, together), abs=0.03)
    assert lowest_chance(pays, {}, [CHANNEL]) is None


def test_draws_that_hardly_differ_tell_nothing() -> None:
    effects = fitted(0.4, 0.8, draws=50)
    brought = effects["spend_effect"]
    effects["spend_effect"] = brought.copy(data=brought.to_numpy()[[0] * 45 + [1] * 5])
    under = reweigh(effects)
    assert not under[CHANNEL].known
    assert np.isnan(lowest_chance(np.arange(50) > 2, under, [CHANNEL]))
    assert lowest_chance(np.ones(50, dtype=bool), under, [CHANNEL]) == 1.0
