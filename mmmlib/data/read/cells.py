"""Text to numbers and dates, strictly; what is not one is reported by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import numpy as np
import pandas as pd

from mmmlib.params.messages import shown

Report = Callable[[int, str, str, str], None]
"""Called with the row, what was found, what was expected, and what to do."""

# [0-9] and not \d, which takes the digits of every script.
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)"
OFFSET = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})"

DATE_FORMATS = {
    "YYYY-MM-DD": (rf"{ISO}{TIME}?{OFFSET}?", "%Y-%m-%d"),
    "YYYY/MM/DD": (r"[0-9]{4}/[0-9]{2}/[0-9]{2}", "%Y/%m/%d"),
    "YYYYMMDD": (r"[0-9]{8}", "%Y%m%d"),
    "DD.MM.YYYY": (r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}", "%d.%m.%Y"),
    "DD/MM/YYYY": (r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", "%d/%m/%Y"),
}
"""Formats of dates that are read: what the cell looks like, and how it is parsed."""
US_DATE = "%m/%d/%Y"


def is_missing(text: pd.Series, also: Collection[str] = ()) -> pd.Series:
    """Say which cells hold nothing: empty ones, and the source's own words for it."""
    return (text == "") | text.isin(list(also))


def to_numbers(
    text: pd.Series, report: Report, *, negative: bool, also: Collection[str] = ()
) -> pd.Series:
    """Read cells as finite numbers.

    Parameters
    ----------
    text
        Text, indexed by row.
    report
        Told of every cell that is not a number, not finite, or negative where it
        must not be.
    negative
        Whether values below zero are allowed.
    also
        Texts that stand for a missing value, beside the empty cell.

    Returns
    -------
    pandas.Series
        Floats; NaN where the cell is missing or was reported.
    """
    missing = is_missing(text, also)
    good = text.str.fullmatch(NUMBER).astype(bool)
    numbers = pd.Series(np.nan, index=text.index)
    numbers[good] = text[good].astype(float)
    for row, cell in text[~good & ~missing].items():
        report(int(str(row)), shown(cell), *why_no_number(cell))
    endless = good & ~np.isfinite(numbers)
    for row, cell in text[endless].items():
        report(int(str(row)), shown(cell), "a finite number", "")
    numbers[endless] = np.nan
    if not negative:
        below = numbers < 0
        for row, cell in text[below].items():
            report(int(str(row)), shown(cell), "zero or more", "")
        numbers[below] = np.nan
    return numbers


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


def to_dates(text: pd.Series, report: Report) -> pd.Series:
    """Read cells as days, all in one format.

    Times of day are dropped; where cells carry a time zone, it has to be the same
    one in all of them, and the day is the one that is written.

    Parameters
    ----------
    text
        Text, indexed by row.
    report
        Told of every cell that is no date, or not in the format (or the time zone)
        of most cells.

    Returns
    -------
    pandas.Series
        ``datetime64[ns]``; NaT where the cell was reported.
    """
    days, known = pd.factorize(text)  # a day is in many rows
    plain = pd.Series(known)
    if len(plain) and plain.str.fullmatch(ISO).all():
        read = pd.to_datetime(plain, format="%Y-%m-%d", errors="coerce")
        if read.notna().all():
            return pd.Series(read.to_numpy()[days], index=text.index).astype("datetime64[ns]")
    dates = pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")
    formats = pd.Series("", index=text.index, dtype=object)
    for name, (pattern, _) in DATE_FORMATS.items():
        formats[text.str.fullmatch(pattern).astype(bool)] = name
    for row, cell in text[formats == ""].items():
        found = shown(cell) if cell else "an empty cell"
        report(int(str(row)), found, "a date such as 2024-01-29", "")
    if (formats == "").all():
        return dates
    usual = _most_common(formats[formats != ""])
    for row, cell in text[(formats != "") & (formats != usual)].items():
        report(
            int(str(row)),
            shown(cell),
            f"a date as in most rows: {usual}",
            "Write all dates as YYYY-MM-DD.",
        )
    held = text[formats == usual]
    if usual == "YYYY-MM-DD":
        held = _one_zone(held, report).str[:10]
    pattern = DATE_FORMATS[usual][1]
    parsed = pd.to_datetime(held, format=pattern, errors="coerce")
    if usual == "DD/MM/YYYY":
        parsed = _day_or_month_first(held, parsed, report)
    else:
        for row, cell in held[parsed.isna()].items():
            report(int(str(row)), shown(cell), "a day of the calendar", "")
    dates[parsed.index] = parsed.astype("datetime64[ns]")
    return dates


def _one_zone(text: pd.Series, report: Report) -> pd.Series:
    """Keep the cells that are in the time zone of most, and report the others."""
    zone = text.str.extract(rf"({OFFSET})$", expand=False).fillna("")
    # '2024-01-29' ends like an offset '-29'? No: an offset has four digits, or a colon.
    zone = zone.where(text.str.len() > 10, "")
    zone = zone.str.replace(r"^([+-][0-9]{2})([0-9]{2})$", r"\1:\2", regex=True)
    zone = zone.replace({"Z": "+00:00", "-00:00": "+00:00"})
    usual = _most_common(zone)
    for row, cell in text[zone != usual].items():
        report(
            int(str(row)),
            shown(cell),
            f"the time zone of most rows ({usual or 'none'})",
            "Write dates without time and time zone.",
        )
    return text[zone == usual]


def _day_or_month_first(text: pd.Series, day_first: pd.Series, report: Report) -> pd.Series:
    """Decide between DD/MM and MM/DD: the one that reads all cells, if it is only one."""
    month_first = pd.to_datetime(text, format=US_DATE, errors="coerce")
    fits = (bool(day_first.notna().all()), bool(month_first.notna().all()))
    if fits == (True, False):
        return day_first
    if fits == (False, True):
        return month_first
    row, cell = next(iter(text.items()))
    if fits == (True, True):
        found = f"{shown(cell)}, which may be day/month or month/day"
    else:
        found = f"{shown(cell)}, and neither day/month nor month/day fits all rows"
    report(int(str(row)), found, "dates such as 2024-01-29", "")
    return pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")


def _most_common(values: pd.Series) -> str:
    return str(values.value_counts(sort=True).index[0])
