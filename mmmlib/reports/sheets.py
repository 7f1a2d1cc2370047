"""The sheets of the workbook of tables: which of the tables stand in ``tables.xlsx``."""

from __future__ import annotations

from mmmlib.reports.cells import Column
from mmmlib.reports.results import Results
from mmmlib.reports.table import Table, stacked
from mmmlib.reports.tables.changes import (
    data_changes_table,
    lift_changes_table,
    movement_table,
    parameter_table,
    restated_table,
)
from mmmlib.reports.tables.channels import channel_table
from mmmlib.reports.tables.checks import check_table
from mmmlib.reports.tables.lift import lift_tests_table
from mmmlib.reports.tables.plans import (
    answers_table,
    levers_table,
    other_outcomes_table,
    plan_table,
    plans_table,
)
from mmmlib.reports.tables.unpaid import unpaid_table
from mmmlib.reports.title_block import data_through, period_text

MOST_VALUES = 10_000
"""Restated values that the workbook of tables lists, the largest first."""


def sheets(results: Results) -> dict[str, Table]:
    """Return the tables of a run by the name of their sheet, in their order; none is empty."""
    made = _about(results) | _of_models(results) | _of_plans(results) | _of_changes(results)
    if results.gates is not None:
        made["Findings"] = check_table(results.params, results.gates.entries).only(
            "Level",
            "Check",
            "Status",
            "Value",
            "Limit",
            "What was seen",
            "Why it matters",
            "What to do",
            "Decided by",
            "Name of the check",
            "Subject",
        )
    return {name: table for name, table in made.items() if table.rows}


def _about(results: Results) -> dict[str, Table]:
    params, run = results.params, results.run
    gates = results.gates
    rows = [
        ("Workbook", params.title),
        ("Leading outcome", results.model(params.primary)),
        ("Period", period_text(run.manifest.period)),
        ("Data through", data_through(run)),
        ("Serves", params.audience.serves),
        *(("May support", text) for text in params.audience.supports),
        *(("May not support", text) for text in params.audience.not_for),
        ("Release status", str(gates.release) if gates else "DRAFT"),
        ("Run", run.name),
        ("Ranges", "low to high holds 90 % of the posterior draws; median is their middle"),
    ]
    return {"About": Table("about", "", (Column("What"), Column("Value")), tuple(rows))}


def _of_models(results: Results) -> dict[str, Table]:
    channels = [
        (
            results.model(one.name),
            channel_table(results.params, one, one.by_contribution, results.gates),
        )
        for one in results.models
    ]
    unpaid = [
        (results.model(one.name), unpaid_table(results, one))
        for one in results.models
        if one.unpaid
    ]
    tests = [
        (results.model(name), lift_tests_table(found))
        for name in results.effects
        if (found := results.lifts(name)) is not None
    ]
    return {
        "Contribution and ROI": stacked("Outcome", channels),
        "Channels without spend": stacked("Outcome", unpaid),
        "Lift tests": stacked("Outcome", tests),
    }


def _of_plans(results: Results) -> dict[str, Table]:
    pack = results.scenarios
    if pack is None:
        return {}
    lines = [(plan.title, plan_table(results.params, plan)) for plan in pack.scenarios]
    return {
        "Scenarios": plans_table(results.params, pack),
        "Other outcomes": other_outcomes_table(results.params, pack),
        "Plan lines": stacked("Plan", lines),
        "Levers": levers_table(results.params, pack),
        "Key questions": answers_table(results.params, pack),
    }


def _of_changes(results: Results) -> dict[str, Table]:
    compared, params = results.comparison, results.params
    if compared is None:
        return {}
    settings = [
        ("parameter", parameter_table(compared.parameter_changes)),
        ("code", parameter_table(compared.code_changes)),
    ]
    return {
        "Movements": movement_table(params, (*compared.movements, *compared.details)),
        "Data changes": data_changes_table(params, compared.data_changes),
        "Restated values": restated_table(params, results.restated, MOST_VALUES),
        "Lift test changes": lift_changes_table(params, compared.lift_changes),
        "Configuration changes": stacked("Kind", settings),
    }
