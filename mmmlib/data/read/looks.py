"""How a file seems to be laid out, before its cells are read: letters, separator, sheet, header.

It is looked at for a proposal and nothing else: what a source declares is what is read.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmlib.data.read.files import format_of
from mmmlib.data.read.problems import CUT_OFF, first_line
from mmmlib.data.read.readers import named, value_as_text
from mmmlib.errors import InputError
from mmmlib.params.source import SEPARATORS, Source

HEAD, TAIL = 1_000_000, 100_000
"""Bytes of a CSV file that are looked at: its beginning, and its end, where totals stand."""
ABOVE = 40
"""Rows among which the column names are looked for."""
UTF16 = (b"\xff\xfe", b"\xfe\xff")
"""What files in UTF-16 begin with."""
OLDER = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "gb18030", "big5", "euc_kr")
"""Encodings that exports of offices are written in, beside UTF-8."""
SCRIPTS = ("Cyrillic", "Greek", "CJK", "Hiragana", "Katakana", "Hangul")
"""Scripts that tell of an encoding other than Western Europe's, by Unicode's names."""


@dataclass(frozen=True)
class Look:
    """A file as it seems to be laid out.

    ``options`` are keys of a source that reads it so, where they differ from what is read without
    them. ``rows`` are its cells below the header, as text; of a long file only the first and the
    last, and ``whole`` is false. ``unsure`` says what is a guess, in words, by the key that it is
    about.
    """

    options: dict[str, Any]
    header: list[str]
    rows: list[list[str]]
    whole: bool = True
    unsure: dict[str, str] = field(default_factory=dict)


def look_at(path: Path, source: Source) -> Look | None:
    """Look at a CSV file or a workbook; None for other formats, which say themselves what they hold.

    Raises
    ------
    InputError
        If it is a workbook that cannot be read.
    """
    kind = format_of(source, path)
    if kind == "excel":
        return _look_at_workbook(path, source)
    return _look_at_text(path) if kind == "csv" else None


# --- text -----------------------------------------------------------------------------------


def _look_at_text(path: Path) -> Look:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        content = file.read(HEAD)
        whole = not file.read(1)
    options: dict[str, Any] = {}
    unsure: dict[str, str] = {}
    encoding, sure = _encoding_of(content, whole=whole)
    if encoding != "utf-8":
        options["encoding"] = encoding
    text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    if not sure:
        odd = next((line for line in text.splitlines() if not line.isascii()), "")
        unsure["encoding"] = f"the letters are guessed: is '{odd.strip(' ;,|')[:60]}' right?"
    lines = text if whole else text[: text.rfind("\n") + 1]
    separator = _separator_of(lines)
    if separator != ",":
        options["separator"] = next(name for name, mark in SEPARATORS.items() if mark == separator)
    rows = _records(lines, separator)
    if not whole and path.suffix != ".gz":
        with path.open("rb") as file:
            file.seek(-min(TAIL, path.stat().st_size), io.SEEK_END)
            tail = file.read().decode(encoding, errors="replace")
        rows += _records(tail[tail.find("\n") + 1 :], separator)
    return _below_header(rows, options, unsure, whole=whole)


def _encoding_of(content: bytes, *, whole: bool) -> tuple[str, bool]:
    """Return the encoding of a text, and whether that is sure."""
    if content.startswith(UTF16):
        return "utf-16", True
    try:  # the last letter of a part may be cut in two
        content[: len(content) if whole else -4].decode("utf-8")
    except UnicodeDecodeError as error:
        if whole or error.start < len(content) - 8:
            return _older_encoding(content), False
    return "utf-8", True


def _older_encoding(content: bytes) -> str:
    """Guess an encoding of one byte a letter: that of Western Europe, unless another fits far better."""
    from charset_normalizer import from_bytes

    best = from_bytes(content[:HEAD], cp_isolation=list(OLDER)).best()
    # Of Latin letters it takes Central Europe's for Western Europe's ("señal": "seńal").
    other = best and any(one in block for block in best.alphabets for one in SCRIPTS)
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:  # it has no letter for some bytes
        other = best is not None
    return str(best.encoding).replace("_", "-") if best and other else "cp1252"


def _separator_of(text: str) -> str:
    """Return what stands between cells: what most rows have alike, and many of it.

    DuckDB's sniffer reads UTF-8 only, and takes a title that is filled up with separators for the
    header: files that need no proposal.
    """
    rows = {mark: _records(text[:100_000], mark) for mark in SEPARATORS.values()}

    def alike(mark: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in rows[mark] if any(map(str.strip, row)))
        width, count = max(widths.items(), key=lambda one: (one[0] > 1, one[1]), default=(1, 0))
        if width == 1:
            return 0, 0
        # A comma stands in every number of a semicolon file, but hardly in its names.
        header = next((row for row in rows[mark] if len(row) == width), [])
        named_ = sum(not any(map(str.isdigit, cell)) for cell in header) / width
        return count / max(1, sum(widths.values())) * named_, width

    return max(rows, key=alike)


def _records(text: str, separator: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # broken quoting: what was read so far says enough
        rows.extend(reader)
    return rows


# --- workbooks ------------------------------------------------------------------------------


def _look_at_workbook(path: Path, source: Source) -> Look:
    import openpyxl

    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheets = {
                one.title: [
                    list(map(value_as_text, row)) for row in one.iter_rows(values_only=True)
                ]
                for one in book.worksheets
            }
    except Exception as error:  # damaged parts of a workbook raise errors of many libraries
        found = f"no readable workbook ({type(error).__name__}: {first_line(error)})"
        raise InputError.one(path, "the file", found, "an Excel workbook", CUT_OFF) from error
    if not sheets:
        raise InputError.one(path, "the file", "no sheet", "an Excel workbook with a table")
    size = {title: sum(sum(map(bool, row)) > 1 for row in rows) for title, rows in sheets.items()}
    first, fullest = next(iter(sheets)), max(size, key=lambda title: size[title])
    title = first if 2 * size[first] >= size[fullest] else fullest
    if source.sheet in sheets:
        title = source.sheet
    options = {} if title == first else {"sheet": title}
    unsure = {}
    others = [other for other in sheets if other != title]
    if others:
        unsure["sheet"] = f"the sheet {title} is read; the others are {', '.join(others)}"
    return _below_header(sheets[title], options, unsure, whole=True)


# --- the header -----------------------------------------------------------------------------


def _below_header(
    rows: Sequence[list[str]], options: dict[str, Any], unsure: dict[str, str], *, whole: bool
) -> Look:
    """Find the row of the column names: the first that is as wide as the rows below it, and all names."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = max(filled[ABOVE : ABOVE + 400] or filled, default=0)
    head = 0
    for number, row in enumerate(rows[:ABOVE]):
        names = [cell for cell in row if cell.strip()]
        if len(names) >= 0.7 * usual and len(names) > 1 and not any(map(_is_value, names[1:])):
            head = number
            break
    if head:
        options["header_row"] = head + 1
        above = [cell.strip() for row in rows[:head] for cell in row if cell.strip()]
        if above:  # it may say a unit, or which rows are no deliveries
            unsure["header_row"] = f"above it stands: {', '.join(above)[:120]}"
    width = (
        max((n for n, cell in enumerate(rows[head], 1) if cell.strip()), default=0) if rows else 0
    )
    header = named(rows[head][:width]) if rows else []
    below = [
        [*row[:width], *[""] * (width - len(row))]
        for row in rows[head + 1 :]
        if any(cell.strip() for cell in row)
    ]
    return Look(options, header, below, whole, unsure)


def _is_value(cell: str) -> bool:
    """Say whether a cell begins with a number: it names no column."""
    return cell.strip()[:1].isdigit()
