from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmmlib.data.panel.panel import Panel, panel_of, write_panel
from mmmlib.errors import MMMError
from mmmlib.findings import Level, Status
from mmmlib.model.one_fit import Fit, FitRequest
from mmmlib.params import Params
from mmmlib.refresh.bridge import STEPS, bridge_movements, step_factors
from mmmlib.refresh.compare import compare_refreshes
from mmmlib.refresh.comparison import Comparison
from mmmlib.refresh.refits import panel_extended, panel_until
from mmmlib.refresh.reproduction import recreated_numbers
from mmmlib.runs import Run
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.refresh.test_compare import make

Size = Callable[[Panel, Params], float]


@pytest.fixture
def parent(tmp_path: Path) -> Run:
    return make(tmp_path / "runs")


def fitted_as(monkeypatch: pytest.MonkeyPatch, size: Size) -> list[FitRequest]:
    """Let every refit find effects of a size that follows from what it is asked."""
    asked: list[FitRequest] = []

    def fit_each(
        panel: Panel, params: Params, requests: Sequence[FitRequest], **_: Any
    ) -> Iterator[Fit]:
        for request in requests:
            asked.append(request)
            # The same draws each time: what differs between fits is their size alone.
            number = params.model_names.index(request.model)
            effects = fake_effects(params, panel, request.model, draws=100, seed=number)
            for name in ("contribution", "spend_effect"):
                middle = effects[name].median("draw")
                effects[name] = middle + (effects[name] - middle) / 3
                effects[name] = size(panel, params) * effects[name].transpose(
                    "draw", "channel", "week"
                )
            yield Fit(request, None, effects, (0.0, 0.0, 0.0))  # type: ignore[arg-type]

    monkeypatch.setattr("mmmlib.refresh.refits.fit_each", fit_each)
    monkeypatch.setattr("mmmlib.refresh.refits.carried_scales", lambda *_: None)
    return asked


def restate(run: Run, factor: float) -> None:
    """Write today's values of ten weeks of search otherwise."""
    panel = panel_of(run)
    panel.frame.loc[panel.frame.index[10:20], "spend:search"] *= factor
    shutil.rmtree(run.artefact("panel.parquet"))
    write_panel(run, panel)


def found(comparison: Comparison, check: str) -> list[Any]:
    return [one for one in comparison.findings if one.check == check]


def test_a_run_without_a_parent_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fitted_as(monkeypatch, lambda *_: 1.0)
    run = make(tmp_path / "runs")
    assert bridge_movements(run, compare_refreshes(run, None)) == compare_refreshes(run, None)
    assert asked == []


def test_steps_add_up_to_the_movement_exactly(
    tmp_path: Path, parent: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(tmp_path / "runs", parent, scale=1.4, model={"trend_knots": 9})
    restate(run, 1.1)
    old = panel_of(parent).frame["spend:search"].sum()

    def size(panel: Panel, params: Params) -> float:
        restated = panel.frame["spend:search"].sum() != old
        return 1.02 * (1.1 if params.model.trend_knots == 9 else 1.0) * (1.15 if restated else 1.0)

    asked = fitted_as(monkeypatch, size)
    comparison = bridge_movements(run, compare_refreshes(run, parent))
    for move in comparison.movements:
        way = comparison.bridge_of(move.model, move.channel, move.quantity)
        assert way is not None
        assert [step.name for step in way.steps] == list(STEPS)
        total = sum(step.shift for step in way.steps)
        assert total == pytest.approx(move.after.median - move.before.median, rel=1e-5, abs=1e-9)
        if move.channel != "search":
            factors = step_factors(way)
            assert factors["software and sampling"] == pytest.approx(1.02, rel=1e-3)
            assert factors["specification"] == pytest.approx(1.1, rel=1e-3)
            assert factors["restated history"] == pytest.approx(1.15, rel=1e-3)
    # Each fit once, though both orders walk through some of them: five places and two models.
    assert len(asked) == comparison.refits <= 5 * 2
    assert [one.status for one in found(comparison, "refresh.reproduction")] == [Status.OK] * 2
    assert comparison.bridge_of("revenue.pooled", "", "contribution") is not None


def test_where_nothing_but_weeks_came_one_fit_is_enough(
    tmp_path: Path, parent: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(tmp_path / "runs", parent, scale=1.4)
    asked = fitted_as(monkeypatch, lambda *_: 1.0)
    comparison = bridge_movements(run, compare_refreshes(run, parent))
    assert len(asked) == 2  # one a model
    for way in comparison.bridges:
        assert (way.steps[1].shift, way.steps[2].shift) == (0.0, 0.0)
        assert (way.steps[1].error, way.other_order) == (0.0, ())


def test_a_severe_movement_that_no_step_explains_blocks_though_parameters_changed(
    tmp_path: Path, parent: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed parameter excused any movement; now it has to be what moved it."""
    run = make(tmp_path / "runs", parent, scale=2.6, model={"trend_knots": 9})
    changed_nothing: Size = lambda *_: 1.0  # noqa: E731
    fitted_as(monkeypatch, changed_nothing)
    plain = compare_refreshes(run, parent)
    assert {one.level for one in found(plain, "refresh.movement")} == {Level.WARN}
    bridged = bridge_movements(run, plain)
    assert {one.level for one in found(bridged, "refresh.movement")} == {Level.BLOCK}
    fitted_as(monkeypatch, lambda _, params: 2.6 if params.model.trend_knots == 9 else 1.0)
    explained = bridge_movements(run, plain)
    assert {one.level for one in found(explained, "refresh.movement")} == {Level.WARN}


def test_a_parent_that_fits_otherwise_now_blocks(
    tmp_path: Path, parent: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(tmp_path / "runs", parent)
    fitted_as(monkeypatch, lambda *_: 1.6)
    comparison = bridge_movements(run, compare_refreshes(run, parent))
    for finding in found(comparison, "refresh.reproduction"):
        assert (finding.level, finding.value) == (Level.BLOCK, pytest.approx(1.6, rel=1e-3))


def test_what_restated_history_moved_is_a_warning_of_its_own(
    tmp_path: Path, parent: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(tmp_path / "runs", parent)
    restate(run, 1.01)  # far below any limit on values
    old = panel_of(parent).frame["spend:search"].sum()
    fitted_as(
        monkeypatch, lambda panel, _: 1.3 if panel.frame["spend:search"].sum() != old else 1.0
    )
    comparison = bridge_movements(run, compare_refreshes(run, parent))
    for finding in found(comparison, "refresh.restated_effect"):
        assert (finding.level, finding.status) == (Level.WARN, Status.FLAG)
        assert finding.value > finding.limit
    assert all(one.status is Status.OK for one in found(comparison, "refresh.restated"))


def test_a_parent_that_cannot_be_fitted_again_fails_closed(
    tmp_path: Path, parent: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(tmp_path / "runs", parent)

    def refused(*_: Any) -> float:
        raise MMMError("a chain was cut off.")

    fitted_as(monkeypatch, refused)
    comparison = bridge_movements(run, compare_refreshes(run, parent))
    assert "a chain was cut off" in comparison.not_bridged
    for check in ("refresh.reproduction", "refresh.restated_effect"):
        assert [one.level for one in found(comparison, check)] == [Level.BLOCK]


def test_panels_between_two_refreshes_have_the_values_and_weeks_asked_for() -> None:
    params = fake_params()
    last = fake_panel(params, weeks=60, regions=("a", "b"))
    this = fake_panel(params, weeks=70, regions=("a", "b"), seed=2)
    both = panel_extended(last, this, last.weeks[-1])
    assert both.weeks.equals(this.weeks)
    assert panel_until(both, last.weeks[-1]).frame.equals(last.frame)
    fresh = both.frame[both.frame["week"] > last.weeks[-1]]
    assert fresh["spend:search"].tolist() == (
        this.frame.loc[this.frame["week"] > last.weeks[-1], "spend:search"].tolist()
    )


def test_the_same_draws_are_the_same_and_others_of_one_truth_are_within_their_noise() -> None:
    one = fake_effects(draws=1000)
    assert {each.verdict for each in recreated_numbers(one, one)} == {"same"}
    other = one.isel(draw=slice(0, 500))
    assert {e.verdict for e in recreated_numbers(one, other)} == {"same within sampling error"}
    moved = one.assign(spend_effect=one["spend_effect"] * 1.5)
    verdicts = {each.verdict for each in recreated_numbers(one, moved) if each.quantity == "roi"}
    assert verdicts == {"different"}
    assert np.isfinite([each.factor for each in recreated_numbers(one, moved)]).all()
