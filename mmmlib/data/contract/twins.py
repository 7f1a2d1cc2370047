"""Days on which every row is there again: a delivery that came twice, or files that overlap.

The query that counts the rows of every day finds them, see :mod:`mmmlib.data.contract.row_hashes`. A
delivery that came three times is not seen so.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.contract.breaches import Breach, Example
from mmmlib.data.contract.row_hashes import HASH, TELLS, has_hash, mark_of
from mmmlib.data.naming.layouts import texts_of
from mmmlib.data.read.files import FILE
from mmmlib.data.read.problems import CAP
from mmmlib.data.read.relations import Relation
from mmmlib.params.contract import ColumnContract, Contract

if TYPE_CHECKING:
    import ibis.expr.types as ir

LEAST = 7
"""Days from which rows of one file that are alike are taken for a delivery that came twice."""


def twin_columns(
    relation: Relation,
    contract: Contract,
    columns: dict[str, ColumnContract],
    sums: Collection[str] | None,
) -> list[str]:
    """List the columns whose sums a row that came twice would double; none where none is looked for.

    A key that the contract declares finds such rows anyway, and so does the check of a week that
    is there twice (:mod:`mmmlib.data.contract.repeats`).
    """
    source = relation.source
    by_week = source.grain == "week" and source.layout in ("wide", "long") and not source.taxonomy
    backend = getattr(relation.connection, "name", "")
    if contract.same_rows or contract.unique or by_week or not has_hash(backend):
        return []
    return [
        name
        for name, column in columns.items()
        if column.type in ("number", "integer")
        and name not in texts_of(source)
        and (source.layout != "wide" or sums is None or name in sums)
    ]


def twin_marks(relation: Relation, table: ir.Table, numbers: Collection[str]) -> dict[str, Any]:
    """Make what :func:`mmmlib.data.contract.row_hashes.count_twins` needs of every row; nothing where there are no numbers.

    Parameters
    ----------
    table
        The rows, typed as the contract says.
    numbers
        See :func:`twin_columns`.
    """
    if not numbers:
        return {}
    tells = [table[name].fill_null(0) != 0 for name in numbers]
    marks = {
        HASH: mark_of(table, relation.columns, relation.connection.name),
        TELLS: reduce(lambda one, other: one | other, tells).cast("int32"),
    }
    if len(relation.files) > 1:
        marks[FILE] = table[FILE]
    return marks


def check_twins(relation: Relation, twins: pd.DataFrame | None, days: int) -> list[Breach]:
    """Tell the rows that are there again.

    Parameters
    ----------
    twins
        See :func:`mmmlib.data.contract.row_hashes.twin_days`; None where nobody looked.
    days
        How many days the source has.
    """
    if twins is None or twins.empty:
        return []
    told = twins
    least = max(LEAST, days / 2) if relation.source.grain == "event" else LEAST
    if twins["date"].nunique() < least:  # a few rows may be alike; those of two files hardly
        if "first" not in twins:
            return []
        told = twins[twins["first"] != twins["last"]]
        if told.empty or relation.source.grain == "event":
            return []
    examples = [
        Example(_files(relation, span), _place(span), f"{int(span['n'].sum()) // 2} {_ROWS}")
        for span in _spans(told)
    ]
    return [
        Breach(
            "repeats",
            "",
            len(examples),
            "every row once",
            "A delivery may have come twice, or files overlap: remove the rows of one. If rows "
            "that are alike are meant, say so by 'same_rows: true' in the contract.",
            tuple(examples[:CAP]),
        )
    ]


_ROWS = "rows, each there again"


def _spans(twins: pd.DataFrame) -> list[pd.DataFrame]:
    """Split days into those that follow each other, in one region and the same files."""
    new = twins["date"].diff() != pd.Timedelta(days=1)
    for name in ("region", "first", "last"):
        if name in twins:
            new |= twins[name] != twins[name].shift()
    return [span for _, span in twins.groupby(new.cumsum())]


def _files(relation: Relation, span: pd.DataFrame) -> str:
    if "first" not in span:
        return relation.label
    ends = dict.fromkeys((span["first"].iloc[0], span["last"].iloc[0]))
    return " and ".join(relation.named(str(file)) for file in ends)


def _place(span: pd.DataFrame) -> str:
    first, last = span["date"].iloc[0].date(), span["date"].iloc[-1].date()
    days = f"the day {first}" if first == last else f"the days {first} to {last}"
    region = span["region"].iloc[0] if "region" in span else None
    return days if region is None else f"{days}, region '{region}'"
