"""Key questions, answered from the run (A4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from mmmlib.estimates import NBSP, Estimate, format_number
from mmmlib.findings import FindingList
from mmmlib.model.effects import roi, share
from mmmlib.params.schema import KeyQuestion, Params
from mmmlib.readiness.verdict import Readiness
from mmmlib.scenarios.effect import plan_effect
from mmmlib.scenarios.evidence import Evidence, channel_evidence, model_evidence
from mmmlib.scenarios.labels import decide, label_plan, likely, probability_text
from mmmlib.scenarios.pack import Answer, Label
from mmmlib.scenarios.plans import (
    Plan,
    SpendRange,
    baseline_plan,
    channel_labels,
    cut_plan,
    increase_plan,
)
from mmmlib.scenarios.projection import Outcome

YEAR = 52


@dataclass(frozen=True)
class _Case:
    """One question put to one model."""

    question: KeyQuestion
    model: str
    effects: xr.Dataset
    outcome: Outcome
    readiness: Readiness
    health: FindingList | None
    params: Params

    @property
    def labels(self) -> dict[str, str]:
        return channel_labels(self.params, self.effects)

    @property
    def money(self) -> bool:
        return self.effects.attrs["outcome_unit"] == self.params.currency

    def told(self, estimate: Estimate) -> str:
        """Write a return as the reports do: ``USD 0.8 to 2.1 per USD 1``."""
        if not self.money:
            return estimate.text(mass=False)
        currency = self.params.currency
        words = estimate.model_copy(update={"unit": currency}).text(mass=False)
        return f"{words} per {currency}{NBSP}1"

    def evidence(self, *channels: str) -> Evidence:
        full = model_evidence(self.model, self.health, self.labels)
        return sum(map(self.on, channels), full)

    def on(self, channel: str) -> Evidence:
        """What is known of one channel, beside what is of the model."""
        label = self.labels.get(channel, "")
        return channel_evidence(channel, self.model, self.readiness, self.health, label)

    def answer(
        self,
        text: str,
        label: Label,
        reasons: tuple[str, ...],
        *,
        channel: str | None = None,
        value: Estimate | None = None,
        value_name: str = "",
        probability: float | None = None,
    ) -> Answer:
        return Answer(
            question=self.question.question,
            kind=self.question.kind,
            model=self.model,
            channel=channel or self.question.channel,
            text=text,
            value=value,
            value_name=value_name,
            probability=probability,
            label=label,
            reasons=reasons,
        )


def answer_questions(
    effects_by_model: Mapping[str, xr.Dataset],
    readiness: Readiness,
    health_by_model: Mapping[str, FindingList],
    params: Params,
    outcomes: Mapping[str, Outcome],
) -> tuple[Answer, ...]:
    """Answer every key question of the parameters with a range and a label.

    Parameters
    ----------
    effects_by_model, readiness, health_by_model, params
        Of the run.
    outcomes
        Projection of every model.

    Returns
    -------
    tuple of Answer
        In the order of the questions. A question that names an outcome is put to
        that outcome, over all its motions, else to what leads the pack.

    Notes
    -----
    How to read it: ``scale`` and ``cut`` change one channel's spend by the size of
    the standing scenarios and ask whether that pays; for a count, whether the
    channel is far from saturation. ``rank`` compares returns over the last year.
    A question of kind ``other`` gets the numbers that bear on it, for review.
    """
    answers: list[Answer] = []
    for question in params.key_questions:
        for model in _models(question, params):
            if model not in effects_by_model:
                answers.append(_unanswered(question, model))
                continue
            case = _Case(
                question,
                model,
                effects_by_model[model],
                outcomes[model],
                readiness,
                health_by_model.get(model),
                params,
            )
            answers.append(_ANSWERS[question.kind](case))
    return tuple(answers)


def _models(question: KeyQuestion, params: Params) -> list[str]:
    if question.outcome is None:
        return [params.primary]
    parts = params.parts_of(question.outcome)
    # Money is spent once: a question on an outcome is put to all of its motions together.
    return [question.outcome] if len(parts) > 1 else [parts[0]]


def _unanswered(question: KeyQuestion, model: str) -> Answer:
    return Answer(
        question=question.question,
        kind=question.kind,
        model=model,
        channel=question.channel,
        text="No answer from this run.",
        label=Label.DO_NOT_INFER,
        reasons=(f"There is no fit of {model}.",),
    )


def _scale(case: _Case) -> Answer:
    channel, chance = _asked(case, _scalable(case), 1)
    if channel is None:
        text = "No: no channel with spend today is marked as scalable."
        return case.answer(text, Label.DO_NOT_INFER, ("There is nothing to scale.",))
    spend = SpendRange.of(case.effects)
    plan = increase_plan(spend, [channel], case.params, case.labels)
    return _change(case, channel, plan, "scale", chance)


def _cut(case: _Case) -> Answer:
    channel, chance = _asked(case, _running(case), -1)
    if channel is None:
        text = "No: no channel has spend today."
        return case.answer(text, Label.DO_NOT_INFER, ("There is nothing to cut.",))
    plan = cut_plan(SpendRange.of(case.effects), channel, case.params, case.labels)
    return _change(case, channel, plan, "cut", chance)


def _change(
    case: _Case, channel: str, plan: Plan, kind: Literal["scale", "cut"], chance: float
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
        what = f"{money} more in {label} over {weeks} weeks would bring {case.told(per_money)}"
        test = (
            "that it pays back"
            if case.money
            else "that it is far from saturation (more than half of its average return)"
        )
    else:
        what = f"{money} less in {label} over {weeks} weeks would lose {case.told(per_money)} saved"
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
            lead = f"Which channel to {kind} first is open; the median speaks for {label}"
        lead += f": its next money returns {place} with probability {probability_text(chance)}. "
    name = "return of the added money" if kind == "scale" else "lost per unit of money saved"
    return case.answer(
        f"{lead}{_verdict(p, params)}: {what} (90{NBSP}%); probability {test}: "
        f"{probability_text(p)}.",
        tag,
        reasons,
        channel=channel,
        value=per_money,
        value_name=name,
        probability=p,
    )


def _rank(case: _Case) -> Answer:
    weeks = case.effects["week"].to_numpy()
    window = slice(weeks[max(0, len(weeks) - YEAR)], weeks[-1])
    returns = roi(case.effects, window).transpose("draw", "channel")
    finite = np.isfinite(returns.to_numpy()).all(axis=0)
    names = [str(name) for name in returns["channel"].to_numpy()[finite]]
    if not names:
        text = "No answer: no channel had spend in the last year."
        return case.answer(text, Label.DO_NOT_INFER, ("There is nothing to rank.",))
    left_out = []
    trusted = [name for name in names if case.on(name).good]
    if trusted and case.question.channel in (None, *trusted):
        left_out = [case.labels[name] for name in names if name not in trusted]
        names = trusted
    draws = returns.sel(channel=names).to_numpy()
    first = np.bincount(draws.argmax(axis=1), minlength=len(names)) / len(draws)
    unit = case.effects.attrs["return_unit"]
    order = [int(i) for i in np.argsort(-np.median(draws, axis=0))]
    estimates = {names[i]: Estimate.from_draws(draws[:, i], unit) for i in order}
    top = names[order[0]]
    channel = case.question.channel or top
    if channel not in estimates:
        text = f"No answer: {case.labels[channel]} had no spend in the last year."
        return case.answer(text, Label.DO_NOT_INFER, ("It had no spend.",), channel=channel)
    p = float(first[names.index(channel)])
    period = f"the last {min(YEAR, len(weeks))} weeks"
    rest = "; ".join(
        f"{case.labels[name]} {case.told(estimate)}"
        for name, estimate in estimates.items()
        if name != channel
    )
    name = case.labels[channel]
    if channel != top:
        places = (-draws).argsort(axis=1).argsort(axis=1)[:, names.index(channel)] + 1
        low, high = (f"{end:.0f}" for end in np.quantile(places, (0.05, 0.95), method="nearest"))
        place = low if low == high else f"{low} to {high}"
        lead = f"{name} is number {place} of {len(names)} by return over {period}"
    elif p >= case.params.scenarios.clear_probability:
        lead = f"{name} {likely(p)} returned most over {period}"
    else:
        lead = f"Which channel returned most over {period} is open; {name} has the highest median"
    lead += f": {case.told(estimates[channel])}"
    text = f"{lead}; it is first with probability {probability_text(p)}. Ranges hold 90{NBSP}%."
    if rest:
        text += f" The others: {rest}."
    if left_out:
        text += f" Left out: {', '.join(left_out)}, of which nothing may be inferred."
    evidence = case.evidence(*estimates)
    doubts = []
    if not max(p, 1 - p) >= case.params.scenarios.safe_probability:
        doubts.append(f"The first place is not settled: probability {probability_text(p)}.")
    tag, reasons = decide(evidence, more_doubts=doubts)
    if tag is None:
        tag, reasons = Label.SAFE, ("The place is clear and nothing speaks against the fit.",)
    return case.answer(
        text,
        tag,
        reasons,
        channel=channel,
        value=estimates[channel],
        value_name="return",
        probability=p,
    )


def _other(case: _Case) -> Answer:
    """Give the numbers that bear on a free question; people draw the conclusion."""
    channel = case.question.channel
    names = [channel] if channel else list(case.labels)
    part = share(case.effects).sel(channel=names).sum("channel").to_numpy()
    value = Estimate.from_draws(part, "share")
    who = case.labels[channel] if channel else "all channels together"
    text = (
        f"The model answers no free question. What bears on it: {who} caused {value} of "
        f"{case.params.model_label(case.model)} over {case.effects.sizes['week']} weeks."
    )
    tag, reasons = decide(
        case.evidence(*names), more_doubts=["A free question: people draw the conclusion."]
    )
    return case.answer(
        text, tag or Label.REVIEW, reasons, value=value, value_name="share of the outcome"
    )


_ANSWERS = {"scale": _scale, "cut": _cut, "rank": _rank, "other": _other}


def _verdict(p: float, params: Params) -> str:
    if p >= params.scenarios.clear_probability:
        return f"Yes, {likely(p)}"
    if p <= 1 - params.scenarios.clear_probability:
        return f"No, {likely(1 - p)} not"
    return "Not clear"


def _asked(case: _Case, able: Sequence[str], sign: int) -> tuple[str | None, float]:
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


def _scalable(case: _Case) -> tuple[str, ...]:
    spend = SpendRange.of(case.effects).today
    return tuple(n for n, c in case.params.channels.items() if c.scalable and spend.get(n, 0) > 0)


def _running(case: _Case) -> tuple[str, ...]:
    return tuple(name for name, money in SpendRange.of(case.effects).today.items() if money > 0)
