"""What the change log tells of specifications that were tried and not taken."""

from __future__ import annotations

from mmmlib.reports.blocks import Prose
from mmmlib.reports.results import results_of
from mmmlib.reports.sections import change_log
from mmmlib.reports.table import Table
from mmmlib.runs import Run


def test_the_change_log_keeps_what_was_tried_and_not_taken(first_run: Run, second_run: Run) -> None:
    second = results_of(second_run)
    told, furthest, table = change_log.candidates(second)
    assert isinstance(told, Prose)
    assert isinstance(furthest, Prose)
    assert isinstance(table, Table)
    assert told.text.startswith("2 other specifications were declared before anything was fitted")
    choice = second.choice
    assert choice is not None
    *_, last = choice.returns  # its return differs most: see tests/fake_run.py
    assert furthest.text.startswith(
        f"Their answers are furthest apart on {second.short(last)}: USD"
    )
    assert [row[2] for row in table.rows] == [second.channel(last), "Too few weeks."]
    assert list(change_log.candidates(results_of(first_run))) == []
