"""The log densities as machine code: compiled once, by one process, and loaded by all.

Numba keeps the code beside this file and asks, before it uses it, only whether this
file has changed; so the hash of all files of the kernel goes into the key.

The code in a process that compiles rounds otherwise than the code that is later
loaded from the cache: the same seed, other draws. So a process of its own compiles,
and nobody samples with what it holds. It ends with the process that waits for it.
"""

from __future__ import annotations

import ctypes
import functools
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

from mmmlib.model.kernel.arithmetic import jit
from mmmlib.model.kernel.density import log_density, log_density_sampled
from mmmlib.model.kernel.packed import HEADER, LENGTH_AT, placed, slope_of_point

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


@jit
def _views(size: int, theta_at: Any, gradient_at: Any, packed_at: Any) -> tuple[Any, Any, Any]:
    head = numba.carray(packed_at, (HEADER,))
    packed = numba.carray(packed_at, (int(head[LENGTH_AT]),))
    return numba.carray(theta_at, (size,)), numba.carray(gradient_at, (size,)), packed


@jit
def _status(value: float, gradient: Any) -> int:
    """0, or 4 (value) or 3 (gradient) where it is not finite."""
    if not math.isfinite(value):
        return 4
    for i in range(gradient.shape[0]):
        if not math.isfinite(gradient[i]):
            return 3
    return 0


def _by_pointers(sources: int) -> dict[str, Callable[..., int]]:
    """Write the densities as the sampler calls them: pointers in, a status out.

    What a function closes over is in its key, so both close over ``sources``.
    """

    def integrated(
        size: Any, theta_at: Any, gradient_at: Any, value_at: Any, packed_at: Any
    ) -> int:
        _ = sources
        z, gradient, packed = _views(size, theta_at, gradient_at, packed_at)
        value_at[0] = log_density(placed(z, packed), packed, gradient)
        slope_of_point(packed, gradient)
        return _status(value_at[0], gradient)

    def sampled(size: Any, theta_at: Any, gradient_at: Any, value_at: Any, packed_at: Any) -> int:
        _ = sources
        z, gradient, packed = _views(size, theta_at, gradient_at, packed_at)
        value_at[0] = log_density_sampled(placed(z, packed), packed, gradient)
        slope_of_point(packed, gradient)
        return _status(value_at[0], gradient)

    return {"integrated": integrated, "sampled": sampled}


def _copy(size: Any, expanded: Any, theta_at: Any, out_at: Any, packed_at: Any) -> int:
    """Draws are kept as they are; what follows from them is computed after sampling."""
    for i in range(size):
        out_at[i] = theta_at[i]
    return 0


DENSITIES = _by_pointers(_hash_of_sources())
"""By what becomes of the linear terms."""


@functools.cache
def machine_code(name: str) -> Any:
    """Load the code of one of :data:`DENSITIES`, compiled in another process if need be."""
    with _compile_lock(name):
        if not is_compiled(name):
            command = [sys.executable, "-c", f"import {__name__} as it; it.compile_here({name!r})"]
            with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
                if process.wait() != 0:
                    raise subprocess.CalledProcessError(process.returncode, command)
    return _load(name)


def is_compiled(name: str) -> bool:
    """Say whether the code of one of :data:`DENSITIES` is there, of these sources, for this machine."""
    cache = FunctionCache(DENSITIES[name])
    return cache.load_overload(_density_signature, cpu_target.target_context) is not None


def cache_folder() -> Path:
    """Return the folder in which Numba keeps the code."""
    return Path(FunctionCache(_copy).cache_path)


def compile_here(name: str) -> None:
    """Compile in this process, for others; end with the process that waits."""
    _end_with_parent()
    _load(name)


def evaluate(name: str, theta: np.ndarray, packed: np.ndarray) -> tuple[float, np.ndarray]:
    """Log density (without constants) and its gradient at ``theta``, by the sampler's code."""
    gradient, value = np.empty_like(theta), np.empty(1)
    pointer = ctypes.POINTER(ctypes.c_double)
    machine_code(name).ctypes(
        theta.size, *(part.ctypes.data_as(pointer) for part in (theta, gradient, value, packed))
    )
    return float(value[0]), gradient


def _load(name: str) -> Any:
    return numba.cfunc(_density_signature, cache=True)(DENSITIES[name])


def _compile_lock(name: str) -> FileLock:
    """Return the lock under which one process compiles and the others wait, then load."""
    place = hashlib.sha256(__file__.encode()).hexdigest()[:16]
    return FileLock(Path(tempfile.gettempdir()) / f"mmm-kernel-{os.getuid()}-{place}-{name}.lock")


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: it then reads end-of-file."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


c_copy = numba.cfunc(_expand_signature, cache=True)(_copy)
