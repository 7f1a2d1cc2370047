"""The life of a run: begun, locked while it is worked on, found again to be finished."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmmlib.errors import RunError
from mmmlib.provenance import code_version, library_hash, package_versions, python_version
from mmmlib.runs import Manifest, Run, list_runs, sha256_json, write_atomic

RUN_NAME = re.compile(r"^[a-z][a-z0-9_]*-[0-9]{4}-(Q[1-4]|[0-9]{2})-[0-9a-f]{8}$")
LOCK = ".lock"


def check_run_name(name: str) -> str:
    """Refuse a run id that is not one: above all, one with path parts.

    Raises
    ------
    RunError
        If ``name`` is not of the form ``workbook-period-hash``.
    """
    if not RUN_NAME.match(name):
        raise RunError(
            f"run id: found {name!r}; expected workbook-period-hash, such as demo-2026-Q2-0a1b2c3d."
        )
    return name


def new_run(
    runs_dir: Path,
    workbook: str,
    period: str,
    *,
    params: str,
    seed: int,
    parent: str | None = None,
    report_format: int | None = None,
    fill: Callable[[Path], None] | None = None,
) -> Run:
    """Begin a run: its folder appears at once, with its first files, or not at all.

    Parameters
    ----------
    runs_dir
        Folder of runs; made if it is not there.
    workbook, period
        What the run is a refresh of.
    params
        Hash of the resolved parameters, by which the run is found again.
    seed
        Seed of its sampling.
    parent
        The run that it is compared with.
    report_format
        Version of the pack's format.
    fill
        Writes what is kept from the start into the folder: parameters, policy, roles.

    Returns
    -------
    Run
        With the status ``running``.
    """
    created = dt.datetime.now(dt.UTC)
    # Two refreshes with the same parameters are two runs.
    digest = sha256_json([params, created.isoformat(), secrets.token_hex(8)])
    name = check_run_name(f"{workbook}-{period}-{digest[:8]}")
    version, dirty = code_version()
    manifest = Manifest(
        run=name,
        workbook=workbook,
        period=period,
        created=created,
        code_version=version,
        code_dirty=dirty,
        library=library_hash(),
        python=python_version(),
        packages=package_versions(),
        seed=seed,
        params=params,
        parent=parent,
        report_format=report_format,
    )
    runs_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=runs_dir))
    try:
        folder.chmod(0o755)
        if fill:
            fill(folder)
        write_atomic(folder / "manifest.json", manifest.model_dump_json(indent=2).encode())
        folder.rename(runs_dir / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Run(runs_dir / name)


def unfinished_run(runs_dir: Path, workbook: str, period: str, params: str) -> Run | None:
    """Return the newest run of these parameters that did not come to its end, if there is one."""
    for run in reversed(list_runs(runs_dir, workbook)):
        manifest = run.manifest
        if (manifest.period, manifest.params) == (period, params) and manifest.status != "done":
            run.exploring = False
            return run
    return None


@contextmanager
def locked(run: Run) -> Iterator[None]:
    """Hold a run, so that no second process writes it; the system lets go if we die.

    Raises
    ------
    RunError
        If another process holds it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(run.path / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(
            f"{run.name}: another refresh is working on this run. Wait for it, or start a new "
            f"one without --resume."
        ) from None
    try:
        yield
    finally:
        lock.release()
