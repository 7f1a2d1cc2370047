"""What the workbook finds on this machine, one line each."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

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
    from mmmlib.reports.render import choose_renderer

    if choose_renderer() == "quarto":
        return f"renderer: Quarto at {shutil.which('quarto')}"
    pandoc, typst = (metadata.version(name) for name in ("pypandoc-binary", "typst"))
    return f"renderer: pandoc (pypandoc-binary {pandoc}) and Typst {typst}; Quarto is not on PATH"


def _compiled() -> str:
    """Say whether the first fit has to wait for the compiler."""
    folder = compiled_cache()
    files = list(folder.glob("*.nbi")) if folder.is_dir() else []
    if not files:
        return f"compiled log density: none in {folder}; the first fit compiles it (10 to 60 s)"
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    return f"compiled log density: {len(files)} functions, {size:.1f} MB in {folder}"


def compiled_cache() -> Path:
    """Return the folder in which Numba keeps the compiled log density."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    source = Path(__file__).parents[1] / "model"
    return Path(chosen) if chosen else source / "__pycache__"


def _runs() -> str:
    from mmmlib.runs import find_runs_dir, list_runs

    folder = find_runs_dir()
    runs = list_runs(folder)
    newest = f", the newest {runs[-1].name}" if runs else ""
    return f"runs: {len(runs)} in {folder}{newest}"
