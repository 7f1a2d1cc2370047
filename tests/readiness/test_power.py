"""The detectable effect, against tests that are simulated."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from mmmlib.readiness.power import contrast, detectable_effect, split_regions


def autoregression(tests: int, weeks: int, carry: float, seed: int) -> np.ndarray:
    """Noise with standard deviation 1, shape ``(tests, weeks)``."""
    rng = np.random.default_rng(seed)
    values = np.empty((tests, weeks))
    values[:, 0] = rng.normal(size=tests)
    for week in range(1, weeks):
        fresh = rng.normal(size=tests) * np.sqrt(1 - carry**2)
        values[:, week] = carry * values[:, week - 1] + fresh
    return values


@pytest.mark.parametrize("carry", [0.0, 0.4, 0.8])
@pytest.mark.parametrize(("weeks", "before"), [(4, 52), (12, 26)])
def test_the_effect_is_found_four_times_in_five(carry: float, weeks: int, before: int) -> None:
    effect = detectable_effect(1.0, carry, weeks, before)
    error = effect / (NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8))
    noise = autoregression(20_000, before + weeks, carry, seed=7)
    seen = noise[:, before:].mean(axis=1) - noise[:, :before].mean(axis=1)
    bar = NormalDist().inv_cdf(0.975) * error
    # Twenty thousand tests: two standard errors are 0.006 and 0.003.
    assert np.mean(np.abs(seen + effect) > bar) == pytest.approx(0.80, abs=0.01)
    assert np.mean(np.abs(seen) > bar) == pytest.approx(0.05, abs=0.006)


def test_without_carry_it_is_the_textbook_formula() -> None:
    expected = 2.8016 * 3.0 * np.sqrt(1 / 8 + 1 / 52)
    assert detectable_effect(3.0, 0.0, 8, 52) == pytest.approx(expected, rel=1e-4)


def test_carry_makes_weeks_worth_less() -> None:
    plain, sticky = (detectable_effect(1, carry, 12, 52) for carry in (0.0, 0.5))
    # The docstring's claim: at 0.5 twelve weeks are worth about five.
    five = detectable_effect(1, 0.0, 5, 22)
    assert plain < sticky
    assert sticky == pytest.approx(five, rel=0.1)


def test_longer_tests_and_lower_demands_find_less() -> None:
    effects = [detectable_effect(1, 0.3, weeks, 52) for weeks in (2, 4, 8, 16)]
    assert effects == sorted(effects, reverse=True)
    assert detectable_effect(1, 0.3, 8, 52, power=0.5) < effects[2]


def test_regions_are_split_into_groups_alike() -> None:
    sizes = np.array([5, 100, 80, 6, 40, 41, 3.0])
    held = split_regions(sizes)
    assert held.sum() == 3
    order = np.argsort(-sizes)
    for pair in range(3):
        assert held[order[2 * pair : 2 * pair + 2]].sum() == 1
    assert not held[order[-1]]
    assert sizes[held].sum() == pytest.approx(sizes[~held].sum(), rel=0.35)


def test_a_contrast_cancels_what_moves_all_regions() -> None:
    rng = np.random.default_rng(5)
    common = 1 + 0.3 * np.sin(np.arange(104) / 5)
    outcome = np.array([[10.0], [20], [30], [40]]) * common
    held = np.array([True, False, True, False])
    assert np.abs(contrast(outcome, held)).max() < 1e-12
    noisy = outcome + rng.normal(size=outcome.shape)
    dip = noisy.copy()
    dip[held, -10:] *= 0.9
    change = contrast(dip, held)[-10:].mean() - contrast(noisy, held)[-10:].mean()
    assert change == pytest.approx(-0.1 * common[-10:].mean(), abs=0.02)
