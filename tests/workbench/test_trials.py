"""Trials as values: changed in the words of the parameter file, on the panel that follows from them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pymc import Model

from mmmlib import workbench as wb
from mmmlib.data.panel.panel import Panel
from mmmlib.errors import InputError, RunError
from mmmlib.estimates import Estimate
from mmmlib.model.arrays import Scales
from mmmlib.model.effects import roi
from mmmlib.model.one_fit import Fit, FitRequest
from mmmlib.params import Params
from mmmlib.workbench.trial import Trial
from tests.fake_run import finish, make_fake_run
from tests.fakes import fake_effects, fake_panel
from tests.health.test_convergence import tree

SPRING = {
    "channel": "search",
    "outcome": "revenue",
    "start": "2025-03-03",
    "end": "2025-03-30",
    "spend_change_share": 0.5,
    "incremental_outcome": 20_000,
    "standard_error": 8_000,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """A finished run, opened; nothing is fitted in these tests."""
    run = finish(make_fake_run(tmp_path_factory.mktemp("runs")))
    return wb.open(run.path)


def test_a_change_makes_a_new_trial_and_leaves_the_old_one(base: Trial) -> None:
    trial = base.change("channels.search.prior.roi", low=1, high=3).change("model.trend=linear")
    assert trial.params.channels["search"].prior is not None
    assert trial.params.model.trend == "linear"
    assert trial.said == (
        "change channels.search.prior.roi: low 1, high 3",
        "change model.trend=linear",
    )
    assert base.params.channels["search"].prior is None
    assert base.params.model.trend == "random_walk"
    assert base.changes == ()


def test_a_grid_is_a_trial_for_each_combination_and_says_what_for(base: Trial) -> None:
    ranges = [{"low": 1, "high": 3}, {"low": 2, "high": 9}]
    choices = {"model.trend": ["linear", "random_walk"], "channels.search.prior.roi": ranges}
    tried = base.grid(choices, goal="decision")
    found = [
        (one.params.model.trend, one.params.channels["search"].prior.roi.high)  # type: ignore[union-attr]
        for one in tried
    ]
    assert found == [("linear", 3), ("linear", 9), ("random_walk", 3), ("random_walk", 9)]
    assert {one.goal for one in tried} == {"decision"} and base.goal == ""
    assert tried[0].change("model.seasonality", 1).goal == "decision"
    assert tried[1].label == (
        "model.trend = linear; change channels.search.prior.roi = low 2, high 9"
    )
    with pytest.raises(InputError, match=r"'decide'.*one of fit, prediction, decision"):
        base.grid(choices, goal="decide")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Did you mean 'linear'"):
        base.grid({"model.trend": ["random_walk", "liner"]}, goal="fit")


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("model.tren", "linear", "Did you mean 'trend'?"),
        ("model.trend", "liner", "Did you mean 'linear'?"),
        ("channels.serch.label", "Search", "Did you mean 'search'?"),
        ("model.draws", "many", "expected a whole number"),
        ("channels.search.prior.roi.low", 0, "more than 0"),
    ],
)
def test_a_wrong_change_gets_the_loaders_message(
    base: Trial, key: str, value: object, hint: str
) -> None:
    with pytest.raises(InputError) as told:
        base.change(key, value)
    assert hint in str(told.value)
    assert key.rpartition(".")[0] in str(told.value)


def test_all_that_a_change_breaks_is_told_at_once(base: Trial) -> None:
    with pytest.raises(InputError) as told:
        base.change("model", trend="liner", draws=1)
    assert {problem.found for problem in told.value.problems} == {"'liner'", "1"}


def test_what_is_dropped_leaves_the_panel(base: Trial) -> None:
    trial = base.drop("channels.video").drop("controls.price")
    assert "video" not in trial.panel.names("spend")
    assert trial.panel.names("control") == []
    assert "video" in base.panel.names("spend")
    with pytest.raises(InputError, match=r"nothing called 'vidoe'.*Did you mean 'video'"):
        base.drop("channels.vidoe")
    with pytest.raises(InputError, match=r"key_questions\[0\]"):
        base.drop("channels.search")


def test_a_window_keeps_the_weeks_inside(base: Trial) -> None:
    trial = base.window(first="2024-07-01", last="2025-06-29")
    assert trial.panel.weeks[0] == pd.Timestamp("2024-07-01")
    assert trial.panel.weeks[-1] == pd.Timestamp("2025-06-23")
    assert str(trial.params.outcomes["revenue"].starts) == "2024-07-01"
    with pytest.raises(InputError, match="no week from 2030"):
        base.window(first="2030-01-01")


def test_events_and_lift_tests_are_laid_on_the_panel(base: Trial) -> None:
    trial = base.change("events.fair", label="Fair", start="2025-02-03", end="2025-02-09")
    marked = trial.panel.array("event").sel(event="fair")
    assert float(marked.sum()) == 1
    trial = trial.change("lift_tests.spring", SPRING)
    assert [lift.name for lift in trial.panel.lift_tests] == ["spring"]
    assert trial.drop("lift_tests.spring").panel.lift_tests == ()
    with pytest.raises(InputError, match=r"lift_tests.spring"):
        base.change("lift_tests.spring", SPRING | {"start": "2031-03-03", "end": "2031-03-30"})


def test_a_new_series_is_read_from_the_sources_or_refused(base: Trial) -> None:
    with pytest.raises(InputError, match=r"data.root"):
        base.change("controls.weather", column="weather")


def test_the_prior_is_what_was_stated(base: Trial) -> None:
    trial = base.change("channels.search.prior.roi", low=1, high=2)
    table = trial.prior_predictive().tables["prior-channels"].to_frame()
    search = table[table["Channel"] == "Search"].iloc[0]
    low, high = (
        search[next(name for name in table if name.startswith("Return") and name.endswith(end))]
        for end in ("low", "high")
    )
    # What the form may be off by comes on top of what was stated.
    assert 0.4 < low < 1 < 2 < high < 4
    assert table["Share of outcome: high"].max() < 1.5


def test_a_prior_that_excludes_the_data_is_told(base: Trial) -> None:
    trial = base.change("model.max_media_share", 0.01).change(
        "channels.search.prior.share", low=0.5, high=0.8
    )
    with pytest.raises(Exception, match="share"):
        trial.prior_predictive()


def test_trials_that_are_not_there_are_told(base: Trial) -> None:
    with pytest.raises(RunError, match=r"no trial called 'tight'.*there are: none"):
        wb.open(base.run.path, trial="tight")
    with pytest.raises(InputError, match="the trial's name"):
        base.save("../tight")
    with pytest.raises(InputError, match="two or more"):
        wb.compare(base)


def test_a_trial_of_a_run_that_is_gone_leaves_nothing_behind(base: Trial, tmp_path: Path) -> None:
    trial = wb.open(shutil.copytree(base.run.path, tmp_path / "runs" / base.run.name))
    file = tmp_path / "mine.yaml"
    shutil.copy(trial.run.path / "params.yaml", file)
    shutil.rmtree(trial.run.path)
    for keep in (trial.save, lambda _: trial.promote(file)):
        with pytest.raises(RunError, match="no run here"):
            keep("tight")
    assert not trial.run.path.exists()


def test_a_custom_model_without_the_names_that_effects_need_is_told(base: Trial) -> None:
    with pytest.raises(
        InputError, match=r"no variable called .*roi.* names that effects are made from"
    ):
        base.fit(model=Model())
    with pytest.raises(InputError, match=r"of type int; expected a pymc\.Model"):
        base.fit(model=3)


def test_what_one_region_moves_is_told_of_the_other_regions(
    base: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = fake_panel(base.params, regions=("north", "south", "west"))
    base = Trial(base.run, base.params, panel)
    model = base.params.model_names[0]
    vars(base)["scales"] = {model: Scales(np.ones(3), np.ones((len(base.params.channels), 3)))}
    asked = []

    def answer(
        panel: Panel,
        params: Params,
        wanted: list[FitRequest],
        _: object,
        scales: Any = None,
        *__: Any,
        **___: Any,
    ) -> list[Fit]:
        (request,) = wanted
        asked.append((request.label, panel.regions))
        if scales and request.label.startswith("region"):
            assert len(scales[model].outcome) == scales[model].media.shape[1] == 2
        factor = 3.0 if request.label.startswith("region") else 1.0
        return [Fit(request, tree(), fake_effects(params, panel, model, scale=factor), (0.0,) * 3)]

    monkeypatch.setattr("mmmlib.workbench.sensitivity.fit_each", answer)
    whole = fake_effects(base.params, base.panel, model)
    base.fits[model] = Fit(FitRequest(model), tree(), whole, (0.0,) * 3)
    page = base.sensitivity(model, weeks=0, regions=1)
    label, left = asked[-1]
    gone = label.removeprefix("region ")
    assert set(left) == {"north", "south", "west"} - {gone}
    spend = whole["spend_region"].sum("channel")
    assert gone == str(spend["region"].to_numpy()[np.argmax(spend.to_numpy())])
    (row,) = page.tables["regions-left-out"].rows
    assert row[0] == gone
    with_it, without = row[2:4]
    assert isinstance(with_it, Estimate) and isinstance(without, Estimate)
    assert without.median == pytest.approx(3 * with_it.median, rel=0.05)
    assert "look at it" in page.to_markdown()
    assert "regions-left-out" not in base.sensitivity(model, weeks=0).tables


def test_the_workbench_has_what_notebooks_show() -> None:
    for name in dir(wb):
        assert getattr(wb, name) is not None
    with pytest.raises(AttributeError, match="Did you mean 'channel_table'"):
        _ = wb.chanel_table
    assert "wb.compare(base, trial" in wb.help().data


# --- into the parameter file ---------------------------------------------------------


YAML = """\
# A workbook
model:
  trend: linear        # straight
  holidays: {country: DE}
channels:
  search:
    spend: search_spend
  # the second one
  tv:
    spend: tv_spend
    prior:
      roi: {low: 1, high: 2}

events: {}
"""


@pytest.mark.parametrize(
    ("key", "value", "old", "new"),
    [
        ("model.trend", "none", "trend: linear        #", "trend: none        #"),
        (
            "model.draws",
            500,
            "  holidays: {country: DE}\n",
            "  holidays: {country: DE}\n  draws: 500\n",
        ),
        ("model.holidays.before_days", 3, "{country: DE}", "{country: DE, before_days: 3}"),
        ("channels.tv.prior.roi.low", 0.5, "{low: 1, high: 2}", "{low: 0.5, high: 2}"),
        (
            "channels.search.prior.roi.low",
            1,
            "spend: search_spend\n",
            "spend: search_spend\n    prior: {roi: {low: 1}}\n",
        ),
        (
            "channels.tv.prior",
            {"share": 1},
            "prior:\n      roi: {low: 1, high: 2}",
            "prior: {share: 1}",
        ),
        ("events.fair", {"start": "a"}, "events: {}", "events: {fair: {start: a}}"),
        (
            "controls.price",
            {"column": "p"},
            "events: {}\n",
            "events: {}\ncontrols: {price: {column: p}}\n",
        ),
    ],
)
def test_a_value_is_written_where_it_belongs(key: str, value: object, old: str, new: str) -> None:
    from mmmlib.params.strict import KeyChange
    from mmmlib.workbench.promote import with_value

    assert old in YAML
    written = with_value(YAML, KeyChange(tuple(key.split(".")), value, ""))
    assert written == YAML.replace(old, new)


def test_a_part_is_taken_out_with_its_lines_only() -> None:
    from mmmlib.workbench.promote import without

    assert without(YAML, ("channels", "search")) == YAML.replace(
        "  search:\n    spend: search_spend\n", ""
    )
    assert without(YAML, ("channels", "tv", "prior", "roi", "high")) == YAML.replace(
        ", high: 2}", "}"
    )
    assert without(YAML, ("channels", "radio")) == YAML


def test_a_change_goes_into_the_file_unless_the_file_changed(base: Trial, tmp_path: Path) -> None:
    file = tmp_path / "fake.yaml"
    file.write_text((base.run.path / "params.yaml").read_text())
    trial = base.change("model.trend", "linear")
    before = file.read_text()
    shown = trial.promote(file, write=False)
    assert '"linear"' in shown.diff or "linear" in shown.diff
    assert file.read_text() == before
    assert trial.promote(file).written
    assert file.read_text() == before.replace('"random_walk"', "linear")
    with pytest.raises(InputError, match="It changed meanwhile"):
        trial.promote(file)


# --- the prior by itself -------------------------------------------------------------


def test_draws_of_the_prior_have_its_middle(base: Trial) -> None:
    from mmmlib.model.derive import derive_effects
    from mmmlib.model.prior_draws import draw_prior

    data = base.prepare("revenue.pooled")
    draws = draw_prior(data, 800, np.random.default_rng(1))
    effects, _ = derive_effects(data, base.params, draws, 2)
    stated = effects["prior_roi"].median("draw").to_numpy()
    np.testing.assert_allclose(roi(effects).median("draw").to_numpy(), stated, rtol=0.25)


def test_a_placebo_has_the_spend_of_another_in_other_weeks(base: Trial) -> None:
    from mmmlib.health.placebo import PLACEBO, placebo_panel

    panel = placebo_panel(base.panel, "search", np.random.default_rng(3))
    shuffled, real = (
        panel.array("spend").sel(channel=name).to_numpy() for name in (PLACEBO, "search")
    )
    assert sorted(shuffled[0]) == sorted(real[0])
    assert abs(np.corrcoef(shuffled[0], real[0])[0, 1]) < 0.5
