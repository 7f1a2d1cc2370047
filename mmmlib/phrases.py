"""Parts of sentences that every room writes alike: counts, lists, dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from mmmlib.estimates import NBSP


def count_text(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> count_text(1, "channel"), count_text(1200, "row"), count_text(2, "series", "series")
    ('1 channel', '1,200 rows', '2 series')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> listed(["Search", "TV", "Radio"])
    'Search, TV and Radio'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def some_of(items: Sequence[str], most: int = 4) -> str:
    """List the first ones, and say how many more there are.

    Examples
    --------
    >>> some_of(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def capital(text: str) -> str:
    """Begin a text as a sentence does."""
    return text[:1].upper() + text[1:]


def date_text(day: dt.date) -> str:
    """Write a date: "6 Apr 2026"."""
    return f"{day.day}{NBSP}{day:%b}{NBSP}{day:%Y}"


def month_text(day: dt.date) -> str:
    """Write a month: "Apr 2026"."""
    return f"{day:%b}{NBSP}{day:%Y}"
