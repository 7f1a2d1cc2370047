"""Spend beside its exposure: declared in the parameters, or delivered beside the spend."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from mmmlib.findings import Level
from mmmlib.phrases import date_text
from tests.data.checks.test_checks import Write, flags, healthy, run_checks

BESIDE = {"search": {"spend": "search.spend"}, "tv": {"spend": "tv_spend"}}


def delivered() -> pd.DataFrame:
    """An ad platform's columns: impressions are there, and no parameter names them."""
    return healthy().rename(
        columns={"search_spend": "search.spend", "search_views": "search.impressions"}
    )


def test_a_budget_that_moved_is_told_for_information(write: Write) -> None:
    frame = healthy()
    frame["search_spend"] = 100 + frame["search_spend"] / 10
    frame.loc[60:, "search_spend"] *= 3
    frame["search_views"] = 100 * frame["search_spend"]
    found = flags(run_checks(write, frame))
    assert set(found) == {
        ("data.level_shift", "spend:search"),
        ("data.level_shift", "exposure:search"),
    }
    assert {finding.level for finding in found.values()} == {Level.INFO}


def test_spend_that_took_fees_in_moves_its_price(write: Write) -> None:
    frame = healthy()
    frame.loc[60:, "search_spend"] *= 1.4
    finding = flags(run_checks(write, frame))["data.cost_level", "search"]
    assert finding.level is Level.WARN
    assert date_text(dt.date.fromisoformat(frame["date"][60])) in finding.message
    assert "spend per search_views" in finding.message


def test_what_is_delivered_beside_the_spend_is_looked_at_too(write: Write) -> None:
    assert flags(run_checks(write, delivered(), channels=BESIDE)) == {}
    frame = delivered()
    frame.loc[50:55, "search.impressions"] = 0
    frame.loc[60:, "search.spend"] *= 1.4
    found = flags(run_checks(write, frame, channels=BESIDE))
    assert "spend but no search.impressions" in (
        found["data.spend_without_exposure", "search"].message
    )
    assert ("data.cost_level", "search") in found


def test_without_any_exposure_nothing_is_said(write: Write) -> None:
    channels = {"search": {"spend": "search_spend"}, "tv": {"spend": "tv_spend"}}
    checks = {finding.check for finding in run_checks(write, healthy(), channels=channels)}
    assert not {check for check in checks if "exposure" in check or "cost" in check}
