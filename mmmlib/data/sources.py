"""The declared sources: where they lie, what they hold, which day each row is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mmmlib.data.breaches import Breach, report_unreadable
from mmmlib.data.cells import to_dates
from mmmlib.data.contracts import check_contract, effective
from mmmlib.data.files import find_files, format_of
from mmmlib.data.folder import hash_each, sha256_of
from mmmlib.data.naming import Naming
from mmmlib.data.panel import NATIONAL
from mmmlib.data.problems import Problems
from mmmlib.data.rates import Rates, read_rates
from mmmlib.data.readers import read_table
from mmmlib.data.relations import connect, of_text
from mmmlib.data.taxonomy import Taxonomy
from mmmlib.data.truth import cells_read
from mmmlib.data.wanted import event_series, to_weeks
from mmmlib.data.weekly import WEEKDAYS
from mmmlib.errors import InputError
from mmmlib.params import Params
from mmmlib.params.messages import did_you_mean
from mmmlib.params.source import Source
from mmmlib.runs import sha256_file, sha256_json

if TYPE_CHECKING:
    from mmmlib.data.delivery import Delivery


@dataclass(frozen=True)
class Table:
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


# --- reading -------------------------------------------------------------------------


def read_sources(
    params: Params, folder: Path, problems: Problems, taxonomy: Taxonomy | None = None
) -> dict[str, Table | None]:
    """Read all declared sources; those that cannot be read are None.

    Parameters
    ----------
    params
        Declares the sources.
    folder
        Where they lie; see :func:`data_folder`.
    problems
        Receives what is wrong with them.
    taxonomy
        Maps raw names, for the sources that ask for it.
    """
    tables: dict[str, Table | None] = dict.fromkeys(params.data.sources)
    shared = connect()  # held until all are read
    declared = params.data.sources.items()
    by_cell = [(name, source) for name, source in declared if is_read_by_cell(source, folder)]
    for name, source in by_cell:
        tables[name] = _read_cells(name, source, folder, problems, params.data.week_start)
    if len(by_cell) == len(tables):
        return tables
    week_start = params.data.week_start or _usual_start(tables)
    rates: Rates | None = None
    try:
        told = params.data.rates
        rates = read_rates(None if told is None else folder / told, params.currency)
    except InputError as error:
        for one in error.problems:
            problems.add(str(error.file), one.place, one.found, one.expected, one.action)
    for name, source in declared:
        foreign = source.currency or source.currency_column
        if not is_read_by_cell(source, folder) and (rates or not foreign):
            tables[name] = _read_rows(
                name, source, params, folder, problems, week_start, taxonomy, rates
            )
    del shared
    return tables


def is_read_by_cell(source: Source, folder: Path) -> bool:
    """Say which of the two roads a source takes; nothing else decides it.

    One file of weeks, wide or long, is small: its cells are read as text, so that all that is
    wrong can be named by row. All else goes through expressions, in bounded memory. The contract
    is the same expressions on both.
    """
    return (
        source.is_one_file
        and not (folder / source.path).is_dir()
        and format_of(source, source.path) != "jsonl"
        and source.grain == "week"
        and source.layout in ("wide", "long")
        and not source.taxonomy
        and source.time_zone is None
        and source.currency is None
        and source.currency_column is None
        and not (source.contract is not None and source.contract.converts)
    )


def _usual_start(tables: Mapping[str, Table | None]) -> str:
    """First day of the weeks of the weekly sources; Monday where they do not say."""
    for table in tables.values():
        days = [] if table is None else table.dates.dropna().dt.day_of_week.unique()
        if len(days) == 1:
            return WEEKDAYS[int(days[0])]
    return WEEKDAYS[0]


def _read_rows(
    name: str,
    source: Source,
    params: Params,
    folder: Path,
    problems: Problems,
    week_start: str,
    taxonomy: Taxonomy | None,
    rates: Rates | None,
) -> Table | None:
    """Read a source through expressions, and lay its weeks out as a table."""
    from mmmlib.data.delivery import WEEKLY, read_delivery

    asked = to_weeks(params, name)
    delivery = read_delivery(
        name,
        source,
        folder,
        problems,
        week_start=week_start,
        asked=asked,
        taxonomy=taxonomy,
        rates=rates,
        keep_partial=params.data.partial_weeks == "keep",
    )
    if delivery is None:
        return None
    weekly = delivery.weekly
    index = pd.RangeIndex(1, len(weekly) + 1, name="row")
    text = pd.DataFrame(
        {
            "week": weekly["week"].dt.strftime("%Y-%m-%d").to_numpy(),
            "region": weekly["region"].to_numpy(),
            "series": weekly["series"].to_numpy(),
            "value": ["" if pd.isna(value) else repr(float(value)) for value in weekly["value"]],
        },
        index=index,
        dtype="str",
    )
    regional = source.region_column is not None or set(weekly["region"]) != {NATIONAL}
    told = {**WEEKLY, "layout": "long", "missing": (), "region": "region" if regional else None}
    files = delivery.relation.files
    hashes = hash_each([Path(file) for file in files if Path(file).is_file()])
    return Table(
        name=name,
        source=source.model_copy(update=told),
        path=delivery.relation.label,
        sha256=sha256_of(hashes) if hashes else sha256_json(text.to_dict("list")),
        text=text,
        dates=pd.Series(weekly["week"].to_numpy(), index=index),
        regions=pd.Series(weekly["region"].to_numpy(), index=index, dtype="str"),
        whole=True,
        breaches=delivery.breaches,
        rows=delivery.rows,
        newest=delivery.newest,
        naming=delivery.naming,
        delivered=delivery,
        events={event_series(*event): event[0] for event in asked.events},
        file_hashes=hashes,
        blank=frozenset(index[weekly["blank"].to_numpy()]),
    )


def _read_cells(
    name: str, source: Source, folder: Path, problems: Problems, week_start: str | None
) -> Table | None:
    """Read a file of weeks cell by cell."""
    files = find_files(name, source, folder, problems)
    if not files:
        return None
    path = folder / source.path
    problems.own(path, name, source.owner)
    text = read_table(path, problems, source.sheet)
    if text is None or not _has_declared_columns(name, source, path, text, problems):
        return None

    def report(row: int, found: str, expected: str, action: str) -> None:
        problems.add(path, f"row {row}, column {source.date}", found, expected, action)

    regions = pd.Series(NATIONAL, index=text.index, dtype="str")
    if source.region is not None:
        regions = text[source.region]
        for row in text.index[regions == ""]:
            problems.add(
                path,
                f"row {row}, column {source.region}",
                "an empty cell",
                "the name of a region",
            )
    dates = to_dates(text[source.date], report)
    breaches: tuple[Breach, ...] = ()
    if source.contract is not None and not problems.of(path):
        relation = of_text(name, source, text, (str(path),))
        contract = effective(source, relation.columns, ())
        checked = check_contract(relation, contract, week_start)
        breaches = checked.breaches
        if checked.table is None:
            report_unreadable(checked.breaches, relation, problems)
            return None
    return Table(
        name=name,
        source=source,
        path=path,
        sha256=sha256_file(path),
        text=text,
        dates=dates,
        regions=regions,
        whole=not problems.of(path),
        breaches=breaches,
        rows=len(text),
    )


def _has_declared_columns(
    name: str, source: Source, path: Path, text: pd.DataFrame, problems: Problems
) -> bool:
    declared = {
        "date": source.date,
        "region": source.region,
        "name": source.name if source.layout == "long" else None,
        "value": source.value if source.layout == "long" else None,
    }
    good, known = True, [str(column) for column in text.columns]
    for key, column in declared.items():
        if column is not None and column not in known:
            good = False
            report_no_column(problems, path, column, f"data.sources.{name}.{key}", known)
    return good


def report_no_column(
    problems: Problems, file: Path | str, column: str, key: str, known: list[str]
) -> None:
    """Note that a declared column is not there."""
    near = did_you_mean(column, known)
    problems.add(file, f"column {column} ({key})", "no such column", f"one of {_some(known)}", near)


def _some(columns: list[str]) -> str:
    return ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")


# --- columns ---------------------------------------------------------------------------


def find_column(
    tables: Mapping[str, Table | None], reference: str, key: str, problems: Problems
) -> tuple[Table, str] | None:
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
