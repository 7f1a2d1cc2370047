"""Columns as what their contract says they hold: numbers, days, truth (D2).

All by expressions, so that nothing is read before it is counted or summed.
"""

from __future__ import annotations

import math
from typing import Any

from mmmlib.data.contract.date_forms import DateForm, as_day, in_years
from mmmlib.data.contract.layout_columns import Expression, cell_text, is_whole_week
from mmmlib.data.contract.number_forms import NUMBER, number_in, number_of
from mmmlib.data.read.relations import Relation
from mmmlib.params.contract import ColumnContract

DELIVERED = "_delivered"
"""Column that is added to rows of a long file: the value as it was delivered."""


def keeps_unreadable(relation: Relation) -> bool:
    """Say whether a source is read on where some of its values cannot be read.

    Of weeks written as text all else that is wrong is then reported in the same message.
    """
    return relation.is_text and is_whole_week(relation.source)


def typed_as(
    name: str, column: ColumnContract, relation: Relation, form: DateForm | None
) -> Expression:
    """Make the expression that reads a column as what the contract says.

    Where rows with values that cannot be read are kept (see :func:`keeps_unreadable`), a text that
    is no number becomes not-a-number, and a day of a year that cannot be is missing.
    """
    source, keeps = relation.source, keeps_unreadable(relation)

    def make(table: Any) -> Any:
        import ibis

        raw = table[name]
        textual = raw.type().is_string()
        value = cell_text(table, name, source) if textual else raw
        if column.type in ("number", "integer"):
            return number_in(value, source, marked=keeps)
        if column.type in ("date", "time"):
            day = as_day(value, form or DateForm(), source.time_zone)
            return ibis.cases((in_years(day), day), else_=ibis.null("date")) if keeps else day
        if column.type == "boolean" and textual:
            return truth_in(value)
        return value

    return make


# --- truth ----------------------------------------------------------------------------------

# ``1``, ``1.0``, ``TRUE`` and ``yes`` are one answer, which every program writes in its own way.
TRUE = ("true", "1", "yes", "y")
FALSE = ("false", "0", "no", "n")


def truth_of(text: str) -> bool | None:
    """Return what a text says of truth; None where it says nothing.

    >>> truth_of("Yes"), truth_of("0.0"), truth_of("spring")
    (True, False, None)
    """
    word, number = text.strip().lower(), number_of(text)
    if word in TRUE or number == 1:
        return True
    return False if word in FALSE or number == 0 else None


def truth_in(column: Any) -> Any:
    """Read a column of text as truth, by expression; null where a cell says nothing of it."""
    import ibis

    word, number = column.strip().lower(), _number_in(column)
    return ibis.cases(
        (word.isin(TRUE) | (number == 1).fill_null(False), True),
        (word.isin(FALSE) | (number == 0).fill_null(False), False),
        else_=ibis.null("boolean"),
    )


def column_reads(column: Any, text: str) -> Any:
    """Say by expression which cells of a column, of whatever type, read a text."""
    import ibis

    truth, number = truth_of(text), number_of(text)
    kind = column.type()
    if kind.is_boolean():
        return ibis.literal(False) if truth is None else column == truth
    if kind.is_numeric():
        sought = number if number is not None or truth is None else float(truth)
        return ibis.literal(False) if sought is None else column == sought
    cell = column.cast("string").strip()
    reads = cell == text.strip()
    if number is not None:
        reads = reads | (_number_in(cell) == number).fill_null(False)
    if truth is not None:
        reads = reads | (truth_in(cell) == truth).fill_null(False)
    return reads


def as_number(text: str) -> float:
    """Return the number by which a series of numbers reads a text; not a number if there is none."""
    truth, number = truth_of(text), number_of(text)
    if number is not None:
        return number
    return math.nan if truth is None else float(truth)


def _number_in(column: Any) -> Any:
    """Read a column of text as numbers; what NaN or infinity are called is none."""
    import ibis

    text = column.strip()
    return ibis.cases((text.re_search(rf"^(?:{NUMBER})$"), text.try_cast("float64")), else_=None)
