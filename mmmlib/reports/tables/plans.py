"""What each plan spends, what it would bring, and the answers to the key questions."""

from __future__ import annotations

from dataclasses import replace

from mmmlib.estimates import Estimate, format_number, mass_text, span_text
from mmmlib.params import Params
from mmmlib.phrases import count_text, date_text
from mmmlib.reports.blocks import label_mark
from mmmlib.reports.cells import Cell, Chance, Change, Column, Observed, chance, observed
from mmmlib.reports.table import Columns, Table, tabulate
from mmmlib.scenarios.pack import Answer, Label, LeverLine, PlanLine, Scenario, ScenarioPack

LABEL = "Label"
BEFORE_GATES = "Label before the gates"
"""Head of a label that the comparison and the policy may still lower."""


def shown_of(pack: ScenarioPack, label: str = LABEL) -> tuple[str, ...]:
    """Return the heads that a page shows of the plans; after its cost where that can be said."""
    gain = "Gain after cost" if _is_net(pack) else "Gain"
    return ("Plan", label, gain, _better(pack), "Bad case", "Change of spend", "Spend")


def plans_table(params: Params, pack: ScenarioPack, label: str = LABEL) -> Table:
    """Make a row for each plan: cost, gain, how sure it is, and what may be done with it.

    Every gain is held against the baseline; labels are those of the pack, ``label`` is
    their head.
    """
    currency, unit = params.currency, params.outcome_unit(pack.model)

    def gain(plan: Scenario, value: Cell, base: Cell = None) -> Cell:
        return base if plan.kind == "baseline" else value

    def known(plan: Scenario, value: Cell, base: Cell = None) -> Cell:
        return "cannot be told" if plan.cost_open else gain(plan, value, base)

    columns: Columns[Scenario] = {
        "Plan": lambda plan: plan_name(pack, plan),
        "Kind": lambda plan: plan.kind,
        Column("Spend", currency): lambda plan: Observed(plan.spend, currency),
        "Change of spend": lambda plan: Change(plan.spend_change, currency),
        Column("Outcome", unit): lambda plan: plan.outcome,
        Column("Gain", unit): lambda plan: gain(plan, plan.difference, "the measure"),
        Column("Gain after cost", unit): lambda plan: known(plan, plan.net, "the measure"),
        _better(pack): lambda plan: known(plan, Chance(plan.probability_better)),
        Column("Bad case", unit): lambda plan: known(
            plan, Observed(plan.gain.rounded(plan.downside), unit)
        ),
        label: lambda plan: label_mark(plan.label),
        "Why": lambda plan: " ".join(plan.reasons),
        "Recommended": lambda plan: "yes" if plan.name == pack.recommended else "no",
    }
    caption = (
        f"Plans over {pack.weeks} weeks from {date_text(pack.first_week)}, against "
        f"{pack.compared_with}; ranges hold {mass_text(pack.scenarios[0].outcome)}. The bad case: "
        f"one in ten is worse."
    )
    return tabulate("plans", caption, pack.scenarios, columns)


def plan_name(pack: ScenarioPack, plan: Scenario) -> str:
    """Return a plan's title, and whether it is the one that the pack speaks for."""
    if plan.name == pack.recommended:
        return f"{plan.title} (recommended)"
    if pack.recommended is None and plan.name == pack.candidate:
        return f"{plan.title} (for the meeting to judge)"
    return plan.title


def _is_net(pack: ScenarioPack) -> bool:
    return any(plan.net is not None for plan in pack.scenarios)


def _better(pack: ScenarioPack) -> str:
    return "Better than baseline" if _is_net(pack) else "More than baseline"


def other_outcomes_table(params: Params, pack: ScenarioPack) -> Table:
    """Make a row for each plan and model: the gain there, the leading model first."""
    columns: Columns[tuple[Scenario, str, Estimate]] = {
        "Plan": lambda row: row[0].title,
        "Outcome": lambda row: params.model_label(row[1]),
        "Gain": lambda row: row[2],
    }
    rows = [(plan, model, gain) for plan in pack.scenarios if plan.kind != "baseline"
            for model, gain in ({pack.model: plan.difference} | plan.others).items()]  # fmt: skip
    mass = mass_text(pack.scenarios[0].outcome)
    caption = f"Gain of each plan in every outcome, before its cost; ranges hold {mass}."
    return tabulate("other-outcomes", caption, rows, columns)


def plan_table(params: Params, plan: Scenario) -> Table:
    """Make a row for each channel of a plan, the largest change first."""
    weekly = f"{params.currency} a week"
    columns: Columns[PlanLine] = {
        "Channel": lambda line: params.channel_label(line.channel),
        Column("Spent lately", weekly): lambda line: observed(line.spend_recent, weekly),
        Column("Baseline", weekly): lambda line: Observed(line.spend_before, weekly),
        Column("Planned", weekly): lambda line: Observed(line.spend_after, weekly),
        "Change": lambda line: Change(line.change, params.currency),
        "Within past spend?": lambda line: "no: extrapolated" if line.extrapolated else "yes",
    }
    if any(line.dearer is not None for line in plan.plan):
        columns = {
            **columns,
            "Change of unit price": lambda line: (
                None if line.dearer is None else Change(line.dearer, "share")
            ),
        }
    lines = sorted(plan.plan, key=lambda line: (not line.differs, -abs(line.change)))
    name = f"plan-{plan.name.replace('_', '-')}"
    return tabulate(name, f"{plan.title}: weekly spend per channel.", lines, columns)


def changed_plan_table(params: Params, plan: Scenario) -> Table:
    """Return the rows of a plan that change, and say how many do not."""
    table = plan_table(params, plan)
    changed = sum(line.differs for line in plan.plan)
    if changed in (0, len(plan.plan)):
        return table
    rest = count_text(len(plan.plan) - changed, "channel")
    return replace(
        table, rows=table.rows[:changed], caption=f"{table.caption} {rest} as in the baseline."
    )


def levers_table(params: Params, pack: ScenarioPack) -> Table:
    """Make a row for each lever that a plan moves: its effect apart from that of spend, and its cost."""
    currency, unit = params.currency, params.outcome_unit(pack.model)
    columns: Columns[tuple[Scenario, LeverLine]] = {
        "Plan": lambda row: row[0].title,
        "Lever": lambda row: row[1].move,
        Column("Goes with the move", unit): lambda row: row[1].effect,
        Column("Spend brings", unit): lambda row: row[0].of_spend,
        Column("Cost", currency): lambda row: (
            "not known" if row[1].cost is None else Observed(row[1].cost, currency)
        ),
        "Seen in the past": lambda row: span_text((row[1].seen_low, row[1].seen_high), row[1].unit),
        "Within it?": lambda row: "no: extrapolated" if row[1].extrapolated else "yes",
    }
    rows = [(plan, line) for plan in pack.scenarios for line in plan.levers]
    caption = (
        f"Levers that plans move, over {pack.weeks} weeks. What goes with a move is an association of the past "
        f"that was not tested; it is in the plan's gain, and in no return of a channel. Ranges hold "
        f"{mass_text(pack.scenarios[0].outcome)}."
    )
    return tabulate("levers", caption, rows, columns)


def spend_table(params: Params, pack: ScenarioPack) -> Table:
    """Make a row for each channel and a column for each plan: weekly spend side by side."""
    lines = [{line.channel: line for line in plan.plan} for plan in pack.scenarios]

    def spend(line: PlanLine) -> Cell:
        star = f"{format_number(line.spend_after)} *"
        return star if line.extrapolated else Observed(line.spend_after)

    return Table(
        "spend",
        f"Weekly spend by channel in every plan, {params.currency}. A star marks a level that the "
        f"past has not seen: there the model guesses.",
        (Column("Channel"), *(Column(plan.title) for plan in pack.scenarios)),
        tuple(
            (params.channel_label(name), *(spend(plan[name]) for plan in lines))
            for name in lines[0]
        ),
    )


def answers_table(params: Params, pack: ScenarioPack, label: str = LABEL) -> Table:
    """Make a row for each key question and model: the answer, its label and why (A4)."""
    columns: Columns[Answer] = {
        "Question": lambda one: one.question,
        "Outcome": lambda one: params.model_label(one.model),
        "Answer": lambda one: one.text,
        "Probability of yes": lambda one: chance(one.probability),
        label: lambda one: label_mark(one.label),
        "Why": lambda one: " ".join(one.reasons),
    }
    caption = "Key questions, as they were written down before the fit."
    return tabulate("answers", caption, pack.answers, columns)


def label_table(pack: ScenarioPack | None) -> Table:
    """Make a row for each plan and answer: its label and why; none where there are no plans."""
    columns: Columns[tuple[str, Label, tuple[str, ...]]] = {
        "Plan or question": lambda row: row[0],
        LABEL: lambda row: label_mark(row[1]),
        "Why": lambda row: " ".join(row[2]),
    }
    plans = [(one.title, one.label, one.reasons) for one in pack.scenarios] if pack else []
    answers = [(one.question, one.label, one.reasons) for one in pack.answers] if pack else []
    caption = "What may be done with each plan and each answer."
    return tabulate("labels", caption, [*plans, *answers], columns)
