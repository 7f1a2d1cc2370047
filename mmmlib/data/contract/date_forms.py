"""How dates are written in a column of text, and how they are read as days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmmlib.data.contract.breaches import Breach, Example
from mmmlib.data.contract.layout_columns import cell_text
from mmmlib.data.read.relations import FILE, ROW, Relation
from mmmlib.params.contract import ColumnContract
from mmmlib.params.messages import shown

ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)"
OFFSET = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})"


@dataclass(frozen=True)
class DateFormat:
    """A way to write dates.

    Parameters
    ----------
    pattern
        How a cell looks.
    rewritten
        What its groups are rewritten to: an ISO date, or what ``parsed`` reads.
    month_first
        The same where the month stands before the day.
    parsed
        Format by which DuckDB reads what is rewritten, where that is no ISO date.
    """

    pattern: str
    rewritten: str = ""
    month_first: str = ""
    parsed: str = ""


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
}
"""Ways to write dates that are read, by name. A week of the ISO calendar is its Monday."""
SLASHES = DATES["DD/MM/YYYY"].pattern
YEARS = (1900, 2199)
"""First and last year of a day; others are typing errors, or a program's word for no day."""
A_YEAR = f"a day of the years {YEARS[0]} to {YEARS[1]}"


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


def date_measures(relation: Relation, columns: dict[str, ColumnContract]) -> dict[str, Any]:
    """Return what a first pass over the rows measures: which columns hold plain dates only."""
    texts = {
        name: cell_text(relation.table, name, relation.source)
        for name, column in columns.items()
        if column.type in ("date", "time") and relation.table[name].type().is_string()
    }
    plain = rf"^{ISO}$"
    return {
        f"plain {name}": (text.isnull() | text.re_search(plain)).all().fill_null(True)
        for name, text in texts.items()
    }


def date_forms(
    relation: Relation, seen: Mapping[str, Any]
) -> tuple[dict[str, DateForm], list[Breach]]:
    """Find how most rows of every column of text write their dates.

    Parameters
    ----------
    seen
        What :func:`date_measures` measured. Columns of other than plain dates need another pass.
    """
    table = relation.table
    columns = [key.removeprefix("plain ") for key in seen if key.startswith("plain ")]
    names = [name for name in columns if not seen[f"plain {name}"]]
    forms = dict.fromkeys(columns, DateForm())
    breaches: list[Breach] = []
    if not names:
        return forms, breaches
    counts = {}
    for name in names:
        text = cell_text(table, name, relation.source)
        for number, form in enumerate(DATES.values()):
            counts[f"{name}|{number}"] = text.re_search(form.pattern).cast("int64").sum()
        parts = text.re_search(SLASHES)
        for group in (1, 2):
            value = text.re_extract(SLASHES, group).nullif("").try_cast("int64")
            counts[f"{name}|over{group}"] = (parts & (value > 12)).cast("int64").sum()
        zones = zone_of(text)
        counts[f"{name}|zones"] = (zones.min() != zones.max()).fill_null(False)
    seen = table.aggregate(**counts).to_pyarrow().to_pylist()[0]
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


def why_no_date(cell: str, usual: str) -> tuple[str, str]:
    """Return what was expected instead of a cell that is no date as most rows write it."""
    written = [name for name, form in DATES.items() if re.fullmatch(form.pattern, cell)]
    if usual in written:
        year = re.search("[0-9]{4}", cell)
        outside = year is not None and not YEARS[0] <= int(year[0]) <= YEARS[1]
        return A_YEAR if outside else "a day of the calendar", ""
    if written:
        return f"a date as in most rows: {usual}", "Write all dates as YYYY-MM-DD."
    if not cell:
        return "a date such as 2024-01-29", ""
    if re.fullmatch(r"[^\W\d]+", cell):
        return (
            "a date such as 2024-01-29",
            (
                f"If it marks a row of totals, list it: leave_out: [{cell}] of the source. Else write "
                f"all dates as YYYY-MM-DD."
            ),
        )
    return "a date such as 2024-01-29", "Write all dates as YYYY-MM-DD."


def in_years(day: Any) -> Any:
    """Say by expression which days are of a year that can be."""
    return day.year().between(*YEARS)


def as_day(value: Any, form: DateForm, zone: str | None) -> Any:
    """Read a column as days: null where a text is none.

    Parameters
    ----------
    value
        A column of texts, days or moments.
    form
        How texts write their dates.
    zone
        The time zone in which a day begins, where moments are given.
    """
    import ibis

    if not value.type().is_string():
        if zone is not None and value.type().is_timestamp() and value.type().timezone:
            return _timezone(zone, value).date()
        return value.cast("date")
    written, text = DATES[form.written], value
    if written.rewritten:
        order = written.month_first if form.month_first else written.rewritten
        text = value.re_replace(written.pattern, order)
    if written.parsed:
        return _parsed(text, written.parsed).date()
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


def _parsed(text: Any, written: str) -> Any:
    import ibis

    @ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), "timestamp"))
    def try_strptime(text, written):  # type: ignore[no-untyped-def]
        ...

    return try_strptime(text, written)
