"""The log density as machine code: compiled once, by one process, and loaded by all.

Numba keeps the code beside this file and asks, before it uses it, only whether this
file has changed; so the hash of all files of the kernel goes into the key.

The code in a process that compiles rounds otherwise than the code that is later
loaded from the cache: the same seed, other draws. So a process of its own compiles,
and nobody samples with what it holds. It ends with the process that waits for it.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from filelock import FileLock
from numba.core.caching import FunctionCache
from numba.core.registry import cpu_target

from mmmlib.model.kernel.density import log_density
from mmmlib.model.kernel.packed import HEADER, LENGTH_AT

COMPILING_ENV = "MMM_COMPILING"
"""Set in the process that compiles the density for all others."""

_double = numba.types.CPointer(numba.types.double)
_density_signature = numba.types.int64(numba.types.uint64, _double, _double, _double, _double)
_expand_signature = numba.types.int64(
    numba.types.uint64, numba.types.uint64, _double, _double, _double
)


def _hash_of_sources() -> int:
    """Hash of every file that the compiled code comes from."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:6], "big")


def _by_pointers(sources: int) -> Callable[..., int]:
    """Write the density as the sampler calls it; ``sources`` becomes a part of its key."""

    def log_density_of_pointers(
        size: Any, theta_at: Any, gradient_at: Any, value_at: Any, packed_at: Any
    ) -> int:
        """Pointers in, a status out: 0, or 4 (value) or 3 (gradient) where it is not finite."""
        _ = sources  # what a function closes over is in its key
        theta = numba.carray(theta_at, (size,))
        gradient = numba.carray(gradient_at, (size,))
        head = numba.carray(packed_at, (HEADER,))
        packed = numba.carray(packed_at, (int(head[LENGTH_AT]),))
        value = log_density(theta, packed, gradient)
        value_at[0] = value
        if not math.isfinite(value):
            return 4
        for i in range(gradient.shape[0]):
            if not math.isfinite(gradient[i]):
                return 3
        return 0

    return log_density_of_pointers


def _copy(size: Any, expanded: Any, theta_at: Any, out_at: Any, packed_at: Any) -> int:
    """Draws are kept as they are; what follows from them is computed after sampling."""
    for i in range(size):
        out_at[i] = theta_at[i]
    return 0


_log_density = _by_pointers(_hash_of_sources())


def evaluate(theta: np.ndarray, packed: np.ndarray) -> tuple[float, np.ndarray]:
    """Log density (without constants) and its gradient at ``theta``, by the sampler's code."""
    gradient, value = np.empty_like(theta), np.empty(1)
    pointer = ctypes.POINTER(ctypes.c_double)
    c_log_density.ctypes(
        theta.size, *(part.ctypes.data_as(pointer) for part in (theta, gradient, value, packed))
    )
    return float(value[0]), gradient


def _compile_lock() -> FileLock:
    """Return the lock under which one process compiles and the others wait, then load."""
    place = hashlib.sha256(__file__.encode()).hexdigest()[:16]
    return FileLock(Path(tempfile.gettempdir()) / f"mmm-kernel-{os.getuid()}-{place}.lock")


def _is_cached() -> bool:
    """Say whether numba keeps the code for these sources and this processor."""
    cache = FunctionCache(_log_density)
    return cache.load_overload(_density_signature, cpu_target.target_context) is not None


def _compile_elsewhere() -> None:
    """Fill numba's cache in another process."""
    with _compile_lock():
        if _is_cached():
            return
        command = [sys.executable, "-c", f"import {__name__}"]
        environment = os.environ | {COMPILING_ENV: "1"}
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as process:
            if process.wait() != 0:
                raise subprocess.CalledProcessError(process.returncode, command)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: it then reads end-of-file."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


if COMPILING_ENV in os.environ:
    _end_with_parent()
else:
    _compile_elsewhere()
c_log_density = numba.cfunc(_density_signature, cache=True)(_log_density)
c_copy = numba.cfunc(_expand_signature, cache=True)(_copy)
