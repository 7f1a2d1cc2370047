"""Whether a key is there twice: by hashes first, so that a hundred million keys fit into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.contract.breaches import Breach, Example
from mmmlib.data.contract.row_hashes import hash_of
from mmmlib.data.read.files import FILE
from mmmlib.data.read.relations import ROW, Relation
from mmmlib.data.weeks.weekly import Coverage
from mmmlib.params.contract import Contract

if TYPE_CHECKING:
    import ibis.expr.types as ir

AT_ONCE = 2_000_000
"""Rows whose keys are compared at a time."""


def check_unique(
    relation: Relation,
    contract: Contract,
    table: ir.Table,
    rows: int,
    coverage: Coverage | None,
    limit: int,
) -> list[Breach]:
    """Count rows beyond the first of their key.

    Keys are hashed first: as many different hashes as rows prove that no key is there
    twice, at a small part of the memory. Only where that fails the keys are compared.
    """
    names = list(contract.unique)
    if relation.files and _different_hashes(relation, table, names, rows, coverage) == rows:
        return []
    groups = table.group_by(names).aggregate(n=lambda t: t.count()).filter(lambda t: t.n > 1)
    total = groups.aggregate(n=groups.n.sum() - groups.count()).to_pyarrow()["n"][0].as_py()
    if not total:
        return []
    some = groups.order_by(names).limit(max(limit, 1)).to_pyarrow().to_pylist()
    examples: list[Example] = []
    for group in some:
        key = ", ".join(f"{name} {group[name]}" for name in names)
        places = _places_of(relation, table, names, group) if len(examples) < 5 else ""
        examples.append(Example(relation.label, f"the key {key}", f"it {group['n']} times{places}"))
    return [
        Breach(
            "uniqueness",
            ", ".join(names),
            int(total),
            "every key once",
            "A delivery may have come twice: remove the rows of one.",
            tuple(examples),
        )
    ]


def _different_hashes(
    relation: Relation, table: ir.Table, names: list[str], rows: int, coverage: Coverage | None
) -> int:
    """Count the different hashes of keys; where days are part of the key, some days at a time.

    So many rows that their hashes would not fit into memory are then never held together, and
    files that are sorted by day are still read once.
    """
    import ibis

    def count(part: ir.Table) -> int:
        hashed = hash_of(part, names)
        return int(part.aggregate(n=hashed.nunique()).to_pyarrow()["n"][0].as_py() or 0)

    day = relation.source.date_column
    slices = rows // AT_ONCE + 1
    if slices == 1 or coverage is None or day not in names:
        return count(table)
    # Days of about as many rows each; the last slice is open.
    share = coverage.days.cumsum() * slices / rows
    firsts = [pd.Timestamp(str(d)).date() for d in share.groupby(share.astype(int)).head(1).index]
    date = table[day].cast("date")
    total = 0
    for number, first in enumerate(firsts):
        part = table.filter(date >= ibis.literal(first))
        if number + 1 < len(firsts):
            part = part.filter(date < ibis.literal(firsts[number + 1]))
        total += count(part)
    return total


def _places_of(relation: Relation, table: ir.Table, names: list[str], group: dict[str, Any]) -> str:
    """Say in which files a key is."""
    if not relation.files:
        return ""
    rows = table
    for name in names:
        value = group[name]
        rows = rows.filter(rows[name].isnull() if value is None else rows[name] == value)
    if ROW not in table.columns:
        seen = rows.select(FILE).limit(3).to_pyarrow().to_pylist()
        words = [relation.named(row[FILE]) for row in seen]
    else:
        some = rows.select(FILE, ROW).order_by(ROW).limit(3).to_pyarrow().to_pylist()
        places = relation.places(relation.files[0], [row[ROW] for row in some])
        words = [f"row {places.get(row[ROW], row[ROW])}" for row in some]
    return f" ({', '.join(dict.fromkeys(words))})"
