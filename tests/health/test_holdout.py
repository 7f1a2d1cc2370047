from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Level, Status
from mmmlib.health.holdout import CHECKS, absolute_error, check_holdout, naive_forecast
from mmmlib.params.limits import HealthParams
from tests.fakes import fake_effects

LIMITS = HealthParams()


def predicted_off_by(share: float, spread: float = 1.0, weeks: int = 112) -> xr.Dataset:
    """A seasonal series that grows by a quarter a year, predicted off by ``share``."""
    rng = np.random.default_rng(4)
    time = np.arange(weeks)
    mean = (100 + 20 * np.sin(2 * np.pi * time / 52)) * 1.25 ** (time / 52)
    return xr.Dataset(
        {
            "observed": ("week", mean + rng.normal(size=weeks)),
            "predicted": (
                ("draw", "week"),
                mean * (1 + share) + spread * rng.normal(size=(500, weeks)),
            ),
            "in_sample": ("week", time < weeks - 8),
        },
        attrs={"largest_rhat": 1.0},
    )


def statuses(holdout: xr.Dataset | None) -> dict[str, Status]:
    findings = check_holdout("revenue.pooled", holdout, LIMITS)
    assert [finding.check for finding in findings] == list(CHECKS)
    return {finding.check: finding.status for finding in findings}


def test_a_good_forecast_passes_and_beats_last_year() -> None:
    findings = check_holdout("revenue.pooled", predicted_off_by(0.0), LIMITS)
    assert {finding.status for finding in findings} == {Status.OK}
    skill = findings[2].value
    assert isinstance(skill, float)
    assert skill > 0.9


def test_an_error_beyond_the_limit_is_flagged_with_its_size() -> None:
    findings = check_holdout("revenue.pooled", predicted_off_by(0.3), LIMITS)
    assert findings[0].value == pytest.approx(0.3, abs=0.02)
    assert {finding.level for finding in findings[:3]} == {Level.WARN}
    assert "missed by 30" in findings[0].message or "missed by 29" in findings[0].message


def test_bands_that_miss_are_flagged_even_if_the_error_is_small() -> None:
    found = statuses(predicted_off_by(0.05, spread=0.1))
    assert found["health.holdout_error"] is Status.OK
    assert found["health.holdout_coverage"] is Status.FLAG


def test_a_forecast_worse_than_last_year_has_no_skill() -> None:
    data = predicted_off_by(0.0)
    data["observed"][-8:] = data["observed"].to_numpy()[-60:-52]
    found = statuses(data)
    assert found["health.holdout_skill"] is Status.FLAG


def test_the_naive_forecast_is_last_year_where_there_is_one() -> None:
    observed = np.arange(70.0)
    forecast, words = naive_forecast(observed, 62)
    np.testing.assert_array_equal(forecast, np.arange(10.0, 18.0))
    assert "year before" in words


def test_with_less_than_a_year_the_naive_forecast_is_the_latest_mean() -> None:
    forecast, words = naive_forecast(np.arange(50.0), 42)
    np.testing.assert_array_equal(forecast, np.full(8, np.arange(29.0, 42.0).mean()))
    assert "13 weeks before" in words


def test_the_naive_forecast_never_looks_at_held_out_weeks() -> None:
    observed = np.arange(130.0)
    changed = observed.copy()
    changed[70:] = -1
    np.testing.assert_array_equal(naive_forecast(observed, 70)[0], naive_forecast(changed, 70)[0])


def test_without_a_holdout_all_three_say_so() -> None:
    assert set(statuses(None).values()) == {Status.NOT_RUN}
    assert set(statuses(fake_effects()).values()) == {Status.NOT_RUN}


def test_predictions_that_are_not_numbers_do_not_pass() -> None:
    data = predicted_off_by(0.0)
    for name in ("observed", "predicted"):
        broken = data.assign({name: data[name] * np.nan})
        assert set(list(statuses(broken).values())[:3]) == {Status.FLAG}, name


def test_what_cannot_be_computed_is_said_in_words() -> None:
    data = predicted_off_by(0.0)
    [error, *_] = check_holdout(
        "revenue.pooled", data.assign(observed=data["observed"] * 0), LIMITS
    )
    assert "nan" not in error.message
    assert "mean outcome is not above zero" in error.message


def test_absolute_error_is_in_the_unit_of_the_outcome() -> None:
    data = predicted_off_by(0.0)
    data["predicted"][:] = data["observed"] + 7
    assert absolute_error(data) == pytest.approx(7)


@pytest.mark.parametrize(("rhat", "status"), [(1.01, Status.OK), (1.2, Status.NOT_RUN)])
def test_a_holdout_fit_that_did_not_converge_is_not_scored(rhat: float, status: Status) -> None:
    assert set(statuses(predicted_off_by(0.0).assign_attrs(largest_rhat=rhat)).values()) == {status}
    unknown = predicted_off_by(0.0).assign_attrs(largest_rhat=np.nan)
    assert set(statuses(unknown).values()) == {Status.NOT_RUN}
    [told, *_] = check_holdout("revenue.pooled", unknown, LIMITS)
    assert "nan" not in told.message
    assert "model.draws" in told.action
    untold = predicted_off_by(0.0)
    del untold.attrs["largest_rhat"]
    assert set(statuses(untold).values()) == {Status.NOT_RUN}
