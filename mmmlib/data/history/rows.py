"""The rows of a source as they were delivered, kept with the run that read them (D4).

A file of weeks is kept cell by cell (:mod:`mmmlib.data.history.vintages`). Of days, events and tables of
a database a refresh needs the sums by week only; their rows are kept beside those, so that it can
be said later what a platform told of a campaign on a day. Refreshes share what did not change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmmlib.data.contract.side_tables import read_cells
from mmmlib.data.history.vintages import INPUTS, Shape, Vintage, as_vintage, keep, sources_of
from mmmlib.data.read.files import hash_each
from mmmlib.data.read.parts import INDEX, read_index, read_parts, store_of, write_arrow
from mmmlib.data.read.problems import CHANGED, Problems, named_from
from mmmlib.data.read.relations import DAY, FILE, ROW
from mmmlib.data.weeks.source_rows import SourceRows, keeps_cells
from mmmlib.errors import InputError, RunError
from mmmlib.findings import Finding, judge
from mmmlib.params import Params
from mmmlib.runs import Run, sha256_file, sha256_json

if TYPE_CHECKING:
    import pyarrow as pa

PART_BYTES = 256 * 1024
"""Least size of a part in memory: rows are many, and parts of some weeks share well enough."""
MEGABYTE = 1_000_000
CELL = 10
"""Bytes that a cell of a database's table is taken for, to hold it against the limit."""

CELLS, ROWS, SUMS = "every cell", "rows as delivered, and sums by week", "sums by week"
"""What a run keeps of a source."""


def what_is_kept(table: SourceRows, limit_mb: float) -> str:
    """Say what a run keeps of a source: its rows up to a size of the files, else sums by week.

    The size of a table of a database is taken as ten bytes a cell. A source that is read cell
    by cell is kept whole in any case.
    """
    if keeps_cells(table.relation):
        return CELLS
    return ROWS if _megabytes(table) <= limit_mb else SUMS


def _megabytes(table: SourceRows) -> float:
    relation = table.relation
    cells = table.rows * len(relation.columns)
    return (cells * CELL if relation.size is None else relation.size) / MEGABYTE


def kept_findings(tables: Iterable[SourceRows], limit_mb: float) -> Iterator[Finding]:
    """Say of every source what the run keeps of it; sums instead of rows are no fault."""
    for table in tables:
        what = what_is_kept(table, limit_mb)
        size = 0.0 if keeps_cells(table.relation) else _megabytes(table)
        yield judge(
            "data.rows_kept",
            table.name,
            passed=what != SUMS,
            value=what,
            limit=limit_mb,
            message=(
                f"Only {what} of {table.rows:,} rows are kept: {size:,.0f} MB are more than "
                f"{limit_mb:g}. The sha256 of every file is kept with them."
                if what == SUMS
                else f"Kept: {what} ({table.rows:,} rows)."
            ),
        )


def kept_of(run: Run) -> dict[str, str]:
    """Return what a run keeps of every source."""
    kept = {}
    for source in sources_of(run):
        facts = read_index(run.path / INPUTS / f"{source}.parquet").facts
        kept[source] = facts.get("kept", CELLS)
    return kept


def keep_source(run: Run, params: Params, rows: SourceRows, folder: Path) -> None:
    """Keep a source as a run saw it: cells or sums by week, and rows if they are not too many."""
    kept = what_is_kept(rows, params.data.keep_rows_mb)
    facts = {
        "file": rows.source.where,
        "sha256": rows.sha256,
        "files": json.dumps(rows.file_hashes),
        "rows": str(rows.rows),
        "kept": kept,
    }
    keep(run, as_vintage(params, rows), facts)
    if kept == ROWS:
        _keep_rows(run, rows, folder)


def keep_side_table(run: Run, name: str, path: Path, shape: Shape) -> None:
    """Keep a table beside the sources as it was seen; it was read before, without a problem."""
    text = read_cells(path, Problems())
    assert text is not None
    vintage = Vintage(name, text, shape, sha256_json([path.name, vars(shape)]))
    keep(run, vintage, {"file": path.name, "sha256": sha256_file(path)})


def _keep_rows(run: Run, table: SourceRows, folder: Path) -> None:
    """Keep the rows of a source in parts by their days.

    Files are named from the folder of the sources, so that the next delivery, in another folder,
    shares what it repeats. A file that is not what the sums were made of is an error.
    """
    relation, rows = table.relation, table.relation.table
    if not relation.files:  # a database gives them in any order
        rows = rows.order_by(list(rows.columns))
    content = rows.to_pyarrow()
    if not relation.is_small:  # they were read anew, after the sums
        files = [Path(file) for file in relation.files if Path(file).is_file()]
        for name, sha256 in hash_each(files, folder).items():
            if table.file_hashes[name] != sha256:
                raise InputError.one(name, *CHANGED)
    days = content[DAY].cast("timestamp[s]").to_numpy().astype("datetime64[D]")
    left_out = [name for name in (DAY, ROW) if name in content.column_names]
    if len(relation.files) < 2 and FILE in content.column_names:
        left_out.append(FILE)
    labels = content[ROW].to_numpy() if ROW in content.column_names else np.arange(len(days)) + 1
    kept = _name_files(folder, content.drop_columns(left_out).replace_schema_metadata(None))
    facts = {"source": table.name, "sha256": table.sha256}
    write_arrow(
        _folder(run, table.name),
        store_of(run.runs_dir),
        kept,
        labels.astype(np.int64),
        days,
        facts,
        PART_BYTES,
    )


def _name_files(folder: Path, content: pa.Table) -> pa.Table:
    """Name the files of rows from the folder of the sources."""
    import pyarrow as pa

    if FILE not in content.column_names:
        return content
    files = content[FILE].combine_chunks().dictionary_encode()
    names = pa.array([named_from(folder, name) for name in files.dictionary.to_pylist()])
    at = content.column_names.index(FILE)
    return content.set_column(at, FILE, names.take(files.indices))


def rows_of(run: Run, source: str) -> pd.DataFrame:
    """Return the rows of a source as they were delivered to a run.

    Returns
    -------
    pandas.DataFrame
        Cells as the file had them: text from CSV and Excel, typed from Parquet, JSON lines and
        databases. Indexed by the number of the row (of a CSV or Excel file as there, the header
        being row 1, without blank ones); ``_file`` says in which file of ``data.root`` it was, if
        there were several.

    Raises
    ------
    RunError
        If the run did not keep them, or they are not what was kept.
    """
    folder = _folder(run, source)
    if not (folder / INDEX).is_file():
        raise RunError(
            f"{run.name}: the rows of '{source}' were not kept beside its sums by week "
            f"(data.keep_rows_mb), or it was kept cell by cell in {INPUTS}/{source}.parquet."
        )
    return read_parts(folder)[0]


def _folder(run: Run, source: str) -> Path:
    return run.path / INPUTS / f"{source}.rows"
