"""The declared sources: where they lie, what they hold, which day each row is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from mmmlib.data.cells import to_dates
from mmmlib.data.panel import NATIONAL
from mmmlib.data.problems import Problems
from mmmlib.data.readers import read_table
from mmmlib.errors import InputError
from mmmlib.params import Params
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.schema import Source
from mmmlib.runs import sha256_file

FOLDER = "data"
"""Name of a folder of data, in the project or in a folder beside it."""


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
    path: Path
    sha256: str
    text: pd.DataFrame
    dates: pd.Series
    regions: pd.Series
    whole: bool

    @property
    def regional(self) -> bool:
        """Whether rows carry a region."""
        return self.source.region is not None

    @cached_property
    def columns(self) -> list[str]:
        """Names of the series: columns of a wide source, names in a long one."""
        if self.source.layout == "long":
            return list(dict.fromkeys(self.text[self.source.name]))
        return [str(name) for name in self.text.columns]

    def cells(self, column: str) -> pd.Series:
        """Text of one series, indexed by row."""
        if self.source.layout == "long":
            chosen = self.text[self.source.name] == column
            return self.text.loc[chosen, self.source.value]
        return self.text[column]

    def place(self, row: int, column: str) -> str:
        """Say where a cell is, as a person finds it in the file."""
        if self.source.layout == "long":
            return f"row {row}, column {self.source.value} ({column})"
        return f"row {row}, column {column}"


# --- finding -------------------------------------------------------------------------


def data_folder(params: Params) -> Path:
    """Return the folder that holds the sources.

    It is ``data.root`` where that is set. Else it is the first of these that has
    all declared files: ``data/`` here, and ``data/`` in a folder beside this one.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    here = Path.cwd()
    if params.data.root is not None:
        root = (here / Path(params.data.root).expanduser()).resolve()
        if not root.is_dir():
            raise InputError.one(
                None,
                "data.root",
                f"{shown(params.data.root)}, and no folder at {root}",
                "a folder that holds the sources",
            )
        return root
    paths = [source.path for source in params.data.sources.values()]
    near = [here / FOLDER, *sorted(here.parent.glob(f"*/{FOLDER}"))]
    candidates = [folder for folder in dict.fromkeys(near) if folder.is_dir()]
    for folder in candidates:
        if all((folder / path).is_file() for path in paths):
            return folder
    for folder in candidates:  # the one that has some of them gets the better message
        if any((folder / path).is_file() for path in paths):
            return folder
    raise InputError.one(
        None,
        "data.root",
        f"nothing set, and {', '.join(map(shown, paths))} neither in {here / FOLDER} "
        f"nor in a '{FOLDER}' folder beside {here}",
        "the folder that holds the sources",
        "Pass it: --set data.root=FOLDER.",
    )


# --- reading -------------------------------------------------------------------------


def read_sources(params: Params, folder: Path, problems: Problems) -> dict[str, Table | None]:
    """Read all declared sources; those that cannot be read are None.

    Parameters
    ----------
    params
        Declares the sources.
    folder
        Where they lie; see :func:`data_folder`.
    problems
        Receives what is wrong with them.
    """
    return {
        name: _read_source(name, source, folder, problems)
        for name, source in params.data.sources.items()
    }


def _read_source(name: str, source: Source, folder: Path, problems: Problems) -> Table | None:
    path = folder / source.path
    if not path.is_file():
        around = path.parent
        known = [f.name for f in around.iterdir()] if around.is_dir() else []
        problems.add(
            path,
            f"data.sources.{name}",
            "no such file",
            "the file of this source",
            did_you_mean(path.name, known) or "Pass --set data.root=FOLDER if it lies elsewhere.",
        )
        return None
    text = read_table(path, problems)
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
    return Table(
        name=name,
        source=source,
        path=path,
        sha256=sha256_file(path),
        text=text,
        dates=dates,
        regions=regions,
        whole=not problems.of(path),
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
    good = True
    known = [str(column) for column in text.columns]
    for key, column in declared.items():
        if column is not None and column not in known:
            good = False
            report_no_column(problems, path, column, f"data.sources.{name}.{key}", known)
    return good


def report_no_column(
    problems: Problems, file: Path | str, column: str, key: str, known: list[str]
) -> None:
    """Note that a declared column is not there."""
    some = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    problems.add(
        file,
        f"column {column} ({key})",
        "no such column",
        f"one of {some}",
        did_you_mean(column, known),
    )


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
    file = next(iter(read.values())).path if len(read) == 1 else "sources"
    known = [column for table in read.values() for column in table.columns]
    report_no_column(problems, file, reference, key, known)
    return None
