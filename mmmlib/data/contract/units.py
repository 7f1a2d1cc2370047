"""Numbers in whole units: micros, cents, thousands and percents as the contract declares them (D2)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mmmlib.data.contract.column_types import Expression
from mmmlib.data.contract.layout_columns import slug
from mmmlib.params.contract import MONEY, SCALES, Contract
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir


def in_whole_units(table: ir.Table, source: Source, contract: Contract) -> ir.Table:
    """Bring numbers to whole units.

    Parameters
    ----------
    table
        Typed as the contract says, as delivered.
    source, contract
        Say the unit of every column, or of every variable of the one column of values.
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


def money_of(source: Source, contract: Contract) -> dict[str, Expression]:
    """Return the columns of money, and for each the expression that says which rows are money."""
    import ibis

    def always(table: Any) -> Any:
        return ibis.literal(True)

    money: dict[str, Expression] = {
        name: always for name, column in contract.columns.items() if column.unit in MONEY
    }
    named = [name for name, unit in contract.units.items() if unit in MONEY]
    if named and source.value_columns is not None:
        variable, value = source.value_columns
        money[value] = lambda table: _word(table, variable).isin(named)
    return money


def without_unit(source: Source, contract: Contract) -> tuple[str, Expression] | None:
    """Return the column of variables, and the expression that is true where one has no unit.

    None where the contract does not declare units by variable.
    """
    if not contract.units or source.value_columns is None:
        return None
    variable, _ = source.value_columns
    known = list(contract.units)
    return variable, lambda table: ~_word(table, variable).isin(known)


def without_money(series: str, source: Source, contract: Contract) -> str:
    """Name the place that tells a series of money, where it has no unit of money.

    Returns
    -------
    str
        Empty where the contract says that it is money, or where no one place tells it.
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
