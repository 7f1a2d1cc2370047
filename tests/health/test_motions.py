"""What the health checks say of an outcome over its motions."""

from __future__ import annotations

from mmmlib.findings import FindingList, Status, judge
from mmmlib.health.learning import SHRINKAGE
from mmmlib.health.motions import sum_health
from mmmlib.model.motions import sum_motions
from tests.fakes import fake_effects, two_motions


def test_every_motion_speaks_and_the_belief_is_judged_on_the_sum():
    params = two_motions()
    parts = params.parts_of("revenue")
    whole = sum_motions("revenue", [fake_effects(params, model=one, draws=200) for one in parts])
    health = {
        model: FindingList(
            findings=(
                judge("health.rhat", model, passed=True, message="Converged."),
                judge(SHRINKAGE, f"{model}/search", passed=False, message="Prior."),
            )
        )
        for model in parts
    }
    found = sum_health("revenue", whole, health, params)
    assert found is not None
    told = [one for one in found.findings if one.check == "health.rhat"]
    assert {one.subject for one in told} == {"revenue"}
    assert sorted(one.message for one in told) == [
        "Revenue, sales assisted: Converged.",
        "Revenue, self serve: Converged.",
    ]
    belief = [one for one in found.findings if one.check == SHRINKAGE]
    assert {one.subject for one in belief} == {f"revenue/{name}" for name in params.channels}
    assert all("Prior." not in one.message for one in belief)


def test_a_motion_that_was_not_checked_leaves_nothing_to_rest_on():
    params = two_motions()
    parts = params.parts_of("revenue")
    whole = sum_motions("revenue", [fake_effects(params, model=one, draws=50) for one in parts])
    passed = judge("health.rhat", parts[0], passed=True, message="Converged.")
    assert passed.status is Status.OK
    assert sum_health("revenue", whole, {parts[0]: FindingList(findings=(passed,))}, params) is None
