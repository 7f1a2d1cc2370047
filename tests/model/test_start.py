"""A carried start: other coordinates, the same density, and what an earlier fit had of this one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from mmmlib.model.arrays import ModelData
from mmmlib.model.kernel.compiled import evaluate
from mmmlib.model.layout import layout_of, pack
from mmmlib.model.sample import density_name, named_tree
from mmmlib.model.start import carried_start, fresh_start, learned
from tests.model.test_kernel import CASES, SAMPLED, at_random
from tests.model.worlds import mixed_data

SHAPE: dict[str, Any] = {"seasonality": 1, "trend_knots": 2}
BOTH = {name: (CASES | SAMPLED)[name] for name in ("regional", "student_t", "counts, regional")}


def earlier(data: ModelData, seed: int = 1) -> tuple[np.ndarray, xr.Dataset]:
    """Draws of a fit as it would have saved them, and where its sampler saw them."""
    rng = np.random.default_rng(seed)
    size = layout_of(data).size
    mix = 0.2 * np.tril(rng.normal(size=(size, size)), -1) / np.sqrt(size) + np.diag(
        np.full(size, 0.3)
    )
    theta = at_random(data, seed) + rng.normal(size=(2, 400, size)) @ mix.T
    return theta, learned(named_tree(theta, {}, layout_of(data), data))


@pytest.mark.parametrize("name", BOTH)
def test_the_density_is_the_same_in_other_coordinates(name: str) -> None:
    data = BOTH[name]
    _, draws = earlier(data)
    start = carried_start(data, draws)
    z = start.near(3)
    theta = start.parameters(z)
    value, slope = evaluate(density_name(data), theta, pack(data))
    carried, gradient = evaluate(density_name(data), z, start.packed)
    assert carried == pytest.approx(value, rel=1e-9)
    assert start.factor is not None
    np.testing.assert_allclose(gradient, start.factor.T @ slope, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", BOTH)
def test_centre_and_covariance_are_those_of_the_earlier_fit(name: str) -> None:
    data = BOTH[name]
    theta, draws = earlier(data)
    start = carried_start(data, draws)
    flat = theta.reshape(-1, theta.shape[-1])
    assert start.centre is not None and start.factor is not None
    np.testing.assert_allclose(start.centre, flat.mean(0), atol=0.02)
    spread = np.sqrt(np.diag(start.factor @ start.factor.T))
    np.testing.assert_allclose(spread, flat.std(0), rtol=0.02)


def test_what_the_earlier_fit_did_not_have_begins_at_its_prior() -> None:
    data = mixed_data(**SHAPE)
    _, draws = earlier(data)
    without = draws.drop_sel(channel="search").drop_vars("sigma")
    start, fresh, layout = carried_start(data, without), fresh_start(data), layout_of(data)
    place = layout.places["roi"][0] + data.channels.index("search")
    assert start.centre is not None and start.factor is not None
    for at in (place, layout.places["sigma"][0]):
        assert start.centre[at] == fresh.point[at]
        assert np.count_nonzero(start.factor[at]) == 1
    other = layout.places["roi"][0] + data.channels.index("social")
    assert start.centre[other] != fresh.point[other]


def test_a_draw_at_the_end_of_its_range_is_no_infinity() -> None:
    data = mixed_data(**SHAPE)
    _, draws = earlier(data)
    draws["retention"][:] = np.float32(1.0)
    draws["retention"][0, 0] = np.float32(0.5)
    start = carried_start(data, draws)
    assert np.isfinite(start.packed).all()
