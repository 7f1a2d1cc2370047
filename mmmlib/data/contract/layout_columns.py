"""What the columns of a source hold, by its layout: days, regions, names, numbers and their units."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mmmlib.data.read.relations import ROW
from mmmlib.errors import Problem
from mmmlib.params.contract import MONEY, SCALES, Contract
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

NATIONAL = "national"
"""Region of the rows of a source that has no column of regions."""


NEEDED = {
    "master_flat_file": ("period", "geography", "campaign", "variable", "value"),
    "ad_platform": ("date", "campaign", "spend"),
    "crm_pipeline": ("opportunity", "stage", "created", "closed", "amount"),
}
"""Columns that a layout cannot do without."""


def cell_text(table: Any, name: str, source: Source) -> Any:
    """A text cell without spaces around it; null where it stands for nothing."""
    text = table[name].strip()
    for word in ("", *source.missing):
        text = text.nullif(word)
    return text


def measured(table: ir.Table, measures: Mapping[str, Any]) -> dict[str, Any]:
    """Compute measures of all rows in one pass."""
    if not measures:
        return {}
    return dict(table.aggregate(**measures).to_pyarrow().to_pylist()[0])


def missing_columns(name: str, source: Source, known: Sequence[str]) -> list[Problem]:
    """List the columns that were not delivered, and that a source's layout cannot do without."""
    place = f"data.sources.{name}"
    words = {source.column(word): word for word in NEEDED.get(source.layout, ())}
    needed = {column: f"{place}.columns.{word}" for column, word in words.items()}
    if source.layout in ("wide", "long"):
        needed = {source.date: f"{place}.date"}
    if source.layout == "long":
        needed |= {str(source.name): f"{place}.name", str(source.value): f"{place}.value"}
    if source.region is not None:
        needed[source.region] = f"{place}.region"
    if source.currency_column is not None:
        needed[source.currency_column] = f"{place}.currency_column"
    needed |= dict.fromkeys(source.name_from, f"{place}.name_from")
    promised = source.contract.columns if source.contract else {}
    listed = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    return [
        Problem(
            f"column {column} ({key})",
            "no such column",
            f"one of {listed}",
            did_you_mean(column, known)
            or f"Say what the file calls {shown(key.rpartition('.')[2])} in the parameters.",
        )
        for column, key in needed.items()
        # A column that the contract promises is reported with it.
        if column not in known and not (column in promised and promised[column].required)
    ]


def row_number(table: ir.Table, source: Source) -> dict[str, Any]:
    """Return the column of row numbers in the file, where a row is a whole week and has one."""
    return {ROW: table[ROW]} if is_whole_week(source) and ROW in table.columns else {}


def is_whole_week(source: Source) -> bool:
    """Say whether a row of a source is the whole week of its region (and series)."""
    return source.grain == "week" and source.layout in ("wide", "long") and not source.taxonomy


def is_whole_period(source: Source) -> bool:
    """Say whether a row of a source is the whole week, or month, of its region (and series)."""
    spread = source.is_spread and source.layout in ("wide", "long") and not source.taxonomy
    return spread or is_whole_week(source)


def dates_of(source: Source) -> list[str]:
    """List the columns that the layout of a source reads as days."""
    if source.layout == "crm_pipeline":
        return [source.column("created"), source.column("closed")]
    return [source.date_column]


def numbers_of(
    source: Source, columns: Collection[str], variables: Collection[str] | None
) -> list[str]:
    """List the columns that the layout of a source reads as numbers."""
    if source.layout == "wide":
        taken = {source.date, source.region, source.currency_column}
        return [
            name
            for name in columns
            if name not in taken
            and not name.startswith("_")
            and (variables is None or name in variables)
        ]
    if source.layout == "long":
        return [str(source.value)]
    words = {
        "master_flat_file": ("value",),
        "ad_platform": ("spend", "impressions", "clicks", "conversions"),
        "crm_pipeline": ("amount",),
    }
    return [source.column(word) for word in words[source.layout]]


def texts_of(source: Source) -> list[str]:
    """List the columns that the layout of a source reads as names, also where they are digits."""
    words = {
        "master_flat_file": ("product", "campaign", "variable"),
        "ad_platform": ("campaign", "ad_group"),
        "crm_pipeline": ("opportunity", "stage", "motion"),
    }
    named = [source.column(word) for word in words.get(source.layout, ())]
    others = [source.name, source.region_column, source.currency_column]
    return [*named, *source.name_from, *(name for name in others if name is not None)]


def day_of(column: Any) -> Any:
    """Read a column as days."""
    kind = column.type()
    if kind.is_date():
        return column
    if kind.is_timestamp():
        return column.date()
    return column.cast("string").strip().left(10).try_cast("date")


def region_of(table: ir.Table, source: Source) -> Any:
    """Read the region of every row; ``national`` where the source has none."""
    column = source.region_column
    if column is None or column not in table.columns:
        return text_of(NATIONAL)
    return region_text(table[column])


def region_text(column: Any) -> Any:
    """Read a cell as the name of a region; empty where there is none."""
    return column.cast("string").strip().fill_null("")


def is_won(table: ir.Table, source: Source) -> Any:
    """Say of every opportunity of a CRM export whether it was won."""
    stage = table[source.column("stage")].cast("string").strip()
    return stage.isin(list(source.won)).fill_null(False)


def text_of(value: str) -> Any:
    """The same text in every row."""
    import ibis

    return ibis.literal(value, type="string")


def slug(text: str) -> str:
    """Write a variable's name as the layouts do.

    >>> slug(" Media Cost ")
    'media_cost'
    """
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower())


# --- units ------------------------------------------------------------------------------------


def in_whole_units(table: ir.Table, source: Source, contract: Contract) -> ir.Table:
    """Bring numbers, typed and as delivered, to whole units.

    Source and contract say the unit of every column, or of every variable of the one column of
    values.
    """
    import ibis

    made = {
        name: _times(table[name], SCALES[column.unit])
        for name, column in contract.columns.items()
        if name in table.columns and SCALES[column.unit] != 1
    }
    if contract.units and source.value_columns is not None:
        variable, value = source.value_columns
        word, number = _word(table, variable), table[value]
        scaled = {name: SCALES[unit] for name, unit in contract.units.items() if SCALES[unit] != 1}
        if scaled:
            cases = [(word == name, _times(number, scale)) for name, scale in scaled.items()]
            made[value] = ibis.cases(*cases, else_=number)
    return table.mutate(**made) if made else table


def money_of(table: ir.Table, source: Source, contract: Contract) -> dict[str, Any]:
    """Return the columns of money, and for each the expression that says which rows are money."""
    import ibis

    money: dict[str, Any] = {
        name: ibis.literal(True)
        for name, column in contract.columns.items()
        if column.unit in MONEY
    }
    named = [name for name, unit in contract.units.items() if unit in MONEY]
    if named and source.value_columns is not None:
        variable, value = source.value_columns
        money[value] = _word(table, variable).isin(named)
    return money


def without_unit(table: ir.Table, variable: str, contract: Contract) -> Any:
    """Say by expression which rows are of a variable that the contract's ``units`` do not list."""
    return ~_word(table, variable).isin(list(contract.units))


def without_money(series: str, source: Source, contract: Contract) -> str:
    """Name the place in the contract that should give a series its unit of money, and does not.

    Empty where the contract says that it is money, or where no single place does.
    """
    marked = {name for name, column in contract.columns.items() if column.unit in MONEY}
    if source.value_columns is not None:
        variable, value = source.value_columns
        if value in marked or (source.layout == "long" and source.taxonomy):
            return ""
        named = [name for name, unit in contract.units.items() if unit in MONEY]
        if source.layout == "long":
            return "" if series in named else f"units, series {series}"
        word = series.rpartition(".")[2]
        return "" if word in map(slug, named) else f"units, {word} of column {variable}"
    column = series
    if source.layout == "ad_platform":
        column = source.column(series.rpartition(".")[2])
    elif source.layout == "crm_pipeline":
        counts = series.partition(".")[0] in ("opportunities", "won")
        column = "" if counts else source.column("amount")
    return "" if column in marked or not column else f"columns.{column}"


def _times(number: Any, scale: Fraction) -> Any:
    """Multiply, or divide: 1234 cents are 12.34 to the last digit, and not 12.340000000000002."""
    if scale.denominator == 1:
        return number * float(scale.numerator)
    return number * float(scale.numerator) / float(scale.denominator)


def _word(table: Any, column: str) -> Any:
    return table[column].cast("string").strip().fill_null("")
