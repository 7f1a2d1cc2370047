"""A contract proposed from data: what a source has kept so far, for its owner to judge."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.calendar import read_coverage
from mmmlib.data.contract.forms import DATES, WHOLE_NUMBER, number_text, typed_as, written_forms
from mmmlib.data.contract.layout_columns import cell_text, dates_of, numbers_of, texts_of
from mmmlib.data.contract.proposal import Proposal, propose
from mmmlib.data.read.left_out import without_left_out
from mmmlib.data.read.opening import open_relation
from mmmlib.data.read.problems import Problems, reading
from mmmlib.data.read.relations import Relation
from mmmlib.params.contract import MONEY, ColumnContract, Unit
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

LOOSE = r"^[+-]?[0-9][0-9.,' ]*$"
"""A number in any writing, also with separators that a contract refuses."""
FEW = 12
"""Different texts up to which a column is taken for a list of values."""
MONEY_WORDS = ("spend", "cost", "amount", "revenue", "price", "budget")
UNIT_WORDS: tuple[tuple[str, Unit, Unit], ...] = (
    (r"\bmicros?\b", "micros", "micros"),
    (r"\bcents?\b", "cents", "cents"),
    (r"%|percent|\bpct\b", "percent", "percent"),
    (r"[('’]0{3}\b|\bthousands?\b", "thousands", "currency_thousands"),
    (r"\bmillions?\b", "millions", "currency_millions"),
)
"""Words in a name that give away the unit of a number, and that of money."""


def draft_contract(name: str, source: Source, folder: Path) -> dict[str, Any]:
    """Propose a contract from all rows of a source, as it goes below ``contract`` in a file.

    Ranges are only proposed as far as they follow from the kind of number (no spend is below zero):
    a maximum that was seen is no promise.

    Raises
    ------
    InputError
        If the source cannot be read.
    """
    problems = Problems(folder)
    relation = open_relation(name, source, folder, problems)
    problems.raise_if_any()
    assert relation is not None
    kept = without_left_out(relation, problems)
    problems.raise_if_any()
    assert kept is not None
    with reading(relation.label):
        return _draft(kept[0])


def draft_source(path: str, folder: Path) -> tuple[Proposal, dict[str, Any]]:
    """Propose a source that reads a file, see :mod:`mmmlib.data.contract.proposal`, and its contract."""
    proposal = propose(Source(path=path), folder)
    contract = draft_contract("source", Source.model_validate(proposal.keys), folder)
    for name, column in proposal.keys.get("contract", {}).get("columns", {}).items():
        contract["columns"][name] |= column
    return proposal, contract


def _draft(relation: Relation) -> dict[str, Any]:
    table = relation.table
    rows = int(table.count().to_pyarrow().as_py())
    columns: dict[str, dict[str, Any]] = {}
    source = relation.source
    names, numbers = texts_of(source), numbers_of(source, relation.columns, None)
    for name in relation.columns:
        facts = _facts(table, name, source)
        read_as = "date" if name in dates_of(source) else "text" if name in names else ""
        # Of a wide file any column may be a number; the others say which of theirs are.
        if name in numbers and (source.layout != "wide" or _mostly_numbers(facts)):
            read_as = "number"
        columns[name] = _column(name, facts, rows, read_as)
    days = next((name for name, column in columns.items() if column["type"] == "date"), None)
    if source.date_column in columns:
        days = source.date_column
    contract: dict[str, Any] = {"columns": columns, "closed": True}
    variable, value = relation.source.value_columns or ("", "")
    if "one_of" in columns.get(variable, {}) and value in columns:
        contract["units"] = {one: _unit(one) or "count" for one in columns[variable]["one_of"]}
        columns[value].pop("unit", None)
    key = _key(table, columns, rows)
    if key:
        contract["unique"] = key
    if days is not None:
        volume = _volume(relation, days)
        if volume:
            contract["volume"] = volume
    return contract


def _volume(relation: Relation, days: str) -> dict[str, float]:
    """Propose how many rows a week has; nothing where weeks differ much or are few."""
    as_date = ColumnContract(type="date")
    forms, unclear = written_forms(relation, {days: as_date})
    if unclear:
        return {}
    day = typed_as(relation.table, days, as_date, relation.source, forms.get(days))
    by_week = read_coverage(relation.table.select(date=day), 0).rows_by_week()
    if len(by_week) < 4:
        return {}
    usual = float(by_week.median())
    spread = float((by_week / usual - 1).abs().max()) if usual else math.inf
    if spread > 0.8:
        return {}
    return {
        "rows_per_week": usual,
        "tolerance": min(1.0, max(0.1, math.ceil(spread * 15) / 10)),
    }


def _facts(table: ir.Table, name: str, source: Source) -> dict[str, Any]:
    column = table[name]
    kind = column.type()
    measures: dict[str, Any] = {}
    if kind.is_string():
        text = cell_text(table, name, source)
        plain = number_text(text, source)
        number = plain.try_cast("float64")
        measures = {
            "held": text.count(),
            "numbers": plain.re_search(WHOLE_NUMBER).cast("int64").sum(),
            "loose": text.re_search(LOOSE).cast("int64").sum(),
            **{
                kind: text.re_search(form.pattern).cast("int64").sum()
                for kind, form in DATES.items()
            },
            "low": number.min(),
            "whole": (number == number.round()).cast("int64").sum(),
            "different": text.nunique(),
        }
    else:
        measures = {"held": column.count(), "different": column.nunique()}
        if kind.is_numeric():
            measures["low"] = column.min().cast("float64")
    facts = table.aggregate(**measures).to_pyarrow().to_pylist()[0]
    facts["kind"] = kind
    if kind.is_string() and 0 < facts["different"] <= FEW:
        texts = table.select(text=column.strip().nullif("")).distinct().to_pyarrow()
        facts["values"] = sorted(v for v in texts["text"].to_pylist() if v is not None)
    return facts


def _mostly_numbers(facts: dict[str, Any]) -> bool:
    """Say whether most cells are numbers, also in a writing that the contract will refuse."""
    if not facts["kind"].is_string() or facts["held"] in [facts[form] for form in DATES]:
        return False
    return bool(facts["held"] < 2 * (facts["loose"] or 0))


def _column(name: str, facts: dict[str, Any], rows: int, read_as: str) -> dict[str, Any]:
    kind, held = _type_of(facts, read_as), facts["held"]
    column: dict[str, Any] = {"type": kind}
    if kind == "text" and facts.get("values") and rows > 4 * len(facts["values"]):
        column["one_of"] = facts["values"]
    if kind in ("number", "integer"):
        unit = _unit(name)
        if unit:
            column = {"type": "number" if unit in MONEY else kind, "unit": unit}
        if facts["low"] is not None and facts["low"] >= 0:
            column["min"] = 0
    if held < rows:
        column["nullable"] = True
    return column


def _type_of(facts: dict[str, Any], read_as: str) -> str:
    kind, held = facts["kind"], facts["held"]
    if read_as == "date" or kind.is_date() or kind.is_timestamp():
        return "date"
    if kind.is_string():
        numbers = bool(held) and facts["numbers"] == held and read_as != "text"
        if numbers:
            return "integer" if facts["whole"] == held else "number"
        if read_as:
            return read_as
        return "date" if held and held in [facts[form] for form in DATES] else "text"
    if kind.is_boolean():
        return "boolean"
    if kind.is_integer():
        return "integer"
    return "number" if kind.is_numeric() else "text"


def _unit(name: str) -> Unit:
    """Guess the unit of a number by its name: ``Cost (micros)``, ``Impressions (000)``."""
    words = name.lower().replace("_", " ")
    money = any(word in words for word in MONEY_WORDS) and "index" not in words
    for pattern, unit, of_money in UNIT_WORDS:
        if re.search(pattern, words):
            return of_money if money else unit
    return "currency" if money else ""


def _key(table: ir.Table, columns: dict[str, dict[str, Any]], rows: int) -> list[str]:
    """Columns of dates and texts that together occur once; none if there are none such.

    A text that is a key alone, such as an opportunity's id, is the key: with others beside it an
    opportunity could come twice, at two stages.
    """
    names = [
        n for n, c in columns.items() if c["type"] in ("date", "text") and not c.get("nullable")
    ]

    def is_key(some: list[str]) -> bool:
        return int(table.select(some).distinct().count().to_pyarrow().as_py()) == rows

    if not names or not rows or not is_key(names):
        return []
    alone = (name for name in names if columns[name]["type"] == "text" and is_key([name]))
    only = next(alone, None)
    return names if only is None else [only]
