"""What is due when: refreshes by their kind, follow-ups, and the file for calendars."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from mmmlib.governance.calendar import CalendarItem, calendar_items, calendar_line, icalendar
from mmmlib.governance.policy import Policy, read_policy
from mmmlib.governance.records import Decision, Publication, Record
from mmmlib.governance.roles import read_roles
from mmmlib.governance.store import Entry

ROOT = Path(__file__).parents[2]
POLICY = read_policy(ROOT / "params" / "governance" / "policy.yaml")
ROLES = read_roles(ROOT / "params" / "governance" / "roles.yaml")
TODAY = dt.date(2026, 8, 10)


def entry(kind: str, record: Record) -> Entry:
    return Entry(1, kind, "", "2026-07-20T09:00:00+00:00", record.body(), "", "")


def published(period: str) -> Entry:
    return entry(
        "publication",
        Publication(
            run=f"demo-{period}-00000000",
            workbook="demo",
            period=period,
            digest="",
            release="APPROVED",
            audience="everyone",
            policy_version="1",
            folder="",
            signed_by=(),
        ),
    )


def items(*entries: Entry, policy: Policy = POLICY, period: str = "2026-Q2") -> list[CalendarItem]:
    return calendar_items(entries, "demo", policy, ROLES, period, TODAY)


@pytest.mark.parametrize(
    ("entries", "period", "quarter", "month"),
    [
        ((), "2026-Q2", (7, 21, "2026-Q2"), (7, 10, "2026-06")),
        ((published("2026-Q2"),), "2026-Q2", (10, 21, "2026-Q3"), (7, 10, "2026-06")),
        ((published("2026-07"),), "2026-07", (10, 21, "2026-Q3"), (9, 10, "2026-08")),
        ((published("2026-Q3"),), "2026-Q3", (1, 21, "2026-Q4"), (10, 10, "2026-09")),
    ],
)
def test_each_kind_of_refresh_is_due_after_its_period(
    entries: tuple[Entry, ...],
    period: str,
    quarter: tuple[int, int, str],
    month: tuple[int, int, str],
) -> None:
    found = {one.what.split()[0]: one for one in items(*entries, period=period)}
    for one, (mon, day, name) in ((found["Quarterly"], quarter), (found["Monthly"], month)):
        assert (one.day.month, one.day.day) == (mon, day)
        assert one.what.endswith(name)
    assert found["Quarterly"].who == "Mirko Vidal (MMM Product Owner)"


def test_a_kind_that_the_policy_does_not_name_is_never_due() -> None:
    calendar = POLICY.calendar.model_copy(update={"monthly": None})
    found = items(policy=POLICY.model_copy(update={"calendar": calendar}))
    assert not [one for one in found if "Monthly" in one.what]


def decision(day: dt.date) -> Entry:
    values: dict[str, Any] = {
        "decision": "D1",
        "workbook": "demo",
        "title": "More search; less TV, and a very long name " + "für Žluťoučký kůň " * 6,
        "stance": "approve",
        "decided": day,
        "owner": "Dana Okafor",
        "rationale": "It pays.",
        "follow_up": day,
    }
    return entry("decision", Decision(**values))


def test_what_is_overdue_is_told_first() -> None:
    found = items(decision(dt.date(2026, 7, 1)))
    assert found[0].state(TODAY) == "overdue"
    line = calendar_line(found, TODAY)
    assert line.startswith(
        "Overdue since 1\N{NO-BREAK SPACE}Jul\N{NO-BREAK SPACE}2026: Follow-up of D1"
    )
    assert "and 2 more" in line  # both refreshes of the second quarter
    assert calendar_line([], TODAY) == ""


def test_the_file_for_calendars_is_one() -> None:
    text = icalendar(items(decision(TODAY)), "demo", dt.datetime(2026, 8, 10, 9, tzinfo=dt.UTC))
    lines = text.split("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""]
    assert all(len(line.encode()) <= 75 for line in lines)
    whole = re.sub("\r\n ", "", text)
    assert "SUMMARY:Follow-up of D1: More search\\; less TV\\, and a very long name" in whole
    assert "kůň" in whole
    for name in ("VEVENT", "VALARM"):
        assert whole.count(f"BEGIN:{name}") == whole.count(f"END:{name}") == 3
    assert "DTSTART;VALUE=DATE:20260810\r\nDTEND;VALUE=DATE:20260811" in whole
    assert len(set(re.findall(r"UID:(.*)\r", whole))) == 3
    assert "DTSTAMP:20260810T090000Z" in whole
