"""A source opened: a file or many, of this machine or a store, or a table of a database."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from mmmlib.data.read.databases import open_database
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
from mmmlib.data.read.problems import Problems
from mmmlib.data.read.reading import first_line
from mmmlib.data.read.relations import HELD, Relation, connect, of_text
from mmmlib.params.source import FORMATS, WILD, Source


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
        endings = ", ".join(sorted({Path(file).suffix or "(none)" for file in files}))
        problems.add(
            source.path, "the files", f"the endings {endings}", f"one of {', '.join(FORMATS)}"
        )
        return None
    paths = [str(file) for file in files]
    if kinds == {"excel"}:
        return _open_text(name, source, files, folder, problems)
    if kinds == {"csv"} and not same_headers(source, paths, problems):
        return None
    connection = connect()
    if kinds != {"csv"} and not same_fields(connection, source, paths, problems):
        return None
    table = read_or_report(connection, source, paths, problems)
    if table is None:
        return None
    size = sum(file.stat().st_size for file in files)
    return Relation(name, source, table, tuple(paths), connection, size, kinds == {"csv"}, folder)


def _open_text(
    name: str, source: Source, files: list[Path], folder: Path, problems: Problems
) -> Relation | None:
    """Open files that are read as text here: workbooks."""
    import pandas as pd

    from mmmlib.data.read.readers import read_table

    parts = []
    for file in files:
        text = read_table(file, problems, source.sheet)
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
    return of_text(name, source, pd.concat(parts).fillna(""), tuple(paths), folder)


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
    except Exception as error:  # every store has errors of its own; all are told
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
