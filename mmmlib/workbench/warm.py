"""What takes time at the first fit, done while a person still reads: libraries, and the compiled density."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mmmlib.errors import MMMError

if TYPE_CHECKING:
    from mmmlib.workbench.specification import Specification


def warm_up(trial: Specification) -> threading.Thread:
    """Load the sampler in the background, and compile the density if this machine has not yet."""
    # Dask, of which xarray asks with the first table that it opens, cannot be imported by two
    # threads at once: each would find a half of it.
    import dask.base  # noqa: F401

    thread = threading.Thread(target=_load, args=(trial,), name="warm-up", daemon=True)
    thread.start()
    return thread


def _load(trial: Specification) -> None:
    from mmmlib.model.kernel.compiled import machine_code
    from mmmlib.model.sample import density_name
    from mmmlib.model.spec import prepare

    try:
        # Nothing is read from disk here: the netCDF library is not made for two threads.
        names = {density_name(prepare(trial.panel, trial.params, model)) for model in trial.models}
    except MMMError:  # told when it is fitted
        return
    for name in names:
        machine_code(name)
