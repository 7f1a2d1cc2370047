"""Rows that a source leaves out on purpose: totals, planned weeks, test accounts. Each is counted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from mmmlib.data.read.problems import Problems, reading
from mmmlib.data.read.relations import Relation
from mmmlib.params.source import LeftOut

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Counted:
    """A rule, and the rows that it left out; a row that two rules name counts for the first."""

    rule: LeftOut
    rows: int


def without_left_out(
    relation: Relation, problems: Problems
) -> tuple[Relation, tuple[Counted, ...]] | None:
    """Take out the rows that the source's ``leave_out`` and ``filters`` name, and count them.

    Returned with every rule and its count; None where a column that a rule names is lacking.
    """
    rules = relation.source.left_out
    if not rules:
        return relation, ()
    named = dict.fromkeys(column for rule in rules for column in rule.where | rule.unless)
    if relation.lacks(named, "filters", problems):
        return None
    import ibis

    def kept(rows: ir.Table) -> Any:
        return ~reduce(lambda one, other: one | other, (_meets(rows, rule) for rule in rules))

    with reading(relation.label):
        relation = relation.held()
        table = relation.table
        which = ibis.cases(*((_meets(table, rule), n) for n, rule in enumerate(rules)), else_=-1)
        marked = table.select(which=which).group_by("which").aggregate(n=lambda t: t.count())
        counts = {row["which"]: int(row["n"]) for row in marked.to_pyarrow().to_pylist()}
    counted = tuple(Counted(rule, counts.get(n, 0)) for n, rule in enumerate(rules))
    return replace(relation, table=table.filter(kept(table)), keeps=kept), counted


def _meets(table: ir.Table, rule: LeftOut) -> Any:
    """Say by expression which rows a rule leaves out."""
    cells = [
        table[column].cast("string").fill_null("").strip().re_search(_pattern(texts))
        for column, texts in (rule.where or rule.unless).items()
    ]
    every = reduce(lambda one, other: one & other, cells)
    return every if rule.where else ~every


def _pattern(texts: tuple[str, ...]) -> str:
    """Write texts, in which ``*`` and ``?`` stand for others, as one regular expression."""
    letters = {"*": ".*", "?": "."}
    some = ("".join(letters.get(one, re.escape(one)) for one in text.strip()) for text in texts)
    return f"^(?:{'|'.join(some)})$"
