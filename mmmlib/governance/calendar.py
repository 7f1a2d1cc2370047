"""What is due when, and by whom (G1): refreshes, follow-ups, lift tests, waivers, roles.

Computed from the policy and the store's entries; nothing is planned twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mmmlib.governance.decisions import decision_log
from mmmlib.governance.policy import DueDates, Policy
from mmmlib.governance.promises import promise_book
from mmmlib.governance.records import Publication, Waiver, records_of
from mmmlib.governance.roles import TITLES, Roles
from mmmlib.governance.store import Entry
from mmmlib.params.section import days_of
from mmmlib.phrases import date_text

KINDS_OF_REFRESH = {
    "monthly": "Monthly operational refresh",
    "quarterly": "Quarterly planning refresh",
}
LINE = 75
"""Octets that a line of an iCalendar file may hold (RFC 5545, section 3.1)."""


class CalendarItem(NamedTuple):
    """Something that is due."""

    day: dt.date
    what: str
    who: str
    ahead: int = 14
    """Days before it from which it is announced."""

    def state(self, today: dt.date) -> str:
        """Say how it stands: ``overdue``, ``due soon``, ``later``."""
        if self.day < today:
            return "overdue"
        return "due soon" if self.day <= today + dt.timedelta(days=self.ahead) else "later"


def calendar_items(
    entries: Sequence[Entry],
    workbook: str,
    policy: Policy,
    roles: Roles,
    period: str,
    today: dt.date,
) -> list[CalendarItem]:
    """List what is due of a workbook, the earliest first.

    Where no refresh of a kind was published, that of the newest run's ``period`` is due first.
    """
    items = [
        *_refreshes(entries, workbook, policy, roles, period),
        *(
            CalendarItem(
                one.decision.follow_up,
                f"Follow-up of {one.decision.decision}: {one.decision.title}",
                one.decision.owner,
            )
            for one in decision_log(entries, workbook)
            if one.outcome is None
        ),
        *(
            CalendarItem(
                one.end,
                f"Result of the lift test {one.subject}",
                _holder(roles, "model_owner"),
            )
            for one in promise_book(entries, workbook).open
            if one.kind == "lift_test"
        ),
        *(
            CalendarItem(one.until, f"Waiver of {one.check} ({one.subject}) ends", one.person)
            for one in records_of(entries, Waiver)
            if one.until >= today and one.run.rpartition("-")[0].startswith(f"{workbook}-")
        ),
        *_roles_that_end(roles, today),
    ]
    return sorted(items, key=lambda one: (one.day, one.what))


def calendar_line(items: Sequence[CalendarItem], today: dt.date) -> str:
    """Say what is overdue and what comes next, in a sentence or two."""
    overdue = [one for one in items if one.state(today) == "overdue"]
    coming = [one for one in items if one.state(today) != "overdue"]
    parts = []
    if overdue:
        first = overdue[0]
        more = f" and {len(overdue) - 1} more" if overdue[1:] else ""
        parts.append(f"Overdue since {date_text(first.day)}: {first.what} ({first.who}){more}.")
    if coming:
        parts.append(f"Next, on {date_text(coming[0].day)}: {coming[0].what}, {coming[0].who}.")
    return " ".join(parts)


def icalendar(items: Sequence[CalendarItem], workbook: str, made: dt.datetime) -> str:
    """Write items as an iCalendar file (RFC 5545), a day each, no line longer than 75 octets.

    The workbook's name is part of what identifies an event, so that a new file replaces the old one's.
    """
    stamp = made.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//mmm-workbook//calendar//EN"]
    for one in items:
        name = hashlib.sha256(f"{workbook}|{one.what}|{one.day}".encode()).hexdigest()[:32]
        end = one.day + dt.timedelta(days=1)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{name}@{workbook}.mmm-workbook",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{one.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{end:%Y%m%d}",
            f"SUMMARY:{_text(one.what)}",
            f"DESCRIPTION:{_text(f'{workbook}: {one.who}')}",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_text(one.what)}",
            f"TRIGGER:-P{one.ahead}D",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _refreshes(
    entries: Sequence[Entry], workbook: str, policy: Policy, roles: Roles, period: str
) -> Iterator[CalendarItem]:
    published = [one.period for one in records_of(entries, Publication) if one.workbook == workbook]
    for kind, title in KINDS_OF_REFRESH.items():
        rule: DueDates | None = getattr(policy.calendar, kind)
        if rule is None:
            continue
        months = 1 if kind == "monthly" else 3
        own = [one for one in published if ("Q" in one) == (months == 3)]
        # The first of a kind is that of the newest run's period; of a quarter, its last month.
        last = max((days_of(one)[1] for one in own), default=None)
        newest = days_of(period)[1]
        end = newest if last is None else _months_after(last, months)
        if last is None and months == 3 and "Q" not in period:
            end = _months_after(newest, (-newest.month) % 3)
        name = f"{end.year}-Q{(end.month + 2) // 3}" if months == 3 else f"{end:%Y-%m}"
        day = end + dt.timedelta(days=rule.days)
        yield CalendarItem(day, f"{title} {name}", _holder(roles, rule.by), rule.ahead)


def _months_after(day: dt.date, months: int) -> dt.date:
    """Last day of the month that comes so many months later."""
    index = day.year * 12 + day.month - 1 + months
    return days_of(f"{index // 12}-{index % 12 + 1:02d}")[1]


def _roles_that_end(roles: Roles, today: dt.date) -> Iterator[CalendarItem]:
    for role, title in TITLES.items():
        for one in roles.holders(role):
            if one.until is not None and one.until >= today:
                yield CalendarItem(one.until, f"{one.name} is {title} until this day", one.name)


def _holder(roles: Roles, role: str) -> str:
    people = roles.holders(role)
    return f"{people[0].name} ({TITLES[role]})"


def _text(value: str) -> str:
    """Escape a text as RFC 5545, section 3.3.11, asks."""
    plain = " ".join(value.split())
    for letter in ("\\", ";", ","):
        plain = plain.replace(letter, f"\\{letter}")
    return plain


def _folded(line: str) -> Iterator[str]:
    """Fold a line at 75 octets, never inside a letter; what follows begins with a space."""
    part = b""
    for letter in line:
        octets = letter.encode()
        if len(part) + len(octets) > LINE:
            yield part.decode()
            part = b" "
        part += octets
    yield part.decode()
