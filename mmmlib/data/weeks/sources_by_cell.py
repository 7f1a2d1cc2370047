"""A file of weeks, read cell by cell, so that all that is wrong can be named by row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmmlib.data.contract.breaches import Breach, report_unreadable
from mmmlib.data.contract.contracts import check_contract, effective
from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.columns import report_no_column
from mmmlib.data.read.cells import to_dates
from mmmlib.data.read.files import find_files
from mmmlib.data.read.problems import Problems
from mmmlib.data.read.readers import read_table
from mmmlib.data.read.relations import of_text
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.params.source import Source
from mmmlib.runs import sha256_file


def read_by_cell(
    name: str, source: Source, folder: Path, problems: Problems, week_start: str | None
) -> SourceRows | None:
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
        relation = of_text(name, source, text, (str(path),), folder)
        contract = effective(source, relation.columns, ())
        checked = check_contract(relation, contract, week_start)
        breaches = checked.breaches
        if checked.table is None:
            report_unreadable(checked.breaches, relation, problems)
            return None
    return SourceRows(
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
