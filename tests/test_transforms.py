"""Adstock and saturation against their definitions, in NumPy and in PyTensor."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import weibull_min

from mmmlib.transforms import (
    ADSTOCKS,
    SATURATIONS,
    adstock_weights,
    half_life,
    lagged,
    saturate,
)

SHAPES = {
    "retention": 0.6,
    "peak": 2.3,
    "weibull_shape": 2.2,
    "weibull_scale": 3.1,
    "steepness": 1.4,
    "half_saturation": 0.8,
    "slope": 1.7,
}
MEDIA = np.array([0.0, 0.2, 1.0, 4.0])


def brute_adstock(media: np.ndarray, weights: np.ndarray) -> np.ndarray:
    out = np.zeros_like(media)
    for t in range(media.size):
        for lag, weight in enumerate(weights):
            if t - lag >= 0:
                out[t] += weight * media[t - lag]
    return out


@pytest.mark.parametrize("kind", ADSTOCKS)
def test_adstock_is_the_weighted_sum_of_the_past(kind: str) -> None:
    media = np.random.default_rng(1).gamma(1.0, 1.0, 40)
    weights = adstock_weights(kind, {n: np.array(SHAPES[n]) for n in ADSTOCKS[kind]}, 8)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(lagged(media, 8) @ weights, brute_adstock(media, weights))


@pytest.mark.parametrize("kind", ADSTOCKS)
def test_adstock_is_the_same_in_pytensor(kind: str) -> None:
    given_ = {name: np.array([SHAPES[name], SHAPES[name] * 0.7]) for name in ADSTOCKS[kind]}
    symbolic = {name: pt.as_tensor(value) for name, value in given_.items()}
    expected = adstock_weights(kind, given_, 6)
    got = adstock_weights(kind, symbolic, 6, pt).eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(got, expected)


@pytest.mark.parametrize("kind", SATURATIONS)
def test_saturation_is_the_same_in_pytensor_and_between_zero_and_one(kind: str) -> None:
    shape = {name: np.array(SHAPES[name]) for name in SATURATIONS[kind]}
    expected = saturate(kind, MEDIA, shape)
    got = saturate(kind, pt.as_tensor(MEDIA), shape, pt).eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(got, expected)
    assert expected[0] == 0
    assert (np.diff(expected) > 0).all()
    assert expected[-1] < 1


def test_delayed_adstock_peaks_where_it_is_told() -> None:
    weights = adstock_weights("delayed", {"retention": np.array(0.5), "peak": np.array(3.0)}, 8)
    assert int(weights.argmax()) == 3


def test_weibull_adstock_is_the_density_and_peaks_where_it_should() -> None:
    shape, scale = np.array(2.5), np.array(4.0)
    weights = adstock_weights("weibull", {"weibull_shape": shape, "weibull_scale": scale}, 12)
    density = weibull_min.pdf(np.arange(1, 13), shape, scale=scale)
    np.testing.assert_allclose(weights, density / density.sum())
    assert int(weights.argmax()) + 1 == round(4.0 * (1 - 1 / 2.5) ** (1 / 2.5))
    early = {"weibull_shape": np.array(0.7), "weibull_scale": scale}
    assert (np.diff(adstock_weights("weibull", early, 12)) < 0).all()


def test_weibull_adstock_far_shorter_than_a_week_is_all_in_the_first() -> None:
    short = {"weibull_shape": np.array(5.0), "weibull_scale": np.array(0.02)}
    np.testing.assert_allclose(adstock_weights("weibull", short, 3), [1, 0, 0])


def test_michaelis_menten_is_hill_without_an_s() -> None:
    half = np.array(0.8)
    np.testing.assert_allclose(
        saturate("michaelis_menten", MEDIA, {"half_saturation": half}),
        saturate("hill", MEDIA, {"half_saturation": half, "slope": np.array(1.0)}),
        atol=1e-12,
    )


@given(retention=st.floats(0.05, 0.95))
def test_half_life_of_a_long_geometric_adstock(retention: float) -> None:
    weights = adstock_weights("geometric", {"retention": np.array([retention])}, 400)
    # Half of the mass is inside the weeks before the half-life, interpolated within its week.
    life = half_life(weights)[0]
    whole = int(life)
    inside = weights[0, :whole].sum() + (life - whole) * weights[0, whole]
    assert inside == pytest.approx(0.5)


def test_unknown_adstock_is_named() -> None:
    with pytest.raises(ValueError, match="adstock should be one of geometric"):
        adstock_weights("sideways", {}, 4)


def test_unknown_saturation_is_named() -> None:
    with pytest.raises(ValueError, match="saturation should be one of logistic"):
        saturate("sideways", MEDIA, {})
