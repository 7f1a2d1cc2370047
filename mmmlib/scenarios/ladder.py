"""Every channel at other levels, one at a time, inside the spend that the past has seen."""

from __future__ import annotations

from collections.abc import Sequence

from mmmlib.estimates import Estimate
from mmmlib.params.schema import Params
from mmmlib.scenarios.baseline import Baseline
from mmmlib.scenarios.effect import plan_effect
from mmmlib.scenarios.pack import LadderStep
from mmmlib.scenarios.projection import ProjectedOutcome

RUNGS = (-0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
"""Changes of a channel's money, as shares of the baseline's."""


def ladder_of(
    base: Baseline, outcome: ProjectedOutcome, channels: Sequence[str], params: Params, unit: str
) -> tuple[LadderStep, ...]:
    """Say what each level of each channel brings against the baseline.

    Parameters
    ----------
    base, outcome, params, unit
        As for plans.
    channels
        Those that spend money now and of which something may be inferred.

    Returns
    -------
    tuple of LadderStep
        By channel, the lowest level first. Levels that the past has not seen are left out; so is
        more of a channel that cannot be scaled.
    """
    steps = []
    for name in channels:
        scalable = name in params.channels and params.channels[name].scalable
        for change in RUNGS:
            money = base.at(name, base.weekly[name] * (1 + change))
            if base.outside(name, money) or (change > 0 and not scalable):
                continue
            effect = plan_effect(
                outcome,
                dict(base.spend) | {name: money},
                base.spend,
                worth=params.worth_of(params.primary),
            )
            steps.append(
                LadderStep(
                    channel=name,
                    change=change,
                    weekly=float(money.sum(0).mean()),
                    gain=Estimate.from_draws(effect.gain, unit),
                    probability_better=effect.probability_better,
                )
            )
    return tuple(steps)
