"""Priors as a marketer states them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from mmmlib.estimates import Estimate
from mmmlib.model.priors import SHARE_WIDTH, lognormal, return_prior, stated_prior
from mmmlib.model.quantiles import Z90, truncated_points
from mmmlib.params.model import Range
from mmmlib.params.series import Prior, StatedPrior
from tests.fakes import fake_params, two_motions


def test_a_stated_range_holds_ninety_percent() -> None:
    mean, sd = lognormal(Range(low=0.5, high=4.0))
    draws = np.exp(mean + sd * np.random.default_rng(1).normal(size=200_000))
    assert np.mean((draws > 0.5) & (draws < 4.0)) == pytest.approx(0.9, abs=0.005)


def test_a_share_becomes_a_return() -> None:
    params = fake_params()
    prior = Prior(share=Range(low=0.02, high=0.08))
    mean, _ = return_prior(prior, params, "revenue.pooled", 50.0, {"revenue.pooled": 1000.0}, 100.0)
    assert np.exp(mean) * 50 / 1000 == pytest.approx(0.04)


def test_defaults_are_returns_for_money_and_shares_for_counts() -> None:
    params = fake_params()
    money = return_prior(None, params, "revenue.pooled", 50.0, {"revenue.pooled": 1000.0}, 100.0)
    assert money == lognormal(params.model.default_roi)
    mean, sd = return_prior(None, params, "signups.pooled", 50.0, {"signups.pooled": 1000.0}, 100.0)
    low, high = params.model.default_share.low, params.model.default_share.high
    # Half the usual spend is believed to cause half the usual share.
    assert np.exp(mean) * 50 / 1000 == pytest.approx(np.sqrt(low * high) / 2)
    assert sd == lognormal(params.model.default_share)[1]


def test_a_cost_per_signup_becomes_signups_per_money_for_that_outcome_only() -> None:
    params = fake_params()
    prior = Prior(cost_per={"signups": Range(low=20, high=180)}, roi=Range(low=0.5, high=2))
    mean, sd = return_prior(
        prior, params, "signups.pooled", 50.0, {"signups.pooled": 1000.0}, 100.0
    )
    assert np.exp(-mean) == pytest.approx(60)
    assert np.exp(-mean + Z90 * sd) == pytest.approx(180)
    revenue = return_prior(prior, params, "revenue.pooled", 50.0, {"revenue.pooled": 1000.0}, 100.0)
    assert revenue == lognormal(Range(low=0.5, high=2))


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ({}, "as 'roi', as 'share' or as 'cost_per' outcome"),
        ({"roi": {"low": 1, "high": 2}, "share": {"low": 0.1, "high": 0.2}}, "not as both"),
        (
            {"cost_per": {"leads": {"low": 1, "high": 2}}},
            "found 'leads'; expected one of revenue, signups",
        ),
        (
            {"cost_per": {"revenue": {"low": 1, "high": 2}}},
            "which is in money; expected an outcome that is counted",
        ),
    ],
)
def test_priors_that_mean_nothing_are_refused(prior: dict[str, object], message: str) -> None:
    channels = {name: one.model_dump() for name, one in fake_params().channels.items()}
    channels["search"]["prior"] = prior
    with pytest.raises(ValueError, match=message):
        fake_params(channels=channels)


def test_the_prior_leaves_room_for_a_baseline() -> None:
    rng = np.random.default_rng(2)
    mean, sd, share = np.zeros(6), np.ones(6), np.full(6, 0.12)
    points = truncated_points(mean, sd, share, 0.9, SHARE_WIDTH, 1000)
    free = np.exp(mean + sd * rng.normal(size=(400_000, 6)))
    kept = rng.random(len(free)) < expit(-(free @ share - 0.9) / SHARE_WIDTH)
    ends = (0.05, 0.5, 0.95)
    np.testing.assert_allclose(
        np.quantile(points, ends, axis=0), np.quantile(free[kept], ends, axis=0), rtol=0.02
    )
    assert np.quantile(points, 0.95) < 0.6 * np.quantile(free, 0.95)


def test_a_prior_that_always_passes_the_outcome_still_has_quantiles() -> None:
    points = truncated_points(
        np.full(2, 5.0), np.full(2, 0.01), np.ones(2), 0.9, SHARE_WIDTH, count=50
    )
    assert points.shape == (50, 2)
    assert np.isfinite(points).all()


def test_one_and_the_same_prior_is_shown_as_one() -> None:
    """Its ends were read off random draws: 0.1 to 6.0 here was 0.1 to 7.2 there."""
    mean, sd = lognormal(Range(low=0.1, high=6.0))
    share = np.array([1e-4, 2e-3, 1e-3])
    points = truncated_points(np.full(3, mean), np.full(3, sd), share, 0.9, SHARE_WIDTH, 1000)
    texts = {Estimate.from_draws(points[:, c], "USD/USD").text() for c in range(3)}
    assert len(texts) == 1
    np.testing.assert_allclose(np.quantile(points, (0.05, 0.95), axis=0)[:, 0], (0.1, 6), rtol=1e-3)


TOTALS = {"revenue.self_serve": 600.0, "revenue.sales_assisted": 400.0}


@pytest.mark.parametrize(
    ("stated", "low", "high"),
    [
        (Prior(roi=Range(low=1.5, high=2.5)), 1.5, 2.5),
        (Prior(share=Range(low=0.02, high=0.2)), 0.4, 4.0),
        (None, 0.1, 10.0),
    ],
)
def test_a_prior_on_an_outcome_is_that_of_the_sum_over_its_motions(
    stated: Prior | None, low: float, high: float
) -> None:
    """Each motion had the whole of it: 1.5 to 2.5 became 3.3 to 4.7 over two."""
    params, rng = two_motions(), np.random.default_rng(4)
    total = np.zeros(400_000)
    for model in TOTALS:
        mean, sd = return_prior(stated, params, model, 50.0, TOTALS, 50.0)
        total += np.exp(mean + sd * rng.normal(size=total.size))
    np.testing.assert_allclose(np.quantile(total, (0.05, 0.95)), (low, high), rtol=0.015)


def test_a_motion_with_a_prior_of_its_own_has_it_as_stated() -> None:
    own = {"self_serve": StatedPrior(roi=Range(low=0.5, high=2.0))}
    prior = Prior(roi=Range(low=1.5, high=2.5), motions=own)
    params = two_motions()
    first, second = (return_prior(prior, params, model, 50.0, TOTALS, 50.0) for model in TOTALS)
    assert first == lognormal(Range(low=0.5, high=2.0))
    assert np.exp(second[0]) == pytest.approx(0.4 * np.sqrt(1.5 * 2.5), rel=0.03)
    assert stated_prior(prior, params, "revenue.self_serve").name == "revenue.self_serve"


def test_a_motion_of_a_prior_is_one_of_the_file() -> None:
    channels = {name: one.model_dump() for name, one in fake_params().channels.items()}
    channels["search"]["prior"] = {"motions": {"self_serf": {"roi": {"low": 1, "high": 2}}}}
    with pytest.raises(ValueError, match="found 'self_serf'; expected one of self_serve"):
        two_motions(channels=channels)


def test_returns_that_are_alike_leave_room_together() -> None:
    rng = np.random.default_rng(5)
    mean, sd, share, alike = np.zeros(5), np.ones(5), np.full(5, 0.1), np.arange(5) > 0
    points = truncated_points(mean, sd, share, 0.9, SHARE_WIDTH, 1000, alike, 0.6)
    off = rng.normal(size=(400_000, 5))
    common = rng.normal(size=(400_000, 1))
    off = np.where(alike, np.sqrt(0.6) * common + np.sqrt(0.4) * off, off)
    free = np.exp(mean + sd * off)
    kept = rng.random(len(free)) < expit(-(free @ share - 0.9) / SHARE_WIDTH)
    ends = (0.05, 0.5, 0.95)
    np.testing.assert_allclose(
        np.quantile(points, ends, axis=0), np.quantile(free[kept], ends, axis=0), rtol=0.03
    )
