"""What each plan risks and pays back, and every channel at other levels."""

from __future__ import annotations

from collections.abc import Callable

from mmmlib.estimates import NBSP, format_number
from mmmlib.params import Params
from mmmlib.reports.cells import Cell, Column, chance, observed
from mmmlib.reports.table import Columns, Table, tabulate
from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.pack import FloorPoint, LadderStep, Scenario, ScenarioPack

RISK_SHOWN = (
    "Plan",
    "Worst tenth",
    "Return",
    "Return of the next money",
    "Paid back after",
    "Best plan, likely by",
    "Regret",
)
"""What a page shows of a plan's risk."""


def risk_table(params: Params, pack: ScenarioPack) -> Table:
    """Make a row for each plan: its bad cases, its return, and how it stands among the others."""
    unit = params.outcome_unit(pack.model)
    columns: Columns[Scenario] = {
        "Plan": lambda plan: plan.title,
        Column("Worst tenth", unit): lambda plan: (
            "cannot be told" if plan.cost_open else observed(plan.shortfall, unit)
        ),
        "Return": lambda plan: plan.roi,
        "Return of the next money": lambda plan: plan.marginal_roi,
        "Paid back after": payback_text,
        "Best plan, likely by": lambda plan: chance(plan.best_share),
        Column("Regret", unit): lambda plan: observed(plan.regret, unit),
    }
    caption = (
        f"What each plan risks, {profit_words(pack)}. Worst tenth: the mean of the worst tenth of the "
        f"cases. The next money is 1{NBSP}% more of every channel at the end of the plan. Regret: what the "
        f"plan that turns out best would bring beyond it, on average. Plans of which nothing may be "
        f"inferred are not held against the others."
    )
    return tabulate("risk", caption, pack.scenarios, columns)


def payback_text(plan: Scenario) -> str:
    """Say after how many weeks the added money is paid for."""
    if plan.payback_weeks is None:
        return "no money is added" if not plan.spend_change > 0 else "not known"
    low, middle, high = plan.payback_weeks
    if middle is None:
        return "more likely not than ever"
    end = "never" if high is None else f"{high:.0f}"
    return f"{middle:.0f} weeks ({low:.0f} to {end})"


def profit_words(pack: ScenarioPack) -> str:
    """Say in what gains are: profit at the declared margin, or revenue."""
    if all(plan.net is None for plan in pack.scenarios):
        return "in what is counted, before its cost"
    levers = " and of levers" if any(plan.levers for plan in pack.scenarios) else ""
    cost = f"less what the change of spend{levers} costs"
    if pack.margin is None:
        return f"in revenue, not profit, {cost}"
    return f"in profit at a margin of {pack.margin * 100:.0f}{NBSP}%, {cost}"


def ladder_table(params: Params, pack: ScenarioPack) -> Table:
    """Make a row for each channel and a column for each level of its money."""
    rungs = sorted({step.change for step in pack.ladder})
    by_channel: dict[str, dict[float, LadderStep]] = {}
    for step in pack.ladder:
        by_channel.setdefault(step.channel, {})[step.change] = step

    def cell(step: LadderStep | None) -> Cell:
        if step is None:
            return "never seen"
        if not step.change:
            return format_number(step.weekly, params.currency)
        return f"{step.gain.text(mass=False)}; {probability_text(step.probability_better)}"

    def head(rung: float) -> str:
        sign = "+" if rung > 0 else "\N{MINUS SIGN}"
        return f"{sign}{abs(rung) * 100:.0f}{NBSP}%" if rung else "Baseline, a week"

    return Table(
        "ladder",
        f"One channel at a time at other levels, {profit_words(pack)}: 90{NBSP}% range of the gain "
        f"against the baseline, and the probability that it is better. Levels that the past has not "
        f"seen, and more of what cannot be scaled, are left out.",
        (Column("Channel"), *(Column(head(rung)) for rung in rungs)),
        tuple(
            (params.channel_label(name), *(cell(steps.get(rung)) for rung in rungs))
            for name, steps in by_channel.items()
        ),
    )


def floors_name(point: FloorPoint) -> str:
    """Say which part of the floors holds."""
    if not point.part:
        return "No floors"
    return "Floors as declared" if point.part == 1 else f"{point.part * 100:.0f}{NBSP}% of them"


def floors_table(params: Params, pack: ScenarioPack) -> Table:
    """Make a row for each part of the floors: what is gained, what they cost, who gets the money."""
    regions = list(next((point.regions for point in pack.floors if point.regions), {}))
    unit = params.outcome_unit(pack.model)
    weekly = f"{params.currency} a week"

    def paid(region: str) -> Callable[[FloorPoint], Cell]:
        return lambda point: observed(point.regions.get(region), weekly)

    columns: Columns[FloorPoint] = {
        "Floors": floors_name,
        Column("Gain", unit): lambda point: point.gain or "no plan keeps them",
        Column("Price of the floors", unit): lambda point: point.price,
        **({Column(name, weekly): paid(name) for name in regions} if len(regions) > 1 else {}),
    }
    caption = (
        "The best plan at the same budget under parts of the declared floors. The price is what it "
        "gains less than without floors, draw by draw: efficiency against balance is for people to weigh."
    )
    return tabulate("floors", caption, pack.floors, columns)
