"""How numbers and dates are written in a cell of text, and what to say of a cell that is neither."""

from __future__ import annotations

import re

# [0-9] and not \d, which takes the digits of every script.
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)"
OFFSET = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})"
DATES = {
    "YYYY-MM-DD": (rf"^{ISO}{TIME}?{OFFSET}?$", "", ""),
    "YYYY/MM/DD": (r"^([0-9]{4})/([0-9]{2})/([0-9]{2})$", r"\1-\2-\3", ""),
    "YYYYMMDD": (r"^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3", ""),
    "DD.MM.YYYY": (r"^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})$", r"\3-\2-\1", ""),
    "DD/MM/YYYY": (r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$", r"\3-\2-\1", r"\3-\1-\2"),
}
"""Formats of dates in text: how they look, and how they become ISO (day first, month first)."""
SLASHES = DATES["DD/MM/YYYY"][0]
YEARS = (1900, 2199)
"""First and last year of a day; others are typing errors, or a program's word for no day."""


def why_no_number(cell: str) -> tuple[str, str]:
    """Return what was expected instead of a cell, and what to do."""
    if re.fullmatch(NUMBER, cell):
        return "a finite number", ""
    if cell.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return "a finite number", _HOW_MISSING
    if re.fullmatch(r"[+-]?\d+,\d+", cell):
        return "a number with a decimal point", "Write 1234.5, not 1234,5 or 1,234."
    if re.fullmatch(r"[+-]?\d{1,3}([,.' \u00a0]\d{3})+([.,]\d+)?", cell):
        return "a number", "Write it without thousands separators: 1234.5."
    return "a number", _HOW_MISSING


_HOW_MISSING = "If it stands for a missing value, list it in the source's 'missing'."


def why_no_date(cell: str, usual: str) -> tuple[str, str]:
    """Return what was expected instead of a cell that is no date as most rows write it."""
    written = [name for name, (pattern, *_) in DATES.items() if re.fullmatch(pattern, cell)]
    if usual in written:
        year = int(re.findall("[0-9]{4}", cell)[0])
        outside = not YEARS[0] <= year <= YEARS[1]
        return A_YEAR if outside else "a day of the calendar", ""
    if written:
        return f"a date as in most rows: {usual}", "Write all dates as YYYY-MM-DD."
    return "a date such as 2024-01-29", "Write all dates as YYYY-MM-DD." if cell else ""


A_YEAR = f"a day of the years {YEARS[0]} to {YEARS[1]}"
_HOW_MISSING = "If it stands for a missing value, list it in the source's 'missing'."
