"""The review meeting's agenda, made from the run (G5)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from mmmlib.estimates import Frozen, format_number, roughly
from mmmlib.findings import Level, Status
from mmmlib.governance.follow_up import FollowUp
from mmmlib.governance.gates import ROLES, RunEvidence, blocking_data, gather
from mmmlib.governance.labels import label_pack, stop_words
from mmmlib.governance.rebuild import CHECK as REBUILD
from mmmlib.governance.roles import TITLES, Roles, read_roles
from mmmlib.governance.signoffs import data_change_text, model_change_text, new_tests_text
from mmmlib.governance.verdict import GateResult
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.refresh.comparison import Comparison
from mmmlib.refresh.movement import wide_noise
from mmmlib.runs import Run
from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.pack import Scenario, ScenarioPack

__all__ = ["Agenda", "agenda_markdown", "build_agenda"]

SCENARIOS = "Scenarios"
MORE_REASONS = "more reasons in the scenario pack"
MOST = 6
"""Points of one kind on the agenda; the rest is counted and stays in the pack."""
_MARKUP = re.compile(r"([\\`*_{}\[\]#|~^$@]|(?<=[a-z]):(?=//))", re.IGNORECASE)
_LIST_OR_HEADING = re.compile(r"^([-+=>]|\d+[.)])")


class AgendaItem(Frozen):
    """One item: who leads it, and its points in plain text."""

    title: str
    lead: str
    points: tuple[str, ...]


class Agenda(Frozen):
    """The agenda; ``artefacts/agenda.json``. All texts are plain, nothing is escaped yet."""

    run: str
    title: str
    period: str
    release: str
    statement: str
    people: tuple[str, ...]
    items: tuple[AgendaItem, ...]


def build_agenda(run: Run, gates: GateResult, follow_up: FollowUp | None = None) -> Agenda:
    """Make the agenda of the review meeting from a run and its gates.

    Parameters
    ----------
    run
        The run that the meeting is about.
    gates
        What the gates decided on it.
    follow_up
        What earlier refreshes left open, if that is known.

    Returns
    -------
    Agenda
        Gate violations, what changed, what is due of earlier decisions, decisions, scenarios, the
        recommendation, and who has to sign.

    Examples
    --------
    ::

        run = open_run()
        print(agenda_markdown(build_agenda(run, pass_gates(run))))
    """
    params = params_of(run)
    roles = read_roles(run.path / ROLES)
    evidence = gather(run, params)
    pack = evidence.scenarios and label_pack(evidence.scenarios, gates, params)
    return Agenda(
        run=run.name,
        title=params.title,
        period=params.refresh.period,
        release=gates.release.value,
        statement=gates.statement,
        people=_people(roles),
        items=tuple(
            AgendaItem(title=title, lead=_lead(roles, leader), points=points)
            for title, leader, points in (
                ("Gate violations", "mmm_product_owner", _violations(gates, params)),
                (
                    "What changed",
                    "model_owner",
                    (*_changes(evidence.comparison, params), *_rebuild(gates)),
                ),
                ("Follow-ups that are due", "decision_owner", _follow_ups(follow_up)),
                (
                    "Decisions on the table",
                    "decision_owner",
                    _decisions(evidence, pack, gates, params),
                ),
                (SCENARIOS, "model_owner", _scenarios(pack, params)),
                ("Recommendation", "decision_owner", _recommendation(pack, gates)),
            )
        ),
    )


def agenda_markdown(agenda: Agenda) -> str:
    """Write an agenda as Markdown; every text of the run is escaped.

    Parameters
    ----------
    agenda
        Made by :func:`build_agenda`.

    Returns
    -------
    str
        Markdown, one heading per part of the meeting.
    """
    e = escape_markdown
    lines = [
        f"## Review of {e(agenda.title)}, {e(agenda.period)}",
        "",
        f"Release status: **{e(agenda.release)}**",
        "",
        e(agenda.statement),
        "",
        f"Run: {e(agenda.run)}",
        "",
        f"Invited: {e(', '.join(agenda.people))}",
    ]
    for number, item in enumerate(agenda.items, start=1):
        lines += ["", f"### {number}. {e(item.title)}", "", f"Led by {e(item.lead)}", ""]
        lines += [f"- {e(point)}" for point in item.points]
    return "\n".join(lines) + "\n"


def escape_markdown(text: str) -> str:
    """Return text that Markdown (and the HTML in it) shows as it is, on one line."""
    flat = " ".join(text.split()) if "\n" in text or "\r" in text else text.strip(" \t")
    # Markdown's own letters first: the '&', '#' and ';' of an entity must stay as they are.
    marked = _MARKUP.sub(r"\\\1", flat)
    marked = _LIST_OR_HEADING.sub(lambda m: f"{m[0][:-1]}\\{m[0][-1]}", marked)
    return html.escape(marked, quote=False)


# --- items -----------------------------------------------------------------------------


def _violations(gates: GateResult, params: Params) -> tuple[str, ...]:
    bad = [entry for entry in gates.entries if entry.level > Level.INFO]
    if not bad:
        return ("None: every check passed or is for information.",)
    points = [
        f"{entry.level.value.upper()} · "
        f"{params.subject_label(entry.finding.subject)}: {entry.finding.message}"
        + (f" To do: {entry.finding.action}" if entry.finding.action else "")
        for entry in bad
    ]
    return _first(points, "more in the health panel")


def _changes(comparison: Comparison | None, params: Params) -> tuple[str, ...]:
    if comparison is None:
        return ("Nothing was compared: the run stopped before it.",)
    if not comparison.readable:
        return (comparison.not_compared,)
    returns = [m for m in comparison.movements if m.quantity == "roi"]
    moved = [m for m in returns if m.beyond_noise]
    moved.sort(key=lambda move: -abs(move.after.median - move.before.median))
    points = [
        f"The return of {params.channel_label(move.channel)} "
        f"({params.model_label(move.model)}) moved by more than noise: "
        f"from {move.before} to {move.after}."
        for move in moved
    ]
    if not returns:
        points = ["No return can be compared with the last refresh."]
    elif not points:
        points = ["No return moved by more than noise."]
        if (wide := wide_noise(returns)) is not None:
            points[0] += (
                f" That is no sign of calm: the return of {params.channel_label(wide.channel)} "
                f"({params.model_label(wide.model)}) moved by "
                f"{format_number(roughly(abs(wide.change)), 'share')}, and even that is within its range."
            )
    shown = list(_first(points, "more in the change log"))
    if data := data_change_text(comparison, params):
        shown.append(f"Data: {data}")
    if tests := new_tests_text(comparison):
        shown.append(tests)
    if model := model_change_text(comparison):
        shown.append(f"Model and software: {model}")
    return tuple(shown)


def _rebuild(gates: GateResult) -> list[str]:
    found = [one.finding for one in gates.entries if one.finding.check == REBUILD]
    return [f"Refresh or rebuild? {one.message}" for one in found if one.status is Status.FLAG]


def _follow_ups(found: FollowUp | None) -> tuple[str, ...]:
    if found is None or not (found.record or found.due or found.loops):
        return ("None: nothing was decided or promised before this refresh.",)
    due = [
        f"{one.decision} ({one.owner}, due on {one.follow_up}): {one.title}."
        + (f" Expected: {one.expected}." if one.expected else "")
        for one in found.due
    ]
    loops = [f"{one.decision}: {' '.join(one.sentences)}" for one in found.loops]
    record = " ".join(found.record)
    rest = _first([*(due or ["No decision is due."]), *loops], "more in 'mmm decisions --due'")
    return (*((f"Published ranges: {record}",) if record else ()), *rest)


def _decisions(
    evidence: RunEvidence, pack: ScenarioPack | None, gates: GateResult, params: Params
) -> tuple[str, ...]:
    if evidence.not_ready:
        designs = evidence.readiness.alternatives if evidence.readiness else ()
        tests = [
            f"Run a {one.kind} of {params.channel_label(one.channel)} for {one.weeks} weeks "
            "instead of a model?"
            for one in designs
        ]
        data = [
            f"Who has the data corrected? {f.message}" for f in blocking_data(evidence.readiness)
        ]
        return _first(
            data + tests or ["What to measure with instead of a model?"], "more in the health panel"
        )
    points = [
        f"{answer.question} {answer.text.rstrip('.')} ({answer.label.value})."
        for answer in (pack.answers if pack else ())
    ]
    signatures: dict[str, list[str]] = {}
    for one in gates.sign_offs:
        signatures.setdefault(one.subject, []).append(f"{one.person} ({one.role})")
    signed = [f"Sign-off of {what}: {', '.join(who)}." for what, who in signatures.items()]
    return (*_first(points, "more in the scenario pack"), *signed) or ("None.",)


def _scenarios(pack: ScenarioPack | None, params: Params) -> tuple[str, ...]:
    if pack is None:
        if params.refresh.kind == "monthly":
            return ("There are none: a monthly refresh proposes nothing.",)
        return ("There are none: no model was fitted.",)
    return tuple(_plan_text(one, params) for one in pack.scenarios if one.kind != "baseline")


def _plan_text(one: Scenario, params: Params) -> str:
    if one.net is not None:
        bad = format_number(one.downside, params.currency)
        gain = f"net of spend {one.net}, one in ten below {bad}"
    else:
        gain = f"{one.difference} against the status quo"
        gain += ", before what its lever costs" if one.cost_open else ""
    beats = "beats the status quo" if one.comparable else "brings more than the status quo"
    return (
        f"{one.title}: {gain}; {beats} with probability "
        f"{probability_text(one.probability_better)}; {one.label.value}."
    )


def _described(one: Scenario) -> str:
    """Say what a plan is, and how it stands to what is spent now where that is another thing."""
    both = f" {one.recent.text}" if one.recent else ""
    return f"{one.title}. {one.description}{both}"


def _recommendation(pack: ScenarioPack | None, gates: GateResult) -> tuple[str, ...]:
    if pack is None:
        return (gates.statement if gates.blocked else "None: there are no plans.",)
    titled = {one.name: one for one in pack.scenarios}
    if gates.blocked:
        why = stop_words(gates)
        return (f"None: {why[:1].lower()}{why[1:]}",)
    if pack.recommended:
        one = titled[pack.recommended]
        return (_described(one), *_first(one.reasons, MORE_REASONS))
    if pack.candidate:
        one = titled[pack.candidate]
        lead = f"No plan is safe to act on. For review: {_described(one)}"
        return (lead, *_first(one.reasons, MORE_REASONS))
    return ("None: no plan is safe to act on, so the status quo stands.",)


def _people(roles: Roles) -> tuple[str, ...]:
    single = ("decision_owner", "mmm_product_owner", "model_owner", "data_owner")
    invited = [_lead(roles, role) for role in single]
    return (*invited, *(f"{one.name} ({TITLES['review_council']})" for one in roles.review_council))


def _lead(roles: Roles, role: str) -> str:
    return f"{roles.person(role).name} ({TITLES[role]})"


def _first(points: Iterable[str], more: str) -> tuple[str, ...]:
    every = list(points)
    rest = len(every) - MOST
    return tuple(every[:MOST]) + ((f"{rest} {more}.",) if rest > 0 else ())
