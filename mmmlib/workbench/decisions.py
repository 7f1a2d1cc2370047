"""What would be done under each specification, and what each says of the others' plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mmmlib.errors import MMMError
from mmmlib.estimates import Estimate, format_number
from mmmlib.reports.blocks import Block, Prose
from mmmlib.reports.cells import Cell, Column
from mmmlib.reports.table import Table
from mmmlib.scenarios.baseline import Baseline, baseline_of
from mmmlib.scenarios.effect import PlanEffect, plan_effect
from mmmlib.scenarios.evidence import Evidence
from mmmlib.scenarios.gradients import PlanResponse
from mmmlib.scenarios.optimised import held_channels, optimised_plans
from mmmlib.scenarios.own import read_plan_files
from mmmlib.scenarios.plan import Plan, channel_labels
from mmmlib.scenarios.projection import outcome_function, sum_outcomes
from mmmlib.workbench.side import Side

HALF = 0.5
SAID = 3
"""Moves that a row names."""


def decision_blocks(sides: Sequence[Side]) -> Iterator[Block]:
    """Yield the best plan under each specification, judged by all of them."""
    bases = [_baseline(side) for side in sides]
    plans: list[tuple[Side, Baseline, Plan]] = []
    for side, base in zip(sides, bases, strict=True):
        try:
            plan = _best(side, base)
        except MMMError as error:
            yield Prose(f"{side.label}: {error}")
            continue
        if plan is None:
            yield Prose(
                f"{side.label} finds no plan at the same budget that is better than the baseline."
            )
        else:
            plans.append((side, base, plan))
    if not plans:
        return
    rows, flips = [], []
    for owner, base, plan in plans:
        each: list[Cell] = []
        for side in sides:
            found = _judged(side, plan, base)
            if found is None:
                each.append("other channels")
                continue
            # Its own specification chose it on every other draw: told of the rest.
            found = found.picked(slice(1, None, 2)) if side is owner else found
            each.append(Estimate.from_draws(found.gain, side.numbers.unit))
            if side is not owner and found.probability_better < HALF:
                flips.append(
                    f"the best plan under {owner.label} is more likely a loss under {side.label}"
                )
        rows.append((owner.label, _moves(owner, base, plan), *each))
    heads = ("Best under", "Its largest moves", *(f"Gain under {side.label}" for side in sides))
    yield Prose(
        f"The decision flips: {'; '.join(flips)}."
        if flips
        else "The decision does not flip: the best plan under each is more likely a gain under all others."
    )
    yield Table(
        "decisions",
        f"The best plan at the baseline's budget under each specification, and what each says that it gains "
        f"over {bases[0].weeks} weeks against the baseline, after its cost; ranges hold 90 %. Evidence and "
        f"labels are not looked at here: notebooks 03 and 05 do that.",
        tuple(map(Column, heads)),
        tuple(rows),
    )


def _baseline(side: Side) -> Baseline:
    params = side.trial.params
    files = read_plan_files(side.trial.run.path, params, side.effects)
    return baseline_of(side.effects, params, booked=files.booked)


def _best(side: Side, base: Baseline) -> Plan | None:
    parts, params = side.models, side.trial.params
    if not all(part.attrs.get("formula") for part in parts):
        return None
    labels = channel_labels(params, side.effects)
    held = held_channels(base, dict.fromkeys(base.spend, Evidence()), params)
    regions = [str(name) for name in parts[0]["region"].to_numpy()]
    found = optimised_plans(base, PlanResponse.of(parts), regions, held, params, labels)
    return found.plans[0] if found.plans else None


def _judged(side: Side, plan: Plan, base: Baseline) -> PlanEffect | None:
    """Project a plan with a specification; None where it knows other channels."""
    parts = side.models
    known = {str(name) for part in parts for name in part["channel"].to_numpy()}
    moved = [name for name in plan.spend if (plan.spend[name] != base.spend[name]).any()]
    if not set(moved) <= known:
        return None
    spend: Mapping = {name: plan.spend[name] for name in plan.spend if name in known}
    outcome = sum_outcomes([outcome_function(part) for part in parts])
    worth = side.trial.params.worth_of(side.numbers.name)
    return plan_effect(outcome, spend, {name: base.spend[name] for name in spend}, worth=worth)


def _moves(side: Side, base: Baseline, plan: Plan) -> str:
    weekly = {name: plan.spend[name].sum() - base.spend[name].sum() for name in plan.spend}
    largest = sorted(weekly, key=lambda name: -abs(weekly[name]))[:SAID]
    said = []
    for name in largest:
        before = float(base.spend[name].sum())
        if before > 0 and abs(weekly[name]) > 0.005 * before:
            change = format_number(abs(weekly[name]) / before, "share")
            sign = "+" if weekly[name] > 0 else "\N{MINUS SIGN}"
            said.append(f"{side.trial.params.channel_label(name)} {sign}{change}")
    return ", ".join(said) or "next to nothing"
