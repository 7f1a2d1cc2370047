"""Contracts: what a source promises, held against all of its rows (D2).

Every promise is an expression that is true for a row that breaks it, so that one pass
over the rows, wherever they lie, counts all of them. Rows are fetched only to name
examples of a promise that was broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.contract.breaches import Breach, Example
from mmmlib.data.contract.calendar import Coverage, read_coverage, week_number
from mmmlib.data.contract.column_types import DELIVERED, Promise, keeps_unreadable, typed_as
from mmmlib.data.contract.date_forms import date_forms, date_measures
from mmmlib.data.contract.duplicates import (
    check_days,
    check_key,
    compared_columns,
    day_marks,
    day_measures,
)
from mmmlib.data.contract.layout_columns import (
    Expression,
    dates_of,
    measured,
    region_of,
    texts_of,
)
from mmmlib.data.contract.number_forms import number_measures, unclear_numbers
from mmmlib.data.contract.promises import (
    EVERYTHING,
    Reads,
    count_breaches,
    promises_of,
    unit_promises,
)
from mmmlib.data.read.problems import CAP, reading
from mmmlib.data.read.relations import FILE, ROW, Relation
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Checked:
    """A source held against its contract.

    Parameters
    ----------
    breaches
        What was broken; empty for a source that keeps its word.
    table
        The rows, typed as the contract says; None where values cannot be read. Of a file of
        weeks as text it is there all the same, so that all else that is wrong can be reported.
    rows
        How many there are.
    relation
        The source, with its rows held where it is small.
    day
        The expression that reads the day of a row; None where there is no table.
    """

    breaches: tuple[Breach, ...]
    table: ir.Table | None
    rows: int
    relation: Relation
    day: Expression | None = None
    coverage: Coverage | None = field(default=None, repr=False)

    @property
    def unreadable(self) -> bool:
        """Whether some values cannot be read."""
        return any(breach.unreadable for breach in self.breaches)


def effective(source: Source, columns: Sequence[str], numbers: Sequence[str]) -> Contract:
    """Return the contract of a source, with what its layout needs in any case.

    Parameters
    ----------
    columns
        Those that were delivered.
    numbers
        Those that are read as numbers.
    """
    given = source.contract or Contract()
    needed: dict[str, ColumnContract] = {}
    for name in dates_of(source):
        kind = "time" if source.time_zone else "date"
        # An opportunity that is still open has no closing date.
        needed[name] = ColumnContract(type=kind, nullable=name != source.date_column)
    for name in numbers:
        needed[name] = ColumnContract(type="number", nullable=True)
    needed = {
        name: _read_as(given.columns.get(name), column)
        for name, column in needed.items()
        if name in columns
    }
    # An export that came twice would count every deal twice.
    key = (source.column("opportunity"),) if source.layout == "crm_pipeline" else ()
    changes = {"columns": {**given.columns, **needed}, "unique": given.unique or key}
    return given.model_copy(update=changes)


def _read_as(given: ColumnContract | None, needed: ColumnContract) -> ColumnContract:
    """Return what was promised of a column, as what its layout reads it as in any case."""
    if given is None:
        return needed
    alike = {"number": ("number", "integer", "boolean")}.get(needed.type, ("date", "time"))
    kind = given.type if given.type in alike else needed.type
    nullable = given.nullable and needed.nullable
    changes: dict[str, object] = {"type": kind, "nullable": nullable}
    if needed.type in ("date", "time"):  # of days that were promised as numbers, such as 20240129
        changes |= {"min": None, "max": None, "unit": ""}
    return given.model_copy(update=changes)


def check_contract(
    relation: Relation,
    contract: Contract,
    week_start: str | None = None,
    currencies: Sequence[str] | None = None,
    reads: Reads = EVERYTHING,
) -> Checked:
    """Hold a source against its contract.

    Parameters
    ----------
    relation
        The source, open.
    contract
        See :func:`effective`.
    week_start
        Declared first day of the week, for a source of weeks.
    currencies
        Those that a rate is known of, where each row names its own.
    reads
        What the parameters take from the source.

    Raises
    ------
    InputError
        If the source cannot be read to its end.
    """
    source = relation.source
    breaches = _check_columns(relation, contract)
    columns = {n: c for n, c in contract.columns.items() if n in relation.table.columns}
    with reading(relation.label):
        relation = relation.held()
        measures = date_measures(relation, columns) | number_measures(relation, columns)
        seen = measured(relation.table, measures)
        forms, more = date_forms(relation, seen)
        breaches += [*more, *unclear_numbers(relation, seen)]
        typed = {
            name: typed_as(name, column, relation, forms.get(name))
            for name, column in columns.items()
        }
        promises = promises_of(relation, columns, typed, forms, week_start, currencies, reads)
        promises += unit_promises(relation, contract)
        known = not any(breach.unreadable for breach in breaches)  # columns, forms of dates
        counts = count_breaches(relation.table, promises)
        rows = counts.pop()
        left = CAP
        for promise, count in zip(promises, counts, strict=True):
            if count:
                examples = examples_of(relation, promise, left, contract)
                left -= len(examples)
                breaches.append(breach_of(promise, count, examples))
        unreadable = any(breach.unreadable for breach in breaches)
        if unreadable and not (known and keeps_unreadable(relation)):
            return Checked(tuple(breaches), None, rows, relation)
        names = texts_of(source)
        long = source.layout == "long" and source.value in typed
        as_delivered = {DELIVERED: relation.table[source.value]} if long else {}
        table = relation.table.mutate(
            **as_delivered,
            **{
                name: make(relation.table)
                for name, make in typed.items()
                # A name of digits stays as it is written: as a number it would lose the last ones.
                if not (columns[name].type in ("number", "integer") and name in names)
            },
        )
        if relation.is_small:
            table = relation.hold(table)
        coverage = None
        if source.date_column in columns:
            counted = {"date": table[source.date_column].cast("date")}
            if source.grain == "day":  # one region may end before the others
                counted["region"] = region_of(table, source)
            compared = compared_columns(relation, contract, columns, reads.sums)
            counted |= day_marks(relation, table, compared)
            measures = day_measures(counted)
            coverage = read_coverage(table.select(**counted), week_number(week_start), measures)
            breaches += check_days(relation, coverage)
        breaches += _check_rows(relation, contract, rows, coverage)
        if contract.unique and all(name in table.columns for name in contract.unique):
            breaches += check_key(relation, contract, table, rows, coverage, left)
    return Checked(tuple(breaches), table, rows, relation, typed.get(source.date_column), coverage)


# --- columns -------------------------------------------------------------------------------


def _check_columns(relation: Relation, contract: Contract) -> list[Breach]:
    known = relation.columns
    file = relation.label
    breaches = []
    for name, column in contract.columns.items():
        if column.required and name not in known:
            seen = f"no such column; there are {', '.join(known[:12])}"
            breaches.append(
                Breach(
                    "columns",
                    name,
                    1,
                    "the column of the contract",
                    did_you_mean(name, known)
                    or "Ask its owner for it; if it is gone for good, change the contract.",
                    (Example(file, f"column {name}", seen),),
                    unreadable=True,
                )
            )
    extra = [name for name in known if name not in contract.columns] if contract.closed else []
    breaches += [
        Breach(
            "columns",
            name,
            1,
            "no column beside those of the contract",
            "Add it to the contract if it is meant.",
            (Example(file, f"column {name}", "a new column"),),
        )
        for name in extra
    ]
    return breaches


# --- the source as a whole -----------------------------------------------------------------


def _check_rows(
    relation: Relation, contract: Contract, rows: int, coverage: Coverage | None
) -> list[Breach]:
    breaches = []
    high = contract.max_rows
    if rows < contract.min_rows or (high is not None and rows > high):
        expected = (
            f"{contract.min_rows} rows or more"
            if high is None
            else f"{contract.min_rows} to {high} rows"
        )
        breaches.append(
            Breach(
                "volume",
                "",
                1,
                expected,
                "Ask whether the delivery is complete.",
                (Example(relation.label, "the rows", f"{rows} rows"),),
                unreadable=rows == 0,
            )
        )
    if contract.volume is not None and coverage is not None:
        usual, give = contract.volume.rows_per_week, contract.volume.tolerance
        by_week = coverage.rows_by_week()
        odd = by_week[~by_week.between(usual * (1 - give), usual * (1 + give))]
        if len(odd):
            examples = tuple(
                Example(
                    relation.label,
                    f"the week of {pd.Timestamp(str(week)).date()}",
                    f"{rows:.0f} rows",
                )
                for week, rows in list(odd.items())[-CAP:]
            )
            breaches.append(
                Breach(
                    "volume",
                    "",
                    len(odd),
                    f"{usual * (1 - give):.0f} to {usual * (1 + give):.0f} rows a week",
                    "Too few may be a partial upload, too many a delivery that came twice.",
                    examples,
                )
            )
    return breaches


# --- examples ------------------------------------------------------------------------------


def examples_of(
    relation: Relation, promise: Promise, limit: int, contract: Contract
) -> tuple[Example, ...]:
    """Fetch rows that break a promise, with what was expected of each and what to do."""
    if limit <= 0:
        return ()
    found: list[Example] = []
    for file, row in _bad_rows(relation, promise.bad, limit):
        cell = row[promise.column]
        empty = cell is None or cell == ""
        words = promise.why("" if empty else str(cell)) if promise.why else (promise.expected, "")
        place = f"{_row_words(row, relation, contract)}, column {promise.column}"
        if relation.source.layout == "long" and promise.column == relation.source.value:
            place += f" ({row[str(relation.source.name)]})"
        found.append(Example(file, place, "an empty cell" if empty else shown(str(cell)), *words))
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


def breach_of(promise: Promise, count: int, examples: tuple[Example, ...]) -> Breach:
    """Make a breach of a promise, its number of rows and examples of them."""
    first = examples[0] if examples else None
    return Breach(
        promise.kind,
        promise.column,
        count,
        first.expected if first else promise.expected,
        first.action if first else "",
        examples,
        promise.unreadable,
    )
