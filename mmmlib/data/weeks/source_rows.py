"""One source as it was read: a table of text, the day and the region of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from mmmlib.data.contract.breaches import Breach
from mmmlib.data.contract.column_types import number_of, truth_of
from mmmlib.data.naming.declared_series import event_series
from mmmlib.data.naming.naming import Naming
from mmmlib.data.weeks.delivery import Delivery
from mmmlib.params.source import Source


@dataclass(frozen=True)
class SourceRows:
    """One source as it was read.

    Parameters
    ----------
    name, source
        The source's name in the parameters, and what they say of it.
    path, sha256
        The file and the hash of its content.
    text
        Every cell as text, indexed by row in the file.
    dates, regions
        Day and region of every row. ``regions`` holds ``national`` where the
        source has no region column. Rows that were reported have NaT or an
        empty text here.
    whole
        False where rows were reported: a week may then seem to be missing only
        because its row could not be placed.
    """

    name: str
    source: Source
    path: Path | str
    sha256: str
    text: pd.DataFrame
    dates: pd.Series
    regions: pd.Series
    whole: bool
    breaches: tuple[Breach, ...] = ()
    """Promises of the contract that are broken, though the values can be read."""
    rows: int = 0
    """How many rows were delivered; more than ``text`` has where days were summed to weeks."""
    newest: pd.Timestamp | None = None
    """Day of the newest row, where that is later than the weeks in ``dates`` tell."""
    naming: Naming | None = field(default=None, repr=False)
    """How rows got their names, where they were read through expressions."""
    delivered: Delivery | None = field(default=None, repr=False)
    """The rows themselves, where they were read through expressions."""
    file_hashes: Mapping[str, str] = field(default_factory=dict)
    """sha256 of every file here, by its name."""
    events: Mapping[str, str] = field(default_factory=dict)
    """Series of events, and the column that tells of each, where days were brought to weeks."""
    blank: frozenset[int] = frozenset()
    """Rows that are sums of days of which one or more have no value."""

    @property
    def regional(self) -> bool:
        """Whether rows carry a region."""
        return self.source.region is not None

    @cached_property
    def columns(self) -> list[str]:
        """Names of the series: columns of a wide source, names in a long one."""
        if self.source.layout == "long":
            names = dict.fromkeys(self.text[self.source.name])
            return list(dict.fromkeys(self.events.get(name, name) for name in names))
        return [str(name) for name in self.text.columns]

    def cells(self, column: str) -> pd.Series:
        """Text of one series, indexed by row."""
        if self.source.layout == "long":
            chosen = self.text[self.source.name] == column
            return self.text.loc[chosen, self.source.value]
        return self.text[column]

    def shares(self, column: str, text: str) -> pd.Series:
        """Share of each row's week in which a column reads a text; empty if it never could."""
        if self.naming is None:
            return cells_read(self.cells(column), text).astype(float)
        return self.cells(event_series(column, text)).astype(float)

    def place(self, row: int, column: str) -> str:
        """Say where a cell is, as a person finds it in the file."""
        if self.naming is not None:  # summed: there is no such row in the file
            week = self.dates[row].date()
            where = f", region '{self.regions[row]}'" if self.regional else ""
            return f"the week of {week}{where}, {column}"
        if self.source.layout == "long":
            return f"row {row}, column {self.source.value} ({column})"
        return f"row {row}, column {column}"


def text_reads(cell: str, text: str) -> bool:
    """Say whether a cell reads a text."""
    if cell.strip() == text.strip():
        return True
    truth, number = truth_of(text), number_of(text)
    same_number = number is not None and number_of(cell) == number
    return same_number or (truth is not None and truth_of(cell) == truth)


def cells_read(cells: pd.Series, text: str) -> pd.Series:
    """Say which cells read a text; a series of booleans on the same index."""
    known = {cell: text_reads(str(cell), text) for cell in cells.unique()}
    return cells.map(known).astype(bool)
