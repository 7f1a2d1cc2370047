"""What the briefing says: sentences made from the run, each with range and label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmmlib.estimates import format_number, roughly
from mmmlib.findings import Status
from mmmlib.governance.labels import label_model, label_total, stop_words
from mmmlib.phrases import count_text, date_text, listed
from mmmlib.readiness.verdict import Readiness, Verdict
from mmmlib.refresh.comparison import Comparison, Movement
from mmmlib.refresh.movement import WIDE_NOISE, wide_noise
from mmmlib.reports.blocks import Prose, label_mark
from mmmlib.reports.cells import Mark
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.rankings import CLEAR, Ranking, ranking_label, ranking_of
from mmmlib.reports.results import Results
from mmmlib.reports.tables.periods import PeriodNumbers
from mmmlib.reports.words.figures import bad_case, outcome_of, the_channels, window_of
from mmmlib.reports.words.returns import (
    best_sentence,
    likeliest_sentence,
    not_ranked_sentence,
    return_sentence,
    return_text,
)
from mmmlib.scenarios.labels import likely, lowest, probability_text
from mmmlib.scenarios.pack import Label, Scenario, ScenarioPack


def answer_statements(results: Results, numbers: ModelNumbers) -> tuple[Prose, ...]:
    """The three to five statements that come first."""
    statements = [total_statement(results, numbers), best_statement(results, numbers)]
    worst = weakest_statement(results, numbers)
    if worst is not None:
        statements.append(worst)
    if results.scenarios is not None:
        statements.append(move_statement(results, results.scenarios))
    if results.comparison is not None and results.comparison.parent is not None:
        statements.append(change_statement(results, results.comparison))
    return tuple(statements)


def total_statement(results: Results, numbers: ModelNumbers) -> Prose:
    """Say what all channels contributed together."""
    spend = format_number(sum(row.spend for row in numbers.channels), numbers.currency)
    total = numbers.all_channels
    return Prose(
        f"They cost {spend} and contributed {total.text(mass=False)}, "
        f"{numbers.all_share.text()} of {outcome_of(results, numbers.name)}, "
        f"{window_of(numbers)}.",
        lead=f"All {the_channels(results)} together.",
        mark=label_mark(total_label(results, numbers)),
    )


def period_sentence(results: Results, numbers: ModelNumbers, rows: Sequence[PeriodNumbers]) -> str:
    """Say what came in and was spent in the latest period, and how that compares."""
    now = rows[0]
    outcome = outcome_of(results, numbers.name)
    text = (
        f"In {now.name} {outcome} was {format_number(now.outcome, numbers.unit)}, and "
        f"{format_number(now.spend, numbers.currency)} was spent; the {the_channels(results)} contributed "
        f"{now.share.text()} of it."
    )
    parts = [
        f"{one.name} had {format_number(one.outcome, numbers.unit)}, "
        f"{format_number(one.spend, numbers.currency)} and {one.share.text(mass=False)}"
        for one in rows[1:]
    ]
    return f"{text} {listed(parts)}." if parts else text


def total_label(results: Results, numbers: ModelNumbers) -> Label:
    """Label of the total of all channels; see :func:`mmmlib.governance.labels.label_total`."""
    spend = {row.channel: row.spend for row in numbers.channels}
    return label_total(numbers.name, spend, results.gates, results.params)


def best_statement(results: Results, numbers: ModelNumbers) -> Prose:
    """Say which channel returned most, or that none stands out."""
    ranking = ranking_of(results, numbers, "return")
    if ranking is None:
        none = best_sentence(results, numbers)
        return Prose(none, lead="Best return.", mark=label_mark(Label.DO_NOT_INFER))
    lead = "Best return." if len(ranking.rows) > 1 else "The one return that can be judged."
    return _ranking_statement(results, numbers, ranking, lead)


def _ranking_statement(
    results: Results, numbers: ModelNumbers, ranking: Ranking, lead: str, *, least: bool = False
) -> Prose:
    sentences = [return_sentence(results, numbers, ranking, least=least, mass=True)]
    if not (ranking.clear or ranking.hidden) and len(ranking.rows) > 1:
        sentences.append(likeliest_sentence(results, numbers, ranking))
    if ranking.not_ranked:
        sentences.append(not_ranked_sentence(results, ranking))
    return Prose(
        " ".join(sentences), lead=lead, mark=label_mark(ranking_label(results, numbers, ranking))
    )


def weakest_statement(results: Results, numbers: ModelNumbers) -> Prose | None:
    """Say which channels likely cost more than they returned, or which returned least.

    None where that says nothing beside the best return: one channel is ranked, every
    channel may be the last, or the likeliest last is the likeliest first as well.
    """
    rows = [row for row in numbers.by_return if row.roi is not None]
    best = ranking_of(results, numbers, "return")
    ranking = ranking_of(results, numbers, "return", least=True)
    if best is None or ranking is None:
        return None
    most = results.params.health.max_still_to_come
    losing = [
        row
        for row in ranking.rows
        # Money is not lost as long as much of what it brings is still to come.
        if row.loses is not None and row.loses >= CLEAR and row.to_come.median <= most
    ]
    if not losing:
        if not ranking.settled or len(ranking.rows) < 2 or ranking.top is best.top:
            return None
        return _ranking_statement(results, numbers, ranking, "Weakest return.", least=True)
    row = max(losing, key=lambda one: one.spend)
    assert row.loses is not None
    name = results.short(row.channel)
    spend = format_number(row.spend, numbers.currency)
    text = (
        f"{name} {likely(row.loses)} returned less than the {spend} it cost: "
        f"{return_text(numbers, row)} (90 %)."
    )
    others = [results.short(one.channel) for one in losing if one is not row]
    if others and len(losing) == len(rows):
        text += " The same is likely of every other channel."
    elif others:
        text += f" The same is likely of {listed(others)}."
    label = lowest(results.claim(numbers.name, one.channel).label for one in losing)
    return Prose(text, lead="Money that did not come back.", mark=label_mark(label))


def move_statement(results: Results, pack: ScenarioPack) -> Prose:
    """Say what is recommended, or why nothing is."""
    never = label_mark(Label.DO_NOT_INFER)
    if results.gates is None or results.blocked:
        return Prose(stop_words(results.gates), lead="No recommendation.", mark=never)
    plan = pack.proposed
    if plan is not None and pack.recommended:
        return Prose(
            f"{plan.title}. {plan_sentence(results, pack, plan)}{step_words(plan)}",
            lead="Recommended, as a step to watch." if plan.step else "Recommended.",
            mark=label_mark(plan.label),
        )
    if plan is not None:
        return Prose(
            f"No plan is safe to act on yet. For the meeting to judge: {plan.title}. "
            f"{plan_sentence(results, pack, plan)}",
            lead="No recommendation.",
            mark=label_mark(plan.label),
        )
    text = (
        "No plan is good enough to be recommended, so the baseline stands. The scenario pack "
        "gives the reasons, plan by plan."
    )
    counted = [one for one in pack.scenarios if not one.comparable and not one.cost_open]
    if any(one.label is not Label.DO_NOT_INFER for one in counted):
        text = (
            f"No plan is recommended. Whether more or fewer "
            f"{results.params.outcome_unit(pack.model)} are worth the change of spend is for the "
            f"meeting to judge; the scenario pack has the plans."
        )
    return Prose(text, lead="No recommendation.", mark=never)


def step_words(plan: Scenario) -> str:
    """Say under which conditions a plan that is not safe is recommended all the same."""
    if not plan.step:
        return ""
    return (
        " It is not safe to act on, and its bad case is small against what it gains: take no larger step "
        "before the next refresh, or a lift test, says the same."
    )


def plan_sentence(results: Results, pack: ScenarioPack, plan: Scenario) -> str:
    """Say what a plan would bring, how likely, and how bad it could be."""
    outcome = outcome_of(results, pack.model)
    spent, after = spend_words_of(results, plan)
    unit = results.params.outcome_unit(pack.model)
    # More spend always brings more of what is counted: that is no better plan yet.
    beats = "beats" if plan.comparable else f"brings more {outcome} than"
    text = (
        f"Over {count_text(pack.weeks, 'week')}, with {spent}, it would change {outcome}{after} "
        f"by {plan.gain.text()} against {pack.compared_with}. The chance that it {beats} the baseline "
        f"is {probability_text(plan.probability_better)}; in one case of ten the change is "
        f"{format_number(bad_case(plan), unit)} or worse."
    )
    if plan.recent is None:
        return text
    better = "better" if plan.recent.comparable else "more"
    return (
        f"{text} {plan.recent.text} Against {plan.recent.name} it would change {outcome} by "
        f"{plan.recent.gain.text()}, and is {better} with a chance of "
        f"{probability_text(plan.recent.probability_better)}."
    )


def spend_words_of(results: Results, plan: Scenario) -> tuple[str, str]:
    """Say how much more or less a plan spends, and whether its gain is told after that."""
    cost = format_number(abs(plan.spend_change), results.params.currency)
    more = "more" if plan.spend_change > 0 else "less"
    spent = "the same spend" if plan.spend_change == 0 else f"{cost} {more} spend"
    lever = "levers" if plan.levers[1:] else "lever"
    spent += f" and its {lever} moved" if plan.levers else ""
    if plan.cost_open:
        return spent, f", before what its {lever} would cost,"
    paid = plan.net is not None and (plan.spend_change or plan.lever_cost)
    return spent, " after its cost" if paid else ""


def change_statement(results: Results, comparison: Comparison) -> Prose:
    """Say what moved since the last refresh."""
    lead = "Since the last refresh."
    moves = leading_returns(results, comparison)
    beyond = [move for move in moves if move.beyond_noise]
    outcome = outcome_of(results, results.params.primary)
    if not comparison.readable:
        return Prose(comparison.not_compared, lead)
    if not moves:
        text = f"No return of {outcome} can be compared; the health panel says why."
        return Prose(text, lead)
    if not beyond:
        text = f"{same_data_words(comparison)}{calm_sentence(results, moves, outcome)}"
        return Prose(text, lead, calm_mark(results, comparison, moves[0].model))
    text = (
        f"{len(beyond)} of {count_text(len(moves), 'return')} of {outcome} moved by more than noise: "
        f"{movement_sentence(results, beyond[0])}."
    )
    label = lowest(results.claim(m.model, m.channel).label for m in beyond)
    return Prose(text, lead, label_mark(label))


def same_data_words(comparison: Comparison) -> str:
    """Say that the data are those of the last refresh, where they are."""
    if not comparison.same_data:
        return ""
    return "The data are those of the last refresh, so nothing new is known. "


def calm_mark(results: Results, comparison: Comparison, model: str) -> Mark | None:
    """Label of "nothing moved"; none where nothing new was seen: that is safe to act on for nobody."""
    if comparison.same_data:
        return None
    return label_mark(label_model(model, results.gates, results.params))


def calm_sentence(results: Results, moves: Sequence[Movement], outcome: str = "") -> str:
    """Say that no return (of an outcome) moved by more than noise, and how wide noise is."""
    of = f" of {outcome}" if outcome else ""
    text = f"None of the {count_text(len(moves), 'return')}{of} moved by more than noise."
    if len(moves) == 1:
        text = f"The one return{of} did not move by more than noise."
    return f"{text}{wide_noise_sentence(results, moves)}"


def wide_noise_sentence(results: Results, moves: Sequence[Movement]) -> str:
    """Name the largest movement within noise where it is large: its range says little."""
    largest = wide_noise(moves)
    if largest is None:
        return ""
    name, size = (
        results.short(largest.channel),
        format_number(roughly(abs(largest.change)), "share"),
    )
    way = "up" if largest.change > 0 else "down"
    if len({move.model for move in moves}) > 1:
        name = f"{name} ({results.model(largest.model)})"
    return (
        f" That is no sign of calm: the median of {name} went {way} by {size}, and its range is "
        f"so wide that even this is within it."
    )


def window_text(comparison: Comparison) -> str:
    """Say which weeks were compared."""
    weeks = count_text(comparison.weeks, "week")
    if comparison.first_week is None or comparison.last_week is None:
        return f"{weeks} that both refreshes saw"
    first, last = date_text(comparison.first_week), date_text(comparison.last_week)
    return f"the {weeks} that both refreshes saw, {first} to {last}"


def compared_sentence(comparison: Comparison) -> str:
    """Say with what this refresh is compared, or why with nothing."""
    if not comparison.readable:
        return comparison.not_compared
    on = f", on {window_text(comparison)}" if comparison.movements else ""
    return f"Compared with {comparison.parent}{on}."


def leading_returns(results: Results, comparison: Comparison) -> list[Movement]:
    """Movements of the leading model's returns, beyond noise first, then the largest."""
    return by_size(comparison.of(results.params.primary, "roi"))


def by_size(moves: Iterable[Movement]) -> list[Movement]:
    """Movements, those beyond noise first, then by size; an unknown size counts as large."""
    return sorted(
        moves, key=lambda m: (not m.beyond_noise, -abs(m.change) if m.change == m.change else -1e9)
    )


def named_moves(results: Results, comparison: Comparison) -> list[Movement]:
    """Movements whose reason is told: those beyond noise first, then large ones within it.

    Return and contribution of a channel move together, so the return alone is named where both did.
    """
    found = [move for move in comparison.movements if move.beyond_noise]
    returns = {(move.model, move.channel) for move in found if move.quantity == "roi"}
    beyond = by_size(
        move
        for move in found
        if move.quantity == "roi" or (move.model, move.channel) not in returns
    )
    large = leading_returns(results, comparison)
    return [*beyond, *(m for m in large if m not in beyond and abs(m.change) >= WIDE_NOISE)]


def movement_sentence(results: Results, move: Movement) -> str:
    """Say one movement: "Search, before USD 1.4 to 2.1, now USD 2.0 to 2.6 per USD 1 (90 %)"."""
    if move.quantity == "roi":
        returns = results.return_words(move.model)
        before, now = returns.estimate(move.before).text(mass=False), returns.text(move.after)
    else:
        before, now = move.before.text(mass=False), move.after.text(mass=False)
    return f"{results.short(move.channel)}, before {before}, now {now} (90 %)"


# --- readiness ------------------------------------------------------------------------


def readiness_statements(results: Results, readiness: Readiness) -> tuple[Prose, ...]:
    """Say that no model was fitted, why, and what to do instead."""
    flags = [f for f in readiness.findings if f.status is not Status.OK]
    flags.sort(key=lambda finding: -finding.level.rank)
    names = [results.channel(n) for n, v in readiness.channels.items() if v is Verdict.NOT_READY]
    never = label_mark(Label.DO_NOT_INFER)
    which = f" It concerns {listed(names)}." if names else ""
    statements = [
        Prose(
            f"No model was fitted, so this pack says nothing of returns.{which}",
            lead="The data is not ready for a model.",
            mark=never,
        )
    ]
    statements += [Prose(f"{f.message} {f.meaning}".strip(), lead="Why.") for f in flags[:2]]
    if readiness.alternatives:
        test = readiness.alternatives[0]
        statements.append(Prose(test.description, lead=f"What to do instead: a {test.kind}."))
    elif flags and flags[0].action:
        statements.append(Prose(flags[0].action, lead="What to do."))
    return tuple(statements)
