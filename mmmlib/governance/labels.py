"""Labels of what is said on each channel's return, and of the plans that rest on it (O8)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr

from mmmlib.estimates import Estimate, log_ratio
from mmmlib.findings import Finding, FindingList, Level, Reason, Status
from mmmlib.governance.verdict import NOT_CLAIMED, Claim, GateResult, Release
from mmmlib.health.lift import ALONE
from mmmlib.health.prior_sensitivity import PRIOR
from mmmlib.model.effects import roi
from mmmlib.monte_carlo import at_most_for_certain, monte_carlo_error, needed_probability
from mmmlib.params.schema import Params
from mmmlib.readiness.verdict import Readiness
from mmmlib.refresh.comparison import Comparison
from mmmlib.scenarios.advice import evidence_level
from mmmlib.scenarios.evidence import Evidence, channel_evidence, model_evidence
from mmmlib.scenarios.labels import choose, decide, lowest, may_be_watched, probability_text
from mmmlib.scenarios.pack import (
    Advice,
    Answer,
    ChannelAdvice,
    EvidenceLevel,
    Label,
    Scenario,
    ScenarioPack,
)

BLOCKED = "A gate blocks, so nothing of this run may be acted on yet."
WAIVED = "What blocked was waived so that this can be read; nothing of it may be acted on."
"""What a released page says in place of :data:`BLOCKED`."""
NOT_JUDGED = "No gate has judged this run yet."
STOPPED, WIDE, UNSETTLED = "label.stopped", "label.wide_range", "label.unsettled"
"""Kinds of reasons that no check saw: the run is stopped, the range is wide, it is not settled whether it paid."""


def stop_words(gates: GateResult | None) -> str:
    """Say why nothing of a run may be acted on, where that is so for the run as a whole."""
    if gates is None:
        return NOT_JUDGED
    return BLOCKED if gates.release is Release.NOT_APPROVED else WAIVED


def label_channels(
    effects: xr.Dataset,
    readiness: Readiness,
    health: FindingList | None,
    comparison: Comparison | None,
    params: Params,
    blocking: Sequence[Finding] = (),
) -> dict[str, Claim]:
    """Label the statement "this channel returned between low and high", per channel, with reasons.

    ``do not infer`` where the model or the channel is blocked (in a motion or in the sum over motions,
    too), not ready, or has no spend; ``needs review`` where there are doubts, the range is wider than
    ``governance.wide_ratio``, the return moved by more than noise since the last refresh, it is not settled
    whether it was more than the cost, or anything of the run is blocked (``blocking``); else ``safe to act
    on``. What was not made (None) speaks against a claim where it is health.
    """
    model = str(effects.attrs["model"])
    names = [str(name) for name in effects["channel"].to_numpy()]
    others = params.unpaid_channels
    on_model = model_evidence(model, health, [*names, *others], params.model_label(model))
    returns = roi(effects).transpose("draw", "channel").to_numpy()
    # Money is spent once: what one motion of several brings back is not held against all of it.
    whole = len(params.parts_of(model.partition(".")[0])) == 1 or model in params.outcomes
    pays = whole and effects.attrs["outcome_unit"] == params.currency
    claims = {}
    for column, name in enumerate(names):
        draws = returns[:, column]
        against = _blocked(blocking, model, name, params)
        unlike, doubts = _moved(comparison, model, name, params), []
        if not np.isfinite(draws).all():
            against.append(
                f"{params.channel_label(name)} has no spend in this window, so it has no return."
            )
        else:
            estimate = Estimate.from_draws(draws, str(effects.attrs["return_unit"]))
            limit = params.governance.wide_ratio
            ends = (estimate.low, 0.05), (estimate.high, 0.95)
            error = math.hypot(*(monte_carlo_error(draws, "quantile", at) / e for e, at in ends))
            ratio = log_ratio(estimate.high, estimate.low) if estimate.low > 0 else math.inf
            if not at_most_for_certain(ratio, math.log(limit), error):
                text = f"The range is wide ({estimate}): its ends differ by more than a factor of {limit:g}."
                doubts.append(Reason(text, WIDE))
        evidence = on_model + channel_evidence(
            name, model, readiness, health, params.channel_label(name)
        )
        evidence += Evidence(tuple(against), tuple(unlike))
        level = evidence_level(evidence + Evidence(size=tuple(doubts)))
        if pays and np.isfinite(draws).all():
            doubts += _unsettled(draws, params.worth_of(model) or 1.0, params)
        label, reasons = decide(evidence, more_doubts=doubts, size=True)
        move, why = decide(evidence)
        if blocking:
            stopped = (Reason(BLOCKED, STOPPED),)
            move, why = (move, why) if move else (Label.REVIEW, stopped)
            label, reasons = (label, reasons) if label else (Label.REVIEW, stopped)
        elif label is None:
            label = Label.SAFE
            found = health.findings if health is not None else ()
            tests = [f.message for f in found if (f.check, f.subject) == (ALONE, f"{model}/{name}")]
            reasons = ("Readiness and health speak for it, and its range is narrow enough.", *tests)
        claims[name] = Claim(
            label=label, reasons=reasons, evidence=level, move=move or Label.SAFE, move_reasons=why
        )
    return claims


def label_model(model: str, gates: GateResult | None, params: Params) -> Label:
    """Label of a statement on a model as a whole, from the findings that concern it.

    A block-level finding on the model or the workbook: do not infer; a warning, or a
    block elsewhere in the run: needs review. Without gates nothing has been judged: do
    not infer.
    """
    if gates is None:
        return Label.DO_NOT_INFER
    subjects = {*params.related_to(model), "workbook"}
    seen = [
        entry.level
        for entry in gates.entries
        if entry.finding.status is not Status.OK and entry.finding.subject in subjects
    ]
    level = max([Level.WARN if gates.blocked else Level.INFO, *seen])
    return {Level.BLOCK: Label.DO_NOT_INFER, Level.WARN: Label.REVIEW, Level.INFO: Label.SAFE}[
        level
    ]


def label_contribution(
    channel: str, model: str, readiness: Readiness | None, health: FindingList, gates: GateResult | None,
    params: Params,
) -> Claim:  # fmt: skip
    """Label what a channel without spend contributed to a model, or to an outcome over its motions.

    Nothing that was paid stands against it and no test can change its budget, so it is never safe
    to act on. What of the run was not made speaks against the claim.
    """
    if readiness is None or gates is None:
        return NOT_CLAIMED
    name = params.channel_label(channel)
    evidence = model_evidence(model, health, params.channels, params.model_label(model))
    evidence += channel_evidence(channel, model, readiness, health, name)
    blocked = [stop_words(gates)] if gates.blocked else []
    doubt = (
        f"{name} has no spend, so no experiment with its budget can confirm what it contributed."
    )
    label, reasons = decide(evidence, more_against=blocked, more_doubts=[doubt], size=True)
    return Claim(label=label or Label.REVIEW, reasons=reasons)


def label_total(
    model: str, spend: Mapping[str, float], gates: GateResult | None, params: Params
) -> Label:
    """Label the total of all channels, which is no surer than its parts.

    Where nothing may be inferred of channels that had half of the spend or more, nothing
    may be of the total; where any channel is not safe to act on, or another reasonable prior
    would move the total, it needs review.
    """
    label = label_model(model, gates, params)
    if gates is None:
        return label
    parts = {name: gates.claim(model, name).label for name in spend}
    assumed = any(
        entry.finding.check == PRIOR
        and entry.finding.status is not Status.OK
        and entry.finding.subject in params.related_to(model)
        for entry in gates.entries
    )
    if assumed or any(part is not Label.SAFE for part in parts.values()):
        label = lowest([label, Label.REVIEW])
    sure = sum(spend[name] for name, part in parts.items() if part is not Label.DO_NOT_INFER)
    return label if sure > 0.5 * sum(spend.values()) else Label.DO_NOT_INFER


def _unsettled(returns: np.ndarray, worth: float, params: Params) -> list[Reason]:
    """Say that a return may as well be below what it costs as above: however precise, nothing rests on it."""
    paid = float((worth * returns > 1).mean())
    if max(paid, 1 - paid) >= needed_probability(params.scenarios.clear_probability, returns):
        return []
    said = probability_text(paid)
    text = f"Whether it returned more than it cost is not settled: probability {said}."
    return [Reason(text, UNSETTLED)]


def label_pack(pack: ScenarioPack, gates: GateResult | None, params: Params) -> ScenarioPack:
    """Label plans and answers by all that the gates know, and choose again what to recommend.

    No label is higher than the scenarios left it, nor than that on moves of any channel that a plan
    changes or an answer is about; a lower one has its reasons. Where a gate blocks, or none has been
    passed (None), nothing may be inferred and nothing is recommended.
    """
    scenarios = tuple(_judged_plan(one, pack.model, gates, params) for one in pack.scenarios)
    recommended, candidate = choose(scenarios)
    return pack.model_copy(
        update={
            "scenarios": scenarios,
            "recommended": recommended,
            "candidate": candidate,
            "advice": tuple(_judged_advice(one, pack.model, gates) for one in pack.advice),
            "answers": tuple(_judged_answer(one, gates, params) for one in pack.answers),
        }
    )


def _judged_plan(plan: Scenario, model: str, gates: GateResult | None, params: Params) -> Scenario:
    changed = [line.channel for line in plan.plan if line.differs]
    label, reasons = _judged(plan, "It changes", model, changed, gates, params)
    step = (
        plan.step
        and gates is not None
        and not gates.blocked
        and all(
            claimed is Label.SAFE or (claimed is Label.REVIEW and may_be_watched(why))
            for claimed, why in (gates.claim(model, name).for_moves for name in changed)
        )
    )
    return plan.model_copy(update={"label": label, "reasons": reasons, "step": step})


def _judged_advice(one: ChannelAdvice, model: str, gates: GateResult | None) -> ChannelAdvice:
    """Lower advice to what the gates know: nothing is moved on evidence that they do not share."""
    if gates is None or gates.blocked:
        why = (stop_words(gates),)
        held = {"advice": Advice.HOLD, "evidence": EvidenceLevel.NONE, "reasons": why}
        return one.model_copy(update=held)
    claim = gates.claim(model, one.channel)
    level = max(one.evidence, claim.level, key=list(EvidenceLevel).index)
    label, doubts = claim.for_moves
    moves = one.advice in (Advice.INCREASE, Advice.CUT) and label is not Label.SAFE
    if moves or (level is EvidenceLevel.NONE and level is not one.evidence):
        held = {"advice": Advice.TEST_FIRST, "reasons": (*doubts, *one.reasons)}
        one = one.model_copy(update=held)
    return one.model_copy(update={"evidence": level})


def _judged_answer(answer: Answer, gates: GateResult | None, params: Params) -> Answer:
    about = [answer.channel] if answer.channel else []
    label, reasons = _judged(answer, "It is about", answer.model, about, gates, params)
    return answer.model_copy(update={"label": label, "reasons": reasons})


def _judged(
    one: Scenario | Answer,
    lead: str,
    model: str,
    channels: Iterable[str],
    gates: GateResult | None,
    params: Params,
) -> tuple[Label, tuple[str, ...]]:
    # The reasons of a safe label say that nothing speaks against it.
    own = one.reasons if one.label is not Label.SAFE else ()
    if gates is None or gates.blocked:
        return Label.DO_NOT_INFER, (Reason(stop_words(gates), STOPPED), *own)
    claims = {name: gates.claim(model, name).for_moves for name in channels}
    label = lowest([one.label, *(claimed for claimed, _ in claims.values())])
    if label is one.label:
        return label, one.reasons
    says = "of whose return nothing may be inferred"
    if label is Label.REVIEW:
        says = "whose return needs review"
    reasons = [
        f"{lead} {params.channel_label(name)}, {says}: {' '.join(why)}"
        for name, (claimed, why) in claims.items()
        if claimed is label
    ]
    return label, (*reasons, *own)


def _blocked(blocking: Iterable[Finding], model: str, channel: str, params: Params) -> list[str]:
    """What blocks on a channel: in itself, in the model, in a part of it or in what it is part of.

    A sum over motions is nothing but its motions: what nobody can explain in it is in one of
    them, and it is not known in which.
    """
    subjects = {channel: "", f"{model}/{channel}": ""}
    for other in params.related_to(model) - {model}:
        whole = "" if other in params.model_names else " over all its motions"
        subjects[f"{other}/{channel}"] = f"{params.model_label(other)}{whole}: "
    return [
        Reason.of(f, subjects[f.subject] + f.message) for f in blocking if f.subject in subjects
    ]


def _moved(comparison: Comparison | None, model: str, channel: str, params: Params) -> list[str]:
    """Say how a return moved; of a sum that was not compared, how those of its motions did."""
    if comparison is None:
        return []
    returns = [m for m in comparison.movements if (m.channel, m.quantity) == (channel, "roi")]
    own = any(move.model == model for move in returns)
    names = {model: "It"}
    if not own:
        names = {part: params.model_label(part) for part in params.parts_of(model)}
    return [
        f"{names[move.model]} moved by more than noise since {comparison.parent}: "
        f"from {move.before} to {move.after}."
        for move in returns
        if move.model in names and move.beyond_noise
    ]
