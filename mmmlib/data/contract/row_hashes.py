"""Hashes of rows, made where the rows lie: rows that are alike have one hash, others have theirs.

The hashes of the rows of a day, put together by exclusive or, are zero where each row is there
an even number of times (and else by chance once in 2^64). That takes no memory.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.read.files import FILE

if TYPE_CHECKING:
    import ibis.expr.types as ir

HASH, TELLS = "_hash", "_tells"
"""Columns: the hash of a row, and whether any number of it is more than zero."""
SEPARATOR, NOTHING = "\x1f", "\x1e"


def has_hash(backend: str) -> bool:
    """Say whether a database of this name can hash a row."""
    return backend in ("duckdb", "postgres")


def hash_of(table: ir.Table, names: Sequence[str]) -> Any:
    """Expression of DuckDB: the hash of some columns of each row.

    Its own: ibis' hash goes by way of a text of bits, which takes most of the time.
    """
    return _hash([table[name] for name in names])


def mark_of(table: ir.Table, names: Sequence[str], backend: str) -> Any:
    """Expression: a hash of each row that no exclusive or of others' gives.

    DuckDB joins the hashes of columns by exclusive or: of all pairs of campaigns and devices they
    would cancel each other out. The hash of the hash does not.
    """
    import ibis

    if backend == "duckdb":
        return _hash([hash_of(table, names)])
    texts = [table[name].cast("string").fill_null(NOTHING) for name in names]
    joined = texts[0]
    for text in texts[1:]:
        joined = joined + SEPARATOR + text
    hashed = ibis.udf.scalar.builtin(
        _function(2), name="hashtextextended", signature=(("string", "int64"), "int64")
    )
    return hashed(joined, ibis.literal(0, type="int64"))


def _hash(values: Sequence[Any]) -> Any:
    import ibis

    kinds = tuple(value.type() for value in values)
    hashed = ibis.udf.scalar.builtin(
        _function(len(values)), name="hash", signature=(kinds, "uint64")
    )
    return hashed(*values)


def count_twins(rows: ir.Table) -> dict[str, Any]:
    """Make the measures of a day's rows; none where the marks are not there."""
    if HASH not in rows.columns:
        return {}
    measures = {"twins": rows[HASH].bit_xor(), "tells": rows[TELLS].max()}
    if FILE in rows.columns:
        measures |= {"first": rows[FILE].min(), "last": rows[FILE].max()}
    return measures


def twin_days(found: pd.DataFrame) -> pd.DataFrame:
    """Return the days on which each row is there again, and any row tells more than zeros.

    Parameters
    ----------
    found
        ``date``, ``region`` if there are any, ``n`` rows, and what :func:`count_twins` measured.
    """
    again = found[(found["twins"] == 0) & (found["tells"] > 0)]
    return again.sort_values([name for name in ("region", "date") if name in again])


def _function(width: int) -> Callable[..., Any]:
    """Make a function of so many arguments; the database has its body."""

    def hashed(*keys: Any) -> Any:
        return keys

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    hashed.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(f"key{number}", kind) for number in range(width)]
    )
    return hashed
