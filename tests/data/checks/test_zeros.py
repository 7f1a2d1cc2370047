"""Zeros that nobody may have measured block until they are declared real, or are cut off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.checks.zeros import unlikely_amid, unlikely_ends
from mmmlib.findings import Level
from tests.data.checks.test_checks import WEEKS, Write, flags, healthy, run_checks
from tests.data.conftest import sources

REVENUE = "outcome:revenue.pooled"


@pytest.mark.parametrize("weeks", [3, 8, 24])
@pytest.mark.parametrize("where", ["head", "tail"])
def test_an_outcome_that_is_zero_at_an_end_blocks_and_nothing_else_explains_it(
    write: Write, weeks: int, where: str
) -> None:
    frame = healthy()
    frame.loc[frame.index[:weeks] if where == "head" else frame.index[-weeks:], "revenue"] = 0.0
    found = flags(run_checks(write, frame))
    assert list(found) == [("data.zero_run", REVENUE)]
    finding = found["data.zero_run", REVENUE]
    assert (finding.level, finding.value) == (Level.BLOCK, float(weeks))
    assert "outcomes.revenue.zeros: real" in finding.action
    key = "starts" if where == "head" else "ends"
    assert f"outcomes.revenue.{key}: " in finding.action


def test_zeros_that_are_declared_real_or_cut_off_pass(write: Write) -> None:
    frame = healthy()
    frame.loc[WEEKS - 8 :, "revenue"] = 0.0
    revenue = {"kind": "revenue", "column": "revenue"}
    real = {"revenue": revenue | {"zeros": "real"}}
    assert flags(run_checks(write, frame, outcomes=real)) == {}
    said = flags(run_checks(write, frame))["data.zero_run", REVENUE].action
    day = said.split("outcomes.revenue.ends: ")[1][:10]
    cut = {"revenue": revenue | {"ends": day}}
    assert flags(run_checks(write, frame, outcomes=cut)) == {}


def test_spend_that_falls_silent_blocks_and_one_that_begins_later_warns(write: Write) -> None:
    frame = healthy()
    frame.loc[WEEKS - 24 :, "tv_spend"] = 0.0
    found = flags(run_checks(write, frame))
    assert list(found) == [("data.zero_run", "tv")]
    assert found["data.zero_run", "tv"].level is Level.BLOCK
    frame = healthy()
    frame.loc[:24, "tv_spend"] = 0.0
    found = flags(run_checks(write, frame))
    assert list(found) == [("data.zero_run", "tv")]
    assert found["data.zero_run", "tv"].level is Level.WARN
    assert "channels.tv.starts: 2024-06-24" in found["data.zero_run", "tv"].action


def test_a_motion_that_is_zero_from_some_week_blocks(write: Write) -> None:
    frame = healthy().assign(sales=500.0 + np.arange(WEEKS) % 7)
    frame.loc[WEEKS - 8 :, "sales"] = 0.0
    motions = {"self_serve": {"column": "revenue"}, "sales": {"column": "sales"}}
    found = flags(
        run_checks(write, frame, outcomes={"revenue": {"kind": "revenue", "motions": motions}})
    )
    assert list(found) == [("data.zero_run", "outcome:revenue.sales")]
    action = found["data.zero_run", "outcome:revenue.sales"].action
    assert "outcomes.revenue.motions.sales.zeros: real" in action


@pytest.mark.parametrize("span", [slice(WEEKS - 8, None), slice(0, 60), slice(2, 102)])
def test_one_region_of_zeros_is_named(write: Write, span: slice) -> None:
    rng = np.random.default_rng(2)
    north, south = healthy(), healthy()
    south["revenue"] = 1000 + 20 * rng.normal(size=WEEKS)
    south.loc[south.index[span], "revenue"] = 0.0
    frame = pd.concat([north.assign(region="north"), south.assign(region="south")])
    found = flags(
        run_checks(write, frame, data=sources(region="region"), model={"geography": "regional"})
    )
    assert list(found.values())
    assert {subject for _, subject in found} == {REVENUE}
    (finding,) = found.values()
    assert finding.level is Level.BLOCK
    assert "region 'south'" in finding.message


def test_pauses_that_are_a_habit_are_likely() -> None:
    """A flight of four weeks in every twenty, and deals that are rare."""
    flights = np.where(np.arange(156) % 20 < 4, 50.0, 0.0)
    assert unlikely_ends(flights[:150], 8) == (0, 0)
    rng = np.random.default_rng(3)
    for _ in range(200):
        deals = rng.poisson(0.7, 156).astype(float)
        assert unlikely_ends(deals, 3) == (0, 0)
    steady = rng.poisson(0.7, 156).astype(float)
    steady[-24:] = 0.0
    assert unlikely_ends(steady, 3)[1] >= 24


def test_too_few_active_weeks_say_nothing() -> None:
    assert unlikely_ends(np.zeros(100), 3) == (0, 0)
    assert unlikely_ends(np.r_[np.zeros(50), np.ones(5), np.zeros(50)], 3) == (0, 0)


def test_the_longest_run_amid_a_series() -> None:
    values = np.ones(120)
    values[10:110] = 0.0
    assert unlikely_amid(values) == (100, 10)
    assert unlikely_amid(np.arange(60.0) % 2) == (0, 0)
