from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Level, Status
from mmmlib.health.predictive import check_coverage, coverage, expected_coverage
from mmmlib.params.limits import HealthParams
from tests.health.test_residuals import errors

LIMITS = HealthParams()


def simulated(seed: int, spread: float = 1.0, weeks: int = 104, draws: int = 400) -> xr.Dataset:
    """Observed weeks from N(mean, 1); predictions from N(mean, spread)."""
    rng = np.random.default_rng(seed)
    mean = 10 + rng.normal(size=weeks)
    return xr.Dataset(
        {
            "observed": ("week", mean + rng.normal(size=weeks)),
            "predicted": (
                ("draw", "week"),
                mean + spread * rng.normal(size=(draws, weeks)),
            ),
            "in_sample": ("week", np.ones(weeks, dtype=bool)),
        },
        attrs={"model": "revenue.pooled"},
    )


def flagged(seed: int, spread: float, weeks: int = 104) -> list[bool]:
    findings = check_coverage(simulated(seed, spread, weeks), LIMITS)
    return [finding.status is Status.FLAG for finding in findings]


@pytest.mark.parametrize("weeks", [26, 104, 260])
def test_a_calibrated_model_is_seldom_flagged(weeks: int) -> None:
    rate = np.mean([flagged(seed, 1.0, weeks) for seed in range(200)], axis=0)
    # Two standard errors, or more, on either side: at most about one in twenty.
    assert (rate <= 0.09).all(), rate


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_a_model_too_sure_or_too_wide_is_found(spread: float) -> None:
    rate = np.mean([flagged(seed, spread) for seed in range(50)], axis=0)
    assert rate[0] > 0.95  # the 50 % band shows both
    if spread < 1:
        assert rate[1] > 0.95


def test_the_meaning_says_which_way_it_is_wrong() -> None:
    narrow = check_coverage(simulated(1, 0.3), LIMITS)[0]
    wide = check_coverage(simulated(1, 4.0), LIMITS)[0]
    assert "too narrow" in narrow.meaning
    assert "wider" in wide.meaning
    assert narrow.level is Level.WARN
    assert wide.level is Level.INFO  # on the safe side: told, but it limits nobody


def test_coverage_counts_weeks_inside_the_band() -> None:
    data = simulated(1)
    data["predicted"][:] = np.linspace(0, 1, 400)[:, None]
    data["observed"][:] = 0.5
    data["observed"][:26] = 0.97
    assert coverage(data, 0.9) == (0.75, 104)


def test_only_fitted_weeks_are_judged() -> None:
    data = simulated(1)
    data["observed"][-50:] = 1e6
    data["in_sample"][-50:] = False
    assert check_coverage(data, LIMITS)[1].status is Status.OK


def test_no_weeks_or_nan_do_not_pass() -> None:
    data = simulated(1)
    empty = data.assign(in_sample=("week", np.zeros(104, dtype=bool)))
    broken = data.assign(predicted=data["predicted"] * np.nan)
    for each in (empty, broken):
        assert {finding.status for finding in check_coverage(each, LIMITS)} == {Status.FLAG}
        assert {finding.level for finding in check_coverage(each, LIMITS)} == {Level.WARN}


def test_few_weeks_are_given_room_for_chance() -> None:
    low, high = expected_coverage(simulated(1, weeks=25), 0.5, 0.08)
    # Two standard errors of a share of 25 weeks are 0.2.
    assert (low, high) == pytest.approx((0.3, 0.7), abs=0.05)
    assert expected_coverage(simulated(1, weeks=2000), 0.9, 0.08) == pytest.approx((0.82, 0.98))


def test_weeks_that_follow_each_other_are_given_room_too() -> None:
    data = simulated(1, weeks=104, draws=1000)
    alike = errors(0.9, 3, 104, draws=1000)
    data["predicted"] = (("draw", "week"), 10 + alike)
    low, high = expected_coverage(data, 0.5, 0.08)
    assert low < 0.35
    assert high > 0.65
