"""Documents beside the pack, in fixed templates (O6): what a review reads, decides and looks back on.

Each is a list of blocks under the same heads every time; :func:`mmmlib.reports.render.render_paper`
makes HTML and PDF of it by the renderers of the pack.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mmmlib.errors import RunError
from mmmlib.findings import Level
from mmmlib.governance.adoption import Cycle, Measure
from mmmlib.governance.agenda import SCENARIOS, Agenda, build_agenda
from mmmlib.governance.decisions import Followed, retrospective
from mmmlib.governance.gates import ROLES
from mmmlib.governance.maturity import Rung
from mmmlib.governance.roles import TITLES, read_roles
from mmmlib.governance.signoffs import data_change_text, model_change_text, new_tests_text
from mmmlib.phrases import count_text, date_text
from mmmlib.reports.blocks import Block, Bullets, Heading, Prose, Statements, label_mark
from mmmlib.reports.results import Results
from mmmlib.reports.tables.adoption import cycle_table, maturity_table, measure_table
from mmmlib.reports.tables.checks import SHOWN, check_table, not_passed, sign_off_table
from mmmlib.reports.tables.follow_up import promise_table
from mmmlib.reports.tables.plans import plans_table, shown_of
from mmmlib.reports.words.bridges import reason_sentence
from mmmlib.reports.words.plans import lever_sentences
from mmmlib.reports.words.statements import (
    answer_statements,
    change_statement,
    compared_sentence,
    move_statement,
    named_moves,
    plan_sentence,
)

Kind = Literal["preread", "agenda", "memo", "decision", "retrospective"]
OF_DECISIONS = ("decision", "retrospective")
LATEST = 91
"""Days before the end of the data in which an event is part of the context."""
NOTHING = "Nothing."
MOST_REASONS = 2
"""Movements whose reason a memo tells; the change log has all."""
SHOWN_CYCLES = 12
"""Refreshes that the trend of adoption shows."""


@dataclass(frozen=True)
class Paper:
    """A document, ready to be rendered."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def paper_of_run(results: Results, kind: str) -> Paper:
    """Make a document about a finished run, under its fixed heads: ``preread``, ``agenda`` or ``memo``.

    What the run lacks is said.
    """
    build = PAPERS[kind]
    title = {"preread": "Pre-read", "agenda": "Agenda of the review", "memo": "Refresh memo"}[kind]
    return Paper(kind, title, tuple(build(results)))


def paper_of_decision(results: Results, kind: str, followed: Followed) -> Paper:
    """Make a document about a decision: its memo (``decision``), or the ``retrospective``.

    ``results`` are of the run that it rests on, or of the newest where it rests on none.
    """
    name = f"{kind}_{followed.decision.decision}"
    if kind == "decision":
        title = f"Decision memo {followed.decision.decision}"
        return Paper(name, title, tuple(_decision_memo(results, followed)))
    title = f"Retrospective of {followed.decision.decision}"
    return Paper(name, title, tuple(_retrospective(results, followed)))


def paper_of_adoption(
    measures: Sequence[Measure], cycles: Sequence[Cycle], rungs: Sequence[Rung]
) -> Paper:
    """Make the page on adoption: measures with their definitions, the trend, the ladder."""
    reached = [one.name for one in rungs if one.reached]
    coming = next((one for one in rungs if not one.reached), None)
    where = reached[-1] if reached else "Not on the ladder yet"
    step = f" Next: {coming.name}. {coming.next}" if coming else " It is the highest rung."
    blocks: list[Block] = [
        Statements((Prose(f"{where}.{step}", lead="Decision quality."),)),
        Heading("Is it used?", level=2),
        measure_table(measures),
        Heading("Refresh by refresh", level=2),
        cycle_table(cycles[-SHOWN_CYCLES:]),
        Heading("The ladder of decision quality", level=2),
        maturity_table(rungs),
    ]
    return Paper("adoption", "Adoption", tuple(blocks))


# --- the review --------------------------------------------------------------------------


def agenda_of(results: Results) -> Agenda:
    """Return the agenda that the run made, or make it; an older run's lacks the follow-ups."""
    if results.run.has("agenda.json"):
        return results.run.load_json("agenda.json", Agenda)
    if results.gates is None:
        raise RunError(f"{results.run.name}: no gate has judged it, so there is no agenda.")
    return build_agenda(results.run, results.gates, results.follow_up)


def _agenda(results: Results) -> Iterator[Block]:
    agenda = agenda_of(results)
    yield Prose(f"{', '.join(agenda.people)}.", lead="Invited.")
    for number, item in enumerate(agenda.items, start=1):
        yield Heading(f"{number}. {item.title}", level=2)
        yield Prose(f"Led by {item.lead}.")
        yield Bullets(tuple(map(Prose, item.points)))


def _preread(results: Results) -> Iterator[Block]:
    yield from _insights(results)
    yield Heading("Whether it may be published", level=2)
    yield from _release(results)
    gates = results.gates
    flagged = not_passed(gates.entries) if gates else []
    flags = [one for one in flagged if one.level > Level.INFO]
    if flags:
        yield check_table(results.params, flags).only(*SHOWN)
    if rest := len(flagged) - len(flags):
        noun = "more finding" if flags else "finding"
        yield Prose(f"{count_text(rest, noun)} for information: in the health panel.")
    if results.scenarios is not None:
        yield Heading("Plans to choose from", level=2)
        shown = shown_of(results.scenarios)
        yield plans_table(results.params, results.scenarios).only(*shown)
    if results.follow_up and results.follow_up.kinds:
        yield Heading("Were earlier promises kept?", level=2)
        yield promise_table(results.follow_up).only(
            "Promises", "Known", "Held 90 %", "Above", "Below", "Verdict"
        )
    yield Heading("Agenda", level=2)
    for item in agenda_of(results).items:
        if item.title == SCENARIOS and results.scenarios is not None:
            continue  # the table above
        yield Heading(item.title)
        yield Bullets(tuple(map(Prose, item.points)))
    if gates and gates.sign_offs:
        yield Heading("Who has to sign", level=2)
        yield sign_off_table(gates.sign_offs)


def _memo(results: Results) -> Iterator[Block]:
    """The refresh on one page."""
    compared, params = results.comparison, results.params
    yield Heading("What changed", level=2)
    if compared is None or not compared.readable:
        text = compared.not_compared if compared else "The run stopped before the comparison."
        yield Prose(text)
    else:
        why = [
            reason_sentence(results, m, compared.bridge_of(m.model, m.channel, m.quantity))
            for m in named_moves(results, compared)[:MOST_REASONS]
        ]
        model = [model_change_text(compared), new_tests_text(compared)]
        yield Bullets(
            (
                Prose(compared_sentence(compared)),
                Prose(data_change_text(compared, params) or NOTHING, lead="Data."),
                Prose(" ".join(filter(None, model)) or NOTHING, lead="Model."),
                Prose(_context(results), lead="External context."),
                *(Prose(sentence, lead="Why it moved.") for sentence in why),
            )
        )
    yield Heading("Key insights", level=2)
    yield from _insights(results, brief=True)
    pack = results.scenarios
    if pack is not None:
        yield Heading("Scenarios reviewed", level=2)
        net = "after its cost, " if any(one.net for one in pack.scenarios) else ""
        yield Prose(
            f"What each would change of {results.model(params.primary)} over {pack.weeks} weeks, "
            f"{net}against {pack.compared_with}:"
        )
        yield Bullets(
            tuple(
                Prose(
                    f"{one.gain.text()}{', before what its lever costs' if one.cost_open else ''}.",
                    lead=f"{one.title}.",
                    mark=label_mark(one.label),
                )
                for one in pack.scenarios
                if one.kind != "baseline"
            )
        )
        yield Heading("Recommendation", level=2)
        yield move_statement(results, pack)
    yield Heading("Release status", level=2)
    yield from _release(results)
    yield Heading("Owners", level=2)
    roles = read_roles(results.run.path / ROLES)
    people = [f"{roles.person(role).name} ({TITLES[role]})" for role in list(TITLES)[:4]]
    yield Prose(f"{', '.join(people)}.")


def _insights(results: Results, *, brief: bool = False) -> Iterator[Block]:
    if not results.effects:
        yield Prose(
            "No model was fitted in this refresh; the health panel says what to do instead."
        )
        return
    found = list(answer_statements(results, results.leading))
    if brief:
        # The recommendation has a head of its own; what moved stands last.
        move = results.scenarios and move_statement(results, results.scenarios)
        moved = results.comparison and change_statement(results, results.comparison)
        found = [one for one in found if one not in (move, moved)][:2]
        found += [moved] if moved and results.comparison and results.comparison.parent else []
    yield Statements(tuple(found))


def _context(results: Results) -> str:
    """Events of the last quarter of the data: what the world did, as far as it was declared."""
    if not results.effects:
        return "Not known."
    last = str(results.leading.effects["week"].to_numpy()[-1])[:10]
    end = dt.date.fromisoformat(last) + dt.timedelta(days=6)
    start = end - dt.timedelta(days=LATEST)
    found = [
        f"{one.label or name} ({date_text(one.start)} to {date_text(one.end)})"
        for name, one in results.params.events.items()
        if one.start and one.end and one.start <= end and one.end >= start
    ]
    events = f"{'; '.join(found)}." if found else "No event of the last quarter was declared."
    seen = results.follow_up.observations if results.follow_up else ()
    return f"{events} Seen in the field: {'; '.join(seen)}." if seen else events


def _release(results: Results) -> Iterator[Block]:
    """Say whether it may be published; who signed and what blocks is told by the band."""
    gates = results.gates
    if gates is None:
        yield Prose("No gate has judged this run.")
        return
    counts = [sum(e.level is level for e in gates.entries) for level in (Level.BLOCK, Level.WARN)]
    yield Prose(
        f"Policy {gates.policy_version}: {count_text(counts[0], 'blocking finding')}, "
        f"{count_text(counts[1], 'warning')}.",
        lead=f"{gates.release}.",
    )


PAPERS: dict[str, Callable[[Results], Iterator[Block]]] = {
    "preread": _preread,
    "agenda": _agenda,
    "memo": _memo,
}

# --- decisions ---------------------------------------------------------------------------


def _decision_memo(results: Results, followed: Followed) -> Iterator[Block]:
    one = followed.decision
    decided = {"approve": "Approved", "modify": "Approved with changes", "defer": "Deferred"}
    yield Statements((Prose(f"{one.title}.", lead=f"{decided[one.stance]}."),))
    yield Heading("What was decided", level=2)
    rows = [
        ("Decided", f"{date_text(one.decided)} by {one.owner}"),
        ("Evidence", " ".join(filter(None, [one.evidence, one.run])) or "None from the model."),
        ("Rationale", one.rationale),
    ]
    if one.run_superseded:
        rows.append(("Caution", "A newer run had been published when this was decided."))
    yield _facts(rows)
    yield Heading("What it should bring", level=2)
    if one.expected is None:
        yield Prose("No range was stated, so nothing can be held against it later.")
    else:
        yield Prose(f"{one.expected}, {one.expected_is}.", lead="Expected.")
        yield from _plan_of(results, one.run, one.scenario)
    yield Heading("Risks, and what to watch", level=2)
    yield _facts([("Risks and constraints", one.risks), ("What to watch", one.watch)])
    yield Heading("When", level=2)
    yield _facts(
        [
            ("Carried out from", date_text(one.executes) if one.executes else ""),
            ("Follow-up", date_text(one.follow_up)),
            ("Not judged before", date_text(one.judge_from) if one.judge_from else ""),
        ]
    )


def _plan_of(results: Results, run: str, scenario: str) -> Iterator[Block]:
    pack = results.scenarios
    if not scenario or pack is None or results.run.name != run:
        return
    for plan in pack.scenarios:
        if plan.name == scenario:
            yield Prose(plan_sentence(results, pack, plan), mark=label_mark(plan.label))
            yield from (Prose(f"{line.move}.", lead="Its lever.") for line in plan.levers)
            yield from lever_sentences(results, pack, plan)


def _retrospective(results: Results, followed: Followed) -> Iterator[Block]:
    says = retrospective(followed)
    yield Statements((Prose(says[0], lead="Did it land inside the range?"),))
    yield Heading("What was decided", level=2)
    one = followed.decision
    yield _facts(
        [
            ("What", one.title),
            ("Decided", f"{date_text(one.decided)} by {one.owner}"),
            ("Expected", f"{one.expected}, {one.expected_is}" if one.expected else "No range."),
            ("Rationale", one.rationale),
        ]
    )
    yield Heading("What differs, and why", level=2)
    loops = results.follow_up.loops if results.follow_up else ()
    looked = [loop for loop in loops if loop.decision == one.decision and loop.realised]
    # What a later refresh computed says more than what was typed in, and the same first.
    parts = [sentence for loop in looked for sentence in loop.sentences] or says[1:]
    if followed.outcome is not None and followed.outcome.note and not looked:
        parts.append(followed.outcome.note)
    yield Bullets(tuple(map(Prose, parts or ["Nothing can be said yet."])))
    yield Heading("What is learned", level=2)
    if results.follow_up and results.follow_up.record:
        yield Prose(" ".join(results.follow_up.record), lead="All published ranges.")
    yield Prose(
        "One outcome says little of a range: a 90 % range is missed once in ten times. What should "
        "be done otherwise next time is for the meeting to say."
    )


def _facts(rows: list[tuple[str, str]]) -> Bullets:
    return Bullets(tuple(Prose(text or "Not stated.", lead=f"{head}.") for head, text in rows))
