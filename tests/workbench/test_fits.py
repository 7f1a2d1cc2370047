"""Trials of a real run: fitted, compared, kept, read back by the notebooks.

``MMM_CUSTOM=sampled`` compiles and samples a modeller's own model, which takes minutes.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
import xarray as xr
from pymc import HalfNormal, Model, Normal, sample_prior_predictive

from mmmlib import workbench as wb
from mmmlib.errors import InputError
from mmmlib.findings import Status
from mmmlib.model.effects import effects_of, roi
from mmmlib.params import Params
from mmmlib.params.candidates import CandidateParams
from mmmlib.refresh.choice import ModelChoice
from mmmlib.runs import Run, sha256_file, write_atomic
from mmmlib.workbench.candidates import save_choice, try_candidates
from mmmlib.workbench.side_by_side import side_by_side
from mmmlib.workbench.trial import Trial
from mmmlib.workbench.unseen import stacking_weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(small_run: Run) -> Trial:
    return wb.open(small_run.path).fit()


@pytest.fixture(scope="module")
def tight(base: Trial) -> Trial:
    narrow = {"channels.search.prior.roi": [{"low": 1, "high": 1.5}], "model.draws": [150]}
    (trial,) = base.grid(narrow, goal="decision")
    return trial.fit()


def record(run: Run) -> dict[str, str]:
    return {
        str(path.relative_to(run.path)): sha256_file(path)
        for path in sorted(run.path.rglob("*"))
        if path.is_file() and "explore" not in path.parts
    }


def test_a_run_is_as_it_was_fitted_and_a_change_shows(
    base: Trial, tight: Trial, small_run: Run
) -> None:
    np.testing.assert_array_equal(roi(base.effects()), roi(effects_of(small_run, "revenue.pooled")))
    search = {"channel": "search"}
    spread = roi(tight.effects()).sel(search).quantile([0.05, 0.95], "draw")
    before = roi(base.effects()).sel(search).quantile([0.05, 0.95], "draw")
    assert np.ptp(spread.to_numpy()) < np.ptp(before.to_numpy())
    fit = tight.fits["revenue.pooled"]
    assert tight.fit().fits["revenue.pooled"] is fit


def test_the_same_specification_gives_the_same_draws(base: Trial) -> None:
    other = (
        base.change("model.trend", "linear").change("model.trend", base.params.model.trend).fit()
    )
    np.testing.assert_array_equal(roi(other.effects()), roi(base.effects()))


def test_trials_stand_side_by_side(base: Trial, tight: Trial) -> None:
    page = wb.compare(base, tight=tight, holdouts=1)
    tables = page.tables
    assert set(tables) >= {
        "returns",
        "contributions",
        "next",
        "half-lives",
        "fit",
        "lift-tests",
        "unseen",
        "decisions",
    }
    returns = tables["returns"].to_frame()
    assert {"the run: low", "tight: high", "Over all: low", "Of the choice"} <= {
        head.replace(" (USD per USD 1)", "").replace(" (USD/USD)", "").replace(" (USD)", "")
        for head in returns
    }
    weights = tables["unseen"].to_frame()["Stacking weight"]
    assert weights.sum() == pytest.approx(1)
    text = page.to_markdown()
    assert page.title.endswith("2 specifications, compared for decision")
    assert "The decision" in text
    assert "best model" not in text
    with pytest.raises(InputError, match="'revenues'"):
        side_by_side(base, tight, model="revenues")


def test_a_saved_trial_is_read_by_every_notebook(tight: Trial, small_run: Run) -> None:
    before = record(small_run)
    saved = tight.save("tight")
    assert record(small_run) == before
    with pytest.raises(InputError, match=r"which .* has already"):
        tight.save("tight")
    again = wb.open(small_run.path, trial="tight")
    assert again.said == tight.said
    assert again.goal == tight.goal == "decision"
    np.testing.assert_array_equal(roi(again.fit().effects()), roi(saved.effects()))
    folder = wb.open_run(small_run.path, trial="tight")
    assert folder.name == f"{small_run.name}/explore/tight"
    assert folder.runs_dir == small_run.runs_dir
    wb.save_health(folder, wb.check_run(folder)[0])
    pack = wb.pack_of_run(folder)
    assert pack.scenarios
    folder.save_json("scenarios.json", pack)
    assert record(small_run) == before
    assert "Nothing is recorded of a trial" in wb.decision_form(folder, "approve")


def test_a_placebo_is_not_raised_and_weeks_are_left_out(base: Trial) -> None:
    page = base.sensitivity(weeks=1)
    assert "Passed" in page.to_markdown()
    table = page.tables["weeks-left-out"].to_frame()
    assert len(table) == 1
    with pytest.raises(InputError, match="Did you mean 'search'"):
        base.sensitivity(channel="serch")


def test_candidates_are_fitted_once_and_held_against_what_was_taken(
    base: Trial, small_run: Run, tmp_path: Path
) -> None:
    other = Run(shutil.copytree(small_run.path, tmp_path / "runs" / small_run.name))
    tried = {
        "straight": {"why": "One line may do.", "change": {"model.trend": "linear"}},
        "quiet": {"why": "It never ran.", "change": {"controls.none.column": "nothing"}},
    }
    declared = CandidateParams.model_validate({"goal": "fit", "specifications": tried})
    params = base.params.model_copy(update={"candidates": declared})
    write_atomic(other.path / "params.json", params.model_dump_json().encode())
    told: list[str] = []
    choice = try_candidates(other, lambda request, share: told.append(str(request)))
    assert {"revenue.pooled, as straight"} == set(told)
    straight, quiet = choice.record.tried
    assert set(straight.returns) == set(choice.record.returns) == set(base.params.channels)
    assert quiet.trouble and not quiet.returns
    assert "quiet is not shown." in choice.page.to_markdown()
    told.clear()
    again = try_candidates(other, lambda request, share: told.append(str(request)))
    assert told == []
    for name, one in straight.returns.items():
        assert again.record.tried[0].returns[name].median == pytest.approx(one.median, rel=1e-3)
    save_choice(other, again)
    assert other.load_json("model_choice.json", ModelChoice).goal == "fit"
    with pytest.raises(AttributeError, match="try_candidates"):
        wb.try_candidate  # noqa: B018


def test_an_interrupt_keeps_what_is_done(
    base: Trial, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import mmmlib.workbench.specification as module

    def stopped(*_: object) -> object:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(module, "fit_each", stopped)
    trial = base.change("model.seasonality", 1)
    assert trial.fit() is trial
    assert trial.fits == {}
    assert "Stopped. Kept: nothing." in capsys.readouterr().out


def test_stacking_weights_are_those_of_the_best_mixture() -> None:
    scores = np.log([[0.9, 0.1, 0.9, 0.1], [0.1, 0.9, 0.1, 0.9], [0.05, 0.05, 0.05, 0.05]])
    np.testing.assert_allclose(stacking_weights(scores), [0.5, 0.5, 0], atol=0.01)


def test_paths_of_a_trial_are_known(small_run: Run) -> None:
    trial = Path(small_run.path) / "explore" / "tight"
    assert wb.open_run(f"{small_run.name}/explore/tight", small_run.runs_dir).path == trial


def moving_search(data: Any, contribution: Any) -> Any:
    """Search's effect wanders: a step of its logarithm each quarter."""
    quarters = -(-data.fitted_weeks // 13)
    size = HalfNormal("search_moves", 0.1)
    steps = Normal("search_steps", 0, 1, shape=quarters)
    walk = pt.repeat(pt.exp(pt.cumsum(size * steps)), 13)[: data.fitted_weeks]
    factor = np.zeros((len(data.channels), 1, 1))
    factor[data.channels.index("search")] = 1
    return contribution * (1 - factor + factor * walk[None, None, :])


def drawn_from_prior(model: Model, params: Params, seed: int, report: Any) -> xr.DataTree:
    """Independent draws of the prior in place of the sampler, whose compiling takes a minute."""
    with model:
        drawn = sample_prior_predictive(
            100, random_seed=seed, compile_kwargs={"mode": "FAST_COMPILE"}
        )
    draws = drawn["prior"].to_dataset().squeeze("chain", drop=True)
    halves = [draws.isel(draw=slice(at, at + 50)).assign_coords(draw=range(50)) for at in (0, 50)]
    rng, shape = np.random.default_rng(seed), (("chain", "draw"), (2, 50))
    statistics = xr.Dataset(
        {
            "diverging": (shape[0], np.zeros(shape[1], bool)),
            "energy": (shape[0], rng.normal(size=shape[1])),
        }
    )
    both = xr.concat(halves, "chain").transpose("chain", "draw", ...)
    return xr.DataTree.from_dict({"posterior": both, "sample_stats": statistics})


@pytest.mark.filterwarnings("ignore:The effect of Potentials")
def test_a_coefficient_that_moves_goes_through_health_comparison_and_scenarios(
    base: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.environ.get("MMM_CUSTOM") != "sampled":
        monkeypatch.setattr("mmmlib.workbench.custom._sample", drawn_from_prior)
    small = base.drop("channels.video").drop("channels.events").window(first="2025-01-06")
    small = small.change("model.trend", "none").change("model", seasonality=0, adstock_weeks=2)
    small = small.change("model.kept_draws", 100)
    moving = small.fit(model=small.pymc_model(effect=moving_search))
    assert moving.effects().attrs["custom"] == "effect=moving_search"
    page = wb.compare(base, moving).to_markdown()
    assert "custom model: effect=moving" in page.replace("&#95;", "_")
    moving.save("moving")
    again = wb.open(moving.run.path, trial="moving")
    assert again.custom is not None
    assert "a step of its logarithm each quarter" in again.custom.source
    with pytest.raises(InputError, match="custom model"):
        again.sensitivity()
    folder = wb.open_run(moving.run.path, trial="moving")
    findings, holdouts = wb.check_run(folder)
    assert holdouts == {}
    (found,) = findings.values()
    not_made = {one.check for one in found if one.status is Status.NOT_RUN}
    assert "health.holdout_error" in not_made
    assert len(not_made) < len(found) / 2
    wb.save_health(folder, findings)
    assert wb.pack_of_run(folder).scenarios
