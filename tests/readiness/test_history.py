"""R1: enough history, and an outcome that can be explained."""

from __future__ import annotations

import dataclasses

import pytest

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Finding, Level, Status
from mmmlib.readiness.history import check_history, check_outcomes, count_parameters
from tests.fakes import fake_panel, fake_params


def history(weeks: int, **limits: int) -> Finding:
    params = fake_params(readiness=limits)
    return next(iter(check_history(fake_panel(params, weeks=weeks), params)))


@pytest.mark.parametrize(
    ("weeks", "cycle", "passed"),
    [(77, 0, False), (104, 0, True), (103, 26, False), (130, 26, True), (129, 52, False)],
)
def test_the_bar_rises_by_the_sales_cycle(weeks: int, cycle: int, passed: bool) -> None:
    finding = history(weeks, sales_cycle_weeks=cycle)
    assert (finding.status is Status.OK) == passed
    assert (finding.value, finding.limit) == (weeks, (104 if passed else 78) + cycle)
    assert finding.level is (Level.INFO if passed else Level.BLOCK)
    assert ("sales cycle" in finding.message) == bool(cycle)
    assert f" {finding.limit:.0f} " in finding.message  # the row and its sentence say one limit


@pytest.mark.parametrize(("weeks", "cycle"), [(78, 0), (103, 0), (104, 26), (129, 26)])
def test_between_the_bar_and_two_years_it_warns(weeks: int, cycle: int) -> None:
    finding = history(weeks, sales_cycle_weeks=cycle)
    assert (finding.status, finding.level) == (Status.FLAG, Level.WARN)


def test_fewer_values_than_parameters_block() -> None:
    params = fake_params(
        readiness={"min_weeks": 26, "caveat_weeks": 26}, model={"trend_knots": 20, "seasonality": 6}
    )
    panel = fake_panel(params, weeks=30)
    flagged = [f for f in check_history(panel, params) if f.status is not Status.OK]
    assert [(f.check, f.level) for f in flagged] == [("readiness.parameters", Level.BLOCK)]
    assert flagged[0].limit == count_parameters(panel, params)


def test_parameters_are_counted_by_hand() -> None:
    params = fake_params(
        model={"trend": "random_walk", "trend_knots": 6, "seasonality": 3},
        channels={
            "search": {"spend": "a"},
            "tv": {"spend": "b", "adstock": "delayed", "saturation": "hill"},
        },
        key_questions=[],
    )
    panel = fake_panel(params)
    # noise 1, trend 1 + 6, season 6, price 1; carryover and saturation (1 + 1) and (2 + 2);
    # level 1 and two effects.
    assert count_parameters(panel, params) == 15 + 6 + 3
    north_south = fake_panel(params, regions=("north", "south", "west"))
    assert count_parameters(north_south, params) == 15 + 6 + 3
    regional = params.model_copy(
        update={"model": params.model.model_copy(update={"geography": "regional"})}
    )
    assert count_parameters(north_south, regional) == 15 + 6 + 3 * 3


def with_outcome(panel: Panel, model: str, zero_weeks: int, value: float) -> Panel:
    frame = panel.frame.copy()
    frame[f"outcome:{model}"] = value
    frame.loc[: zero_weeks - 1, f"outcome:{model}"] = 0.0
    return dataclasses.replace(panel, frame=frame)


def test_an_outcome_that_is_often_zero_or_never_moves() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=100)
    assert {f.status for f in check_outcomes(panel, params)} == {Status.OK}
    for zero_weeks, status in ((10, Status.OK), (11, Status.FLAG), (0, Status.FLAG)):
        changed = with_outcome(panel, "revenue.pooled", zero_weeks, 5.0)
        finding = next(iter(check_outcomes(changed, params)))
        assert finding.subject == "revenue.pooled"
        assert finding.status is status, zero_weeks
        assert ("does not vary" in finding.message) == (zero_weeks == 0)


def test_only_the_leading_outcome_blocks() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=100)
    for model, level in (("revenue.pooled", Level.BLOCK), ("signups.pooled", Level.WARN)):
        findings = check_outcomes(with_outcome(panel, model, 50, 5.0), params)
        assert {f.subject: f.level for f in findings}[model] is level
