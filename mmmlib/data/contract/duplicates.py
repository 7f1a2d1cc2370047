"""Rows that are there twice: a delivery that came twice, files that overlap (D2).

Where a row has a key (declared as ``unique``, or the week, region and series of a source of weeks)
no key may be there twice. Where it has none, the rows of each day are held against each other:
their hashes, put together by exclusive or, are zero where each row is there an even number of times
(and else by chance once in 2^64). That takes no memory, and no further pass over the rows. A
delivery that came three times is not seen so.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.contract.breaches import Breach, Example
from mmmlib.data.contract.calendar import Coverage, week_of
from mmmlib.data.contract.layout_columns import day_of, is_whole_period, region_of, texts_of
from mmmlib.data.read.problems import CAP
from mmmlib.data.read.relations import FILE, ROW, Relation
from mmmlib.params.contract import ColumnContract, Contract

if TYPE_CHECKING:
    import ibis.expr.types as ir

AT_ONCE, PLACED = 2_000_000, 5
"""Rows whose keys are compared at a time, and keys whose rows are looked up in their files."""
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
    """Count the rows beyond the first of their declared key.

    Keys are hashed first: as many different hashes as rows prove that no key is there
    twice, at a small part of the memory. Only where that fails the keys are compared.

    Parameters
    ----------
    table
        The rows, typed as the contract says.
    rows
        How many there are.
    coverage
        The days that they are of, where they are of days.
    limit
        How many examples may be named.
    """
    names = list(contract.unique)
    if relation.files and _different_hashes(relation, table, names, rows, coverage) == rows:
        return []
    groups, total, _ = _repeated(table.select(names), names)
    if not total:
        return []
    some = groups.order_by(names).limit(max(limit, 1)).to_pyarrow().to_pylist()
    examples = []
    for number, group in enumerate(some):
        key = ", ".join(f"{name} {group[name]}" for name in names)
        places = _places_of(relation, table, names, group) if number < PLACED else ""
        examples.append(Example(relation.label, f"the key {key}", f"it {group['n']} times{places}"))
    return [
        Breach(
            "uniqueness",
            ", ".join(names),
            total,
            "every key once",
            "A delivery may have come twice: remove the rows of one.",
            tuple(examples),
        )
    ]


def check_weeks(table: ir.Table, relation: Relation, start: int) -> list[Breach]:
    """List the weeks that a source of weeks has twice; so the months of one of months.

    A row of such a source is the whole week of its region (and series): a sum of two would double
    it, and nobody would see that. Only for layouts in which a row is a week's whole value.

    Parameters
    ----------
    table
        The rows, typed as the contract says.
    relation
        The source, open.
    start
        Weekday on which weeks start, 0 for Monday.
    """
    source = relation.source
    if not is_whole_period(source):
        return []
    day = day_of(table[source.date])
    first = day.truncate("M") if source.grain == "month" else week_of(day, start)
    key = {"first": first, "region": region_of(table, source)}
    if source.layout == "long":
        key["series"] = table[source.name].cast("string").strip()
    if source.currency_column is not None:  # a week's money may be in several currencies
        key["money"] = table[source.currency_column]
    place = {column: table[column] for column in (FILE, ROW) if column in table.columns}
    rows = table.select(**key, **place)
    groups, again, total = _repeated(rows, list(key))
    if not again:
        return []
    if again >= total / 2:
        every = table.select(relation.columns)
        copies = int(every.distinct().count().to_pyarrow().as_py())
        series = " of a series" if source.layout == "long" else ""
        found = f"{total} rows{series} for {total - again} {source.grain}s and regions"
        return [
            Breach(
                "uniqueness",
                source.date,
                1,
                f"one row for every {source.grain} and region",
                "The rows are the same again: the delivery came twice. Remove one of the two."
                if total - copies == again
                else "Sum daily rows to weeks (grain: day does it), or name the column of regions.",
                (Example(relation.label, f"column {source.date}", found),),
                unreadable=True,
            )
        ]
    some = groups.order_by(list(key)).limit(CAP).drop("n")
    found_rows = pd.DataFrame(some.inner_join(rows, list(key)).to_pyarrow().to_pydict())
    examples = [
        _week_again(relation, dict(zip(key, values, strict=True)), same)
        for values, same in found_rows.groupby(list(key), dropna=False)
    ]
    return [
        Breach(
            "uniqueness",
            source.date,
            again,
            f"every {source.grain} once",
            "Remove one of the two rows.",
            tuple(examples),
            unreadable=True,
        )
    ]


def _week_again(relation: Relation, key: dict[str, Any], same: pd.DataFrame) -> Example:
    source = relation.source
    region = f", region '{key['region']}'" if source.region is not None else ""
    series = f" of {key['series']}" if "series" in key else ""
    file, place, first = relation.label, f"column {source.date}", ""
    if ROW in same:
        numbers = [int(number) for number in sorted(same[ROW])]
        path = str(same[FILE].iloc[0]) if FILE in same else relation.files[0]
        lines = relation.places(path, numbers)
        file = relation.named(path)
        place = f"row {lines[numbers[-1]]}, {place}"
        first = f" (first in row {lines[numbers[0]]})"
    return Example(
        file, place, f"the {source.grain} of {key['first']}{region}{series} again{first}"
    )


def _repeated(rows: ir.Table, key: list[str]) -> tuple[ir.Table, int, int]:
    """Return keys of more than one row with their number ``n``, the rows beyond the first, all rows."""
    groups = rows.group_by(key).aggregate(n=lambda t: t.count())
    total = groups.aggregate(rows=groups.n.sum(), keys=groups.count()).to_pyarrow().to_pylist()[0]
    number = int(total["rows"] or 0)
    return groups.filter(groups.n > 1), number - int(total["keys"]), number


def _different_hashes(
    relation: Relation, table: ir.Table, names: list[str], rows: int, coverage: Coverage | None
) -> int:
    """Count the different hashes of keys; where days are part of the key, some days at a time.

    So many rows that their hashes would not fit into memory are then never held together, and
    files that are sorted by day are still read once.
    """
    import ibis

    def count(part: ir.Table) -> int:
        hashed = _hash([part[name] for name in names])
        return int(part.aggregate(n=hashed.nunique()).to_pyarrow()["n"][0].as_py() or 0)

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


def _places_of(relation: Relation, table: ir.Table, names: list[str], group: dict[str, Any]) -> str:
    """Say in which files a key is."""
    if not relation.files:
        return ""
    rows = table
    for name in names:
        value = group[name]
        rows = rows.filter(rows[name].isnull() if value is None else rows[name] == value)
    if ROW not in table.columns:
        seen = rows.select(FILE).limit(3).to_pyarrow().to_pylist()
        words = [relation.named(row[FILE]) for row in seen]
    else:
        some = rows.select(FILE, ROW).order_by(ROW).limit(3).to_pyarrow().to_pylist()
        places = relation.places(relation.files[0], [row[ROW] for row in some])
        words = [f"row {places.get(row[ROW], row[ROW])}" for row in some]
        if len(relation.files) > 1:
            named = [relation.named(row[FILE]) for row in some]
            words = [f"{file} {word}" for file, word in zip(named, words, strict=True)]
    return f" ({', '.join(dict.fromkeys(words))})"


# --- days -----------------------------------------------------------------------------------


def compared_columns(
    relation: Relation,
    contract: Contract,
    columns: dict[str, ColumnContract],
    sums: Collection[str] | None,
) -> list[str]:
    """List the columns whose sums a row that came twice would double; none where there is a key.

    ``columns`` are those of the contract that were delivered, ``sums`` the series that are added
    up (None for all).
    """
    source = relation.source
    hashes = getattr(relation.connection, "name", "") in ("duckdb", "postgres")
    if contract.allow_duplicate_rows or contract.unique or is_whole_period(source) or not hashes:
        return []
    return [
        name
        for name, column in columns.items()
        if column.type in ("number", "integer")
        and name not in texts_of(source)
        and (source.layout != "wide" or sums is None or name in sums)
    ]


def day_marks(relation: Relation, table: ir.Table, numbers: Sequence[str]) -> dict[str, Any]:
    """Make the columns that :func:`day_measures` measures; nothing where there are no numbers.

    Parameters
    ----------
    table
        The rows, typed as the contract says.
    numbers
        See :func:`compared_columns`.
    """
    if not numbers:
        return {}
    not_zero = [table[name].fill_null(0) != 0 for name in numbers]
    marks = {
        HASH: _row_hash(table, relation.columns, relation.connection.name),
        NOT_ZERO: reduce(lambda one, other: one | other, not_zero).cast("int32"),
    }
    if len(relation.files) > 1:
        marks[FILE] = table[FILE]
    return marks


def day_measures(marks: Collection[str]) -> dict[str, Callable[[Any], Any]]:
    """Return what is measured of the rows of every day, by the marks that they carry."""
    measures: dict[str, Callable[[Any], Any]] = {}
    if HASH in marks:
        measures["hashes"] = lambda rows: rows[HASH].bit_xor()
        measures["not_zero"] = lambda rows: rows[NOT_ZERO].max()
    if FILE in marks:
        measures["first"] = lambda rows: rows[FILE].min()
        measures["last"] = lambda rows: rows[FILE].max()
    return measures


def check_days(relation: Relation, coverage: Coverage) -> list[Breach]:
    """List the days on which every row is there again.

    Parameters
    ----------
    coverage
        With what :func:`day_measures` measured; nothing is found where it was not.
    """
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
    examples = [
        Example(
            _files(relation, span),
            _days(span),
            f"{int(span['n'].sum()) // 2} rows, each there again",
        )
        for span in _spans(again)
    ]
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


def _spans(days: pd.DataFrame) -> list[pd.DataFrame]:
    """Split days into those that follow each other, in one region and the same files."""
    new = days["date"].diff() != pd.Timedelta(days=1)
    for name in days.columns.intersection(["region", "first", "last"]):
        new |= days[name] != days[name].shift()
    return [span for _, span in days.groupby(new.cumsum())]


def _files(relation: Relation, span: pd.DataFrame) -> str:
    ends = (span["first"].iloc[0], span["last"].iloc[0]) if "first" in span else ()
    return " and ".join(relation.named(str(file)) for file in dict.fromkeys(ends)) or relation.label


def _days(span: pd.DataFrame) -> str:
    first, last = span["date"].iloc[0].date(), span["date"].iloc[-1].date()
    days = f"the day {first}" if first == last else f"the days {first} to {last}"
    return f"{days}, region '{span['region'].iloc[0]}'" if "region" in span else days


# --- hashes ---------------------------------------------------------------------------------


def _row_hash(table: ir.Table, names: Sequence[str], backend: str) -> Any:
    """Expression: a hash of each row that no exclusive or of others' gives.

    DuckDB joins the hashes of columns by exclusive or: of all pairs of campaigns and devices they
    would cancel each other out. The hash of the hash does not.
    """
    import ibis

    if backend == "duckdb":
        return _hash([_hash([table[name] for name in names])])
    texts = [table[name].cast("string").fill_null(NOTHING) for name in names]
    joined = reduce(lambda one, other: one + SEPARATOR + other, texts)
    hashed = ibis.udf.scalar.builtin(
        _function(2), name="hashtextextended", signature=(("string", "int64"), "int64")
    )
    return hashed(joined, ibis.literal(0, type="int64"))


def _hash(values: Sequence[Any]) -> Any:
    """Expression: DuckDB's own hash; ibis' goes by way of a text of bits, which takes most of the time."""
    import ibis

    kinds = tuple(value.type() for value in values)
    hashed = ibis.udf.scalar.builtin(
        _function(len(values)), name="hash", signature=(kinds, "uint64")
    )
    return hashed(*values)


def _function(width: int) -> Callable[..., Any]:
    """Make a function of so many arguments; the database has its body."""

    def hashed(*keys: Any) -> Any:
        return keys

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    hashed.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(f"key{number}", kind) for number in range(width)]
    )
    return hashed
