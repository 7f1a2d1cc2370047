from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Finding, Level, Status
from mmmlib.health.learning import CONFLICT, check_conflict, check_shrinkage, shrinkage
from mmmlib.model.priors import lognormal as stated
from mmmlib.model.quantiles import lognormal_points
from mmmlib.params.limits import HealthParams
from mmmlib.params.model import Range
from tests.fakes import fake_effects

LIMITS = HealthParams()


def lognormal(middle: float, spread: float, seed: int = 0, draws: int = 1000) -> np.ndarray:
    return middle * np.exp(spread * np.random.default_rng(seed).normal(size=draws))


def test_known_shrinkage_of_normal_draws() -> None:
    draws = np.random.default_rng(0).normal(size=4000)
    assert shrinkage(draws, 0.25 * draws) == pytest.approx(0.75)
    assert shrinkage(draws, 2 * draws) == pytest.approx(-1.0)


def test_a_posterior_that_is_the_prior_is_found_almost_always() -> None:
    alarms = [
        shrinkage(lognormal(1, 1.2, seed), lognormal(1, 1.2, 1000 + seed))
        < LIMITS.min_prior_shrinkage
        for seed in range(200)
    ]
    assert np.mean(alarms) >= 0.95


def with_return(channel: str, draws: np.ndarray) -> xr.Dataset:
    """Effects in which a channel has these draws of its return."""
    effects = fake_effects(draws=1000)
    spend = effects["spend"].sum("week").sel(channel=channel)
    total = effects["spend_effect"].sum("week").sel(channel=channel)
    factor = (draws * float(spend) / total).astype("float32")
    place = list(effects["channel"].to_numpy()).index(channel)
    for name in ("contribution", "spend_effect"):
        values = effects[name].to_numpy().copy()
        values[:, place] *= factor.to_numpy()[:, None]
        effects[name] = (effects[name].dims, values)
    return effects


@pytest.mark.parametrize("middle", [0.02, 1.0, 5.0])
def test_a_return_that_the_data_settled_is_not_called_unknown(middle: float) -> None:
    """Tiny, ordinary and large: a range that narrowed in money or in ratio has learnt."""
    spread = 0.9 if middle < 0.1 else 0.25
    posterior = lognormal(middle, spread, seed=2)
    assert shrinkage(lognormal(0.8, 1.2), posterior) > 0.5


def test_a_range_that_grew_is_said_to_have_widened() -> None:
    effects = with_return("video", lognormal(1, 2.0, seed=9))
    [found] = [one for one in check_shrinkage(effects, LIMITS) if one.subject.endswith("/video")]
    assert found.status is Status.FLAG
    assert found.value < 0
    assert "they widened it by" in found.message
    assert "-" not in found.message


def test_a_channel_that_was_not_measured_is_named() -> None:
    # A posterior as wide as its prior.
    effects = with_return("video", lognormal(1, 1.2, seed=9))
    found = {finding.subject: finding for finding in check_shrinkage(effects, LIMITS)}
    assert set(found) == {
        f"revenue.pooled/{name}" for name in ("search", "social", "video", "events")
    }
    assert found["revenue.pooled/video"].level is Level.WARN
    assert "said little" in found["revenue.pooled/video"].message
    assert found["revenue.pooled/search"].status is Status.OK


def test_a_prior_that_was_not_stated_is_said_and_does_not_block() -> None:
    effects = fake_effects()
    effects["prior_roi"] = effects["prior_roi"] * np.nan
    findings = check_shrinkage(effects, LIMITS)
    assert {(f.status, f.level) for f in findings} == {(Status.NOT_RUN, Level.WARN)}


def test_draws_that_are_not_finite_do_not_pass() -> None:
    effects = fake_effects()
    effects["prior_roi"][3, 0] = np.nan
    assert check_shrinkage(effects, LIMITS)[0].status is Status.FLAG


def believed(effects: xr.Dataset, low: float, high: float) -> xr.Dataset:
    """The same effects after a prior that was stated for every channel."""
    points = lognormal_points(*stated(Range(low=low, high=high)), effects.sizes["draw"])
    return effects.assign(prior_roi=effects["prior_roi"] * 0 + points[:, None])


def test_a_result_far_outside_its_prior_is_a_conflict_and_not_said_to_be_little() -> None:
    """0.11 to 5.55 that became 58 was told as "the data said little"."""
    effects = believed(with_return("video", lognormal(58, 1.1, seed=9)), 0.11, 5.55)
    conflicts = {one.subject: one for one in check_conflict(effects, LIMITS)}
    found = conflicts["revenue.pooled/video"]
    assert (found.check, found.status, found.level) == (CONFLICT, Status.FLAG, Level.WARN)
    assert found.message.startswith("Prior and data contradict each other: 0.11 to 5.55 (90")
    assert found.meaning
    assert found.action
    learnt = {one.subject: one for one in check_shrinkage(effects, LIMITS)}
    assert learnt["revenue.pooled/video"].status is Status.OK
    assert "said little" not in learnt["revenue.pooled/video"].message
    assert conflicts["revenue.pooled/search"].status is Status.OK


def test_a_result_below_a_narrow_prior_is_a_conflict_too() -> None:
    effects = believed(with_return("video", lognormal(0.6, 0.1, seed=9)), 1.5, 2.5)
    assert check_conflict(effects, LIMITS)[2].status is Status.FLAG
    effects["prior_roi"][3, 2] = np.nan
    assert check_conflict(effects, LIMITS)[2].status is Status.FLAG


def test_what_only_chance_narrowed_does_not_pass() -> None:
    """Of ten channels without information two passed a limit of 15 %, by the luck of the draws."""
    mean, sd = stated(Range(low=0.1, high=6.0))

    def found(draws: np.ndarray) -> Finding:
        effects = believed(with_return("video", draws), 0.1, 6.0).isel(channel=[2])
        return check_shrinkage(effects, LIMITS)[0]

    for seed in range(20):
        # The data narrowed it by a tenth (in money; by a twentieth in ratios).
        draws = np.exp(mean + 0.95 * sd * np.random.default_rng(seed).normal(size=1000))
        assert found(draws).status is Status.FLAG
    draws = np.exp(mean + 0.7 * sd * np.random.default_rng(1).normal(size=1000))
    assert found(draws).status is Status.OK
