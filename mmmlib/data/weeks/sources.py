"""The declared sources, read: which road each of them takes."""

from __future__ import annotations

from pathlib import Path

from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.read.files import format_of
from mmmlib.data.read.problems import Problems
from mmmlib.data.read.relations import connect
from mmmlib.data.weeks.rates import Rates, read_rates
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.data.weeks.sources_by_cell import read_by_cell
from mmmlib.data.weeks.sources_by_expression import read_by_expression
from mmmlib.data.weeks.week_starts import usual_start
from mmmlib.errors import InputError
from mmmlib.params import Params
from mmmlib.params.source import Source


def read_sources(
    params: Params, folder: Path, problems: Problems, taxonomy: Taxonomy | None = None
) -> dict[str, SourceRows | None]:
    """Read all declared sources; those that cannot be read are None.

    Parameters
    ----------
    params
        Declares the sources.
    folder
        Where they lie; see :func:`mmmlib.data.read.folder.data_folder`.
    problems
        Receives what is wrong with them.
    taxonomy
        Maps raw names, for the sources that ask for it.
    """
    tables: dict[str, SourceRows | None] = dict.fromkeys(params.data.sources)
    shared = connect()  # held until all are read
    declared = params.data.sources.items()
    by_cell = {name for name, source in declared if is_read_by_cell(source, folder)}
    for name, source in declared:
        if name in by_cell:
            tables[name] = read_by_cell(name, source, folder, problems, params.data.week_start)
    if len(by_cell) == len(tables):
        return tables

    week_start = params.data.week_start or usual_start(tables)
    rates: Rates | None = None
    try:
        told = params.data.rates
        rates = read_rates(None if told is None else folder / told, params.currency)
    except InputError as error:
        for one in error.problems:
            problems.add(str(error.file), one.place, one.found, one.expected, one.action)

    for name, source in declared:
        foreign = source.currency or source.currency_column
        if name not in by_cell and (rates or not foreign):
            tables[name] = read_by_expression(
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
