"""The step ``data`` of a refresh: read the sources, build the panel, keep what was seen, check it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.checks.taxonomy_checks import check_change, check_taxonomy
from mmmlib.data.history.restatement import Learned, learn, moving_weeks, write_revisions
from mmmlib.data.history.rows import keep_side_table, keep_source, kept_findings
from mmmlib.data.history.taxonomy_moves import (
    TAXONOMY,
    Moves,
    former_of,
    moves_between,
    write_moves,
)
from mmmlib.data.history.vintages import Shape, past_runs
from mmmlib.data.naming.taxonomy import Taxonomy, read_taxonomy
from mmmlib.data.panel import lift_tests
from mmmlib.data.panel.build import Built, build
from mmmlib.data.panel.panel import Panel, write_panel
from mmmlib.data.read.files import data_folder, hash_source
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.delivery import read_sources
from mmmlib.errors import RunError
from mmmlib.findings import Finding, FindingList
from mmmlib.params import Params
from mmmlib.runs import Run, find_runs_dir, sha256_file

FINDINGS_FILE = "data.json"


def ingest(params: Params, run: Run, folder: Path | None = None) -> Panel:
    """Bring the sources into a run: read, build, keep, check.

    Nothing is written before all sources are read and the panel stands.

    Parameters
    ----------
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
    built, learned = _read_and_build(params, _folder(params, folder), taxonomy, past)
    former = former_of(run)
    namings = [rows.naming for rows in built.sources.values()]
    moves = moves_between(taxonomy, former, namings, built.calendar.start)
    _keep(params, run, built, learned, moves)
    findings = [
        *check_panel(params, built, learned),
        *check_taxonomy(params, built, taxonomy),
        *check_change(taxonomy, former, moves, params.as_of, params.currency),
        *kept_findings(built.sources.values(), params.data.keep_rows_mb),
    ]
    run.save_json(FINDINGS_FILE, FindingList(findings=tuple(findings)))
    return built.panel


def _keep(params: Params, run: Run, built: Built, learned: Learned, moves: Moves | None) -> None:
    """Keep what was seen, what was made of it, and what is told otherwise than before."""
    for rows in built.sources.values():
        keep_source(run, params, rows, built.folder)
    for name, (file, shape) in side_tables(params).items():
        keep_side_table(run, name, built.folder / file, shape)
    write_panel(run, built.panel)
    write_moves(run, moves)
    write_revisions(run, learned.moves)


def check_data(
    params: Params,
    folder: Path | None = None,
    runs_dir: Path | None = None,
    taxonomy: Taxonomy | None = None,
) -> tuple[Panel, list[Finding]]:
    """Read the sources, build the panel and check it; keep nothing.

    Vintages in ``runs_dir`` teach what is usually restated; ``taxonomy`` maps raw names, where a
    source asks for it.

    Raises
    ------
    InputError
        With every problem of every source.
    """
    past = past_runs(find_runs_dir(runs_dir), params.workbook)
    built, learned = _read_and_build(params, _folder(params, folder), taxonomy, past)
    return built.panel, [
        *check_panel(params, built, learned),
        *check_taxonomy(params, built, taxonomy),
        *check_change(taxonomy, None, None, params.as_of, params.currency),
    ]


def _read_and_build(
    params: Params, folder: Path, taxonomy: Taxonomy | None, past: Sequence[Run]
) -> tuple[Built, Learned]:
    """Read the sources and build the panel, without the weeks that past runs saw restated."""
    problems = Problems(folder)
    sources = read_sources(params, folder, problems, taxonomy)
    learned = learn(params, sources, past)
    moving = moving_weeks(learned.moves, params.data.settling)
    return build(params, folder, sources, problems, moving), learned


def hash_inputs(params: Params, folder: Path | None = None) -> dict[str, str]:
    """Return the sha256 of every source's file, see :func:`mmmlib.data.read.files.hash_source`."""
    base = _folder(params, folder)
    hashes = {name: hash_source(source, base) for name, source in params.data.sources.items()}
    for name, (file, _) in side_tables(params).items():
        hashes[name] = sha256_file(base / file) if (base / file).is_file() else ""
    return hashes


def side_tables(params: Params) -> dict[str, tuple[str, Shape]]:
    """Return the tables beside the sources: rates, price index, lift tests; file and shape by name.

    A dot is in their names, so that no source has the same one.
    """
    tables = {}
    if params.data.rates is not None:
        tables["data.rates"] = (params.data.rates, Shape("from", name="currency", value="rate"))
    if params.data.price_level is not None:
        tables["data.price_level"] = (params.data.price_level.path, Shape("from"))
    if params.data.lift_tests is not None:
        tables["data.lift_tests"] = (params.data.lift_tests, Shape("start", region=lift_tests.NAME))
    return tables


def _folder(params: Params, folder: Path | None) -> Path:
    return data_folder(params) if folder is None else Path(folder)
