"""What is checked of the scenario pack: is there a choice, and is there anything better?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmmlib.findings import Finding, at_least, judge
from mmmlib.params.schema import Params
from mmmlib.phrases import count_text
from mmmlib.scenarios.labels import MORE_LIKELY, probability_text, worth
from mmmlib.scenarios.pack import Label, Scenario
from mmmlib.scenarios.plan import Plan
from mmmlib.scenarios.projection import ProjectedOutcome

ENOUGH_SCENARIOS = 3


def scalable_finding(
    plans: Sequence[Plan], trusted: Sequence[str], channels: Mapping[str, str], params: Params
) -> Finding:
    """Say how many scalable channels an increase can rest on."""
    able = [name for name in channels if name in params.channels and params.channels[name].scalable]
    good = [name for name in able if name in trusted]
    offered = any(plan.kind == "increase" for plan in plans)
    message = (
        f"{len(good)} of {count_text(len(able), 'scalable channel')} "
        f"{'has' if len(good) == 1 else 'have'} evidence that an increase can rest on."
    )
    if not offered:
        message += " None spends money now, so no increase is offered."
    elif not good:
        message += " The increase that is shown rests on none of them."
    return judge(
        "scenarios.scalable",
        "workbook",
        passed=bool(good) and offered,
        value=float(len(good)),
        limit=1.0,
        message=message,
    )


def count_finding(scenarios: Sequence[Scenario]) -> Finding:
    """Say how many plans there are to choose from."""
    count = sum(one.kind != "baseline" for one in scenarios)
    return at_least(
        "scenarios.count",
        "workbook",
        count,
        ENOUGH_SCENARIOS,
        f"{count_text(count, 'scenario')} {'stands' if count == 1 else 'stand'} beside the "
        f"status quo.",
    )


# The gates come after these checks: none names a plan that they may refuse.


def better_finding(scenarios: Sequence[Scenario]) -> Finding:
    """Say how many plans beat the baseline."""
    every = [one for one in scenarios if one.kind != "baseline" and not one.cost_open]
    chances = [one.probability_better for one in every if one.comparable]
    found = sum(chance >= MORE_LIKELY for chance in chances)
    best = max(chances, default=0.0)
    which = " at the baseline's budget" if len(chances) < len(every) else ""
    verb = (
        f"of {count_text(len(chances), 'plan')}{which} {'beat' if found > 1 else 'beats'} the "
        f"status quo"
    )
    message = (
        f"{found} {verb} more likely than not, the likeliest with a probability of "
        f"{probability_text(best)}."
        if found
        else f"None {verb} more likely than not: nothing better was found, so the status quo "
        f"stands."
    )
    return judge(
        "scenarios.better",
        "workbook",
        passed=found > 0,
        value=best,
        limit=MORE_LIKELY,
        message=message,
    )


def recommendation_finding(scenarios: Sequence[Scenario]) -> Finding:
    """Say how many plans readiness and health leave."""
    plans = count_text(sum(one.kind != "baseline" for one in scenarios), "plan")
    safe, review = (len(worth(scenarios, label)) for label in (Label.SAFE, Label.REVIEW))
    return at_least(
        "scenarios.recommendation",
        "workbook",
        safe,
        1,
        f"{safe or 'None'} of {plans} {'are' if safe > 1 else 'is'} better than the baseline and safe "
        f"to act on by readiness and health, and {review or 'none'} better with doubts. The gates may "
        f"leave fewer: see the scenario pack.",
    )


def steady_findings(outcomes: Mapping[str, ProjectedOutcome], params: Params) -> list[Finding]:
    """Name the models whose carryover is not followed week by week."""
    return [
        judge(
            "scenarios.steady_state",
            model,
            passed=False,
            message=f"{params.model_label(model)} is read off steady-state curves; its engine's "
            "formula is not known.",
        )
        for model, outcome in outcomes.items()
        if outcome.method != "formula"
    ]
