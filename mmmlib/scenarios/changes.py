"""Answers on what more or less of one channel brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from mmmlib.estimates import NBSP, Estimate, format_number
from mmmlib.params.schema import Params
from mmmlib.scenarios.case import Case
from mmmlib.scenarios.effect import plan_effect
from mmmlib.scenarios.labels import label_plan, likely, probability_text
from mmmlib.scenarios.pack import Answer, Label
from mmmlib.scenarios.plans import Plan, SpendRange, baseline_plan, cut_plan, increase_plan


def answer_scale(case: Case) -> Answer:
    """Say whether more money in a channel pays; without a channel, in the one to scale first."""
    channel, chance = _asked(case, _scalable(case), 1)
    if channel is None:
        text = "No: no channel with spend today is marked as scalable."
        return case.answer(text, Label.DO_NOT_INFER, ("There is nothing to scale.",))
    spend = SpendRange.of(case.effects)
    plan = increase_plan(spend, [channel], case.params, case.labels)
    return _change(case, channel, plan, "scale", chance)


def answer_cut(case: Case) -> Answer:
    """Say whether less money in a channel saves more than it loses; see :func:`answer_scale`."""
    channel, chance = _asked(case, _running(case), -1)
    if channel is None:
        text = "No: no channel has spend today."
        return case.answer(text, Label.DO_NOT_INFER, ("There is nothing to cut.",))
    plan = cut_plan(SpendRange.of(case.effects), channel, case.params, case.labels)
    return _change(case, channel, plan, "cut", chance)


def _change(
    case: Case, channel: str, plan: Plan, kind: Literal["scale", "cut"], chance: float
) -> Answer:
    """Answer what more or less of one channel brings.

    ``chance``: that no other channel would have been the better one to ask about.
    """
    params, label = case.params, case.labels[channel]
    spend = SpendRange.of(case.effects)
    weeks = params.scenarios.horizon_weeks
    if not spend.today[channel] > 0:
        text = f"No answer: {label} has no spend today, so there is no level to start from."
        return case.answer(
            text, Label.DO_NOT_INFER, (f"{label} has no spend today.",), channel=channel
        )
    base = baseline_plan(case.effects).weekly
    effect = plan_effect(case.outcome, plan.weekly, base, weeks, money=case.money)
    per_money = Estimate.from_draws(
        effect.difference / effect.spend_change, case.effects.attrs["return_unit"]
    )
    p = effect.speaks_for
    unsettled = []
    if not chance >= params.scenarios.clear_probability:
        unsettled.append(
            f"That {label} comes first is not settled: probability {probability_text(chance)}."
        )
    extrapolated = [label] if spend.outside(channel, plan.weekly[channel]) else []
    tag, reasons = label_plan(
        case.evidence(channel),
        # A clear no is as safe to act on as a clear yes.
        max(p, 1 - p),
        params.scenarios,
        extrapolated=extrapolated,
        steady_state=case.outcome.method != "formula",
        disagreements=unsettled,
    )
    if tag is Label.SAFE:
        clear = (
            f"The answer is clear (probability {probability_text(max(p, 1 - p))}), inside the "
            f"spend range of the past, and neither readiness nor health speaks against it."
        )
        reasons = (clear,)
    elif not extrapolated and max(p, 1 - p) < params.scenarios.safe_probability:
        safe = params.scenarios.safe_probability
        unclear = (
            f"The answer is not clear enough to be safe: probability of yes {probability_text(p)} "
            f"(clear from {probability_text(safe)}, or up to {probability_text(1 - safe)} for a no)."
        )
        reasons = tuple(
            unclear if reason.startswith("It beats the status quo") else reason
            for reason in reasons
        )
    money = format_number(abs(effect.spend_change), params.currency)
    if kind == "scale":
        what = (
            f"{money} more in {label} over {weeks} weeks would bring {case.return_text(per_money)}"
        )
        test = (
            "that it pays back"
            if case.money
            else "that it is far from saturation (more than half of its average return)"
        )
    else:
        what = f"{money} less in {label} over {weeks} weeks would lose {case.return_text(per_money)} saved"
        test = (
            "that the cut saves more than it loses"
            if case.money
            else "that it is saturated (the cut loses less than half of its average return)"
        )
    lead = ""
    if case.question.channel is None:
        place = "most" if kind == "scale" else "least"
        if chance >= params.scenarios.clear_probability:
            lead = f"The channel to {kind} first is {likely(chance)} {label}"
        else:
            lead = f"Which channel to {kind} first is not clear; the median speaks for {label}"
        lead += f": its next money returns {place} with probability {probability_text(chance)}. "
    name = "return of the added money" if kind == "scale" else "lost per unit of money saved"
    return case.answer(
        f"{lead}{_verdict(p, params)}: {what} (90{NBSP}%); probability {test}: "
        f"{probability_text(p)}.{_by_motion(case, plan, base)}",
        tag,
        reasons,
        channel=channel,
        value=per_money,
        value_name=name,
        probability=p,
    )


def _by_motion(case: Case, plan: Plan, base: Mapping[str, float]) -> str:
    """Tell what the same change brings, or loses, through each motion."""
    weeks, unit = case.params.scenarios.horizon_weeks, case.effects.attrs["return_unit"]
    each = []
    for part, outcome in case.parts.items():
        effect = plan_effect(outcome, plan.weekly, base, weeks, money=case.money)
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

    ``sign`` is 1 where the next money should return most, -1 where least.
    """
    if case.question.channel is not None:
        return case.question.channel, 1.0
    if not able:
        return None, 0.0
    draws = (
        case.effects["marginal_roi"].sel(channel=list(able)).transpose("draw", "channel").to_numpy()
    )
    draws = sign * draws
    best = int(np.median(draws, axis=0).argmax())
    return able[best], float((draws.argmax(axis=1) == best).mean())


def _scalable(case: Case) -> tuple[str, ...]:
    spend = SpendRange.of(case.effects).today
    return tuple(n for n, c in case.params.channels.items() if c.scalable and spend.get(n, 0) > 0)


def _running(case: Case) -> tuple[str, ...]:
    return tuple(name for name, money in SpendRange.of(case.effects).today.items() if money > 0)
