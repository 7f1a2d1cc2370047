"""Whether a cell reads a text: as it stands, as the same number, or as the same word of truth.

``1``, ``1.0``, ``TRUE`` and ``yes`` are one answer, which every program writes in its own way.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from mmmlib.data.read.cells import NUMBER

if TYPE_CHECKING:
    import pandas as pd

TRUE = ("true", "1", "yes", "y")
FALSE = ("false", "0", "no", "n")


def number_of(text: str) -> float | None:
    """Return the number that a text is; None where it is none."""
    return float(text) if re.fullmatch(NUMBER, text.strip()) else None


def truth_of(text: str) -> bool | None:
    """Return what a text says of truth; None where it says nothing.

    >>> truth_of("Yes"), truth_of("0.0"), truth_of("spring")
    (True, False, None)
    """
    word, number = text.strip().lower(), number_of(text)
    if word in TRUE or number == 1:
        return True
    return False if word in FALSE or number == 0 else None


def text_reads(cell: str, text: str) -> bool:
    """Say whether a cell reads a text."""
    if cell.strip() == text.strip():
        return True
    truth, number = truth_of(text), number_of(text)
    same_number = number is not None and number_of(cell) == number
    return same_number or (truth is not None and truth_of(cell) == truth)


def cells_read(cells: pd.Series, text: str) -> pd.Series:
    """Say which cells read a text; a series of booleans on the same index."""
    known = {cell: text_reads(str(cell), text) for cell in cells.unique()}
    return cells.map(known).astype(bool)


def truth_in(column: Any) -> Any:
    """Read a column of text as truth, by expression; null where a cell says nothing of it."""
    import ibis

    word, number = column.strip().lower(), _number_in(column)
    return ibis.cases(
        (word.isin(TRUE) | (number == 1).fill_null(False), True),
        (word.isin(FALSE) | (number == 0).fill_null(False), False),
        else_=ibis.null("boolean"),
    )


def column_reads(column: Any, text: str) -> Any:
    """Say by expression which cells of a column, of whatever type, read a text."""
    import ibis

    truth, number = truth_of(text), number_of(text)
    kind = column.type()
    if kind.is_boolean():
        return ibis.literal(False) if truth is None else column == truth
    if kind.is_numeric():
        asked = number if number is not None or truth is None else float(truth)
        return ibis.literal(False) if asked is None else column == asked
    cell = column.cast("string").strip()
    reads = cell == text.strip()
    if number is not None:
        reads = reads | (_number_in(cell) == number).fill_null(False)
    if truth is not None:
        reads = reads | (truth_in(cell) == truth).fill_null(False)
    return reads


def as_number(text: str) -> float:
    """Return the number by which a series of numbers reads a text; not a number if there is none."""
    truth, number = truth_of(text), number_of(text)
    if number is not None:
        return number
    return math.nan if truth is None else float(truth)


def _number_in(column: Any) -> Any:
    """Read a column of text as numbers; what NaN or infinity are called is none."""
    import ibis

    text = column.strip()
    return ibis.cases((text.re_search(rf"^(?:{NUMBER})$"), text.try_cast("float64")), else_=None)
