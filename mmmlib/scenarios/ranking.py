"""Plans beside each other, draw by draw: how often each is the best, and what it gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmmlib.scenarios.effect import PlanEffect
from mmmlib.scenarios.pack import Label, PlanBefore, Scenario


def compare_plans(scenarios: Sequence[Scenario], gains: Mapping[str, np.ndarray]) -> list[Scenario]:
    """Add to each plan how often it is the best, and its regret.

    Parameters
    ----------
    scenarios
        All of a pack.
    gains
        Of each, draw by draw, against the baseline.

    Notes
    -----
    Only plans are held against each other of which something may be inferred, and whose gain says
    which is better: money after its cost, or a count for the same spend. Draws of two plans that
    gain the same count half for each.
    """
    ranked = _ranked(scenarios)
    if len(ranked) < 2:
        return list(scenarios)
    each = np.stack([gains[name] for name in ranked])
    top = each.max(axis=0)
    first = each >= top
    best = (first / first.sum(axis=0)).mean(axis=1)
    regret = (top - each).mean(axis=1)
    found = {
        name: {"best_share": float(best[row]), "regret": float(regret[row])}
        for row, name in enumerate(ranked)
    }
    return [one.model_copy(update=found.get(one.name, {})) for one in scenarios]


def rank_before(
    scenarios: Sequence[Scenario], effects: Mapping[str, PlanEffect], run: str
) -> list[Scenario]:
    """Add to each plan how it would have ranked by the model of the refresh before.

    Parameters
    ----------
    scenarios
        All of a pack.
    effects
        What each brings by that model: the same money against the same baseline. Plans are missing
        that it cannot judge: they move a lever that it did not know.
    run
        Name of that refresh.

    Notes
    -----
    How to read it: a plan that was best then, too, does not hang on the newest weeks alone.
    """
    ranked = [name for name in _ranked(scenarios) if name in effects]
    order = sorted(ranked, key=lambda name: -float(np.median(effects[name].gain)))
    return [
        one.model_copy(
            update={
                "before": PlanBefore(
                    run=run,
                    rank=order.index(one.name) + 1,
                    plans=len(order),
                    probability_better=effects[one.name].probability_better,
                )
            }
        )
        if one.name in ranked
        else one
        for one in scenarios
    ]


def _ranked(scenarios: Sequence[Scenario]) -> list[str]:
    return [
        one.name
        for one in scenarios
        if one.kind == "baseline" or (one.label is not Label.DO_NOT_INFER and one.comparable)
    ]
