from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmmlib.data.panel.panel import panel_of, write_panel
from mmmlib.findings import FindingList, Level, Status, worst
from mmmlib.health import REQUIRED_CHECKS
from mmmlib.health import run as module
from mmmlib.health.holdout import YOUNG
from mmmlib.health.run import check_run, each_holdout, save_health
from mmmlib.model.one_fit import Fit, FitRequest, fit_one
from mmmlib.model.spec import prepare, too_young
from mmmlib.params.load import params_of
from mmmlib.runs import NETCDF, Run
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.health.test_convergence import tree
from tests.refresh.test_compare import make

SHORT = {"chains": 2, "tune": 200, "draws": 200, "kept_draws": 100}


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
        panel: Any, params: Any, wanted: list[FitRequest], progress: Any, scales: Any, earlier: Any
    ) -> list[Fit]:
        assert set(earlier) == {one.model for one in wanted}  # they begin with the run's own fits
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

    monkeypatch.setattr(module, "fit_each", answer)
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


def with_first_weeks(run: Run, age: int, **others: int) -> None:
    """Let video, and other channels, begin so many weeks before the end."""
    panel = panel_of(run)
    frame = panel.frame.copy()
    for name, weeks in {"video": age, **others}.items():
        frame.loc[frame["week"] < panel.weeks[-weeks], f"spend:{name}"] = 0.0
    write_panel(run, replace(panel, frame=frame))


@pytest.mark.parametrize("age", [7, 4])
def test_a_channel_younger_than_the_holdout_blocks_itself_only(
    run: Run, asked: list[FitRequest], age: int
) -> None:
    """It blocked every check with a holdout, and so the run."""
    with_first_weeks(run, age)
    findings, holdouts = check_run(run)
    assert [one.without for one in asked] == [("video",)] * 2
    assert list(holdouts) == ["revenue.pooled", "signups.pooled"]
    for model, found in findings.items():
        assert {one.check for one in found} == set(REQUIRED_CHECKS)
        assert not [one for one in found if one.status is Status.NOT_RUN]
        [young] = [one for one in found if one.check == YOUNG]
        assert (young.subject, young.status) == (f"{model}/video", Status.FLAG)
    assert worst(findings["revenue.pooled"]) is not Level.BLOCK


def test_a_fit_without_the_last_weeks_can_be_made_without_a_young_channel() -> None:
    params = fake_params(model=SHORT)
    panel = fake_panel(params, weeks=80)
    frame = panel.frame.copy()
    frame.loc[frame["week"] < panel.weeks[-5], "spend:video"] = 0.0
    panel = replace(panel, frame=frame)
    assert too_young(panel, params, 8) == ("video",)
    assert too_young(panel, params, 4) == ()
    scales = prepare(panel, params, "revenue.pooled").scales
    request = FitRequest("revenue.pooled", holdout_weeks=8, without=("video",))
    effects = fit_one(panel, params, request, scales=scales).effects
    assert "video" not in effects["channel"]
    assert effects.sizes["channel"] == len(params.channels) - 1


def test_two_weeks_too_few_are_told_with_what_to_do_instead(
    run: Run, asked: list[FitRequest]
) -> None:
    write_panel(run, fake_panel(params_of(run), weeks=24))
    findings, _ = check_run(run)
    [missing, *_] = [f for f in findings["revenue.pooled"] if f.status is Status.NOT_RUN]
    assert asked == []
    assert "16 weeks are too few for 4 channels" in missing.message
    assert missing.action.startswith("Set health.holdout_weeks to 6 ")


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
