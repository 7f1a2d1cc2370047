"""One measured cell: an engine on a case in a fresh process, its times, its memory, its draws."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peers import CACHE, ENGINES, HERE, python_of

SETTINGS = {"chains": 4, "tune": 1000, "draws": 1000, "target_accept": 0.9, "seed": 7}
"""The same for every engine, where the caller says nothing else."""


@contextmanager
def alone(lock: Path | None) -> Iterator[None]:
    """Hold a lock file, so that work which respects it does not run beside a measurement."""
    if lock is None:
        yield
        return
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def caches(folder: Path) -> dict[str, str]:
    """Where compiled code is kept: numba, PyTensor and JAX, all in one folder."""
    return {
        "NUMBA_CACHE_DIR": str(folder / "numba"),
        "PYTENSOR_FLAGS": f"base_compiledir={folder / 'pytensor'}",
        "JAX_COMPILATION_CACHE_DIR": str(folder / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }


def run_cell(
    engine: str,
    cases: list[Path],
    stage: str,
    kept: Path,
    limit: float,
    lock: Path | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Run one engine in a process of its own.

    Parameters
    ----------
    engine
        Key of :data:`peers.ENGINES`.
    cases
        Files of :mod:`cases`.
    stage
        ``compile`` ends before sampling, ``fit`` samples, ``refresh`` samples as a refresh
        does, with all that follows from the draws.
    kept
        Folder of compiled code: empty for a cold start, kept for a warm one.
    limit
        Seconds after which the process is ended.
    lock
        See :func:`alone`.
    settings
        Over :data:`SETTINGS`; ``priors`` is ``near`` or ``default``.

    Returns
    -------
    dict
        ``seconds`` by mark, from the start of the process; ``megabytes``, the largest resident
        set of the process and of those it started; ``out``, the file of the draws. Or
        ``over`` (seconds) and ``progress``, where the limit ended it, or ``failed``.
    """
    python = python_of(engine)
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "asked.json"
        out = CACHE / "draws" / f"{engine}_{cases[0].stem}_{os.getpid()}_{time.time_ns()}.npz"
        out.parent.mkdir(parents=True, exist_ok=True)
        values = SETTINGS | {"cores": len(os.sched_getaffinity(0)), "priors": "near"} | settings
        values |= {"stage": stage, "cases": [str(case) for case in cases], "out": str(out)}
        asked.write_text(json.dumps(values))
        own = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        if engine == "workbook":
            own["PYTHONPATH"] = str(HERE.parent)
        words = [str(python), str(HERE / "engines" / ENGINES[engine].script), str(asked)]
        errors = Path(folder) / "errors"
        with alone(lock), errors.open("w") as stderr:
            started = time.time()
            process = subprocess.Popen(
                words,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=own | caches(kept) | {"BENCHMARK_STARTED": str(started)},
                process_group=0,
            )
            ended = threading.Event()

            def end() -> None:
                if not ended.wait(limit):
                    os.killpg(process.pid, signal.SIGKILL)

            watcher = threading.Thread(target=end)
            watcher.start()
            assert process.stdout is not None
            told: dict[str, Any] = {}
            for line in process.stdout:
                if line.startswith("{"):
                    told |= json.loads(line)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            ended.set()
            watcher.join()
            wall = time.time() - started
        facts = {"engine": engine, "megabytes": used.ru_maxrss / 1024, "wall": wall}
        if process.returncode == -signal.SIGKILL and wall >= limit:
            return facts | {"over": limit, "progress": told.get("progress")}
        if process.returncode != 0:
            reason = (errors.read_text().strip().splitlines() or ["no reason given"])[-1]
            return facts | {"failed": reason[:300]}
    return facts | told | {"out": str(out)}


def effective_draws(file: str) -> dict[str, float]:
    """Smallest bulk effective sample size over each kind of channel parameter.

    Computed in a process of its own, so that what measures stays small: a process starts
    with the resident set of the one that started it.
    """
    code = "import sys, json; import cell; print(json.dumps(cell._smallest(sys.argv[1])))"
    words = [str(python_of("workbook")), "-c", code, file]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE)
    return json.loads(done.stdout.splitlines()[-1])


def _smallest(file: str) -> dict[str, float]:
    import numpy as np
    from arviz_stats.base import array_stats

    smallest: dict[str, float] = {}
    with np.load(file) as draws:
        for name in draws.files:
            if name.startswith("contribution"):
                continue  # the return times a constant
            values = draws[name].reshape(*draws[name].shape[:2], -1)
            each = [
                float(array_stats.ess(values[:, :, n], chain_axis=0, draw_axis=1, method="bulk"))
                for n in range(values.shape[2])
            ]
            smallest[name] = min(each) if np.isfinite(each).all() else 0.0
    return smallest
