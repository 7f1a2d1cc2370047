from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmmlib.data.panel.panel import PANEL_INDEX, Panel, write_panel
from mmmlib.findings import Finding, Level, Status, checks_of, worst
from mmmlib.params.load import params_of
from mmmlib.refresh import required_checks
from mmmlib.refresh.bridge import bridge_movements
from mmmlib.refresh.compare import compare_refreshes, restated_values
from mmmlib.refresh.comparison import Comparison
from mmmlib.reports.blocks import Prose
from mmmlib.reports.pictures import movements_picture
from mmmlib.reports.results import Results
from mmmlib.runs import NETCDF, Manifest, Run
from tests.fakes import fake_effects, fake_panel, fake_params

COMPARED = set(checks_of("refresh")) - {
    "refresh.reproduction",
    "refresh.restated_effect",
    "refresh.forecast",
}
"""Checks that need no fit; see test_bridge.py and test_forecasts.py for the others."""


def make(runs_dir: Path, parent: Run | None = None, scale: float = 1.0, **sections: Any) -> Run:
    """A finished run with a panel, and effects whose ranges are a third of the fake's."""
    period = sections.pop("period", "2026-Q2" if parent else "2026-Q1")
    params = fake_params(refresh={"period": period}, **sections)
    path = runs_dir / f"fake-{period}-0"
    (path / "artefacts").mkdir(parents=True)
    manifest = Manifest(
        run=path.name,
        workbook="fake",
        period=period,
        created=dt.datetime(2026, 7 if parent else 4, 1, tzinfo=dt.UTC),
        parent=parent.name if parent else None,
        status="done",
        verdict="info",
    )
    (path / "manifest.json").write_bytes(manifest.sealed())
    (path / "params.json").write_text(params.model_dump_json())
    run = Run(path)
    panel = fake_panel(params, weeks=104)
    write_panel(run, panel)
    for number, model in enumerate(params.model_names):
        seed = number + 5 * bool(parent)
        effects = fake_effects(params, panel, model, draws=100, seed=seed, scale=scale)
        for name in ("contribution", "spend_effect"):
            middle = effects[name].median("draw")
            effects[name] = (middle + (effects[name] - middle) / 3).transpose(*effects[name].dims)
        run.save_dataset(f"models/{model}/effects.nc", effects)
    return run


@pytest.fixture
def parent(tmp_path: Path) -> Run:
    return make(tmp_path / "runs")


def checks(comparison: Comparison) -> set[str]:
    return {finding.check for finding in comparison.findings}


def test_a_first_refresh_is_not_compared_and_says_so(tmp_path: Path) -> None:
    comparison = compare_refreshes(make(tmp_path / "runs"), None)
    assert comparison.parent is None
    assert comparison.not_compared.startswith("This is the first refresh")
    assert restated_values(make(tmp_path / "other"), comparison).empty
    assert checks(comparison) == set(required_checks(None)) == {"refresh.parent"}
    assert worst(comparison.findings) is Level.INFO


def test_two_refreshes_of_one_truth(tmp_path: Path, parent: Run) -> None:
    run = make(tmp_path / "runs", parent)
    comparison = compare_refreshes(run, run.manifest.parent)
    assert comparison.parent == parent.name
    assert checks(comparison) == COMPARED
    assert set(required_checks(parent.name)) == set(checks_of("refresh"))
    assert comparison.weeks == 104
    assert len(comparison.movements) == 2 * 2 * 4
    assert not any(movement.beyond_noise for movement in comparison.movements)
    assert comparison.data_changes == ()
    assert "refresh.period" in {change.key for change in comparison.parameter_changes}
    assert worst(comparison.findings) is Level.INFO


def test_what_it_found_survives_saving(tmp_path: Path, parent: Run) -> None:
    run = make(tmp_path / "runs", parent, scale=1.7)
    comparison = compare_refreshes(run, parent)
    run.save_json("refresh.json", comparison)
    assert run.load_json("refresh.json", Comparison) == comparison


@pytest.mark.parametrize(("scale", "level"), [(1.6, Level.WARN), (2.6, Level.BLOCK)])
def test_a_real_shift_is_found_in_every_channel(
    tmp_path: Path, parent: Run, scale: float, level: Level
) -> None:
    comparison = compare_refreshes(make(tmp_path / "runs", parent, scale=scale), parent)
    found = [finding for finding in comparison.findings if finding.check == "refresh.movement"]
    assert len(found) == 8
    assert {finding.level for finding in found} == {level}


def test_a_changed_model_is_a_known_cause_so_the_shift_only_warns(
    tmp_path: Path, parent: Run
) -> None:
    run = make(tmp_path / "runs", parent, scale=2.6, model={"trend_knots": 9})
    comparison = compare_refreshes(run, parent)
    assert worst(comparison.findings) is Level.WARN
    named = [finding for finding in comparison.findings if finding.check == "refresh.parameters"]
    assert named[0].subject == "model"


def test_restated_history_is_in_the_comparison(tmp_path: Path, parent: Run) -> None:
    run = make(tmp_path / "runs", parent)
    frame = fake_panel(params_of(run), weeks=104).frame
    frame.loc[40, "spend:search"] *= 10
    before = fake_panel(params_of(run), weeks=104)
    write_panel(run, Panel(frame, before.currency, before.units))
    comparison = compare_refreshes(run, parent)
    cells = restated_values(run, comparison)
    assert list(cells["series"]) == ["spend:search"]
    assert cells["after"][0] == pytest.approx(10 * cells["before"][0])
    [change] = comparison.data_changes
    assert (change.series, change.cells) == ("spend:search", 1)
    assert any(
        finding.check == "refresh.restated" and finding.status is Status.FLAG
        for finding in comparison.findings
    )


def test_too_few_weeks_in_common_are_not_compared(tmp_path: Path, parent: Run) -> None:
    run = make(tmp_path / "runs", parent)
    params = params_of(run)
    panel = fake_panel(params, weeks=104, first="2025-10-06")
    write_panel(run, panel)
    for model in params.model_names:
        run.save_dataset(f"models/{model}/effects.nc", fake_effects(params, panel, model))
    comparison = compare_refreshes(run, parent)
    assert comparison.movements == ()
    assert comparison.weeks == 12
    # Too short a window blocks, and may be waived; what could not run for it only warns.
    bridged = bridge_movements(run, comparison)
    found = {(f.check, f.status) for f in bridged.findings if f.level is Level.BLOCK}
    assert found == {("refresh.common_window", Status.FLAG)}
    assert_not_run(bridged, "refresh.movement", "refresh.range", "refresh.rank")
    assert checks(comparison) >= COMPARED


def assert_not_run(comparison: Comparison, *names: str) -> None:
    """What had nothing to be compared did not run, is a warning, and says the way."""
    for name in (*names, "refresh.reproduction", "refresh.restated_effect"):
        found = [one for one in comparison.findings if one.check == name]
        assert {(one.status, one.level) for one in found} == {(Status.NOT_RUN, Level.WARN)}, name
        assert all("refresh.parent: none" in one.action for one in found), name


def test_another_outcome_leaves_nothing_to_compare_and_does_not_block(tmp_path: Path) -> None:
    leads = {"leads": {"label": "Leads", "kind": "count", "unit": "leads", "column": "leads"}}
    run = make(tmp_path / "runs", period="2026-Q1")
    old = make(tmp_path / "runs", period="2025-Q4", outcomes=leads, key_questions=[])
    bridged = bridge_movements(run, compare_refreshes(run, old))
    assert worst(bridged.findings) is Level.WARN
    assert_not_run(bridged, "refresh.common_window", "refresh.movement")


@pytest.mark.parametrize(
    "damage", ["folder", "manifest", "panel", "effects", "truncated", "params", "nan"]
)
def test_a_parent_that_cannot_be_read_blocks(tmp_path: Path, parent: Run, damage: str) -> None:
    run = make(tmp_path / "runs", parent)
    name = parent.name
    effects = parent.artefact("models/revenue.pooled/effects.nc")
    if damage == "folder":
        shutil.rmtree(parent.path)
    elif damage == "manifest":
        (parent.path / "manifest.json").write_text("{")
    elif damage == "panel":
        parent.artefact(PANEL_INDEX).write_bytes(b"{}")
    elif damage == "effects":
        effects.unlink()
    elif damage == "truncated":
        effects.write_bytes(effects.read_bytes()[:2000])
    elif damage == "params":
        (parent.path / "params.json").write_text("[")
    else:
        broken = parent.load_dataset("models/revenue.pooled/effects.nc")
        broken["contribution"][0, 0, 0] = np.nan
        broken.to_netcdf(effects, engine=NETCDF)
    comparison = compare_refreshes(run, name)
    assert comparison.parent == name
    assert comparison.readable is (damage in ("effects", "truncated", "nan"))
    assert bool(comparison.not_compared) is not comparison.readable
    assert checks(comparison) >= COMPARED
    blocked = [finding for finding in comparison.findings if finding.level is Level.BLOCK]
    assert {finding.status for finding in blocked} == {Status.NOT_RUN}
    assert "refresh.movement" in {finding.check for finding in blocked}


def test_a_model_that_is_new_is_left_to_the_structure_finding(tmp_path: Path) -> None:
    revenue = {"revenue": {"label": "Revenue", "kind": "revenue", "column": "revenue"}}
    first = make(tmp_path / "runs", period="2026-Q1")
    old = make(tmp_path / "runs", period="2025-Q4", outcomes=revenue, key_questions=[])
    comparison = compare_refreshes(first, old)
    assert {movement.model for movement in comparison.movements} == {"revenue.pooled"}
    assert any(
        finding.check == "refresh.structure" and finding.value == "added signups.pooled"
        for finding in comparison.findings
    )


def motions(*names: str) -> dict[str, Any]:
    """Revenue split into motions, beside signups."""
    outcomes = fake_params().model_dump()["outcomes"]
    revenue = {"label": "Revenue", "kind": "revenue", "motions": {n: {"column": n} for n in names}}
    return {"outcomes": outcomes | {"revenue": revenue}}


def test_a_leading_outcome_that_is_new_is_drawn_as_not_compared(
    tmp_path: Path, parent: Run
) -> None:
    run = make(tmp_path / "runs", parent, **motions("self_serve", "sales_assisted"))
    params = params_of(run)
    comparison = compare_refreshes(run, parent)
    assert {movement.model for movement in comparison.movements} == {"signups.pooled"}
    returns = comparison.of(params.primary, "roi")
    said = movements_picture(Results(run, params), comparison, returns)
    assert said == Prose("No return of this outcome can be compared.")


def test_a_sum_over_motions_is_compared_only_with_a_sum_of_the_same(tmp_path: Path) -> None:
    old = make(tmp_path, **motions("self_serve", "sales_assisted", "partner_led"))
    run = make(tmp_path, old, **motions("self_serve", "sales_assisted"))
    assert params_of(run).primary == "revenue"
    comparison = compare_refreshes(run, old)
    assert {movement.model for movement in comparison.movements} == {
        "revenue.self_serve",
        "revenue.sales_assisted",
        "signups.pooled",
    }
    again = compare_refreshes(run, run)
    assert "revenue" in {movement.model for movement in again.movements}


def parent_finding(comparison: Comparison) -> Finding:
    [finding] = [one for one in comparison.findings if one.check == "refresh.parent"]
    return finding


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"verdict": "block"}, "did not pass its gates"),
        ({"verdict": None}, "did not pass its gates"),
        ({"trial": ["model.trend_knots"]}, "is a trial"),
        ({"period": "2026-Q2"}, "is not of an earlier period"),
        ({"period": "2026-Q3"}, "is not of an earlier period"),
    ],
)
def test_a_parent_that_is_no_good_measure_is_told(
    tmp_path: Path, parent: Run, facts: dict[str, Any], words: str
) -> None:
    run = make(tmp_path / "runs", parent)
    assert parent_finding(compare_refreshes(run, parent)).status is Status.OK
    parent.write_manifest(parent.manifest.model_copy(update=facts))
    finding = parent_finding(compare_refreshes(run, parent))
    assert (finding.status, finding.level) == (Status.FLAG, Level.WARN)
    assert words in finding.message


@pytest.mark.parametrize(
    ("asked", "facts", "told", "level"),
    [
        ("latest", {"verdict": "block"}, "did not pass its gates", Level.INFO),
        ("none", {"verdict": "block"}, "because refresh.parent is 'none'", Level.WARN),
        ("none", {}, "because refresh.parent is 'none'", Level.WARN),
        ("latest", {"period": "2026-Q3"}, "This is the first refresh", Level.INFO),
        ("none", {"status": "failed"}, "This is the first refresh", Level.INFO),
        ("none", {"workbook": "other"}, "This is the first refresh", Level.INFO),
    ],
)
def test_why_there_is_no_parent_is_told_as_it_is(
    tmp_path: Path, parent: Run, asked: str, facts: dict[str, Any], told: str, level: Level
) -> None:
    parent.write_manifest(parent.manifest.model_copy(update=facts))
    run = make(tmp_path / "runs", period="2026-Q2")
    params = params_of(run)
    refresh = params.refresh.model_copy(update={"parent": asked})
    content = params.model_copy(update={"refresh": refresh}).model_dump_json()
    (run.path / "params.json").write_text(content)
    manifest = run.manifest
    run.write_manifest(
        manifest.model_copy(update={"created": parent.manifest.created + dt.timedelta(1)})
    )
    comparison = compare_refreshes(run, None)
    assert told in comparison.not_compared
    assert parent_finding(comparison).message == comparison.not_compared
    assert parent_finding(comparison).level is level


def test_a_parent_with_a_parameter_of_old_is_compared_over_its_motions(tmp_path: Path) -> None:
    """A channel's stage, which nothing read, is gone from the parameters; it moved nothing."""
    motions = {name: {"column": name} for name in ("self_serve", "sales_assisted")}
    outcomes = {"revenue": {"kind": "revenue", "motions": motions}}
    parent = make(tmp_path / "runs", outcomes=outcomes)
    content = json.loads((parent.path / "params.json").read_text())
    for channel in content["channels"].values():
        channel["stage"] = "top"
    (parent.path / "params.json").write_text(json.dumps(content))
    comparison = compare_refreshes(make(tmp_path / "runs", parent, outcomes=outcomes), parent.name)
    assert {move.model for move in comparison.movements} >= {"revenue"}
    assert "channels.search.stage" in {change.key for change in comparison.parameter_changes}
    found = [one for one in comparison.findings if one.check == "refresh.parameters"]
    assert [one.status for one in found] == [Status.OK]


def test_a_neighbour_that_cannot_be_read_leaves_open_what_came_before(
    tmp_path: Path, parent: Run
) -> None:
    run = make(tmp_path / "runs", period="2026-Q2")
    (parent.path / "manifest.json").write_text("{")
    comparison = compare_refreshes(run, None)
    assert "cannot be told" in comparison.not_compared
    assert parent_finding(comparison).level is Level.WARN
