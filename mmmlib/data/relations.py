"""Sources as relations: files through DuckDB in bounded memory, databases by their URL.

A relation is an expression. Nothing is read before it is counted or summed, and that
happens where the rows lie: in DuckDB for files, in the database for a table.
"""

from __future__ import annotations

import csv
import os
import re
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from mmmlib.data.problems import Problems
from mmmlib.errors import InputError, MMMError
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.source import FORMATS, WILD, Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

FILE, ROW = "_file", "_row"
"""Columns that are added: where a row lies."""
MEMORY = "1200MB"
"""What DuckDB may hold in memory; beyond it, it goes to a temporary folder."""
HELD = 16_000_000
"""Bytes of files up to which a source is read once and held; a larger one is read anew, as a
stream, for every question."""
VARIABLE = re.compile(r"\$\{(\w+)\}")
EXTRAS = {"postgresql": "postgres", "postgres": "postgres", "s3": "cloud", "gs": "cloud"}


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
    """

    name: str
    source: Source
    table: ir.Table
    files: tuple[str, ...] = ()
    connection: Any = None
    size: int | None = None

    @property
    def label(self) -> str:
        """What messages call the place."""
        if len(self.files) == 1:
            return self.files[0]
        return self.source.where

    @property
    def columns(self) -> list[str]:
        """Names of the delivered columns."""
        return [name for name in self.table.columns if not name.startswith("_")]

    @property
    def is_text(self) -> bool:
        """Whether every cell is text, as in CSV and Excel."""
        return ROW in self.table.columns or any(
            format_of(self.source, file) == "csv" for file in self.files[:1]
        )

    @property
    def is_small(self) -> bool:
        """Whether its rows are held once they were read; never those of a database."""
        return self.size is not None and self.size <= HELD

    def held(self) -> Relation:
        """Read a small source once, instead of once for every question."""
        return replace(self, table=self.hold(self.table)) if self.is_small else self

    def hold(self, table: ir.Table) -> ir.Table:
        """Compute a table of this source now; it lives as long as the connection."""
        import ibis

        return self.connection.create_table(ibis.util.gen_name("held"), table, temp=True)

    def one_file(self, file: str) -> ir.Table:
        """Return the rows of one file with their numbers, as a person counts them there."""
        import ibis

        if ROW in self.table.columns:
            return self.table.filter(self.table[FILE] == file)
        table = _read_files(self.connection, self.source, [file])
        first = 2 if format_of(self.source, file) == "csv" else 1
        table = table.mutate(**{ROW: ibis.row_number() + first})
        lacking = [name for name in self.columns if name not in table.columns]
        return table.mutate(**{name: ibis.null("string") for name in lacking})


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


def open_relation(name: str, source: Source, folder: Path, problems: Problems) -> Relation | None:
    """Open a source.

    Parameters
    ----------
    name, source
        The source's name, and what the parameters say of it.
    folder
        ``data.root``: no file outside it is opened.
    problems
        Receives what is wrong with the place or the files.

    Returns
    -------
    Relation or None
        None where it cannot be opened.
    """
    problems.own(source.where, name, source.owner)
    if source.url is not None:
        return _open_database(name, source, folder, problems)
    if "://" in source.path:
        return _open_remote(name, source, problems)
    files = find_files(name, source, folder, problems)
    if not files:
        return None
    kinds = {format_of(source, file) for file in files}
    if len(kinds) > 1 or None in kinds:
        endings = ", ".join(sorted({Path(file).suffix or "(none)" for file in files}))
        problems.add(
            source.path, "the files", f"the endings {endings}", f"one of {', '.join(FORMATS)}"
        )
        return None
    paths = [str(file) for file in files]
    if kinds == {"excel"}:
        return _open_text(name, source, files, problems)
    if kinds == {"csv"} and not _same_headers(source, paths, problems):
        return None
    connection = connect()
    table = _read_or_report(connection, source, paths, problems)
    if table is None:
        return None
    size = sum(file.stat().st_size for file in files)
    return Relation(name, source, table, tuple(paths), connection, size)


def format_of(source: Source, file: str | Path) -> str | None:
    """Format of a file: as declared, else by its ending."""
    name = str(file).removesuffix(".gz")
    return source.format or FORMATS.get(Path(name).suffix.lower())


def find_files(name: str, source: Source, folder: Path, problems: Problems) -> list[Path]:
    """List the files of a source, sorted; none may lie outside the folder, by a link either."""
    root = folder.resolve()
    place = root / source.path
    if WILD.search(source.path):
        found = sorted(path for path in root.glob(source.path) if path.is_file())
    elif place.is_dir():
        endings = [end for end, kind in FORMATS.items() if source.format in (None, kind)]
        found = sorted(
            path
            for path in place.rglob("*")
            if path.is_file() and path.name.removesuffix(".gz").endswith(tuple(endings))
        )
    else:
        found = [place] if place.is_file() else []
    for path in (place, *found):
        problems.own(path, name, source.owner)
    outside = [path for path in found if not path.resolve().is_relative_to(root)]
    for path in outside:
        problems.add(
            path,
            f"data.sources.{name}",
            "a link that leaves the folder of the sources",
            f"a file inside {root}",
        )
    if not found:
        around = place.parent
        known = [f.name for f in around.iterdir()] if around.is_dir() else []
        problems.add(
            place,
            f"data.sources.{name}",
            "no such file",
            "the file of this source",
            did_you_mean(place.name, known) or "Pass --set data.root=FOLDER if it lies elsewhere.",
        )
    return [] if outside else found


# --- files ---------------------------------------------------------------------------------


def _read_files(connection: Any, source: Source, paths: list[str]) -> ir.Table:
    """Read files of one format into one table; text stays text."""
    import ibis

    kind = format_of(source, paths[0])
    names = [re.sub(r"([*?\[])", r"[\1]", path) if "://" not in path else path for path in paths]
    if kind == "parquet":
        return connection.read_parquet(
            names, filename=FILE, hive_partitioning=True, union_by_name=True
        )
    if kind == "jsonl":
        return connection.read_json(
            names,
            format="newline_delimited",
            filename=FILE,
            union_by_name=True,
            convert_strings_to_integers=False,
        )
    groups: dict[tuple[str, ...], list[str]] = {}
    for path, escaped in zip(paths, names, strict=True):
        groups.setdefault(tuple(csv_header(path)), []).append(escaped)
    tables = [
        connection.read_csv(
            group,
            columns=dict.fromkeys(header, "VARCHAR"),
            auto_detect=False,
            header=True,
            delim=",",
            quote='"',
            escape='"',
            filename=FILE,
            strict_mode=True,
            max_line_size=1_000_000,
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


def _read_or_report(
    connection: Any, source: Source, paths: list[str], problems: Problems
) -> ir.Table | None:
    try:
        return _read_files(connection, source, paths)
    except Exception as error:
        if not _is_of_a_database(error):
            raise
        problems.add(*_told(error, source.path))
        return None


def csv_header(path: str | Path) -> list[str]:
    """Names of the columns of a CSV file."""
    import gzip

    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as file:
        return [cell.strip() for cell in next(csv.reader(file), [])]


def _same_headers(source: Source, paths: list[str], problems: Problems) -> bool:
    """Say whether the headers can be read, and report files that lack what others have."""
    headers: dict[str, list[str]] = {}
    good = True
    for path in paths:
        try:
            header = csv_header(path)
        except (UnicodeDecodeError, OSError, EOFError, csv.Error) as error:
            problems.add(path, "row 1", f"no readable header ({error})", "text in UTF-8")
            good = False
            continue
        headers[path] = header
        separator = next((mark for mark in (";", "\t", "|") if mark in "".join(header)), "")
        if not any(header):
            problems.add(path, "the file", "an empty file", "a header and rows")
        elif len(header) == 1 and separator:
            problems.add(
                path,
                "row 1",
                f"columns separated by {shown(separator)}",
                "columns separated by ','",
                "Save the file with commas, and numbers with a decimal point.",
            )
        elif len(set(header)) < len(header) or not all(header):
            problems.add(path, "row 1", "a column name twice, or none", "every column name once")
        else:
            continue
        good = False
    if not good:
        return False
    # With a contract it is the contract that says which columns have to be there.
    listed = source.contract.columns if source.contract else {}
    first, usual = next(iter(headers.items()))
    for path, header in headers.items():
        for name in dict.fromkeys([*usual, *header]):
            optional = name in listed and not listed[name].required
            lacking = path if name not in header else first if name not in usual else ""
            if lacking and not optional:
                problems.add(
                    lacking,
                    "row 1",
                    f"no column {shown(name)}",
                    "the columns of the other files of this source",
                    "List it in the contract with 'required: false' if it may be missing.",
                )
                good = False
    return good


def _open_text(name: str, source: Source, files: list[Path], problems: Problems) -> Relation | None:
    """Open files that are read as text here: workbooks."""
    import pandas as pd

    from mmmlib.data.readers import read_table

    parts = []
    for file in files:
        text = read_table(file, problems, source.sheet)
        if text is not None:
            parts.append(text.assign(**{FILE: str(file)}))
    if len(parts) < len(files):
        return None
    return of_text(name, source, pd.concat(parts), tuple(map(str, files)))


def of_text(name: str, source: Source, text: Any, files: tuple[str, ...]) -> Relation:
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
    return Relation(name, source, table, files, connection)


def _open_remote(name: str, source: Source, problems: Problems) -> Relation | None:
    """Open files of an object store through fsspec."""
    import fsspec

    scheme = urlsplit(source.path).scheme
    try:
        system, pattern = fsspec.core.url_to_fs(source.path)
        found = system.glob(pattern) if WILD.search(pattern) else [pattern]
        files = [f"{scheme}://{file}" for file in sorted(map(str, found))]
    except ImportError as error:
        problems.add(
            source.path,
            f"data.sources.{name}",
            f"a path that needs a library that is not here ({error})",
            "the extra 'cloud'",
            "Install it: pip install 'mmm-workbook[cloud]'.",
        )
        return None
    except Exception as error:  # every store has errors of its own; all are told
        problems.add(
            source.path, f"data.sources.{name}", _first_line(error), "a store that answers"
        )
        return None
    if not files:
        problems.add(source.path, f"data.sources.{name}", "no such file", "the file of this source")
        return None
    connection = connect()
    connection.con.register_filesystem(system)
    table = _read_or_report(connection, source, files, problems)
    if table is None:
        return None
    size = sum(int(bytes_ or HELD) for bytes_ in system.sizes(files))
    return Relation(name, source, table, tuple(files), connection, size)


# --- databases -----------------------------------------------------------------------------


def _open_database(name: str, source: Source, folder: Path, problems: Problems) -> Relation | None:
    """Open a table or a query of a database."""
    import ibis

    assert source.url is not None
    place = f"data.sources.{name}"
    absent = [word for word in VARIABLE.findall(source.url) if not os.environ.get(word)]
    if absent:
        problems.add(
            source.where,
            place,
            f"no {', '.join(absent)} in the environment",
            "credentials in the environment",
            f"Set {absent[0]} for the process that runs the refresh.",
        )
        return None
    url = VARIABLE.sub(lambda match: quote(os.environ[match[1]], safe=""), source.url)
    scheme = urlsplit(url).scheme
    try:
        if scheme == "duckdb":
            connection = _open_file_database(url, folder)
        elif scheme == "sqlite":  # its columns have no types, and its path may leave the folder
            problems.add(source.where, place, "a SQLite database", "typed columns", _AS_PARQUET)
            return None
        else:
            connection = ibis.connect(url)
            close = getattr(getattr(connection, "con", None), "close", None)
            if close is not None:  # with the last expression that needs it
                weakref.finalize(connection, close)
        if source.query is not None and scheme == "duckdb":
            connection.raw_sql(f"CREATE TEMP VIEW query_of_source AS {source.query}")
            table = connection.table("query_of_source")
        elif source.query is not None and connection.name == "postgres":
            # ibis 12 asks for the columns of a query with a statement that PostgreSQL refuses.
            with connection.con.transaction():
                connection.con.execute(f"CREATE TEMP VIEW query_of_source AS {source.query}")
            schema = connection.get_schema("query_of_source")
            table = connection.sql(source.query, schema=schema)
        elif source.query is not None:
            table = connection.sql(source.query)
        else:
            *schema, last = str(source.table).split(".")
            table = connection.table(last, database=".".join(schema) or None)
    except Exception as error:  # every driver has errors of its own; all are told
        problems.add(
            source.where, place, *_why_no_table(error, source, scheme, _secrets(source.url))
        )
        return None
    return Relation(name, source, table, (), connection)


def _open_file_database(url: str, folder: Path) -> Any:
    """Open a database that is a file inside the folder; its queries see nothing beside it."""
    import ibis

    path = (folder / url.partition("://")[2].lstrip("/")).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise FileNotFoundError(f"no such file inside {folder}: {url}")
    connection = ibis.duckdb.connect(path, read_only=True, memory_limit=MEMORY)
    connection.raw_sql("SET enable_external_access = false")
    return connection


def _secrets(url: str) -> list[str]:
    return [os.environ[word] for word in VARIABLE.findall(url) if os.environ.get(word)]


def _why_no_table(
    error: Exception, source: Source, scheme: str, secrets: list[str]
) -> tuple[str, str, str]:
    """Return found, expected and action; what the environment holds is not repeated."""
    reason = _first_line(error)
    for secret in secrets:
        reason = reason.replace(secret, "…")
    if isinstance(error, ImportError):
        extra = EXTRAS.get(scheme, scheme)
        return (
            f"a URL that needs a library that is not here ({reason})",
            f"the extra '{extra}'",
            f"Install it: pip install 'mmm-workbook[{extra}]' or 'ibis-framework[{scheme}]'.",
        )
    kind = type(error).__name__
    if kind == "TableNotFound" or "does not exist" in reason or "no such table" in reason:
        found = f"no {'table ' + shown(source.table) if source.table else 'such table'} ({reason})"
        return found, "the table of this source", "Ask its owner whether it moved."
    return (
        f"no answer from the database ({kind}: {reason})",
        "a connection",
        "Check the address and the credentials in the environment.",
    )


# --- what goes wrong while reading ---------------------------------------------------------


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Turn what a database says while it reads into an :class:`InputError`."""
    try:
        yield
    except MMMError:
        raise
    except Exception as error:
        if not _is_of_a_database(error):
            raise
        file, where, found, expected, action = _told(error, place)
        raise InputError.one(file, where, found, expected, action) from error


def _is_of_a_database(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0].lstrip("_") in ("duckdb", "psycopg", "sqlite3")


def _told(error: Exception, place: str) -> tuple[str, str, str, str, str]:
    """Return file, place, found, expected and action of an error of DuckDB or a driver."""
    text = str(error)
    file = re.search(
        r"^\s*file = (.+)$|file \"([^\"]+)\"|path \"([^\"]+)\"|file '([^']+)'", text, re.MULTILINE
    )
    where = next((group for group in file.groups() if group), place) if file else place
    line = re.search(r"CSV Error on Line: (\d+)|in line (\d+)", text)
    row = f"row {next(filter(None, line.groups()))}" if line else "the file"
    short = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if short:
        return where, row, f"{short[2]} cells", f"{short[1]} cells, as in the header", _CUT_OFF
    if "not utf-8" in text.lower() or "invalid unicode" in text.lower():
        return where, row, "a byte that is not UTF-8", "text in UTF-8", _UTF8
    if "unterminated quote" in text.lower() or "quote" in text.lower():
        return where, row, "broken quoting", "every quote closed", _CUT_OFF
    if "parquet" in text.lower() or "magic bytes" in text.lower():
        return where, row, "no readable Parquet file", "a whole Parquet file", _CUT_OFF
    if "json" in text.lower():
        return where, row, "no readable JSON", "one JSON object on every line", _CUT_OFF
    return where, row, f"no readable rows ({_first_line(error)})", "rows", ""


_AS_PARQUET = "Export the table as Parquet."
_UTF8 = "Save the file as 'CSV UTF-8'."
_CUT_OFF = "The file may be cut off: ask for it again."
