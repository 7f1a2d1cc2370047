"""A cluster of worker processes on this machine, for one refresh and for nobody else.

Whoever may talk to a Dask scheduler or worker may run code in it, and a port on the loopback is
open to every account of the machine. So scheduler, workers and clients show each other a
certificate that is made for this cluster and lies on no disk, and no pages are served.

Workers are forked from a process that has imported the sampler, and load (or, the first time on a
machine, compile) the log density as they start. They end with the process that started them,
however that ended: each watches a pipe to it.
"""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import socket
import threading
from pathlib import Path
from typing import Any

import dask
from distributed import Nanny, Scheduler, Security, SpecCluster, Worker
from distributed.utils import get_mp_context

from mmmlib.errors import MMMError

HOST = "127.0.0.1"
WARM = ("mmmlib.model.sample", "mmmlib.model.derive")
"""The sampler and the compiled log density: imported before workers are forked."""


class QuietScheduler(Scheduler):
    """A scheduler without pages on itself: they would be open to everybody on the machine."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Serve nothing."""


class QuietWorker(Worker):
    """A worker without pages on itself."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Serve nothing."""


class LocalPool:
    """A cluster on this machine that starts in the background.

    ``scratch`` is a folder that nobody else may enter. Dask imports from the one that it works in,
    and would take a name in the temporary folder that anybody could have made before.
    """

    def __init__(self, workers: int, scratch: Path) -> None:
        self.workers = workers
        self.scratch = scratch
        self.port = _free_port()
        self.security = Security.temporary()
        self._cluster: SpecCluster | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._start, name="pool", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Address of the scheduler; clients wait until it answers."""
        return f"tls://{HOST}:{self.port}"

    @property
    def credentials(self) -> str:
        """Certificate and private key of whoever belongs to the cluster, as one text."""
        return self.security.tls_client_cert + self.security.tls_client_key

    def _start(self) -> None:
        try:
            _configure(self.scratch)
            shared = {
                "host": HOST,
                "protocol": "tls://",
                "security": self.security,
                "dashboard": False,
            }
            own = {
                "nthreads": 1,
                "memory_limit": 1 / self.workers,
                "silence_logs": logging.ERROR,
                "worker_class": QuietWorker,
            }
            worker = {"cls": Nanny, "options": shared | own}
            self._cluster = SpecCluster(
                scheduler={"cls": QuietScheduler, "options": shared | {"port": self.port}},
                workers=dict.fromkeys(range(self.workers), worker),
                worker=worker,
                security=self.security,
                silence_logs=logging.ERROR,
            )
        except Exception as error:  # told to whoever closes the pool
            self._error = error

    def close(self) -> None:
        """End scheduler and workers."""
        self._thread.join()
        if self._cluster is not None:
            self._cluster.close()
        if self._error is not None:
            raise MMMError(f"The worker pool could not start: {self._error}") from self._error


def _configure(scratch: Path) -> None:
    """Let workers, those that replace a killed one too, be forked from one that has imported."""
    settings: dict[str, object] = {
        "temporary-directory": str(scratch),
        "distributed.worker.preload": [__name__],
        "distributed.worker.http.routes": [],  # of the pages that are not served
        "distributed.scheduler.http.routes": [],
    }
    if "forkserver" in multiprocessing.get_all_start_methods():
        settings["distributed.worker.multiprocessing-method"] = "forkserver"
    dask.config.set(settings)
    get_mp_context().set_forkserver_preload(["distributed", *WARM])  # after Dask's own list


def dask_setup(worker: object) -> None:
    """Warm a worker up; Dask calls this as it starts.

    In a thread of its own: a worker that compiled first and joined then would be taken
    for dead on a slow machine. A fit that comes early waits for the same import.
    """
    threading.Thread(target=_warm, name="warm", daemon=True).start()


def _warm() -> None:
    for module in WARM:  # there already, but where workers are not forked
        importlib.import_module(module)
    from mmmlib.model.kernel.compiled import machine_code

    machine_code("integrated")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
