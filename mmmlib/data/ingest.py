"""The step ``data`` of a refresh: read the sources, keep what was seen, build the panel."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.checks.taxonomy_checks import check_change, check_names, check_use
from mmmlib.data.history.restatement import write_revisions
from mmmlib.data.history.rows import ROWS, keep_rows, kept_findings, what_is_kept
from mmmlib.data.history.taxonomy_moves import (
    TAXONOMY,
    Former,
    Moves,
    former_of,
    moves_between,
    write_moves,
)
from mmmlib.data.history.vintages import Shape, Vintage, as_vintage, keep
from mmmlib.data.naming.declared_series import declared_series
from mmmlib.data.naming.taxonomy import Taxonomy, read_taxonomy
from mmmlib.data.panel import lift_tests
from mmmlib.data.panel.build import Built, build
from mmmlib.data.panel.panel import Panel, write_panel
from mmmlib.data.read.files import data_folder, hash_source
from mmmlib.data.read.problems import Problems
from mmmlib.data.read.readers import read_table
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.errors import RunError
from mmmlib.findings import Finding, FindingList
from mmmlib.params import Params
from mmmlib.runs import Run, find_runs_dir, list_runs, sha256_file, sha256_json

FINDINGS_FILE = "data.json"


def take_in(params: Params, run: Run, folder: Path | None = None) -> Panel:
    """Bring the sources into a run.

    Nothing is written before all sources are read and the panel stands.

    Parameters
    ----------
    params
        What the sources are.
    run
        Receives ``inputs/<source>.parquet`` (each source as it was seen, all
        text; sums by week where it is of days, events or a database),
        ``inputs/<source>.rows`` (rows as delivered of the latter),
        ``artefacts/panel.parquet`` (all folders of parts, which runs
        share; see :mod:`mmmlib.data.read.parts`) and ``artefacts/data.json``.
    folder
        Where the sources lie; looked for if not given, see
        :func:`mmmlib.data.read.files.data_folder`.

    Raises
    ------
    InputError
        With every problem of every source.
    """
    if run.exploring:
        raise RunError(f"{run.name}: the run is finished; its inputs are a record.")
    past = past_runs(run.runs_dir, params.workbook, run.manifest.created)
    taxonomy = read_taxonomy(run.path / TAXONOMY) if params.data.taxonomy else None
    built = build(params, _folder(params, folder), past, taxonomy)
    for table in built.tables.values():
        _keep(run, params, table, built.folder)
    for name, (file, shape) in side_tables(params).items():
        _keep_side(run, name, built.folder / file, shape)
    write_panel(run, built.panel)
    former = former_of(run)
    moves = _moves(built, taxonomy, former)
    write_moves(run, moves)
    write_revisions(run, built.moves)
    findings = [
        *check_panel(params, built),
        *check_taxonomy(params, built, taxonomy),
        *check_change(taxonomy, former, moves, params.as_of, params.currency),
        *kept_findings(built.tables.values(), params.data.keep_rows_mb),
    ]
    run.save_json(FINDINGS_FILE, FindingList(findings=tuple(findings)))
    return built.panel


def _moves(built: Built, taxonomy: Taxonomy | None, former: Former | None) -> Moves | None:
    """Tell what a change of the taxonomy since the parent run moves in this run's data."""
    if taxonomy is None:
        return None
    namings = [table.naming for table in built.tables.values()]
    return moves_between(taxonomy, former, namings, built.calendar.start)


def check_taxonomy(params: Params, built: Built, taxonomy: Taxonomy | None) -> list[Finding]:
    """Say what became of every raw name, and of the spend under it."""
    namings = [table.naming for table in built.tables.values()]
    taken = {declared.reference for declared in declared_series(params)}
    return [*check_names(params, taxonomy, namings), *check_use(params, taken, namings)]


def check_data(
    params: Params,
    folder: Path | None = None,
    runs_dir: Path | None = None,
    taxonomy: Taxonomy | None = None,
) -> list[Finding]:
    """Read and check the sources; write nothing.

    Parameters
    ----------
    runs_dir
        Folder of runs, whose vintages teach what is usually restated.
    taxonomy
        Maps raw names, where a source asks for it.

    Raises
    ------
    InputError
        With every problem of every source.
    """
    past = past_runs(find_runs_dir(runs_dir), params.workbook)
    built = build(params, _folder(params, folder), past, taxonomy)
    return [
        *check_panel(params, built),
        *check_taxonomy(params, built, taxonomy),
        *check_change(taxonomy, None, None, params.as_of, params.currency),
    ]


def hash_inputs(params: Params, folder: Path | None = None) -> dict[str, str]:
    """Return the sha256 of every source's file, by the source's name.

    See :func:`mmmlib.data.read.files.hash_source`.
    """
    base = _folder(params, folder)
    hashes = {name: hash_source(source, base) for name, source in params.data.sources.items()}
    for name, (file, _) in side_tables(params).items():
        hashes[name] = sha256_file(base / file) if (base / file).is_file() else ""
    return hashes


def side_tables(params: Params) -> dict[str, tuple[str, Shape]]:
    """Return the tables beside the sources: file and shape by name.

    Rates, price index and lift tests.

    A dot is in their names, so that no source has the same one.
    """
    tables = {}
    if params.data.rates is not None:
        tables["data.rates"] = (params.data.rates, Shape("from", name="currency", value="rate"))
    if params.data.price_level is not None:
        tables["data.price_level"] = (params.data.price_level.path, Shape("from"))
    if params.data.lift_tests is not None:
        tables["data.lift_tests"] = (params.data.lift_tests, lift_tests.SHAPE)
    return tables


def _folder(params: Params, folder: Path | None) -> Path:
    return data_folder(params) if folder is None else Path(folder)


def past_runs(runs_dir: Path, workbook: str, before: dt.datetime | None = None) -> list[Run]:
    """Return the finished runs of a workbook, oldest first.

    Parameters
    ----------
    before
        Only those made before; all if not given.
    """
    return [
        run
        for run in list_runs(runs_dir, workbook)
        if run.manifest.status == "done" and (before is None or run.manifest.created < before)
    ]


def _keep(run: Run, params: Params, table: SourceRows, folder: Path) -> None:
    """Keep a source as it was seen."""
    kept = what_is_kept(table, params.data.keep_rows_mb)
    facts = {
        "file": table.source.where,
        "sha256": table.sha256,
        "files": json.dumps(table.file_hashes),
        "rows": str(table.rows),
        "kept": kept,
    }
    vintage = as_vintage(params, table)
    keep(run, vintage, vintage.days, facts)
    if kept == ROWS:
        keep_rows(run, table, folder)


def _keep_side(run: Run, name: str, path: Path, shape: Shape) -> None:
    """Keep a table beside the sources as it was seen; it was read before, without a problem."""
    text = read_table(path, Problems())
    assert text is not None
    vintage = Vintage(name, text, shape, sha256_json([path.name, vars(shape)]))
    keep(run, vintage, vintage.days, {"file": path.name, "sha256": sha256_file(path)})
