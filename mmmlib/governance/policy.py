"""The policy file: what a finding means for publication (G3).

A policy has two lists. ``required`` names checks that must have run; one that is
absent or did not run blocks, and no rule changes that. ``rules`` are read from
the top and **the first one that matches a finding decides** its level, as in a
firewall; a finding that no rule matches keeps the level that its check proposed.
Over all findings the worst level wins.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from mmmlib.findings import Finding, Level, Status, titles
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.places import KeyPath, KeyProblem
from mmmlib.params.section import Days, Section
from mmmlib.params.strict import read_strict

AS_PROPOSED = "as proposed by the check"
NAN_RULE = "a check cannot pass on a value that is not a number"
ROOMS = ("data", "readiness", "health", "refresh", "scenarios", "gates")

Pattern = Annotated[str, Field(min_length=1)]


class Required(Section):
    """A check that must have run."""

    check: Pattern
    """Name of the check, which then may never be "not run". A pattern (``data.*``) asks for less:
    that at least one check that it matches did run."""
    per: Literal["workbook", "model"] = "workbook"
    """Whether once, or for every model of the parameters."""
    when: Literal["always", "has_parent", "quarterly"] = "always"
    """``has_parent``: not on a first refresh, which has nothing to be compared with.
    ``quarterly``: not on a monthly one, which has no scenarios."""
    reason: str = ""

    def is_met_by(self, findings: Iterable[Finding]) -> bool:
        """Say whether a check ran; one that is named says "not run" where it stands."""
        return any(
            fnmatchcase(finding.check, self.check)
            and (finding.check == self.check or finding.status is not Status.NOT_RUN)
            for finding in findings
        )


class Rule(Section):
    """What a finding means; everything that is given must match."""

    check: Pattern
    subject: Pattern = "*"
    status: tuple[Status, ...] = Field(default=(Status.FLAG, Status.NOT_RUN), min_length=1)
    level: tuple[Level, ...] = Field(default=tuple(Level), min_length=1)
    """Levels as proposed by the check that the rule speaks of."""
    gate: Level
    reason: Annotated[str, Field(min_length=1)]

    def matches(self, finding: Finding) -> bool:
        """Say whether the rule speaks of a finding."""
        return (
            fnmatchcase(finding.check, self.check)
            and fnmatchcase(finding.subject, self.subject)
            and finding.status in self.status
            and finding.level in self.level
        )


RoleKey = Literal[
    "decision_owner", "mmm_product_owner", "model_owner", "data_owner", "review_council"
]


class Signing(Section):
    """How signatures are given."""

    key_required: bool = False
    """Whether each is proven by the signer's own key; else a name that was typed in will do, and
    is shown as such."""


class Waiving(Section):
    """Who may let a blocking finding pass, for how long, and which never."""

    by: tuple[RoleKey, ...] = ("mmm_product_owner", "decision_owner")
    longest_days: Days = 92
    never: tuple[Pattern, ...] = ("data.contract", "gates.*", "refresh.reproduction")
    """Checks that nobody may waive: a broken contract, records that cannot be read, a run that
    cannot be made again."""

    def allows(self, check: str) -> bool:
        """Say whether a check may be waived."""
        return not any(fnmatchcase(check, pattern) for pattern in self.never)


class DueDates(Section):
    """When a kind of refresh is due, and by whom."""

    days: Days
    """Days after the end of its period."""
    by: RoleKey
    ahead: Annotated[int, Field(ge=0, le=366)] = 14
    """Days before that from which it is announced."""


class CalendarRules(Section):
    """The two kinds of refresh (G1): which a workbook makes, and when each is due."""

    monthly: DueDates | None = None
    """Health, comparability, updated returns and flags; no scenarios, no recommended move."""
    quarterly: DueDates | None = DueDates(days=21, by="mmm_product_owner")
    """All of that, with scenarios, recommended moves, approvals and retrospectives."""


class Viewers(Section):
    """How those who look at published packs are recorded."""

    names: bool = False
    """Whether by name; else by a keyed hash."""


class Policy(Section):
    """A whole policy file."""

    version: Annotated[str, Field(min_length=1)]
    required: tuple[Required, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = ()
    signing: Signing = Signing()
    waivers: Waiving = Waiving()
    calendar: CalendarRules = CalendarRules()
    viewers: Viewers = Viewers()


def read_policy(path: str | Path) -> Policy:
    """Read a policy file; InputError has every problem at once.

    Among them are unknown keys, levels and checks, rules that are never reached, and rules that let a
    required check off when it did not run.
    """
    return read_strict(
        path, Policy, "a policy; copy params/governance/policy.yaml of the project", _more_checks
    )


def rank(policy: Policy, finding: Finding) -> tuple[Level, str]:
    """Return the level of a finding under the policy, and the rule that decided.

    Fails closed: a required check that did not run blocks whatever the rules
    say, and so does a check that claims to have passed on NaN.
    """
    if finding.status is Status.NOT_RUN:
        for one in policy.required:
            if finding.check == one.check:
                return Level.BLOCK, f"required check '{one.check}' did not run"
    if finding.status is Status.OK and _is_nan(finding.value):
        return Level.BLOCK, NAN_RULE
    for number, rule in enumerate(policy.rules, start=1):
        if rule.matches(finding):
            return rule.gate, f"rule {number} ({rule.check}): {rule.reason}"
    return finding.level, AS_PROPOSED


def counted(finding: Finding, level: Level) -> Finding:
    """Return a finding as the gates count it: what they raise above ``info`` did not pass."""
    if finding.status is Status.OK and level > Level.INFO:
        return finding.model_copy(update={"status": Status.FLAG})
    return finding


def _is_nan(value: float | str | None) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    # A NaN that went through JSON came back as a word.
    return isinstance(value, str) and value.strip().lower() == "nan"


def _more_checks(content: dict[str, Any]) -> Iterator[KeyProblem]:
    """Yield what is wrong between entries; runs on raw values, so nothing may be assumed."""
    required = _mappings(content.get("required"))
    rules = _mappings(content.get("rules"))
    for section, entries in (("required", required), ("rules", rules)):
        for number, entry in entries:
            yield from _unknown_check((section, number, "check"), entry.get("check"))
    patterns = [entry["check"] for _, entry in required if isinstance(entry.get("check"), str)]
    earlier: list[tuple[int, dict[str, Any]]] = []
    for number, rule in rules:
        key: KeyPath = ("rules", number)
        for other, before in earlier:
            if _covers(before, rule):
                yield KeyProblem(
                    key,
                    f"a rule that rule {other + 1} above always answers first",
                    "a rule that can be reached",
                    "Move it up, or remove it.",
                )
                break
        earlier.append((number, rule))
        check, status = rule.get("check"), rule.get("status")
        named = isinstance(status, list) and "not_run" in status
        if named and isinstance(check, str) and rule.get("gate") in ("info", "warn"):
            let_off = [
                one for one in patterns if fnmatchcase(one, check) or fnmatchcase(check, one)
            ]
            if let_off:
                yield KeyProblem(
                    (*key, "status"),
                    f"'not_run' let through for the required check '{let_off[0]}'",
                    "block, for a required check that did not run",
                    "Take the check off 'required' if the refresh can do without it.",
                )


def _unknown_check(key: KeyPath, pattern: Any) -> Iterator[KeyProblem]:
    if not isinstance(pattern, str) or not pattern:
        return
    checks = titles()
    room = pattern.partition(".")[0]
    if any(fnmatchcase(name, pattern) for name in checks) or any(
        letter in room for letter in "*?["
    ):
        return
    expected = (
        "the name of a check, or a pattern that matches one"
        if room in ROOMS
        else f"a check of {', '.join(ROOMS)}"
    )
    near = did_you_mean(pattern, checks)
    yield KeyProblem(key, f"{shown(pattern)}, which no check is called", expected, near)


def _covers(before: dict[str, Any], rule: dict[str, Any]) -> bool:
    """Say whether everything that a rule matches was matched by one before it."""

    def text(entry: dict[str, Any], key: str) -> str:
        value = entry.get(key, "*")
        return value if isinstance(value, str) else ""

    def words(entry: dict[str, Any], key: str, default: list[str]) -> set[str]:
        value = entry.get(key, default)
        return {str(word) for word in value} if isinstance(value, list) else set(default)

    statuses = ["flag", "not_run"]
    levels = [level.value for level in Level]
    if not all(isinstance(entry.get("check"), str) for entry in (before, rule)):
        return False
    return (
        fnmatchcase(text(rule, "check"), text(before, "check"))
        and fnmatchcase(text(rule, "subject"), text(before, "subject"))
        and words(rule, "status", statuses) <= words(before, "status", statuses)
        and words(rule, "level", levels) <= words(before, "level", levels)
    )


def _mappings(value: Any) -> list[tuple[int, dict[str, Any]]]:
    if not isinstance(value, list):
        return []
    return [(number, entry) for number, entry in enumerate(value) if isinstance(entry, dict)]
