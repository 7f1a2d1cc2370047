"""What goes wrong while rows are read, told as file, place, found and expected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from mmmlib.errors import InputError, MMMError


def first_line(error: BaseException) -> str:
    """Return the first line of an error that says anything."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Turn what a database says while it reads into an :class:`InputError`."""
    try:
        yield
    except MMMError:
        raise
    except Exception as error:
        if not is_of_a_database(error):
            raise
        file, where, found, expected, action = told(error, place)
        raise InputError.one(file, where, found, expected, action) from error


def is_of_a_database(error: Exception) -> bool:
    """Say whether DuckDB or a driver raised it; all else is a fault of ours."""
    return _module(error) == "duckdb" or is_of_a_server(error)


def is_of_a_server(error: Exception) -> bool:
    """Say whether the driver of a database server raised it."""
    return _module(error) == "psycopg"


def _module(error: Exception) -> str:
    return type(error).__module__.partition(".")[0].lstrip("_")


def why_no_table(error: BaseException, reason: str) -> tuple[str, str, str] | None:
    """Return found, expected and action where a table is held by somebody else, or gone.

    Parameters
    ----------
    reason
        What the error says, as it may be repeated.

    Returns
    -------
    tuple or None
        None where it is neither.
    """
    kind = type(error).__name__
    if kind == "LockNotAvailable" or "Could not set lock on file" in reason:
        reason = reason.partition(". See also")[0]
        return f"it locked by somebody else ({reason})", "a table that can be read", _LOCKED
    gone = kind in ("TableNotFound", "UndefinedTable")
    if gone or ("does not exist" in reason and "connection" not in reason):
        return f"no such table ({reason})", "the table of this source", _GONE
    return None


def told(error: Exception, place: str) -> tuple[str, str, str, str, str]:
    """Return file, place, found, expected and action of an error of DuckDB or a driver."""
    text = str(error)
    if is_of_a_server(error):
        reason = first_line(error)
        lost = f"no answer from the database ({reason})", "rows", "Begin again."
        return place, "the table", *(why_no_table(error, reason) or lost)
    file = re.search(
        r"^\s*file = (.+)$|file \"([^\"]+)\"|path \"([^\"]+)\"|file '([^']+)'", text, re.MULTILINE
    )
    where = next((group for group in file.groups() if group), place) if file else place
    line = re.search(r"CSV Error on Line: (\d+)|in line (\d+)", text)
    # DuckDB counts the lines of JSON from two.
    number = int(next(filter(None, line.groups()))) - ("JSON" in text) if line else 0
    row = f"row {number}" if line else "the file"
    short = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if short:
        return where, row, f"{short[2]} cells", f"{short[1]} cells, as in the header", _CUT_OFF
    if re.search("not utf-8|invalid unicode|invalid utf-8", text.lower()):
        return where, row, "a byte that is not UTF-8", "text in UTF-8", _UTF8
    if "unterminated quote" in text.lower() or "quote" in text.lower():
        return where, row, "broken quoting", "every quote closed", _CUT_OFF
    if "parquet" in text.lower() or "magic bytes" in text.lower():
        return where, row, "no readable Parquet file", "a whole Parquet file", _CUT_OFF
    if "json" in text.lower():
        return where, row, "no readable JSON", "one JSON object on every line", _CUT_OFF
    return where, row, f"no readable rows ({first_line(error)})", "rows", ""


CHANGED = (
    "the file",
    "it changed while it was read",
    "a delivery that is complete",
    "Begin again once the upload is over.",
)
"""Place, found, expected and action of a file that was written to in the meantime."""
_LOCKED = "Ask its owner what holds it, such as a load that runs, and begin again when it is over."
_GONE = "Ask its owner whether it moved."
_UTF8 = "Save the file in UTF-8 (Excel: as 'CSV UTF-8')."
_CUT_OFF = "The file may be cut off: ask for it again."
