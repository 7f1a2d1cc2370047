"""What to do with each channel, apart from how much is known of it (O8).

Evidence says how much is known of a channel: strong, weak or none. Advice says what to do: a return that
is known well to be near 1 is strong evidence, and no reason to move money.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmmlib.estimates import NBSP
from mmmlib.model.power_scaling import Reweighted, lowest_chance
from mmmlib.params.schema import Params
from mmmlib.scenarios.baseline import Baseline, baseline_name
from mmmlib.scenarios.evidence import Evidence
from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.pack import Advice, ChannelAdvice, EvidenceLevel
from mmmlib.scenarios.plans import added_return, change_of, cut_loss
from mmmlib.scenarios.projection import ProjectedOutcome


def advise(
    base: Baseline,
    outcome: ProjectedOutcome,
    on_model: Evidence,
    on_channel: Mapping[str, Evidence],
    under: Mapping[str | None, Reweighted],
    params: Params,
    unit: str,
) -> tuple[ChannelAdvice, ...]:
    """Advise on every channel, in the order of the baseline.

    Parameters
    ----------
    base, outcome
        What is changed, and the projection of the leading model.
    on_model, on_channel
        What is known of the fit and of each channel. Where anything speaks against the fit,
        everything is held: that is no reason to test a channel.
    under
        The draws under other priors, see :func:`mmmlib.model.power_scaling.reweigh`.
    params, unit
        Of the run; unit of the leading outcome.

    Notes
    -----
    Increase and cut are of the size of the standing plans, and what is said of them has to hold under other
    reasonable priors, too. Where what is spent now is off the baseline,
    both have to be right from either.
    """
    return tuple(
        _of_channel(name, base, outcome, on_model, on_channel[name], under, params, unit)
        for name in base.spend
    )


def evidence_level(evidence: Evidence) -> EvidenceLevel:
    """Say how much is known: nothing where anything speaks against it."""
    if evidence.against:
        return EvidenceLevel.NONE
    weak = evidence.doubts or evidence.assumed or evidence.size
    return EvidenceLevel.WEAK if weak else EvidenceLevel.STRONG


def _of_channel(
    name: str,
    base: Baseline,
    outcome: ProjectedOutcome,
    on_model: Evidence,
    on_channel: Evidence,
    under: Mapping[str | None, Reweighted],
    params: Params,
    unit: str,
) -> ChannelAdvice:
    limits = params.scenarios
    evidence = on_model + on_channel
    level = evidence_level(evidence)
    held = on_model.against
    if name not in base.spends_now:
        held = ("It spends nothing now, so there is no level to move from.", *held)
    if held:
        return ChannelAdvice(channel=name, advice=Advice.HOLD, evidence=level, reasons=held)
    bases = [base]
    if base.differs(name, limits.rate_tolerance):
        bases.append(base.of_now(baseline_name("current_rate", limits)))
    money = unit == params.currency
    even = 1 / (params.worth_of(params.primary) or 1.0)
    pays = [added_return(one, outcome, name, params) > even for one in bases]
    saves = [cut_loss(one, outcome, name, params) < even for one in bases]
    more, less = (min(float(one.mean()) for one in each) for each in (pays, saves))
    lowest = [lowest_chance(one, under, [name]) for one in (pays if more >= less else saves)]
    raised = base.at(name, change_of(base, name, limits.increase, params)[1])
    advice, reasons = _decide(
        evidence,
        more if money else None,
        less if money else None,
        all(
            not evidence.assumed if one is None else one >= limits.safe_probability
            for one in lowest
        ),
        params,
        scalable=params.channels[name].scalable if name in params.channels else False,
        outside=base.outside(name, raised),
        unpriced=base.unpriced(name, raised),
        unit=unit,
    )
    if len(bases) > 1:
        reasons = (
            *reasons,
            f"What is spent now is not {base.name}: both probabilities are the smaller of the two.",
        )
    return ChannelAdvice(
        channel=name,
        advice=advice,
        evidence=level,
        reasons=reasons,
        increase_pays=more if money else None,
        cut_saves=less if money else None,
    )


def _decide(
    evidence: Evidence,
    more: float | None,
    less: float | None,
    settled: bool,
    params: Params,
    *,
    scalable: bool,
    outside: bool,
    unpriced: bool,
    unit: str,
) -> tuple[Advice, tuple[str, ...]]:
    limits = params.scenarios
    if evidence.against:
        return Advice.TEST_FIRST, evidence.against
    if more is None or less is None:
        why = f"Whether more or fewer {unit} are worth the money is for people to say."
        return Advice.HOLD, (why,)
    said = (
        f"Probability that {limits.increase * 100:.0f}{NBSP}% more pays back: {probability_text(more)}; "
        f"that a cut saves more than it loses: {probability_text(less)}."
    )
    if not max(more, less) >= limits.safe_probability:
        return Advice.HOLD, (f"Neither more nor less clearly pays. {said}",)
    if more >= less and not scalable:
        return Advice.CANNOT_SCALE, (f"More would pay, and cannot be bought. {said}",)
    if more >= less and outside:
        why = (
            "its unit price is not declared so far" if unpriced else "the past has not seen as much"
        )
        return Advice.TEST_FIRST, (
            f"More would pay if the curve goes on as it does, and {why}. {said}",
        )
    if not settled:
        why = "Under another reasonable prior that is not so clear."
        return Advice.TEST_FIRST, (f"{said} {why}", *evidence.doubts)
    if evidence.doubts:
        return Advice.TEST_FIRST, (said, *evidence.doubts)
    if less > more and evidence.assumed:
        return Advice.TEST_FIRST, (said, *evidence.assumed)
    return (Advice.INCREASE if more >= less else Advice.CUT), (said,)
