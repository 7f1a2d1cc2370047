"""Sources as relations: rows wherever they lie, as an expression.

Nothing is read before it is counted or summed, and that happens where the rows lie: in DuckDB,
in bounded memory, for files; in the database for a table.
"""

from __future__ import annotations

import csv
import os
import re
import tempfile
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.data.read.files import format_of
from mmmlib.data.read.problems import Problems, named_from
from mmmlib.data.read.readers import named, value_as_text
from mmmlib.params.messages import did_you_mean
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

FILE = "_file"
"""Column that is added to rows of files: the path of theirs."""
ROW = "_row"
"""Column that is added to rows that were read here: their number in the file."""
DAY = "_day"
"""Column that is added to rows once it is known how their dates are read."""
MEMORY = "1200MB"
"""What DuckDB may hold in memory; beyond it, it goes to a temporary folder."""
HELD = 16_000_000
"""Bytes of files up to which a source is read once and held; a larger one is read anew, as a
stream, for every question."""
PACKED = 8
"""About how many bytes of text a byte of Parquet is; what is held is not packed."""


@dataclass(frozen=True)
class Relation:
    """A source that is open.

    Parameters
    ----------
    name, source
        The source's name in the parameters, and what they say of it.
    table
        Its rows, as delivered: text from CSV and Excel, typed elsewhere. Files carry
        their path in ``_file``; rows that were read here their number in ``_row``.
    files
        The files that it is made of; none for a table of a database.
    size
        Bytes of the files; none where it is not known.
    is_text
        Whether every cell is text, as in CSV and Excel.
    folder
        Where the sources lie; messages name files from there.
    counts_as_seen
        Whether ``_row`` counts rows as a person does in the file, blank ones too.
    stamps
        Size and time of change of the files before they were read.
    """

    name: str
    source: Source
    table: ir.Table
    files: tuple[str, ...] = ()
    connection: Any = None
    size: int | None = None
    is_text: bool = False
    folder: Path = Path()
    counts_as_seen: bool = False
    stamps: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    keeps: Callable[[ir.Table], Any] | None = None
    """Says which rows are kept, where some are left out on purpose."""

    @property
    def label(self) -> str:
        """What messages call the place."""
        return self.named(self.files[0]) if len(self.files) == 1 else self.source.where

    def named(self, file: str) -> str:
        """What messages call a file of it."""
        return named_from(self.folder, file)

    @property
    def columns(self) -> list[str]:
        """Names of the delivered columns."""
        return [name for name in self.table.columns if not name.startswith("_")]

    def lacks(self, columns: Iterable[str], key: str, problems: Problems) -> bool:
        """Report columns that a key of the source names and that are not there; say if any is."""
        lacking = [name for name in columns if name not in self.columns]
        for name in lacking:
            problems.add(
                self.label,
                f"column {name} (data.sources.{self.name}.{key})",
                "no such column",
                f"one of {', '.join(self.columns[:12])}",
                did_you_mean(name, self.columns),
            )
        return bool(lacking)

    @property
    def is_small(self) -> bool:
        """Whether its rows are held once they were read; never those of a database."""
        packed = bool(self.files) and format_of(self.source, self.files[0]) == "parquet"
        return self.size is not None and self.size * (PACKED if packed else 1) <= HELD

    def held(self) -> Relation:
        """Read a small source once, instead of once for every question."""
        if not self.is_small or self.counts_as_seen:
            return self
        table = self.table
        if len(self.files) == 1 and ROW not in table.columns:
            table = self._numbered(table, self.files[0])
        return replace(self, table=self.hold(table))

    def hold(self, table: ir.Table) -> ir.Table:
        """Compute a table of this source now; it lives as long as the connection."""
        import ibis

        return self.connection.create_table(ibis.util.gen_name("held"), table, temp=True)

    def with_days(self, day: Any) -> Relation:
        """Add the day of every row."""
        return replace(self, table=self.table.mutate(**{DAY: day}))

    def one_file(self, file: str) -> ir.Table:
        """Return the rows of one file with their numbers, as a person counts them there."""
        import ibis

        if ROW in self.table.columns:
            return self.table.filter(self.table[FILE] == file)
        table = self._numbered(read_files(self.connection, self.source, [file]), file)
        # Alone it may lack columns that others have, or have others' in another type.
        same = {
            name: table[name].try_cast(self.table[name].type())
            if name in table.columns
            else ibis.null(self.table[name].type())
            for name in self.columns
            if name not in table.columns or table[name].type() != self.table[name].type()
        }
        table = table.mutate(**same)
        return table if self.keeps is None else table.filter(self.keeps(table))

    def _numbered(self, table: ir.Table, file: str) -> ir.Table:
        """Number the rows of a file; blank lines of a CSV file do not count."""
        import ibis

        first = self.source.header_row + 1 if self._is_csv(file) else 1
        return table.mutate(**{ROW: ibis.row_number() + first})

    def _is_csv(self, file: str) -> bool:
        return format_of(self.source, file) == "csv"

    def place(self, row: Mapping[str, Any]) -> tuple[str, int | None]:
        """Return what messages call the file of a row, and its number there; None if unknown."""
        if FILE not in row:
            return self.label, None
        number = row.get(ROW)
        if number is not None:
            number = self.places(row[FILE], [number]).get(number, number)
        return self.named(row[FILE]), number

    def places(self, file: str, numbers: Collection[int]) -> dict[int, int]:
        """Return the rows as a person counts them in the file, by their numbers in ``_row``."""
        if self.counts_as_seen or not self._is_csv(file):
            return dict(zip(numbers, numbers, strict=True))
        return rows_in_csv(file, numbers, self.source)


def connect() -> Any:
    """Return DuckDB in this thread, with bounded memory; sources that are open together share it."""
    import ibis

    found = _shared.connection() if hasattr(_shared, "connection") else None
    if found is None:
        found = ibis.duckdb.connect(
            memory_limit=MEMORY,
            threads=os.cpu_count() or 1,
            temp_directory=str(Path(tempfile.gettempdir()) / f"mmm-{os.getpid()}"),
        )
        _shared.connection = weakref.ref(found)
    return found


_shared = threading.local()


def of_text(
    name: str, source: Source, text: Any, files: tuple[str, ...], folder: Path, size: int
) -> Relation:
    """Make a relation of cells that were read as text, indexed by row."""
    import ibis
    import pyarrow as pa

    frame = text if FILE in text else text.assign(**{FILE: files[0]})
    columns = {str(n): pa.array(frame[n].tolist(), pa.string()) for n in frame.columns}
    rows = pa.array([int(row) for row in frame.index], pa.int64())
    connection = connect()
    table = connection.create_table(
        ibis.util.gen_name("text"), ibis.memtable(pa.table({**columns, ROW: rows})), temp=True
    )
    return Relation(name, source, table, files, connection, size, True, folder, True)


def as_text(relation: Relation) -> Any:
    """Return every cell of a source of one file as text, by its row there; a pandas table."""
    import pandas as pd
    import pyarrow as pa

    table = relation.one_file(relation.files[0]).order_by(ROW).to_pyarrow()
    numbers = table[ROW].to_pylist()
    places = relation.places(relation.files[0], numbers)
    columns = {}
    for name in relation.columns:
        try:
            cells = table[name].cast(pa.string()).fill_null("").to_pylist()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            cells = [value_as_text(value) for value in table[name].to_pylist()]
        columns[name] = [cell.strip() for cell in cells]
    index = pd.Index([places[number] for number in numbers], name="row")
    return pd.DataFrame(columns, index=index, dtype="str")


# --- read by DuckDB -------------------------------------------------------------------------


def read_files(connection: Any, source: Source, paths: list[str]) -> ir.Table:
    """Read files of one format into one table; text stays text."""
    import ibis

    kind = format_of(source, paths[0])
    names = [re.sub(r"([*?\[])", r"[\1]", path) if "://" not in path else path for path in paths]
    if kind == "parquet":
        options = {"filename": FILE, "hive_partitioning": True, "union_by_name": True}
        return _read(connection, "parquet", names, options)
    if kind == "jsonl":
        options = {
            "format": "newline_delimited",
            "filename": FILE,
            "union_by_name": True,
            "convert_strings_to_integers": False,
            # A text of any other form stays one, and is judged as one.
            "dateformat": "%Y-%m-%d",
            "timestampformat": "%Y-%m-%d %H:%M:%S",
        }
        return _read(connection, "json", names, options)
    groups: dict[tuple[str, ...], list[str]] = {}
    for path, escaped in zip(paths, names, strict=True):
        groups.setdefault(tuple(csv_header(path, source)), []).append(escaped)
    tables = [
        _read(
            connection,
            "csv",
            group,
            {
                "columns": dict.fromkeys(header, "VARCHAR"),
                "auto_detect": False,
                "header": True,
                "skip": source.header_row - 1,
                "delim": source.delimiter,
                "quote": '"',
                "escape": '"',
                "filename": FILE,
                "strict_mode": True,
                "max_line_size": 1_000_000,
            },
        )
        for header, group in groups.items()
    ]
    every = list(dict.fromkeys(name for table in tables for name in table.columns))
    same = [
        table.mutate(
            **{name: ibis.null("string") for name in every if name not in table.columns}
        ).select(every)
        for table in tables
    ]
    return same[0] if len(same) == 1 else ibis.union(*same, distinct=False)


def _read(connection: Any, kind: str, paths: list[str], options: dict[str, Any]) -> ir.Table:
    """Read files of one kind by DuckDB's own SQL.

    For files of a store ibis would load DuckDB's S3 client, which knows nothing of the credentials
    that fsspec has.
    """
    import ibis

    words = ", ".join(f"{key} = {_literal(value)}" for key, value in options.items())
    name = ibis.util.gen_name("files")
    rows = f"SELECT * FROM read_{kind}({_literal(paths)}, {words})"  # noqa: S608  # quoted
    connection.raw_sql(f"CREATE TEMP VIEW {name} AS {rows}")
    table: ir.Table = connection.table(name)
    return table


def _literal(value: object) -> str:
    """Write a value as DuckDB reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        pairs = (f"{_literal(key)}: {_literal(part)}" for key, part in value.items())
        return f"{{{', '.join(pairs)}}}"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


# --- rows of a CSV file -----------------------------------------------------------------------


@contextmanager
def _records(path: str | Path, source: Source) -> Iterator[Iterator[list[str]]]:
    """Yield the records of a CSV file from its header on, blank ones included."""
    import fsspec

    words = {"encoding": source.text_encoding, "errors": "replace", "newline": ""}
    with fsspec.open(str(path), "rt", compression="infer", **words) as file:
        records = csv.reader(file, delimiter=source.delimiter)
        for _ in range(source.header_row - 1):
            next(records, [])
        yield records


def csv_header(path: str | Path, source: Source) -> list[str]:
    """Names of the columns of a CSV file."""
    with _records(path, source) as records:
        return named(next(records, []))


def rows_in_csv(path: str | Path, numbers: Collection[int], source: Source) -> dict[int, int]:
    """Return where rows are in a CSV file, as a person counts them there, the header being row 1.

    DuckDB leaves out blank lines, and so they are missing in its numbers. The file is read again up
    to the last of these rows: they are few, and only those that are wrong.
    """
    found: dict[int, int] = {}
    number = source.header_row - 1
    with _records(path, source) as records:
        for place, cells in enumerate(records, source.header_row):
            number += bool(cells)
            if cells and number in numbers:
                found[number] = place
            if len(found) == len(set(numbers)):
                break
    return found
