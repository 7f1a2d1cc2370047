"""A source opened: files of this machine or a store, or a table of a database, by URL.

Credentials of a database come from the environment.
"""

from __future__ import annotations

import os
import re
import weakref
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from mmmlib.data.read.files import (
    FILE,
    find_files,
    format_of,
    is_hidden,
    read_or_report,
    same_columns,
    same_fields,
    same_headers,
)
from mmmlib.data.read.problems import Problems, first_line, why_no_table
from mmmlib.data.read.relations import HELD, MEMORY, Relation, connect, of_text
from mmmlib.params.source import FORMATS, WILD, Source

ENDINGS = {"csv": ".csv", "excel": ".xlsx"}
WHOLE = 2_000_000
"""Bytes of CSV files up to which they are read here, so that every row that is wrong is named at
once; DuckDB, which reads larger ones, stops at the first."""


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
        return open_database(name, source, folder, problems)
    if "://" in source.path:
        return _open_remote(name, source, problems)
    files = find_files(name, source, folder, problems)
    if not files:
        return None
    kinds = {format_of(source, file) for file in files}
    if len(kinds) > 1 or None in kinds:
        endings = sorted({Path(file).suffix or "(none)" for file in files})
        place, found = "the files", f"the endings {', '.join(endings)}"
        if len(files) == 1:
            place, found = "the file", f"the ending '{endings[0]}'"
        problems.add(source.path, place, found, f"one of {', '.join(FORMATS)}")
        return None
    paths = [str(file) for file in files]
    size = sum(file.stat().st_size for file in files)
    packed = any(file.suffix == ".gz" for file in files)
    small = size <= WHOLE and not packed
    if kinds == {"excel"} or (kinds == {"csv"} and small):
        return _open_text(name, source, files, folder, problems)
    if kinds == {"csv"} and not same_headers(source, paths, problems):
        return None
    connection = connect()
    if kinds != {"csv"} and not same_fields(connection, source, paths, problems):
        return None
    table = read_or_report(connection, source, paths, problems)
    if table is None:
        return None
    return Relation(name, source, table, tuple(paths), connection, size, kinds == {"csv"}, folder)


def _open_text(
    name: str, source: Source, files: list[Path], folder: Path, problems: Problems
) -> Relation | None:
    """Open files that are read whole, cell by cell: workbooks and small CSV files."""
    import pandas as pd

    from mmmlib.data.read.readers import FileLayout, read_table

    parts = []
    for file in files:
        ending = ENDINGS[str(format_of(source, file))]
        layout = FileLayout(source.sheet, ending, source.delimiter, source.header_row)
        text = read_table(file, problems, layout)
        if text is not None:
            parts.append(text.assign(**{FILE: str(file)}))
    if len(parts) < len(files):
        return None
    paths = [str(file) for file in files]
    headers = {
        path: [str(n) for n in part if n != FILE] for path, part in zip(paths, parts, strict=True)
    }
    if not same_columns(source, headers, problems):
        return None
    size = sum(file.stat().st_size for file in files)
    return of_text(name, source, pd.concat(parts).fillna(""), tuple(paths), folder, size)


def _open_remote(name: str, source: Source, problems: Problems) -> Relation | None:
    """Open files of an object store through fsspec."""
    import fsspec

    scheme = urlsplit(source.path).scheme
    try:
        system, pattern = fsspec.core.url_to_fs(source.path)
        exact = [pattern] if system.exists(pattern) else []
        found = system.glob(pattern) if WILD.search(pattern) else exact
        shown = [file for file in map(str, found) if not is_hidden(Path(file).parts, pattern)]
        files = [f"{scheme}://{file.lstrip('/')}" for file in sorted(shown)]
    except ImportError as error:
        problems.add(
            source.path,
            f"data.sources.{name}",
            f"a path that needs a library that is not here ({error})",
            "the extra 'cloud'",
            "Install it: pip install 'mmm-workbook[cloud]'.",
        )
        return None
    except Exception as error:  # every store has errors of its own; all are reported
        problems.add(source.path, f"data.sources.{name}", first_line(error), "a store that answers")
        return None
    if not files:
        problems.add(source.path, f"data.sources.{name}", "no such file", "the file of this source")
        return None
    if format_of(source, files[0]) == "csv" and not same_headers(source, files, problems):
        return None
    connection = connect()
    if not connection.con.filesystem_is_registered(scheme):
        connection.con.register_filesystem(system)
    csv = format_of(source, files[0]) == "csv"
    if not csv and not same_fields(connection, source, files, problems):
        return None
    table = read_or_report(connection, source, files, problems)
    if table is None:
        return None
    size = sum(int(bytes_ or HELD) for bytes_ in system.sizes(files))
    return Relation(name, source, table, tuple(files), connection, size, csv)


# --- databases ------------------------------------------------------------------------------


VARIABLE = re.compile(r"\$\{(\w+)\}")
PATIENCE = 30
"""Seconds that a server may take to answer, and a lock on a table to go."""
EXTRAS = {"postgresql": "postgres", "postgres": "postgres", "s3": "cloud", "gs": "cloud"}


def open_database(name: str, source: Source, folder: Path, problems: Problems) -> Relation | None:
    """Open a table or a query of a database."""
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
            problems.add(
                source.where,
                place,
                "a SQLite database",
                "typed columns",
                "Export the table as Parquet.",
            )
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
