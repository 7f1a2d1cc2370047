from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmmlib.data.panel.panel import panel_of, write_panel
from mmmlib.findings import FindingList, Status
from mmmlib.health import REQUIRED_CHECKS
from mmmlib.health.holdout import CHECKS as HOLDOUT_CHECKS
from mmmlib.health.run import check_run, each_holdout, save_health
from mmmlib.model import fit as fitting
from mmmlib.model.one_fit import Fit, FitRequest
from mmmlib.params.load import params_of
from mmmlib.runs import NETCDF, Run
from tests.fakes import fake_effects, fake_panel
from tests.health.test_convergence import tree
from tests.refresh.test_compare import make


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = make(tmp_path)
    for model in params_of(run).model_names:
        tree().to_netcdf(run.target(f"models/{model}/posterior.nc"), engine=NETCDF)
    return run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[FitRequest]:
    """Requests that reach the fit; it answers with fakes."""
    requests: list[FitRequest] = []

    def answer(
        panel: Any, params: Any, wanted: list[FitRequest], progress: Any, scales: Any
    ) -> list[Fit]:
        requests.extend(wanted)
        return [
            Fit(
                one,
                tree(),
                fake_effects(params, panel, one.model, holdout_weeks=one.holdout_weeks),
                (0.0, 0.0, 0.0),
            )
            for one in wanted
        ]

    monkeypatch.setattr(fitting, "fit_each", answer)
    return requests


def test_missing_holdouts_are_fitted_once_and_kept(run: Run, asked: list[FitRequest]) -> None:
    first = dict(each_holdout(run))
    assert asked == [
        FitRequest("revenue.pooled", holdout_weeks=8),
        FitRequest("signups.pooled", holdout_weeks=8),
    ]
    again = dict(each_holdout(run))
    assert len(asked) == 2
    assert list(again) == list(first) == ["revenue.pooled", "signups.pooled"]
    for model, holdout in again.items():
        assert holdout.attrs["model"] == model
        assert int((~holdout["in_sample"]).sum()) == 8
        assert holdout.attrs["largest_rhat"] == pytest.approx(1.0, abs=0.02)
    dict(each_holdout(run, refit=True))
    assert len(asked) == 4


@pytest.mark.parametrize(("age", "longest"), [(7, 6), (5, 4)])
def test_a_channel_younger_than_the_holdout_leaves_the_rest_of_the_health(
    run: Run, asked: list[FitRequest], age: int, longest: int
) -> None:
    panel = panel_of(run)
    frame = panel.frame.copy()
    frame.loc[frame["week"] < panel.weeks[-age], "spend:video"] = 0.0
    write_panel(run, replace(panel, frame=frame))
    findings, holdouts = check_run(run)
    assert holdouts == {}
    assert asked == []
    for found in findings.values():
        assert {one.check for one in found} == set(REQUIRED_CHECKS)
        missing = [one for one in found if one.status is Status.NOT_RUN]
        assert {one.check for one in missing} == set(HOLDOUT_CHECKS)
        assert "channel video has no spend in the fitted weeks" in missing[0].message
        assert missing[0].action.startswith(f"Set health.holdout_weeks to {longest} ")


def test_a_channel_too_young_for_any_holdout_is_told_with_what_to_do_instead(
    run: Run, asked: list[FitRequest]
) -> None:
    panel = panel_of(run)
    frame = panel.frame.copy()
    frame.loc[frame["week"] < panel.weeks[-4], "spend:video"] = 0.0
    write_panel(run, replace(panel, frame=frame))
    findings, _ = check_run(run)
    [missing, *_] = [f for f in findings["revenue.pooled"] if f.status is Status.NOT_RUN]
    assert missing.action.startswith("No shorter holdout can be fitted either (4 weeks are the")
    assert "Leave the channel out" in missing.action


def test_every_model_is_checked_and_saved(run: Run, asked: list[FitRequest]) -> None:
    findings, _ = check_run(run)
    assert list(findings) == ["revenue.pooled", "signups.pooled"]
    for model, found in findings.items():
        assert {one.check for one in found} == set(REQUIRED_CHECKS)
        assert {one.subject.partition("/")[0] for one in found} == {model}
        assert not [one for one in found if one.status is Status.NOT_RUN]
    save_health(run, findings)
    kept = run.load_json("models/signups.pooled/health.json", FindingList)
    assert list(kept.findings) == findings["signups.pooled"]


def test_a_finished_run_keeps_its_record(run: Run, asked: list[FitRequest]) -> None:
    finished = Run(run.path, exploring=True)
    save_health(finished, check_run(finished)[0])
    assert not run.has("models/revenue.pooled/health.json")
    assert (run.path / "explore/artefacts/models/revenue.pooled/health.json").is_file()


def test_the_fake_panel_is_what_the_fit_gets(run: Run, asked: list[FitRequest]) -> None:
    write_panel(run, fake_panel(params_of(run), weeks=80))
    assert dict(each_holdout(run))["revenue.pooled"].sizes["week"] == 80
