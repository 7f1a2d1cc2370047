"""How numbers are written in a column of text: marks of thousands, decimals, and signs beside them.

``2.739`` is two and a bit, or two thousand: which, the source says by ``decimal`` or ``thousands``
where no value of the column can be read in one way only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from mmmlib.data.contract.breaches import Breach, Example
from mmmlib.data.contract.layout_columns import cell_text
from mmmlib.data.read.relations import FILE, ROW, Relation
from mmmlib.params.contract import ColumnContract
from mmmlib.params.messages import shown
from mmmlib.params.source import Source

# [0-9] and not \d, which takes the digits of every script.
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
MARKS = {
    "point": r"\.",
    "comma": ",",
    "apostrophe": "['\u2019]",
    "space": "[ \u00a0\u2009\u202f]",
}
"""Marks between thousands, as patterns."""
EITHER = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
"""A number with a point that may stand between thousands."""
SIGN = r"[^\w\s.,+'\u2019-]|[A-Z]{3}"


def number_in(column: Any, source: Source, *, marked: bool) -> Any:
    """Read a column as numbers, null where it is missing.

    Parameters
    ----------
    marked
        Whether a text that is no number becomes not-a-number, to tell it from a missing one; else
        it is null too.
    """
    import ibis

    if not column.type().is_string():
        return column.cast("float64")
    number = number_text(column, source).try_cast("float64")
    if not marked:
        return number
    return ibis.cases((column.isnull(), ibis.null("float64")), else_=number.fill_null(math.nan))


def number_text(text: Any, source: Source) -> Any:
    """Rewrite texts as numbers with a decimal point and nothing else, as the source declares."""
    import ibis

    for sign in source.signs:
        text = text.replace(sign, "")
    if source.signs:
        text = text.strip()
    comma = source.decimal_mark == "comma"
    if source.thousands is not None:
        mark, decimal = MARKS[source.thousands], "," if comma else r"\."
        grouped = rf"^[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:{decimal}[0-9]*)?$"
        text = ibis.cases((text.re_search(grouped), text.re_replace(mark, "")), else_=text)
    if comma:  # a point that is left is none between thousands, and the text no number
        text = text.replace(".", "?").replace(",", ".")
    return text


def number_measures(relation: Relation, columns: dict[str, ColumnContract]) -> dict[str, Any]:
    """Return what a first pass over the rows measures: which columns may be read in two ways."""
    source, table = relation.source, relation.table
    if source.decimal is not None or source.thousands is not None:
        return {}
    texts = {
        name: number_text(cell_text(table, name, source), source)
        for name, column in columns.items()
        if column.type in ("number", "integer") and table[name].type().is_string()
    }
    return {
        f"either {name}": text.re_search(EITHER).any().fill_null(False)
        for name, text in texts.items()
    }


def unclear_numbers(relation: Relation, seen: Mapping[str, Any]) -> list[Breach]:
    """Find columns of text whose every point may be a decimal one or stand between thousands.

    Parameters
    ----------
    seen
        What :func:`number_measures` measured.
    """
    names = [
        key.removeprefix("either ") for key, found in seen.items() if key[:7] == "either " and found
    ]
    if not names:
        return []
    counts = {}
    for number, name in enumerate(names):
        text = number_text(cell_text(relation.table, name, relation.source), relation.source)
        is_number = text.re_search(rf"^(?:{NUMBER})$") & text.contains(".")
        counts[f"points{number}"] = is_number.cast("int64").sum()
        counts[f"either{number}"] = text.re_search(EITHER).cast("int64").sum()
    found = relation.table.aggregate(**counts).to_pyarrow().to_pylist()[0]
    return [
        _either_way(relation, name, found[f"either{number}"])
        for number, name in enumerate(names)
        if found[f"either{number}"] == found[f"points{number}"]
    ]


def _either_way(relation: Relation, name: str, count: int) -> Breach:
    """Tell numbers of which nobody can say whether a point stands between thousands."""
    source, table = relation.source, relation.table
    text = number_text(cell_text(table, name, source), source)
    (row,) = table.filter(text.re_search(EITHER)).limit(1).to_pyarrow().to_pylist()
    file, place = relation.label, f"column {name}"
    if ROW in row:
        file = relation.named(row[FILE])
        place = f"row {relation.places(row[FILE], [row[ROW]])[row[ROW]]}, {place}"
    plain = str(row[name]).strip().replace(".", "")
    found = f"{shown(row[name])}, which may be {shown(row[name]).strip(chr(39))} or {plain}"
    found += f" (so all {count:,} values with a point)" if count > 1 else ""
    return Breach(
        "type",
        name,
        1,
        "numbers that can be read in one way only",
        "Declare on the source 'decimal: point' if the point stands before decimals, or "
        "'thousands: point' if it stands between thousands.",
        (Example(file, place, found),),
        unreadable=True,
    )


def why_no_number(cell: str, decimal: str = "point") -> tuple[str, str]:
    """Return what was expected instead of a cell, and what to do.

    Parameters
    ----------
    decimal
        What stands before decimals, as the source declares.
    """
    if re.fullmatch(NUMBER, cell):
        if decimal == "comma" and "." in cell:
            return "a number with a decimal comma, as the source declares", _ONE_WAY
        return "a finite number", ""
    if cell.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return "a finite number", _HOW_MISSING
    if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell):
        return (
            "a number with a decimal point",
            (
                f"Write 1234.5; or declare on the source 'thousands: comma' if it is "
                f"{cell.replace(',', '')}, 'decimal: comma' if it is {cell.replace(',', '.')}."
            ),
        )
    if re.fullmatch(r"[+-]?\d+,\d+", cell):
        return (
            "a number with a decimal point",
            "Write 1234.5, not 1234,5; or declare 'decimal: comma' on the source.",
        )
    for name, mark in MARKS.items():
        if re.fullmatch(rf"[+-]?\d{{1,3}}({mark}\d{{3}})+([.,]\d+)?", cell):
            return (
                "a number",
                (
                    f"Write it without thousands separators: 1234.5; or declare 'thousands: {name}' "
                    f"on the source."
                ),
            )
    sign = re.search(SIGN, cell)
    if sign and re.search(r"\d", cell) and len(re.sub(r"[\d.,'\s+-]", "", cell)) <= 3:
        share = " and 'unit: percent' in its contract" if sign[0] == "%" else ""
        return (
            "a number",
            (
                f"Declare signs: ['{sign[0]}'] on the source{share} if {shown(sign[0])} stands beside "
                f"the numbers."
            ),
        )
    return "a number", _HOW_MISSING


_ONE_WAY = "A file writes all of its numbers in one way: have the columns that differ corrected."
_HOW_MISSING = "If it stands for a missing value, list it in the source's 'missing'."


def number_of(text: str) -> float | None:
    """Return the number that a text is; None where it is none."""
    return float(text) if re.fullmatch(NUMBER, text.strip()) else None
