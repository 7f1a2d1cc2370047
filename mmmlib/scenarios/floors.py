"""The price of floors: how much gain each part of them costs, draw by draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmmlib.estimates import Estimate
from mmmlib.params.scenarios import MoneyLimits
from mmmlib.params.schema import Params
from mmmlib.scenarios.baseline import Baseline
from mmmlib.scenarios.gradients import PlanResponse
from mmmlib.scenarios.optimise import optimise
from mmmlib.scenarios.optimised import question_of
from mmmlib.scenarios.pack import FloorPoint, HeldChannel
from mmmlib.scenarios.question import with_budget

PARTS = (0.0, 0.5, 0.75, 1.0)
"""Parts of the declared floors."""


def floor_frontier(
    base: Baseline,
    response: PlanResponse,
    regions: Sequence[str],
    held: Sequence[HeldChannel],
    params: Params,
    labels: Mapping[str, str],
) -> tuple[FloorPoint, ...]:
    """Optimise at the same budget under parts of the floors that are declared.

    Parameters
    ----------
    base, regions, held, params, labels
        As for optimised plans.
    response
        All draws: every other one chooses, the others say what it gains.

    Returns
    -------
    tuple of FloorPoint
        From no floors to all of them; nothing where none are declared. Where regions have floors, money
        may move between regions at every point: it is efficiency against balance, for people to weigh.
    """
    rules = params.scenarios.optimise
    floors = [*rules.channels.values(), *rules.regions.values(), *rules.groups.values()]
    if not any(one.min > 0 for one in floors):
        return ()
    chosen = response.picked(np.arange(0, response.draws, 2))
    others = response.picked(np.arange(1, response.draws, 2))
    points: list[FloorPoint] = []
    free: np.ndarray | None = None
    for part in PARTS:
        asked = _with_floors(params, part)
        question = question_of(base, response.channels, regions, held, asked, labels)
        if not question.free.any():
            return ()
        best = optimise(with_budget(question, float(question.start.sum())), chosen)
        if best.money is None or not best.converged:
            points.append(FloorPoint(part=part, message=best.message))
            continue
        gain = question.worth * (others.totals(best.money) - others.totals(question.start))
        free = gain if free is None else free
        unit = params.outcome_unit(params.primary)
        points.append(
            FloorPoint(
                part=part,
                gain=Estimate.from_draws(gain, unit),
                price=Estimate.from_draws(free - gain, unit),
                regions=dict(
                    zip(regions, (best.money.sum((0, 2)) / base.weeks).tolist(), strict=True)
                ),
            )
        )
    return tuple(points)


def _with_floors(params: Params, part: float) -> Params:
    """The same parameters with a part of every floor."""
    rules = params.scenarios.optimise

    def lowered[L: MoneyLimits](limits: Mapping[str, L]) -> dict[str, L]:
        return {n: one.model_copy(update={"min": part * one.min}) for n, one in limits.items()}

    changed = rules.model_copy(
        update={
            "channels": lowered(rules.channels),
            "regions": lowered(rules.regions),
            "groups": lowered(rules.groups),
            "vary": "region" if rules.regions and rules.vary == "channel" else rules.vary,
        }
    )
    limits = params.scenarios.model_copy(update={"optimise": changed})
    return params.model_copy(update={"scenarios": limits})
