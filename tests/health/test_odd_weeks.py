"""Weeks far from all others: found before the fit, and held against a fit in which they have no say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmmlib.data.panel.panel import Panel, panel_of, write_panel
from mmmlib.findings import Level, Status
from mmmlib.health.odd_weeks import ODD, check_odd_weeks
from mmmlib.health.run import check_run
from mmmlib.model.effects import roi
from mmmlib.model.odd_weeks import odd_weeks
from mmmlib.model.one_fit import FitRequest, fit_one
from mmmlib.model.spec import prepare
from mmmlib.params.limits import HealthParams
from mmmlib.params.load import params_of
from mmmlib.runs import Run
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.health.test_run import SHORT, asked, run  # noqa: F401

LIMITS, MODEL = HealthParams(), "revenue.pooled"
PLACES = (40, 83)


def with_odd_weeks(panel: Panel, factor: float = 1.6, places: tuple[int, ...] = PLACES) -> Panel:
    frame = panel.frame.copy()
    frame.loc[list(places), f"outcome:{MODEL}"] *= factor
    return replace(panel, frame=frame)


def test_odd_weeks_are_found_before_anything_is_fitted() -> None:
    params = fake_params()
    panel = fake_panel(params)
    assert odd_weeks(panel, params, MODEL) == ()
    odd = tuple(str(panel.weeks[place].date()) for place in PLACES)
    assert odd_weeks(with_odd_weeks(panel), params, MODEL) == odd
    assert odd_weeks(with_odd_weeks(panel, 0.4), params, MODEL) == odd
    # A new level is none, nor is what an event explains or what comes again and again.
    assert odd_weeks(with_odd_weeks(panel, 1.6, tuple(range(60, 104))), params, MODEL) == ()
    events = panel.frame.assign(**{"event:strike": 0.0})
    events.loc[list(PLACES), "event:strike"] = 1.0
    told = with_odd_weeks(replace(panel, frame=events))
    assert odd_weeks(told, params, MODEL) == ()
    assert len(odd_weeks(with_odd_weeks(panel, 1.6, tuple(range(5, 104, 7))), params, MODEL)) <= 5


def test_weeks_that_stand_apart_have_no_say() -> None:
    params = fake_params(model=SHORT)
    clean = fake_panel(params, weeks=80)
    odd = with_odd_weeks(clean, places=(40, 63))
    request = FitRequest(MODEL, apart=odd_weeks(odd, params, MODEL))
    fits = [fit_one(panel, params, request, cores=1) for panel in (clean, odd)]
    told, without = (roi(fit.effects).median("draw") for fit in fits)
    assert abs(np.log(told / without)).max() < 0.15
    assert "odd weeks" in fits[0].effects["component"]


def test_odd_weeks_ask_for_robust_noise() -> None:
    """Under normal noise two weeks of +60 % moved the returns by a quarter to a half."""
    params, panel = fake_params(), fake_panel()
    odd = with_odd_weeks(panel)
    assert prepare(panel, params, MODEL).likelihood == "normal"
    assert prepare(odd, params, MODEL).likelihood == "student_t"
    apart = odd_weeks(odd, params, MODEL)
    assert prepare(odd, params, MODEL, apart=apart).likelihood == "normal"
    # What the fit does not see asks for nothing, such as the weeks of a forecast.
    assert prepare(odd, params, MODEL, holdout_weeks=30).likelihood == "student_t"
    assert prepare(odd, params, MODEL, holdout_weeks=70).likelihood == "normal"
    normal = fake_params(model={"likelihood": "normal"})
    assert prepare(odd, normal, MODEL).likelihood == "normal"


@pytest.mark.parametrize(
    ("scale", "status"), [(1.1, Status.OK), (1.3, Status.FLAG), (0.75, Status.FLAG)]
)
def test_a_return_that_odd_weeks_decide_is_flagged(scale: float, status: Status) -> None:
    effects = fake_effects(scale=scale)
    alone = fake_effects().assign_attrs(largest_rhat=1.0, odd_weeks='["2024-10-07"]')
    found = check_odd_weeks(effects, alone, LIMITS, odd=True)
    assert {f.subject for f in found} == {f"{MODEL}/{name}" for name in fake_params().channels}
    assert {f.status for f in found} == {status}
    assert "1 odd week (2024-10-07)" in found[0].message
    if status is Status.FLAG:
        assert {f.level for f in found} == {Level.WARN}


def test_no_odd_weeks_pass_and_a_fit_that_did_not_converge_is_not_read() -> None:
    effects = fake_effects()
    [finding] = check_odd_weeks(effects, None, LIMITS, odd=False)
    assert finding.status is Status.OK
    for alone in (None, effects.assign_attrs(largest_rhat=1.3)):
        [finding] = check_odd_weeks(effects, alone, LIMITS, odd=True)
        assert (finding.status, finding.level) == (Status.NOT_RUN, Level.WARN)


def test_a_run_with_odd_weeks_is_fitted_without_them_once(
    run: Run,  # noqa: F811
    asked: list[FitRequest],  # noqa: F811
) -> None:
    write_panel(run, with_odd_weeks(panel_of(run)))
    odd = odd_weeks(panel_of(run), params_of(run), MODEL)
    assert len(odd) == 2
    findings, _ = check_run(run)
    request = FitRequest(MODEL, apart=odd)
    assert asked[0] == request
    assert {f.status for f in findings[MODEL] if f.check == ODD} == {Status.OK}
    assert run.has(f"models/{MODEL}/without_odd_weeks.nc")
    check_run(run)
    assert asked.count(request) == 1
