from __future__ import annotations

import pytest

from mmmlib.findings import Level, judge, not_run
from mmmlib.reports.cells import Observed
from mmmlib.reports.results import Results
from mmmlib.reports.tables.checks import (
    WITH_STATUS,
    by_room,
    check_table,
    count_table,
    not_passed,
    proposed,
    sign_off_table,
)
from tests.fakes import fake_params

FINDINGS = [
    judge("health.bfmi", "m", passed=True, message="Good."),
    judge("health.ess_bulk", "m", passed=False, message="Bad.", value=2.0, limit=1.0, unit="weeks",
          level=Level.WARN),
    not_run("health.rhat", "m", "No data."),
]  # fmt: skip


def test_the_worst_comes_first_and_what_it_means_is_told_of_what_is_wrong() -> None:
    table = check_table(fake_params(), proposed(FINDINGS))
    assert table.column("Seen") == (
        "No data. A check that did not run is not a check that passed.",
        f"Bad. {FINDINGS[1].meaning}",
        "Good.",
    )
    assert [str(level) for level in table.column("Level")] == ["■ Block", "▲ Warn", "● Info"]
    limits = ("did not run", Observed(1.0, "week"), None)
    assert table.column("Limit") == limits
    assert table.column("Status") == ("not run", "flag", "ok")
    assert len(table.only(*WITH_STATUS).columns) == 6


def test_findings_are_counted_by_group() -> None:
    entries = proposed(FINDINGS)
    table = count_table({"M": entries, "N": entries[:1], "O": []})
    rows = [tuple(map(str, row)) for row in table.rows]
    assert rows[0] == ("■ Block", "M", "1 of 3", "1 ■, 1 ▲", "1")
    assert rows[1] == ("● Info", "N", "1 of 1", "none", "0")
    assert rows[2][0] == "○ not checked"
    assert len(not_passed(entries)) == 2


@pytest.mark.parametrize("part", ["Data", "Readiness", "Model", "Comparability"])
def test_every_part_of_a_refresh_is_counted(second: Results, part: str) -> None:
    gates = second.gates
    assert gates is not None
    groups = by_room(gates.entries)
    assert groups[part]
    assert sum(map(len, groups.values())) == len(gates.entries)
    assert len(sign_off_table(gates.sign_offs).rows) == len(gates.sign_offs)
