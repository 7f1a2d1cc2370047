"""Columns as what their contract says they hold: how each is read, and what it promises (D2).

All by expressions, so that nothing is read before it is counted or summed. A promise is an
expression that is true for a row that breaks it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from mmmlib.data.contract.date_forms import (
    A_YEAR,
    DATES,
    DateForm,
    as_day,
    in_years,
    why_no_date,
    zone_of,
)
from mmmlib.data.contract.layout_columns import Expression, cell_text, is_whole_week
from mmmlib.data.contract.number_forms import (
    NUMBER,
    number_in,
    number_of,
    number_text,
    why_no_number,
)
from mmmlib.data.read.relations import Relation
from mmmlib.params.contract import ColumnContract
from mmmlib.params.source import Source

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


# --- promises ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Promise:
    """A promise, and the expression that is true for a row that breaks it."""

    kind: str
    """``type``, ``range``, ``missing`` and so on."""
    column: str
    bad: Expression
    expected: str
    unreadable: bool = False
    why: Callable[[str], tuple[str, str]] | None = None
    """From a cell to what was expected and what to do, where the cell says more than the promise."""


@dataclass(frozen=True)
class ContractColumn:
    """A column that was delivered, and what its contract says of it.

    Parameters
    ----------
    typed
        The expression that reads it as its type.
    form
        How it writes its dates, where it is text.
    """

    name: str
    contract: ColumnContract
    typed: Expression
    form: DateForm | None
    relation: Relation

    @property
    def kind(self) -> Any:
        """Type in which it was delivered."""
        return self.relation.table[self.name].type()

    @property
    def is_text(self) -> bool:
        """Whether it was delivered as text."""
        return bool(self.kind.is_string())

    def cell(self, table: Any) -> Any:
        """The cell as delivered; of text without spaces around it, and null where it is missing."""
        # Where texts are typed, such as in Parquet, spaces around them are meant.
        loose = self.contract.type != "text" or self.relation.is_text
        if loose and self.is_text:
            return cell_text(table, self.name, self.relation.source)
        return table[self.name]

    def unreadable(
        self,
        bad: Expression,
        expected: str,
        why: Callable[[str], tuple[str, str]] | None = None,
    ) -> Promise:
        """Make the promise that every cell is of the column's type."""
        return Promise("type", self.name, bad, expected, unreadable=True, why=why)


def column_promises(column: ContractColumn, series: Collection[str] | None) -> Iterator[Promise]:
    """Yield the promises of a column.

    Parameters
    ----------
    series
        Series that are read as numbers; None for all of them.
    """
    source, name, contract = column.relation.source, column.name, column.contract
    dated = name == source.date_column
    by_region = name == source.region_column and not source.taxonomy
    if not contract.nullable and not by_region:  # a region has its own promise
        expected = "a date such as 2024-01-29" if dated else "a value in every row"
        yield Promise(
            "missing", name, lambda t: column.cell(t).isnull(), expected, unreadable=dated
        )
    if column.is_text:
        yield from _of_text(column, series)
    elif not _fits(column.kind, contract.type):
        expected = f"{contract.type}, and the column is {column.kind}"
        yield column.unreadable(lambda t: t[name].notnull(), expected)
        return
    else:
        yield from _of_type(column)
    if contract.type == "integer" and not column.kind.is_integer():
        typed = column.typed
        yield Promise("type", name, lambda t: typed(t) != typed(t).round(), "a whole number")
    yield from _of_values(column)


def _of_text(column: ContractColumn, series: Collection[str] | None) -> Iterator[Promise]:
    """Yield the promise that texts are what their type says."""
    kind, cell, typed = column.contract.type, column.cell, column.typed
    if kind in ("number", "integer"):
        pattern = rf"^(?:{NUMBER})$"

        def no_number(t: Any) -> Any:
            source = column.relation.source
            bad = ~number_text(cell(t), source).re_search(pattern) | typed(t).isinf()
            is_read = _is_read(t, column.name, source, series)
            return cell(t).notnull() & bad & is_read

        decimal = column.relation.source.decimal_mark
        yield column.unreadable(no_number, "a number", lambda text: why_no_number(text, decimal))
    elif kind in ("date", "time"):
        usual, zone = (column.form or DateForm()).written, (column.form or DateForm()).zone
        looks = DATES[usual].pattern
        yield column.unreadable(
            lambda t: (
                cell(t).notnull()
                & (~cell(t).re_search(looks) | typed(t).isnull() | ~in_years(typed(t)))
            ),
            f"a day of the calendar, written {usual} as in most rows",
            lambda text: why_no_date(text, usual),
        )
        if zone is not None:
            expected = f"the time zone of most rows ({zone or 'none'})"
            yield column.unreadable(
                lambda t: cell(t).re_search(looks) & (zone_of(cell(t)) != zone),
                expected,
                lambda _: (expected, "Write dates without time and time zone."),
            )
    elif kind == "boolean":
        words = f"true or false ({', '.join(TRUE)}; {', '.join(FALSE)})"
        yield column.unreadable(lambda t: cell(t).notnull() & typed(t).isnull(), words)


def _of_type(column: ContractColumn) -> Iterator[Promise]:
    """Yield the promises of a typed column, as of Parquet or a database."""
    name, kind, typed = column.name, column.kind, column.typed
    if column.contract.type in ("date", "time"):
        yield Promise(
            "range",
            name,
            lambda t: t[name].notnull() & ~in_years(typed(t)),
            A_YEAR,
            unreadable=True,
        )
        if kind.is_timestamp() and kind.timezone and column.relation.source.time_zone is None:
            yield column.unreadable(
                lambda t: t[name].notnull(), _A_DAY, lambda _: (_A_DAY, _WHICH_DAY)
            )
    elif column.contract.type in ("number", "integer") and kind.is_floating():
        # Not-a-number and infinity pass every other comparison.
        yield column.unreadable(lambda t: t[name].isnan() | t[name].isinf(), "a finite number")


def _of_values(column: ContractColumn) -> Iterator[Promise]:
    """Yield what the contract says of values: a range, a list, a pattern."""
    name, contract, cell = column.name, column.contract, column.cell
    low, high = contract.min, contract.max
    if low is not None or high is not None:

        def outside(t: Any) -> Any:
            value = column.typed(t)
            beyond = [] if low is None else [value < low]
            beyond += [] if high is None else [(value > high) & ~value.isnan()]
            return beyond[0] if len(beyond) == 1 else beyond[0] | beyond[1]

        yield Promise("range", name, outside, _range_words(low, high))
    if contract.one_of:
        allowed = list(contract.one_of)
        some = ", ".join(allowed[:8]) + (", …" if len(allowed) > 8 else "")
        yield Promise(
            "values", name, lambda t: cell(t).notnull() & ~cell(t).isin(allowed), f"one of {some}"
        )
    if contract.pattern:
        pattern = f"^(?:{contract.pattern})$"
        yield Promise(
            "values",
            name,
            lambda t: cell(t).notnull() & ~cell(t).re_search(pattern),
            f"text like {contract.pattern}",
        )


def _is_read(table: Any, name: str, source: Source, series: Collection[str] | None) -> Any:
    """Say which rows of a column are of series that are read; all but in a long file.

    There a column that the contract lists holds what it says in every row.
    """
    import ibis

    listed = source.contract is not None and name in source.contract.columns
    if series is None or listed or source.layout != "long" or source.taxonomy:
        return ibis.literal(True)
    return is_one_of(table[source.name], series)


def is_one_of(column: Any, names: Collection[str]) -> Any:
    """Say by expression which cells are one of some names."""
    return column.cast("string").strip().isin(list(names)).fill_null(False)


_A_DAY = "a day, or a moment whose time_zone is declared"
_WHICH_DAY = (
    "Say in 'time_zone' of the source where its days begin, such as Europe/Berlin (UTC where days "
    "were written as midnights of UTC)."
)


def _range_words(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:,}"
    if high is None:
        return "zero or more" if low == 0 else f"{low:,} or more"
    return f"{low:,} to {high:,}"


def _fits(kind: Any, expected: str) -> bool:
    return {
        "text": kind.is_string(),
        "number": kind.is_numeric(),
        "integer": kind.is_numeric(),
        "date": kind.is_date() or kind.is_timestamp(),
        "time": kind.is_date() or kind.is_timestamp(),
        "boolean": kind.is_boolean(),
    }[expected]
