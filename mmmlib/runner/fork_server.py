"""Python's fork server, from which a refresh has its notebook kernels and its workers forked.

Imports take two to five seconds, most of them the same pandas, xarray and matplotlib again. The
fork server (:mod:`multiprocessing.forkserver`) imports once what :data:`MODULES` names; whatever
is forked from it has that from the start, and is a process of its own that nothing else has
touched. The server ends when nobody is left who could ask it for a process, however they ended.
"""

from __future__ import annotations

import multiprocessing.util
import os
import shutil
import tempfile
from functools import cache
from multiprocessing import forkserver
from pathlib import Path

MODULES = (
    "mmmlib.cli.app",
    "mmmlib.runner.kernels",
    "numpy",
    "pandas",
    "xarray",
    "netCDF4",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_svg",
    "arviz_stats",
    "distributed",
    "dask.array",
    "mmmlib.model.cluster",
    "mmmlib.model.pool",
    "mmmlib.model.sample",
    "mmmlib.model.derive",
    "mmmlib.readiness.assess",
    "mmmlib.health.run",
    "mmmlib.refresh.compare",
    "mmmlib.scenarios.build",
    "mmmlib.governance.gates",
    "mmmlib.governance.agenda",
    "mmmlib.reports.figures.weeks",
    "mmmlib.reports.pictures",
    "mmmlib.reports.results",
    "mmmlib.reports.tables.data",
    "mmmlib.reports.tables.fit",
    "mmmlib.reports.show",
    "mmmlib.reports.sections.contribution_roi",
    "mmmlib.reports.sections.briefing",
    "mmmlib.reports.sections.executive_summary",
    "mmmlib.reports.sections.scenario_pack",
    "mmmlib.reports.sections.health_panel",
    "mmmlib.reports.sections.change_log",
)
"""What notebooks and workers need; imported before anything is forked."""

SAME = {"MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
"""What Python and matplotlib read only as they start: the same notebook gives the same copy."""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""Forking is safe only from a process with one thread; a worker has one core anyway."""

FOLDER_ENV = "MMM_PRIVATE_FOLDER"
SERVER_LOG = "forkserver.log"
LONGEST_FOLDER = 60
"""Characters: the path of a socket inside may have 103 (macOS) or 107 (Linux)."""


def can_fork() -> bool:
    """Say whether this system has a fork server."""
    return "forkserver" in multiprocessing.get_all_start_methods()


@cache
def start_fork_server() -> None:
    """Let the fork server of this process begin to import; returns at once.

    From here on temporary files, those of the server's sockets too, go into a folder that goes
    when the last of these processes has. Later calls do nothing.
    """
    folder = private_folder()
    tempfile.tempdir = str(folder)
    if not can_fork():
        return
    environment = os.environ.copy()
    try:
        multiprocessing.util.get_temp_dir()
        os.environ.update(ONE_THREAD | SAME | {FOLDER_ENV: str(folder)})
        forkserver.set_forkserver_preload(["mmmlib.runner.preload"])
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(environment)


@cache
def private_folder() -> Path:
    """Make the folder of this process for sockets and keys, which nobody else may enter.

    It is removed at the end; where this process is killed, by the fork server.
    """
    folder = Path(tempfile.gettempdir())
    if len(str(folder)) > LONGEST_FOLDER:
        folder = Path("/tmp")  # noqa: S108, one of a random name is made in it
    folder = Path(tempfile.mkdtemp(prefix="mmm-", dir=folder))
    # After multiprocessing has removed what it keeps in there, which is of priority -100.
    multiprocessing.util.Finalize(
        None, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=-101
    )
    return folder
