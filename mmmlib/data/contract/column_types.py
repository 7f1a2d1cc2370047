"""Columns as what their contract says they hold: numbers, days, truth (D2).

All by expressions, so that nothing is read before it is counted or summed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.breaches import Breach, Example
from mmmlib.data.contract.layout_columns import Expression
from mmmlib.data.read.files import FILE
from mmmlib.data.read.relations import ROW, Relation
from mmmlib.params.contract import ColumnContract
from mmmlib.params.messages import shown
from mmmlib.params.source import Source

if TYPE_CHECKING:
    pass

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
DELIVERED = "_delivered"
"""Column that is added to rows of a long file: the value as it was delivered."""


def cell_text(table: Any, name: str, source: Source) -> Any:
    """A text cell without spaces around it; null where it stands for nothing."""
    text = table[name].strip()
    for word in ("", *source.missing):
        text = text.nullif(word)
    return text


@dataclass(frozen=True)
class DateForm:
    """How a column of text writes its dates.

    Parameters
    ----------
    written
        One of :data:`DATES`: the format of most rows.
    month_first
        Whether the month stands before the day.
    zone
        The time zone of most rows (empty for none), where rows differ in it.
    """

    written: str = "YYYY-MM-DD"
    month_first: bool = False
    zone: str | None = None


def date_forms(
    relation: Relation, columns: dict[str, ColumnContract]
) -> tuple[dict[str, DateForm], list[Breach]]:
    """Find how most rows of every column of text write their dates, in one pass."""
    table = relation.table
    names = [
        name
        for name, column in columns.items()
        if column.type in ("date", "time") and table[name].type().is_string()
    ]
    if not names:
        return {}, []
    counts = {}
    for name in names:
        text = cell_text(table, name, relation.source)
        for number, (pattern, *_) in enumerate(DATES.values()):
            counts[f"{name}|{number}"] = text.re_search(pattern).cast("int64").sum()
        parts = text.re_search(SLASHES)
        for group in (1, 2):
            value = text.re_extract(SLASHES, group).nullif("").try_cast("int64")
            counts[f"{name}|over{group}"] = (parts & (value > 12)).cast("int64").sum()
        zones = zone_of(text)
        counts[f"{name}|zones"] = (zones.min() != zones.max()).fill_null(False)
    seen = table.aggregate(**counts).to_pyarrow().to_pylist()[0]
    forms, breaches = {}, []
    for name in names:
        best = max(enumerate(DATES), key=lambda item: seen[f"{name}|{item[0]}"] or 0)[1]
        over = bool(seen[f"{name}|over1"]), bool(seen[f"{name}|over2"])
        if best == "DD/MM/YYYY" and over[0] == over[1]:
            breaches.append(_either_way(relation, name, both=over[0]))
        mixed = relation.source.time_zone is None and seen[f"{name}|zones"]
        zone = _usual_zone(relation, name) if mixed else None
        forms[name] = DateForm(best, best == "DD/MM/YYYY" and over == (False, True), zone)
    return forms, breaches


def zone_of(text: Any) -> Any:
    """Read the offset at the end of a date with a time; empty where there is none."""
    # '2024-01-29' ends like an offset '-29'? No: an offset has four digits, or a colon.
    zone = text.re_extract(rf"{ISO}{TIME}?({OFFSET})$", 1)
    zone = zone.re_replace(r"^([+-][0-9]{2})([0-9]{2})$", r"\1:\2")
    return zone.cases(("Z", "+00:00"), ("-00:00", "+00:00"), else_=zone)


def _usual_zone(relation: Relation, name: str) -> str:
    zones = relation.table.select(zone=zone_of(cell_text(relation.table, name, relation.source)))
    zones = zones.filter(zones.zone.notnull())
    counted = zones.group_by("zone").aggregate(n=lambda t: t.count())
    first = counted.order_by(counted.n.desc(), counted.zone).limit(1)
    return str(first.to_pyarrow()["zone"][0].as_py())


def _either_way(relation: Relation, name: str, *, both: bool) -> Breach:
    """Tell dates of which nobody can say whether the day or the month stands first."""
    table = relation.table
    rows = table.filter(cell_text(table, name, relation.source).re_search(SLASHES))
    (row,) = rows.limit(1).to_pyarrow().to_pylist()
    file, place = relation.label, f"column {name}"
    if ROW in row:
        file = relation.named(row[FILE])
        place = f"row {relation.places(row[FILE], [row[ROW]])[row[ROW]]}, {place}"
    found = f"{shown(row[name])}, "
    found += (
        "and neither day/month nor month/day fits all rows"
        if both
        else "which may be day/month or month/day"
    )
    return Breach(
        "type",
        name,
        1,
        "dates such as 2024-01-29",
        "Write all dates as YYYY-MM-DD.",
        (Example(file, place, found),),
        unreadable=True,
    )


def typed_as(
    name: str, column: ColumnContract, relation: Relation, form: DateForm | None
) -> Expression:
    """Make the expression that reads a column as what the contract says.

    A text that is no number becomes not-a-number, and a missing one null.
    """
    source = relation.source

    def make(table: Any) -> Any:
        import ibis

        raw = table[name]
        textual = raw.type().is_string()
        value = cell_text(table, name, source) if textual else raw
        if column.type in ("number", "integer"):
            return number_in(value)
        if column.type in ("date", "time"):
            day = _as_date(value, textual, form or DateForm(), source.time_zone)
            return ibis.cases((day.year().between(*YEARS), day), else_=ibis.null("date"))
        if column.type == "boolean" and textual:
            return truth_in(value)
        return value

    return make


def number_in(column: Any) -> Any:
    """Read a column as numbers: not-a-number where a text is none, null where it is missing."""
    import ibis

    if not column.type().is_string():
        return column.cast("float64")
    number = column.try_cast("float64")
    return ibis.cases((column.isnull(), ibis.null("float64")), else_=number.fill_null(math.nan))


def _as_date(value: Any, textual: bool, form: DateForm, zone: str | None) -> Any:
    import ibis

    if not textual:
        if zone is not None and value.type().is_timestamp() and value.type().timezone:
            return _timezone(zone, value).date()
        return value.cast("date")
    pattern, day_first, month_first = DATES[form.written]
    text = value
    if day_first:
        text = value.re_replace(pattern, month_first if form.month_first else day_first)
    day = text.left(10) if form.written == "YYYY-MM-DD" else text
    if zone is None:
        return day.try_cast("date")
    # With an offset the moment is known, and its day depends on the zone; without, it is local.
    moment = text.try_cast("timestamp('UTC')")
    return ibis.cases(
        (text.re_search(rf"{OFFSET}$") & (text.length() > 10), _timezone(zone, moment).date()),
        else_=day.try_cast("date"),
    )


def _timezone(zone: str, moment: Any) -> Any:
    import ibis

    @ibis.udf.scalar.builtin(
        name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp")
    )
    def timezone(zone, moment):  # type: ignore[no-untyped-def]
        ...

    return timezone(zone, moment)


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


# --- truth ----------------------------------------------------------------------------------

# ``1``, ``1.0``, ``TRUE`` and ``yes`` are one answer, which every program writes in its own way.
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
        sought = number if number is not None or truth is None else float(truth)
        return ibis.literal(False) if sought is None else column == sought
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
