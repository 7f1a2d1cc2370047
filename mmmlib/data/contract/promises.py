"""The promises of a contract: expressions that are true for a row that breaks one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.calendar import week_number
from mmmlib.data.contract.column_types import (
    FALSE,
    TRUE,
    DateForm,
    Expression,
    cell_text,
    zone_of,
)
from mmmlib.data.contract.layout_columns import is_whole_week, is_won, region_text
from mmmlib.data.contract.units import without_unit
from mmmlib.data.read.cells import A_YEAR, DATES, NUMBER, why_no_date, why_no_number
from mmmlib.data.read.relations import Relation
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir


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
    """From a cell to what was expected and what to do, where the cell tells more."""


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
        form = forms.get(name)
        promises += _column_promises(name, column, typed[name], relation, form, reads)
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


def _is_read(table: Any, name: str, source: Source, series: Collection[str] | None) -> Any:
    """Say which rows of a column are of series that are read; all but in a long file.

    There a column that the contract lists holds what it says in every row.
    """
    import ibis

    listed = source.contract is not None and name in source.contract.columns
    if series is None or listed or source.layout != "long" or source.taxonomy:
        return ibis.literal(True)
    return _is_one_of(table[source.name], series)


def _is_one_of(column: Any, names: Collection[str]) -> Any:
    return column.cast("string").strip().isin(list(names)).fill_null(False)


def _no_negative(
    relation: Relation, typed: dict[str, Expression], series: Collection[str]
) -> list[Promise]:
    """List the promises that no week of some series is below zero, where a row is a whole week.

    Rows of days may be corrections of others; their sums are judged on the panel.
    """
    source = relation.source
    if not is_whole_week(source):
        return []
    if source.layout == "long":
        value = str(source.value)
        if value not in typed:
            return []

        def below(t: Any) -> Any:
            return (typed[value](t) < 0) & _is_one_of(t[source.name], series)

        return [Promise("range", value, below, "zero or more", unreadable=True)]
    return [_not_below_zero(name, typed[name]) for name in series if name in typed]


def _not_below_zero(name: str, typed: Expression) -> Promise:
    return Promise(
        "range", name, lambda t: (typed(t) < 0) & ~typed(t).isinf(), "zero or more", unreadable=True
    )


def _column_promises(
    name: str,
    column: ColumnContract,
    typed: Expression,
    relation: Relation,
    form: DateForm | None,
    reads: Reads,
) -> list[Promise]:
    source = relation.source
    kind = relation.table[name].type()
    textual = kind.is_string()
    promises = []

    # Spaces around a text are its file's way of writing; where texts are typed, they are meant.
    loose = column.type != "text" or relation.is_text

    def raw(table: Any) -> Any:
        return cell_text(table, name, source) if loose and textual else table[name]

    dated = name == source.date_column
    by_region = name == source.region_column and not source.taxonomy
    if not column.nullable and not by_region:  # a region has its own promise
        expected = "a date such as 2024-01-29" if dated else "a value in every row"
        promises.append(
            Promise("missing", name, lambda t: raw(t).isnull(), expected, unreadable=dated)
        )
    if textual and column.type in ("number", "integer"):
        pattern = rf"^(?:{NUMBER})$"

        def no_number(t: Any) -> Any:
            bad = ~raw(t).re_search(pattern) | typed(t).isinf()
            return raw(t).notnull() & bad & _is_read(t, name, source, reads.numbers)

        promises.append(
            Promise("type", name, no_number, "a number", unreadable=True, why=why_no_number)
        )
    elif textual and column.type in ("date", "time"):
        usual, zone = (form.written, form.zone) if form else ("YYYY-MM-DD", None)
        looks = DATES[usual][0]
        promises.append(
            Promise(
                "type",
                name,
                lambda t: raw(t).notnull() & (~raw(t).re_search(looks) | typed(t).isnull()),
                f"a day of the calendar, written {usual} as in most rows",
                unreadable=True,
                why=lambda cell: why_no_date(cell, usual),
            )
        )
        if zone is not None:
            expected = f"the time zone of most rows ({zone or 'none'})"
            promises.append(
                Promise(
                    "type",
                    name,
                    lambda t: raw(t).re_search(looks) & (zone_of(raw(t)) != zone),
                    expected,
                    unreadable=True,
                    why=lambda _: (expected, "Write dates without time and time zone."),
                )
            )
    elif textual and column.type == "boolean":
        words = f"true or false ({', '.join(TRUE)}; {', '.join(FALSE)})"
        promises.append(
            Promise(
                "type",
                name,
                lambda t: raw(t).notnull() & typed(t).isnull(),
                words,
                unreadable=True,
            )
        )
    elif not textual and not _fits(kind, column.type):
        promises.append(
            Promise(
                "type",
                name,
                lambda t: t[name].notnull(),
                f"{column.type}, and the column is {kind}",
                unreadable=True,
            )
        )
        return promises
    if not textual and column.type in ("date", "time"):
        promises.append(
            Promise(
                "range",
                name,
                lambda t: t[name].notnull() & typed(t).isnull(),
                A_YEAR,
                unreadable=True,
            )
        )
    zoned = kind.is_timestamp() and kind.timezone
    if zoned and source.time_zone is None and column.type in ("date", "time"):
        promises.append(
            Promise(
                "type",
                name,
                lambda t: t[name].notnull(),
                _A_DAY,
                unreadable=True,
                why=lambda _: (_A_DAY, _WHICH_DAY),
            )
        )
    if column.type in ("number", "integer") and (not textual) and kind.is_floating():
        # Not a number and infinity pass every comparison that is not asked for them.
        promises.append(
            Promise(
                "type",
                name,
                lambda t: t[name].isnan() | t[name].isinf(),
                "a finite number",
                unreadable=True,
            )
        )
    if column.type == "integer" and not kind.is_integer():
        promises.append(
            Promise("type", name, lambda t: typed(t) != typed(t).round(), "a whole number")
        )
    if column.min is not None or column.max is not None:
        low, high = column.min, column.max

        def outside(t: Any) -> Any:
            value = typed(t)
            below = value < low if low is not None else None
            above = value > high if high is not None else None
            if below is None or above is None:
                return above if below is None else below
            return below | above

        promises.append(Promise("range", name, outside, _range_words(low, high)))
    if column.one_of:
        allowed = list(column.one_of)
        some = ", ".join(allowed[:8]) + (", …" if len(allowed) > 8 else "")
        promises.append(
            Promise(
                "values", name, lambda t: raw(t).notnull() & ~raw(t).isin(allowed), f"one of {some}"
            )
        )
    if column.pattern:
        looks_so = f"^(?:{column.pattern})$"
        promises.append(
            Promise(
                "values",
                name,
                lambda t: raw(t).notnull() & ~raw(t).re_search(looks_so),
                f"text like {column.pattern}",
            )
        )
    return promises


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


def _fits(kind: Any, wanted: str) -> bool:
    return {
        "text": kind.is_string(),
        "number": kind.is_numeric(),
        "integer": kind.is_numeric(),
        "date": kind.is_date() or kind.is_timestamp(),
        "time": kind.is_date() or kind.is_timestamp(),
        "boolean": kind.is_boolean(),
    }[wanted]


def count_breaches(table: ir.Table, promises: Sequence[Promise]) -> list[int]:
    """Count the rows that break every promise, and all rows, in one pass."""
    numbers = {
        f"n{number}": table.count(where=promise.bad(table).fill_null(False))
        for number, promise in enumerate(promises)
    }
    row = table.aggregate(**numbers, rows=table.count()).to_pyarrow().to_pylist()[0]
    return [int(row[f"n{number}"]) for number in range(len(promises))] + [int(row["rows"])]
