"""The step ``data`` of a refresh: read the sources, keep what was seen, build the panel."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from mmmlib.data.build import as_vintage, build
from mmmlib.data.checks import check_panel
from mmmlib.data.panel import Panel, write_panel
from mmmlib.data.sources import Table, data_folder
from mmmlib.data.vintages import keep
from mmmlib.errors import RunError
from mmmlib.findings import Finding, FindingList
from mmmlib.params import Params
from mmmlib.runs import Run, find_runs_dir, list_runs, sha256_file

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
        text), ``artefacts/panel.parquet`` (both folders of parts, which runs
        share; see :mod:`mmmlib.data.parts`) and ``artefacts/data.json``.
    folder
        Where the sources lie; looked for if not given, see
        :func:`mmmlib.data.sources.data_folder`.

    Raises
    ------
    InputError
        With every problem of every source.
    """
    if run.exploring:
        raise RunError(f"{run.name}: the run is finished; its inputs are a record.")
    past = past_runs(run.runs_dir, params.workbook, run.manifest.created)
    built = build(params, _folder(params, folder), past)
    for table in built.tables.values():
        _keep(run, params, table)
    write_panel(run, built.panel)
    run.save_json(FINDINGS_FILE, FindingList(findings=tuple(check_panel(params, built))))
    return built.panel


def check_data(
    params: Params, folder: Path | None = None, runs_dir: Path | None = None
) -> list[Finding]:
    """Read and check the sources; write nothing.

    Parameters
    ----------
    runs_dir
        Folder of runs, whose vintages teach what is usually restated.

    Raises
    ------
    InputError
        With every problem of every source.
    """
    past = past_runs(find_runs_dir(runs_dir), params.workbook)
    built = build(params, _folder(params, folder), past)
    return check_panel(params, built)


def hash_inputs(params: Params, folder: Path | None = None) -> dict[str, str]:
    """Return the sha256 of every source's file, by the source's name.

    A source that is not there has an empty hash, so that its arrival is a change.
    """
    base = _folder(params, folder)
    paths = {name: base / source.path for name, source in params.data.sources.items()}
    return {name: sha256_file(path) if path.is_file() else "" for name, path in paths.items()}


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


def _keep(run: Run, params: Params, table: Table) -> None:
    """Keep a source as it was seen."""
    facts = {"file": table.source.where, "sha256": table.sha256}
    keep(run, as_vintage(params, table), table.dates, facts)
