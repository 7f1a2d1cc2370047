"""A plan held against what is spent now, where that is off the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmmlib.estimates import NBSP, Estimate
from mmmlib.params.schema import Params
from mmmlib.scenarios.baseline import Baseline, baseline_name
from mmmlib.scenarios.effect import plan_effect
from mmmlib.scenarios.pack import AgainstRecent
from mmmlib.scenarios.plan import Plan
from mmmlib.scenarios.projection import ProjectedOutcome


def against_recent(
    base: Baseline,
    plan: Plan,
    outcome: ProjectedOutcome,
    params: Params,
    labels: Mapping[str, str],
    *,
    unit: str,
) -> AgainstRecent | None:
    """Compare a plan with the rate of the latest weeks; None where the baseline is as good.

    Parameters
    ----------
    base
        What the plan was compared with already.
    plan
        Of its changed channels, those whose recent rate differs from the baseline by more than
        ``scenarios.rate_tolerance`` are set to that rate.
    outcome, unit
        Projection of the leading model, and the unit of its outcome.
    params, labels
        Of the run; names of channels as people write them.
    """
    limits = params.scenarios
    changed = [n for n in plan.spend if not np.array_equal(plan.spend[n], base.spend[n])]
    off = [name for name in changed if base.differs(name, limits.rate_tolerance)]
    if not off:
        return None
    now = dict(base.spend) | {name: base.recent[name] for name in off}
    worth = params.worth_of(params.primary)
    effect = plan_effect(outcome, plan.spend, now, worth=worth, levers=plan.levers)
    latest = f"{limits.current_weeks}{NBSP}weeks"
    each = [
        f"{labels[name]}: against {base.name} {change_text(plan.weekly[name], base.weekly[name])}, "
        f"against the last {latest} {change_text(plan.weekly[name], base.recent_weekly[name])}."
        for name in off
    ]
    turned = [
        name
        for name in off
        if (plan.weekly[name] - base.weekly[name]) * (plan.weekly[name] - base.recent_weekly[name])
        <= 0
    ]
    return AgainstRecent(
        name=baseline_name("current_rate", limits),
        text=" ".join(each),
        turned=tuple(turned),
        below=tuple(name for name in turned if plan.weekly[name] <= base.recent_weekly[name]),
        spend_change=effect.spend_change,
        gain=Estimate.from_draws(effect.gain, unit),
        probability_better=effect.probability_better,
        comparable=effect.comparable,
    )


def turned_words(plan: Plan, recent: AgainstRecent | None, labels: Mapping[str, str]) -> str:
    """End of a title: which channels the plan raises above the baseline, and yet cuts, or so."""
    if recent is None or not recent.turned:
        return ""
    if plan.kind in ("increase", "protect"):
        way = "above" if plan.kind == "increase" else "below"
        return f": {_not_beyond(way, [labels[name] for name in recent.turned])}"
    if plan.kind == "optimised":
        less = [labels[name] for name in recent.turned if name in recent.below]
        more = [labels[name] for name in recent.turned if name not in recent.below]
        parts = [
            _not_beyond(way, names) for way, names in (("above", less), ("below", more)) if names
        ]
        return f": {', '.join(parts)}"
    return ""


def _not_beyond(way: str, names: Sequence[str]) -> str:
    return f"not {way} what {' and '.join(names)} {'spend' if names[1:] else 'spends'} now"


def change_text(planned: float, before: float) -> str:
    """Write a change of spend: "+20 %", "−47 %"; from nothing, "from nothing"."""
    if not before > 0:
        return "from nothing"
    share = planned / before - 1
    sign = "+" if share >= 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(share) * 100:.0f}{NBSP}%"
