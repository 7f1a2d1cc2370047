"""Files to tables of text: nothing is guessed, every cell keeps its row in the file.

A reader gives all cells as text, so that a bad cell can be named by row and
column as the person sees it in the file, and so that no reader's idea of a
missing value or a number (``NA``, ``1_000``, ``inf``) slips in. Turning text into
numbers and dates is :mod:`mmmlib.data.contract.forms`' work.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mmmlib.data.read.files import format_of
from mmmlib.data.read.problems import CUT_OFF, Problems, first_line
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.source import Source


def read_table(path: Path, source: Source, problems: Problems) -> pd.DataFrame | None:
    """Read a CSV file (UTF-8) or a sheet of a workbook as text, indexed by the row in the file.

    The header is row 1. None where the file cannot be read at all. Formulas of a workbook are read
    as the values that were saved with them; its macros are never looked at, let alone run.
    """
    is_workbook = format_of(source, path) == "excel"
    rows = (_rows_of_workbook if is_workbook else _rows_of_csv)(path, source, problems)
    if rows is None:
        return None
    head = source.header_row
    if not any(cell.strip() for row in rows for cell in row):
        problems.add(path, "the file", "an empty file", "a header and one row for every week")
        return None
    header = named(rows[head - 1] if len(rows) >= head else [])
    if _refuse_title(path, rows, head, problems):
        return None
    if not are_distinct(path, header, head, problems):
        return None
    kept = dict(_good_rows(path, header, rows, problems, source))
    if not kept:
        found, expected = "no rows below the header", "one row for every week"
        problems.add(path, f"row {head + 1}", found, expected)
        return None
    return pd.DataFrame(
        list(kept.values()), index=pd.Index(kept, name="row"), columns=header, dtype="str"
    )


def _rows_of_csv(path: Path, source: Source, problems: Problems) -> list[list[str]] | None:
    content = path.read_bytes()
    try:
        text = content.decode(source.text_encoding)
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        name = source.encoding.upper()
        found = f"a byte that is not {name} (0x{content[error.start]:02x})"
        action = "Declare the file's 'encoding' on the source, or save it as 'CSV UTF-8'."
        problems.add(path, f"row {row}", found, f"text in {name}", action)
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=source.delimiter)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error as error:
        place, found = f"line {reader.line_num}", f"broken quoting ({error})"
        problems.add(path, place, found, "every quote closed", "The file may be cut off.")
        return None
    header = rows[source.header_row - 1] if len(rows) >= source.header_row else []
    return None if refuse_separator(path, header, source.delimiter, problems) else rows


# --- the header -----------------------------------------------------------------------------


def named(cells: Sequence[str]) -> list[str]:
    """Name the columns by the cells of a header; one without a name by its place."""
    return [cell.strip() or f"(column {number})" for number, cell in enumerate(cells, 1)]


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


def are_distinct(path: Path | str, header: Sequence[str], head: int, problems: Problems) -> bool:
    """Say whether every column has a name of its own, also for a database, which sees no capitals."""
    twice = {name: count for name, count in Counter(header).items() if count > 1}
    for name, count in twice.items():
        found = f"the column {shown(name)} {count} times"
        problems.add(path, f"row {head}", found, "every column name once")
    folded = Counter(map(str.casefold, set(header)))
    alike = [name for name in header if folded[name.casefold()] > 1]
    if alike and not twice:
        problems.add(
            path,
            f"row {head}",
            f"the columns {' and '.join(map(shown, alike))}",
            "names that differ by more than capital letters",
            "Rename one of the two.",
        )
    return not (twice or alike)


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


# --- workbooks ------------------------------------------------------------------------------


def _rows_of_workbook(path: Path, source: Source, problems: Problems) -> list[list[str]] | None:
    try:
        return _cells_of_sheet(path, source.sheet, source.header_row - 1, problems)
    except Exception as error:  # damaged parts of a workbook raise errors of many libraries
        found = f"no readable workbook ({type(error).__name__}: {first_line(error)})"
        problems.add(path, "the file", found, "an Excel workbook", CUT_OFF)
        return None


def _cells_of_sheet(
    path: Path, name: str | None, head: int, problems: Problems
) -> list[list[str]] | None:
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
        values = list(book.worksheets[names.index(title)].iter_rows(values_only=True))
    rows = [[value_as_text(value) for value in row] for row in values]
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
    if not _formulas_are_saved(path, title, values, problems):
        return None
    # Excel keeps a width for the sheet: cells right of the header are not ragged rows.
    width = max((i + 1 for row in rows[head : head + 1] for i, v in enumerate(row) if v), default=0)
    return [row[:width] if not any(row[width:]) else row for row in rows]


def _formulas_are_saved(
    path: Path, sheet: str, values: Sequence[Sequence[Any]], problems: Problems
) -> bool:
    """Report formulas that no program has calculated yet: their cells would seem to be empty."""
    import zipfile

    import openpyxl

    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        if not any(b"<f>" in part or b"<f " in part for part in map(archive.read, sheets)):
            return True
    with path.open("rb") as file:
        formulas = openpyxl.load_workbook(file, read_only=True)[sheet]
        bare = [
            cell
            for cells, saved in zip(formulas.iter_rows(), values, strict=True)
            for cell, value in zip(cells, saved, strict=True)
            if value is None and isinstance(cell.value, str) and cell.value.startswith("=")
        ]
    for cell in bare:
        problems.add(
            path,
            f"row {cell.row}, cell {cell.coordinate}",
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


# --- rows -----------------------------------------------------------------------------------


def _good_rows(
    path: Path, header: list[str], rows: Sequence[list[str]], problems: Problems, source: Source
) -> Iterator[tuple[int, list[str]]]:
    head = source.header_row
    for number, row in enumerate(rows[head:], head + 1):
        cells = [cell.strip() for cell in row]
        if source.leave_out and cells and cells[0] in source.leave_out:  # as short as a footnote is
            cells += [""] * (len(header) - len(cells))
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
                CUT_OFF
                if len(cells) < len(header) and number == len(rows)
                else "A comma inside a cell needs quotes around the cell.",
            )
        else:
            yield number, cells
