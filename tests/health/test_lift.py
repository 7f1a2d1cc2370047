"""Lift tests beside the model: how far off, alone and told of them."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.findings import Level, Status
from mmmlib.health.lift import check_lift_tests, distance
from mmmlib.params.limits import HealthParams
from tests.fakes import fake_effects, fake_lift, fake_panel, with_lifts

LIMITS = HealthParams()
PANEL = fake_panel()
EFFECTS = fake_effects(panel=PANEL)


def test_distance_counts_both_errors() -> None:
    lift = fake_lift(PANEL, incremental_outcome=100.0, standard_error=3.0)
    expected = np.array([86.0, 94.0] * 50)  # mean 90, spread 4
    assert distance(lift, expected) == pytest.approx(2.0)
    assert distance(lift, expected + 20) == pytest.approx(-2.0)


def test_a_test_that_agrees_passes_and_one_that_lies_outside_is_flagged() -> None:
    agrees = with_lifts(EFFECTS, [fake_lift(PANEL)])
    [finding] = check_lift_tests(agrees, agrees, LIMITS)
    assert (finding.status, finding.subject) == (Status.OK, "revenue.pooled/search")
    # The model alone expected five times as much, though told of the test it gives way.
    alone = agrees.assign(lift_expected=agrees["lift_expected"] * 5)
    [finding] = check_lift_tests(agrees, alone, LIMITS)
    assert (finding.status, finding.level) == (Status.FLAG, Level.WARN)
    assert "the test lies" in finding.message and "below" in finding.message
    # Or it does not give way: test and data cannot both be right.
    [finding] = check_lift_tests(alone, agrees, LIMITS)
    assert finding.status is Status.FLAG
    bad = agrees.assign(lift_expected=agrees["lift_expected"] * np.nan)
    with pytest.raises(ValueError, match="not finite"):
        check_lift_tests(agrees, bad, LIMITS)


def test_without_tests_it_passes_and_without_the_other_fit_it_did_not_run() -> None:
    [finding] = check_lift_tests(EFFECTS, None, LIMITS)
    assert finding.status is Status.OK
    assert "No lift test" in finding.message
    [finding] = check_lift_tests(with_lifts(EFFECTS, [fake_lift(PANEL)]), None, LIMITS)
    assert (finding.status, finding.level) == (Status.NOT_RUN, Level.WARN)


@pytest.mark.parametrize("rhat", [1.3, np.nan, None])
def test_nothing_is_read_off_a_fit_without_tests_that_did_not_converge(rhat: float | None) -> None:
    told = with_lifts(EFFECTS, [fake_lift(PANEL)])
    alone = told.assign_attrs(largest_rhat=rhat)
    if rhat is None:
        del alone.attrs["largest_rhat"]
    [finding] = check_lift_tests(told, alone, LIMITS)
    assert (finding.status, finding.level) == (Status.NOT_RUN, Level.WARN)
    assert "did not converge" in finding.message
    told = "largest R-hat is 1.30, the limit 1.05" if rhat == 1.3 else "R-hat is not known"
    assert told in finding.message
    assert finding.action.startswith("Raise model.tune, and model.draws where it is below 500")
