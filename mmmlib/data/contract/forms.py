"""How dates, numbers and truth are written in columns of text, and how they are read.

``2.739`` is two and a bit, or two thousand, and ``01/02/2024`` a day of January or of February:
which, other cells of the column say. Where none does, nothing is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.layout_columns import cell_text, measured
from mmmlib.data.read.problems import Breach, Example
from mmmlib.data.read.relations import Relation
from mmmlib.params.contract import ColumnContract
from mmmlib.params.messages import shown
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

DATED, NUMERIC = ("date", "time"), ("number", "integer")
"""Types of a contract that are read as days, and as numbers."""
ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)"
OFFSET = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})"


@dataclass(frozen=True)
class DateFormat:
    """A way to write dates.

    ``pattern`` is how a cell looks, and ``rewritten`` what its groups are rewritten to: an ISO
    date, or what DuckDB reads by the format ``parsed``. ``month_first`` is the same where the month
    stands before the day.
    """

    pattern: str
    rewritten: str = ""
    month_first: str = ""
    parsed: str = ""
    month: bool = False
    """Whether it names a month, of which its first day is read."""


DATES = {
    "YYYY-MM-DD": DateFormat(rf"^{ISO}{TIME}?{OFFSET}?$"),
    "YYYY/MM/DD": DateFormat(r"^([0-9]{4})/([0-9]{2})/([0-9]{2})$", r"\1-\2-\3"),
    "YYYYMMDD": DateFormat(r"^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3"),
    "DD.MM.YYYY": DateFormat(r"^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})$", r"\3-\2-\1"),
    "DD/MM/YYYY": DateFormat(r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$", r"\3-\2-\1", r"\3-\1-\2"),
    "YYYY-Www": DateFormat(r"^([0-9]{4})-?W([0-9]{2})$", r"\1-\2-1", parsed="%G-%V-%u"),
    "DD-Mon-YYYY": DateFormat(
        r"^([0-9]{1,2})[- ]([A-Z][a-z]{2})[- ]([0-9]{4})$", r"\1-\2-\3", parsed="%d-%b-%Y"
    ),
    "DD-Mon-YY": DateFormat(
        r"^([0-9]{1,2})[- ]([A-Z][a-z]{2})[- ]([0-9]{2})$", r"\1-\2-20\3", parsed="%d-%b-%Y"
    ),
    "YYYY-MM": DateFormat(r"^([0-9]{4})[-/](0[1-9]|1[0-2])$", r"\1-\2-01", month=True),
    "MM/YYYY": DateFormat(r"^(0?[1-9]|1[0-2])/([0-9]{4})$", r"\2-\1-01", month=True),
    "Mon YYYY": DateFormat(
        r"^([A-Z][a-z]{2})[- ]([0-9]{4})$", r"1-\1-\2", parsed="%d-%b-%Y", month=True
    ),
    "Mon YY": DateFormat(
        r"^([A-Z][a-z]{2})[- ]([0-9]{2})$", r"1-\1-20\2", parsed="%d-%b-%Y", month=True
    ),
    "Month YYYY": DateFormat(
        r"^([A-Z][a-z]{2,8}) ([0-9]{4})$", r"1-\1-\2", parsed="%d-%B-%Y", month=True
    ),
}
"""Ways to write dates that are read, by name. A week of the ISO calendar is its Monday, a month its
first day: that is read where a row may be a month."""
SLASHES = DATES["DD/MM/YYYY"].pattern
YEARS = (1900, 2199)
"""First and last year of a day; others are typing errors, or a program's word for no day."""
A_YEAR = f"a day of the years {YEARS[0]} to {YEARS[1]}"

# [0-9] and not \d, which takes the digits of every script.
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
WHOLE_NUMBER = rf"^(?:{NUMBER})$"
"""A cell that is a number and nothing else."""
MARKS = {
    "point": r"\.",
    "comma": ",",
    "apostrophe": "['\u2019]",
    "space": "[ \u00a0\u2009\u202f]",
}
"""Marks between thousands, as patterns."""
EITHER = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
"""A number with a point that may stand between thousands."""


@dataclass(frozen=True)
class DateForm:
    """How a column of text writes its dates: in one of :data:`DATES`, the format of most rows.

    ``zone`` is the time zone of most rows (empty for none), where rows differ in it.
    """

    written: str = "YYYY-MM-DD"
    month_first: bool = False
    zone: str | None = None


def written_forms(
    relation: Relation, columns: Mapping[str, ColumnContract]
) -> tuple[dict[str, DateForm], list[Breach]]:
    """Find how most rows of every column of text write their dates, and what can be read in two ways.

    One pass over the rows says which columns hold anything but plain dates and numbers; only those
    need another.
    """
    source, table = relation.source, relation.table
    texts = {
        name: cell_text(table, name, source) for name in columns if table[name].type().is_string()
    }
    dates = {name: text for name, text in texts.items() if columns[name].type in DATED}
    numbers = {}
    if source.decimal is None and source.thousands is None:
        numbers = {
            name: number_text(text, source)
            for name, text in texts.items()
            if columns[name].type in NUMERIC
        }
    looks = {f"odd {name}": ~text.re_search(rf"^{ISO}$") for name, text in dates.items()}
    looks |= {f"odd {name}": text.re_search(EITHER) for name, text in numbers.items()}
    odd = measured(table, {key: look.any().fill_null(False) for key, look in looks.items()})
    forms = dict.fromkeys(dates, DateForm())
    dates = {name: text for name, text in dates.items() if odd[f"odd {name}"]}
    numbers = {name: text for name, text in numbers.items() if odd[f"odd {name}"]}
    measures: dict[str, Any] = {}
    # Of days and events a month would put all on its first day.
    months = source.grain in ("month", "week")
    known = {form: one for form, one in DATES.items() if months or not one.month}
    for name, text in dates.items():
        for form, format_ in known.items():
            measures[f"{name}|{form}"] = text.re_search(format_.pattern).cast("int64").sum()
        for group in (1, 2):
            value = text.re_extract(SLASHES, group).nullif("").try_cast("int64")
            measures[f"{name}|over{group}"] = (text.re_search(SLASHES) & (value > 12)).any()
        zones = zone_of(text)
        measures[f"{name}|mixed"] = zones.min() != zones.max()
        measures[f"{name}|zone"] = zones.mode()
    for name, text in numbers.items():
        pointed = text.re_search(WHOLE_NUMBER) & text.contains(".")
        measures[f"{name}|points"] = pointed.cast("int64").sum()
        measures[f"{name}|either"] = text.re_search(EITHER).cast("int64").sum()
    seen = measured(table, measures)
    breaches = []
    for name, text in dates.items():
        best = max(known, key=lambda form: seen[f"{name}|{form}"] or 0)
        day_over, month_over = bool(seen[f"{name}|over1"]), bool(seen[f"{name}|over2"])
        slashes = best == "DD/MM/YYYY"
        if slashes and day_over == month_over:
            breaches.append(_unclear_dates(relation, name, text, both=day_over))
        mixed = source.time_zone is None and seen[f"{name}|mixed"]
        zone = str(seen[f"{name}|zone"]) if mixed else None
        forms[name] = DateForm(best, slashes and month_over and not day_over, zone)
    breaches += [
        _unclear_numbers(relation, name, text, seen[f"{name}|either"])
        for name, text in numbers.items()
        if seen[f"{name}|either"] == seen[f"{name}|points"]
    ]
    return forms, breaches


def _unclear_dates(relation: Relation, name: str, text: Any, *, both: bool) -> Breach:
    """Tell dates of which nobody can say whether the day or the month stands first."""
    why = (
        "and neither day/month nor month/day fits all rows"
        if both
        else "which may be day/month or month/day"
    )
    file, place, cell = _first(relation, name, text.re_search(SLASHES))
    return Breach(
        "type",
        name,
        1,
        "dates such as 2024-01-29",
        "Write all dates as YYYY-MM-DD.",
        (Example(file, place, f"{shown(cell)}, {why}"),),
        unreadable=True,
    )


def _unclear_numbers(relation: Relation, name: str, text: Any, count: int) -> Breach:
    """Tell numbers of which nobody can say whether a point stands between thousands."""
    file, place, cell = _first(relation, name, text.re_search(EITHER))
    plain = cell.strip().replace(".", "")
    found = f"{shown(cell)}, which may be {shown(cell).strip(chr(39))} or {plain}"
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


def _first(relation: Relation, name: str, where: Any) -> tuple[str, str, str]:
    """Return file, place and cell of one row for which a condition holds."""
    (row,) = relation.table.filter(where).limit(1).to_pyarrow().to_pylist()
    file, number = relation.place(row)
    where = f"column {name}" if number is None else f"row {number}, column {name}"
    return file if number else relation.label, where, str(row[name])


# --- dates ----------------------------------------------------------------------------------


def zone_of(text: Any) -> Any:
    """Read the offset at the end of a date with a time; empty where there is none."""
    # '2024-01-29' ends like an offset '-29'? No: an offset has four digits, or a colon.
    zone = text.re_extract(rf"{ISO}{TIME}?({OFFSET})$", 1)
    zone = zone.re_replace(r"^([+-][0-9]{2})([0-9]{2})$", r"\1:\2")
    return zone.cases(("Z", "+00:00"), ("-00:00", "+00:00"), else_=zone)


def in_years(day: Any) -> Any:
    """Say by expression which days are of a year that can be."""
    return day.year().between(*YEARS)


def as_day(value: Any, form: DateForm, zone: str | None) -> Any:
    """Read a column of texts, days or moments as days: null where a text is none.

    ``form`` says how texts write their dates, ``zone`` where a day begins, where moments are given.
    """
    import ibis

    @ibis.udf.scalar.builtin(
        name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp")
    )
    def local(zone, moment):  # type: ignore[no-untyped-def]
        ...

    @ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), "timestamp"))
    def parse(text, written):  # type: ignore[no-untyped-def]
        ...

    kind = value.type()
    if not kind.is_string():
        is_moment = zone is not None and kind.is_timestamp() and kind.timezone
        return local(zone, value).date() if is_moment else value.cast("date")
    written, text = DATES[form.written], value
    if written.rewritten:
        order = written.month_first if form.month_first else written.rewritten
        text = value.re_replace(written.pattern, order)
    if written.parsed:
        return parse(text, written.parsed).date()
    day = (text.left(10) if form.written == "YYYY-MM-DD" else text).try_cast("date")
    if zone is None:
        return day
    # With an offset the moment is known, and its day depends on the zone; without, it is local.
    moment = local(zone, text.try_cast("timestamp('UTC')")).date()
    return ibis.ifelse(text.re_search(rf"{OFFSET}$") & (text.length() > 10), moment, day)


# --- numbers --------------------------------------------------------------------------------


def number_text(text: Any, source: Source) -> Any:
    """Rewrite texts as numbers with a decimal point and nothing else, as the source declares."""
    import ibis

    if source.zero:
        text = ibis.ifelse(text.isin([one.strip() for one in source.zero]), "0", text)
    for sign in source.signs:
        text = text.replace(sign, "")
    if source.signs:
        text = text.strip()
    comma = source.decimal_mark == "comma"
    if source.thousands is not None:
        mark, decimal = MARKS[source.thousands], "," if comma else r"\."
        grouped = rf"^[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:{decimal}[0-9]*)?$"
        text = ibis.ifelse(text.re_search(grouped), text.re_replace(mark, ""), text)
    if comma:  # a point that is left is none between thousands, and the text no number
        text = text.replace(".", "?").replace(",", ".")
    return text


# --- truth ----------------------------------------------------------------------------------

# ``1``, ``1.0``, ``TRUE`` and ``yes`` are one answer, which every program writes in its own way.
TRUE = ("true", "1", "yes", "y")
FALSE = ("false", "0", "no", "n")


def as_number(text: str) -> float:
    """Return the number by which a series of numbers reads a text; not a number if there is none.

    >>> as_number("2.50"), as_number("Yes"), as_number("spring")
    (2.5, 1.0, nan)
    """
    word = text.strip().lower()
    if re.fullmatch(NUMBER, word):
        return float(word)
    return 1.0 if word in TRUE else 0.0 if word in FALSE else math.nan


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

    number, kind = as_number(text), column.type()
    if kind.is_boolean():
        return column == bool(number) if number in (0, 1) else ibis.literal(False)
    if kind.is_numeric():
        return ibis.literal(False) if math.isnan(number) else column == number
    cell = column.cast("string").strip()
    reads = cell == text.strip()
    if not math.isnan(number):
        reads = reads | (_number_in(cell) == number).fill_null(False)
    if number in (0, 1):
        reads = reads | (truth_in(cell) == bool(number)).fill_null(False)
    return reads


def _number_in(column: Any) -> Any:
    """Read a column of text as numbers; what NaN or infinity are called is none."""
    import ibis

    text = column.strip()
    return ibis.ifelse(text.re_search(WHOLE_NUMBER), text.try_cast("float64"), ibis.null("float64"))


# --- as the contract says -------------------------------------------------------------------


def typed_as(
    table: ir.Table,
    name: str,
    column: ColumnContract,
    source: Source,
    form: DateForm | None,
    *,
    keeps: bool = False,
) -> Any:
    """Read a column as what the contract says, by expression; ``form`` is how it writes its dates.

    ``keeps`` says whether rows with values that cannot be read are kept: a text that is no number
    then becomes not-a-number, to tell it from a missing one, and a day of a year that cannot be is
    missing.
    """
    import ibis

    raw = table[name]
    textual = raw.type().is_string()
    value = cell_text(table, name, source) if textual else raw
    if column.type in NUMERIC:
        if not textual:
            return value.cast("float64")
        number = number_text(value, source).try_cast("float64")
        missing = value.isnull()
        return ibis.ifelse(missing, number, number.fill_null(math.nan)) if keeps else number
    if column.type in DATED:
        day = as_day(value, form or DateForm(), source.time_zone)
        return ibis.ifelse(in_years(day), day, ibis.null("date")) if keeps else day
    return truth_in(value) if column.type == "boolean" and textual else value
