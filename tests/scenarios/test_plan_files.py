"""Plans from tables: read back as written, and everything wrong said at once with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.read.problems import Problems
from mmmlib.errors import InputError
from mmmlib.scenarios.baseline import baseline_of
from mmmlib.scenarios.plan_files import PlanGrid, plan_frame, read_plan, write_plan
from tests.fakes import fake_effects, fake_panel, fake_params

REGIONS = ("north", "south")


@pytest.fixture(scope="module")
def known():
    params = fake_params()
    effects = fake_effects(params, fake_panel(params, regions=REGIONS), draws=3)
    grid = PlanGrid.of(effects, params, 4)
    return grid, baseline_of(effects, params, weeks=4).spend


def _read(path: Path, grid: PlanGrid):
    problems = Problems(path.parent)
    plan = read_plan(path, "scenarios.booked_plan", grid, problems)
    problems.raise_if_any()
    return plan.spend


def _refused(frame: pd.DataFrame, tmp_path: Path, grid: PlanGrid) -> str:
    path = tmp_path / "plan.csv"
    frame.to_csv(path, index=False)
    with pytest.raises(InputError) as error:
        _read(path, grid)
    return str(error.value)


@pytest.mark.parametrize("name", ["plan.csv", "plan.xlsx"])
def test_a_plan_is_read_as_it_was_written(known, tmp_path, name):
    grid, spend = known
    path = write_plan(plan_frame(spend, grid), tmp_path / name)
    read = _read(path, grid)
    assert list(read) == list(grid.channels)
    for channel, money in spend.items():
        np.testing.assert_allclose(read[channel], money, atol=0.006)


def test_order_of_rows_and_other_weeks_do_not_matter(known, tmp_path):
    grid, spend = known
    frame = plan_frame(spend, grid)
    later = frame[frame["week"] == frame["week"][0]].assign(week="2031-12-29", spend=7.0)
    shuffled = pd.concat([frame, later]).sample(frac=1, random_state=2).drop(columns="currency")
    path = write_plan(shuffled, tmp_path / "plan.csv")
    np.testing.assert_allclose(_read(path, grid)["search"], spend["search"], atol=0.006)


def test_dates_as_a_spreadsheet_keeps_them(known, tmp_path):
    grid, spend = known
    frame = plan_frame(spend, grid)
    frame["week"] = pd.to_datetime(frame["week"])
    path = tmp_path / "plan.xlsx"
    frame.to_excel(path, index=False, engine="xlsxwriter")
    np.testing.assert_allclose(_read(path, grid)["video"], spend["video"], atol=0.006)


def test_everything_wrong_is_said_at_once_by_row_and_column(known, tmp_path):
    grid, spend = known
    frame = plan_frame(spend, grid).astype({"spend": object})
    frame.loc[0, "channel"] = "serch"
    frame.loc[1, "spend"] = -5.0
    frame.loc[2, "currency"] = "EUR"
    frame.loc[3, "region"] = "west"
    frame.loc[4, "spend"] = "a lot"
    frame.loc[5, "spend"] = ""
    frame.loc[6, "week"] = "2026-01-07"
    frame.loc[9] = frame.loc[8]
    text = _refused(frame, tmp_path, grid)
    for words in (
        "plan.csv",
        "row 2, column channel: found 'serch'",
        "Did you mean 'search'?",
        "row 3, column spend: found '-5.0'; expected zero or more",
        "row 4, column currency: found 'EUR'; expected USD",
        "row 5, column region: found 'west'",
        "row 6, column spend",
        "row 7, column spend: found an empty cell; expected an amount; 0 for none",
        "row 8, column week: found 2026-01-07; expected a Monday",
        "row 11, column week: found social, north",
        "channel search, region north: found no 2025-12-29",
    ):
        assert words in text, words


def test_missing_weeks_channels_and_columns_are_named(known, tmp_path):
    grid, spend = known
    frame = plan_frame(spend, grid)
    text = _refused(frame[frame["week"] != frame["week"][1]], tmp_path, grid)
    assert "channel search, region north: found no 2026-01-05" in text
    assert "Write 0 for weeks without spend." in text
    text = _refused(frame[frame["channel"] != "video"], tmp_path, grid)
    assert "channel video, region south: found no rows; expected all 4 weeks" in text
    assert "column spend: found no such column" in _refused(
        frame.rename(columns={"spend": "spent"}), tmp_path, grid
    )


def test_a_plan_that_is_not_there_says_how_to_get_one(known, tmp_path):
    with pytest.raises(InputError, match="'mmm plan template' writes one"):
        _read(tmp_path / "plan.csv", known[0])


def test_a_channel_that_never_spent_has_no_known_effect(tmp_path):
    params = fake_params()
    effects = fake_effects(params, draws=3)
    effects["spend"].loc[{"channel": "video"}] = 0.0
    grid = PlanGrid.of(effects, params, 2)
    spend = {name: np.ones((1, 2)) for name in grid.channels}
    text = _refused(plan_frame(spend, grid), tmp_path, grid)
    assert "1.0 for video; expected a channel that spent money before" in text
    spend["video"] = np.zeros((1, 2))
    path = write_plan(plan_frame(spend, grid), tmp_path / "plan.csv")
    assert not _read(path, grid)["video"].any()


def test_before_the_data_is_there_names_and_amounts_are_checked(known, tmp_path):
    grid, spend = known
    early = PlanGrid(grid.channels, (), pd.DatetimeIndex([]), "USD")
    frame = plan_frame(spend, grid)
    path = write_plan(frame, tmp_path / "plan.csv")
    assert _read(path, early) == {}
    frame.loc[0, "channel"] = "radio"
    assert "row 2, column channel: found 'radio'" in _refused(frame, tmp_path, early)
