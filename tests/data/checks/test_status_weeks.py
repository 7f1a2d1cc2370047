"""On which day weeks start: told where sources disagree, or where it would be a guess."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.panel.build import read_and_build
from mmmlib.findings import Finding, Level, Status
from tests.data.conftest import small_params, weekly, weekly_by_day

SPEND = ["search_spend", "tv_spend"]


def dated(frame: pd.DataFrame, day: int) -> pd.DataFrame:
    """Date weeks of Monday to Sunday by another of their days."""
    days = pd.to_datetime(frame["date"]) + pd.Timedelta(days=day)
    return frame.assign(date=days.dt.strftime("%Y-%m-%d"))


def said(folder: Path, declared: str | None = None, **sources: Any) -> dict[str, Finding]:
    """Build, and return what is said of the weeks of every source."""
    data = {"sources": sources, "week_start": declared}
    params = small_params(data=data)
    found = check_panel(params, read_and_build(params, folder))
    return {one.subject: one for one in found if one.check == "data.week_start"}


def put(folder: Path, day: int, parts: bool) -> dict[str, Any]:
    """Write outcomes dated by Mondays, and spend of the same weeks by another day."""
    weekly().drop(columns=SPEND).to_csv(folder / "media.csv", index=False)
    ads = dated(weekly()[["date", *SPEND]], day)
    if not parts:
        ads.to_csv(folder / "ads.csv", index=False)
        return {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv"}}
    (folder / "ads").mkdir()
    ads.iloc[:6].to_csv(folder / "ads" / "a.csv", index=False)
    ads.iloc[6:].to_csv(folder / "ads" / "b.csv", index=False)
    return {"media": {"path": "media.csv"}, "ads": {"path": "ads"}}


@pytest.mark.parametrize("parts", [False, True])
def test_sources_whose_weeks_are_dated_otherwise_block(tmp_path: Path, parts: bool) -> None:
    found = said(tmp_path, **put(tmp_path, 6, parts))
    assert (found["ads"].level, found["ads"].value) == (Level.BLOCK, "Sundays")
    assert "data.week_start" in found["ads"].action
    assert found["media"].status is Status.OK


@pytest.mark.parametrize("parts", [False, True])
def test_the_last_day_of_declared_weeks_is_no_fault(tmp_path: Path, parts: bool) -> None:
    found = said(tmp_path, "monday", **put(tmp_path, 6, parts))
    assert {one.status for one in found.values()} == {Status.OK}
    assert "the last day of weeks that start on Monday" in found["ads"].message


@pytest.mark.parametrize("parts", [False, True])
def test_a_day_amid_declared_weeks_is_worth_a_look(tmp_path: Path, parts: bool) -> None:
    found = said(tmp_path, "monday", **put(tmp_path, 2, parts))
    assert (found["ads"].level, found["ads"].value) == (Level.WARN, "Wednesdays")


@pytest.mark.parametrize(("day", "level"), [(6, Level.WARN), (5, Level.WARN), (0, Level.INFO)])
def test_days_beside_weeks_of_other_than_mondays(tmp_path: Path, day: int, level: Level) -> None:
    """A Sunday is the first day of a week in one country, the last one in another."""
    dated(weekly().drop(columns=SPEND), day).to_csv(tmp_path / "media.csv", index=False)
    weekly_by_day()[["date", *SPEND]].to_csv(tmp_path / "ads.csv", index=False)
    sources = {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv", "grain": "day"}}
    found = said(tmp_path, **sources)
    assert found["media"].level is level
    assert found["ads"].status is Status.OK
    if day == 6:
        assert "'sunday' if that is their first day, 'monday' if it is the last" in (
            found["media"].action
        )
        assert said(tmp_path, "sunday", **sources)["media"].status is Status.OK
        assert said(tmp_path, "monday", **sources)["media"].status is Status.OK


@pytest.mark.parametrize("parts", [False, True])
def test_weeks_that_all_are_dated_alike_need_no_word(tmp_path: Path, parts: bool) -> None:
    sources = put(tmp_path, 6, parts)
    dated(weekly().drop(columns=SPEND), 6).to_csv(tmp_path / "media.csv", index=False)
    found = said(tmp_path, **sources)
    assert {one.status for one in found.values()} == {Status.OK}


def test_days_are_summed_to_the_weeks_of_the_panel(tmp_path: Path) -> None:
    """Also where the first source and the outcome's are dated by different days."""
    dated(weekly()[["date", "price"]], 6).to_csv(tmp_path / "prices.csv", index=False)
    weekly()[["date", "revenue"]].to_csv(tmp_path / "sales.csv", index=False)
    weekly_by_day()[["date", *SPEND]].to_csv(tmp_path / "ads.csv", index=False)
    paths = {"prices": {"path": "prices.csv"}, "sales": {"path": "sales.csv"}}
    sources = {**paths, "ads": {"path": "ads.csv", "grain": "day"}}
    params = small_params(data={"sources": sources})
    built = read_and_build(params, tmp_path)
    ads = built.sources["ads"]
    assert set(ads.dates.dt.day_of_week) == {built.calendar.start}
    found = [f for f in check_panel(params, built) if f.check == "data.week_start"]
    assert {f.subject: f.level for f in found} == {
        "prices": Level.INFO,
        "sales": Level.BLOCK,
        "ads": Level.INFO,
    }


@pytest.mark.parametrize(
    "named",
    [
        {"events": {"sale": {"start": "2024-01-15", "end": "2024-01-20"}}},
        {"model": {"holidays": {"country": "DE"}}},
        {
            "lift_tests": {
                "first": {
                    "channel": "search",
                    "outcome": "revenue",
                    "start": "2024-01-15",
                    "end": "2024-01-28",
                    "spend_change": 50,
                    "incremental_outcome": 250,
                    "standard_error": 90,
                }
            }
        },
    ],
)
@pytest.mark.parametrize(
    ("day", "declared", "status"),
    [
        (6, None, Status.FLAG),
        (0, None, Status.OK),
        (6, "monday", Status.OK),
        (6, "sunday", Status.OK),
    ],
)
def test_a_lone_source_beside_days_is_not_taken_on_trust(
    tmp_path: Path, named: dict[str, Any], day: int, declared: str | None, status: Status
) -> None:
    """Sundays may end the week: then everything that has a day would be six days off."""
    dated(weekly(), day).to_csv(tmp_path / "media.csv", index=False)
    data = {"sources": {"media": {"path": "media.csv"}}, "week_start": declared}
    params = small_params(data=data, **named)
    found = check_panel(params, read_and_build(params, tmp_path))
    (finding,) = [one for one in found if one.check == "data.week_start"]
    assert finding.status is status
    if status is Status.FLAG:
        assert finding.level is Level.WARN
        assert "taken for the first" in finding.message
        assert "'monday' if it is the last" in finding.action
