"""Where the models of a refresh disagree on a plan: a finding about demand quality (M2)."""

from __future__ import annotations

from collections.abc import Mapping

from mmmlib.findings import Finding, judge
from mmmlib.scenarios.effect import PlanEffect
from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.plan import Plan

CHECK = "scenarios.disagreement"


def disagreements(
    plan: Plan,
    leading: str,
    effects: Mapping[str, PlanEffect],
    clear: float,
    labels: Mapping[str, str],
) -> tuple[str, ...]:
    """Say in words which models speak clearly against the leading one on a plan.

    All are asked one question that no unit decides: see :attr:`PlanEffect.not_saturated`.
    Whether money pays back is another one, and no count could answer it.

    Parameters
    ----------
    plan
        The plan.
    leading
        Name of the leading model.
    effects
        The plan's effect in every model.
    clear
        Probability from which a model speaks for, and one minus it from which it
        speaks against. Models in between say nothing.
    labels
        Names of the models as people write them.

    Returns
    -------
    tuple of str
        What the leading model says, then a sentence for every model against it;
        empty if none is.
    """
    side = _side(effects[leading].not_saturated, clear)
    if not side:
        return ()
    against = tuple(
        f"{labels[model]} says: {_stance(other)}."
        for model, other in effects.items()
        if model != leading and _side(other.not_saturated, clear) == -side
    )
    if not against:
        return ()
    return (f"{labels[leading]} says: {_stance(effects[leading])}.", *against)


def disagreement_findings(
    words: Mapping[str, tuple[str, ...]], clear: float, models: int
) -> list[Finding]:
    """Make one finding per plan on which models disagree; one that passed if there is none."""
    if models < 2:
        return []
    found = [
        judge(
            CHECK,
            plan,
            passed=False,
            value=float(len(texts) - 1),
            limit=0.0,
            message=" ".join(texts),
        )
        for plan, texts in words.items()
        if texts
    ]
    if found:
        return found
    return [
        judge(
            CHECK,
            "workbook",
            passed=True,
            value=0.0,
            limit=0.0,
            message=(
                f"No model speaks against the leading one on any plan "
                f"(clear from {probability_text(clear)})."
            ),
        )
    ]


def _side(probability: float, clear: float) -> int:
    if probability >= clear:
        return 1
    if probability <= 1 - clear:
        return -1
    return 0


def _stance(effect: PlanEffect) -> str:
    p = effect.not_saturated
    if effect.spend_change == 0:
        yes, no = "the move gains", "the move loses"
    elif effect.spend_change > 0:
        yes, no = "there is room to scale", "saturated, added money brings little"
    else:
        yes, no = "little would be lost", "much would be lost"
    return f"{yes if p >= 0.5 else no} (probability {probability_text(max(p, 1 - p))})"
