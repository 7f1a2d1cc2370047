"""The promises of a source as a whole: its rows' days, regions, currencies, deals and units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.calendar import week_number
from mmmlib.data.contract.column_types import ContractColumn, Promise, column_promises, is_one_of
from mmmlib.data.contract.date_forms import DateForm
from mmmlib.data.contract.layout_columns import (
    Expression,
    cell_text,
    is_whole_period,
    is_won,
    region_text,
    without_unit,
)
from mmmlib.data.read.relations import Relation
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Reads:
    """What the parameters take from a source.

    Parameters
    ----------
    numbers
        Series that are read as numbers; None for all of them.
    sums
        Those that are added up; None for all of them.
    not_negative
        Those of which no value is below zero: spend, exposure, counts.
    """

    numbers: Collection[str] | None = None
    sums: Collection[str] | None = None
    not_negative: Collection[str] = ()


EVERYTHING = Reads()


def promises_of(
    relation: Relation,
    columns: dict[str, ColumnContract],
    typed: dict[str, Expression],
    forms: dict[str, DateForm],
    week_start: str | None,
    currencies: Sequence[str] | None,
    reads: Reads,
) -> list[Promise]:
    """List the promises of a contract.

    Parameters
    ----------
    columns
        Those of the contract that were delivered.
    typed
        How each is read as its type; see :func:`mmmlib.data.contract.column_types.typed_as`.
    forms
        How columns of text write their dates.
    week_start, currencies, reads
        See :func:`mmmlib.data.contract.contracts.check_contract`.
    """
    source = relation.source
    promises: list[Promise] = []
    for name, column in columns.items():
        facts = ContractColumn(name, column, typed[name], forms.get(name), relation)
        promises += column_promises(facts, reads.numbers)
    promises += _no_negative(relation, typed, reads.not_negative)
    # Without a contract a row may be dated by any day of its week.
    dated = source.grain == "week" and source.contract is not None
    if dated and week_start is not None and source.date in typed:
        day, start = typed[source.date], week_number(week_start)
        promises.append(
            Promise(
                "grain",
                source.date,
                lambda t: day(t).day_of_week.index() != start,
                f"a {week_start.capitalize()}, on which weeks start",
            )
        )
    if source.region_column in relation.columns and not source.taxonomy:
        promises.append(_region_promise(source, typed))
    if source.layout == "crm_pipeline":
        promises += _won_promises(relation, columns, reads.sums)
    if source.currency_column and source.currency_column in relation.columns:
        money = source.currency_column
        known = sorted(currencies or ())
        promises.append(
            Promise(
                "currency",
                money,
                lambda t: ~t[money].fill_null("").isin(known),
                f"a currency with a rate ({', '.join(known)})",
                unreadable=True,
            )
        )
    return promises


def _region_promise(source: Source, typed: dict[str, Expression]) -> Promise:
    """Every row has a region: one without would be in no region's sum, and in no nation's.

    A taxonomy may give what the rows lack, so that its rows are judged once they are named.
    """
    place = str(source.region_column)

    def empty(table: Any) -> Any:
        return region_text(typed[place](table) if place in typed else table[place]) == ""

    return Promise("missing", place, empty, "the name of a region", unreadable=True)


def _won_promises(
    relation: Relation, columns: dict[str, ColumnContract], sums: Collection[str] | None
) -> list[Promise]:
    """List the promises of a deal that was won.

    It has a day of closing, or it counts in no week; and an amount, where bookings add up.
    """
    source = relation.source
    if source.column("stage") not in relation.columns:
        return []
    booked = sums is None or any("bookings" in series.split(".") for series in sums)
    needed = [("closed", "a closing date of a deal that was won", _COUNTS_NOWHERE)]
    if booked:
        needed.append(("amount", "the amount of a deal that was won", _BOOKS_NOTHING))
    promises = []
    for word, expected, why in needed:
        column = source.column(word)
        if column not in relation.columns:
            continue
        if column in columns and not columns[column].nullable:
            continue  # an empty cell breaks the contract in any stage
        promises.append(_won_promise(relation, column, expected, why))
    return promises


def _won_promise(relation: Relation, column: str, expected: str, why: str) -> Promise:
    source = relation.source
    textual = relation.table[column].type().is_string()

    def lacks(t: Any) -> Any:
        cell = cell_text(t, column, source) if textual else t[column]
        return cell.isnull() & is_won(t, source)

    return Promise("missing", column, lacks, expected, why=lambda _: (expected, why))


_COUNTS_NOWHERE = "It is in no week's deals or bookings until it has one."
_BOOKS_NOTHING = "It is in no week's bookings until it has one."


def unit_promises(relation: Relation, contract: Contract) -> list[Promise]:
    """List the promise that every variable has a unit, where the contract has one by variable."""
    found = without_unit(relation.source, contract)
    if found is None or found[0] not in relation.columns:
        return []
    known = ", ".join(contract.units)
    return [Promise("unit", found[0], found[1], f"a variable that 'units' knows ({known})")]


def _no_negative(
    relation: Relation, typed: dict[str, Expression], series: Collection[str]
) -> list[Promise]:
    """List the promises that no week of some series is below zero, where a row is a whole week.

    Rows of days may be corrections of others; their sums are judged on the panel.
    """
    source = relation.source
    if not is_whole_period(source):
        return []
    if source.layout == "long":
        value = str(source.value)
        if value not in typed:
            return []

        def below(t: Any) -> Any:
            return (typed[value](t) < 0) & is_one_of(t[source.name], series)

        return [Promise("range", value, below, "zero or more", unreadable=True)]
    return [_not_below_zero(name, typed[name]) for name in series if name in typed]


def _not_below_zero(name: str, typed: Expression) -> Promise:
    def below(table: Any) -> Any:
        number = typed(table).cast("float64")  # a column of truth is one of zeros and ones
        return (number < 0) & ~number.isinf()

    return Promise("range", name, below, "zero or more", unreadable=True)


def count_breaches(table: ir.Table, promises: Sequence[Promise]) -> list[int]:
    """Count the rows that break every promise, and all rows, in one pass."""
    numbers = {
        f"n{number}": table.count(where=promise.bad(table).fill_null(False))
        for number, promise in enumerate(promises)
    }
    row = table.aggregate(**numbers, rows=table.count()).to_pyarrow().to_pylist()[0]
    return [int(row[f"n{number}"]) for number in range(len(promises))] + [int(row["rows"])]
