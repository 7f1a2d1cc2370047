"""The worker pool of a refresh."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

    from mmmlib.data.panel import Panel
    from mmmlib.model.fit import Fit, FitRequest, Progress
    from mmmlib.params import Params

SCHEDULER_ENV = "MMM_SCHEDULER"


def connected_client() -> Client | None:
    """Return the client of the refresh's pool, or None outside a refresh."""
    address = os.environ.get(SCHEDULER_ENV)
    if not address:
        return None
    from distributed import Client

    try:
        return Client.current()
    except ValueError:
        return Client(address, set_as_default=True)


def fit_in_pool(
    client: Client,
    panel: Panel,
    params: Params,
    requests: Sequence[FitRequest],
    progress: Progress | None,
) -> list[Fit]:
    """Fit in the pool; see :func:`mmmlib.model.fit.fit_models`."""
    from distributed import as_completed

    shared = client.scatter((panel, params), broadcast=True)
    futures = [
        client.submit(_fit_shared, shared, request, pure=False) for request in requests
    ]
    wanted = dict(zip((future.key for future in futures), requests, strict=True))
    for future in as_completed(futures):
        if progress:
            progress(wanted[future.key], 1.0)
    return client.gather(futures)


def _fit_shared(shared: tuple[Panel, Params], request: FitRequest) -> Fit:
    from mmmlib.model.fit import fit_one

    return fit_one(*shared, request, cores=1)
