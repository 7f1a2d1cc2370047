"""Columns as what their contract says they hold: texts to numbers and days, by expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmmlib.data.contract.breaches import Breach, Example
from mmmlib.data.contract.truth import truth_in
from mmmlib.data.read.cells import ISO, OFFSET, TIME
from mmmlib.data.read.relations import Relation
from mmmlib.params.contract import ColumnContract
from mmmlib.params.source import Source

Expression = Callable[[Any], Any]
DATES = {
    "YYYY-MM-DD": (rf"^{ISO}{TIME}?{OFFSET}?$", "", ""),
    "YYYY/MM/DD": (r"^([0-9]{4})/([0-9]{2})/([0-9]{2})$", r"\1-\2-\3", ""),
    "YYYYMMDD": (r"^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3", ""),
    "DD.MM.YYYY": (r"^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})$", r"\3-\2-\1", ""),
    "DD/MM/YYYY": (r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$", r"\3-\2-\1", r"\3-\1-\2"),
}
"""Formats of dates in text: how they look, and how they become ISO (day first, month first)."""


def cell_text(table: Any, name: str, source: Source) -> Any:
    """A text cell without spaces around it; null where it stands for nothing."""
    text = table[name].strip()
    for word in ("", *source.missing):
        text = text.nullif(word)
    return text


def date_formats(
    relation: Relation, columns: dict[str, ColumnContract]
) -> tuple[dict[str, str], list[Breach]]:
    """Find the format of most dates of every column of text, in one pass."""
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
        both = DATES["DD/MM/YYYY"][0]
        parts = text.re_search(both)
        for group in (1, 2):
            value = text.re_extract(both, group).nullif("").try_cast("int64")
            counts[f"{name}|over{group}"] = (parts & (value > 12)).cast("int64").sum()
    seen = table.aggregate(**counts).to_pyarrow().to_pylist()[0]
    formats, breaches = {}, []
    for name in names:
        best = max(enumerate(DATES), key=lambda item: seen[f"{name}|{item[0]}"] or 0)[1]
        if best == "DD/MM/YYYY":
            over = bool(seen[f"{name}|over1"]), bool(seen[f"{name}|over2"])
            if over[0] == over[1]:
                found = "both day/month and month/day" if over[0] else "dates that may be either"
                breaches.append(
                    Breach(
                        "type",
                        name,
                        1,
                        "dates such as 2024-01-29, all in one format",
                        "Write all dates as YYYY-MM-DD.",
                        (Example(relation.label, f"column {name}", found),),
                        unreadable=True,
                    )
                )
            best = "MM/DD/YYYY" if over == (False, True) else best
        formats[name] = best
    return formats, breaches


def _iso(text: Any, name: str) -> Any:
    """Rewrite a text date of a format as ISO."""
    month_first = name == "MM/DD/YYYY"
    pattern, day, month = DATES["DD/MM/YYYY" if month_first else name]
    if not day:
        return text
    return text.re_replace(pattern, month if month_first else day)


def typed_as(
    name: str, column: ColumnContract, relation: Relation, date_format: str | None
) -> Expression:
    """Make the expression that reads a column as what the contract says."""
    source = relation.source

    def make(table: Any) -> Any:
        raw = table[name]
        textual = raw.type().is_string()
        value = cell_text(table, name, source) if textual else raw
        if column.type in ("number", "integer"):
            return value.try_cast("float64") if textual else value.cast("float64")
        if column.type in ("date", "time"):
            return _as_date(value, textual, date_format, source.time_zone)
        if column.type == "boolean" and textual:
            return truth_in(value)
        return value

    return make


def _as_date(value: Any, textual: bool, date_format: str | None, zone: str | None) -> Any:
    import ibis

    if not textual:
        if zone is not None and value.type().is_timestamp() and value.type().timezone:
            return _timezone(zone, value).date()
        return value.cast("date")
    text = _iso(value, date_format or "YYYY-MM-DD")
    day = text.left(10) if (date_format or "YYYY-MM-DD") == "YYYY-MM-DD" else text
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
