"""Simulation-based calibration: worlds drawn from the prior are found again.

Talts et al. (2018), *Validating Bayesian inference algorithms with simulation-based
calibration*: if the truth is drawn from the prior, its rank among posterior draws is
uniform. This tests density, gradient, sampler and the recovered linear terms at once. Every other
fit begins with what that of the world before has learned: of all that a refit may begin with, the
least like it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmmlib.model.arrays import LiftArrays, ModelData
from mmmlib.model.derive import channel_forms, expected_lift, respond_each, thin
from mmmlib.model.layout import layout_of, split
from mmmlib.model.linear import column_spread, draw_linear
from mmmlib.model.noise import draw_noise
from mmmlib.model.priors import LEVEL_MEAN, LEVEL_SD
from mmmlib.model.sample import sample
from mmmlib.model.start import carried_start, learned
from tests.model.worlds import mixed_data, mixed_params

TESTS = {
    "search": {"start": "2024-06-03", "end": "2024-07-14", "standard_error": 10_000},
    "events": {"channel": "events", "spend_change_share": -1, "standard_error": 8_000},
}
"""Lift tests of two forms; what they see is drawn with each world."""
KEPT = 99
SETTINGS = mixed_params(chains=2, tune=250, draws=300, kept_draws=100).model


def media_of(data: ModelData, parameters: dict[str, np.ndarray]) -> np.ndarray:
    """Contribution of all channels in scaled units; ``(draw, region, week)``."""
    weights, shapes = channel_forms(data, parameters)
    each = respond_each(data, parameters, weights, shapes)
    return np.asarray(sum(size[:, :, None] * response for response, size in each))


def draw_world(
    data: ModelData, rng: np.random.Generator
) -> tuple[ModelData, dict[str, np.ndarray]]:
    """Draw parameters from the prior, and an outcome from them."""
    layout = layout_of(data)
    mean = np.concatenate([np.ravel(prior[0]) for prior in data.priors.values()])
    sd = np.concatenate([np.ravel(prior[1]) for prior in data.priors.values()])
    off = {name: rng.normal(size=np.size(prior[0])) for name, prior in data.priors.items()}
    # Returns without a prior of their own share a part of how far they are off.
    shared = np.sqrt(data.likeness) * rng.normal() + np.sqrt(1 - data.likeness) * off["roi"]
    off["roi"] = np.where(data.alike, shared, off["roi"])
    theta = (mean + sd * np.concatenate(list(off.values())))[None]
    truth = split(layout, theta, data.adstock_weeks)
    level = LEVEL_MEAN + LEVEL_SD * data.noise_weight * rng.normal(size=len(data.regions))
    slope = column_spread(data, truth, 1)[0] * rng.normal(size=len(data.column_names))
    scaled = level[:, None] + slope @ data.columns + media_of(data, truth)[0]
    scaled = scaled + draw_noise(data, truth, scaled[None], rng)[0]
    truth["level"], truth["column"] = level[None], slope[None]
    lifts = tuple(measure(data, lift, truth, rng) for lift in data.lifts)
    return replace(data, outcome=scaled * data.scales.outcome[:, None], lifts=lifts), truth


def measure(
    data: ModelData, lift: LiftArrays, truth: dict[str, np.ndarray], rng: np.random.Generator
) -> LiftArrays:
    """Carry out a lift test in the world of ``truth``."""
    weights, shapes = channel_forms(data, truth)
    sizes = [size for _, size in respond_each(data, truth, weights, shapes)]
    coefficient = np.stack(sizes, axis=1) * data.scales.outcome
    expected = expected_lift(data, lift, weights, shapes, coefficient)[0]
    seen = rng.normal(expected, lift.error)
    return replace(lift, test=lift.test.model_copy(update={"incremental_outcome": seen}))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("regional", "worlds"), [(False, 45), (True, 21)], ids=["national", "regional"]
)
def test_ranks_are_uniform(regional: bool, worlds: int) -> None:
    shape = {"seasonality": 1, "trend_knots": 2, "demand_proxy": False}
    prior = mixed_data(regional=regional, weeks=60, lift_tests=TESTS, **shape)
    # Without the bound on the media's share, which depends on the outcome itself.
    prior = replace(prior, max_media_share=1e6)
    ranks: dict[str, list[np.ndarray]] = {}

    def error(share: float) -> float:
        """Spread of a share of the worlds."""
        return float(np.sqrt(share * (1 - share) / worlds))

    tree = None
    for number in range(worlds):
        rng = np.random.default_rng([7, number])
        data, truth = draw_world(prior, rng)
        start = carried_start(data, learned(tree)) if tree and number % 2 else None
        tree = sample(data, SETTINGS, seed=number, cores=2, start=start)
        draws = thin(tree["posterior"].to_dataset(), 100)
        levels, slopes = draw_linear(data, draws, media_of(data, draws), rng)
        draws |= {"level": levels, "column": slopes}
        for name, values in draws.items():
            below = (values[:KEPT] < truth[name]).sum(0)
            ranks.setdefault(name, []).append(np.ravel(below))
    for name, found in ranks.items():
        uniform = (np.stack(found) + 0.5) / (KEPT + 1)
        # Thinned draws are nearly independent; the mean of uniforms has a known spread.
        off = np.abs(uniform.mean(0) - 0.5) * np.sqrt(12 * worlds)
        assert off.max() < 4.2, f"{name}: ranks lean to one side ({off.max():.1f} errors)"
        covered = ((uniform > 0.05) & (uniform < 0.95)).mean(0)
        assert covered.min() > 0.9 - 4.2 * error(0.9), f"{name}: 90 % ranges {covered.min():.0%}"
        halves = ((uniform > 0.25) & (uniform < 0.75)).mean(0)
        assert np.abs(halves - 0.5).max() < 3.6 * error(0.5), f"{name}: 50 % ranges"
    pooled = np.concatenate([np.ravel(found) for found in ranks["roi"]])
    assert abs(np.mean((pooled >= 5) & (pooled < 95)) - 0.9) < 1.5 * error(0.9)
