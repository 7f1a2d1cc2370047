"""What the checks saw, how the gates rank it, and who has to sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mmmlib.findings import Finding, Level, Status, titles
from mmmlib.governance.verdict import GateEntry, SignOffNeeded
from mmmlib.params import Params
from mmmlib.readiness.verdict import TestDesign
from mmmlib.reports.blocks import level_mark
from mmmlib.reports.cells import Cell, Mark, Observed
from mmmlib.reports.style import LEVEL_SYMBOLS
from mmmlib.reports.table import Columns, Table, tabulate

SHOWN = ("Check", "Level", "Seen", "Limit", "What to do")
"""What a page shows of the checks."""
WITH_STATUS = ("Check", "Level", "Status", *SHOWN[2:])
"""What a notebook shows of them."""
ROOMS = {
    "data": "Data",
    "readiness": "Readiness",
    "health": "Model",
    "refresh": "Comparability",
}


def proposed(findings: Iterable[Finding]) -> list[GateEntry]:
    """Return findings with the levels that their checks propose, before any gate."""
    rule = "as proposed by the check"
    return [GateEntry(finding=one, level=one.level, rule=rule) for one in findings]


def worst_first(entries: Iterable[GateEntry]) -> list[GateEntry]:
    """Return entries by level, the worst first; of one level, those that passed last."""
    return sorted(entries, key=lambda one: (-one.level.rank, one.finding.status is Status.OK))


def not_passed(entries: Iterable[GateEntry]) -> list[GateEntry]:
    """Return the entries that did not pass, whatever their level."""
    return [one for one in entries if one.finding.status is not Status.OK]


def check_table(params: Params, entries: Iterable[GateEntry]) -> Table:
    """Make a row for each finding, the worst first: what was seen, its limit, what to do.

    What a finding means is told beside what was seen only where something is wrong.
    """

    def subject(one: GateEntry) -> str:
        return params.subject_label(one.finding.subject)

    columns: Columns[GateEntry] = {
        "Level": lambda one: level_mark(one.level),
        "Check": lambda one: f"{check_name(one.finding)}: {subject(one)}",
        "Seen": lambda one: _seen(one.finding),
        "Value": lambda one: _measured(one.finding.value, one.finding.unit),
        "Limit": lambda one: limit_of(one.finding),
        "What to do": lambda one: one.finding.action or None,
        "Decided by": lambda one: one.rule,
        "Status": lambda one: one.finding.status.value.replace("_", " "),
        "What was seen": lambda one: one.finding.message,
        "Why it matters": lambda one: one.finding.meaning or None,
        "Name of the check": lambda one: one.finding.check,
        "Subject": subject,
    }
    return tabulate("checks", "Checks, the worst first.", worst_first(entries), columns)


def _seen(finding: Finding) -> str:
    said = (finding.message, finding.meaning if finding.status is not Status.OK else "")
    return " ".join(part.strip() for part in said if part.strip())


def limit_of(finding: Finding) -> Cell:
    """Return what a value was held against."""
    if finding.status is Status.NOT_RUN:
        return "did not run"
    return _measured(finding.limit, finding.unit)


def _measured(value: float | str | None, unit: str) -> Cell:
    if value is None or isinstance(value, str):
        return value
    one = abs(value) == 1 and unit.isalpha()
    return Observed(value, unit.removesuffix("s") if one else unit)


def check_name(finding: Finding) -> str:
    """Name a check as people do; one that its room does not name, by its own name."""
    known = titles().get(finding.check)
    if known:
        return known
    room, _, check = finding.check.partition(".")
    return f"{ROOMS.get(room, room.capitalize())}: {(check or room).replace('_', ' ')}"


def room_of(entry: GateEntry) -> str:
    """Return the room of a finding's check."""
    return entry.finding.check.partition(".")[0]


def by_room(entries: Sequence[GateEntry]) -> dict[str, list[GateEntry]]:
    """Group entries by the room of their check; rooms that every refresh has are there always."""
    rooms = [*ROOMS, *sorted({room_of(one) for one in entries} - set(ROOMS))]
    return {
        ROOMS.get(room, room.capitalize()): [one for one in entries if room_of(one) == room]
        for room in rooms
    }


def count_table(groups: Mapping[str, Sequence[GateEntry]]) -> Table:
    """Make a row for each group of findings (of a room, of a model): how many passed, how bad."""

    def worst(part: Sequence[GateEntry]) -> Mark:
        if not part:
            return Mark("○", "not checked", "level info")
        return level_mark(max((one.level for one in not_passed(part)), default=Level.INFO))

    def attention(part: Sequence[GateEntry]) -> str:
        levels = [one.level for one in not_passed(part)]
        bad = [level for level in (Level.BLOCK, Level.WARN, Level.INFO) if level in levels]
        words = [f"{levels.count(level)} {LEVEL_SYMBOLS[level]}" for level in bad]
        return ", ".join(words) or "none"

    columns: Columns[tuple[str, Sequence[GateEntry]]] = {
        "Level": lambda group: worst(group[1]),
        "Part": lambda group: group[0],
        "Checks passed": lambda group: (
            f"{len(group[1]) - len(not_passed(group[1]))} of {len(group[1])}"
        ),
        "Did not pass": lambda group: attention(group[1]),
        "Did not run": lambda group: Observed(
            sum(one.finding.status is Status.NOT_RUN for one in group[1])
        ),
    }
    caption = "Every part of the refresh with the worst of what its checks saw."
    return tabulate("lights", caption, groups.items(), columns)


def sign_off_table(needed: Iterable[SignOffNeeded]) -> Table:
    """Make a row for each signature that is needed, and why."""
    columns: Columns[SignOffNeeded] = {
        "Subject": lambda one: one.subject.capitalize(),
        "Role": lambda one: one.role,
        "Who": lambda one: one.person,
        "Why": lambda one: one.why,
    }
    caption = "Nothing is published before everyone listed has signed."
    return tabulate("sign-offs", caption, needed, columns)


def design_table(params: Params, tests: Iterable[TestDesign]) -> Table:
    """Make a row for each test that answers what a model cannot (R4)."""
    columns: Columns[TestDesign] = {
        "Channel": lambda test: params.channel_label(test.channel),
        "Test": lambda test: test.kind,
        "Weeks": lambda test: Observed(test.weeks),
        "Detects from": lambda test: Observed(test.detectable_share, "share"),
        "How": lambda test: test.description,
    }
    caption = (
        "A first design of the test for each channel; the effect that it could detect is a "
        "share of the outcome (power 80 %, 5 % two-sided)."
    )
    return tabulate("tests", caption, tests, columns)
