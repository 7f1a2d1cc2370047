"""The promises of a contract as rules: expressions that are true for a row that breaks one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.calendar import week_number
from mmmlib.data.contract.column_types import (
    DATES,
    FALSE,
    TRUE,
    Expression,
    cell_text,
    without_unit,
)
from mmmlib.data.contract.layout_columns import is_won, region_text
from mmmlib.data.read.cells import NUMBER, why_no_number
from mmmlib.data.read.relations import Relation
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Promise:
    """A promise, and the expression that is true for a row that breaks it."""

    rule: str
    column: str
    bad: Expression
    expected: str
    unreadable: bool = False
    why: Callable[[str], tuple[str, str]] | None = None
    """From a cell to what was expected and what to do, where the cell tells more."""


def promises_of(
    relation: Relation,
    columns: dict[str, ColumnContract],
    typed: dict[str, Expression],
    formats: dict[str, str],
    week_start: str | None,
    currencies: Sequence[str] | None,
    sums: Collection[str] | None = None,
) -> list[Promise]:
    """List the rules of a contract.

    Parameters
    ----------
    columns
        Those of the contract that were delivered.
    typed
        How each is read as its type; see :func:`mmmlib.data.contract.column_types.typed_as`.
    formats
        Format of the dates in columns of text.
    week_start, currencies, sums
        See :func:`mmmlib.data.contract.contracts.check_contract`.
    """
    source = relation.source
    rules: list[Promise] = []
    for name, column in columns.items():
        rules += _column_rules(name, column, typed[name], relation, formats.get(name))
    # Without a contract a row may be dated by any day of its week.
    dated = source.grain == "week" and source.contract is not None
    if dated and week_start is not None and source.date in typed:
        day, start = typed[source.date], week_number(week_start)
        rules.append(
            Promise(
                "grain",
                source.date,
                lambda t: day(t).day_of_week.index() != start,
                f"a {week_start.capitalize()}, on which weeks start",
            )
        )
    if source.region_column in relation.columns and not source.taxonomy:
        rules.append(_region_rule(source, typed))
    if source.layout == "crm_pipeline":
        rules += _won_rules(relation, columns, sums)
    if source.currency_column and source.currency_column in relation.columns:
        money = source.currency_column
        known = sorted(currencies or ())
        rules.append(
            Promise(
                "currency",
                money,
                lambda t: ~t[money].fill_null("").isin(known),
                f"a currency with a rate ({', '.join(known)})",
                unreadable=True,
            )
        )
    return rules


def _region_rule(source: Source, typed: dict[str, Expression]) -> Promise:
    """Every row has a region: one without would be in no region's sum, and in no nation's.

    A taxonomy may give what the rows lack, so that its rows are judged once they are named.
    """
    place = str(source.region_column)

    def empty(table: Any) -> Any:
        return region_text(typed[place](table) if place in typed else table[place]) == ""

    return Promise("missing", place, empty, "the name of a region", unreadable=True)


def _won_rules(
    relation: Relation, columns: dict[str, ColumnContract], sums: Collection[str] | None
) -> list[Promise]:
    """List the rules of a deal that was won.

    It has a day of closing, or it counts in no week; and an amount, where bookings add up.
    """
    source = relation.source
    if source.column("stage") not in relation.columns:
        return []
    booked = sums is None or any("bookings" in series.split(".") for series in sums)
    needed = [("closed", "a closing date of a deal that was won", _COUNTS_NOWHERE)]
    if booked:
        needed.append(("amount", "the amount of a deal that was won", _BOOKS_NOTHING))
    rules = []
    for word, expected, why in needed:
        column = source.column(word)
        if column not in relation.columns:
            continue
        if column in columns and not columns[column].nullable:
            continue  # an empty cell breaks the contract in any stage
        rules.append(_won_rule(relation, column, expected, why))
    return rules


def _won_rule(relation: Relation, column: str, expected: str, why: str) -> Promise:
    source = relation.source
    textual = relation.table[column].type().is_string()

    def lacks(t: Any) -> Any:
        cell = cell_text(t, column, source) if textual else t[column]
        return cell.isnull() & is_won(t, source)

    return Promise("missing", column, lacks, expected, why=lambda _: (expected, why))


_COUNTS_NOWHERE = "It is in no week's deals or bookings until it has one."
_BOOKS_NOTHING = "It is in no week's bookings until it has one."


def unit_rules(relation: Relation, contract: Contract) -> list[Promise]:
    """List the rule that every variable has a unit, where the contract has one by variable."""
    found = without_unit(relation.source, contract)
    if found is None or found[0] not in relation.columns:
        return []
    known = ", ".join(contract.units)
    return [Promise("unit", found[0], found[1], f"a variable that 'units' knows ({known})")]


def _column_rules(
    name: str, column: ColumnContract, typed: Expression, relation: Relation, dates: str | None
) -> list[Promise]:
    source = relation.source
    kind = relation.table[name].type()
    textual = kind.is_string()
    rules = []

    # Spaces around a text are its file's way of writing; where texts are typed, they are meant.
    loose = column.type != "text" or relation.is_text

    def raw(table: Any) -> Any:
        return cell_text(table, name, source) if loose and textual else table[name]

    dated = name == source.date_column
    by_region = name == source.region_column and not source.taxonomy
    if not column.nullable and not by_region:  # a region has its own rule
        expected = "a date" if dated else "a value in every row"
        rules.append(
            Promise("missing", name, lambda t: raw(t).isnull(), expected, unreadable=dated)
        )
    if textual and column.type in ("number", "integer"):
        pattern = rf"^(?:{NUMBER})$"
        rules.append(
            Promise(
                "type",
                name,
                lambda t: raw(t).notnull() & ~raw(t).re_search(pattern),
                "a number",
                unreadable=True,
                why=why_no_number,
            )
        )
    elif textual and column.type in ("date", "time"):
        looks = DATES["DD/MM/YYYY" if dates == "MM/DD/YYYY" else dates or "YYYY-MM-DD"][0]
        written = f"a day of the calendar, written {dates} as in most rows"
        rules.append(
            Promise(
                "type",
                name,
                lambda t: raw(t).notnull() & (~raw(t).re_search(looks) | typed(t).isnull()),
                written,
                unreadable=True,
                why=lambda _: (written, "Write all dates as YYYY-MM-DD."),
            )
        )
    elif textual and column.type == "boolean":
        words = f"true or false ({', '.join(TRUE)}; {', '.join(FALSE)})"
        rules.append(
            Promise(
                "type",
                name,
                lambda t: raw(t).notnull() & typed(t).isnull(),
                words,
                unreadable=True,
            )
        )
    elif not textual and not _fits(kind, column.type):
        rules.append(
            Promise(
                "type",
                name,
                lambda t: t[name].notnull(),
                f"{column.type}, and the column is {kind}",
                unreadable=True,
            )
        )
        return rules
    zoned = kind.is_timestamp() and kind.timezone
    if zoned and source.time_zone is None and column.type in ("date", "time"):
        rules.append(
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
        rules.append(
            Promise(
                "type",
                name,
                lambda t: t[name].isnan() | t[name].isinf(),
                "a finite number",
                unreadable=True,
            )
        )
    if column.type == "integer" and not kind.is_integer():
        rules.append(
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

        rules.append(Promise("range", name, outside, _range_words(low, high)))
    if column.one_of:
        allowed = list(column.one_of)
        some = ", ".join(allowed[:8]) + (", …" if len(allowed) > 8 else "")
        rules.append(
            Promise(
                "values", name, lambda t: raw(t).notnull() & ~raw(t).isin(allowed), f"one of {some}"
            )
        )
    if column.pattern:
        looks_so = f"^(?:{column.pattern})$"
        rules.append(
            Promise(
                "values",
                name,
                lambda t: raw(t).notnull() & ~raw(t).re_search(looks_so),
                f"text like {column.pattern}",
            )
        )
    return rules


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


def count_breaches(table: ir.Table, rules: Sequence[Promise]) -> list[int]:
    """Count the rows that break every rule, and all rows, in one pass."""
    numbers = {
        f"n{number}": table.count(where=rule.bad(table).fill_null(False))
        for number, rule in enumerate(rules)
    }
    row = table.aggregate(**numbers, rows=table.count()).to_pyarrow().to_pylist()[0]
    return [int(row[f"n{number}"]) for number in range(len(rules))] + [int(row["rows"])]
