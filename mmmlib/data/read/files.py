"""Files of sources: where they lie, their hashes, and how DuckDB reads those of a source into one table."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.data.read.problems import Problems, database_problem, is_of_a_database, named_from
from mmmlib.data.read.readers import refuse_separator
from mmmlib.errors import InputError
from mmmlib.params import Params
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.source import FORMATS, WILD, Source
from mmmlib.runs import sha256_file, sha256_json

if TYPE_CHECKING:
    import ibis.expr.types as ir

FOLDER = "data"
"""Name of a folder of data, in the project or in a folder beside it."""
FILE = "_file"
"""Column that is added to rows of files: the path of theirs."""


def format_of(source: Source, file: str | Path) -> str | None:
    """Format of a file: as declared, else by its ending."""
    name = str(file).removesuffix(".gz")
    return source.format or FORMATS.get(Path(name).suffix.lower())


def find_files(name: str, source: Source, folder: Path, problems: Problems) -> list[Path]:
    """List the files of a source, sorted; none may lie outside the folder, by a link either."""
    root = folder.resolve()
    place = root / source.path
    if WILD.search(source.path):
        found = sorted(
            path
            for path in root.glob(source.path)
            if path.is_file() and not is_hidden(path.relative_to(root).parts, source.path)
        )
    elif place.is_dir():
        endings = [end for end, kind in FORMATS.items() if source.format in (None, kind)]
        found = sorted(
            path
            for path in place.rglob("*")
            if path.is_file()
            and path.name.removesuffix(".gz").endswith(tuple(endings))
            and not is_hidden(path.relative_to(place).parts)
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
            f"the file of this source in {root}",
            did_you_mean(place.name, known) or "Pass --set data.root=FOLDER if it lies elsewhere.",
        )
    return [] if outside else found


def is_hidden(parts: Iterable[str], pattern: str = "") -> bool:
    """Say whether a file is a program's own, such as a copy in ``.ipynb_checkpoints``.

    One whose folders or name begin with ``.`` or ``_`` is, unless the pattern names such a one.
    """
    meant = {part[0] for part in Path(pattern).parts}
    return any(part[0] in "._" and part[0] not in meant for part in parts)


def stamps(files: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Size and time of change of local files: the same before and after, nobody wrote to them."""
    found = {file: Path(file).stat() for file in files if Path(file).is_file()}
    return {file: (state.st_size, state.st_mtime_ns) for file, state in found.items()}


def data_folder(params: Params) -> Path:
    """Return the folder that holds the sources.

    It is ``data.root`` where that is set. Else it is the first of these that has
    all declared files: ``data/`` here, and ``data/`` in a folder beside this one.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    here = Path.cwd()
    if params.data.root is not None:
        root = (here / Path(params.data.root).expanduser()).resolve()
        if not root.is_dir():
            raise InputError.one(
                None,
                "data.root",
                f"{shown(params.data.root)}, and no folder at {root}",
                "a folder that holds the sources",
            )
        return root
    paths = [s.path for s in params.data.sources.values() if s.path and "://" not in s.path]
    if not paths:
        return here
    near = [here / FOLDER, *sorted(here.parent.glob(f"*/{FOLDER}"))]
    candidates = [folder for folder in dict.fromkeys(near) if folder.is_dir()]
    for folder in candidates:
        if all(_is_there(folder, path) for path in paths):
            return folder
    for folder in candidates:  # the one that has some of them gets the better message
        if any(_is_there(folder, path) for path in paths):
            return folder
    raise InputError.one(
        None,
        "data.root",
        f"nothing set, and {', '.join(map(shown, paths))} neither in {here / FOLDER} "
        f"nor in a '{FOLDER}' folder beside {here}",
        "the folder that holds the sources",
        "Pass it: --set data.root=FOLDER.",
    )


def _is_there(folder: Path, path: str) -> bool:
    if WILD.search(path):
        return any(folder.glob(path))
    return (folder / path).exists()


def hash_source(source: Source, folder: Path) -> str:
    """Hash the files of a source as they lie there now.

    Empty for one that is not there, so that its arrival is a change, and for one that
    lies elsewhere, which cannot be hashed without reading it.
    """
    if source.url is not None or "://" in source.path:
        return ""
    return sha256_of(hash_each(find_files("", source, folder, Problems()), folder))


def hash_each(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """Hash files: sha256 by name; by the path in the folder of the sources where names repeat."""
    listed = list(files)
    names = [file.name for file in listed]
    if len(set(names)) < len(names):
        names = [named_from(folder, file) for file in listed]
    return {name: sha256_file(file) for name, file in zip(names, listed, strict=True)}


def sha256_of(hashes: Mapping[str, str]) -> str:
    """Return the hash of a source: that of its file, or one over several with their names."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    return sha256_json(list(hashes.items())) if hashes else ""


# --- read -----------------------------------------------------------------------------------


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
    """Read files of one kind by DuckDB.

    Those of a store are read by DuckDB's own SQL: ibis would load its S3 client, which
    knows nothing of the credentials that fsspec has.
    """
    import ibis

    if "://" not in paths[0]:
        table: ir.Table = getattr(connection, f"read_{kind}")(paths, **options)
        return table
    words = ", ".join(f"{key} = {_literal(value)}" for key, value in options.items())
    name = ibis.util.gen_name("stored")
    rows = f"SELECT * FROM read_{kind}({_literal(paths)}, {words})"  # noqa: S608  # quoted
    connection.raw_sql(f"CREATE TEMP VIEW {name} AS {rows}")
    stored: ir.Table = connection.table(name)
    return stored


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


def read_or_report(
    connection: Any, source: Source, paths: list[str], problems: Problems
) -> ir.Table | None:
    """Read files, or report why they cannot be read."""
    try:
        return read_files(connection, source, paths)
    except Exception as error:
        if not is_of_a_database(error):
            raise
        problems.add(*database_problem(error, source.path))
        return None


@contextmanager
def _records(path: str | Path, source: Source) -> Iterator[Iterator[list[str]]]:
    """Yield the records of a CSV file from its header on, blank ones included."""
    import fsspec

    words = {"encoding": "utf-8-sig", "errors": "replace", "newline": ""}
    with fsspec.open(str(path), "rt", compression="infer", **words) as file:
        records = csv.reader(file, delimiter=source.delimiter)
        for _ in range(source.header_row - 1):
            next(records, [])
        yield records


def csv_header(path: str | Path, source: Source) -> list[str]:
    """Names of the columns of a CSV file."""
    with _records(path, source) as records:
        return [cell.strip() for cell in next(records, [])]


def rows_in_csv(path: str | Path, numbers: Collection[int], source: Source) -> dict[int, int]:
    """Return where rows are in a CSV file, as a person counts them there.

    DuckDB leaves out blank lines, and so they are missing in its numbers. The file is read
    again up to the last of these rows: they are few, and only those that are wrong.

    Parameters
    ----------
    numbers
        Rows without blank ones; the header is row 1.
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


def same_headers(source: Source, paths: list[str], problems: Problems) -> bool:
    """Say whether the headers can be read, and report files that lack what others have."""
    headers: dict[str, list[str]] = {}
    good = True
    for path in paths:
        try:
            header = csv_header(path, source)
        except (UnicodeDecodeError, OSError, EOFError, csv.Error) as error:
            problems.add(path, "row 1", f"no readable header ({error})", "text in UTF-8")
            good = False
            continue
        headers[path] = header
        if not any(header):
            problems.add(path, "the file", "an empty file", "a header and rows")
        elif refuse_separator(path, header, source.delimiter, problems):
            pass
        elif len(set(header)) < len(header) or not all(header):
            problems.add(path, "row 1", "a column name twice, or none", "every column name once")
        else:
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
