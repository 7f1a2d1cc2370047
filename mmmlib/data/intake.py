"""The step ``data`` of a refresh: read the sources, keep what was seen, build the panel."""

from __future__ import annotations

from pathlib import Path

from mmmlib.data.build import build
from mmmlib.data.checks import check_panel
from mmmlib.data.panel import Panel, write_panel
from mmmlib.data.sources import Table, data_folder
from mmmlib.errors import RunError
from mmmlib.findings import Finding, FindingList
from mmmlib.params import Params
from mmmlib.runs import Run, sha256_file, write_with

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
        text), ``artefacts/panel.parquet`` and ``artefacts/data.json``.
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
    built = build(params, _folder(params, folder))
    for table in built.tables.values():
        _keep(run, table)
    write_panel(run, built.panel)
    run.save_json(FINDINGS_FILE, FindingList(findings=tuple(check_panel(params, built))))
    return built.panel


def check_data(params: Params, folder: Path | None = None) -> list[Finding]:
    """Read and check the sources; write nothing.

    Raises
    ------
    InputError
        With every problem of every source.
    """
    built = build(params, _folder(params, folder))
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


def _keep(run: Run, table: Table) -> None:
    """Keep a source as it was seen."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = pa.Table.from_pandas(table.text, preserve_index=True)
    facts = {
        b"mmm.file": table.source.path.encode(),
        b"mmm.sha256": table.sha256.encode(),
    }
    content = content.replace_schema_metadata({**(content.schema.metadata or {}), **facts})
    target = run.path / "inputs" / f"{table.name}.parquet"
    write_with(target, lambda path: pq.write_table(content, path))
