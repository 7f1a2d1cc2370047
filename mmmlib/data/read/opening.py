"""A source opened: files of this machine or a store, or a table of a database, by URL.

Credentials of a database come from the environment.
"""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Mapping
from csv import Error as CsvError
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from mmmlib.data.read.files import find_files, format_of, is_hidden
from mmmlib.data.read.problems import (
    Problems,
    database_problem,
    first_line,
    is_of_a_database,
    why_no_table,
)
from mmmlib.data.read.readers import are_distinct, read_table, refuse_separator
from mmmlib.data.read.relations import (
    FILE,
    HELD,
    MEMORY,
    Relation,
    connect,
    csv_header,
    of_text,
    read_files,
)
from mmmlib.params.messages import shown
from mmmlib.params.source import FORMATS, WILD, Source

WHOLE = 2_000_000
"""Bytes of CSV files up to which they are read here, so that every row that is wrong is named at
once; DuckDB, which reads larger ones, stops at the first."""
CONVERTED = 100_000_000
"""Bytes of CSV files in another encoding than UTF-8 up to which they are read here."""


def open_relation(name: str, source: Source, folder: Path, problems: Problems) -> Relation | None:
    """Open a source; None where it cannot be opened, and ``problems`` say why.

    No file outside ``folder``, which is ``data.root``, is opened.
    """
    problems.own(source.where, name, source.owner)
    if source.url is not None:
        return _open_database(name, source, folder, problems)
    connection = connect()
    remote = "://" in source.path
    if remote:
        paths, size = _find_in_store(name, source, connection, problems)
    else:
        found = find_files(name, source, folder, problems)
        paths, size = [str(file) for file in found], sum(file.stat().st_size for file in found)
    if not paths:
        return None
    kinds = {format_of(source, path) for path in paths}
    if len(kinds) > 1 or None in kinds:
        endings = sorted({Path(path).suffix or "(none)" for path in paths})
        place, seen = "the files", f"the endings {', '.join(endings)}"
        if len(paths) == 1:
            place, seen = "the file", f"the ending '{endings[0]}'"
        problems.add(source.path, place, seen, f"one of {', '.join(FORMATS)}")
        return None
    csv = kinds == {"csv"}
    plain = source.encoding == "utf-8"  # DuckDB reads no other
    if csv and not plain and (remote or size > CONVERTED or any(p.endswith(".gz") for p in paths)):
        seen, expected = f"{source.encoding}, and {size / 1e6:,.0f} MB", "text in UTF-8"
        problems.add(source.path, "the encoding", seen, expected, "Have it exported as UTF-8.")
        return None
    small = csv and (
        not plain or (size <= WHOLE and not any(path.endswith(".gz") for path in paths))
    )
    if not remote and (small or kinds == {"excel"}):
        return _open_text(name, source, paths, folder, size, problems)
    if csv:
        good = same_headers(source, paths, problems)
    else:
        good = same_fields(connection, source, paths, problems)
    if not good:
        return None
    try:
        table = read_files(connection, source, paths)
    except Exception as error:
        if not is_of_a_database(error):
            raise
        problems.add(*database_problem(error, source.path))
        return None
    return Relation(name, source, table, tuple(paths), connection, size, csv, folder)


def _open_text(
    name: str, source: Source, paths: list[str], folder: Path, size: int, problems: Problems
) -> Relation | None:
    """Open files that are read whole, cell by cell: workbooks and small CSV files."""
    import pandas as pd

    read = {path: read_table(Path(path), source, problems) for path in paths}
    parts = {path: text for path, text in read.items() if text is not None}
    headers = {path: list(map(str, text)) for path, text in parts.items()}
    if len(parts) < len(paths) or not same_columns(source, headers, problems):
        return None
    text = pd.concat([part.assign(**{FILE: path}) for path, part in parts.items()]).fillna("")
    return of_text(name, source, text, tuple(paths), folder, size)


def _find_in_store(
    name: str, source: Source, connection: Any, problems: Problems
) -> tuple[list[str], int]:
    """List the files of an object store, with their size, and let DuckDB read it by fsspec."""
    import fsspec

    place, scheme = f"data.sources.{name}", urlsplit(source.path).scheme
    try:
        system, pattern = fsspec.core.url_to_fs(source.path)
        exact = [pattern] if system.exists(pattern) else []
        found = system.glob(pattern) if WILD.search(pattern) else exact
        seen = [file for file in map(str, found) if not is_hidden(Path(file).parts, pattern)]
        files = [f"{scheme}://{file.lstrip('/')}" for file in sorted(seen)]
        size = sum(int(bytes_ or HELD) for bytes_ in system.sizes(files))
    except ImportError as error:
        found_ = f"a path that needs a library that is not here ({error})"
        action = "Install it: pip install 'mmm-workbook[cloud]'."
        problems.add(source.path, place, found_, "the extra 'cloud'", action)
        return [], 0
    except Exception as error:  # every store has errors of its own; all are reported
        problems.add(source.path, place, first_line(error), "a store that answers")
        return [], 0
    if not files:
        problems.add(source.path, place, "no such file", "the file of this source")
    elif not connection.con.filesystem_is_registered(scheme):
        connection.con.register_filesystem(system)
    return files, size


# --- files that belong together ---------------------------------------------------------------


def same_headers(source: Source, paths: list[str], problems: Problems) -> bool:
    """Say whether the headers can be read, and report files that lack what others have."""
    headers: dict[str, list[str]] = {}
    good = True
    for path in paths:
        try:
            header = csv_header(path, source)
        except (UnicodeDecodeError, OSError, EOFError, CsvError) as error:
            problems.add(path, "row 1", f"no readable header ({error})", "text in UTF-8")
            good = False
            continue
        headers[path] = header
        if not any(header):
            problems.add(path, "the file", "an empty file", "a header and rows")
        elif refuse_separator(path, header, source.delimiter, problems):
            pass
        elif are_distinct(path, header, source.header_row, problems):
            continue
        good = False
    return good and same_columns(source, headers, problems)


def same_fields(connection: Any, source: Source, paths: list[str], problems: Problems) -> bool:
    """Report Parquet and JSON files that lack what others have; broken ones are reported when they are read."""
    import fsspec
    import pyarrow as pa
    import pyarrow.parquet as pq

    headers = {}
    for path in paths if len(paths) > 1 else ():
        try:
            if format_of(source, path) == "parquet":
                with fsspec.open(path, "rb") as file:
                    names = pq.read_schema(file).names
            else:
                names = read_files(connection, source, [path]).columns
        except Exception as error:
            if not is_of_a_database(error) and not isinstance(error, pa.ArrowInvalid | OSError):
                raise
            continue
        headers[path] = [name for name in names if not name.startswith("_")]
    return same_columns(source, headers, problems, "the columns")


def same_columns(
    source: Source, headers: Mapping[str, list[str]], problems: Problems, place: str = "row 1"
) -> bool:
    """Report files that lack what others of the source have; say whether none does."""
    if not headers:
        return True
    good = True
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
                    place,
                    f"no column {shown(name)}",
                    "the columns of the other files of this source",
                    "List it in the contract with 'required: false' if it may be missing.",
                )
                good = False
    return good


# --- databases ------------------------------------------------------------------------------


VARIABLE = re.compile(r"\$\{(\w+)\}")
PATIENCE = 30
"""Seconds that a server may take to answer, and a lock on a table to go."""
EXTRAS = {"postgresql": "postgres", "postgres": "postgres", "s3": "cloud", "gs": "cloud"}


def _open_database(name: str, source: Source, folder: Path, problems: Problems) -> Relation | None:
    """Open a table or a query of a database."""
    assert source.url is not None
    place = f"data.sources.{name}"
    absent = [word for word in VARIABLE.findall(source.url) if not os.environ.get(word)]
    if absent:
        found = f"no {', '.join(absent)} in the environment"
        action = f"Set {absent[0]} for the process that runs the refresh."
        problems.add(source.where, place, found, "credentials in the environment", action)
        return None
    url = VARIABLE.sub(lambda match: quote(os.environ[match[1]], safe=""), source.url)
    scheme = urlsplit(url).scheme
    try:
        if scheme == "duckdb":
            connection = _open_file_database(url, folder)
        elif scheme == "sqlite":  # its columns have no types, and its path may leave the folder
            found, action = "a SQLite database", "Export the table as Parquet."
            problems.add(source.where, place, found, "typed columns", action)
            return None
        else:
            connection = _connect(url, scheme)
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
    except Exception as error:  # every driver has errors of its own; all are reported
        problems.add(source.where, place, *_why_no_answer(error, scheme, _secrets(source.url)))
        return None
    return Relation(name, source, table, (), connection)


def _connect(url: str, scheme: str) -> Any:
    """Connect to a server; none is waited for longer than :data:`PATIENCE`."""
    import ibis

    if scheme not in ("postgresql", "postgres"):
        return ibis.connect(url)
    declared = "connect_timeout" in url or "PGCONNECT_TIMEOUT" in os.environ
    connection = ibis.connect(url, **({} if declared else {"connect_timeout": PATIENCE}))
    # Without a limit PostgreSQL waits for a lock for ever; one that is set already is kept.
    if connection.con.execute("SHOW lock_timeout").fetchone() == ("0",):
        connection.con.execute(f"SET lock_timeout = '{PATIENCE}s'")
    return connection


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


def _why_no_answer(error: Exception, scheme: str, secrets: list[str]) -> tuple[str, str, str]:
    """Return found, expected and action; what the environment holds is not repeated."""
    reason = first_line(error)
    for secret in secrets:
        reason = reason.replace(secret, "…")
    if isinstance(error, ImportError):
        extra = EXTRAS.get(scheme, scheme)
        return (
            f"a URL that needs a library that is not here ({reason})",
            f"the extra '{extra}'",
            f"Install it: pip install 'mmm-workbook[{extra}]' or 'ibis-framework[{scheme}]'.",
        )
    if isinstance(error, FileNotFoundError):
        return reason, "a database inside data.root", "Check the path, which begins there."
    return why_no_table(error, reason) or (
        f"no answer from the database ({type(error).__name__}: {reason})",
        "a connection",
        "Check the address and the credentials in the environment.",
    )
