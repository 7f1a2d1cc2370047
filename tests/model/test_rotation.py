"""The reflection that takes regions to their common movement and differences."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.model.rotation import (
    measure_noise_weight,
    mirror,
    rotate,
    rotate_back,
    varies_by_region,
)

WEIGHT = np.array([0.5, 1.0, 2.0, 1.3])


def test_rotation_is_undone() -> None:
    values = np.random.default_rng(1).normal(size=(3, 4, 7))
    np.testing.assert_allclose(rotate_back(rotate(values, WEIGHT), WEIGHT), values)


def test_what_regions_share_is_in_the_first_series_only() -> None:
    shared = np.ones((4, 1)) * np.arange(6.0)
    rotated = rotate(shared, WEIGHT)
    np.testing.assert_allclose(rotated[1:], 0, atol=1e-12)
    np.testing.assert_allclose(rotated[0], np.arange(6.0) * np.linalg.norm(1 / WEIGHT))


def test_covariance_is_a_common_part_and_one_of_each_region() -> None:
    common, own = 3.0, 0.7
    spread = np.diag([common**2, own**2, own**2, own**2])
    columns = rotate_back(np.eye(4), WEIGHT)
    covariance = columns @ spread @ columns.T
    weight = WEIGHT * np.sqrt((1 / WEIGHT**2).mean())
    columns = rotate_back(np.eye(4), weight)
    covariance = columns @ spread @ columns.T
    expected = own**2 * np.diag(weight**2) + (common**2 - own**2) / 4
    np.testing.assert_allclose(covariance, expected)


def test_one_region_is_left_alone() -> None:
    values = np.arange(5.0)[None]
    np.testing.assert_array_equal(rotate(values, np.ones(1)), values)
    np.testing.assert_array_equal(mirror(np.ones(1)), [0.0])
    assert measure_noise_weight(values) == pytest.approx(1)


def test_noisier_regions_weigh_more_noise() -> None:
    rng = np.random.default_rng(2)
    truth = np.array([0.5, 1.0, 2.0])
    outcome = 1 + 0.1 * truth[:, None] * rng.normal(size=(3, 400)) + rng.normal(size=400)
    weight = measure_noise_weight(outcome)
    assert (np.diff(weight) > 0).all()
    assert (1 / weight**2).mean() == pytest.approx(1)


def test_only_terms_that_differ_vary() -> None:
    week = np.arange(5.0)
    assert not varies_by_region(week)
    assert not varies_by_region(np.stack([week, week]))
    assert varies_by_region(np.stack([week, week + 1]))
