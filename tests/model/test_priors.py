"""Priors as a marketer states them."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.model.priors import Z90, draw_returns, lognormal, return_prior
from mmmlib.params.model import Range
from mmmlib.params.schema import Prior
from tests.fakes import fake_params


def test_a_stated_range_holds_ninety_percent() -> None:
    mean, sd = lognormal(Range(low=0.5, high=4.0))
    draws = np.exp(mean + sd * np.random.default_rng(1).normal(size=200_000))
    assert np.mean((draws > 0.5) & (draws < 4.0)) == pytest.approx(0.9, abs=0.005)


def test_a_share_becomes_a_return() -> None:
    params = fake_params()
    prior = Prior(share=Range(low=0.02, high=0.08))
    mean, _ = return_prior(
        prior, params, "revenue.pooled", spend=50.0, total=1000.0, usual_spend=100.0
    )
    assert np.exp(mean) * 50 / 1000 == pytest.approx(0.04)


def test_defaults_are_returns_for_money_and_shares_for_counts() -> None:
    params = fake_params()
    money = return_prior(
        None, params, "revenue.pooled", spend=50.0, total=1000.0, usual_spend=100.0
    )
    assert money == lognormal(params.model.default_roi)
    mean, sd = return_prior(
        None, params, "signups.pooled", spend=50.0, total=1000.0, usual_spend=100.0
    )
    low, high = params.model.default_share.low, params.model.default_share.high
    # Half the usual spend is believed to cause half the usual share.
    assert np.exp(mean) * 50 / 1000 == pytest.approx(np.sqrt(low * high) / 2)
    assert sd == lognormal(params.model.default_share)[1]


def test_a_cost_per_signup_becomes_signups_per_money_for_that_outcome_only() -> None:
    params = fake_params()
    prior = Prior(cost_per={"signups": Range(low=20, high=180)}, roi=Range(low=0.5, high=2))
    mean, sd = return_prior(prior, params, "signups.pooled", 50.0, 1000.0, 100.0)
    assert np.exp(-mean) == pytest.approx(60)
    assert np.exp(-mean + Z90 * sd) == pytest.approx(180)
    revenue = return_prior(prior, params, "revenue.pooled", 50.0, 1000.0, 100.0)
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


def test_prior_draws_leave_room_for_a_baseline() -> None:
    rng = np.random.default_rng(2)
    mean, sd, share = np.zeros(6), np.ones(6), np.full(6, 0.12)
    draws = draw_returns(mean, sd, share, 0.9, 4000, rng)
    assert draws.shape == (4000, 6)
    free = np.exp(mean + sd * rng.normal(size=(4000, 6)))
    assert np.mean(free @ share > 1.2) > 0.2
    assert np.mean(draws @ share > 1.2) == 0


def test_prior_that_always_passes_the_outcome_still_gives_draws() -> None:
    draws = draw_returns(
        np.full(2, 5.0), np.full(2, 0.01), np.ones(2), 0.9, 50, np.random.default_rng(3)
    )
    assert draws.shape == (50, 2)
