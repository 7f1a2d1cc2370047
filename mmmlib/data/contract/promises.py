"""The promises of a contract (D2): of every column, and of a source's days, regions, deals and units.

All by expressions, so that nothing is read before it is counted or summed. A promise is an
expression that is true for a row that breaks it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.calendar import week_number
from mmmlib.data.contract.declared_series import WeeklyAggregation
from mmmlib.data.contract.forms import (
    A_YEAR,
    DATED,
    DATES,
    FALSE,
    MARKS,
    NUMBER,
    NUMERIC,
    TRUE,
    WHOLE_NUMBER,
    YEARS,
    DateForm,
    in_years,
    number_text,
    zone_of,
)
from mmmlib.data.contract.layout_columns import (
    cell_text,
    is_whole_period,
    is_won,
    region_text,
    without_unit,
)
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.messages import shown
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

SIGN = r"[^\w\s.,+'\u2019-]|[A-Z]{3}"
"""What may stand beside a number: the sign of a currency, a per cent sign, a code."""


@dataclass(frozen=True)
class Promise:
    """A promise, and the expression that is true for a row that breaks it."""

    kind: str
    """``type``, ``range``, ``missing`` and so on."""
    column: str
    bad: Any
    expected: str
    unreadable: bool = False
    why: Callable[[str], tuple[str, str]] | None = None
    """From a cell to what was expected and what to do, where the cell says more than the promise."""


@dataclass(frozen=True)
class Typed:
    """The rows of a source as delivered, with its columns read as what the contract says.

    ``columns`` are those of the contract that were delivered, ``typed`` each of them read as its
    type, and ``forms`` how columns of text write their dates.
    """

    table: ir.Table
    source: Source
    columns: dict[str, ColumnContract]
    typed: dict[str, Any]
    forms: dict[str, DateForm]


def promises_of(
    rows: Typed,
    contract: Contract,
    *,
    is_text: bool,
    week_start: str | None,
    currencies: Sequence[str] | None,
    aggregation: WeeklyAggregation,
) -> Iterator[Promise]:
    """Yield the promises of a contract; see :func:`mmmlib.data.contract.contracts.check_contract`.

    ``is_text`` says whether every cell of the source is text.
    """
    table, source, typed = rows.table, rows.source, rows.typed
    for name in rows.columns:
        yield from _of_column(rows, name, aggregation.numbers, is_text=is_text)
    yield from _no_negative(rows, aggregation.not_negative)
    # Without a contract a row may be dated by any day of its week.
    dated = source.grain == "week" and source.contract is not None
    if dated and week_start is not None and source.date in typed:
        other = typed[source.date].day_of_week.index() != week_number(week_start)
        expected = f"a {week_start.capitalize()}, on which weeks start"
        yield Promise("grain", source.date, other, expected)
    region = source.region_column
    if region in table.columns and not source.taxonomy:
        # A row without one would be in no region's sum, and in no nation's. A taxonomy may give
        # what the rows lack, so that its rows are judged once they are named.
        empty = region_text(typed.get(str(region), table[region])) == ""
        yield Promise("missing", str(region), empty, "the name of a region", unreadable=True)
    if source.layout == "crm_pipeline":
        yield from _won(rows, aggregation.added)
    money = source.currency_column
    if money in table.columns:
        known = sorted(currencies or ())
        foreign = ~table[money].fill_null("").isin(known)
        expected = f"a currency with a rate ({', '.join(known)})"
        yield Promise("currency", str(money), foreign, expected, unreadable=True)
    variable, _ = source.value_columns or ("", "")
    if contract.units and variable in table.columns:
        expected = f"a variable that 'units' knows ({', '.join(contract.units)})"
        yield Promise("unit", variable, without_unit(table, variable, contract), expected)


def _won(rows: Typed, sums: Collection[str] | None) -> Iterator[Promise]:
    """Yield the promises of a deal that was won.

    It has a day of closing, or it counts in no week; and an amount, where bookings add up.
    """
    table, source = rows.table, rows.source
    booked = sums is None or any("bookings" in series.split(".") for series in sums)
    needed = {"closed": ("a closing date of a deal that was won", "deals or bookings")}
    if booked:
        needed["amount"] = ("the amount of a deal that was won", "bookings")
    for word, (expected, what) in needed.items():
        name = source.column(word)
        given = rows.columns.get(name)
        if {name, source.column("stage")} <= set(table.columns) and (
            given is None or given.nullable  # else an empty cell breaks the contract in any stage
        ):
            is_text = table[name].type().is_string()
            cell = cell_text(table, name, source) if is_text else table[name]
            said = (expected, f"It is in no week's {what} until it has one.")
            bad = cell.isnull() & is_won(table, source)
            yield Promise("missing", name, bad, expected, why=_always(said))


CREDIT = (
    "If it is money that came back on a channel's spend, declare credit_notes of the channel (of the "
    "outcome, where orders were cancelled)."
)
ZERO = "zero or more", CREDIT
"""What is expected of what is never below zero, and what to do where it is."""


def _no_negative(rows: Typed, series: Collection[str]) -> Iterator[Promise]:
    """Yield the promises that no week of some series is below zero, where a row is a whole week.

    Rows of days may be corrections of others; their sums are judged on the panel.
    """
    source, typed = rows.source, rows.typed
    long = source.layout == "long"
    for name in (str(source.value),) if long else series:
        if not is_whole_period(source) or name not in typed:
            continue
        number = typed[name].cast("float64")  # a column of truth is one of zeros and ones
        below = (number < 0) & ~number.isinf()
        if long:
            below = (number < 0) & is_one_of(rows.table[source.name], series)
        yield Promise("range", name, below, ZERO[0], unreadable=True, why=_always(ZERO))


def is_one_of(column: Any, names: Collection[str]) -> Any:
    """Say by expression which cells are one of some names."""
    return column.cast("string").strip().isin(list(names)).fill_null(False)


# --- of a column ----------------------------------------------------------------------------


def _of_column(
    rows: Typed, name: str, series: Collection[str] | None, *, is_text: bool
) -> Iterator[Promise]:
    """Yield the promises of a column; ``series`` are those read as numbers, None for all."""
    source, contract, typed = rows.source, rows.columns[name], rows.typed[name]
    raw = cell = rows.table[name]
    kind = raw.type()
    # Where texts are typed, such as in Parquet, spaces around them are meant.
    if kind.is_string() and (is_text or contract.type != "text"):
        cell = cell_text(rows.table, name, source)
    dated = name == source.date_column
    by_region = name == source.region_column and not source.taxonomy
    if not contract.nullable and not by_region:  # a region has its own promise
        expected = "a date such as 2024-01-29" if dated else "a value in every row"
        yield Promise("missing", name, cell.isnull(), expected, unreadable=dated)
    if kind.is_string():
        read = ~_is_unread(rows, name, series)
        for bad, expected, why in _of_text(rows, name, cell):
            bad = bad & read if contract.type in NUMERIC else bad
            yield Promise("type", name, bad, expected, unreadable=True, why=why)
    elif not _fits(kind, contract.type):
        expected = f"{contract.type}, and the column is {kind}"
        yield Promise("type", name, raw.notnull(), expected, unreadable=True)
        return
    elif contract.type in DATED:
        bad = raw.notnull() & ~in_years(typed)
        yield Promise("range", name, bad, A_YEAR, unreadable=True)
        if kind.is_timestamp() and kind.timezone and source.time_zone is None:
            yield Promise(
                "type", name, raw.notnull(), _A_DAY, unreadable=True, why=_always((_A_DAY, _ZONE))
            )
    elif contract.type in NUMERIC and kind.is_floating():
        # Not-a-number and infinity pass every other comparison.
        bad = raw.isnan() | raw.isinf()
        yield Promise("type", name, bad, "a finite number", unreadable=True)
    if contract.type == "integer" and not kind.is_integer():
        yield Promise("type", name, typed != typed.round(), "a whole number")
    low, high = contract.min, contract.max
    if low is not None:
        bad = typed < low
        if high is not None:
            bad = bad | ((typed > high) & ~typed.isnan())
        yield Promise("range", name, bad, _range_words(low, high))
    elif high is not None:
        yield Promise("range", name, (typed > high) & ~typed.isnan(), f"at most {high:,}")
    if contract.one_of:
        some = ", ".join(contract.one_of[:8]) + (", …" if len(contract.one_of) > 8 else "")
        bad = cell.notnull() & ~cell.isin(list(contract.one_of))
        yield Promise("values", name, bad, f"one of {some}")
    if contract.pattern:
        bad = cell.notnull() & ~cell.re_search(f"^(?:{contract.pattern})$")
        yield Promise("values", name, bad, f"text like {contract.pattern}")


def _of_text(rows: Typed, name: str, cell: Any) -> Iterator[tuple[Any, str, Any]]:
    """Yield which texts are not what their type says, what was expected, and what a cell says of it."""
    source, kind, typed = rows.source, rows.columns[name].type, rows.typed[name]
    if kind in NUMERIC:
        number, decimal = number_text(cell, source), source.decimal_mark
        bad = cell.notnull() & (~number.re_search(WHOLE_NUMBER) | typed.isinf())
        yield bad, "a number", lambda text: why_no_number(text, decimal)
    elif kind in DATED:
        form = rows.forms.get(name, DateForm())
        usual, zone = form.written, form.zone
        looks = cell.re_search(DATES[usual].pattern)
        bad = cell.notnull() & (~looks | typed.isnull() | ~in_years(typed))
        expected = f"a day of the calendar, written {usual} as in most rows"
        yield bad, expected, lambda text: why_no_date(text, usual)
        if zone is not None:
            words = f"the time zone of most rows ({zone or 'none'})"
            said = (words, "Write dates without time and time zone.")
            yield looks & (zone_of(cell) != zone), words, _always(said)
    elif kind == "boolean":
        words = f"true or false ({', '.join(TRUE)}; {', '.join(FALSE)})"
        yield cell.notnull() & typed.isnull(), words, None


def _is_unread(rows: Typed, name: str, series: Collection[str] | None) -> Any:
    """Say which rows of a column are of series that nobody reads; none but in a long file.

    There a column that the contract lists holds what it says in every row.
    """
    import ibis

    source = rows.source
    listed = source.contract is not None and name in source.contract.columns
    if series is None or listed or source.layout != "long" or source.taxonomy:
        return ibis.literal(False)
    return ~is_one_of(rows.table[source.name], series)


_A_DAY = "a day, or a moment whose time_zone is declared"
_ZONE = (
    "Say in 'time_zone' of the source where its days begin, such as Europe/Berlin (UTC where days "
    "were written as midnights of UTC)."
)


def _always(said: tuple[str, str]) -> Callable[[str], tuple[str, str]]:
    """Say the same of every cell."""
    return lambda _: said


def _range_words(low: float, high: float | None) -> str:
    if high is None:
        return "zero or more" if low == 0 else f"{low:,} or more"
    return f"{low:,} to {high:,}"


def _fits(kind: Any, expected: str) -> bool:
    """Say whether a column was delivered in the type that the contract expects."""
    if expected in DATED:
        return bool(kind.is_date() or kind.is_timestamp())
    if expected in NUMERIC:
        return bool(kind.is_numeric())
    return bool(kind.is_boolean() if expected == "boolean" else kind.is_string())


# --- what a cell says of itself -------------------------------------------------------------


def why_no_date(cell: str, usual: str) -> tuple[str, str]:
    """Return what was expected instead of a cell that is no date as most rows write it, and what to do."""
    written = [name for name, form in DATES.items() if re.fullmatch(form.pattern, cell)]
    if usual in written:
        year = re.search("[0-9]{4}", cell)
        outside = year is not None and not YEARS[0] <= int(year[0]) <= YEARS[1]
        return A_YEAR if outside else "a day of the calendar", ""
    if written:
        return f"a date as in most rows: {usual}", "Write all dates as YYYY-MM-DD."
    action = "Write all dates as YYYY-MM-DD." if cell else ""
    if re.fullmatch(r"[^\W\d][^\d]{2,}", cell):
        action = (
            f"If it marks a row of totals, list it: leave_out: [{cell}] of the source. Else write "
            f"all dates as YYYY-MM-DD."
        )
    return "a date such as 2024-01-29", action


def why_no_number(cell: str, decimal: str = "point") -> tuple[str, str]:
    """Return what was expected instead of a cell, and what to do.

    ``decimal`` is what stands before decimals, as the source declares.
    """
    if re.fullmatch(NUMBER, cell):
        if decimal == "comma" and "." in cell:
            return "a number with a decimal comma, as the source declares", _ONE_WAY
        return "a finite number", ""
    if cell.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return "a finite number", _HOW_MISSING
    if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell):
        return "a number with a decimal point", (
            f"Write 1234.5; or declare on the source 'thousands: comma' if it is "
            f"{cell.replace(',', '')}, 'decimal: comma' if it is {cell.replace(',', '.')}."
        )
    if re.fullmatch(r"[+-]?\d+,\d+", cell):
        return "a number with a decimal point", (
            "Write 1234.5, not 1234,5; or declare 'decimal: comma' on the source."
        )
    for name, mark in MARKS.items():
        if re.fullmatch(rf"[+-]?\d{{1,3}}({mark}\d{{3}})+([.,]\d+)?", cell):
            return "a number", (
                f"Write it without thousands separators: 1234.5; or declare 'thousands: {name}' "
                f"on the source."
            )
    sign = re.search(SIGN, cell)
    if sign and re.search(r"\d", cell) and len(re.sub(r"[\d.,'\s+-]", "", cell)) <= 3:
        share = " and 'unit: percent' in its contract" if sign[0] == "%" else ""
        return "a number", (
            f"Declare signs: ['{sign[0]}'] on the source{share} if {shown(sign[0])} stands beside "
            f"the numbers."
        )
    if not re.search(r"\d", cell):
        return "a number", _HOW_MISSING
    return "a number", "Ask its owner what it should be, and have it corrected."


_ONE_WAY = "A file writes all of its numbers in one way: have the columns that differ corrected."
_HOW_MISSING = (
    "If nothing is known there, list it in the source's 'missing'; if it stands for nothing spent or "
    "sold, in 'zero'."
)
