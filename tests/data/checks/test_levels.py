"""Levels that move with a new delivery, for a while, or that no unit explains."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.checks.levels import known_factor
from mmmlib.data.checks.signals import (
    level_shift,
    new_factor,
    passing_break,
    share_of_neighbours,
    without_steps,
)
from mmmlib.data.history.restatement import Learned
from mmmlib.data.ingest import check_data, ingest
from mmmlib.data.panel.build import read_and_build
from mmmlib.findings import Finding, Level
from mmmlib.runs import Manifest, Run, write_atomic
from tests.data.checks.test_checks import AS_OF, FIRST, WEEKS, Write, flags, healthy, run_checks
from tests.data.conftest import small_params, sources

SEARCH = "spend:search"


def held_against(
    write: Write, frame: pd.DataFrame, new: int, **of_search: object
) -> dict[tuple[str, str], Finding]:
    """Flags of a delivery of which some weeks are new."""
    params = small_params(refresh=AS_OF)
    channels = {name: one.model_dump() for name, one in params.channels.items()}
    channels["search"] |= of_search
    params = small_params(refresh=AS_OF, channels=channels)
    ended = pd.Timestamp(FIRST) + (WEEKS - new - 1) * pd.Timedelta(days=7)
    built = read_and_build(params, write(frame.drop(columns="search_views")))
    return flags(check_panel(params, built, Learned(ended=ended)))


@pytest.mark.parametrize("new", [1, 4, 13])
@pytest.mark.parametrize("factor", [1000.0, 0.01])
def test_a_delivery_in_another_unit_warns(write: Write, new: int, factor: float) -> None:
    frame = healthy()
    frame["search_spend"] = 100 + frame["search_spend"] / 10
    frame.loc[WEEKS - new :, "search_spend"] *= factor
    finding = held_against(write, frame, new)["data.new_weeks", SEARCH]
    assert finding.level is Level.WARN
    assert "where the last refresh ended" in finding.message
    assert ("a factor of 1,000" if factor > 1 else "a hundredth") in finding.message


@pytest.mark.parametrize(("factor", "level"), [(14.9, Level.WARN), (2.0, Level.INFO)])
def test_a_vast_move_of_the_newest_weeks_warns_in_a_first_refresh_too(
    write: Write, factor: float, level: Level
) -> None:
    """Noise hides which unit it is: 14.9 times is no power of ten, and no plan rests on it."""
    frame = healthy()
    frame["search_spend"] = 100 + frame["search_spend"] / 10
    frame.loc[WEEKS - 6 :, "search_spend"] *= factor
    assert held_against(write, frame, 0)["data.new_weeks", SEARCH].level is level


def test_fees_that_begin_with_a_delivery_warn_and_a_steady_channel_does_not(write: Write) -> None:
    frame = healthy()
    frame["search_spend"] = 100 + frame["search_spend"] / 100
    assert held_against(write, frame, 4) == {}
    frame.loc[WEEKS - 4 :, "search_spend"] *= 1.15
    assert list(held_against(write, frame, 4)) == [("data.new_weeks", SEARCH)]


@pytest.mark.parametrize("day", ["2025-11-03", "2025-11-05", "2025-11-09"])
def test_a_budget_that_really_moved_is_declared_by_its_day(write: Write, day: str) -> None:
    frame = healthy()
    frame["search_spend"] = 100 + frame["search_spend"] / 100
    moved = frame.copy()
    new = 8  # from the week of 2025-11-03 on
    moved.loc[WEEKS - new :, "search_spend"] *= 3
    finding = held_against(write, moved, new)["data.new_weeks", SEARCH]
    assert "name that day in new_levels of the channel" in finding.action
    declared = held_against(write, moved, new, new_levels=[day])
    assert ("data.new_weeks", SEARCH) not in declared
    assert ("data.level_shift", SEARCH) not in declared
    # It stays declared as weeks go by, and hides no other move.
    assert ("data.new_weeks", SEARCH) not in held_against(write, moved, 2, new_levels=[day])
    moved.loc[WEEKS - 2 :, "search_spend"] *= 1000
    finding = held_against(write, moved, 2, new_levels=[day])["data.new_weeks", SEARCH]
    assert "a factor of 1,000" in finding.message


def test_steps_are_taken_out_one_by_one() -> None:
    values = np.r_[np.full(40, 100.0), np.full(30, 300.0), np.full(30, 150.0)]
    assert np.allclose(without_steps(values, [70, 40]), 150.0)
    assert np.allclose(without_steps(values, [0, 100, 500]), values)
    stopped = np.r_[np.full(60, 10.0), np.zeros(40)]
    assert np.allclose(without_steps(stopped, [60]), stopped)


def test_the_last_refresh_says_where_the_new_weeks_begin(write: Write) -> None:
    """Through the runs on disk, as a refresh and a check see them."""
    frame = healthy().drop(columns="search_views")
    frame["search_spend"] = 100 + frame["search_spend"] / 100
    params = small_params(refresh=AS_OF)
    folder = write(frame.iloc[:-4])
    path = folder / "runs" / "fake-2025-Q4-a"
    manifest = Manifest(
        run=path.name, workbook="fake", period="2025-Q4", created=dt.datetime.now(dt.UTC)
    )
    write_atomic(path / "manifest.json", manifest.model_dump_json().encode())
    ingest(params, Run(path), folder)
    done = manifest.model_copy(update={"status": "done"})
    write_atomic(path / "manifest.json", done.model_dump_json().encode())
    frame.loc[WEEKS - 4 :, "search_spend"] *= 1.15
    write(frame)
    found = flags(check_data(params, folder, folder / "runs")[1])
    assert "where the last refresh ended" in found["data.new_weeks", SEARCH].message
    assert found["data.new_weeks", SEARCH].level is Level.WARN
    alone = flags(check_data(params, folder, folder / "none")[1])["data.new_weeks", SEARCH]
    assert alone.level is Level.INFO  # a budget may move at any time
    assert "last refresh" not in alone.message


def test_a_young_move_needs_no_last_refresh(write: Write) -> None:
    frame = healthy()
    frame.loc[WEEKS - 6 :, ["tv_spend"]] *= 100
    finding = flags(run_checks(write, frame))["data.new_weeks", "spend:tv"]
    assert finding.level is Level.WARN
    assert "a factor of 100" in finding.message
    frame = healthy()
    frame.loc[WEEKS - 6 :, "revenue"] *= 1.5
    assert ("data.new_weeks", "outcome:revenue.pooled") in flags(run_checks(write, frame))


def test_a_step_by_a_rate_says_so(write: Write) -> None:
    write("currency,from,rate\nGBP,2023-01-01,1.17\nUSD,2023-01-01,0.86\n", "rates.csv")
    frame = healthy()
    frame["tv_spend"] = 100 + frame["tv_spend"] / 100
    frame.loc[WEEKS - 6 :, "tv_spend"] *= 1.17
    found = flags(run_checks(write, frame, data=sources() | {"rates": "rates.csv"}))
    assert "near the rate of GBP" in found["data.new_weeks", "spend:tv"].message
    assert known_factor(1 / 1.17, {"GBP": 1.17}) != ""
    assert known_factor(1.0, {"CHF": 1.02}) == ""


def test_a_fall_cannot_pass_all_of_it(write: Write) -> None:
    frame = healthy()
    frame["tv_spend"] = np.r_[np.full(70, 400.0), np.full(WEEKS - 70, 40.0)]
    frame["tv_spend"] += np.arange(WEEKS) % 3
    finding = flags(run_checks(write, frame))["data.level_shift", "spend:tv"]
    assert "−89" in finding.message or "−90" in finding.message
    assert "a tenth" in finding.message
    shift = level_shift(np.r_[np.full(90, 400.0), np.zeros(40)] + 0.1)
    assert shift is not None
    assert -1 <= shift[0] < -0.99


def test_a_break_that_ends_is_named(write: Write) -> None:
    frame = healthy()
    frame.loc[50:61, ["search_spend", "search_views", "tv_spend"]] *= 0.2
    finding = flags(run_checks(write, frame))["data.break", "spend"]
    assert "All channels together moved by −" in finding.message
    assert "12 weeks (2024-12-16 to 2025-03-09)" in finding.message.replace(
        "2025-03-03", "2025-03-09"
    )
    frame = healthy()
    frame.loc[50:61, "revenue"] *= 0.6
    assert ("data.break", "outcome:revenue.pooled") in flags(run_checks(write, frame))
    closed = {"closed": {"start": "2024-12-16", "end": "2025-03-09"}}
    assert ("data.break", "outcome:revenue.pooled") not in flags(
        run_checks(write, frame, events=closed)
    )


def test_one_flight_and_a_season_are_no_breaks(write: Write) -> None:
    frame = healthy()
    frame.loc[50:61, ["search_spend", "search_views"]] *= 3
    assert ("data.break", "spend") not in flags(run_checks(write, frame))
    values = np.full(120, 100.0) + np.arange(120) % 5
    values[[*range(20, 26), *range(72, 78)]] *= 1.8
    found = passing_break(values)
    assert found is not None
    assert not found[3]
    step = np.r_[np.full(60, 100.0), np.full(60, 50.0)]
    assert share_of_neighbours(step, 60, 10) == 0.0


@pytest.mark.parametrize(
    ("factor", "level"), [(1e-6, Level.BLOCK), (1e-3, Level.WARN), (100.0, Level.WARN), (1.0, None)]
)
def test_spend_in_another_unit_than_the_outcome(
    write: Write, factor: float, level: Level | None
) -> None:
    frame = healthy()
    frame[["search_spend", "tv_spend"]] *= factor
    finding = flags(run_checks(write, frame)).get(("data.magnitude", "outcome:revenue.pooled"))
    assert (finding.level if finding else None) == level
    assert finding is None or "same unit?" in finding.message


def test_a_count_and_a_value_per_unit_have_magnitudes_too(write: Write) -> None:
    frame = healthy().assign(leads=10.0 + np.arange(WEEKS) % 4, worth=100.0)
    leads = {"kind": "count", "unit": "leads", "column": "leads"}
    counted = run_checks(write, frame, outcomes={"leads": leads})
    assert flags(counted) == {}
    frame[["search_spend", "tv_spend"]] *= 1e-6
    found = flags(run_checks(write, frame, outcomes={"leads": leads}))
    assert (
        "per unit of the outcome (leads)" in found["data.magnitude", "outcome:leads.pooled"].message
    )
    frame = healthy().assign(leads=10.0 + np.arange(WEEKS) % 4, worth=100_000_000.0)
    worth = {"leads": leads | {"value_per_unit": "worth"}}
    finding = flags(run_checks(write, frame, outcomes=worth))[
        "data.magnitude", "outcome:leads.pooled"
    ]
    assert finding.level is Level.BLOCK
    assert "worth" in finding.action


def test_too_short_a_past_says_nothing() -> None:
    assert new_factor(np.full(40, 5.0), 4) is None
    assert passing_break(np.full(60, 5.0)) is None
