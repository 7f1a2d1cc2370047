"""Weeks far from all others: found before the fit, and set apart in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Level, Status
from mmmlib.health.odd_weeks import check_odd_weeks
from mmmlib.model.effects import ODD_WEEKS, roi
from mmmlib.model.odd_weeks import odd_weeks
from mmmlib.model.one_fit import FitRequest, fit_one
from mmmlib.model.spec import prepare
from mmmlib.params.limits import HealthParams
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.health.test_run import SHORT

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


def test_odd_weeks_move_no_return_and_are_named_with_what_they_were_off() -> None:
    """Under normal noise two weeks of +60 % moved the returns by a quarter to a half."""
    params = fake_params(model=SHORT)
    clean = fake_panel(params, weeks=80)
    panels = (clean, with_odd_weeks(clean, places=(40, 63)))
    fits = [fit_one(panel, params, FitRequest(MODEL), cores=1) for panel in panels]
    told, without = (roi(fit.effects).median("draw") for fit in fits)
    assert abs(np.log(told / without)).median() < 0.15
    [none], [some] = (check_odd_weeks(fit.effects, LIMITS) for fit in fits)
    assert (none.status, none.value) == (Status.OK, 0)
    assert (some.status, some.level, some.value) == (Status.FLAG, Level.INFO, 2)
    for place in (40, 63):
        assert str(clean.weeks[place].date()) in some.message
    levels = fits[1].effects["baseline_part"].sel(component=ODD_WEEKS).median("draw")
    added = (panels[1].outcome(MODEL) - clean.outcome(MODEL)).to_numpy()[0]
    assert levels.to_numpy()[[40, 63]] == pytest.approx(added[[40, 63]], rel=0.25)
    assert not levels.to_numpy()[added == 0].any()


def test_only_the_default_noise_sets_weeks_apart() -> None:
    params, panel = fake_params(), fake_panel()
    odd = with_odd_weeks(panel)
    assert ODD_WEEKS not in prepare(panel, params, MODEL).components
    assert prepare(odd, params, MODEL).components.count(ODD_WEEKS) == 2
    # What the fit does not see is not set apart, such as the weeks of a forecast.
    assert prepare(odd, params, MODEL, holdout_weeks=30).components.count(ODD_WEEKS) == 1
    assert ODD_WEEKS not in prepare(odd, params, MODEL, holdout_weeks=70).components
    for likelihood in ("normal", "student_t"):
        asked = fake_params(model={"likelihood": likelihood})
        assert ODD_WEEKS not in prepare(odd, asked, MODEL).components


def test_effects_of_another_engine_set_nothing_apart() -> None:
    [finding] = check_odd_weeks(fake_effects(), LIMITS)
    assert finding.status is Status.OK
