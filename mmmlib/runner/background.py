"""What gets ready beside the steps of a refresh, so that no step waits for it.

Imports and starts of processes take more seconds than the steps' own work. While the data is
read on one core, the fork server imports on the other what notebooks and workers need, and the
worker pool starts; while the pool samples, this process imports what renders the pack.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from mmmlib.params.schema import Params
from mmmlib.provenance import WORKBOOK_ENV, workbook_folder
from mmmlib.runner.fork_server import private_folder
from mmmlib.runner.steps import FIT
from mmmlib.runs import RECORD_ENV, RUNS_ENV, Run

if TYPE_CHECKING:
    import distributed
    from jupyter_client.manager import AsyncKernelManager

    from mmmlib.runner.kernels import Kernels

WATCHED_EVERY = 10.0
"""Seconds after which it is asked again how far the fits are."""
RENDERING = (
    "dask.array",
    "mmmlib.reports.render",
    "mmmlib.reports.render_pandoc",
    "mmmlib.reports.xlsx",
    "xlsxwriter",
)
"""What the step that renders needs: two seconds of imports."""


class Background:
    """Works for the steps of a refresh, beside them; ends all that it started.

    ``say`` is told, now and then, the step that waits for fits and how far these are.
    """

    def __init__(
        self, run: Run, params: Params, say: Callable[[str, str], None] | None = None
    ) -> None:
        self.run = run
        self.params = params
        self._say = say
        self._over = Event()
        self._scheduler: dict[str, str] = {}
        """By what a kernel finds the worker pool, while there are fits to make."""
        self._kernels: Future[Kernels]
        self._plan: Future[tuple[Any, ...]] | None = None
        self._ordered: list[distributed.Future] = []
        self._ordering = Lock()
        """Steps side by side have one client of the pool: another would miss it when it is gone."""
        self._pool = ExitStack()
        # Dask reads this as it is imported; what matters of its troubles comes as an error.
        os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")
        import_module("mmmlib.model.cluster")  # Dask, which two threads cannot import at a time
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="background")
        self._kernels = self._threads.submit(self._prepare_kernels)

    def step_begins(self, name: str, fits_left: bool) -> None:
        """Get ready what a step needs and those after it, ``fits_left`` if any of them fits models."""
        if fits_left and not self._scheduler:
            self._scheduler = self._pool.enter_context(self._start_pool())
        if fits_left and name == "readiness":
            self._plan = self._threads.submit(self._plan_fits)
        if name in FIT:
            self._threads.submit(_import_renderer)  # while the pool samples

    def kernel_manager(self, folder: Path) -> AsyncKernelManager:
        """Return the manager of a kernel that is to work in a folder; it is not started yet."""
        return self._kernels.result().manager(folder, self._scheduler)

    def order_fits(self) -> None:
        """Let the pool make, in turn, all fits that the notebooks are going to need; once.

        The pool then goes on with the holdouts while notebook 02 draws, and a notebook finds
        its fits under way.
        """
        from mmmlib.model import pool

        with self._ordering:
            if self._ordered:
                return
            plan = self._plan.result() if self._plan else self._plan_fits()
            client = pool.connected_client(self.params.compute)
            if client is not None and plan[2]:
                self._ordered = pool.order_fits(client, *plan)
                if self._say is not None:
                    watch = partial(self._watch_fits, client, self._say)
                    Thread(target=watch, name="fits", daemon=True).start()

    def _watch_fits(self, client: distributed.Client, say: Callable[[str, str], None]) -> None:
        """Tell how far the fits are until they are over."""
        from mmmlib.model.under_way import TOPIC, progress_text

        ordered, workers = len(self._ordered), len(client.nthreads())
        while not self._over.wait(WATCHED_EVERY) and client.status == "running":
            try:
                events = [event for _, event in client.get_events(TOPIC)]
            except (OSError, TimeoutError):  # the pool is closing
                return
            line = progress_text(events, ordered, workers)
            for name in FIT if line else ():
                say(name, line)

    def fits_are_over(self) -> None:
        """Let the pool go, which takes a second or two, beside the reports."""
        self._over.set()
        if self._scheduler:
            self._scheduler, self._ordered = {}, []
            self._threads.submit(self._pool.close)

    def _plan_fits(self) -> tuple[Any, ...]:
        """Return panel, parameters, fits that the run lacks, their scales and what they begin with."""
        from mmmlib.data.panel.panel import panel_of
        from mmmlib.health.run import missing_holdouts
        from mmmlib.model.fit import begun_with, inherited_scales, missing_fits

        panel = panel_of(self.run)
        fits = [*missing_fits(self.run), *missing_holdouts(self.run)]
        scales = inherited_scales(self.run, panel, self.params)
        return panel, self.params, fits, scales, begun_with(self.run, fits)

    def _prepare_kernels(self) -> Kernels:
        from mmmlib.runner.kernels import Kernels

        env = {
            RUNS_ENV: str(self.run.runs_dir),
            RECORD_ENV: str(self.run.path.resolve()),
            WORKBOOK_ENV: str(workbook_folder()),
        }
        return Kernels(env, self.run.path / "logs" / "kernels.log")

    def _start_pool(self) -> AbstractContextManager[dict[str, str]]:
        from mmmlib.model.pool import start_pool

        return start_pool(self.params.compute, private_folder())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._kernels.result().close()  # first: nobody needs what a kernel asks of the pool
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._pool.close()


def _import_renderer() -> None:
    for name in RENDERING:
        import_module(name)
