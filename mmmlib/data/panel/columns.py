"""Columns and series that the parameters name, found in the sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.params.messages import did_you_mean


def find_column(
    tables: Mapping[str, SourceRows | None], reference: str, key: str, problems: Problems
) -> tuple[SourceRows, str] | None:
    """Return the table and the series that a parameter names.

    Parameters
    ----------
    tables
        All sources, by name.
    reference
        ``column``, or ``source.column`` where two sources have it.
    key
        Where the parameters say so; for the message.
    problems
        Receives a note if the column is in no source, or in several.

    Returns
    -------
    tuple or None
        None where it was not found, or its source could not be read.
    """
    read = {name: table for name, table in tables.items() if table is not None}
    holders = [table for table in read.values() if reference in table.columns]
    if len(holders) == 1:
        return holders[0], reference
    if holders:
        full = " or ".join(f"'{table.name}.{reference}'" for table in holders)
        problems.add(
            "sources",
            f"column {reference} ({key})",
            f"it in {len(holders)} sources",
            "a column of one source",
            f"Write {full}.",
        )
        return None
    source, dot, column = reference.partition(".")
    if dot and source in tables:
        table = read.get(source)
        if table is None:
            return None  # its file was reported already
        if column in table.columns:
            return table, column
        report_no_column(problems, table.path, column, key, table.columns)
        return None
    if len(read) < len(tables):
        return None  # it may be in the file that could not be read
    if len(read) == 1:
        (only,) = read.values()
        report_no_column(problems, only.path, reference, key, only.columns)
        return None
    known = [column for table in read.values() for column in table.columns]
    problems.add(
        "sources",
        f"column {reference} ({key})",
        "no such column in any source",
        "one of " + "; ".join(f"{table.name}: {_some(table.columns)}" for table in read.values()),
        did_you_mean(reference, known) or "Ask the owner of its source whether it was renamed.",
    )
    return None


def report_no_column(
    problems: Problems, file: Path | str, column: str, key: str, known: list[str]
) -> None:
    """Note that a declared column is not there."""
    near = did_you_mean(column, known)
    problems.add(file, f"column {column} ({key})", "no such column", f"one of {_some(known)}", near)


def _some(columns: list[str]) -> str:
    return ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
