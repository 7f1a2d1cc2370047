"""One source as it was read: numbers by week, region and series, and where each stands in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from mmmlib.data.contract.calendar import Coverage
from mmmlib.data.contract.layout_columns import NATIONAL, is_whole_week
from mmmlib.data.naming.naming import Naming
from mmmlib.data.read.files import format_of
from mmmlib.data.read.left_out import Counted
from mmmlib.data.read.problems import Breach, Problems
from mmmlib.data.read.relations import Relation, as_text
from mmmlib.params.messages import did_you_mean
from mmmlib.params.source import Source


@dataclass(frozen=True)
class SourceRows:
    """One source as it was read.

    Parameters
    ----------
    relation
        The source, open; its rows are held where it is small.
    weekly
        ``week`` (first day), ``region``, ``series``, ``value`` (NaN where there is none),
        ``partial``, ``blank``, ``absent`` (see :func:`mmmlib.data.weeks.weekly.to_weekly`),
        ``unreadable`` (whether the value was reported) and, where a row of the file is a whole
        week, ``row`` (its number there). Labelled from 1.
    naming
        How the rows got their names.
    breaches
        Promises of the contract that are broken, though the values can be read.
    rows
        How many rows were delivered.
    newest
        Day of the newest row, also where its week is not whole yet.
    coverage
        The days that it has rows of, where they are all of one day.
    whole
        False where rows were reported: a week may then seem to be missing only because its row
        could not be placed.
    events
        Series of events, and the column that marks each.
    currency_codes
        Columns that hold codes of several currencies, undeclared, and the codes.
    file_hashes
        sha256 of every file here, by its name.
    left_out
        Rules by which rows were left out, each with its count; ``rows`` does not count these.
    sha256
        Hash of the file, or over all of them; of the weekly sums of a database.
    """

    relation: Relation
    weekly: pd.DataFrame
    naming: Naming
    breaches: tuple[Breach, ...] = ()
    rows: int = 0
    newest: pd.Timestamp | None = None
    coverage: Coverage | None = field(default=None, repr=False)
    whole: bool = True
    events: Mapping[str, str] = field(default_factory=dict)
    currency_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file_hashes: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[Counted, ...] = ()
    sha256: str = ""

    @property
    def name(self) -> str:
        """The source's name in the parameters."""
        return self.relation.name

    @property
    def source(self) -> Source:
        """What the parameters say of it."""
        return self.relation.source

    @property
    def path(self) -> str:
        """What messages call the place."""
        return self.relation.label

    @cached_property
    def regional(self) -> bool:
        """Whether rows carry a region."""
        return self.source.region_column is not None or set(self.regions) > {NATIONAL}

    @cached_property
    def columns(self) -> list[str]:
        """Names of the series: all columns of a wide source, names in other layouts."""
        if self.source.layout == "wide":
            return self.relation.columns
        names = dict.fromkeys(self.weekly["series"])
        return list(dict.fromkeys(self.events.get(name, name) for name in names))

    @property
    def dates(self) -> pd.Series:
        """First day of the week of every value."""
        return self.weekly["week"]

    @property
    def regions(self) -> pd.Series:
        """Region of every value; ``national`` where the source has no regions."""
        return self.weekly["region"]

    def of(self, series: str) -> pd.DataFrame:
        """Rows of one series in ``weekly``: one for a week and region."""
        return self.weekly[self.weekly["series"] == series]

    def place(self, label: int, series: str) -> str:
        """Say where a value is, as a person finds it in the file."""
        row = self.weekly["row"].get(label) if "row" in self.weekly else None
        if row is None or pd.isna(row) or len(self.relation.files) != 1:
            where = f", region '{self.regions[label]}'" if self.regional else ""
            return f"the week of {self.dates[label].date()}{where}, {series}"
        number = self.relation.places(self.relation.files[0], [int(row)])[int(row)]
        if self.source.layout == "long":
            return f"row {number}, column {self.source.value} ({series})"
        return f"row {number}, column {series}"

    # --- as it is kept ----------------------------------------------------------------------

    @cached_property
    def text(self) -> pd.DataFrame:
        """What a run keeps, all text: cells by row in the file, or sums by week."""
        if keeps_cells(self.relation):
            return as_text(self.relation)
        return text_of_sums(self.weekly)


def keeps_cells(relation: Relation) -> bool:
    """Say whether a run keeps every cell as delivered: of one file of weeks as they are modelled.

    Of all others it keeps sums by week, and rows beside them.
    """
    source = relation.source
    return (
        len(relation.files) == 1
        and source.is_one_file
        and format_of(source, source.path) != "jsonl"
        and is_whole_week(source)
        and source.time_zone is None
        and source.currency is None
        and source.currency_column is None
        and not (source.contract is not None and source.contract.converts)
    )


def text_of_sums(weekly: pd.DataFrame) -> pd.DataFrame:
    """Write sums by week as text: ``week``, ``region``, ``series``, ``value``."""
    return pd.DataFrame(
        {
            "week": weekly["week"].dt.strftime("%Y-%m-%d").to_numpy(),
            "region": weekly["region"].to_numpy(),
            "series": weekly["series"].to_numpy(),
            "value": ["" if pd.isna(value) else repr(float(value)) for value in weekly["value"]],
        },
        index=pd.RangeIndex(1, len(weekly) + 1, name="row"),
        dtype="str",
    )


# --- found by name ----------------------------------------------------------------------------


def find_column(
    tables: Mapping[str, SourceRows | None], reference: str, key: str, problems: Problems
) -> tuple[SourceRows, str] | None:
    """Return the table and the series that a parameter names.

    ``reference`` is ``column``, or ``source.column`` where two sources have it; ``key`` is where
    the parameters say so, for the message. None where it was not found, or its source could not be
    read; reported is a column that is in no source, or in several.
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
        _report_no_column(problems, table.path, column, key, table.columns, table.source)
        return None
    if len(read) < len(tables):
        return None  # it may be in the file that could not be read
    if len(read) == 1:
        (only,) = read.values()
        _report_no_column(problems, only.path, reference, key, only.columns, only.source)
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


def _report_no_column(
    problems: Problems, file: Path | str, column: str, key: str, known: list[str], source: Source
) -> None:
    """Note that a declared column is not there."""
    action = did_you_mean(column, known)
    if not action and source.layout == "long":
        action = (
            f"If it is a column of the file, whose value stands in every row of a week, write "
            f"repeated: [{column}] in the source."
        )
    found = "no such column" if source.layout != "long" else "no such series"
    problems.add(file, f"column {column} ({key})", found, f"one of {_some(known)}", action)


def _some(columns: list[str]) -> str:
    return ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
