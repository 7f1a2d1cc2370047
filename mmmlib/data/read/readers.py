"""Files to tables of text: nothing is guessed, every cell keeps its row in the file.

A reader gives all cells as text, so that a bad cell can be named by row and
column as the person sees it in the file, and so that no reader's idea of a
missing value or a number (``NA``, ``1_000``, ``inf``) slips in. Turning text into
numbers and dates is :mod:`mmmlib.data.contract.column_types`' work.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mmmlib.data.read.problems import Problems, first_line
from mmmlib.params.messages import did_you_mean, shown

EXCEL = (".xlsx", ".xlsm")
"""Workbooks; macros of the latter are never looked at, let alone run."""
_CUT_OFF = "The file may be cut off: ask for it again."
SUFFIXES = (".csv", ".parquet", *EXCEL)


@dataclass(frozen=True)
class FileLayout:
    """Where the cells of a file are.

    Parameters
    ----------
    sheet
        Sheet of a workbook; the first one if not given.
    ending
        Ending of the files of its format, where its own is another.
    delimiter
        Character between the cells of a row of CSV.
    header_row
        Row of the column names, where lines of a title stand above it.
    """

    sheet: str | None = None
    ending: str = ""
    delimiter: str = ","
    header_row: int = 1


PLAIN = FileLayout()


def read_table(path: Path, problems: Problems, layout: FileLayout = PLAIN) -> pd.DataFrame | None:
    """Read a file as text.

    Parameters
    ----------
    path
        A ``.csv`` (UTF-8), ``.parquet``, ``.xlsx`` or ``.xlsm`` file (formulas as the values
        that were saved with them, macros ignored).
    problems
        Receives what is wrong with the file.
    layout
        Where its cells are.

    Returns
    -------
    pandas.DataFrame or None
        Text columns; the index is the row in the file, where the header is row 1
        (a Parquet file has no header: its first row is row 1). None where the
        file cannot be read at all.
    """
    suffix = layout.ending or path.suffix.lower()
    if suffix == ".csv":
        return _read_csv(path, problems, layout)
    if suffix == ".parquet":
        return _read_parquet(path, problems)
    if suffix in EXCEL:
        return _read_excel(path, problems, layout)
    problems.add(path, "the file", f"the ending {shown(suffix)}", f"one of {', '.join(SUFFIXES)}")
    return None


def read_side_table(
    path: Path,
    key: str,
    what: str,
    needed: Sequence[str],
    problems: Problems,
    known: Sequence[str] = (),
) -> pd.DataFrame | None:
    """Read a table that the parameters name beside the sources, with columns of fixed names.

    Parameters
    ----------
    path, problems
        See :func:`read_table`.
    key, what
        Where the parameters name it, and what it is; for messages.
    needed
        Columns that it cannot do without.
    known
        All columns that it may have, where others are an error.

    Returns
    -------
    pandas.DataFrame or None
        None where it is not there, cannot be read, or lacks a column.
    """
    if not path.is_file():
        beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        problems.add(path, key, "no such file", what, did_you_mean(path.name, beside))
        return None
    text = read_table(path, problems)
    if text is None:
        return None
    lacking = [name for name in needed if name not in text]
    others = [name for name in map(str, text) if name not in (*needed, *known)]
    for name in lacking:
        expected = f"the columns {', '.join(needed)}"
        near = did_you_mean(name, others)
        problems.add(path, f"column {name}", "no such column", expected, near)
    for name in others if known else ():
        expected = f"only the columns {', '.join(known)}"
        near = did_you_mean(name, known)
        problems.add(path, f"column {name}", "an unknown column", expected, near)
    return None if lacking else text


def _read_csv(path: Path, problems: Problems, layout: FileLayout) -> pd.DataFrame | None:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        problems.add(
            path,
            f"row {row}",
            f"a byte that is not UTF-8 (0x{content[error.start]:02x})",
            "text in UTF-8",
            "Save the file as 'CSV UTF-8'.",
        )
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=layout.delimiter)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error as error:
        problems.add(
            path,
            f"line {reader.line_num}",
            f"broken quoting ({error})",
            "every quote closed",
            "The file may be cut off.",
        )
        return None
    header = rows[layout.header_row - 1] if len(rows) >= layout.header_row else []
    if refuse_separator(path, header, layout.delimiter, problems):
        return None
    return _as_table(path, rows, problems, layout)


def refuse_separator(
    path: Path | str, header: Sequence[str], delimiter: str, problems: Problems
) -> bool:
    """Report a header of one cell that holds another separator; say whether it does."""
    line = "".join(header)
    others = {",": "comma", ";": "semicolon", "\t": "tab", "|": ""}
    separator = next((mark for mark in others if mark in line and mark != delimiter), "")
    if len(header) != 1 or not separator:
        return False
    name = others[separator]
    problems.add(
        path,
        "row 1",
        f"columns separated by {shown(separator)}",
        f"columns separated by {shown(delimiter)}",
        (f"Declare 'separator: {name}' on the source. " if name else "")
        + "Or save the file with commas, and numbers with a decimal point.",
    )
    return True


def _read_excel(path: Path, problems: Problems, layout: FileLayout) -> pd.DataFrame | None:
    try:
        rows = _rows_of_workbook(path, layout.sheet, problems)
    except Exception as error:  # damaged parts of a workbook raise errors of many libraries
        reason = f"{type(error).__name__}: {first_line(error)}"
        found = f"no readable workbook ({reason})"
        problems.add(path, "the file", found, "an Excel workbook", _CUT_OFF)
        return None
    if rows is None:
        return None
    head = layout.header_row - 1
    # Excel keeps a width for the sheet: cells right of the header are not ragged rows.
    width = max((i + 1 for row in rows[head : head + 1] for i, v in enumerate(row) if v), default=0)
    rows = [row[:width] if not any(row[width:]) else row for row in rows]
    return _as_table(path, rows, problems, layout)


def _rows_of_workbook(path: Path, name: str | None, problems: Problems) -> list[list[str]] | None:
    """Read the cells of a sheet; None where it is not there, or a formula has no value."""
    import openpyxl

    with path.open("rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        names = [sheet.title for sheet in book.worksheets]
        if not names or (name is not None and name not in names):
            place = "the file" if name is None else f"sheet {name}"
            known = f"one of {', '.join(names)}" if names else "a sheet of cells"
            problems.add(path, place, "no such sheet", known, did_you_mean(name or "", names))
            return None
        title = names[0] if name is None else name
        sheet = book.worksheets[names.index(title)]
        rows = [
            [value_as_text(value) for value in row] for row in sheet.iter_rows(values_only=True)
        ]
    others = [other for other in names if other != title]
    if name is None and others and sum(sum(map(bool, row)) > 1 for row in rows) < 2:
        problems.add(
            path,
            f"sheet {title}",
            f"the first sheet, and no table on it; the others are {', '.join(others)}",
            "a header and one row for every week",
            f"Declare 'sheet: {others[0]}' on the source if that is the one.",
        )
        return None
    return rows if _formulas_are_saved(path, title, problems) else None


def _formulas_are_saved(path: Path, sheet: str, problems: Problems) -> bool:
    """Report formulas that no program has calculated yet: their cells would seem to be empty."""
    import zipfile

    import openpyxl

    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        if not any(b"<f>" in part or b"<f " in part for part in map(archive.read, sheets)):
            return True
    with path.open("rb") as one, path.open("rb") as other:
        formulas = openpyxl.load_workbook(one, read_only=True)[sheet]
        saved = openpyxl.load_workbook(other, read_only=True, data_only=True)[sheet]
        pairs = zip(formulas.iter_rows(), saved.iter_rows(values_only=True), strict=True)
        bare = [
            (cell, row)
            for row, (cells, values) in enumerate(pairs, 1)
            for cell, value in zip(cells, values, strict=True)
            if value is None and isinstance(cell.value, str) and cell.value.startswith("=")
        ]
    for cell, row in bare:
        problems.add(
            path,
            f"row {row}, cell {cell.coordinate}",
            f"the formula {shown(cell.value)} without a saved value",
            "a value",
            "Open the workbook in Excel and save it, or paste the values.",
        )
    return not bare


def value_as_text(value: Any) -> str:
    """Write a value as a cell of text."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    # A number is none that may be read in two ways: 2.739 is not 2,739.
    text = str(value)
    return f"{text}0" if isinstance(value, float) and text[-4:-3] == "." else text


def _as_table(
    path: Path, rows: Sequence[list[str]], problems: Problems, layout: FileLayout
) -> pd.DataFrame | None:
    """Make a table of records whose first is the header; report rows that do not fit."""
    if not any(cell.strip() for row in rows for cell in row):
        problems.add(path, "the file", "an empty file", "a header and one row for every week")
        return None
    head = layout.header_row
    names = rows[head - 1] if len(rows) >= head else []
    header = [name.strip() or f"(column {number})" for number, name in enumerate(names, 1)]
    if _refuse_title(path, rows, head, problems):
        return None
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        for name in twice:
            problems.add(
                path,
                f"row {head}",
                f"the column {shown(name)} {header.count(name)} times",
                "every column name once",
            )
        return None
    alike = _alike(header)
    if alike:
        found = " and ".join(map(shown, alike))
        expected = "names that differ by more than capital letters"
        problems.add(
            path, f"row {head}", f"the columns {found}", expected, "Rename one of the two."
        )
        return None
    kept = list(_good_rows(path, header, rows, problems, head))
    if not kept:
        problems.add(
            path,
            f"row {head + 1}",
            "no rows below the header",
            "one row for every week",
        )
        return None
    numbers = [number for number, _ in kept]
    columns = dict(zip(header, zip(*(row for _, row in kept), strict=True), strict=True))
    return pd.DataFrame(columns, index=pd.Index(numbers, name="row"), dtype="str")


def _refuse_title(path: Path, rows: Sequence[list[str]], head: int, problems: Problems) -> bool:
    """Report that the row of names holds one cell, and a wider one below seems to be the header."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows[: head + 20]]
    if len(filled) < head or filled[head - 1] > 1:
        return False
    wide = max(filled)
    if wide < 3 or filled[head - 1 :].count(wide) < 3:
        return False
    seems = next(
        number for number, count in enumerate(filled, 1) if number > head and count == wide
    )
    problems.add(
        path,
        f"row {head}",
        f"{shown(' '.join(rows[head - 1]).strip())}; the column names seem to be in row {seems}",
        "the names of the columns",
        f"Declare 'header_row: {seems}' on the source, or remove the rows above it.",
    )
    return True


def _alike(names: Sequence[str]) -> list[str]:
    """Return the first names that a database takes for one: it does not see capital letters."""
    for name in names:
        same = [other for other in names if other.casefold() == name.casefold()]
        if len(same) > 1:
            return same
    return []


def _good_rows(
    path: Path, header: list[str], rows: Sequence[list[str]], problems: Problems, head: int
) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows[head:], head + 1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue  # an empty row, as spreadsheets leave them at the end
        if cells == header:
            problems.add(path, f"row {number}", "the header again", "data", "Remove this row.")
        elif len(cells) != len(header):
            problems.add(
                path,
                f"row {number}",
                f"{len(cells)} cells",
                f"{len(header)} cells, as in the header",
                _CUT_OFF
                if len(cells) < len(header) and number == len(rows)
                else "A comma inside a cell needs quotes around the cell.",
            )
        else:
            yield number, cells


def _read_parquet(path: Path, problems: Problems) -> pd.DataFrame | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # A file handle: a path with a folder like 'week=1' would add columns.
        with path.open("rb") as file:
            table = pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        found = f"no readable Parquet file ({reason})"
        problems.add(path, "the file", found, "a Parquet file", _CUT_OFF)
        return None
    if not table.num_rows:
        problems.add(path, "the file", "no rows", "one row for every week")
        return None
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            text = column.cast(pa.string()).fill_null("").to_pylist()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            text = [value_as_text(value) for value in column.to_pylist()]
        columns[name] = [value.strip() for value in text]
    index = pd.RangeIndex(1, table.num_rows + 1, name="row")
    return pd.DataFrame(columns, index=index, dtype="str")
