"""Structural equations: carryover, saturation and noise as they are declared."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.simulate.structure import Response, activity, autoregressive

GEOMETRIC = Response("geometric", (0.5,), "logistic", (2.0,))
DELAYED = Response("delayed", (0.8, 3.0), "hill", (1.0, 2.0))


def test_weights_sum_to_one_and_peak_where_told() -> None:
    assert GEOMETRIC.weights(8).sum() == pytest.approx(1)
    assert GEOMETRIC.weights(8).argmax() == 0
    assert DELAYED.weights(8).sum() == pytest.approx(1)
    assert DELAYED.weights(8).argmax() == 3
    assert GEOMETRIC.half_life(8) < DELAYED.half_life(8)


def test_activity_of_one_burst_is_its_carryover() -> None:
    spend = np.zeros((1, 2, 6))
    spend[0, 0, 1], spend[0, 1, 2] = 100.0, 400.0
    scale = np.array([[100.0, 200.0]])
    active = activity(spend, scale, [GEOMETRIC], 4)
    weights = GEOMETRIC.weights(4)
    np.testing.assert_allclose(active[0, 0], [0, *np.tanh(weights), 0])
    np.testing.assert_allclose(active[0, 1], [0, 0, *np.tanh(2 * weights)])


def test_steady_spend_at_half_saturation_is_half() -> None:
    active = activity(np.full((1, 1, 30), 5.0), np.array([[5.0]]), [DELAYED], 8)
    assert active[0, 0, -1] == pytest.approx(0.5)


@pytest.mark.parametrize("coefficient", [0.0, 0.6])
def test_noise_has_its_spread_and_memory(coefficient: float) -> None:
    noise = autoregressive(np.random.default_rng(1), (50, 4000), coefficient, 3.0)
    assert noise.std() == pytest.approx(3.0, rel=0.02)
    assert noise[:, 0].std() == pytest.approx(3.0, rel=0.25)  # stationary from the first week
    lagged = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    assert lagged == pytest.approx(coefficient, abs=0.02)


@pytest.mark.parametrize("coefficient", [-0.1, 1.0, float("nan")])
def test_noise_without_a_spread_is_refused(coefficient: float) -> None:
    with pytest.raises(ValueError, match=r"autocorrelation should be in \[0, 1\)"):
        autoregressive(np.random.default_rng(1), (3,), coefficient, 1.0)
