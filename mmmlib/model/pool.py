"""The worker pool of a refresh: one Dask cluster that every notebook of it uses.

A refresh orders the pool first and goes on at once; while the data room works, its workers get
ready (:mod:`mmmlib.model.cluster`). A fit is cut in no way by where it runs: its seed comes
from what is asked, so a fit that is done again after a worker died gives the same.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mmmlib.errors import MMMError
from mmmlib.params.compute import ACTION, ENCRYPTED, EXPECTED, ComputeParams, may_join

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client, Future, Security

    from mmmlib.data.panel.panel import Panel
    from mmmlib.model.arrays import Scales
    from mmmlib.model.one_fit import Fit, FitRequest, Progress
    from mmmlib.params import Params

SCHEDULER_ENV = "MMM_SCHEDULER"
"""Where notebooks find the pool; absent, they fit in their own process."""
CREDENTIALS_ENV = "MMM_SCHEDULER_CREDENTIALS"
"""What they show to a local pool; only the user of a process may read its environment."""
PATIENCE = 60
"""Seconds that a client waits for the scheduler."""


@contextmanager
def start_pool(compute: ComputeParams, scratch: Path) -> Iterator[dict[str, str]]:
    """Start the pool of a refresh, or join the cluster that ``compute.scheduler`` names.

    Returns at once; a local pool gets ready in the background, and works in ``scratch``, a folder
    that nobody else may enter.

    Yields
    ------
    dict
        Environment variables by which kernels find the pool. This process has them, too,
        until the pool is closed.
    """
    pool = None
    if compute.scheduler is None:
        from mmmlib.model.cluster import LocalPool
        from mmmlib.model.one_fit import available_cores

        # One worker per core; each runs the chains of a fit one after the other.
        pool = LocalPool(compute.workers or available_cores(), scratch)
        found = {SCHEDULER_ENV: pool.address, CREDENTIALS_ENV: pool.credentials}
    else:
        found = {SCHEDULER_ENV: compute.scheduler, CREDENTIALS_ENV: ""}
    before = {name: os.environ.get(name) for name in found}
    os.environ.update(found)
    try:
        yield found
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if pool is not None:
            client = _client_of(pool.address)
            if client is not None:
                client.close()
            pool.close()


def connected_client(compute: ComputeParams) -> Client | None:
    """Return the client of the refresh's pool, or None outside a refresh.

    Raises
    ------
    MMMError
        If ``MMM_SCHEDULER`` names a scheduler that cannot be joined, or one without certificates
        that the parameters do not allow.
    """
    address = os.environ.get(SCHEDULER_ENV)
    if not address:
        return None
    if not may_join(address, compute):
        raise MMMError(f"{SCHEDULER_ENV}: found {address}; expected {EXPECTED}. {ACTION}")
    client = _client_of(address)
    if client is not None:
        return client
    from distributed import Client

    try:
        return Client(address, security=_security(address), timeout=PATIENCE, set_as_default=True)
    except (OSError, TimeoutError) as error:
        reason = str(error) or "it does not answer"
        raise MMMError(
            f"The scheduler at {address} cannot be joined ({reason}). Check compute.scheduler, or "
            f"unset {SCHEDULER_ENV} to fit in this process."
        ) from error


def _security(address: str) -> Security:
    """Return what this process shows to a scheduler: the pool's credentials, or Dask's own."""
    from distributed import Security

    credentials = os.environ.get(CREDENTIALS_ENV)
    if credentials:
        named = ("tls_ca_file", "tls_client_cert", "tls_client_key")
        return Security(require_encryption=True, **dict.fromkeys(named, credentials))
    security = Security()
    if address.startswith(ENCRYPTED) and not (security.tls_ca_file and security.tls_client_cert):
        raise MMMError(
            f"The scheduler at {address} wants to see a certificate, and Dask's configuration "
            f"names none: set distributed.comm.tls.ca-file, client.cert and client.key there."
        )
    return security


def fits_from_pool(
    client: Client,
    panel: Panel,
    params: Params,
    requests: Sequence[FitRequest],
    progress: Progress | None,
    scales: Mapping[str, Scales],
    earlier: Mapping[str, xr.Dataset],
) -> Iterator[Fit]:
    """Fit in the pool, or take what is ordered already; see :func:`mmmlib.model.fit.fit_each`."""
    from distributed import as_completed

    futures = order_fits(client, panel, params, requests, scales, earlier)
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
    earlier: Mapping[str, xr.Dataset] | None = None,
) -> list[Future]:
    """Let the pool fit; returns at once.

    A fit goes by what it is of, so that whoever asks for the same while one who asked
    before still holds the future gets that one. With fewer fits than workers, a fit takes
    the idle workers' cores for its chains. Where a fit begins is as :func:`mmmlib.model.fit.fit_each`
    says.
    """
    from mmmlib.model.one_fit import FitRequest

    client.wait_for_workers(1, timeout=PATIENCE)
    threads = sum(client.nthreads().values())
    at_once = Counter(request.beside for request in requests)
    shared = client.scatter((panel, params), broadcast=True, hash=False)
    made: dict[FitRequest, Future] = {}
    begun: xr.Dataset | Future | None
    for place, request in enumerate(requests):
        scale, begun = scales.get(request.model), (earlier or {}).get(request.model)
        if begun is None and request.beside:
            begun = made.get(FitRequest(request.model))
        made[request] = client.submit(
            _fit_shared,
            shared,
            request,
            max(1, threads // at_once[request.beside]),
            scale,
            begun,
            key=_key_of(panel, params, request, scale, begun),
            retries=2,
            priority=-place,  # in the order in which they are asked for
        )
    return list(made.values())


def _key_of(
    panel: Panel,
    params: Params,
    request: FitRequest,
    scales: Scales | None,
    earlier: xr.Dataset | Future | None,
) -> tuple[str, str]:
    """Name a fit by all that it depends on, alike in every process.

    One beside a model's own fit depends on that one, which follows from the rest: it has one name,
    whether its own fit is still to be made or is read from the run.

    All are of one group, whose tasks the scheduler hands out as workers get free, by their
    priority; others it would share out at once, and a late one could wait for an early one.
    """
    import pandas as pd

    digest = hashlib.sha256(pd.util.hash_pandas_object(panel.frame, index=False).to_numpy())
    facts = (list(panel.frame), panel.currency, panel.units, panel.kept_out, panel.lift_tests)
    digest.update(f"{facts}|{params.model_dump_json()}|{request!r}".encode())
    for part in (scales.outcome, scales.media) if scales else ():
        digest.update(part.tobytes())
    if request.beside and not request.label:
        digest.update(b"begun" if earlier is not None else b"fresh")
    else:
        for array in () if earlier is None else earlier.data_vars.values():
            digest.update(array.to_numpy().tobytes())
    return "fit", f"{request}, {digest.hexdigest()}"


def _fit_shared(
    shared: tuple[Panel, Params],
    request: FitRequest,
    cores: int,
    scales: Scales | None,
    earlier: xr.Dataset | Fit | None,
) -> Fit:
    from mmmlib.model.one_fit import Fit, fit_one
    from mmmlib.model.start import learned
    from mmmlib.model.under_way import teller

    begun = learned(earlier.posterior) if isinstance(earlier, Fit) else earlier
    return fit_one(*shared, request, cores, teller(request), scales, begun)


def _client_of(address: str) -> Client | None:
    """Return this process's running client of a scheduler, if it has one."""
    from distributed import default_client

    try:
        client = default_client()
    except ValueError:  # there is none
        return None
    if client.status != "running":
        return None
    return client if client.scheduler.address == address else None
