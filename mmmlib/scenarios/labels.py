"""Labels of claims on plans (O8): safe to act on, needs review, do not infer, each with reasons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr

from mmmlib.estimates import NBSP
from mmmlib.findings import Reason, Status
from mmmlib.health.demand import COMMON
from mmmlib.model.effects import roi
from mmmlib.monte_carlo import needed_probability
from mmmlib.params.scenarios import ScenarioParams
from mmmlib.params.schema import Params
from mmmlib.phrases import listed
from mmmlib.scenarios.evidence import Evidence
from mmmlib.scenarios.pack import AgainstRecent, Label, Scenario
from mmmlib.scenarios.support import Cover

MORE_LIKELY = 0.6
"""Probability from which a claim is more likely than not; down to the opposite it is as likely as not."""
OF_THE_FIT = (
    "health.holdout_coverage",
    "health.holdout_skill",
    "health.negative_baseline",
    COMMON,
)
"""Checks that may flag under a step to watch. With a probability that large, plans were right as often where they
did as where they did not (``docs/labels.md``); that budgets follow a common demand is a check of its own."""
ORDER = (Label.SAFE, Label.REVIEW, Label.DO_NOT_INFER)


def lowest(labels: Iterable[Label]) -> Label:
    """Return the most careful of the labels; of none, that nothing may be inferred."""
    return max(labels, key=ORDER.index, default=Label.DO_NOT_INFER)


def decide(
    evidence: Evidence,
    *,
    more_against: Sequence[str] = (),
    more_doubts: Sequence[str] = (),
    size: bool = False,
) -> tuple[Label | None, tuple[str, ...]]:
    """Label what evidence alone decides.

    Parameters
    ----------
    evidence, more_against, more_doubts
        What is known of it.
    size
        Whether the claim is how large something is. Which way money should go is a claim of its own: that
        the size may be another one is in its probability, and in that under other priors.

    Returns
    -------
    label
        ``do not infer`` if anything speaks against, ``needs review`` if there are
        doubts, None where nothing stands in the way.
    reasons
        The worst ones first.
    """
    full = evidence + Evidence(tuple(more_against), tuple(more_doubts))
    if full.against:
        return Label.DO_NOT_INFER, full.against
    doubts = (*full.assumed, *full.doubts, *full.size) if size else full.doubts
    if doubts:
        return Label.REVIEW, doubts
    return None, ()


def with_margin(params: Params, effects: xr.Dataset) -> Params:
    """Raise the limits of probabilities by what other draws of the same fit could do to them.

    Parameters
    ----------
    params
        Of the run, as stated.
    effects
        Of the model whose draws the probabilities are read off.

    Returns
    -------
    Params
        A plan with just 95 % would be safe by one seed and not by the next: what is asked for is
        higher by two Monte Carlo errors, see :mod:`mmmlib.monte_carlo`.
    """
    draws = roi(effects).transpose("draw", "channel").to_numpy()
    names = ("safe_probability", "clear_probability")
    needed = {name: needed_probability(getattr(params.scenarios, name), draws) for name in names}
    return params.model_copy(update={"scenarios": params.scenarios.model_copy(update=needed)})


def label_plan(
    evidence: Evidence,
    probability: float,
    limits: ScenarioParams,
    *,
    extrapolated: Sequence[str] = (),
    unpriced: Sequence[str] = (),
    blind_cuts: Sequence[str] = (),
    mix: Cover = "seen",
    steady_state: bool = False,
    count_unit: str = "",
    disagreements: Sequence[str] = (),
    recent: AgainstRecent | None = None,
    under_priors: float | None = None,
    cost_unknown: Sequence[str] = (),
    unlikely: str = "",
    clear: str = "",
) -> tuple[Label, tuple[str, ...]]:
    """Label the claim that a plan beats the baseline, or another that has a probability.

    Parameters
    ----------
    evidence
        Of the model and of every channel that the plan changes.
    probability
        To beat the baseline. NaN is not enough for anything.
    limits
        ``safe_probability``: from where on a plan may be called safe.
    extrapolated
        Channels whose planned weekly spend the past has not seen.
    unpriced
        Channels whose unit price is declared, and not up to the planned weekly spend.
    blind_cuts
        Channels that it cuts though their return is our assumption more than the data.
    mix
        Whether the past has seen its channels at such levels together.
    steady_state
        Whether the projection ignores carryover (formula unknown).
    count_unit
        Set where the outcome is a count and the plan's budget differs: then no
        probability says whether it is worth the money.
    disagreements
        What other models, or other plans, say against it, in words.
    recent
        The same claim against what is spent now: a plan is safe from both or not safe.
    under_priors
        The probability under the least favourable of other reasonable priors; NaN where the draws
        cannot tell, None where the priors are not known, which the evidence says.
    cost_unknown
        Levers that the plan moves at a cost that is not known: then no probability says that it pays.
    unlikely, clear
        How another claim says that its probability is too low, and that it is safe.
    """
    against = [
        f"Extrapolated: the past has not seen {name} at the planned weekly spend."
        for name in extrapolated
        if name not in unpriced
    ]
    against += [
        f"Extrapolated: the unit price of {name} is not declared up to the planned weekly spend."
        for name in unpriced
    ]
    if blind_cuts:
        whose = "return is" if len(blind_cuts) == 1 else "returns are"
        against.append(
            f"It cuts {listed(blind_cuts)}, whose {whose} our assumption more than the data: what "
            f"that would lose is not known."
        )
    if mix == "outside":
        against.append("Extrapolated: the past has not seen the channels at such levels together.")
    doubts = list(disagreements)
    if mix == "thin":
        doubts.append("The past has seldom seen the channels at such levels together.")
    if cost_unknown:
        doubts.append(
            f"What moving {listed(cost_unknown)} costs is not known, so its profit cannot be told."
        )
    elif count_unit:
        doubts.append(
            f"The outcome is a count: whether more or fewer {count_unit} are worth the "
            f"difference in spend is for people to say."
        )
    elif not probability >= limits.safe_probability:
        seen, needed = map(probability_text, (probability, limits.safe_probability))
        just = "just " if seen == needed else ""
        doubts.append(
            unlikely
            or f"It beats the status quo with a probability of {seen}, {just}below the {needed} "
            f"that a safe plan needs, with a margin for the chance in the draws."
        )
    elif under_priors is not None and not under_priors >= limits.safe_probability:
        doubts.append(_hangs_on_prior(probability, under_priors, limits))
    if under_priors is None:
        doubts += evidence.assumed
    if recent is not None:
        doubts += _against_recent(recent, limits)
    if steady_state:
        doubts.append(
            "Read off steady-state response curves: carryover over the horizon is not followed."
        )
    label, reasons = decide(evidence, more_against=against, more_doubts=doubts)
    if label is not None:
        return label, reasons
    clear = clear or (
        f"It beats the status quo with a probability of {probability_text(probability)}, inside "
        f"the spend range of the past, and neither readiness nor health speaks against it."
    )
    return Label.SAFE, (clear,)


def may_be_watched(doubts: Iterable[str]) -> bool:
    """Say whether these doubts leave room for a step to watch: each is what a check of :data:`OF_THE_FIT` saw."""
    return all(
        isinstance(one, Reason)
        and one.check in OF_THE_FIT
        and one.finding is not None
        and one.finding.status is Status.FLAG  # what could not be checked is no such doubt
        for one in doubts
    )


def worth_a_step(
    evidence: Evidence,
    probability: float,
    gain: np.ndarray,
    limits: ScenarioParams,
    *,
    doubts: bool,
    recent: AgainstRecent | None,
) -> bool:
    """Say whether a plan that is not safe is worth a step that is watched.

    Parameters
    ----------
    evidence
        Of the model and of every channel that the plan changes.
    probability
        To beat the baseline, under the least favourable of the priors that are tried.
    gain
        Against the baseline, by draw.
    limits
        ``step_probability``, ``step_risk``.
    doubts
        Whether anything else speaks against the plan: what the past has not seen, other models. Of the
        evidence, only what :func:`may_be_watched` names may.
    recent
        The same claim against what is spent now.

    Returns
    -------
    bool
        Its bad case is bounded: in the mean of its worst tenth it loses no more than
        ``step_risk`` of what it gains in the middle.
    """
    if doubts or evidence.against or not may_be_watched(evidence.doubts):
        return False
    if not probability >= limits.step_probability:
        return False
    if recent is not None and not (
        recent.comparable and recent.probability_better >= limits.step_probability
    ):
        return False
    worst = float(np.mean(np.sort(gain)[: max(len(gain) // 10, 1)]))
    return bool(worst >= -limits.step_risk * float(np.median(gain)))


def _hangs_on_prior(probability: float, under: float, limits: ScenarioParams) -> str:
    seen, other, needed = map(probability_text, (probability, under, limits.safe_probability))
    if math.isnan(under):
        return f"How far the probability of {seen} hangs on what was believed before is not known."
    return (
        f"The probability is {seen}, and under another reasonable prior {other}: the data alone do "
        f"not settle it. A safe claim needs {needed} under both."
    )


def _against_recent(recent: AgainstRecent, limits: ScenarioParams) -> list[str]:
    if not recent.comparable:
        return [f"What is spent now is not the baseline, and the budget is another. {recent.text}"]
    if recent.probability_better >= limits.safe_probability:
        return []
    seen, needed = map(probability_text, (recent.probability_better, limits.safe_probability))
    text = (
        f"What is spent now is not the baseline. {recent.text} Against {recent.name} it is better "
        f"with a probability of {seen}; a safe plan needs {needed} against both."
    )
    return [text]


def choose(scenarios: Sequence[Scenario]) -> tuple[str | None, str | None]:
    """Name the plan that is recommended and, only where there is none, the candidate.

    Returns
    -------
    recommended
        Of the plans that are safe to act on, the one with the largest median gain; where none is, the
        most likely of those that are worth a step.
    candidate
        Of those that need review, the one that is closest to safe.
    """
    safe = worth(scenarios, Label.SAFE)
    if safe:
        return max(safe, key=lambda one: (one.net or one.difference).median).name, None
    review = worth(scenarios, Label.REVIEW)
    steps = [one for one in review if one.step]
    if steps:
        return max(steps, key=_better_than_both).name, None
    best = max(review, key=_better_than_both, default=None)
    return None, best.name if best else None


def worth(scenarios: Sequence[Scenario], label: Label) -> list[Scenario]:
    """Return the plans of a label that more likely than not beat the baseline and what is spent now.

    One that beats them as likely as not is nothing to decide on. One that moves a lever rests on what was
    not tested: it stands beside the others, and the pack never speaks for it.
    """
    # For a count, a plan with more spend always wins; only equal budgets are comparable.
    return [
        one
        for one in scenarios
        if one.kind != "baseline"
        and one.label is label
        and not one.levers
        and _better_than_both(one) >= MORE_LIKELY
        and one.comparable
    ]


def _better_than_both(one: Scenario) -> float:
    """Probability to beat the baseline, or what is spent now where that is harder to beat."""
    if one.recent is None or not one.recent.comparable:
        return one.probability_better
    return min(one.probability_better, one.recent.probability_better)


def probability_text(probability: float) -> str:
    """Write a probability as people read it, never as certain: ``over 99 %``."""
    if not 0 <= probability <= 1:
        return "unknown"
    if probability > 0.99:
        return f"over 99{NBSP}%"
    if probability < 0.01:
        return f"under 1{NBSP}%"
    return f"{probability * 100:.0f}{NBSP}%"


def likely(probability: float) -> str:
    """Say a probability in words, always the same words for the same range."""
    for limit, words in (
        (0.95, "very likely"),
        (0.80, "likely"),
        (MORE_LIKELY, "more likely than not"),
        (0.40, "as likely as not"),
        (0.20, "less likely than not"),
        (0.05, "unlikely"),
    ):
        if probability >= limit:
            return words
    return "very unlikely"
