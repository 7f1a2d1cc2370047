"""Money of other currencies, by the rate of its day, and of other days, by a price index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmmlib.data.contract.layout_columns import money_of, without_money
from mmmlib.data.contract.side_tables import read_steps
from mmmlib.data.read.problems import Problems
from mmmlib.data.read.relations import Relation
from mmmlib.errors import InputError, Problem
from mmmlib.params import Params
from mmmlib.params.contract import Contract
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

CODES = frozenset([
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AZN", "BAM", "BDT", "BGN", "BHD",
    "BND", "BOB", "BRL", "BWP", "BYN", "CAD", "CHF", "CLP", "CNH", "CNY", "COP", "CRC",
    "CZK", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "GBP", "GEL", "GHS", "GTQ", "HKD",
    "HNL", "HRK", "HUF", "IDR", "ILS", "INR", "IQD", "ISK", "JMD", "JOD", "JPY", "KES",
    "KHR", "KRW", "KWD", "KZT", "LAK", "LBP", "LKR", "MAD", "MDL", "MGA", "MKD", "MMK",
    "MOP", "MUR", "MXN", "MYR", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB",
    "PEN", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "SAR", "SEK", "SGD",
    "THB", "TND", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES",
    "VND", "XAF", "XOF", "ZAR", "ZMW",
])  # fmt: skip
"""Codes of currencies (ISO 4217) in which media are bought."""
SAMPLE = 200
"""Rows that are looked at before a whole column is."""
COLUMNS = ("currency", "from", "rate")
PRICE_INDEX = ("from", "index")
"""Columns of the table of rates, and of a price index."""


@dataclass(frozen=True)
class Rates:
    """What one unit of each currency is worth in the workbook's, which is in it, at one.

    Columns are ``currency``, ``since``, ``until`` (that day not included) and ``rate``.
    """

    currency: str
    frame: pd.DataFrame

    @property
    def currencies(self) -> list[str]:
        """Currencies that have a rate."""
        return sorted(set(self.frame["currency"]))


def read_rates(path: Path | None, currency: str, problems: Problems) -> Rates | None:
    """Read the table of rates; without a path only the workbook's currency has one.

    None where a row is no rate, which is reported.
    """
    every = pd.DataFrame(
        {"currency": [currency], "from": [pd.Timestamp("1900-01-01")], "rate": [1.0]}
    )
    if path is not None:
        frame = read_steps(path, "data.rates", "the table of rates", COLUMNS, problems)
        if frame is None:
            return None
        every = pd.concat([every, frame[frame["currency"] != currency]])
    every = every.sort_values(["currency", "from"], ignore_index=True)
    until = every.groupby("currency")["from"].shift(-1).fillna(pd.Timestamp("2200-01-01"))
    spans = every.assign(since=every["from"].dt.date, until=pd.to_datetime(until).dt.date)
    return Rates(currency, spans[["currency", "since", "until", "rate"]])


def to_currency(
    table: ir.Table, name: str, source: Source, contract: Contract, rates: Rates | None
) -> ir.Table:
    """Convert a source's columns of money to the workbook's currency.

    The table is typed as the contract says; numbers whose unit there is one of money are money.

    Raises
    ------
    InputError
        If money cannot be converted: no rate, or no column that is said to be money.
    """
    import ibis

    if source.currency is None and source.currency_column is None:
        return table
    place = f"data.sources.{name}"
    money = money_of(table, source, contract)
    if not money:
        raise InputError.one(
            source.where,
            f"{place}.contract",
            "a currency, and no column of money",
            "'unit: currency' (or cents, micros, …) at every column of money in the contract",
        )
    if rates is None:
        raise ValueError("a source of another currency needs rates")
    if source.currency == rates.currency:
        return table
    if source.currency is not None and source.currency not in rates.currencies:
        raise InputError.one(
            source.where,
            f"{place}.currency",
            f"{source.currency}, and no rate of it",
            f"one of {', '.join(rates.currencies)}",
            "Add it to the file that data.rates names.",
        )
    kinds = {"_currency": "string", "_since": "date", "_until": "date", "_rate": "float64"}
    known = ibis.memtable(rates.frame.add_prefix("_"), schema=kinds)
    day = table[source.date_column].cast("date")
    own = table[source.currency_column] if source.currency_column else ibis.literal(source.currency)
    joined = table.left_join(
        known, [own == known._currency, day >= known._since, day < known._until]
    )
    _refuse_days_without_rate(joined, source, place)
    return joined.mutate(
        **{
            column: joined[column] * ibis.ifelse(is_money, joined._rate, 1.0)
            for column, is_money in money_of(joined, source, contract).items()
        }
    ).select(table.columns)


def refuse_foreign(
    name: str, source: Source, contract: Contract, rates: Rates | None, series: Iterable[str]
) -> None:
    """Refuse series of money that stayed in another currency, as nothing says that they are money.

    ``series`` are those of the source that the parameters take for money.

    Raises
    ------
    InputError
        Naming each of them.
    """
    foreign = source.currency or source.currency_column
    if foreign is None or (rates is not None and source.currency == rates.currency):
        return
    places = {one: without_money(one, source, contract) for one in sorted(series)}
    seen = dict.fromkeys(place for place in places.values() if place)
    if seen:
        problems = [
            Problem(
                f"data.sources.{name}.contract.{place}",
                f"money of another currency ({foreign}) without a unit of money, so that it was "
                f"not converted",
                f"'currency' (or cents, micros, …) as the unit of what the parameters take for "
                f"money: {', '.join(one for one, at in places.items() if at == place)}",
            )
            for place in seen
        ]
        raise InputError(source.where, problems)


def undeclared_currencies(relation: Relation) -> dict[str, tuple[str, ...]]:
    """Find columns that hold codes of several currencies, and that nobody declared.

    The codes by column; nothing of a source whose currencies are declared.
    """
    source, table = relation.source, relation.table
    listed = source.contract.columns if source.contract else {}
    texts = [
        name
        for name in relation.columns
        if table[name].type().is_string() and name not in (source.region_column, *listed)
    ]
    if source.currency_column is not None or not texts:
        return {}
    sample = table.select(texts).limit(SAMPLE).to_pyarrow()
    found = {}
    for name in texts:
        seen = {str(code).strip() for code in sample[name].to_pylist() if code}
        if not seen or not seen <= CODES:
            continue
        codes = table.select(code=table[name].strip()).distinct().limit(len(CODES) + 1)
        known = {code for code in codes.to_pyarrow()["code"].to_pylist() if code}
        if len(known) > 1 and known <= CODES:
            found[name] = tuple(sorted(known))
    return found


def _refuse_days_without_rate(joined: ir.Table, source: Source, place: str) -> None:
    lacking = joined.filter(joined._rate.isnull())
    seen = (
        lacking.aggregate(n=lacking.count(), first=lacking[source.date_column].min())
        .to_pyarrow()
        .to_pylist()[0]
    )
    if seen["n"]:
        raise InputError.one(
            source.where,
            f"{place}, column {source.date_column}",
            f"{seen['n']} rows before the first rate (from {seen['first']})",
            "a rate from the first day on",
            "Add it to the file that data.rates names.",
        )


# --- prices of one day ----------------------------------------------------------------------


def read_price_index(path: Path, problems: Problems) -> pd.Series | None:
    """Read a price index: the level of prices by the day from which on it holds, ascending.

    None where it cannot be used, which is reported.
    """
    frame = read_steps(path, "data.price_level.path", "a price index", PRICE_INDEX, problems)
    return None if frame is None else frame.set_index("from")["index"].sort_index()


def price_factors(
    params: Params, folder: Path, weeks: pd.DatetimeIndex, problems: Problems
) -> np.ndarray | None:
    """Return what money of each week is multiplied by, to be told in prices of the base day.

    By week, the index of the base day over that of the week's first day. None where no index is
    declared, or it cannot be used.
    """
    rule = params.data.price_level
    if rule is None:
        return None
    path = folder / rule.path
    index = read_price_index(path, problems)
    if index is None:
        return None
    base = float(index.reindex([pd.Timestamp(rule.base)], method="ffill").iloc[0])
    levels = index.reindex(weeks, method="ffill").to_numpy(dtype=float)
    first = index.index[0].date()
    if not np.isfinite(base):
        problems.add(
            path,
            "data.price_level.base",
            f"{rule.base}, and the index begins on {first}",
            "a day that the index covers",
        )
    early = weeks[~np.isfinite(levels)]
    if len(early):
        problems.add(
            path,
            "column from",
            f"an index that begins on {first}; the panel begins in the week of {early[0].date()}",
            "the level of prices from the first week on",
        )
    return base / levels
