"""Plans beside each other, draw by draw: how often each is the best, and what it gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmmlib.scenarios.pack import Label, Scenario


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
    ranked = [
        one.name
        for one in scenarios
        if one.kind == "baseline" or (one.label is not Label.DO_NOT_INFER and one.comparable)
    ]
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
