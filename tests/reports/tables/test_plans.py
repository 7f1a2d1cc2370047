from __future__ import annotations

import pytest

from mmmlib.reports.results import Results
from mmmlib.reports.tables.plans import (
    BEFORE_GATES,
    answers_table,
    changed_plan_table,
    label_table,
    other_outcomes_table,
    plan_table,
    plans_table,
    shown_of,
    spend_table,
)
from mmmlib.scenarios.pack import ScenarioPack


@pytest.fixture
def pack(second: Results) -> ScenarioPack:
    assert second.scenarios is not None
    return second.scenarios


def test_every_plan_has_a_row_and_the_baseline_claims_no_gain(
    second: Results, pack: ScenarioPack
) -> None:
    table = plans_table(second.params, pack, BEFORE_GATES).only(*shown_of(pack, BEFORE_GATES))
    assert table.column("Plan") == tuple(
        plan.title + (" (recommended)" if plan.name == pack.recommended else "")
        for plan in pack.scenarios
    )
    base = [plan.kind for plan in pack.scenarios].index("baseline")
    gain = table.rows[base].index("the measure")
    assert table.rows[base][gain : gain + 3] == ("the measure", None, None)


def test_other_outcomes_are_beside_the_leading_one(second: Results, pack: ScenarioPack) -> None:
    table = other_outcomes_table(second.params, pack)
    assert len(table.rows) == 2 * (len(pack.scenarios) - 1)
    assert table.column("Outcome")[:2] == ("Revenue", "Signups")


def test_a_plan_has_every_channel_and_a_page_those_that_change(
    second: Results, pack: ScenarioPack
) -> None:
    plan = next(plan for plan in pack.scenarios if 0 < sum(bool(x.change) for x in plan.plan) < 4)
    changed = sum(line.change != 0 for line in plan.plan)
    assert len(plan_table(second.params, plan).rows) == 4
    page = changed_plan_table(second.params, plan)
    assert len(page.rows) == changed
    assert page.caption.endswith(("channel as in the baseline.", "channels as in the baseline."))
    assert len(spend_table(second.params, pack).rows) == 4
    assert len(spend_table(second.params, pack).columns) == 1 + len(pack.scenarios)


def test_plans_and_answers_have_their_label(second: Results, pack: ScenarioPack) -> None:
    assert len(answers_table(second.params, pack).rows) == len(pack.answers)
    assert len(label_table(pack).rows) == len(pack.scenarios) + len(pack.answers)
    assert label_table(None).rows == ()
