"""Executive summary (O1): one page for the meeting; the briefing behind it has the detail."""

from __future__ import annotations

from collections.abc import Iterator

from mmmlib.governance.follow_up import FollowUp
from mmmlib.phrases import some_of
from mmmlib.reports.blocks import Block, Bullets, Prose, Statements
from mmmlib.reports.results import Results
from mmmlib.reports.words.advice import NO_ADVICE, changed_advice, short_advice
from mmmlib.reports.words.first_page import (
    NAMED,
    change_line,
    decision_statements,
    never_statements,
    next_test,
    plan_to_decide,
    release_statements,
    trust_statements,
    watch_statements,
)
from mmmlib.reports.words.statements import readiness_statements


def decision(results: Results) -> Iterator[Block]:
    """The decision that is asked and the move; or why there is none."""
    if results.effects and results.scenarios is not None:
        yield Statements(decision_statements(results, results.scenarios))
    elif results.readiness is not None and not results.effects:
        yield Statements(readiness_statements(results, results.readiness))
    else:
        yield Prose("No plan was made in this refresh, so it asks for no decision.")


def trust(results: Results) -> Iterator[Block]:
    """Why the model may be trusted: three lines, and what was promised and kept."""
    if not results.effects:
        return
    lines = [*trust_statements(results, results.leading)]
    lines += follow_up_lines(results.follow_up)
    yield Bullets(tuple(lines))


def follow_up_lines(found: FollowUp | None) -> Iterator[Prose]:
    """How earlier published ranges were kept, and which decisions are due (G6)."""
    if found is None:
        return
    if found.record:
        yield Prose(" ".join(found.record), lead="Kept promises.")
    if found.due:
        due = [f"{one.decision} ({one.title}, {one.owner})" for one in found.due[:NAMED]]
        yield Prose(f"{some_of(due, NAMED)}.", lead="Due for follow-up.")


def changes(results: Results) -> Iterator[Block]:
    """What moved since the last refresh and which advice changed, in a sentence each."""
    if results.comparison is not None:
        yield change_line(results, results.comparison)
    found = changed_advice(results)
    if found:
        yield Prose(NO_ADVICE) if results.blocked else short_advice(found)


def not_to_infer(results: Results) -> Iterator[Block]:
    """Channels of which nothing may be inferred, by name and with the reason."""
    if results.effects:
        yield Bullets(tuple(never_statements(results)))


def watch(results: Results) -> Iterator[Block]:
    """What would change the decision, when to look again, and which test would tell most."""
    plan, pack = plan_to_decide(results), results.scenarios
    lines: list[Prose] = []
    if plan is not None and pack is not None:
        lines += watch_statements(results, pack, plan)
    if results.effects and not results.blocked:
        lines += next_test(results, results.leading)
    if lines:
        yield Bullets(tuple(lines))


def release(results: Results) -> Iterator[Block]:
    """Release state, who has to sign, and what is due next."""
    due = results.follow_up.calendar if results.follow_up else ""
    calendar = [Prose(due, lead="Calendar.")] if due else []
    yield Bullets((*release_statements(results), *calendar))
