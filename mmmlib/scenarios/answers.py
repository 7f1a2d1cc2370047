"""Key questions, answered from the run (A4)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from mmmlib.estimates import NBSP, Estimate
from mmmlib.findings import FindingList
from mmmlib.model.effects import roi, share
from mmmlib.model.power_scaling import lowest_chance, reweigh
from mmmlib.params.schema import KeyQuestion, Params
from mmmlib.readiness.verdict import Readiness
from mmmlib.scenarios.baseline import Baseline
from mmmlib.scenarios.case import Case
from mmmlib.scenarios.changes import answer_cut, answer_scale
from mmmlib.scenarios.labels import decide, likely, probability_text
from mmmlib.scenarios.pack import Answer, Label
from mmmlib.scenarios.projection import ProjectedOutcome

YEAR = 52
HIDDEN = "The budgets follow something in common, so the channel that follows it most seems to return most."


def answer_questions(
    effects_by_model: Mapping[str, xr.Dataset],
    readiness: Readiness,
    health_by_model: Mapping[str, FindingList],
    params: Params,
    base: Baseline,
    outcomes: Mapping[str, ProjectedOutcome],
) -> tuple[Answer, ...]:
    """Answer every key question of the parameters with a range and a label.

    Parameters
    ----------
    effects_by_model, readiness, health_by_model, params
        Of the run.
    base
        What the whole pack is compared with.
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
    under = {
        model: reweigh(*(effects_by_model[part] for part in params.parts_of(model)))
        for model in {model for asked in params.key_questions for model in _models(asked, params)}
        if all(part in effects_by_model for part in params.parts_of(model))
    }
    for question in params.key_questions:
        for model in _models(question, params):
            if model not in effects_by_model:
                answers.append(_unanswered(question, model, params.model_label(model)))
                continue
            case = Case(
                question,
                model,
                effects_by_model[model],
                base,
                outcomes[model],
                {part: outcomes[part] for part in params.parts_of(model) if part != model},
                readiness,
                health_by_model.get(model),
                params,
                under.get(model, {}),
            )
            answers.append(_ANSWERS[question.kind](case))
    return tuple(answers)


def _models(question: KeyQuestion, params: Params) -> list[str]:
    if question.outcome is None:
        return [params.primary]
    parts = params.parts_of(question.outcome)
    # Money is spent once: a question on an outcome is put to all of its motions together.
    return [question.outcome] if len(parts) > 1 else [parts[0]]


def _unanswered(question: KeyQuestion, model: str, label: str) -> Answer:
    return Answer(
        question=question.question,
        kind=question.kind,
        model=model,
        channel=question.channel,
        text="No answer from this run.",
        label=Label.DO_NOT_INFER,
        reasons=(f"There is no fit of {label}.",),
    )


def _rank(case: Case) -> Answer:
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
        f"{case.labels[name]} {case.return_text(estimate)}"
        for name, estimate in estimates.items()
        if name != channel
    )
    name = case.labels[channel]
    hidden = len(names) > 1 and case.order_is_hidden
    if hidden:
        lead = f"Which channel returned most over {period} cannot be told. {name}"
    elif channel != top:
        places = (-draws).argsort(axis=1).argsort(axis=1)[:, names.index(channel)] + 1
        low, high = (f"{end:.0f}" for end in np.quantile(places, (0.05, 0.95), method="nearest"))
        place = low if low == high else f"{low} to {high}"
        lead = f"{name} is number {place} of {len(names)} by return over {period}"
    elif p >= case.params.scenarios.clear_probability:
        lead = f"{name} {likely(p)} returned most over {period}"
    else:
        lead = (
            f"Which channel returned most over {period} is not clear; {name} has the highest median"
        )
    lead += f": {case.return_text(estimates[channel])}"
    place = "" if hidden else f"; it is first with probability {probability_text(p)}"
    text = f"{lead}{place}. Ranges hold 90{NBSP}%."
    if rest:
        text += f" The others: {rest}."
    if left_out:
        text += (
            f" Not ranked, since nothing may be inferred of their returns: {', '.join(left_out)}."
        )
    evidence = case.evidence(*estimates)
    doubts, safe = [], case.params.scenarios.safe_probability
    is_first = draws.argmax(axis=1) == names.index(channel)
    held = lowest_chance(is_first if p > 0.5 else ~is_first, case.under, names)
    if not max(p, 1 - p) >= safe:
        doubts.append(f"The first place is not settled: probability {probability_text(p)}.")
    elif held is not None and not held >= safe:
        doubts.append("Under another reasonable prior the first place is not as clear.")
    against = [HIDDEN] if hidden else []
    tag, reasons = decide(evidence, more_against=against, more_doubts=doubts, size=held is None)
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


def _other(case: Case) -> Answer:
    """Give the numbers that bear on a free question; people draw the conclusion."""
    channel = case.question.channel
    names = [channel] if channel else list(case.labels)
    part = share(case.effects).sel(channel=names).sum("channel").to_numpy()
    value = Estimate.from_draws(part, "share")
    who = case.labels[channel] if channel else "all channels together"
    text = (
        f"The model answers no free question. What bears on it: {who} contributed {value} of "
        f"{case.params.model_label(case.model)} over {case.effects.sizes['week']} weeks."
    )
    tag, reasons = decide(
        case.evidence(*names), more_doubts=["A free question: people draw the conclusion."]
    )
    return case.answer(
        text, tag or Label.REVIEW, reasons, value=value, value_name="share of the outcome"
    )


_ANSWERS = {"scale": answer_scale, "cut": answer_cut, "rank": _rank, "other": _other}
