"""What the workbook finds on this machine, one line each."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata

from mmmlib.provenance import code_version, library_hash, python_version

SHOWN = ("pymc", "nutpie", "arviz", "pandas", "xarray", "papermill", "distributed")


def examine() -> Iterator[str]:
    """Yield what was found: Python, packages, cores, renderer, compiled code, runs."""
    version, dirty = code_version()
    changed = ", with uncommitted changes" if dirty else ""
    yield f"workbook: {version}{changed}; library {library_hash()[:12]}"
    yield f"Python: {python_version()} at {sys.executable}"
    yield f"packages: {', '.join(f'{name} {metadata.version(name)}' for name in SHOWN)}"
    yield _cores()
    yield _renderer()
    yield _compiled()
    yield _runs()


def _cores() -> str:
    from mmmlib.model.one_fit import available_cores

    scheduler = os.environ.get("MMM_SCHEDULER")
    where = f"the cluster at {scheduler}" if scheduler else "workers on this machine"
    return f"fits: {available_cores()} cores; a refresh uses {where}"


def _renderer() -> str:
    from mmmlib.reports.render_input import RenderError
    from mmmlib.reports.render_quarto import quarto_version

    pandoc, typst = (metadata.version(name) for name in ("pypandoc-binary", "typst"))
    other = f"pandoc (pypandoc-binary {pandoc}) and Typst {typst}"
    place = shutil.which("quarto")
    if place is None:
        return f"renderer: {other}; Quarto is not on PATH"
    try:
        return f"renderer: Quarto {quarto_version()} at {place}; where it fails, {other}"
    except RenderError as error:
        return f"renderer: {other}; the Quarto at {place} does not work: {error}"


def _compiled() -> str:
    """Say whether the first fit has to wait for the compiler."""
    from mmmlib.model.kernel.compiled import DENSITIES, cache_folder, is_compiled

    there = [name for name in DENSITIES if is_compiled(name)]
    lacking = [name for name in DENSITIES if name not in there]
    words = [f"{', '.join(there)} in {cache_folder()}"] if there else []
    if lacking:
        words.append(f"{', '.join(lacking)} not yet, the first fit compiles it (10 to 60 s)")
    return f"compiled log density: {'; '.join(words)}"


def _runs() -> str:
    from mmmlib.runs import find_runs_dir, list_runs

    folder = find_runs_dir()
    runs = list_runs(folder)
    newest = f", the newest {runs[-1].name}" if runs else ""
    return f"runs: {len(runs)} in {folder}{newest}"
