"""Optimised plans in the pack: what may change and how far, as parameters and evidence say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mmmlib.errors import InputError
from mmmlib.estimates import NBSP, format_number
from mmmlib.params.messages import did_you_mean
from mmmlib.params.scenarios import MoneyLimits
from mmmlib.params.schema import Params
from mmmlib.scenarios.baseline import Baseline
from mmmlib.scenarios.evidence import Evidence
from mmmlib.scenarios.gradients import PlanResponse
from mmmlib.scenarios.history import ROUNDING, SeenSpend
from mmmlib.scenarios.optimise import Optimum, cheapest, optimise
from mmmlib.scenarios.pack import HeldChannel, OptimisedView
from mmmlib.scenarios.plan import Plan, moves_text
from mmmlib.scenarios.question import Bounds, Limit, Question, with_budget
from mmmlib.scenarios.risk import Objective

OTHER = 0.1
"""How far the budget of the second optimised plan may go, if none is declared."""
HELD = {"any": "As in the baseline", "more": "Not raised", "less": "Not cut"}
MOST = 3
"""Channels that a description names."""


@dataclass(frozen=True, eq=False)
class OptimisedPlans:
    """Plans that were found, and what came of each search."""

    plans: list[Plan] = field(default_factory=list)
    views: list[OptimisedView] = field(default_factory=list)


def held_channels(
    base: Baseline, on_channel: Mapping[str, Evidence], params: Params
) -> tuple[HeldChannel, ...]:
    """Name the channels that no optimised plan changes, or only one way, and why."""
    held = []
    for name in base.spend:
        declared = params.channels.get(name)
        if name not in base.spends_now:
            held.append(HeldChannel(channel=name, why="nothing is spent now", way="any"))
        elif name in params.scenarios.optimise.fixed:
            held.append(HeldChannel(channel=name, why="the money is committed", way="any"))
        elif base.kind in ("recent_mean", "current_rate") and base.differs(
            name, params.scenarios.rate_tolerance
        ):
            # More than the baseline may be less than now: for people to say, not for an optimiser.
            why = "what is spent now is off the baseline"
            held.append(HeldChannel(channel=name, why=why, way="any"))
        elif not on_channel[name].good:
            held.append(HeldChannel(channel=name, why="nothing may be inferred", way="any"))
        elif on_channel[name].assumed:
            # What a cut there would lose is not known; more of it needs review, as in other plans.
            why = "the return is our assumption more than the data"
            fixed = declared is None or not declared.scalable
            held.append(HeldChannel(channel=name, why=why, way="any" if fixed else "less"))
        elif declared is None or not declared.scalable:
            held.append(HeldChannel(channel=name, why="more cannot be bought", way="more"))
    return tuple(held)


def question_of(
    base: Baseline,
    channels: Sequence[str],
    regions: Sequence[str],
    held: Sequence[HeldChannel],
    params: Params,
    labels: Mapping[str, str],
) -> Question:
    """Put together what an optimised plan has to keep; without a budget.

    Parameters
    ----------
    base
        What changes, and what the past has seen.
    channels, regions
        In the order of the arrays.
    held
        See :func:`held_channels`.
    params, labels
        Of the run; names of channels as people write them.

    Raises
    ------
    InputError
        If a region that is limited is none of the data.
    """
    rules = params.scenarios.optimise
    _check_regions(rules.regions, regions)
    start = np.stack([base.spend[name] for name in channels])
    channels = list(channels)
    still = {one.channel for one in held if one.way == "any"}
    no_more, no_less = ({one.channel for one in held if one.way == way} for way in ("more", "less"))
    free = np.zeros(start.shape, bool)
    bounds: list[Bounds] = []
    limits: list[Limit] = []
    for row, name in enumerate(channels):
        if name in still:
            continue
        seen = base.seen[name]
        weekly = start[row].sum(0)
        # Pauses stay: what lies between nothing and the smallest spend was never seen.
        busy = ~_resting(weekly, seen)
        free[row] = busy & (start[row] > 0)
        mine = np.zeros(start.shape, bool)
        mine[row] = True
        paid = float(start[row].sum())
        step = np.inf if rules.step is None else rules.step
        least = paid if name in no_less else paid * (1 - min(step, params.scenarios.max_cut))
        most = paid if name in no_more else paid * (1 + step)
        limits.append(Limit(f"the step that {labels[name]} may take", mine, least, most))
        stated = rules.channels.get(name)
        if stated is not None:
            limits.append(_limit(f"the limits of {labels[name]}", mine, stated, base.weeks))
        if not rules.beyond_seen:
            limits += _seen_weeks(
                f"what the past has seen of {labels[name]}"
                + (" and its unit price is declared for" if base.prices[name].rises else ""),
                start,
                row,
                seen,
                np.flatnonzero(busy),
                rules.vary == "channel",
            )
    if not rules.beyond_seen:
        bounds.append(_seen_cells(base, channels, start))
    every = np.ones(start.shape, bool)
    for name, stated in rules.regions.items():
        where = np.zeros(start.shape, bool)
        where[:, list(regions).index(name)] = True
        limits.append(_limit(f"the limits of {name}", where, stated, base.weeks))
    for group in rules.groups.values():
        where = np.zeros(start.shape, bool)
        where[[channels.index(one) for one in group.channels]] = True
        limits.append(_limit(f"the limits of {group.label}", where, group, base.weeks))
    if rules.weeks is not None:
        for week in range(base.weeks):
            where = every & (np.arange(base.weeks) == week)
            limits.append(_limit("the limits of every week", where, rules.weeks, 1))
    worth = params.worth_of(params.primary)
    return Question(
        start,
        free,
        rules.vary,
        bounds,
        limits,
        Objective(rules.objective, rules.tail, rules.aversion),
        worth=worth or 1.0,
        cost=worth is not None,
    )


def optimised_plans(
    base: Baseline,
    response: PlanResponse,
    regions: Sequence[str],
    held: Sequence[HeldChannel],
    params: Params,
    labels: Mapping[str, str],
) -> OptimisedPlans:
    """Find the best plans at the same budget, at another one, and the cheapest for a target.

    Parameters
    ----------
    base, regions, held, params, labels
        See :func:`question_of`.
    response
        What plans bring, in all draws. Every other one chooses; what is promised of a plan is taken
        from the rest, so that luck in the choice is not promised, too.

    Returns
    -------
    OptimisedPlans
        A search whose limits contradict each other, or that did not converge, leaves no plan; nor
        does one whose plan is no better than the baseline in the draws that did not choose it.
    """
    rules = params.scenarios.optimise
    question = question_of(base, response.channels, regions, held, params, labels)
    found = OptimisedPlans()
    chosen = response.picked(np.arange(0, response.draws, 2))
    others = response.picked(np.arange(1, response.draws, 2))
    if not question.free.any():
        return found  # who is held, and why, is told beside it
    total = float(question.start.sum())

    def at(share: float) -> tuple[str, Optimum]:
        budget = format_number(total * (1 + share), params.currency)
        asked = with_budget(question, total * (1 + share), f"the budget of {budget}")
        return f"Best plan with {_size(share)}", optimise(asked, chosen)

    _, best = at(0.0)
    title = "Best plan at the same budget"
    best = best if _holds(question, best, others) else replace(best, money=None)
    _add(found, "optimised", title, best, base, response.channels, held, params, labels)
    if rules.budget_change is not None or not question.cost:
        share = OTHER if rules.budget_change is None else rules.budget_change
        title, best = at(share)
    else:
        least, most = (1 - OTHER) * total, (1 + OTHER) * total
        every = np.ones(question.start.shape, bool)
        limits = [*question.limits, Limit("the range of the budget", every, least, most)]
        title, best = (
            "Best plan at any budget near",
            optimise(replace(question, limits=limits), chosen),
        )
        if best.money is not None:
            title = f"Best plan with {_size(float(best.money.sum()) / total - 1)}"
        if not _holds(question, best, others):
            best = replace(best, money=None)  # money that only loses is no plan
    if rules.budget_change != 0:
        name = "optimised_budget"
        _add(found, name, title, best, base, response.channels, held, params, labels)
    if rules.target is not None:
        idle = chosen.totals(np.zeros_like(question.start))
        target = rules.target * float((chosen.totals(question.start) - idle).mean())
        title = f"Least money for {rules.target * 100:.0f}{NBSP}% more from the channels"
        best = cheapest(question, chosen, target)
        _add(found, "optimised_target", title, best, base, response.channels, held, params, labels)
    return found


def _size(share: float) -> str:
    """Say how much more or less money."""
    if abs(share) < 0.005:
        return "the same money"
    return f"{abs(share) * 100:.0f}{NBSP}% {'more' if share > 0 else 'less'} money"


def _holds(question: Question, best: Optimum, others: PlanResponse) -> bool:
    """Say whether a plan is better than the baseline in draws that did not choose it."""
    if best.money is None:
        return True  # there is nothing to take back
    cost = float(best.money.sum() - question.start.sum()) if question.cost else 0.0
    gain = question.worth * (others.totals(best.money) - others.totals(question.start)) - cost
    return bool(np.median(gain) > 0)


def _add(
    found: OptimisedPlans,
    name: str,
    title: str,
    best: Optimum,
    base: Baseline,
    channels: Sequence[str],
    held: Sequence[HeldChannel],
    params: Params,
    labels: Mapping[str, str],
) -> None:
    found.views.append(
        OptimisedView(
            plan=name,
            title=title,
            converged=best.converged,
            contradicting=best.contradicting,
            binding=best.binding,
            message=best.message,
        )
    )
    if best.money is None or not best.converged:
        return  # what the search found is told beside the plans
    spend = {
        one: paid if not np.allclose(paid, base.spend[one], rtol=1e-4) else base.spend[one]
        for one, paid in zip(channels, best.money, strict=True)
    }
    # What is left by calling the same the same goes to the channels that change.
    moved = [one for one in spend if spend[one] is not base.spend[one]]
    paid = sum(float(spend[one].sum()) for one in moved)
    left = float(best.money.sum()) - sum(float(one.sum()) for one in spend.values())
    spend |= {one: spend[one] * (1 + left / paid) for one in moved}
    plan = Plan(name, "optimised", title, "", spend)
    changed = [one for one in spend if spend[one] is not base.spend[one]]
    changed.sort(key=lambda one: -abs(plan.weekly[one] - base.weekly[one]))
    if not changed:
        return
    text = moves_text(base, {one: plan.weekly[one] for one in changed}, params, labels, MOST)
    described = f"{text}{held_text(held, labels)}"
    found.plans.append(Plan(name, "optimised", title, described, spend, text.rstrip(".")))


def held_text(held: Sequence[HeldChannel], labels: Mapping[str, str]) -> str:
    """Say which channels were left as they are, or not raised, and why."""
    why: dict[tuple[str, str], list[str]] = {}
    for one in held:
        why.setdefault((one.way, one.why), []).append(labels[one.channel])
    parts = [
        f" {HELD[way]}: {', '.join(names)} ({reason})." for (way, reason), names in why.items()
    ]
    return "".join(parts)


def _limit(name: str, cells: np.ndarray, stated: MoneyLimits, weeks: int) -> Limit:
    high = np.inf if stated.max is None else stated.max * weeks
    return Limit(name, cells, stated.min * weeks, high)


def _resting(weekly: np.ndarray, seen: SeenSpend) -> np.ndarray:
    level = seen.pause[1] if seen.pause is not None else 0.0
    return weekly <= level * (1 + ROUNDING)


def _seen_weeks(
    name: str, start: np.ndarray, row: int, seen: SeenSpend, busy: np.ndarray, together: bool
) -> list[Limit]:
    """A channel's weeks, all regions together: no larger and no smaller than any that was seen."""
    found = []
    weekly = start[row].sum(0)
    if together and len(busy):  # with one factor on all weeks, the ends say it for all
        busy = np.unique(busy[[weekly[busy].argmin(), weekly[busy].argmax()]])
    for week in busy:
        where = np.zeros(start.shape, bool)
        where[row, :, week] = True
        low, high = min(seen.smallest, weekly[week]), max(seen.largest, weekly[week])
        found.append(Limit(name, where, low, high))
    return found


def _seen_cells(base: Baseline, channels: Sequence[str], start: np.ndarray) -> Bounds:
    """Every week of a channel in a region: no larger and no smaller than any that was seen there."""
    low, high = np.zeros(start.shape), np.full(start.shape, np.inf)
    for row, name in enumerate(channels):
        for region, seen in enumerate(base.regional[name]):
            low[row, region], high[row, region] = seen.smallest, seen.largest
    return Bounds(
        "what the past has seen in each region", np.minimum(low, start), np.maximum(high, start)
    )


def _check_regions(stated: Mapping[str, MoneyLimits], regions: Sequence[str]) -> None:
    for name in stated:
        if name not in regions:
            raise InputError.one(
                None,
                f"scenarios.optimise.regions.{name}",
                "a region that is not in the data",
                f"one of {', '.join(regions)}",
                did_you_mean(name, list(regions)),
            )
