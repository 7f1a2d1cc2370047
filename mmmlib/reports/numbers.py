"""Numbers as people read them: ranges, returns, chances, money, dates."""

from __future__ import annotations

import datetime as dt
import math

from mmmlib.estimates import NBSP, format_number


def chance_text(probability: float) -> str:
    """Write a probability: "87 %", at the ends "over 99 %", "under 1 %"."""
    if not math.isfinite(probability):
        return "unknown"
    if probability > 0.99:
        return f"over 99{NBSP}%"
    if probability < 0.01:
        return f"under 1{NBSP}%"
    return f"{probability * 100:.0f}{NBSP}%"


def date_text(day: dt.date) -> str:
    """Write a date: "6 Apr 2026"."""
    return f"{day.day}{NBSP}{day:%b}{NBSP}{day:%Y}"


def money_text(value: float, currency: str) -> str:
    """Write an amount that was paid or is planned."""
    return format_number(value, currency)


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
