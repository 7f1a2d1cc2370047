"""Health of the data: each check flags what was planted and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.panel.build import read_and_build
from mmmlib.findings import Finding, Level, Status, checks_of
from tests.data.conftest import small_params, sources, weekly

Write = Callable[..., Path]
AS_OF = {"period": "2026-Q1", "as_of": "2025-12-31"}
FIRST = "2024-01-01"
WEEKS = 104


def healthy() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    spend = rng.uniform(50, 150, (WEEKS, 2))
    return weekly(WEEKS, FIRST).assign(
        revenue=1000 + 20 * rng.normal(size=WEEKS),
        search_spend=spend[:, 0],
        search_views=100 * spend[:, 0],
        tv_spend=spend[:, 1],
        price=10 + rng.normal(size=WEEKS) / 10,
    )


def run_checks(write: Write, frame: pd.DataFrame, **sections: Any) -> list[Finding]:
    channels = {
        "search": {"spend": "search_spend", "exposure": "search_views"},
        "tv": {"spend": "tv_spend"},
    }
    params = small_params(**({"refresh": AS_OF, "channels": channels} | sections))
    return check_panel(params, read_and_build(params, write(frame)))


def flags(findings: list[Finding]) -> dict[tuple[str, str], Finding]:
    return {(f.check, f.subject): f for f in findings if f.status is not Status.OK}


def test_healthy_data_has_no_flag_and_every_check_speaks(write: Write) -> None:
    findings = run_checks(write, healthy())
    assert flags(findings) == {}
    asked_for = {
        "data.contract", "data.days", "data.events", "data.rates", "data.price_level",
        "data.rows_kept", "data.left_out", "data.lift_tests", "data.unmapped", "data.excluded",
        "data.unused_spend", "data.taxonomy_overlap", "data.taxonomy_dead",
        "data.taxonomy_version", "data.taxonomy_lost", "data.taxonomy_history",
    }  # fmt: skip
    assert {finding.check for finding in findings} == set(checks_of("data")) - asked_for


def test_zeros_amid_an_outcome(write: Write) -> None:
    frame = healthy()
    frame.loc[[40, 41, 42, 43], "revenue"] = 0.0
    found = flags(run_checks(write, frame))["data.zero_gap", "outcome:revenue.pooled"]
    assert (found.value, found.limit) == (4.0, 3.0)
    assert str((pd.Timestamp(FIRST) + pd.Timedelta(weeks=40)).date()) in found.message
    frame.loc[:, "revenue"] = frame["revenue"].where(frame.index % 5 > 0, 0.0)
    assert ("data.zero_gap", "outcome:revenue.pooled") not in flags(run_checks(write, frame))


def test_an_outlier_that_agrees_with_an_event_is_told_as_such(write: Write) -> None:
    frame = healthy()
    frame.loc[40, "revenue"] *= 3
    day = pd.Timestamp(FIRST) + pd.Timedelta(weeks=40)
    event = {"start": str(day.date()), "end": str(day.date())}
    findings = run_checks(write, frame, events={"sale": event})
    (found,) = [
        f for f in findings if (f.check, f.subject) == ("data.outliers", "outcome:revenue.pooled")
    ]
    assert found.status is Status.OK
    assert found.message.endswith(f"1 odd week agrees with an event: {day.date()}.")


def test_late_source_names_its_owner(write: Write) -> None:
    late = {"period": "2026-Q1", "as_of": "2026-02-10"}
    data = sources(max_age_days=30, owner="Ada Lovelace")
    found = flags(run_checks(write, healthy(), refresh=late, data=data))
    finding = found["data.freshness", "media"]
    assert (finding.level, finding.value, finding.limit) == (Level.WARN, 50.0, 30.0)
    assert "Ada Lovelace" in finding.action
    assert list(found) == [("data.freshness", "media")]


def test_the_general_limit_of_age_holds_where_the_source_has_none(write: Write) -> None:
    late = {"period": "2026-Q1", "as_of": "2026-02-10"}
    data = {**sources(), "limits": {"max_age_days": 49}}
    assert ("data.freshness", "media") in flags(
        run_checks(write, healthy(), refresh=late, data=data)
    )
    data = {**sources(), "limits": {"max_age_days": 50}}
    assert flags(run_checks(write, healthy(), refresh=late, data=data)) == {}


def test_rows_from_the_future(write: Write) -> None:
    early = {"period": "2026-Q1", "as_of": "2025-12-15"}
    found = flags(run_checks(write, healthy(), refresh=early))
    assert found["data.future", "media"].value == 1.0


def test_a_source_that_ends_early(write: Write) -> None:
    frame = healthy()
    prices = frame[["date", "price"]].iloc[:-3]
    write(prices, "prices.csv")
    data = {"sources": {"media": {"path": "media.csv"}, "prices": {"path": "prices.csv"}}}
    found = flags(run_checks(write, frame.drop(columns="price"), data=data))
    assert found["data.coverage", "prices"].value == 3.0


def test_a_source_whose_weeks_start_on_another_day(write: Write) -> None:
    frame = healthy()
    prices = frame[["date", "price"]].copy()
    days = pd.to_datetime(prices["date"]) + pd.Timedelta(days=6)
    write(prices.assign(date=days.dt.strftime("%Y-%m-%d")), "prices.csv")
    data = {"sources": {"media": {"path": "media.csv"}, "prices": {"path": "prices.csv"}}}
    found = flags(run_checks(write, frame.drop(columns="price"), data=data))
    assert found["data.week_start", "prices"].value == "Sundays"


def test_manual_sources_are_told_but_do_not_warn(write: Write) -> None:
    found = flags(run_checks(write, healthy(), data=sources(delivery="manual")))
    finding = found["data.automatic", "workbook"]
    assert (finding.level, finding.value) == (Level.INFO, 0.0)
    assert "media" in finding.message


def test_filled_cells(write: Write) -> None:
    frame = healthy().astype(object)
    frame.loc[10:14, "price"] = ""
    found = flags(run_checks(write, frame, data=sources(gaps="interpolate")))
    finding = found["data.imputed", "control:price"]
    assert finding.value == pytest.approx(5 / WEEKS)
    assert list(found) == [("data.imputed", "control:price")]


def test_an_outlier_unless_an_event_explains_it(write: Write) -> None:
    frame = healthy()
    frame.loc[50, "revenue"] = 2000
    found = flags(run_checks(write, frame))
    assert "2024-12-16" in found["data.outliers", "outcome:revenue.pooled"].message
    events = {"gala": {"start": "2024-12-16", "end": "2024-12-22"}}
    assert flags(run_checks(write, frame, events=events)) == {}


def test_a_level_that_moves_for_good(write: Write) -> None:
    frame = healthy()
    frame.loc[60:, "revenue"] *= 1.5
    finding = flags(run_checks(write, frame))["data.level_shift", "outcome:revenue.pooled"]
    assert isinstance(finding.value, float)
    assert finding.value == pytest.approx(0.5, abs=0.03)


def test_a_channel_that_stopped(write: Write) -> None:
    frame = healthy()
    frame.loc[WEEKS - 9 :, ["search_spend", "search_views"]] = 0
    found = flags(run_checks(write, frame))
    assert found["data.zero_run", "search"].value == 9.0
    assert list(found) == [("data.zero_run", "search")]


def test_spend_and_exposure_that_part(write: Write) -> None:
    frame = healthy()
    frame.loc[10:14, "search_views"] = 0
    found = flags(run_checks(write, frame))
    assert list(found) == [("data.spend_without_exposure", "search")]
    frame = healthy()
    frame.loc[10:14, "search_spend"] = 0
    found = flags(run_checks(write, frame))
    assert list(found) == [("data.exposure_without_spend", "search")]
