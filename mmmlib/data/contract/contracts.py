"""Contracts: what a source promises, held against all of its rows (D2).

One pass over the rows, wherever they lie, counts those that break each promise. Rows are fetched
only to name examples of a promise that was broken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.contract.calendar import Coverage, read_coverage, week_number
from mmmlib.data.contract.declared_series import WeeklyAggregation
from mmmlib.data.contract.duplicates import check_days, check_key, day_marks
from mmmlib.data.contract.forms import DATED, NUMERIC, typed_as, written_forms
from mmmlib.data.contract.layout_columns import dates_of, is_whole_week, region_of, texts_of
from mmmlib.data.contract.promises import Promise, Typed, promises_of
from mmmlib.data.read.left_out import Counted
from mmmlib.data.read.problems import CAP, SHOWN, Breach, Example, cause_of, reading
from mmmlib.data.read.relations import FILE, ROW, Relation
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

DELIVERED = "_delivered"
"""Column that is added to rows of a long file: the value as it was delivered."""
EVERYTHING = WeeklyAggregation()


@dataclass(frozen=True)
class Checked:
    """A source held against its contract, see :func:`effective`.

    ``breaches`` say what was broken; empty for a source that keeps its word. ``table`` has the
    rows, typed as the contract says; None where values cannot be read. Of a file of weeks as text
    it is there all the same, so that all else that is wrong can be reported. ``relation`` is the
    source, with its rows held where it is small, and with the day of each.
    """

    contract: Contract
    breaches: tuple[Breach, ...]
    table: ir.Table | None
    rows: int
    relation: Relation
    coverage: Coverage | None = field(default=None, repr=False)
    left_out: tuple[Counted, ...] = ()
    """The rules by which rows were left out before, each with its count."""

    @property
    def unreadable(self) -> bool:
        """Whether some values cannot be read."""
        return any(breach.unreadable for breach in self.breaches)


def effective(source: Source, columns: Sequence[str], numbers: Sequence[str]) -> Contract:
    """Return the contract of a source, with what its layout needs in any case.

    ``columns`` are those that were delivered, ``numbers`` those that are read as numbers.
    """
    given = source.contract or Contract()
    # An opportunity that is still open has no closing date.
    needed = {
        name: ColumnContract(
            type="time" if source.time_zone else "date", nullable=name != source.date_column
        )
        for name in dates_of(source)
    }
    needed |= {name: ColumnContract(type="number", nullable=True) for name in numbers}
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
    alike = DATED if needed.type in DATED else (*NUMERIC, "boolean")
    kind = given.type if given.type in alike else needed.type
    changes: dict[str, object] = {"type": kind, "nullable": given.nullable and needed.nullable}
    if needed.type in DATED:  # of days that were promised as numbers, such as 20240129
        changes |= {"min": None, "max": None, "unit": ""}
    return given.model_copy(update=changes)


def keeps_unreadable(relation: Relation) -> bool:
    """Say whether a source is read on where some of its values cannot be read.

    Of weeks written as text all else that is wrong is then reported in the same message.
    """
    return relation.is_text and is_whole_week(relation.source)


def check_contract(
    relation: Relation,
    contract: Contract,
    week_start: str | None = None,
    currencies: Sequence[str] | None = None,
    aggregation: WeeklyAggregation = EVERYTHING,
) -> Checked:
    """Hold an open source against its contract, see :func:`effective`.

    ``week_start`` is the declared first day of the week, for a source of weeks; ``currencies`` are
    those that a rate is known of, where each row names its own.

    Raises
    ------
    InputError
        If the source cannot be read to its end.
    """
    source, keeps = relation.source, keeps_unreadable(relation)
    breaches = _check_columns(relation, contract)
    columns = {n: c for n, c in contract.columns.items() if n in relation.table.columns}
    with reading(relation.label):
        relation = relation.held()
        forms, unclear = written_forms(relation, columns)
        breaches += unclear

        def typed(table: ir.Table) -> Typed:
            read = {
                name: typed_as(table, name, column, source, forms.get(name), keeps=keeps)
                for name, column in columns.items()
            }
            return Typed(table, source, columns, read, forms)

        def promises(table: ir.Table) -> list[Promise]:
            said = promises_of(
                typed(table),
                contract,
                is_text=relation.is_text,
                week_start=week_start,
                currencies=currencies,
                aggregation=aggregation,
            )
            return list(said)

        known = not any(breach.unreadable for breach in breaches)  # columns, forms of dates
        broken, rows = _broken(relation, promises, contract)
        breaches += broken
        if any(breach.unreadable for breach in breaches) and not (known and keeps):
            return Checked(contract, tuple(breaches), None, rows, relation)
        read = typed(relation.table).typed
        long = source.layout == "long" and source.value in read
        delivered = {DELIVERED: relation.table[source.value]} if long else {}
        # A name of digits stays as it is written: as a number it would lose the last ones.
        names = texts_of(source)
        as_typed = {
            name: cells
            for name, cells in read.items()
            if not (columns[name].type in NUMERIC and name in names)
        }
        table = relation.table.mutate(**delivered, **as_typed)
        if relation.is_small:
            table = relation.hold(table)
        coverage = None
        if source.date_column in columns:
            counted = {"date": table[source.date_column].cast("date")}
            if source.grain == "day":  # one region may end before the others
                counted["region"] = region_of(table, source)
            marks, measures = day_marks(relation, table, contract, columns, aggregation.added)
            dated = table.select(**counted, **marks)
            coverage = read_coverage(dated, week_number(week_start), measures)
            breaches += check_days(relation, coverage)
            relation = relation.with_days(read[source.date_column])
        breaches += _check_rows(relation, contract, rows, coverage)
        if contract.unique and all(name in table.columns for name in contract.unique):
            breaches += check_key(relation, contract, table, rows, coverage, CAP)
    return Checked(contract, tuple(breaches), table, rows, relation, coverage)


def _broken(
    relation: Relation, promises: Callable[[ir.Table], list[Promise]], contract: Contract
) -> tuple[list[Breach], int]:
    """Count all rows, and those that break every promise, in one pass; name some of every cause."""
    table = relation.table
    made = promises(table)
    counts = {
        f"n{number}": table.count(where=promise.bad.fill_null(False))
        for number, promise in enumerate(made)
    }
    row = table.aggregate(**counts, rows=table.count()).to_pyarrow().to_pylist()[0]
    breaches = []
    for number, promise in enumerate(made):
        count = int(row[f"n{number}"])
        if not count:
            continue
        found = _bad_rows(relation, promises, number, CAP)
        seen: Counter[tuple[str, ...]] = Counter()
        examples = []
        for file, bad in found:
            one = _example(relation, promise, contract, file, bad)
            cause = cause_of(one.place, one.expected, one.action)
            seen[cause] += 1
            if seen[cause] <= SHOWN:
                examples.append(one)
        first = examples[0] if examples else Example("", "", "", promise.expected)
        breaches.append(
            Breach(
                promise.kind,
                promise.column,
                count,
                first.expected,
                first.action,
                tuple(examples),
                promise.unreadable,
            )
        )
    return breaches, int(row["rows"])


def _bad_rows(
    relation: Relation, promises: Callable[[ir.Table], list[Promise]], number: int, limit: int
) -> list[tuple[str, dict[str, Any]]]:
    """Fetch at most ``limit`` rows that break a promise, file by file."""

    def bad(table: ir.Table) -> ir.Table:
        return table.filter(promises(table)[number].bad)

    rows = bad(relation.table)
    if not relation.files:
        return [(relation.label, row) for row in rows.limit(limit).to_pyarrow().to_pylist()]
    found: list[tuple[str, dict[str, Any]]] = []
    for file in sorted(rows.select(FILE).distinct().to_pyarrow()[FILE].to_pylist()):
        some = bad(relation.one_file(file)).order_by(ROW).limit(limit - len(found))
        listed = some.to_pyarrow().to_pylist()
        places = relation.places(file, [row[ROW] for row in listed])
        found += [
            (relation.named(file), row | {ROW: places.get(row[ROW], row[ROW])}) for row in listed
        ]
        if len(found) >= limit:
            break
    return found


def _example(
    relation: Relation, promise: Promise, contract: Contract, file: str, row: dict[str, Any]
) -> Example:
    """Tell a row that breaks a promise, with what was expected of it and what to do."""
    source, cell = relation.source, row[promise.column]
    empty = cell is None or cell == ""
    words = promise.why("" if empty else str(cell)) if promise.why else (promise.expected, "")
    if ROW in row:
        place = f"row {row[ROW]}"
    else:  # a row of a database is named by its key
        keys = [name for name in contract.unique or (source.date_column,) if name in row]
        place = "the row of " + ", ".join(f"{name} {row[name]}" for name in keys)
    place += f", column {promise.column}"
    if source.layout == "long" and promise.column == source.value:
        place += f" ({row[str(source.name)]})"
    return Example(file, place, "an empty cell" if empty else shown(str(cell)), *words)


# --- the source as a whole -----------------------------------------------------------------


def _check_columns(relation: Relation, contract: Contract) -> list[Breach]:
    known, file = relation.columns, relation.label
    breaches = [
        Breach(
            "columns",
            name,
            1,
            "the column of the contract",
            did_you_mean(name, known)
            or "Ask its owner for it; if it is gone for good, change the contract.",
            (
                Example(
                    file, f"column {name}", f"no such column; there are {', '.join(known[:12])}"
                ),
            ),
            unreadable=True,
        )
        for name, column in contract.columns.items()
        if column.required and name not in known
    ]
    breaches += [
        Breach(
            "columns",
            name,
            1,
            "no column beside those of the contract",
            "Add it to the contract if it is meant.",
            (Example(file, f"column {name}", "a new column"),),
        )
        for name in known
        if contract.closed and name not in contract.columns
    ]
    return breaches


def _check_rows(
    relation: Relation, contract: Contract, rows: int, coverage: Coverage | None
) -> list[Breach]:
    breaches, low, high = [], contract.min_rows, contract.max_rows
    if rows < low or (high is not None and rows > high):
        breaches.append(
            Breach(
                "volume",
                "",
                1,
                f"{low} rows or more" if high is None else f"{low} to {high} rows",
                "Ask whether the delivery is complete.",
                (Example(relation.label, "the rows", f"{rows} rows"),),
                unreadable=rows == 0,
            )
        )
    if contract.volume is None or coverage is None:
        return breaches
    usual, give = contract.volume.rows_per_week, contract.volume.tolerance
    least, most = usual * (1 - give), usual * (1 + give)
    by_week = coverage.rows_by_week()
    odd = by_week[~by_week.between(least, most)]
    if len(odd):
        examples = [
            Example(relation.label, f"the week of {week:%Y-%m-%d}", f"{count:.0f} rows")
            for week, count in zip(pd.DatetimeIndex(odd.index), odd, strict=True)
        ]
        breaches.append(
            Breach(
                "volume",
                "",
                len(odd),
                f"{least:.0f} to {most:.0f} rows a week",
                "Too few may be a partial upload, too many a delivery that came twice.",
                tuple(examples[-CAP:]),
            )
        )
    return breaches
