"""The worker pool of a refresh: one Dask cluster that every notebook of it uses.

A refresh orders the pool first and goes on at once; while the data room works, one
process imports the sampler, workers are forked from it and load (or, the first time on
a machine, compile) the log density. Local workers end with the process that started them, however that ended:
each watches a pipe to it. A fit is cut in no way by where it runs: its seed comes
from what is asked, so a fit that is done again after a worker died gives the same.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import multiprocessing
import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mmmlib.errors import MMMError

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

    from mmmlib.data.panel.panel import Panel
    from mmmlib.model.arrays import Scales
    from mmmlib.model.one_fit import Fit, FitRequest, Progress
    from mmmlib.params import Params

SCHEDULER_ENV = "MMM_SCHEDULER"
"""Where notebooks find the pool; absent, they fit in their own process."""
WARM = ("mmmlib.model.sample", "mmmlib.model.derive")
"""The sampler and the compiled log density: imported before workers are forked."""
PATIENCE = 60
"""Seconds that a client waits for the scheduler."""


class LocalPool:
    """A cluster on this machine that starts in the background.

    Parameters
    ----------
    workers
        How many.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.port = _free_port()
        self._cluster: LocalCluster | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._start, name="pool", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Address of the scheduler; clients wait until it answers."""
        return f"tcp://127.0.0.1:{self.port}"

    def _start(self) -> None:
        try:
            from distributed import LocalCluster

            _fork_workers()
            self._cluster = LocalCluster(
                n_workers=self.workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                scheduler_port=self.port,
                # Any free port, on this machine only: refreshes may run side by side.
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.ERROR,
            )
        except Exception as error:  # told to whoever closes the pool
            self._error = error

    def close(self) -> None:
        """End scheduler and workers, and this process's client before them."""
        self._thread.join()
        client = _client_of(self.address)
        if client is not None:
            client.close()
        if self._cluster is not None:
            self._cluster.close()
        if self._error is not None:
            raise MMMError(f"The worker pool could not start: {self._error}") from self._error


@contextmanager
def start_pool(params: Params) -> Iterator[str]:
    """Start the pool of a refresh, or join the cluster that ``compute.scheduler`` names.

    Returns at once; the pool gets ready in the background. Inside, the environment
    variable ``MMM_SCHEDULER`` holds the scheduler's address, so that kernels started
    from here find it.

    Yields
    ------
    str
        The scheduler's address.
    """
    before = os.environ.get(SCHEDULER_ENV)
    pool = None
    address = params.compute.scheduler
    if address is None:
        pool = LocalPool(params.compute.workers or default_workers())
        address = pool.address
    os.environ[SCHEDULER_ENV] = address
    try:
        yield address
    finally:
        if before is None:
            os.environ.pop(SCHEDULER_ENV, None)
        else:
            os.environ[SCHEDULER_ENV] = before
        if pool is not None:
            pool.close()


def _fork_workers() -> None:
    """Let workers, those that replace a killed one too, be forked from one that has imported."""
    import dask
    from distributed.utils import get_mp_context

    settings: dict[str, object] = {"distributed.worker.preload": [__name__]}
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


def default_workers() -> int:
    """One worker per core; each runs the chains of a fit one after the other."""
    from mmmlib.model.one_fit import available_cores

    return available_cores()


def connected_client() -> Client | None:
    """Return the client of the refresh's pool, or None outside a refresh.

    Raises
    ------
    MMMError
        If ``MMM_SCHEDULER`` names a scheduler that does not answer.
    """
    address = os.environ.get(SCHEDULER_ENV)
    if not address:
        return None
    from distributed import Client

    client = _client_of(address)
    if client is not None:
        return client
    try:
        return Client(address, timeout=PATIENCE, set_as_default=True)
    except (OSError, TimeoutError) as error:
        raise MMMError(
            f"The scheduler at {address} does not answer. Check compute.scheduler, or "
            f"unset {SCHEDULER_ENV} to fit in this process."
        ) from error


def fits_from_pool(
    client: Client,
    panel: Panel,
    params: Params,
    requests: Sequence[FitRequest],
    progress: Progress | None,
    scales: Mapping[str, Scales],
) -> Iterator[Fit]:
    """Fit in the pool, or take what is ordered already; see :func:`mmmlib.model.fit.fit_each`."""
    from distributed import as_completed

    futures = order_fits(client, panel, params, requests, scales)
    try:
        for _, fit in as_completed(futures, with_results=True):
            if progress:
                progress(fit.request, 1.0)
            yield fit
    finally:
        client.cancel([future for future in futures if not future.done()])


def order_fits(
    client: Client,
    panel: Panel,
    params: Params,
    requests: Sequence[FitRequest],
    scales: Mapping[str, Scales],
) -> list[Future]:
    """Let the pool fit; returns at once.

    A fit goes by what it is of, so that whoever asks for the same while one who asked
    before still holds the future gets that one. With fewer fits than workers, a fit takes
    the idle workers' cores for its chains.
    """
    client.wait_for_workers(1, timeout=PATIENCE)
    threads = sum(client.nthreads().values())
    cores = max(1, threads // len(requests))
    shared = client.scatter((panel, params), broadcast=True, hash=False)
    return [
        client.submit(
            _fit_shared,
            shared,
            request,
            cores,
            scales.get(request.model),
            key=_key_of(panel, params, request, scales.get(request.model)),
            retries=2,
            priority=-place,  # in the order in which they are asked for
        )
        for place, request in enumerate(requests)
    ]


def _key_of(
    panel: Panel, params: Params, request: FitRequest, scales: Scales | None
) -> tuple[str, str]:
    """Name a fit by all that it depends on, alike in every process.

    All are of one group, whose tasks the scheduler hands out as workers get free, by their
    priority; others it would share out at once, and a late one could wait for an early one.
    """
    import pandas as pd

    digest = hashlib.sha256(pd.util.hash_pandas_object(panel.frame, index=False).to_numpy())
    told = (list(panel.frame), panel.currency, panel.units, panel.kept_out, panel.lift_tests)
    digest.update(f"{told}|{params.model_dump_json()}|{request!r}".encode())
    for part in (scales.outcome, scales.media) if scales else ():
        digest.update(part.tobytes())
    return "fit", f"{request}, {digest.hexdigest()}"


def _fit_shared(
    shared: tuple[Panel, Params], request: FitRequest, cores: int, scales: Scales | None
) -> Fit:
    from mmmlib.model.one_fit import fit_one

    return fit_one(*shared, request, cores=cores, scales=scales)


def _client_of(address: str) -> Client | None:
    """Return this process's running client of a scheduler, if it has one."""
    from distributed.client import _get_global_client

    client = _get_global_client()
    if client is None or client.status != "running":
        return None
    return client if client.scheduler.address == address else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
