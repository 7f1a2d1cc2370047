"""What the first page says: the decision that is asked, and what a meeting needs to take it.

One page, some 300 words: each function writes the sentences of one of its parts, and the
briefing behind it has the detail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from mmmlib.data.panel.panel import panel_of
from mmmlib.estimates import format_number, roughly, span_text
from mmmlib.findings import Finding, Status
from mmmlib.governance.labels import NOT_JUDGED, stop_words
from mmmlib.governance.verdict import Release
from mmmlib.model.effects import lift_tests_of, parts_of
from mmmlib.phrases import capital, count_text, date_text, listed
from mmmlib.readiness.design import design_test
from mmmlib.refresh.comparison import Comparison
from mmmlib.refresh.movement import wide_noise
from mmmlib.reports.blocks import Prose, label_mark
from mmmlib.reports.quantities import ModelNumbers, held
from mmmlib.reports.results import Results
from mmmlib.reports.words.figures import bad_case, outcome_of
from mmmlib.reports.words.labels import reasons_once
from mmmlib.reports.words.statements import (
    calm_mark,
    leading_returns,
    movement_sentence,
    same_data_words,
    spend_words_of,
)
from mmmlib.scenarios.labels import lowest, probability_text
from mmmlib.scenarios.pack import Label, Scenario, ScenarioPack

NAMED = 3
"""Channels, or reasons, that the first page names one by one."""
NO_PLAN = "The baseline stands: no plan is good enough to be put to a decision."
TITLES = {
    Release.APPROVED: "Approved",
    Release.LIMITED: "Approved for a limited audience",
    Release.NOT_APPROVED: "Not approved",
    Release.DRAFT: "Draft",
}


def plan_to_decide(results: Results) -> Scenario | None:
    """Return the plan that is recommended, or the one that the meeting has to judge."""
    pack = results.scenarios
    if pack is None or results.gates is None or results.blocked:
        return None
    return pack.proposed


def decision_statements(results: Results, pack: ScenarioPack) -> tuple[Prose, ...]:
    """Say what is to be decided, by whom, by when; then the move, its gain and its bad case."""
    plan = plan_to_decide(results)
    if plan is None:
        why = NO_PLAN
        if results.gates is None or results.blocked:
            why = stop_words(results.gates)
        return (Prose(why, lead="No decision is asked.", mark=label_mark(Label.DO_NOT_INFER)),)
    title = f"{plan.title[:1].lower()}{plan.title[1:]}"
    if plan.moves:  # its title names no channel
        title = f"{title} ({plan.moves})"
    begins = f"before it starts on {date_text(pack.first_week)}"
    if plan.step and plan.name == pack.recommended:
        ask = f"is asked to approve a step to watch, as no plan is safe yet: {title}, {begins}."
    elif plan.name == pack.recommended:
        ask = f"is asked to approve, change or put off: {title}, {begins}."
    else:
        ask = f"is asked to judge, as no plan is safe yet: {title}, {begins}."
    return (
        Prose(f"{decider(results)} {ask}", lead="The decision.", mark=label_mark(plan.label)),
        Prose(gain_sentence(results, pack, plan), lead="What it brings."),
    )


def decider(results: Results) -> str:
    """Name who decides: the person who signs the recommendation, or the role."""
    gates = results.gates
    for one in gates.sign_offs if gates else ():
        if one.subject == "recommendation":
            return f"{one.person} ({one.role})"
    return "The Decision Owner"


def gain_sentence(results: Results, pack: ScenarioPack, plan: Scenario) -> str:
    """Say what a plan would bring, how likely it is better, and its bad case."""
    outcome, unit = outcome_of(results, pack.model), results.params.outcome_unit(pack.model)
    spent, after = spend_words_of(results, plan)
    better = "better" if plan.comparable else "more"
    text = (
        f"{capital(spent)} over {count_text(pack.weeks, 'week')} changes {outcome}{after} by "
        f"{plan.gain.text()} against {pack.compared_with}, and is {better} with a chance of "
        f"{probability_text(plan.probability_better)}. Bad case, one in ten: "
        f"{format_number(bad_case(plan), unit)} or worse."
    )
    if plan.recent is None:
        return text
    return (
        f"{text} Against {plan.recent.name}: {plan.recent.gain.text(mass=False)}, chance "
        f"{probability_text(plan.recent.probability_better)}."
    )


def trust_statements(results: Results, numbers: ModelNumbers) -> Iterator[Prose]:
    """Say why the leading model may be trusted: unseen weeks, experiments, other outcomes.

    What leads may be the sum of several models, one a motion: each was tried by itself.
    """
    models = parts_of(results.run, numbers.name)
    yield Prose(unseen_sentence(results, models), lead="Weeks it had not seen.")
    yield Prose(tests_sentence(results, models), lead="Experiments.")
    yield Prose(outcomes_sentence(results), lead="Other outcomes.")


def unseen_sentence(results: Results, models: Sequence[str]) -> str:
    """Say how many unseen weeks lay in the predicted band, and how far the forecast was off."""
    counts, errors = [], []
    for model in models:
        holdout = results.holdout(model)
        if holdout is None or bool(holdout["in_sample"].all()):
            continue
        counts.append(held(holdout, ~holdout["in_sample"].to_numpy()))
        errors += [
            finding.value
            for finding in _found(results, "health.holdout_error")
            if finding.subject == model and isinstance(finding.value, float)
        ]
    if not counts:
        return "The forecast was not tried on weeks that the model had not seen."
    inside, weeks = (sum(part) for part in zip(*counts, strict=True))
    each = f" (of {len(counts)} models)" if len(counts) > 1 else ""
    size = span_text(errors, "share") if errors else ""
    return (
        f"{inside} of {weeks}{each} lay in the 90 % band of the forecast; "
        f"{np.round(0.9 * weeks):.0f} are expected{size and f'. Its error: {size}'}."
    )


def tests_sentence(results: Results, models: Sequence[str]) -> str:
    """Say how many lift tests the models would have foreseen alone."""
    found = {model: results.lifts(model) for model in models}
    said = [(model, tests.foreseen) for model, tests in found.items() if tests is not None]
    if not any(lift_tests_of(results.effects[model]) for model in models):
        return "No lift test measured this outcome yet."
    if not said:
        return "No lift test could be held against the model."
    if len(models) == 1:
        return f"{said[0][1]}."
    return " ".join(
        f"{results.model(model)}: {text[:1].lower()}{text[1:]}." for model, text in said
    )


def outcomes_sentence(results: Results) -> str:
    """Say whether the outcomes agree on the plans."""
    apart = [f for f in _found(results, "scenarios.disagreement") if f.status is not Status.OK]
    if len(results.effects) < 2:
        return "There is no second one to compare."
    if not apart:
        return "None of them contradicts a plan."
    return apart[0].message


def _found(results: Results, check: str) -> list[Finding]:
    return [finding for finding, _ in results.findings() if finding.check == check]


def change_line(results: Results, comparison: Comparison) -> Prose:
    """Say what moved since the last refresh, in a sentence."""
    moves = leading_returns(results, comparison)
    if not comparison.readable:
        return Prose(comparison.not_compared)
    if not moves:
        return Prose("No return could be compared; the health panel says why.")
    beyond = [move for move in moves if move.beyond_noise]
    if not beyond:
        wide = wide_noise(moves)
        even = (
            f", though noise is wide: the median of {results.short(wide.channel)} moved by "
            f"{format_number(roughly(abs(wide.change)), 'share')}"
            if wide is not None
            else ""
        )
        returns = count_text(len(moves), "return")
        return Prose(
            f"{same_data_words(comparison)}None of {returns} moved by more than noise{even}.",
            mark=calm_mark(results, comparison, moves[0].model),
        )
    more = f"; {count_text(len(beyond) - 1, 'more', 'more')} moved, too" if beyond[1:] else ""
    return Prose(
        f"{movement_sentence(results, beyond[0])}: more than noise{more}.",
        mark=label_mark(lowest(results.claim(m.model, m.channel).label for m in beyond)),
    )


def never_statements(results: Results) -> Iterator[Prose]:
    """Name the channels of which nothing may be inferred, each with its first reason."""
    model = results.params.primary
    claims = {name: results.claim(model, name) for name in results.params.paid_channels}
    names = [name for name, claim in claims.items() if claim.label is Label.DO_NOT_INFER]
    said = list(reasons_once(results, {name: claims[name].reasons[:1] for name in names}))
    for one in said[:NAMED]:
        yield replace(one, mark=label_mark(Label.DO_NOT_INFER))
    if said[NAMED:]:
        rest = listed([one.lead.rstrip(".") for one in said[NAMED:]])
        yield Prose(f"The same holds of {rest}; the briefing has the reasons.")
    if results.blocked:
        yield Prose("No return of this run may be acted on.", mark=label_mark(Label.DO_NOT_INFER))
    elif not names:
        yield Prose("Every channel's return may be spoken of, with its label.")


def watch_statements(results: Results, pack: ScenarioPack, plan: Scenario) -> Iterator[Prose]:
    """Say when the plan would no longer pay, and when its effect can be judged."""
    returns = results.return_words(pack.model)
    even = results.break_even(pack.model)
    if plan.return_on_change is not None and even is not None:
        moved = "added" if plan.spend_change > 0 else "saved"
        yield Prose(
            f"Money {moved} returns {returns.text(plan.return_on_change)}; at "
            f"{format_number(even, returns.unit)} the plan gains nothing.",
            lead="Break-even.",
        )
    changed = [line.channel for line in plan.plan if line.differs]
    numbers = next((one for one in results.models if one.name == pack.model), None)
    end = pack.first_week + dt.timedelta(weeks=pack.weeks)
    text = f"On {date_text(end)}"
    if numbers is not None and changed:
        slow = max(map(numbers.channel, changed), key=lambda row: row.half_life.median)
        text += (
            f"; half of the effect of {results.short(slow.channel)} takes "
            f"{slow.half_life.text(mass=False)}"
        )
    yield Prose(f"{text}.", lead="Look again.")


def next_test(results: Results, numbers: ModelNumbers) -> Iterator[Prose]:
    """Name the test to make next: of the contribution that is known worst, where a test can find it."""
    panel = panel_of(results.run)
    missed = None
    for row in sorted(numbers.channels, key=lambda row: -row.contribution.width):
        believed = (row.share.low, row.share.median, row.share.high)
        test = design_test(row.channel, panel, results.params, believed)
        if test is None:
            continue
        finds = f"finds {format_number(test.detectable_share, 'share')} of the outcome"
        if test.detects:
            text = (
                f"A {test.kind} of {results.channel(row.channel)} over "
                f"{count_text(test.weeks, 'week')} {finds} or more; the model gives it {row.share.text(mass=False)}."
            )
            yield Prose(text, lead="Next test.")
            return
        missed = missed or (
            f"A {test.kind} of {test.weeks} weeks {finds}, too coarse for any channel: raise one's "
            "spend instead."
        )
    if missed:
        yield Prose(missed, lead="Next test.")


def release_statements(results: Results) -> Iterator[Prose]:
    """Say whether the pack is released, and who still has to sign what."""
    gates = results.gates
    if gates is None:
        yield Prose(NOT_JUDGED, lead="Draft.")
        return
    title = TITLES[gates.release]
    if gates.release is Release.LIMITED and gates.sign_offs:
        title = "For a limited audience, once signed"
    said = gates.statement.removeprefix(f"{title}: ")
    yield Prose(capital(said), lead=f"{title}.")
    waiting: dict[str, list[str]] = {}
    for one in () if gates.blocked else gates.sign_offs:
        waiting.setdefault(one.person, []).append(one.subject)
    if waiting:
        who = "; ".join(f"{person}: {listed(subjects)}" for person, subjects in waiting.items())
        yield Prose(f"{who}.", lead="Still to sign.")
