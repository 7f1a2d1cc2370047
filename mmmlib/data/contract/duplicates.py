"""Rows that are there twice: a delivery that came twice, files that overlap (D2).

Where a row has a key (declared as ``unique``, or the week, region and series of a source of weeks)
no key may be there twice. Where it has none, the rows of each day are held against each other:
their hashes, put together by exclusive or, are zero where each row is there an even number of times
(and else by chance once in 2^64). That takes no memory, and no further pass over the rows. A
delivery that came three times is not seen so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.contract.calendar import Coverage, week_of
from mmmlib.data.contract.forms import NUMERIC
from mmmlib.data.contract.layout_columns import day_of, is_whole_period, region_of, texts_of
from mmmlib.data.read.problems import CAP, Breach, Example
from mmmlib.data.read.relations import FILE, ROW, Relation
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

AT_ONCE = 2_000_000
"""Rows whose keys are compared at a time."""
KEYS_PLACED, ROWS_PLACED = 5, 3
"""Keys of a large source whose rows are looked up in its files, and rows of a key that are named."""
LEAST = 7
"""Days from which rows of one file that are alike are taken for a delivery that came twice."""
HASH, NOT_ZERO = "_hash", "_not_zero"
"""Columns: the hash of a row, and whether any number of it is other than zero."""
SEPARATOR, NOTHING = "\x1f", "\x1e"


# --- keys -----------------------------------------------------------------------------------


def check_key(
    relation: Relation,
    contract: Contract,
    table: ir.Table,
    rows: int,
    coverage: Coverage | None,
    limit: int,
) -> list[Breach]:
    """Count the rows beyond the first of their declared key; name ``limit`` keys.

    Keys are hashed first: as many different hashes as rows prove that no key is there
    twice, at a small part of the memory. Only where that fails the keys are compared.
    """
    names = list(contract.unique)
    if relation.files and _different_hashes(relation, table, names, rows, coverage) == rows:
        return []
    groups, again, _ = _repeated(relation, table, {name: table[name] for name in names}, limit or 1)
    examples = []
    for key, count, places in groups:
        words = dict.fromkeys(_place(relation, *place) for place in places)
        where = f" ({', '.join(words)})" if places else ""
        named = ", ".join(f"{name} {value}" for name, value in key.items())
        examples.append(Example(relation.label, f"the key {named}", f"it {count} times{where}"))
    action = "A delivery may have come twice: remove the rows of one."
    columns, found = ", ".join(names), tuple(examples)
    return [Breach("uniqueness", columns, again, "every key once", action, found)] if again else []


def _place(relation: Relation, file: str, row: int | None) -> str:
    """Name a row of a source, with its file where there are several."""
    if row is None:
        return file
    return f"row {row}" if len(relation.files) == 1 else f"{file} row {row}"


def check_weeks(table: ir.Table, relation: Relation, start: int) -> list[Breach]:
    """List the weeks that a source of weeks has twice; so the months of one of months.

    A row of such a source is the whole week of its region (and series): a sum of two would double
    it, and nobody would see that. Only for layouts in which a row is a week's whole value.
    """
    source, grain = relation.source, relation.source.grain.removeprefix("year_")
    if not is_whole_period(source):
        return []
    day = day_of(table[source.date])
    key = {
        "first": _first_day(source, day, start),
        "region": region_of(table, source),
    }
    if source.layout == "long":
        key["series"] = table[source.name].cast("string").strip()
    if source.currency_column is not None:  # a week's money may be in several currencies
        key["money"] = table[source.currency_column]
    groups, again, total = _repeated(relation, table, key, CAP)
    if not again:
        return []
    expected, action = f"every {grain} once", "Remove one of the two rows."
    examples = [_week_again(relation, key, places) for key, _, places in groups]
    if source.grain == "week" and all(_holds_new_year(key["first"]) for key, _, _ in groups):
        action = (
            "If weeks begin anew on 1 January, so that the last of a year is short, declare "
            "'grain: year_week' on the source; else remove one of the two rows."
        )
    if again >= total / 2:
        copies = int(table.select(relation.columns).distinct().count().to_pyarrow().as_py())
        action = (
            "The rows are the same again: the delivery came twice. Remove one of the two."
            if total - copies == again
            else "Sum daily rows to weeks (grain: day does it), or name the column of regions."
        )
        series = " of a series" if source.layout == "long" else ""
        found = f"{total} rows{series} for {total - again} {grain}s and regions"
        examples = [Example(relation.label, f"column {source.date}", found)]
        again, expected = 1, f"one row for every {grain} and region"
    return [
        Breach("uniqueness", source.date, again, expected, action, tuple(examples), unreadable=True)
    ]


def _first_day(source: Source, day: Any, start: int) -> Any:
    """Say by expression which day stands for the week or month of a row."""
    if source.grain == "year_week":  # each is dated by its own first day
        return day
    return day.truncate("M") if source.grain == "month" else week_of(day, start)


def _holds_new_year(first: dt.date | None) -> bool:
    """Say whether 1 January lies inside a week, and not at its beginning; never without a date."""
    return first is not None and (first.month, first.day) > (12, 25)


def _week_again(
    relation: Relation, key: dict[str, Any], places: Sequence[tuple[str, int | None]]
) -> Example:
    source = relation.source
    region = f", region '{key['region']}'" if source.region is not None else ""
    series = f" of {key['series']}" if "series" in key else ""
    file, place, first = relation.label, f"column {source.date}", ""
    if places and places[-1][1] is not None:
        file, last = places[-1]
        place, first = f"row {last}, {place}", f" (first in {_place(relation, *places[0])})"
    found = (
        f"the {source.grain.removeprefix('year_')} of {key['first']}{region}{series} again{first}"
    )
    return Example(file, place, found)


Repeated = list[tuple[dict[str, Any], int, list[tuple[str, int | None]]]]
"""Keys that are there several times: each with its number of rows, and the places of some."""


def _repeated(
    relation: Relation, table: ir.Table, key: dict[str, Any], limit: int
) -> tuple[Repeated, int, int]:
    """Return keys of more than one row, how many rows are beyond the first of theirs, and all rows."""
    place = {column: table[column] for column in (FILE, ROW) if column in table.columns}
    rows = table.select(**key, **place)
    groups = rows.group_by(list(key)).aggregate(n=lambda t: t.count())
    sums = groups.aggregate(rows=groups.n.sum(), keys=groups.count()).to_pyarrow().to_pylist()[0]
    total = int(sums["rows"] or 0)
    again = total - int(sums["keys"])
    if not again:
        return [], 0, total
    repeated = groups.filter(groups.n > 1).order_by(list(key)).limit(limit)
    found: Repeated = []
    for group in repeated.to_pyarrow().to_pylist():
        count = int(group.pop("n"))
        same = rows
        for name, value in group.items():
            same = same.filter(same[name].isnull() if value is None else same[name] == value)
        places = []
        if place and (relation.is_small or len(found) < KEYS_PLACED):
            some = same.select(list(place)).order_by(list(place)).limit(ROWS_PLACED)
            places = [relation.place(row) for row in some.to_pyarrow().to_pylist()]
        found.append((group, count, places))
    return found, again, total


def _different_hashes(
    relation: Relation, table: ir.Table, names: list[str], rows: int, coverage: Coverage | None
) -> int:
    """Count the different hashes of keys; where days are part of the key, some days at a time.

    So many rows that their hashes would not fit into memory are then never held together, and
    files that are sorted by day are still read once.
    """
    import ibis

    def count(part: ir.Table) -> int:
        hashed = part.aggregate(n=_hash(part, names).nunique())
        return int(hashed.to_pyarrow()["n"][0].as_py() or 0)

    day = relation.source.date_column
    slices = rows // AT_ONCE + 1
    if slices == 1 or coverage is None or day not in names:
        return count(table)
    # Days of about as many rows each; the last slice is open.
    share = coverage.days.cumsum() * slices / rows
    firsts = [pd.Timestamp(str(d)).date() for d in share.groupby(share.astype(int)).head(1).index]
    date = table[day].cast("date")
    total = 0
    for number, first in enumerate(firsts):
        part = table.filter(date >= ibis.literal(first))
        if number + 1 < len(firsts):
            part = part.filter(date < ibis.literal(firsts[number + 1]))
        total += count(part)
    return total


# --- days -----------------------------------------------------------------------------------


def day_marks(
    relation: Relation,
    table: ir.Table,
    contract: Contract,
    columns: dict[str, ColumnContract],
    sums: Collection[str] | None,
) -> tuple[dict[str, Any], dict[str, Callable[[Any], Any]]]:
    """Make the columns by which rows of a day are told apart, and say what is measured of them.

    Nothing where there is a key, or no number that a row that came twice would double. ``columns``
    are those of the contract that were delivered, ``sums`` the series that are added up; None for
    all.
    """
    source, backend = relation.source, getattr(relation.connection, "name", "")
    numbers = [
        name
        for name, column in columns.items()
        if column.type in NUMERIC
        and name not in texts_of(source)
        and (source.layout != "wide" or sums is None or name in sums)
    ]
    keyed = contract.allow_duplicate_rows or contract.unique or is_whole_period(source)
    if keyed or not numbers or backend not in ("duckdb", "postgres"):
        return {}, {}
    not_zero = [table[name].fill_null(0) != 0 for name in numbers]
    marks = {
        HASH: _row_hash(table, relation.columns, backend),
        NOT_ZERO: reduce(lambda one, other: one | other, not_zero).cast("int32"),
    }
    measures: dict[str, Callable[[Any], Any]] = {
        "hashes": lambda rows: rows[HASH].bit_xor(),
        "not_zero": lambda rows: rows[NOT_ZERO].max(),
    }
    if len(relation.files) > 1:
        marks[FILE] = table[FILE]
        measures["first"] = lambda rows: rows[FILE].min()
        measures["last"] = lambda rows: rows[FILE].max()
    return marks, measures


def check_days(relation: Relation, coverage: Coverage) -> list[Breach]:
    """List the days on which every row is there again, where :func:`day_marks` measured that."""
    days = coverage.measured
    if days is None or "hashes" not in days:
        return []
    again = days[(days["hashes"] == 0) & (days["not_zero"] > 0)]
    again = again.sort_values([name for name in ("region", "date") if name in again])
    event = relation.source.grain == "event"
    least = max(LEAST, len(coverage.days) / 2) if event else LEAST
    if again["date"].nunique() < least:  # a few rows may be alike; those of two files hardly
        if "first" not in again or event:
            return []
        again = again[again["first"] != again["last"]]
    if again.empty:
        return []
    # Days that follow each other, in one region and the same files, are told together.
    new = again["date"].diff() != pd.Timedelta(days=1)
    for name in again.columns.intersection(["region", "first", "last"]):
        new |= again[name] != again[name].shift()
    examples = [_span(relation, span) for _, span in again.groupby(new.cumsum())]
    return [
        Breach(
            "duplicates",
            "",
            len(examples),
            "every row once",
            "A delivery may have come twice, or files overlap: remove the rows of one. If rows "
            "that are alike are meant, say so by 'allow_duplicate_rows: true' in the contract.",
            tuple(examples[:CAP]),
        )
    ]


def _span(relation: Relation, span: pd.DataFrame) -> Example:
    """Tell days on which every row is there again."""
    one = span.iloc[0]
    ends = dict.fromkeys([one["first"], one["last"]]) if "first" in span else ()
    files = " and ".join(relation.named(str(file)) for file in ends) or relation.label
    first, last = one["date"].date(), span["date"].iloc[-1].date()
    days = f"the day {first}" if first == last else f"the days {first} to {last}"
    if "region" in span:
        days += f", region '{one['region']}'"
    return Example(files, days, f"{int(span['n'].sum()) // 2} rows, each there again")


# --- hashes ---------------------------------------------------------------------------------


def _row_hash(table: ir.Table, names: Sequence[str], backend: str) -> Any:
    """Expression: a hash of each row that no exclusive or of others' gives.

    DuckDB joins the hashes of columns by exclusive or: of all pairs of campaigns and devices they
    would cancel each other out. The hash of the hash does not.
    """
    import ibis

    @ibis.udf.scalar.builtin(name="hash", signature=(("uint64",), "uint64"))
    def again(value):  # type: ignore[no-untyped-def]
        ...

    @ibis.udf.scalar.builtin(name="hashtextextended", signature=(("string", "int64"), "int64"))
    def of_text(text, seed):  # type: ignore[no-untyped-def]
        ...

    if backend == "duckdb":
        return again(_hash(table, names))
    texts = [table[name].cast("string").fill_null(NOTHING) for name in names]
    joined = reduce(lambda one, other: one + SEPARATOR + other, texts)
    return of_text(joined, ibis.literal(0, type="int64"))


def _hash(table: ir.Table, names: Sequence[str]) -> Any:
    """Expression: DuckDB's own hash; ibis' goes by way of a text of bits, which takes most of the time."""
    import ibis

    cells = ibis.struct({name: table[name] for name in names})

    @ibis.udf.scalar.builtin(name="hash", signature=((cells.type(),), "uint64"))
    def hashed(cells):  # type: ignore[no-untyped-def]
        ...

    return hashed(cells)
