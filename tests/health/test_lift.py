"""Lift tests beside the model: how far off, alone and told of them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Finding, FindingList, Level, Status
from mmmlib.health.lift import ALONE, CHECK, ERROR, GAP, check_lift_tests, compare_lifts, distance
from mmmlib.model.effects import fitted
from mmmlib.params.limits import HealthParams
from mmmlib.readiness.verdict import Readiness
from mmmlib.scenarios.evidence import channel_evidence
from tests.fakes import fake_effects, fake_lift, fake_panel, with_lifts

LIMITS = HealthParams()
PANEL = fake_panel()
EFFECTS = fake_effects(panel=PANEL)


def of(check: str, effects: xr.Dataset, uncalibrated: xr.Dataset | None) -> list[Finding]:
    return [f for f in check_lift_tests(effects, uncalibrated, LIMITS) if f.check == check]


def test_a_return_that_rests_on_one_test_says_so_and_the_data_alone_must_agree() -> None:
    """One test twice too high made false statements safe: the model alone was too wide to object."""
    told = with_lifts(EFFECTS, [fake_lift(PANEL)])
    [same] = of(ALONE, told, told)
    assert same.status is Status.OK
    assert "rests on one lift test (spring)" in same.message
    half = with_lifts(fake_effects(panel=PANEL, scale=0.5), [fake_lift(PANEL)])
    [finding] = of(ALONE, told, half)
    assert (finding.status, finding.level) == (Status.FLAG, Level.WARN)
    assert finding.value == pytest.approx(1.0, abs=0.01)
    [finding] = of(ALONE, half, told)
    assert finding.value == pytest.approx(1.0, abs=0.01)
    # A second test that says the same settles it.
    pair = [fake_lift(PANEL), fake_lift(PANEL, "summer")]
    alone = with_lifts(fake_effects(panel=PANEL, scale=0.5), pair)
    [finding] = of(ALONE, with_lifts(EFFECTS, pair), alone)
    assert finding.status is Status.OK
    assert "2 lift tests" in finding.message


def test_reports_compare_without_the_error_that_loads_arviz(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = with_lifts(EFFECTS, [fake_lift(PANEL)])

    def loads(*_: object) -> float:
        raise AssertionError("only the check needs it")

    monkeypatch.setattr("mmmlib.health.lift.monte_carlo_error", loads)
    assert [one.test.name for one in compare_lifts(told, told)] == ["spring"]
    with pytest.raises(AssertionError):
        of(CHECK, told, told)


@pytest.mark.parametrize("factor", [50.0, 1 / 50, -1.0])
def test_of_a_channel_whose_test_is_of_another_magnitude_nothing_is_inferred(factor: float) -> None:
    told = with_lifts(EFFECTS, [fake_lift(PANEL, standard_error=300.0)])
    alone = told.assign(lift_expected=told["lift_expected"] * factor)
    [finding] = of(GAP, told, alone)
    assert finding.status is Status.FLAG
    ready = Readiness(overall="ready", channels={"search": "ready"}, findings=())
    health = FindingList(findings=(finding,))
    assert channel_evidence("search", "revenue.pooled", ready, health).against
    # A wide test says nothing of the kind.
    wide = with_lifts(EFFECTS, [fake_lift(PANEL, standard_error=25_000.0)])
    alone = wide.assign(lift_expected=wide["lift_expected"] * abs(factor) ** 0.5)
    assert of(GAP, wide, alone)[0].status is Status.OK


def test_an_error_that_its_weeks_and_regions_cannot_have_is_questioned() -> None:
    noise = float((EFFECTS["predicted"] - fitted(EFFECTS)).std())
    for error, options, status in (
        (0.4 * noise, {}, Status.FLAG),  # four weeks: twice a week's noise, and half of it at least
        (2.0 * noise, {}, Status.OK),
        (0.4 * noise, {"by_person": True}, Status.OK),
    ):
        test = fake_lift(PANEL, standard_error=error, **options)
        [finding] = of(ERROR, with_lifts(EFFECTS, [test]), with_lifts(EFFECTS, [test]))
        assert finding.status is status, finding.message


def test_distance_counts_both_errors() -> None:
    lift = fake_lift(PANEL, incremental_outcome=100.0, standard_error=3.0)
    expected = np.array([86.0, 94.0] * 50)  # mean 90, spread 4
    assert distance(lift, expected) == pytest.approx(2.0)
    assert distance(lift, expected + 20) == pytest.approx(-2.0)


def test_a_test_that_agrees_passes_and_one_that_lies_outside_is_flagged() -> None:
    agrees = with_lifts(EFFECTS, [fake_lift(PANEL)])
    [finding] = of(CHECK, agrees, agrees)
    assert (finding.status, finding.subject) == (Status.OK, "revenue.pooled/search")
    # The model alone expected five times as much, though told of the test it gives way.
    alone = agrees.assign(lift_expected=agrees["lift_expected"] * 5)
    [finding] = of(CHECK, agrees, alone)
    assert (finding.status, finding.level) == (Status.FLAG, Level.WARN)
    assert "the test lies" in finding.message and "below" in finding.message
    # Or it does not give way: test and data cannot both be right.
    [finding] = of(CHECK, alone, agrees)
    assert finding.status is Status.FLAG
    bad = agrees.assign(lift_expected=agrees["lift_expected"] * np.nan)
    with pytest.raises(ValueError, match="not finite"):
        check_lift_tests(agrees, bad, LIMITS)


def test_without_tests_it_passes_and_without_the_other_fit_it_did_not_run() -> None:
    [finding] = of(CHECK, EFFECTS, None)
    assert finding.status is Status.OK
    assert "No lift test" in finding.message
    [finding] = of(CHECK, with_lifts(EFFECTS, [fake_lift(PANEL)]), None)
    assert (finding.status, finding.level) == (Status.NOT_RUN, Level.WARN)


@pytest.mark.parametrize("rhat", [1.3, np.nan, None])
def test_nothing_is_read_off_a_fit_without_tests_that_did_not_converge(rhat: float | None) -> None:
    told = with_lifts(EFFECTS, [fake_lift(PANEL)])
    alone = told.assign_attrs(largest_rhat=rhat)
    if rhat is None:
        del alone.attrs["largest_rhat"]
    [finding] = of(CHECK, told, alone)
    assert (finding.status, finding.level) == (Status.NOT_RUN, Level.WARN)
    assert "did not converge" in finding.message
    told = "largest R-hat is 1.30, the limit 1.05" if rhat == 1.3 else "R-hat is not known"
    assert told in finding.message
    assert finding.action.startswith("Raise model.tune, and model.draws where it is below 500")
