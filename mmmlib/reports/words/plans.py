"""What the scenario pack says of its move: its size, what it rests on, what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmmlib.estimates import format_number, span_text
from mmmlib.phrases import count_text, listed
from mmmlib.reports.blocks import Prose
from mmmlib.reports.results import Results
from mmmlib.reports.tables.plan_risk import floors_name, payback_text, profit_words
from mmmlib.reports.words.figures import Words, bad_case, outcome_of, rising_prices
from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.optimised import HELD
from mmmlib.scenarios.pack import FloorPoint, OptimisedView, PlanLine, Scenario, ScenarioPack
from mmmlib.scenarios.recent import change_text

MOST = 3
"""Channels that a sentence names."""


def conditions(results: Results, pack: ScenarioPack, plan: Scenario) -> Iterator[Prose]:
    """Say of a plan what a planner asks first: how much, against now, at which risk, if what holds."""
    changed = [line for line in plan.plan if line.differs]
    changed.sort(key=lambda line: -abs(line.change))
    weekly = "; ".join(_step(results, line) for line in changed[:MOST])
    more = f"; and {len(changed) - MOST} more" if len(changed) > MOST else ""
    yield Prose(f"{weekly}{more}.", lead="The move, a week.")
    unit = results.params.outcome_unit(pack.model)
    risk = (
        f"Worse than the baseline with a probability of {probability_text(1 - plan.probability_better)}; "
        f"one case in ten ends at {format_number(bad_case(plan), unit)} or below"
    )
    if plan.shortfall is not None:
        risk += f", and these average {format_number(plan.gain.rounded(plan.shortfall), unit)}"
    yield Prose(f"{risk}.", lead="Its risk.")
    if plan.payback_weeks is not None:
        yield Prose(f"Added money is paid for after {payback_text(plan)}.", lead="Payback.")
    said = profit_words(pack)
    search = next((one for one in pack.optimised if one.plan == plan.name), None)
    limits = (
        f" It lies at these limits: {listed(search.binding[:MOST])}."
        if search and search.binding
        else ""
    )
    yield Prose(
        f"Gains are {said}. It holds for {count_text(pack.weeks, 'week')}, at the unit prices of the latest "
        f"weeks{_dearer(results)}, and is to be looked at again with the next refresh.{limits}",
        lead="Its conditions.",
    )


def _dearer(results: Results) -> str:
    """Name the channels whose unit price rises with what is spent, as declared."""
    names = rising_prices(results)
    return f" (that of {listed(names)} rises with weekly spend, as declared)" if names else ""


def _step(results: Results, line: PlanLine) -> str:
    """Say one channel's change: against the baseline and against what is spent now."""
    currency = results.params.currency
    text = (
        f"{results.short(line.channel)} {format_number(line.spend_before, currency)} to "
        f"{format_number(line.spend_after, currency)} ({change_text(line.spend_after, line.spend_before)}"
    )
    if line.spend_recent is not None and line.spend_recent != line.spend_before:
        text += f"; {change_text(line.spend_after, line.spend_recent)} on what was spent lately"
    return f"{text})"


def move_words(results: Results, pack: ScenarioPack, plan: Scenario) -> Words:
    """Words of the figure of a plan's move."""
    weekly = f"{results.params.currency} a week"
    each = "; ".join(_step(results, line) for line in plan.plan if line.differs)
    return Words(
        plan.title,
        f"{weekly}: baseline ({pack.compared_with}), plan, and what was spent lately",
        "The move by channel: from the baseline to the plan, beside what was spent in the latest weeks.",
        f"Weekly spend in the baseline and in the plan: {each}.",
    )


def lever_sentences(results: Results, pack: ScenarioPack, plan: Scenario) -> Iterator[Prose]:
    """Say of every lever that a plan moves what goes with it, apart from spend, and what it costs."""
    outcome = outcome_of(results, pack.model)
    for line in plan.levers:
        name = results.params.control_label(line.lever)
        cost = "What the move costs is not known."
        if line.cost is not None:
            money = format_number(abs(line.cost), results.params.currency)
            cost = f"The move {'saves' if line.cost < 0 else 'costs'} {money}."
        if line.cost == 0:
            cost = "The move is declared to cost nothing."
        seen = span_text((line.seen_low, line.seen_high), line.unit)
        beyond = "; this plan leaves that" if line.extrapolated else ""
        yield Prose(
            f"{line.effect.text()} of {outcome} goes with the move, and is in no return of a channel. {cost} "
            f"The past has seen {seen}{beyond}.",
            lead=f"{name}, apart from spend.",
        )
    if plan.of_spend is not None and plan.spend_change:
        yield Prose(f"{plan.of_spend.text()} of {outcome}.", lead="The spend alone.")


def levers_sentence(results: Results) -> str:
    """Say where plans have the levers that they do not move; nothing where none is declared."""
    names = [results.params.control_label(name) for name in results.params.levers]
    if not names:
        return ""
    them = "them" if names[1:] else "it"
    return (
        f"{listed(names)} can be moved by plans of your own. All other plans, the optimised ones included, "
        f"leave {them} where the forecast has {them}. A plan that moves a lever is never recommended: what goes "
        f"with it is an association, until a test has moved it on purpose."
    )


def held_sentence(results: Results, pack: ScenarioPack) -> str:
    """Name the channels that optimised plans could not use, and why."""
    why: dict[tuple[str, str], list[str]] = {}
    for one in pack.held:
        why.setdefault((one.way, one.why), []).append(results.channel(one.channel))
    parts = [f"{HELD[way]}: {listed(names)} ({reason})" for (way, reason), names in why.items()]
    return f"{'. '.join(parts)}."


def search_sentence(view: OptimisedView) -> str:
    """Say why a search left no plan."""
    if view.contradicting:
        return f"There is no such plan: {listed(view.contradicting)} cannot be kept together."
    if not view.converged:
        return "The search did not converge, so there is no such plan."
    return "Nothing inside the limits is better than the baseline."


def floors_words(results: Results, pack: ScenarioPack, points: Sequence[FloorPoint]) -> Words:
    """Words of the figure of the price of floors."""
    last = points[-1]
    price = last.price.text() if last.price is not None else "not known"
    outcome = outcome_of(results, pack.model)
    said = "; ".join(
        f"{floors_name(one)} {one.gain.text(mass=False)}" for one in points if one.gain
    )
    return Words(
        f"The floors cost {price} of {outcome}",
        f"Gain of the best plan at the same budget over {count_text(pack.weeks, 'week')}, by how much "
        f"of the floors holds",
        "The price of the floors: what the best plan gains under each part of them.",
        f"90 % ranges of the gain: {said}.",
    )
