"""Numbers as people read them: ranges, returns, chances, money, dates."""

from __future__ import annotations

import datetime as dt

from mmmlib.estimates import NBSP


def date_text(day: dt.date) -> str:
    """Write a date: "6 Apr 2026"."""
    return f"{day.day}{NBSP}{day:%b}{NBSP}{day:%Y}"


def count_text(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun: "1 channel", "3 channels"."""
    return f"{number:,}{NBSP}{one if number == 1 else many or one + 's'}"


def listed(words: list[str]) -> str:
    """Join words as a sentence does: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def month_text(day: dt.date) -> str:
    """Write a month: "Apr 2026"."""
    return f"{day:%b}{NBSP}{day:%Y}"
