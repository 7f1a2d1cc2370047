"""What the store's entries say: one frozen value per kind of entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

from mmmlib.estimates import Estimate, Frozen, format_number
from mmmlib.governance.store import Entry

ALL_OF_IT = 0.1
"""A share of the decided spend within this of 1 counts as the plan."""
NONE_OF_IT = 0.005
"""A share of it below this counts as nothing."""


class Record(Frozen):
    """Base of what an entry says."""

    def body(self) -> dict[str, object]:
        """Return it as the store keeps it."""
        return self.model_dump(mode="json")


class Preread(Record):
    """The review of a run was opened."""

    run: str
    digest: str
    """Hash of what the run holds."""


class Signed(Record):
    """What somebody put their name to, for a run as it was."""

    run: str
    digest: str
    """Hash of what the run holds; it counts for that alone."""
    role: str
    person: str
    key: str = ""
    """Public key that proves it; empty where a name was typed in."""
    signature: str = ""


class SignOff(Signed):
    """Somebody signed a run."""

    subject: str
    """``data``, ``model``, ``recommendation`` or ``publication``."""


class Waiver(Signed):
    """A blocking finding of a run that was let pass for a time."""

    check: str
    subject: str
    why: str
    until: dt.date


class RangePromise(Record):
    """A range about the future, written down before its outcome is known."""

    promise: str
    """Its id: what it is about, and when."""
    kind: Literal["forecast", "lift_test", "plan"]
    about: str
    """In words: "Revenue, week of 6 Jul 2026"."""
    subject: str
    """A model, a lift test or a plan, by its name."""
    start: dt.date
    end: dt.date
    """Last day that it speaks of."""
    expected: Estimate
    independent: float = 1.0
    """So many independent promises tell as much as this one, whose error goes with others."""


class PromiseOutcome(Record):
    """What came where something was promised."""

    promise: str
    value: float
    standard_error: float = 0.0
    """Of a measurement; zero where it was counted."""


class Publication(Record):
    """A run's pack was published."""

    run: str
    workbook: str
    period: str
    digest: str
    release: str
    audience: Literal["everyone", "limited"]
    policy_version: str
    folder: str
    signed_by: tuple[str, ...]
    promises: tuple[RangePromise, ...] = ()
    """Ranges about the future that went out with it."""
    came: tuple[PromiseOutcome, ...] = ()
    """What its data tells of earlier promises."""


class Withdrawal(Record):
    """A published run was taken back."""

    run: str
    why: str
    person: str


class Decision(Record):
    """What was decided (G6)."""

    decision: str
    """Its id: D1, D2, …"""
    workbook: str
    title: str
    stance: Literal["approve", "modify", "defer"]
    decided: dt.date
    owner: str
    rationale: str
    run: str = ""
    scenario: str = ""
    evidence: str = ""
    expected: Estimate | None = None
    """What it should bring against the baseline."""
    expected_is: str = ""
    """What ``expected`` is: "net gain over 13 weeks"."""
    spend_change: float | None = None
    """Money that it moves over its horizon, in the workbook's currency."""
    risks: str = ""
    watch: str = ""
    executes: dt.date | None = None
    follow_up: dt.date
    judge_from: dt.date | None = None
    """First day on which most of what it brings can have come: nothing is judged before."""
    run_superseded: bool = False
    """Whether a newer run had been published when it was decided."""


class DecisionOutcome(Record):
    """What became of a decision."""

    decision: str
    measured: dt.date
    value: float
    """What it brought, in the unit of what was expected."""
    low: float | None = None
    high: float | None = None
    """Range of ``value`` where it was estimated and not counted."""
    executed_share: float | None = None
    """Spend that was really moved, as a share of what was decided; below zero where it went the
    other way."""
    baseline_change: float | None = None
    """What the outcome would have changed by without the decision, where that is known."""
    note: str = ""


def execution_sentence(share: float) -> str:
    """Say whether a plan was executed; see :attr:`DecisionOutcome.executed_share`."""
    if abs(share - 1) <= ALL_OF_IT:
        return "The plan was executed as decided."
    size = format_number(abs(share), "share")
    if abs(share) < NONE_OF_IT:
        return "None of the spend was moved."
    if share < 0:
        return f"The spend went the other way, by {size} of what was to be moved."
    return f"{size} of the spend was moved."


class TestPrediction(Record):
    """What a lift test should measure, written down before it is made."""

    workbook: str
    run: str
    promise: RangePromise


class Views(Record):
    """Who looked at published packs, by run, consumer and day, as a log tells."""

    workbook: str
    log: str
    """sha256 of the log."""
    views: dict[str, dict[str, dict[dt.date, int]]]
    """Views by run, consumer (a keyed hash, or a name where the policy allows it) and day."""


class Observation(Record):
    """What somebody saw in the field of a channel (M7)."""

    workbook: str
    text: str
    channel: str
    direction: Literal["better", "worse"]
    seen: dt.date
    person: str
    region: str = ""


class BudgetDecision(Record):
    """A major budget decision, with MMM evidence or without (U1)."""

    workbook: str
    title: str
    decided: dt.date
    amount: float
    currency: str
    owner: str
    decision: str = ""
    """Id of the decision in the log that cites the evidence; empty where none was used."""


KINDS: dict[str, type[Record]] = {
    "preread": Preread,
    "sign_off": SignOff,
    "waiver": Waiver,
    "publication": Publication,
    "withdrawal": Withdrawal,
    "decision": Decision,
    "outcome": DecisionOutcome,
    "budget_decision": BudgetDecision,
    "prediction": TestPrediction,
    "views": Views,
    "observation": Observation,
}


def records_of[R: Record](entries: Sequence[Entry], kind: type[R]) -> list[R]:
    """Read the records of one kind from entries, in their order."""
    name = next(name for name, one in KINDS.items() if one is kind)
    return [kind.model_validate(entry.body) for entry in entries if entry.kind == name]
