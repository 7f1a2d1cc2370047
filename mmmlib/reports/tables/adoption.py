"""How the evidence is used: measures, their trend, and the ladder of decision quality."""

from __future__ import annotations

from collections.abc import Sequence

from mmmlib.governance.adoption import Cycle, Measure
from mmmlib.governance.maturity import Rung
from mmmlib.reports.cells import Observed, observed
from mmmlib.reports.table import Columns, Table, tabulate


def measure_table(found: Sequence[Measure]) -> Table:
    """Make a row for each measure of adoption, with its definition."""
    columns: Columns[Measure] = {
        "Measure": lambda one: one.name,
        "Now": lambda one: one.value,
        "How it is counted": lambda one: one.definition,
    }
    return tabulate("measures", "Measures of adoption and how each is counted.", found, columns)


def cycle_table(cycles: Sequence[Cycle]) -> Table:
    """Make a row for each published refresh, the oldest first."""
    columns: Columns[Cycle] = {
        "Refresh": lambda one: one.period,
        "Published": lambda one: one.published,
        "Consumers": lambda one: Observed(one.consumers),
        "Came back": lambda one: Observed(one.came_back),
        "Decisions": lambda one: Observed(one.decisions),
        "First after": lambda one: observed(one.first_decision, "days"),
        "Closed": lambda one: Observed(one.closed),
        "Explained in": lambda one: observed(one.days_to_explain, "days"),
        "Incident": lambda one: "yes" if one.incident else "no",
    }
    caption = "Each published refresh: who looked at it and came back, and what was decided on it."
    return tabulate("cycles", caption, cycles, columns)


def maturity_table(rungs: Sequence[Rung]) -> Table:
    """Make a row for each rung of the ladder, the lowest first."""
    columns: Columns[Rung] = {
        "Rung": lambda one: one.name,
        "Reached": lambda one: "yes" if one.reached else "no",
        "Evidence": lambda one: "; ".join(one.evidence),
        "What brings it": lambda one: one.next,
    }
    return tabulate("maturity", "The ladder of decision quality, from the records.", rungs, columns)
