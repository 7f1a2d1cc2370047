"""What earlier refreshes left open, as a refresh finds it: promises, decisions, what is due.

A refresh keeps what the store said of its workbook when it began (``store.jsonl``), and makes from
it and its own data what its pack and its agenda say (``follow_up.json``), so that both can be made
again from the run alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from mmmlib.errors import InputError
from mmmlib.estimates import Frozen
from mmmlib.governance.calendar import calendar_items, calendar_line
from mmmlib.governance.chain import entry_line
from mmmlib.governance.closed_loop import ClosedLoop, close_loop
from mmmlib.governance.decisions import decision_log
from mmmlib.governance.gates import POLICY, ROLES
from mmmlib.governance.policy import read_policy
from mmmlib.governance.promises import PromiseScore, promise_book
from mmmlib.governance.rebuild import kept_entries, recent_observations
from mmmlib.governance.records import DecisionOutcome, PromiseOutcome, RangePromise
from mmmlib.governance.roles import read_roles
from mmmlib.governance.store import Entry
from mmmlib.model.effects import effects_of, has_effects
from mmmlib.params.load import params_of
from mmmlib.params.messages import shown
from mmmlib.phrases import count_text, date_text
from mmmlib.runs import Run

__all__ = ["FollowUp", "follow_up_of"]

LOOKED_AT = (
    *("publication", "withdrawal", "decision", "outcome", "prediction", "budget_decision"),
    "observation",
)
"""Kinds of entries that a refresh looks at."""


class DueDecision(Frozen):
    """A decision whose follow-up is due."""

    decision: str
    title: str
    owner: str
    follow_up: dt.date
    expected: str


class FollowUp(Frozen):
    """What a refresh finds open; ``artefacts/follow_up.json``."""

    as_of: dt.date
    record: tuple[str, ...]
    """How published ranges were kept, in a sentence or two."""
    kinds: tuple[PromiseScore, ...] = ()
    """All promises first, then by kind."""
    open_promises: int = 0
    came: tuple[PromiseOutcome, ...] = ()
    """What this run's data tells of earlier promises."""
    due: tuple[DueDecision, ...] = ()
    loops: tuple[ClosedLoop, ...] = ()
    """Decisions without an outcome, looked back at by this run."""
    observations: tuple[str, ...] = ()
    """What was seen in the field in the last half year."""
    calendar: str = ""
    """What is overdue and what comes next."""


def follow_up_of(run: Run) -> FollowUp:
    """Find what earlier refreshes left open.

    Parameters
    ----------
    run
        With its fits; what the store said when it began lies in it.

    Returns
    -------
    FollowUp
        Promises that its data settles, how all of them were kept, decisions that are due and what
        they really brought. Nothing of it where there was no store.
    """
    params = params_of(run)
    entries = kept_entries(run)
    as_of = params.as_of
    book = promise_book(entries, params.workbook)
    came = what_came(run, book.open)
    book = promise_book(entries, params.workbook, came)
    log = decision_log(entries, params.workbook)
    waiting = [one for one in log if one.outcome is None and one.decision.stance != "defer"]
    loops = [close_loop(one.decision, run) for one in waiting]
    pooled = book.pooled
    policy, roles = read_policy(run.path / POLICY), read_roles(run.path / ROLES)
    items = calendar_items(entries, params.workbook, policy, roles, run.manifest.period, as_of)
    return FollowUp(
        as_of=as_of,
        record=record_sentences(pooled, len(book.open)),
        kinds=book.scores,
        open_promises=len(book.open),
        came=came,
        due=tuple(
            DueDecision(
                decision=one.decision.decision,
                title=one.decision.title,
                owner=one.decision.owner,
                follow_up=one.decision.follow_up,
                expected=str(one.decision.expected or ""),
            )
            for one in log
            if one.is_due(as_of)
        ),
        loops=tuple(one for one in loops if one is not None),
        observations=tuple(
            f"{one.text} ({one.person}, {date_text(one.seen)}: "
            f"{params.channel_label(one.channel)} {one.direction})"
            for one in recent_observations(run)
        ),
        calendar=calendar_line(items, as_of),
    )


def estimated_outcome(run: Run, decision: str) -> DecisionOutcome:
    """Return what a later run says a decision brought; an error where it did not look back, or cannot yet."""
    loops = {one.decision: one for one in run.load_json("follow_up.json", FollowUp).loops}
    if decision not in loops:
        raise InputError.one(
            None,
            "decision",
            shown(decision),
            f"one that {run.name} looked back at: {', '.join(loops) or 'none'}",
            "Give the value, or refresh again: a refresh looks at the decisions made before it.",
        )
    return loops[decision].outcome(params_of(run).today)


def record_sentences(score: PromiseScore, waiting: int) -> tuple[str, ...]:
    """Say how published ranges were kept, in one or two sentences; none where none was published."""
    if not score.promises:
        if not waiting:
            return ()
        return (
            f"{count_text(waiting, 'published range waits', 'published ranges wait')} for data.",
        )
    ranges = count_text(score.promises, "published 90 % range")
    missed = f"{score.above} came out above, {score.below} below"
    return (f"{score.held} of {ranges} with a known outcome held ({missed}).", score.verdict)


def what_came(run: Run, promises: Iterable[RangePromise]) -> tuple[PromiseOutcome, ...]:
    """Say what a run's data tells of promises: weeks that are known, lift tests that were measured."""
    from mmmlib.data.panel.panel import panel_file, panel_of

    params = params_of(run)
    open_ones = list(promises)
    if not open_ones or not run.has(panel_file(run)):
        return ()
    tests = {lift.name: lift for lift in panel_of(run).lift_tests}
    seen = {
        model: effects_of(run, model)["observed"].to_series()
        for model in {one.subject for one in open_ones if one.kind == "forecast"}
        if model in params.model_names and has_effects(run, model)
    }
    came = []
    for one in open_ones:
        if one.kind == "forecast" and one.subject in seen:
            values = seen[one.subject]
            known = values[values.index == str(one.start)]
            if len(known):
                came.append(PromiseOutcome(promise=one.promise, value=float(known.iloc[0])))
        elif one.kind == "lift_test" and one.subject in tests:
            test = tests[one.subject]
            came.append(
                PromiseOutcome(
                    promise=one.promise,
                    value=test.incremental_outcome,
                    standard_error=test.standard_error,
                )
            )
    return tuple(came)


def entries_of_workbook(entries: Sequence[Entry], workbook: str) -> list[Entry]:
    """Pick what a refresh of a workbook looks at: its decisions, promises and publications."""
    decisions = {
        one.body["decision"]
        for one in entries
        if one.kind == "decision" and one.body["workbook"] == workbook
    }
    return [
        one
        for one in entries
        if one.kind in LOOKED_AT
        and (
            one.body.get("workbook") == workbook
            or (one.kind == "outcome" and one.body["decision"] in decisions)
        )
    ]


def entry_lines(entries: Iterable[Entry]) -> bytes:
    """Write entries as JSON lines, as ``mmm store export`` does."""
    return "".join(map(entry_line, entries)).encode()
