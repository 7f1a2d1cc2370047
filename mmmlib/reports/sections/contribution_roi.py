"""Contribution and ROI view (O2): per model, intervals first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mmmlib.estimates import mass_text
from mmmlib.model.effects import lift_tests_of
from mmmlib.phrases import count_text, listed
from mmmlib.reports.blocks import Block, Bullets, Folded, Heading, Prose
from mmmlib.reports.markup import plain
from mmmlib.reports.pictures import (
    contributions_picture,
    curves_pictures,
    exposure_pictures,
    lift_pictures,
    over_time_picture,
    returns_picture,
    shares_picture,
)
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.style import OTHER
from mmmlib.reports.tables.channels import SHOWN, agreement, channel_table, rank_table
from mmmlib.reports.tables.lift import SHOWN as LIFT_SHOWN
from mmmlib.reports.tables.lift import calibration_table, lift_tests_table
from mmmlib.reports.tables.unpaid import SHOWN as UNPAID_SHOWN
from mmmlib.reports.tables.unpaid import unpaid_claim, unpaid_table
from mmmlib.reports.words.figures import window_of
from mmmlib.reports.words.labels import reasons_once
from mmmlib.reports.words.statements import total_statement
from mmmlib.reports.words.unpaid import unpaid_sentence
from mmmlib.scenarios.pack import Label


def leading(results: Results) -> Iterator[Block]:
    """Which outcome, for whom, with which bias; and the total."""
    if not results.effects:
        yield Prose(
            "No model was fitted in this refresh, so there is no contribution and no return "
            "to show. The health panel says why."
        )
        return
    numbers = results.leading
    yield Prose(
        f"{results.model(numbers.name)}, in {numbers.unit}, {window_of(numbers)} "
        f"({count_text(len(numbers.weeks), 'week')}). It serves "
        f"{results.params.audience.serves}.",
        lead="The outcome.",
    )
    bias = results.params.outcome_of(numbers.name).bias
    if bias:
        yield Prose(bias, lead="Its known bias.")
    yield total_statement(results, numbers)


def returns(results: Results) -> Iterator[Block]:
    """Return of each channel, figure, table and the reasons of the labels."""
    if not results.effects:
        return
    numbers = results.leading
    yield returns_picture(results, numbers)
    table = channel_table(results.params, numbers, numbers.by_return, results.gates).only(*SHOWN)
    yield Folded(f"{count_text(len(numbers.channels), 'channel')} in numbers", (table,))
    doubted = {
        row.channel: claim.reasons
        for row in numbers.by_return
        if (claim := results.claim(numbers.name, row.channel)).label is not Label.SAFE
    }
    if doubted:
        yield Prose("Why some of these are not safe to act on:")
        yield Bullets(tuple(reasons_once(results, doubted)))


def contributions(results: Results) -> Iterator[Block]:
    """Contribution of each channel."""
    if results.effects:
        yield contributions_picture(results, results.leading, "contributions")
        yield from _unpaid(results, results.leading)
        if len(results.leading.channels) > 1:
            yield shares_picture(results, results.leading)


def _unpaid(results: Results, numbers: ModelNumbers) -> Iterator[Block]:
    """Channels without spend, where there are any: sentence, table, and why each is labelled so."""
    if not numbers.unpaid:
        return
    yield Prose(unpaid_sentence(results, numbers), lead="Without spend.")
    yield unpaid_table(results, numbers).only(*UNPAID_SHOWN)
    doubted = {
        row.channel: unpaid_claim(results, numbers.name, row.channel).reasons
        for row in numbers.unpaid
    }
    yield Bullets(tuple(reasons_once(results, doubted)))


def over_time(results: Results) -> Iterator[Block]:
    """Baseline and channels over time; channels that the figure groups are listed under it."""
    if not results.effects:
        return
    numbers = results.leading
    yield over_time_picture(results, numbers)
    grouped = [row for row in numbers.by_contribution if results.colours[row.channel] == OTHER]
    if len(grouped) > 1:
        yield channel_table(results.params, numbers, grouped).only(
            "Channel",
            "Contribution",
            name="other",
            caption="The channels that the figure shows together as other, the largest first; "
            "ranges hold 90 %.",
        )


def curves(results: Results) -> Iterator[Block]:
    """Response curves, the largest spend first."""
    if results.effects:
        yield from curves_pictures(results, results.leading)
        yield from exposure_pictures(results, results.leading)


def timing(results: Results) -> Iterator[Block]:
    """Half-life of each channel's effect (M4)."""
    if not results.effects:
        return
    numbers = results.leading
    rows = sorted(numbers.channels, key=lambda row: -row.half_life.median)
    slow = rows[0]
    yield Prose(
        f"{results.channel(slow.channel)} takes longest: half of its effect comes within "
        f"{slow.half_life.text()}. A decision on a channel should not be judged before most of its "
        f"effect can have come."
    )
    table = channel_table(results.params, numbers, rows).only(
        "Channel",
        "Half of the effect after",
        name="half-life",
        caption=f"Weeks until half of an effect has come, the slowest first; ranges hold "
        f"{mass_text(rows[0].half_life)}.",
    )
    yield Folded(f"Half-lives of {count_text(len(rows), 'channel')}", (table,))


def lift_tests(results: Results) -> Iterator[Block]:
    """Lift tests beside the models that they measured: with them, without them, how far apart."""
    tested = [model for model, effects in results.effects.items() if lift_tests_of(effects)]
    if not tested:
        if results.effects:
            yield Prose(
                "No lift test measured any of these outcomes. A test is the strongest evidence "
                "there is for a channel's return; the first page says what the next one takes."
            )
        return
    leading = results.params.parts_of(results.params.primary)
    others: list[Block] = []
    for number, model in enumerate(tested):
        suffix = f"-{number}" if number else ""
        blocks = lift_blocks(results, model, suffix, folded=model in leading)
        if model in leading:
            if len(set(leading) & set(tested)) > 1:
                yield Heading(results.model(model))
            yield from blocks
        else:
            others += [Heading(results.model(model)), *blocks]
    if others:
        yield Folded("Lift tests of other outcomes", tuple(others))


def lift_blocks(
    results: Results, model: str, suffix: str = "", *, folded: bool = False
) -> Iterator[Block]:
    """Say what the lift tests of a model saw: sentence, figure, and two tables, folded or not."""
    if not lift_tests_of(results.effects[model]):
        yield Prose("No lift test measured this outcome.")
        return
    found = results.lifts(model)
    if found is None:
        yield Prose(
            "The model was calibrated by lift tests of this outcome, but there is no fit without "
            "them that they can be held against. The health panel says why."
        )
        return
    yield Prose(found.sentence)
    yield from lift_pictures(found, suffix)
    if found.seemingly_refuted:
        yield Bullets(tuple(Prose(text) for text in found.seemingly_refuted))
    many = count_text(len(found.tests), "lift test")
    tables = (
        lift_tests_table(found).only(*LIFT_SHOWN, name=f"lift-tests{suffix}"),
        replace(calibration_table(found), name=f"with-and-without{suffix}"),
    )
    if folded:
        yield Folded(f"{many} of {plain(results.model(model))} in numbers", tables)
    else:
        yield from tables


def other_outcomes(results: Results) -> Iterator[Block]:
    """The other models, and where outcomes disagree (M2)."""
    models = results.models
    if len(models) < 2:
        return
    apart = [c for c in results.params.paid_channels if agreement(models, c) == "they disagree"]
    if apart:
        names = listed([results.short(channel) for channel in apart])
        yield Prose(
            f"{names}: the outcomes do not give it the same place. That is a finding about the "
            f"quality of the demand, or about one outcome's bias; see the places below.",
            lead="They disagree.",
        )
    else:
        yield Prose(
            "No channel's place by return differs between outcomes by more than its range.",
            lead="They agree.",
        )
    yield rank_table(results.params, models)
    others = models[1:]
    yield Folded(
        f"Returns on {count_text(len(others), 'other outcome')}",
        tuple(
            block
            for number, numbers in enumerate(others, start=1)
            for block in _other(results, numbers, number)
        ),
    )


def _other(results: Results, numbers: ModelNumbers, number: int) -> Sequence[Block]:
    bias = results.params.outcome_of(numbers.name).bias
    blocks: list[Block] = [Heading(results.model(numbers.name))]
    if bias:
        blocks.append(Prose(bias, lead="Its known bias."))
    blocks += [
        total_statement(results, numbers),
        returns_picture(results, numbers, f"returns-{number}"),
        channel_table(results.params, numbers, numbers.by_return, results.gates).only(
            *SHOWN, name=f"channels-{number}"
        ),
    ]
    return blocks
