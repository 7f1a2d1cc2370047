"""What plans are compared with stands beside what is spent now, and advice beside evidence."""

from __future__ import annotations

import pytest

from mmmlib.reports.results import Results
from mmmlib.reports.tables.baseline import advice_table, baseline_spend_table
from mmmlib.scenarios.pack import ScenarioPack


@pytest.fixture
def pack(second: Results) -> ScenarioPack:
    assert second.scenarios is not None
    return second.scenarios


def test_every_channel_shows_its_baseline_beside_what_is_spent_now(
    second: Results, pack: ScenarioPack
) -> None:
    assert pack.baseline is not None
    table = baseline_spend_table(second.params, pack)
    assert len(table.rows) == len(second.params.channels)
    lines = sorted(pack.baseline.lines, key=lambda line: -line.weekly)
    assert table.column("Channel") == tuple(second.channel(one.channel) for one in lines)
    spent = [cell.value for cell in table.column("Last 4 weeks")]
    assert spent == [line.recent for line in lines]
    assert table.column("Off the baseline") == tuple(
        "yes" if line.differs else "no" for line in lines
    )


def test_a_run_of_before_shows_no_baseline(second: Results, pack: ScenarioPack) -> None:
    old = pack.model_copy(update={"baseline": None, "advice": ()})
    assert baseline_spend_table(second.params, old).rows == ()
    assert advice_table(second.params, old).rows == ()
    assert old.compared_with == "today's spending"


def test_every_advice_has_its_reason(second: Results, pack: ScenarioPack) -> None:
    table = advice_table(second.params, pack)
    assert len(table.rows) == len(second.params.channels)
    assert all(table.column("Why"))
    assert set(table.column("Evidence")) <= {"strong", "weak", "none"}
