"""Answers on what more or less of one channel brings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from mmmlib.estimates import NBSP, Estimate, format_number
from mmmlib.model.power_scaling import lowest_chance
from mmmlib.params.schema import Params
from mmmlib.scenarios.baseline import Baseline, baseline_name, baseline_of
from mmmlib.scenarios.case import Case
from mmmlib.scenarios.effect import PlanEffect, plan_effect
from mmmlib.scenarios.history import YEAR
from mmmlib.scenarios.labels import label_plan, likely, probability_text
from mmmlib.scenarios.pack import Answer, Label
from mmmlib.scenarios.plan import Plan
from mmmlib.scenarios.plans import added_return, cut_loss, cut_plan, increase_plan

type _Kind = Literal["scale", "cut"]


def answer_scale(case: Case) -> Answer:
    """Say whether more money in a channel pays; without a channel, in the one to scale first."""
    channel, chance = _asked(case, _scalable(case), 1)
    if channel is None:
        text = "No: no channel that spends money now is marked as scalable."
        return case.answer(text, Label.DO_NOT_INFER, ("There is nothing to scale.",))
    return _change(case, channel, "scale", chance)


def answer_cut(case: Case) -> Answer:
    """Say whether less money in a channel saves more than it loses; see :func:`answer_scale`."""
    channel, chance = _asked(case, _running(case), -1)
    if channel is None:
        text = "No: no channel spends money now."
        return case.answer(text, Label.DO_NOT_INFER, ("There is nothing to cut.",))
    return _change(case, channel, "cut", chance)


def _season(case: Case, channel: str) -> Baseline | None:
    """What a channel that sleeps now is answered on: the weeks of last year, all of them."""
    if case.effects.sizes["week"] < YEAR:
        return None
    year = baseline_of(case.effects, case.params, kind="last_year", weeks=YEAR)
    return year if year.weekly[channel] > 0 else None


def _change(case: Case, channel: str, kind: _Kind, chance: float) -> Answer:
    """Answer what more or less of one channel brings.

    ``chance``: that no other channel would have been the better one to ask about.
    """
    params, label = case.params, case.labels[channel]
    base, awake = case.base, channel in case.base.spends_now
    if not awake:
        season = _season(case, channel)
        if season is None:
            text = f"No answer: {label} has no spend now and had none in the last year."
            why = f"{label} has no level to start from."
            return case.answer(text, Label.DO_NOT_INFER, (why,), channel=channel)
        base = season
    weeks = base.weeks
    plan, effect = _changed(case, base, channel, kind)
    unit = case.effects.attrs["return_unit"]
    per_money = Estimate.from_draws(effect.difference / effect.spend_change, unit)
    p = effect.speaks_for
    yes = effect.speaks
    held = lowest_chance(yes if p > 0.5 else ~yes, case.under, [channel])
    unsettled = []
    if not chance >= params.scenarios.clear_probability:
        unsettled.append(
            f"That {label} comes first is not settled: probability {probability_text(chance)}."
        )
    beside, doubt = _from_now(case, base, channel, kind, p) if awake else ("", "")
    if doubt:
        unsettled.append(doubt)
    extrapolated = [label] if base.outside(channel, plan.spend[channel]) else []
    sure, safe = max(p, 1 - p), params.scenarios.safe_probability  # a clear no is as good as a yes
    tag, reasons = label_plan(
        case.evidence(channel),
        sure,
        params.scenarios,
        extrapolated=extrapolated,
        unpriced=[label] if base.unpriced(channel, plan.spend[channel]) else [],
        blind_cuts=[label] if kind == "cut" and case.on(channel).assumed else [],
        steady_state=case.outcome.method != "formula",
        disagreements=unsettled,
        under_priors=held,
        unlikely=f"The answer is not clear enough to be safe: probability of yes {probability_text(p)} "
        f"(clear from {probability_text(safe)}, or up to {probability_text(1 - safe)} for a no).",
        clear=f"The answer is clear (probability {probability_text(sure)}), inside the spend range "
        f"of the past, and neither readiness nor health speaks against it.",
    )
    asleep = (
        ""
        if awake
        else f" {label} spends nothing now: this is on its own season, the last {weeks} weeks."
    )
    name = "return of the added money" if kind == "scale" else "lost per unit of money saved"
    return case.answer(
        f"{_lead(case, label, kind, chance)}{_verdict(p, params)}: "
        f"{_brings(case, f'{label} over {weeks} weeks', kind, effect, per_money)} (90{NBSP}%); "
        f"probability {_claim(case, kind)}: {probability_text(p)}.{beside}{_by_motion(case, plan, base)}{asleep}",
        tag,
        reasons,
        channel=channel,
        value=per_money,
        value_name=name,
        probability=p,
    )


def _lead(case: Case, label: str, kind: _Kind, chance: float) -> str:
    """Say which channel comes first, where the question names none."""
    if case.question.channel is not None:
        return ""
    first = f"The channel to {kind} first is {likely(chance)} {label}"
    if not chance >= case.params.scenarios.clear_probability:
        first = f"Which channel to {kind} first is not clear; the median speaks for {label}"
    place = "most" if kind == "scale" else "least"
    return f"{first}: its next money returns {place} with probability {probability_text(chance)}. "


def _brings(case: Case, where: str, kind: _Kind, effect: PlanEffect, per_money: Estimate) -> str:
    money = format_number(abs(effect.spend_change), case.params.currency)
    returns = case.return_text(per_money)
    if kind == "scale":
        return f"{money} more in {where} would bring {returns}"
    return f"{money} less in {where} would lose {returns} saved"


def _claim(case: Case, kind: _Kind) -> str:
    """What the probability of an answer is of."""
    if kind == "scale":
        if case.money:
            return "that it pays back"
        return "that it is far from saturation (more than half of its average return)"
    if case.money:
        return "that the cut saves more than it loses"
    return "that it is saturated (the cut loses less than half of its average return)"


def _changed(case: Case, base: Baseline, channel: str, kind: _Kind) -> tuple[Plan, PlanEffect]:
    """The standing increase or cut of one channel, and what it brings."""
    make = cut_plan if kind == "cut" else _increase_one
    plan = make(base, channel, case.params, case.labels)
    return plan, plan_effect(
        case.outcome, plan.spend, base.spend, worth=case.params.worth_of(case.model)
    )


def _increase_one(base: Baseline, channel: str, params: Params, label: Mapping[str, str]) -> Plan:
    return increase_plan(base, [channel], params, label)


def _from_now(case: Case, base: Baseline, channel: str, kind: _Kind, p: float) -> tuple[str, str]:
    """Ask the same from the rate of the latest weeks, where the baseline is off it.

    Returns
    -------
    beside, doubt
        What to say beside the answer; and what speaks against calling it safe, if the answer
        from there is another one or not as clear.
    """
    limits = case.params.scenarios
    if not base.differs(channel, limits.rate_tolerance):
        return "", ""
    name = baseline_name("current_rate", limits)
    _, effect = _changed(case, base.of_now(name), channel, kind)
    there = effect.speaks_for
    rates = (
        f"{format_number(base.recent_weekly[channel], case.params.currency)} a week, where "
        f"{base.name} is {format_number(base.weekly[channel], case.params.currency)}"
    )
    beside = f" From {name} ({rates}) that probability is {probability_text(there)}."
    clear = max(there, 1 - there) >= limits.safe_probability and (there > 0.5) == (p > 0.5)
    doubt = "What is spent now is not the baseline, and the answer from there is not as clear."
    return beside, "" if clear else doubt


def _by_motion(case: Case, plan: Plan, base: Baseline) -> str:
    """Tell what the same change brings, or loses, through each motion."""
    unit = case.effects.attrs["return_unit"]
    each = []
    for part, outcome in case.parts.items():
        effect = plan_effect(
            outcome, plan.spend, base.spend, worth=case.params.worth_of(case.model)
        )
        through = Estimate.from_draws(effect.difference / effect.spend_change, unit)
        each.append(f"{part.partition('.')[2].replace('_', ' ')} {case.return_text(through)}")
    return f" By motion: {'; '.join(each)}." if each else ""


def _verdict(p: float, params: Params) -> str:
    if p >= params.scenarios.clear_probability:
        return f"Yes, {likely(p)}"
    if p <= 1 - params.scenarios.clear_probability:
        return f"No, {likely(1 - p)} not"
    return "Not clear"


def _asked(case: Case, able: Sequence[str], sign: int) -> tuple[str | None, float]:
    """Return the channel that a question is about; if it names none, the first and its chance.

    The chance is NaN where the budgets follow something in common. ``sign`` is 1 where the next
    money should return most, -1 where least.
    """
    if case.question.channel is not None:
        return case.question.channel, 1.0
    if not able:
        return None, 0.0
    per_money = added_return if sign > 0 else cut_loss
    each = [per_money(case.base, case.outcome, name, case.params) for name in able]
    draws = sign * np.stack(each, axis=1)
    best = int(np.median(draws, axis=0).argmax())
    if len(able) > 1 and case.order_is_hidden:
        return able[best], math.nan
    return able[best], float((draws.argmax(axis=1) == best).mean())


def _scalable(case: Case) -> tuple[str, ...]:
    channels = case.params.channels
    return tuple(name for name, one in channels.items() if one.scalable and name in _running(case))


def _running(case: Case) -> tuple[str, ...]:
    return tuple(name for name in case.base.spend if name in case.base.spends_now)
