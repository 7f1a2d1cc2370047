"""The run folder: what a refresh did, kept so that it can be read and repeated.

Every file is written to a temporary name, synced and renamed, so that a file
that is there is whole. Only its refresh writes a run: a notebook that a person opens
on it, later or meanwhile, saves beside it, under ``explore/``.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ValidationError

from mmmlib.disk import writing
from mmmlib.errors import RunError
from mmmlib.manifest import Manifest

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Manifest", "Run", "open_run"]

RUNS_ENV = "MMM_RUNS"
RECORD_ENV = "MMM_RECORD"
"""Path of the run that a refresh lets its own notebooks write; nobody else has it."""
EXPLORE = "explore"
ROUNDED_BITS = 12
"""Binary digits that are kept of a draw: it moves by an eight-thousandth of itself at most."""
NETCDF: Literal["netcdf4"] = "netcdf4"
"""xarray's engine for reading and writing: the netCDF library itself, the fastest at opening."""


class Run:
    """A run folder, opened.

    Parameters
    ----------
    path
        The folder.
    exploring
        True where a person works on a run: reading is from the run, saving goes to
        ``explore/`` and leaves the record as it is.
    """

    def __init__(self, path: Path, *, exploring: bool = False) -> None:
        self.path = Path(path)
        self.exploring = exploring
        if not (self.path / "manifest.json").is_file():
            raise RunError(f"{self.path}: no run here (manifest.json is missing).")

    def __repr__(self) -> str:
        return f"Run({self.name!r}{', exploring' if self.exploring else ''})"

    @property
    def is_trial(self) -> bool:
        """Whether this is a trial that a person saved in a run: a folder of the same shape."""
        return self.path.parent.name == EXPLORE

    @property
    def name(self) -> str:
        """The run's id: workbook, period and hash; of a trial, with its own name behind it."""
        return "/".join(self.path.parts[-3:] if self.is_trial else self.path.parts[-1:])

    @property
    def runs_dir(self) -> Path:
        """Folder that holds this run and its kin."""
        return self.path.parents[2] if self.is_trial else self.path.parent

    # --- records

    @property
    def manifest(self) -> Manifest:
        """The manifest as it stands on disk."""
        path = self.path / "manifest.json"
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            first = str(error).splitlines()[0]
            raise RunError(
                f"{path}: not the manifest of a run ({first}). Restore the file, or move the "
                f"folder out of {self.runs_dir}."
            ) from error

    def write_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest."""
        write_atomic(self.path / "manifest.json", manifest.sealed())

    @property
    def parent(self) -> Run | None:
        """The run that this one is compared with, if it has one."""
        parent = self.manifest.parent
        if not parent:
            return None
        try:
            return Run(self.runs_dir / parent, exploring=True)
        except RunError as error:
            raise RunError(
                f"{self.name} is compared with {parent}, which cannot be opened: {error}"
            ) from error

    # --- files

    def artefact(self, name: str) -> Path:
        """Path of an artefact for reading: ``readiness.json``, ``models/revenue.pooled/effects.nc``."""
        return self.path / "artefacts" / name

    def has(self, name: str) -> bool:
        """Say whether an artefact is there."""
        return self.artefact(name).is_file()

    def target(self, name: str) -> Path:
        """Path of an artefact for writing; its folder is made."""
        base = self.path / EXPLORE if self.exploring else self.path
        path = base / "artefacts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def save_json(self, name: str, value: BaseModel) -> Path:
        """Save a pydantic value as an artefact."""
        return write_atomic(self.target(name), value.model_dump_json(indent=2).encode())

    def load_json[M: BaseModel](self, name: str, kind: type[M]) -> M:
        """Load an artefact that was saved with :meth:`save_json`.

        Raises
        ------
        RunError
            If it is not there, or is not what was saved.
        """
        path = self._existing(name)
        try:
            return kind.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            first = str(error).splitlines()[0]
            raise RunError(
                f"{self.name}: artefacts/{name} cannot be read ({first}). Restore the file, or "
                f"make the refresh again."
            ) from error

    def save_frame(self, name: str, frame: pd.DataFrame) -> Path:
        """Save a table as Parquet."""
        return write_with(self.target(name), lambda path: frame.to_parquet(path, index=False))

    def save_dataset(self, name: str, dataset: xr.Dataset, *, rounded: bool = False) -> Path:
        """Save a dataset as netCDF.

        Parameters
        ----------
        name
            Of the artefact.
        dataset
            What is saved.
        rounded
            Whether draws are rounded to :data:`ROUNDED_BITS` and compressed: less than half the room,
            for what is seldom read. Without rounding draws hardly shrink (a quarter), and either way
            writing takes five times as long, and reading three times.
        """
        encoding = {
            name: {
                "zlib": True,
                "complevel": 1,
                "significant_digits": ROUNDED_BITS,
                "quantize_mode": "BitRound",
            }
            for name, array in dataset.data_vars.items()
            if rounded and "draw" in array.dims and array.dtype.kind == "f"
        }
        return write_with(
            self.target(name),
            lambda path: dataset.to_netcdf(path, engine=NETCDF, encoding=encoding),
        )

    def load_dataset(self, name: str) -> xr.Dataset:
        """Load a dataset into memory."""
        import xarray as xr

        with xr.open_dataset(self._existing(name), engine=NETCDF) as dataset:
            return dataset.load()

    def _existing(self, name: str) -> Path:
        path = self.artefact(name)
        if not path.is_file():
            raise RunError(self.manifest.why_missing(f"artefacts/{name}"))
        return path


def open_run(
    ref: str | Path = "",
    runs_dir: str | Path | None = None,
    *,
    any_status: bool = False,
    trial: str = "",
) -> Run:
    """Open a run for a notebook or a command.

    Parameters
    ----------
    ref
        Path of a run folder, a run id, or empty for the newest finished run.
    runs_dir
        Folder of runs; ``$MMM_RUNS`` or ``runs`` (here or one folder up) if not given.
    any_status
        Whether the newest may also be one at work, stopped or failed.
    trial
        Name of a trial that was saved in the run, which is then opened in its place.

    Returns
    -------
    Run
        Exploring (saves go aside), except for a notebook of the refresh that makes the run. What is
        saved in a trial stays in it.

    Raises
    ------
    RunError
        If there is no such run.

    Examples
    --------
    ::

        run = open_run()  # the newest finished one
        run.load_json("readiness.json", Readiness)
    """
    folder = find_runs_dir(runs_dir)
    text = str(ref)
    if not text:
        runs = list_runs(folder)
        if not runs:
            raise RunError(f"{folder}: no run yet. Make one with 'mmm refresh params/demo.yaml'.")
        finished = [run for run in runs if any_status or run.manifest.status == "done"]
        if not finished:
            newest = runs[-1]
            raise RunError(
                f"{folder}: no finished run yet; the newest, {newest.name}, is "
                f"'{newest.manifest.status}'. Wait for it, finish it with --resume, or name the "
                f"run that is meant."
            )
        path = finished[-1].path
    elif "/" in text or os.sep in text:
        path = Path(text)
        path = path if path.is_dir() else folder / text
    else:
        path = folder / text
    if not path.is_dir():
        known = ", ".join(run.name for run in list_runs(folder)[-3:]) or "none"
        raise RunError(f"{path}: no such run. The newest here: {known}.")
    if trial or path.parent.name == EXPLORE:
        return _open_trial(path if trial else path.parents[1], trial or path.name)
    run = Run(path)
    ours = os.environ.get(RECORD_ENV) == str(path.resolve())
    run.exploring = not (ours and run.manifest.status == "running")
    return run


def _open_trial(path: Path, trial: str) -> Run:
    folder = path / EXPLORE / trial
    if not (folder / "manifest.json").is_file():
        known = ", ".join(one.path.name for one in list_trials(Run(path))) or "none"
        raise RunError(
            f"{path.name}: no trial called '{trial}' was saved in it; there are: {known}."
        )
    return Run(folder)


def list_trials(run: Run) -> list[Run]:
    """Return the trials that were saved in a run, by name."""
    return [Run(path.parent) for path in sorted((run.path / EXPLORE).glob("*/manifest.json"))]


def find_runs_dir(runs_dir: str | Path | None = None) -> Path:
    """Return the folder of runs, from the argument, the environment, or near the working folder."""
    if runs_dir is not None:
        return Path(runs_dir)
    if os.environ.get(RUNS_ENV):
        return Path(os.environ[RUNS_ENV])
    here = Path.cwd()
    # Jupyter starts a notebook in its own folder, so the runs are one folder up from there.
    for base in (here, here.parent):
        if (base / "runs").is_dir():
            return base / "runs"
    return here / "runs"


def list_runs(runs_dir: Path, workbook: str | None = None) -> list[Run]:
    """Return the runs in a folder, oldest first."""
    if not runs_dir.is_dir():
        if runs_dir.exists():
            raise RunError(f"{runs_dir}: found a file; expected a folder of runs.")
        return []
    runs = [
        Run(path, exploring=True)
        for path in runs_dir.iterdir()
        if (path / "manifest.json").is_file() and not path.name.startswith(".")
    ]
    dated = [(run.manifest.created, run.name, run) for run in runs]
    dated.sort(key=lambda item: item[:2])
    return [run for _, _, run in dated if workbook in (None, run.manifest.workbook)]


# --- files -------------------------------------------------------------------------


def write_atomic(path: Path, content: bytes) -> Path:
    """Write a file so that it is whole or not there."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path


def write_with(path: Path, write: Callable[[Path], object]) -> Path:
    """Let ``write`` make a file at a temporary path, then put it in place."""
    with replacing(path) as temporary:
        write(temporary)
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it is synced and takes its place."""
    suffix = f".partial{path.suffix}"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        with writing(path):  # asks how full the disk is while the file is still there
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
            sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Put a file, or a folder's list of files, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_file(path: Path) -> str:
    """Hash a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_json(value: object) -> str:
    """Hash a value by its canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
