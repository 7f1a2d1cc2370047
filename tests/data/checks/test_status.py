"""Has everything arrived, and how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.checks.status import automatic_shares, read_status, status_findings
from mmmlib.estimates import NBSP
from mmmlib.findings import Finding, Level, Status
from mmmlib.params import Params
from mmmlib.reports.tables.data import arrival_table
from tests.data.conftest import small_params, weekly
from tests.small import mmm, write_workbook

Write = Callable[..., Path]
AS_OF = {"period": "2024-Q1", "as_of": "2024-03-25"}  # a week after the newest row


def params(**of_media: Any) -> Params:
    data = {
        "sources": {
            "media": {"path": "media.csv", "owner": "Ada", **of_media},
            "prices": {"path": "prices.csv", "delivery": "manual", "owner": "Grace"},
        }
    }
    return small_params(data=data, refresh=AS_OF)


@pytest.fixture
def folder(write: Write) -> Path:
    frame = weekly()
    write(frame[["date", "price"]], "prices.csv")
    return write(frame.drop(columns="price"))


def by_check(findings: list[Finding]) -> dict[tuple[str, str], Finding]:
    return {(finding.check, finding.subject): finding for finding in findings}


def test_what_has_arrived(folder: Path) -> None:
    arrived, error = read_status(params(), folder)
    assert error is None
    media, prices = arrived
    assert (media.rows, media.age, media.is_late, media.delivery) == (12, 7, False, "automatic")
    frame = weekly()
    assert media.spend == frame["search_spend"].sum() + frame["tv_spend"].sum()
    assert (prices.delivery, prices.spend) == ("by hand", 0.0)
    table = arrival_table(params(), arrived)
    assert table.column("State") == ("in time", "in time")


def test_shares_that_arrive_by_themselves(folder: Path) -> None:
    arrived, _ = read_status(params(), folder)
    assert automatic_shares(arrived) == {"sources": 0.5, "rows": 0.5, "spend": 1.0}
    found = by_check(status_findings(params(), arrived))
    assert found["data.automatic", "workbook"].status is Status.FLAG
    assert found["data.automatic_rows", "workbook"].value == 0.5
    assert found["data.automatic_spend", "workbook"].status is Status.OK
    assert "by hand: prices" in found["data.automatic", "workbook"].message


def test_the_limit_of_age_is_the_sources(folder: Path) -> None:
    asked = params(max_age_days=6, late="block")
    arrived, _ = read_status(asked, folder)
    finding = by_check(status_findings(asked, arrived))["data.freshness", "media"]
    assert (finding.level, finding.value, finding.limit) == (Level.BLOCK, 7.0, 6.0)
    assert "Ada" in finding.action


def test_a_source_that_is_missing_does_not_hide_the_others(folder: Path) -> None:
    (folder / "media.csv").unlink()
    arrived, error = read_status(params(), folder)
    assert error is not None
    assert "media.csv" in str(error)
    assert [one.newest is None for one in arrived] == [True, False]
    finding = by_check(status_findings(params(), arrived))["data.freshness", "media"]
    assert finding.status is Status.FLAG


def test_a_source_that_lost_its_dates_is_late(folder: Path) -> None:
    pd.DataFrame({"date": ["soon"], "price": [1]}).to_csv(folder / "prices.csv", index=False)
    arrived, error = read_status(params(), folder)
    assert error is not None
    assert [one.is_late for one in arrived] == [False, True]


# --- the command -------------------------------------------------------------------


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return write_workbook(tmp_path / "workbook")


def test_exit_codes_for_schedulers(workbook: Path) -> None:
    good = mmm("data", "status", workbook)
    assert (good.returncode, good.stderr) == (0, "")
    assert "in time" in good.stdout
    assert f"100{NBSP}% of spend" in good.stdout
    age = ["--set", "data.sources.media.max_age_days=3"]
    late = mmm("data", "status", workbook, *age)
    assert late.returncode == 0
    assert "late: media: The newest row is of 2025-12-22" in late.stdout
    blocked = mmm("data", "status", workbook, *age, "--set", "data.sources.media.late=block")
    assert blocked.returncode == 2
    assert "late data blocks: media" in blocked.stderr
    assert mmm("data", "status", workbook, *age, "--strict").returncode == 2


def test_a_missing_source_leaves_with_one(workbook: Path) -> None:
    answer = mmm("data", "status", workbook, "--set", "data.sources.media.path=medi.csv")
    assert answer.returncode == 1
    assert "not readable" in answer.stdout
    assert "medi.csv" in answer.stderr
    assert "Data team" in answer.stdout


def test_the_policy_may_let_late_data_block(workbook: Path) -> None:
    policy = workbook.parent / "governance" / "policy.yaml"
    rule = "rules:\n  - {check: data.freshness, gate: block, reason: we plan by it}\n"
    policy.write_text(policy.read_text().replace("rules:\n", rule, 1))
    late = mmm("data", "status", workbook, "--set", "data.sources.media.max_age_days=3")
    assert late.returncode == 2


def test_daily_rows_are_as_old_as_their_newest_day(write: Write) -> None:
    days = pd.date_range("2024-01-01", "2024-03-23")  # a Saturday: its week is not whole yet
    daily = pd.DataFrame({"date": days, "search_spend": 1.0, "tv_spend": 2.0, "revenue": 9.0})
    frame = weekly()
    write(frame[["date", "price"]], "prices.csv")
    arrived, error = read_status(params(grain="day"), write(daily))
    assert error is None
    assert (arrived[0].age, arrived[0].rows) == (2, len(days))
