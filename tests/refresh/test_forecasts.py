from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Finding, Level, Status
from mmmlib.refresh import forecasts
from mmmlib.refresh.compare import compare_refreshes
from mmmlib.refresh.comparison import Comparison
from mmmlib.refresh.forecasts import score, score_forecasts
from mmmlib.runs import Run
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.refresh.test_compare import make


@pytest.fixture
def parent(tmp_path: Path) -> Run:
    return make(tmp_path / "runs")


def later(**shift: float) -> xr.Dataset:
    """Effects of a fit that did not see the last 13 weeks, which came a share higher."""
    params = fake_params()
    effects = fake_effects(params, fake_panel(params, weeks=117), draws=400, holdout_weeks=13)
    new = ~effects["in_sample"].to_numpy()
    rng = np.random.default_rng(5)
    middle = effects["predicted"].to_numpy().mean(0)
    spread = effects["predicted"].to_numpy().std(0)
    observed = np.where(new, middle + spread * rng.normal(size=len(middle)), effects["observed"])
    observed[new] *= 1 + shift.get("up", 0.0)
    return effects.assign(observed=("week", observed))


def test_weeks_that_came_as_they_were_expected_are_inside() -> None:
    found = score("revenue.pooled", later())
    assert found.weeks == 13
    assert found.inside >= 10
    assert abs(found.distance) < 3
    assert found.naive_error is not None
    assert not found.expected.excludes(found.observed)


def test_weeks_that_came_higher_are_seen_in_every_number() -> None:
    calm, odd = score("revenue.pooled", later()), score("revenue.pooled", later(up=0.5))
    assert odd.inside == 0
    assert odd.distance > 3
    assert odd.error > 5 * calm.error
    assert odd.interval_score > 3 * calm.interval_score


def of(comparison: Comparison) -> list[Finding]:
    return [one for one in comparison.findings if one.check == forecasts.CHECK]


@pytest.mark.parametrize(("up", "level"), [(0.0, Level.INFO), (0.5, Level.WARN)])
def test_a_surprise_warns(
    tmp_path: Path, parent: Run, monkeypatch: pytest.MonkeyPatch, up: float, level: Level
) -> None:
    def scored(run: Run, parent: Run, model: str) -> Any:
        return score(model, later(up=up))

    monkeypatch.setattr(forecasts, "_score_model", scored)
    comparison = score_forecasts(
        run := make(tmp_path / "runs", parent), compare_refreshes(run, parent)
    )
    assert [one.level for one in of(comparison)] == [level] * 2
    assert len(comparison.forecasts) == 2
    run.save_json("refresh.json", comparison)
    assert run.load_json("refresh.json", Comparison) == comparison


def test_without_new_weeks_there_is_nothing_to_be_right_about(tmp_path: Path, parent: Run) -> None:
    comparison = score_forecasts(
        run := make(tmp_path / "runs", parent), compare_refreshes(run, parent)
    )
    assert {one.status for one in of(comparison)} == {Status.OK}
    assert comparison.forecasts == ()


def test_what_cannot_be_scored_is_not_a_forecast_that_held(
    tmp_path: Path, parent: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise KeyError("posterior.nc")

    monkeypatch.setattr(forecasts, "_score_model", gone)
    comparison = score_forecasts(
        run := make(tmp_path / "runs", parent), compare_refreshes(run, parent)
    )
    assert {(one.status, one.level) for one in of(comparison)} == {(Status.NOT_RUN, Level.WARN)}


def test_a_first_refresh_has_nothing_to_score(tmp_path: Path) -> None:
    run = make(tmp_path / "runs")
    assert score_forecasts(run, compare_refreshes(run, None)) == compare_refreshes(run, None)
