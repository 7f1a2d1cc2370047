"""Plans beside each other, today and by the model of the refresh before."""

from __future__ import annotations

from mmmlib.scenarios.build import build_pack
from tests.scenarios.helpers import healthy, known_effects, ready

MODEL = "revenue.pooled"


def test_a_plan_is_judged_by_the_model_of_the_refresh_before_too() -> None:
    """What is best by today's model and was last by the one before hangs on the newest weeks."""
    params, effects = known_effects({"weak": 0.2, "fair": 2.0, "best": 4.0})
    _, then = known_effects({"weak": 4.0, "fair": 2.0, "best": 0.2})
    made = [
        build_pack({MODEL: effects}, ready(params), healthy(MODEL), params, before=before)
        for before in (None, ("demo-2026-Q1", [effects]), ("demo-2026-Q1", [then]))
    ]
    alone, same, other = ({plan.name: plan for plan in pack.scenarios} for pack in made)
    assert all(plan.before is None for plan in alone.values())
    told = [plan.before for plan in same.values() if plan.before is not None]
    assert sorted(one.rank for one in told) == list(range(1, len(told) + 1))
    best = max(told, key=lambda one: one.plans - one.rank)
    assert (best.run, best.plans, best.probability_better) == ("demo-2026-Q1", len(told), 1.0)
    raised = same["increase_best"].before
    fallen = other["increase_best"].before
    assert raised is not None and fallen is not None
    assert raised.rank < same["baseline"].before.rank  # type: ignore[union-attr]
    assert fallen.rank > other["baseline"].before.rank  # type: ignore[union-attr]
    assert (raised.probability_better, fallen.probability_better) == (1.0, 0.0)
