"""Briefing (O1): the answer in full behind the first page, every number with its range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mmmlib.findings import Level, Status
from mmmlib.governance.labels import stop_words
from mmmlib.phrases import capital, count_text, listed
from mmmlib.readiness.verdict import Verdict
from mmmlib.refresh.changes import changes_every_time
from mmmlib.reports.blocks import Block, Bullets, Prose, Statements, label_mark
from mmmlib.reports.results import Results
from mmmlib.reports.tables.channels import SHOWN, channel_table
from mmmlib.reports.tables.checks import sign_off_table
from mmmlib.reports.tables.periods import period_table, periods_of
from mmmlib.reports.tables.plans import changed_plan_table
from mmmlib.reports.title_block import period_text
from mmmlib.reports.words.labels import beside_channels, label_worth, reasons_once
from mmmlib.reports.words.statements import (
    answer_statements,
    by_size,
    calm_sentence,
    compared_sentence,
    movement_sentence,
    period_sentence,
    readiness_statements,
)
from mmmlib.reports.words.unpaid import unpaid_sentence
from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.pack import Advice, Label, ScenarioPack

MOST = 5
"""Entries of a list in the briefing; the other documents have them all."""


def answer(results: Results) -> Iterator[Block]:
    """Three to five statements; or why there is no answer."""
    if results.effects:
        yield Statements(answer_statements(results, results.leading))
    elif results.readiness is not None:
        yield Statements(readiness_statements(results, results.readiness))
    else:
        yield Prose("No model was fitted in this refresh, so it has no answer.")


def quarter(results: Results) -> Iterator[Block]:
    """The period of this refresh against the one before and that of a year ago."""
    if not results.effects:
        return
    numbers, period = results.leading, results.params.refresh.period
    rows = periods_of(numbers, period)
    outcome = results.model(numbers.name)
    if not rows or rows[0].name != period_text(period):
        yield Prose(f"No week of {period_text(period)} was fitted, so it has no numbers yet.")
    if rows:
        yield Prose(period_sentence(results, numbers, rows))
        yield period_table(numbers, rows, outcome)


def what_changed(results: Results) -> Iterator[Block]:
    """Movements, data and settings that changed since the last refresh."""
    compared = results.comparison
    if compared is None:
        return
    yield Prose(compared_sentence(compared))
    if not compared.readable:
        return
    moves = [m for m in compared.movements if m.quantity == "roi"]
    beyond = [m for m in by_size(moves) if m.beyond_noise]
    items = [
        Prose(
            f"{movement_sentence(results, move)}.",
            lead=f"{results.model(move.model)}.",
            mark=label_mark(results.claim(move.model, move.channel).label),
        )
        for move in beyond[:MOST]
    ]
    if len(beyond) > MOST:
        items.append(Prose(f"The change log has {count_text(len(beyond) - MOST, 'more', 'more')}."))
    if not moves:
        items.append(Prose("No return can be compared; the health panel says why."))
    elif not beyond:
        items.append(Prose(calm_sentence(results, moves)))
    restated = [c for c in compared.data_changes if c.kind == "restated"]
    if restated:
        series = count_text(len(restated), "series", "series")
        items.append(Prose(f"The values of {series} were restated.", lead="Data."))
    if compared.lift_changes:
        changed = count_text(len(compared.lift_changes), "lift test")
        items.append(
            Prose(f"{changed} came, went or changed; see the change log.", lead="Evidence.")
        )
    chosen = [one for one in compared.parameter_changes if not changes_every_time(one.key)]
    if chosen:
        count = count_text(len(chosen), "setting")
        items.append(Prose(f"{count} changed; see the change log.", lead="Settings."))
    if items:
        yield Bullets(tuple(items))


def insights(results: Results) -> Iterator[Block]:
    """Contribution and return of each channel in a table; the next document draws them."""
    if not results.effects:
        return
    numbers = results.leading
    yield channel_table(results.params, numbers, numbers.by_contribution, results.gates).only(
        *SHOWN, name="summary-channels"
    )
    if numbers.unpaid:
        yield Prose(unpaid_sentence(results, numbers), lead="Without spend.")


def moves(results: Results) -> Iterator[Block]:
    """The plan that is recommended, or the reasons why none is."""
    pack = results.scenarios
    if pack is None:
        return
    if results.blocked:
        why = stop_words(results.gates)
        yield Prose(why, lead="No recommendation.", mark=label_mark(Label.DO_NOT_INFER))
        return
    yield from _by_channel(results, pack)
    plan = pack.proposed
    if plan is None:
        yield Prose("No plan may be recommended. What speaks against each:")
        yield Bullets(
            tuple(
                Prose(
                    " ".join(beside_channels(results, pack.model, one.reasons)),
                    lead=f"{one.title}.",
                    mark=label_mark(one.label),
                )
                for one in pack.scenarios
                if one.kind != "baseline"
            )
        )
        return
    # What it brings is one of the statements that come first.
    if reasons := beside_channels(results, pack.model, plan.reasons):
        yield Prose(
            " ".join(reasons), lead=f"{plan.title}: why this label.", mark=label_mark(plan.label)
        )
    yield replace(changed_plan_table(results.params, plan), name="summary-plan")


def _by_channel(results: Results, pack: ScenarioPack) -> Iterator[Block]:
    """Advice on every channel in a sentence; the scenario pack has the reasons."""
    parts = []
    for advice in Advice:
        names = [results.channel(one.channel) for one in pack.advice if one.advice is advice]
        if names:
            parts.append(f"{advice}: {listed(names)}")
    if parts:
        yield Prose(f"{capital('; '.join(parts))}.", lead="Each channel alone.")


def confidence(results: Results) -> Iterator[Block]:
    """How far the run may be trusted, and the downside of the plans."""
    items = []
    gates = results.gates
    if gates is not None:
        flags = [level for f, level in results.findings() if f.status is not Status.OK]
        passed = len(gates.entries) - len(flags)
        block, warn, info = (flags.count(one) for one in (Level.BLOCK, Level.WARN, Level.INFO))
        items.append(
            Prose(
                f"{passed} of {count_text(len(gates.entries), 'check')} passed, "
                f"{count_text(warn, 'warning')}, {block} that {'blocks' if block == 1 else 'block'}, "
                f"{info} that only {'informs' if info == 1 else 'inform'}. The health panel has "
                f"them.",
                lead="Checks.",
            )
        )
    if results.effects:
        low = [n for n, label in _labels(results) if label is not Label.SAFE]
        if low:
            items.append(
                Prose(f"Statements on {listed(low)} are not safe to act on.", lead="Least sure.")
            )
    pack = results.scenarios
    if pack is not None:
        items += [
            Prose(
                f"{plan.gain.text()} against {pack.compared_with}"
                f"{', before what its lever costs' if plan.cost_open else ''}; "
                f"the chance that it is {'better' if plan.comparable else 'more'} is "
                f"{probability_text(plan.probability_better)}.",
                lead=f"{plan.title}.",
                mark=label_mark(plan.label),
            )
            for plan in pack.scenarios
            if plan.kind != "baseline"
        ]
    if items:
        yield Bullets(tuple(items))
    if results.effects:
        yield Prose("What a label was worth on companies whose truth is known:")
        yield label_worth(results, Label)


def _labels(results: Results) -> list[tuple[str, Label]]:
    model = results.params.primary
    return [
        (results.channel(name), results.claim(model, name).label)
        for name in results.params.paid_channels
    ]


def questions(results: Results) -> Iterator[Block]:
    """The key questions, each with its answer (A4)."""
    asked = results.params.key_questions
    if not asked:
        return
    answers = results.scenarios.answers if results.scenarios is not None else ()
    items = []
    # Two questions may have one text: their answers are given once, together.
    for question in dict.fromkeys(one.question for one in asked):
        found = [one for one in answers if one.question == question]
        if not found:
            items.append(
                Prose(
                    "This refresh has no answer to it.",
                    lead=question,
                    mark=label_mark(Label.DO_NOT_INFER),
                )
            )
        for one in found:
            where = "" if one.model == results.params.primary else f"{results.model(one.model)}: "
            why = beside_channels(results, one.model, one.reasons)
            text = " ".join([f"{where}{one.text}", *why])
            items.append(Prose(text, lead=one.question, mark=label_mark(one.label)))
    yield Bullets(tuple(items))


def boundaries(results: Results) -> Iterator[Block]:
    """Whom it serves, what it may be used for, and what must not be inferred (M1, O1)."""
    audience = results.params.audience
    yield Prose(f"This pack serves {audience.serves}. It may be used to:")
    yield Bullets(tuple(Prose(text) for text in audience.supports))
    yield Prose("It may not be used to:")
    yield Bullets(tuple(Prose(text) for text in audience.not_for))
    model = results.params.primary
    never = {
        name: results.claim(model, name).reasons
        for name in results.params.paid_channels
        if results.claim(model, name).label is Label.DO_NOT_INFER
    }
    if results.effects and never:
        yield Prose("Do not infer anything from the returns of:")
        mark = label_mark(Label.DO_NOT_INFER)
        yield Bullets(tuple(replace(one, mark=mark) for one in reasons_once(results, never)))
    bias = results.params.outcome_of(model).bias
    if bias:
        yield Prose(bias, lead="Known bias of the leading outcome.")
    readiness = results.readiness
    if readiness is not None and readiness.overall is Verdict.NOT_READY:
        yield Prose("No number on any channel's effect may be quoted from this pack.")


def signatures(results: Results) -> Iterator[Block]:
    """Who has to sign what, and why (G4)."""
    if results.gates is not None and results.gates.sign_offs:
        yield sign_off_table(results.gates.sign_offs)
