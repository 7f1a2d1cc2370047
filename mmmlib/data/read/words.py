"""Counts and lists as a sentence has them."""

from __future__ import annotations

from collections.abc import Sequence


def count_of(count: int, thing: str) -> str:
    """Return ``1 week``, ``3 weeks``."""
    return f"1 {thing}" if count == 1 else f"{count} {thing}s"


def some_of(items: Sequence[str], most: int = 4) -> str:
    """Return the first ones, and how many more there are."""
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")
