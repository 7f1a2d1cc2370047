"""Columns of a long file whose value stands in every row of a week: each becomes a series, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mmmlib.data.read.problems import Problems, reading
from mmmlib.data.read.relations import FILE, ROW, Relation

if TYPE_CHECKING:
    import ibis.expr.types as ir

SHOWN = 5
"""Weeks whose rows differ that are named; the rest is counted."""


def with_repeated(relation: Relation, problems: Problems) -> Relation | None:
    """Add rows for the columns that a source of layout ``long`` declares to be repeated.

    Reported are columns that are not there, and weeks in which their rows differ; it is None then.
    """
    source = relation.source
    if not source.repeated:
        return relation
    if relation.lacks(source.repeated, "repeated", problems):
        return None
    relation = relation.held()
    table, days = relation.table, [source.date, *filter(None, [source.region])]
    with reading(relation.label):
        alike = [_is_alike(relation, days, name, problems) for name in source.repeated]
    if not all(alike):
        return None
    rows = [table, *(_once(table, days, name, relation) for name in source.repeated)]
    import ibis

    stacked = ibis.union(*rows, distinct=False)
    return replace(relation, table=relation.hold(stacked) if relation.is_small else stacked)


def _once(table: ir.Table, days: list[str], column: str, relation: Relation) -> ir.Table:
    """Return the first row of every week and region, as one of the series of that column."""
    import ibis

    name, value = str(relation.source.name), str(relation.source.value)
    order = [table[ROW if ROW in table.columns else column]]
    number = ibis.row_number().over(ibis.window(group_by=days, order_by=order))
    first = table.mutate(_first=number).filter(lambda t: t["_first"] == 0).drop("_first")
    as_series = {
        name: ibis.literal(column).cast(table[name].type()),
        value: first[column].cast(table[value].type()),
    }
    return first.mutate(**as_series).select(table.columns)


def _is_alike(relation: Relation, days: list[str], column: str, problems: Problems) -> bool:
    """Say whether all rows of a week and region hold the same value; report those that do not."""
    table = relation.table
    cell = table[column]
    if cell.type().is_string():
        cell = cell.strip()
    seen = table.select(*days, _cell=cell.cast("string").fill_null(""), **_places(table))
    facts: dict[str, Any] = {
        "low": seen["_cell"].min(),
        "high": seen["_cell"].max(),
        **({"row": seen[ROW].min()} if ROW in table.columns else {}),
        **({"file": seen[FILE].min()} if FILE in table.columns else {}),
    }
    groups = seen.group_by(days).aggregate(**facts)
    bad = groups.filter(groups["low"] != groups["high"])
    count = int(bad.count().to_pyarrow().as_py())
    for one in bad.order_by(days).limit(SHOWN).to_pyarrow().to_pylist():
        where = ", ".join(str(one[day]) for day in days)
        row = f", from row {one['row']} on" if "row" in one else ""
        problems.add(
            relation.named(one["file"]) if one.get("file") else relation.label,
            f"the rows of {where}{row}, column {column}",
            f"'{one['low']}' and '{one['high']}'",
            "the same value in all of them, as it is declared to be repeated",
            f"Correct it, or take {column} off 'repeated'.",
        )
    if count > SHOWN:
        problems.add_rest(relation.label, f"column {column}", count - SHOWN, "the same in all rows")
    return not count


def _places(table: ir.Table) -> dict[str, Any]:
    return {name: table[name] for name in (ROW, FILE) if name in table.columns}
