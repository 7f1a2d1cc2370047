"""The decision log: what was decided and expected, what came of it, what is due (G6).

A decision that states what it should bring is a promise: the range was written down before its
outcome was known. :func:`mmmlib.governance.promises.promise_book` tells whether such ranges hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from mmmlib.errors import InputError
from mmmlib.estimates import format_number, format_range
from mmmlib.governance.records import (
    ALL_OF_IT,
    BudgetDecision,
    Decision,
    DecisionOutcome,
    Publication,
    execution_sentence,
    records_of,
)
from mmmlib.governance.store import Entry, Store, open_store
from mmmlib.params.load import params_of
from mmmlib.params.messages import refuse_unknown, shown
from mmmlib.runs import Run
from mmmlib.scenarios.pack import ScenarioPack
from mmmlib.verify import refuse_altered


class Followed(NamedTuple):
    """A decision with the newest of what came of it."""

    decision: Decision
    outcome: DecisionOutcome | None

    def is_due(self, day: dt.date) -> bool:
        """Say whether its follow-up is due and has not been made."""
        return self.outcome is None and self.decision.follow_up <= day

    @property
    def landing(self) -> str:
        """Where the outcome landed: ``inside``, ``above``, ``below``, ``unclear``; empty if open."""
        expected, outcome = self.decision.expected, self.outcome
        if expected is None or outcome is None:
            return ""
        # What was counted is a range without width; of another, the whole has to be on one side.
        low = outcome.value if outcome.low is None else outcome.low
        high = outcome.value if outcome.high is None else outcome.high
        if low > expected.high:
            return "above"
        if high < expected.low:
            return "below"
        return "inside" if expected.low <= low and high <= expected.high else "unclear"


def record_decision(
    store: Store, values: dict[str, Any], run: Run | None, scenario: str
) -> Decision:
    """Record a decision, from a plan of a run's scenario pack or free.

    ``values`` are the fields of a decision, those that the run tells left out. A plan that is none of the
    run's, days that do not follow each other, and scenarios that were altered since the refresh are
    refused (InputError, RunError). ``run_superseded`` is true where a newer run had been published.
    """
    facts: dict[str, Any] = {}
    if run is not None:
        facts = {"run": run.name, "workbook": run.manifest.workbook}
        if scenario:
            facts |= _from_scenario(run, scenario)
            facts["follow_up"] = max(facts["judge_from"], values.get("decided") or dt.date.min)
    elif scenario:
        raise InputError.one(None, "scenario", shown(scenario), "the run that it is of")
    if not (values.get("follow_up") or facts.get("follow_up")):
        raise InputError.one(None, "follow up", "nothing", "the day on which it is looked at again")
    for early, late in (
        ("decided", "executes"),
        ("decided", "follow_up"),
        ("executes", "follow_up"),
    ):
        if values.get(early) and values.get(late) and values[late] < values[early]:
            raise InputError.one(
                None,
                late.replace("_", " "),
                str(values[late]),
                f"a day on or after {values[early]}",
            )

    def body(entries: Sequence[Entry]) -> dict[str, object]:
        number = sum(entry.kind == "decision" for entry in entries) + 1
        content = facts | {key: value for key, value in values.items() if value not in (None, "")}
        newer = run is not None and _newer_published(entries, run)
        return Decision(**content, decision=f"D{number}", run_superseded=newer).body()

    subject = run.name if run is not None else str(values["workbook"])
    return Decision.model_validate(store.append("decision", subject, body).body)


def decision_form(
    run: Run,
    stance: str = "",
    scenario: str = "",
    owner: str = "",
    rationale: str = "",
    **more: Any,
) -> str:
    """Record a decision from an open notebook; nothing without a stance.

    Parameters
    ----------
    run
        An open run.
    stance
        ``approve``, ``modify`` or ``defer``; where it is empty, nothing is recorded.
    scenario
        Name of a plan of the run.
    owner, rationale
        Who decided, and why.
    **more
        Other fields of a decision, by name: ``watch``, ``risks``, ``follow_up``.

    Returns
    -------
    str
        What was recorded, or how to record something.

    Examples
    --------
    ::

        decision_form(open_run(), "approve", "protect", "Dana Okafor", "It pays.")
    """
    if not stance:
        return "Nothing is recorded: fill in a stance (approve, modify, defer) and run it again."
    if run.is_trial:
        return "Nothing is recorded of a trial: promote it, make a refresh, and decide on that."
    if not run.exploring:
        return "Nothing is recorded by a refresh."
    faults = {
        "stance": (stance in ("approve", "modify", "defer"), stance, "approve, modify or defer"),
        "owner": (bool(owner.strip()), "nothing", "who decided"),
        "rationale": (bool(rationale.strip()), "nothing", "why, with its uncertainty"),
    }
    for name, (good, seen, expected) in faults.items():
        if not good:
            raise InputError.one(None, name, shown(seen), expected)
    values: dict[str, Any] = {"stance": stance, "owner": owner, "rationale": rationale}
    values["decided"] = params_of(run).today
    if not scenario:
        values["title"] = f"On {run.name}"
    with open_store(run.runs_dir) as store:
        made = record_decision(store, values | more, run, scenario)
    expected_text = f" Expected: {made.expected}, {made.expected_is}." if made.expected else ""
    return f"{made.decision}: {made.title}.{expected_text} Follow-up on {made.follow_up}."


def record_outcome(store: Store, outcome: DecisionOutcome, today: dt.date) -> Followed:
    """Record what came of a decision that is in the log.

    Refused, by InputError, of a day to come or before the follow-up that was agreed: nothing is judged
    before its time.
    """

    def body(entries: Sequence[Entry]) -> dict[str, object]:
        decision = _decision(entries, outcome.decision)
        ends = (outcome.low, outcome.value, outcome.high)
        known = [end for end in ends if end is not None]
        if len(known) == 2 or known != sorted(known):
            found = f"{outcome.value:g}, with a range from {outcome.low} to {outcome.high}"
            raise InputError.one(None, "outcome", found, "a value inside its range, with both ends")
        if outcome.measured > today:
            raise InputError.one(None, "measured", str(outcome.measured), f"{today} or before")
        first, why = decision.follow_up, "the follow-up that was agreed"
        if decision.judge_from and decision.judge_from > first:
            first, why = decision.judge_from, "when most of what it brings can have come,"
        if outcome.measured < first:
            raise InputError.one(
                None,
                "measured",
                str(outcome.measured),
                f"{first} or later, {why} for {decision.decision}",
                "Before it, what is seen is not yet what the decision brings.",
            )
        return outcome.body()

    store.append("outcome", outcome.decision, body)
    return followed_decision(store.entries(), outcome.decision)


def record_budget_decision(store: Store, budget: BudgetDecision) -> None:
    """Record a major budget decision; a decision that it cites must be in the log."""

    def body(entries: Sequence[Entry]) -> dict[str, object]:
        if budget.decision:
            _decision(entries, budget.decision)
        return budget.body()

    store.append("budget_decision", budget.workbook, body)


def decision_log(entries: Sequence[Entry], workbook: str = "") -> list[Followed]:
    """Return all decisions with their outcomes, oldest first."""
    outcomes = {one.decision: one for one in records_of(entries, DecisionOutcome)}
    return [
        Followed(one, outcomes.get(one.decision))
        for one in records_of(entries, Decision)
        if workbook in ("", one.workbook)
    ]


def followed_decision(entries: Sequence[Entry], name: str) -> Followed:
    """Return one decision with its outcome; InputError if it is not in the log."""
    _decision(entries, name)
    return next(one for one in decision_log(entries) if one.decision.decision == name)


def retrospective(followed: Followed) -> list[str]:
    """Say what came of a decision, one question after the other.

    Whether it landed inside the range; then whether the plan was executed, whether the world moved, and
    what is left for the effect.
    """
    decision, outcome = followed.decision, followed.outcome
    if outcome is None:
        return [f"Its follow-up is on {decision.follow_up}; nothing is judged before."]
    expected = decision.expected
    if expected is None:
        return [
            f"It brought {outcome.value:,.0f}. No range was stated, so nothing can be held against it."
        ]
    value = format_number(outcome.value, expected.unit)
    if outcome.low is not None and outcome.high is not None:
        value = f"{value} ({format_range(outcome.low, outcome.high, expected.unit)})"
    says = {
        "inside": f"It landed inside the range: {value}, where {expected} was expected.",
        "above": f"It landed above the range: {value}, where {expected} was expected.",
        "below": f"It landed below the range: {value}, where {expected} was expected.",
        "unclear": f"It cannot be told whether it landed inside the range: {value}, where "
        f"{expected} was expected.",
    }
    sentences = [says[followed.landing]]
    share = outcome.executed_share
    if share is None:
        sentences.append("Whether the plan was executed was not recorded.")
    else:
        done = execution_sentence(share)
        if share > 0 and abs(share - 1) > ALL_OF_IT:
            scaled = format_number(expected.median * share, expected.unit)
            done = f"{done[:-1]}; in proportion, {scaled} would have been expected."
        sentences.append(done)
    moved = outcome.baseline_change
    if moved is None:
        sentences.append("Whether the world moved meanwhile was not recorded.")
    else:
        own = format_number(outcome.value - moved, expected.unit)
        sentences.append(
            f"Without the decision the outcome would have moved by {format_number(moved, expected.unit)}; "
            f"{own} is left for the effect."
        )
    return sentences


def _from_scenario(run: Run, name: str) -> dict[str, Any]:
    from mmmlib.governance.closed_loop import judge_from

    pack = run.load_json("scenarios.json", ScenarioPack)
    plans = {one.name: one for one in pack.scenarios}
    refuse_unknown("scenario", name, plans, f"a plan of {run.name}:")
    refuse_altered(run, ["artefacts/scenarios.json"])
    plan = plans[name]
    return {
        "scenario": name,
        "title": plan.title,
        "expected": plan.gain,
        "expected_is": f"{'net gain' if plan.net is not None else 'difference'} over {pack.weeks} weeks",
        "spend_change": plan.spend_change,
        "judge_from": judge_from(run, name),
    }


def _newer_published(entries: Sequence[Entry], run: Run) -> bool:
    """Say whether a run of the same workbook was published after this one was made."""
    made = run.manifest.created.isoformat()
    return any(
        one.workbook == run.manifest.workbook and one.run != run.name
        for one in records_of([e for e in entries if e.made > made], Publication)
    )


def _decision(entries: Sequence[Entry], name: str) -> Decision:
    known = {one.decision: one for one in records_of(entries, Decision)}
    if name not in known:
        newest = ", ".join(list(known)[-5:]) or "none yet"
        raise InputError.one(
            None, "decision", shown(name), f"the id of a decision in the log (the newest: {newest})"
        )
    return known[name]
