"""Student's t and counts: truths found again where normal noise would be the wrong word."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_worlds import MODEL, World, cover, make_world

from mmmlib.data.panel.panel import Panel
from mmmlib.model.effects import fitted
from mmmlib.model.noise import draw_noise
from mmmlib.model.one_fit import Fit, FitRequest, fit_one
from mmmlib.params import Params
from tests.model.worlds import mixed_data

SHORT = {"chains": 2, "tune": 400, "draws": 400, "kept_draws": 800, "form_error": 0.0}
UNIT = 40_000.0
"""USD that one count stands for."""


def refit(world: World, frame: pd.DataFrame, kind: str, likelihood: str, holdout: int = 0) -> Fit:
    content = world.params.model_dump()
    content["model"] |= SHORT
    outcome = {"kind": kind, "column": "revenue", "unit": "signups", "likelihood": likelihood}
    content["outcomes"] = {"revenue": outcome}
    panel = Panel(frame, "USD")
    return fit_one(panel, Params.model_validate(content), FitRequest(MODEL, holdout))


@pytest.mark.slow
def test_odd_weeks_cost_heavy_tails_little() -> None:
    world = make_world(1, weeks=120, channels=3)
    rng = np.random.default_rng(3)
    frame = world.panel.frame.copy()
    odd = rng.choice(120, 8, replace=False)
    frame.loc[odd, f"outcome:{MODEL}"] *= 1 + 0.3 * rng.choice([-1, 1], 8)
    truth = world.truth["contribution"]
    heavy = cover(refit(world, frame, "revenue", "student_t").effects, truth)
    normal = cover(refit(world, frame, "revenue", "normal").effects, truth)
    assert heavy["rank"].between(0.01, 0.99).all(), heavy.to_string()
    assert ((heavy["high"] - heavy["low"]) < 0.8 * (normal["high"] - normal["low"])).all()


@pytest.mark.slow
def test_sparse_counts_are_found_and_foretold_as_counts() -> None:
    world = make_world(2, weeks=120, channels=3, noise=0.0)
    rng = np.random.default_rng(4)
    frame = world.panel.frame.copy()
    mean = frame[f"outcome:{MODEL}"] / UNIT
    frame[f"outcome:{MODEL}"] = rng.poisson(rng.gamma(50, mean / 50)).astype(float)
    fit = refit(world, frame, "count", "negative_binomial", holdout=20)
    table = cover(fit.effects, world.truth["contribution"] / UNIT)
    assert table["covered"].all(), table.to_string()
    effects = fit.effects
    predicted = effects["predicted"].to_numpy()
    np.testing.assert_allclose(predicted, predicted.round(), atol=1e-3)
    assert float(fitted(effects).mean()) == pytest.approx(mean.mean(), rel=0.05)
    low, high = np.quantile(predicted[:, -20:], [0.05, 0.95], axis=0)
    seen = effects["observed"].to_numpy()[-20:]
    assert 14 <= ((low <= seen) & (seen <= high)).sum() <= 20


def test_noise_has_the_law_that_it_is_told() -> None:
    draws, rng = 4000, np.random.default_rng(5)
    counts = mixed_data(regional=True, counts=True, seasonality=0, trend="none")
    expected = np.full((draws, 3, len(counts.weeks)), 0.7)
    noise = draw_noise(counts, {"sigma": np.full((draws, 1), 0.3)}, expected, rng)
    mean = 0.7 * counts.scales.outcome[:, None]
    drawn = (noise + expected) * counts.scales.outcome[:, None]
    np.testing.assert_allclose(drawn, drawn.round(), atol=1e-6)
    np.testing.assert_allclose(drawn.mean(0), np.broadcast_to(mean, (3, 60)), rtol=0.05)
    variance = drawn.var(0).mean(1)
    np.testing.assert_allclose(variance, (mean + (0.3 * mean) ** 2)[:, 0], rtol=0.05)

    heavy = mixed_data(likelihood="student_t", noise="independent", seasonality=0, trend="none")
    told = {"sigma": np.full((draws, 1), 0.1), "degrees": np.full((draws, 1), 5.0)}
    noise = draw_noise(heavy, told, np.ones((draws, 1, 60)), rng)
    assert noise.std() == pytest.approx(0.1 * np.sqrt(5 / 3), rel=0.03)
    assert np.mean(np.abs(noise) > 0.4) > 5e-3  # a normal law of that spread has 2e-3
