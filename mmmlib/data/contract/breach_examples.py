"""Rows that break a promise, fetched as examples and named as a person finds them."""

from __future__ import annotations

from typing import Any

from mmmlib.data.contract.breaches import Breach, Example
from mmmlib.data.contract.column_types import Expression
from mmmlib.data.contract.promises import Promise
from mmmlib.data.read.files import FILE
from mmmlib.data.read.relations import ROW, Relation
from mmmlib.params.contract import Contract
from mmmlib.params.messages import shown


def examples_of(
    relation: Relation, rule: Promise, limit: int, contract: Contract
) -> tuple[tuple[Example, str, str], ...]:
    """Fetch rows that break a rule, with what was expected of each and what to do."""
    if limit <= 0:
        return ()
    found: list[tuple[Example, str, str]] = []
    for file, row in _bad_rows(relation, rule.bad, limit):
        cell = row[rule.column]
        expected, action = rule.why(str(cell)) if rule.why else (rule.expected, "")
        seen = "an empty cell" if cell is None or cell == "" else shown(str(cell))
        place = f"{_row_words(row, relation, contract)}, column {rule.column}"
        found.append((Example(file, place, seen), expected, action))
    return tuple(found)


def _bad_rows(relation: Relation, bad: Expression, limit: int) -> list[tuple[str, dict[str, Any]]]:
    """Fetch at most ``limit`` rows for which ``bad`` holds, file by file."""
    if not relation.files:
        rows = relation.table.filter(bad(relation.table)).limit(limit).to_pyarrow().to_pylist()
        return [(relation.label, row) for row in rows]
    counted = (
        relation.table.filter(bad(relation.table)).group_by(FILE).aggregate(n=lambda t: t.count())
    )
    files = sorted(counted.to_pyarrow()[FILE].to_pylist())
    found: list[tuple[str, dict[str, Any]]] = []
    for file in files:
        table = relation.one_file(file)
        some = table.filter(bad(table)).order_by(ROW).limit(limit - len(found))
        rows = some.to_pyarrow().to_pylist()
        places = relation.places(file, [row[ROW] for row in rows])
        found += [
            (relation.named(file), row | {ROW: places.get(row[ROW], row[ROW])}) for row in rows
        ]
        if len(found) >= limit:
            break
    return found


def _row_words(row: dict[str, Any], relation: Relation, contract: Contract) -> str:
    """Name a row: by its number in a file, by its key in a database."""
    if ROW in row:
        return f"row {row[ROW]}"
    keys = contract.unique or (relation.source.date_column,)
    return "the row of " + ", ".join(f"{name} {row[name]}" for name in keys if name in row)


def breach_of(rule: Promise, count: int, examples: tuple[tuple[Example, str, str], ...]) -> Breach:
    """Make a breach of a rule, its number of rows and examples of them."""
    expected, action = rule.expected, ""
    if examples:
        _, expected, action = examples[0]
    return Breach(
        rule.rule,
        rule.column,
        count,
        expected,
        action,
        tuple(example for example, *_ in examples),
        rule.unreadable,
    )
