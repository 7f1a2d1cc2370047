"""Scenario pack (O3): plans side by side, each with range, downside, label and reasons."""

from __future__ import annotations

from collections.abc import Iterator

from mmmlib.estimates import format_number
from mmmlib.phrases import count_text, date_text, listed
from mmmlib.reports.blocks import (
    Block,
    Bullets,
    Folded,
    Heading,
    Prose,
    Together,
    label_mark,
)
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure
from mmmlib.reports.figures.moves import MoveRow, move_figure
from mmmlib.reports.results import Results
from mmmlib.reports.style import INK, LABEL_COLOURS, LABEL_SYMBOLS
from mmmlib.reports.tables.baseline import ADVICE_SHOWN, advice_table, baseline_spend_table
from mmmlib.reports.tables.plan_risk import (
    RISK_SHOWN,
    floors_name,
    floors_table,
    ladder_table,
    risk_table,
)
from mmmlib.reports.tables.plans import (
    changed_plan_table,
    levers_table,
    plan_name,
    plans_table,
    shown_of,
)
from mmmlib.reports.words.figures import outcome_of, scenario_words
from mmmlib.reports.words.first_page import plan_to_decide
from mmmlib.reports.words.labels import beside_channels
from mmmlib.reports.words.plans import (
    conditions,
    floors_words,
    held_sentence,
    lever_sentences,
    levers_sentence,
    move_words,
    search_sentence,
)
from mmmlib.reports.words.statements import move_statement, plan_sentence
from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.pack import Scenario, ScenarioPack

LATER = 0.01
"""Share of the range of a plan's change from which a sentence tells what comes later."""


def overview(results: Results) -> Iterator[Block]:
    """What is recommended, and all plans in one table."""
    pack = results.scenarios
    if pack is None:
        yield Prose("No model was fitted in this refresh, so there are no plans to compare.")
        return
    yield move_statement(results, pack)
    yield from _move(results, pack)
    yield Prose(
        f"{count_text(pack.weeks, 'week')} from {date_text(pack.first_week)}, on "
        f"{results.model(pack.model)}. Effects that come after the last week are counted in.",
        lead="Horizon.",
    )
    yield plans_table(results.params, pack).only(*shown_of(pack))
    yield from _searches(results, pack)
    yield from _baseline(results, pack)
    tables = [risk_table(results.params, pack).only(*RISK_SHOWN)]
    if pack.baseline is not None:
        tables.append(baseline_spend_table(results.params, pack))
    yield Folded("What each plan risks, and what it is compared with", tuple(tables))


def _move(results: Results, pack: ScenarioPack) -> Iterator[Block]:
    """The plan that the page speaks for: its size against what is spent now, and its conditions."""
    plan = plan_to_decide(results)
    if plan is None:
        return
    yield Bullets(tuple(conditions(results, pack, plan)))
    lines = sorted(plan.plan, key=lambda line: -line.spend_before)
    rows = [
        MoveRow(
            results.channel(line.channel),
            line.spend_before,
            line.spend_after,
            line.spend_recent,
            results.colours[line.channel],
        )
        for line in lines
        if line.differs
    ]
    words = move_words(results, pack, plan)
    yield words.picture("move", move_figure, rows)


def _searches(results: Results, pack: ScenarioPack) -> Iterator[Block]:
    """What optimised plans could not use, what came of searches without a plan, the price of floors."""
    if levers := levers_sentence(results):
        yield Prose(levers, lead="Levers.")
    if pack.held:
        yield Prose(held_sentence(results, pack), lead="What the optimised plans could not use.")
    planned = {plan.name for plan in pack.scenarios}
    for view in pack.optimised:
        if view.plan not in planned:
            yield Prose(search_sentence(view), lead=f"{view.title}.")
    priced = [point for point in pack.floors if point.gain is not None]
    if len(priced) > 1:
        words = floors_words(results, pack, priced)
        rows = [IntervalRow(floors_name(point), point.gain, INK) for point in priced if point.gain]
        yield words.picture("floors", interval_figure, rows)
    if pack.floors:
        yield floors_table(results.params, pack)


def _baseline(results: Results, pack: ScenarioPack) -> Iterator[Block]:
    """What plans are compared with, beside what is spent now."""
    base = pack.baseline
    if base is None:
        return
    latest = f"the last {count_text(base.recent_weeks, 'week')}"
    off = [results.channel(line.channel) for line in base.lines if line.differs]
    tolerance = format_number(base.tolerance, "share")
    text = f"Plans are compared with {base.name}, up to the week of {date_text(base.last_week)}."
    if off:
        text += (
            f" What {listed(off)} spent in {latest} differs from it by more than {tolerance}: a "
            f"plan for {'this channel' if len(off) == 1 else 'these channels'} is held against "
            f"both, and is safe to act on only if it is better than both."
        )
    else:
        text += f" No channel's spend in {latest} differs from it by more than {tolerance}."
    yield Prose(text, lead="Baseline.")
    if pack.carried_in is not None:
        yield Prose(
            f"What was spent before brings {pack.carried_in.text()} in these weeks, whatever is "
            f"done now; it is in no plan's outcome.",
            lead="Already on its way.",
        )


def channels(results: Results) -> Iterator[Block]:
    """What to do with each channel, and what each brings at other levels, one at a time."""
    pack = results.scenarios
    if pack is None:
        return
    if pack.advice:
        yield advice_table(results.params, pack).only(*ADVICE_SHOWN)
    if pack.ladder:
        table = ladder_table(results.params, pack)
        yield Folded("Gains at other levels", (table,))


ladder = channels
"""What notebooks of workbooks that were made before format 8 call it."""


def comparison(results: Results) -> Iterator[Block]:
    """Difference of every plan to the baseline."""
    pack = results.scenarios
    every = [one for one in pack.scenarios if one.kind != "baseline"] if pack else []
    plans = [one for one in every if not one.cost_open]
    if pack is None or not plans:
        return
    words = scenario_words(results, pack, plans)
    rows = [
        IntervalRow(
            f"{LABEL_SYMBOLS[plan.label]} {plan_name(pack, plan)}",
            plan.gain,
            LABEL_COLOURS[plan.label],
            mark=plan.downside,
            chosen=plan.name == (pack.recommended or pack.candidate),
        )
        for plan in sorted(plans, key=lambda plan: -plan.gain.median)
    ]
    better = all(plan.comparable for plan in plans)
    ends = ("worse than the baseline", "better") if better else ("less than the baseline", "more")
    yield words.picture("plans", interval_figure, rows, ends=ends)
    if left := [one.title for one in every if one.cost_open]:
        yield Prose(f"{listed(left)}: what the lever costs is not known.", lead="Not drawn.")


def plans(results: Results) -> Iterator[Block]:
    """Each plan: what it does, what it would bring, its label and why."""
    pack = results.scenarios
    if pack is None:
        return
    for plan in pack.scenarios:
        yield Together(tuple(_plan(results, pack, plan)))
    tables = tuple(changed_plan_table(results.params, plan) for plan in pack.scenarios)
    yield Folded(f"Weekly spend of each channel in {count_text(len(tables), 'plan')}", tables)
    if (levers := levers_table(results.params, pack)).rows:
        yield levers


def _plan(results: Results, pack: ScenarioPack, plan: Scenario) -> Iterator[Block]:
    yield Heading(plan_name(pack, plan))
    text = plan.description
    if plan.kind != "baseline":
        text = f"{text} {plan_sentence(results, pack, plan)}".strip()
    yield Prose(text, mark=label_mark(plan.label))
    later = plan.difference_after
    if later is not None and comes_later(plan):
        yield Prose(
            f"{later.text()} of the change in "
            f"{outcome_of(results, pack.model)} comes after the last week.",
            lead="Later.",
        )
    if plan.kind == "baseline":
        return
    yield from lever_sentences(results, pack, plan)
    if plan.before is not None:
        yield Prose(
            f"By the model of {plan.before.run} the same plan ranks {plan.before.rank} of "
            f"{plan.before.plans}; the chance that it beats the baseline is "
            f"{probability_text(plan.before.probability_better)}.",
            lead="The refresh before.",
        )
    if reasons := beside_channels(results, pack.model, plan.reasons):
        yield Bullets(tuple(Prose(reason) for reason in reasons))
    yield from _others(results, plan)


def comes_later(plan: Scenario) -> bool:
    """Whether enough of a plan's change comes after its weeks to be worth a sentence."""
    later = plan.difference_after
    if later is None or plan.kind == "baseline":
        return False
    return max(abs(later.low), abs(later.high)) >= LATER * plan.difference.width


def _others(results: Results, plan: Scenario) -> Iterator[Block]:
    """What the plan would do in the other outcomes (M2)."""
    if plan.kind == "baseline" or not plan.others:
        return
    said = "; ".join(
        f"{results.model(model)} {estimate.text()}" for model, estimate in plan.others.items()
    )
    cost = ", before its cost" if plan.spend_change else ""
    yield Prose(f"{said}.", lead=f"In the other outcomes{cost}.")
