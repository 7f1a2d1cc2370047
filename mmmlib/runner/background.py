"""What gets ready beside the steps of a refresh, so that no step waits for it.

Imports and starts of processes take more seconds than the steps' own work. While the
data is read on one core, the other has them one after the other, in the order in which
they are needed: what the first notebooks import, the worker pool, what the later
notebooks import. All at once would only slow the data down.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Self

from mmmlib.params.schema import Params
from mmmlib.runner.kernels import Nursery
from mmmlib.runner.steps import FIT
from mmmlib.runner.tasks import FitPlan, import_renderer, order_fits, plan_fits
from mmmlib.runs import RECORD_ENV, RUNS_ENV, Run

if TYPE_CHECKING:
    import distributed


class Background:
    """Works for the steps of a refresh, beside them; ends all that it started.

    Parameters
    ----------
    run, params
        Of the refresh.
    nursery
        Forks kernels; closed with this.
    """

    def __init__(self, run: Run, params: Params, nursery: Nursery) -> None:
        self.run = run
        self.params = params
        self.nursery = nursery
        nursery.env = {RUNS_ENV: str(run.runs_dir), RECORD_ENV: str(run.path.resolve())}
        nursery.log = run.path / "logs" / "kernels.log"
        nursery.log.parent.mkdir(parents=True, exist_ok=True)
        self.scheduler = ""
        """Address of the worker pool, while there are fits to make."""
        self._plan: Future[FitPlan] | None = None
        self._ordered: list[distributed.Future] = []
        self._pool = ExitStack()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="background")

    def step_begins(self, name: str, fits_left: bool) -> None:
        """Get ready what the step and those after it need.

        Parameters
        ----------
        name
            Of the step.
        fits_left
            Whether it, or one after it, fits models.
        """
        if fits_left and not self.scheduler:
            self.scheduler = self._pool.enter_context(self._start_pool())
        if fits_left and name == "readiness":
            self._plan = self._threads.submit(plan_fits, self.run, self.params)
        if name in FIT:
            self._threads.submit(import_renderer)  # while the pool samples

    def order_fits(self) -> None:
        """Let the pool make all fits that the notebooks are going to ask for, once."""
        if not self._ordered:
            plan = self._plan.result() if self._plan else plan_fits(self.run, self.params)
            self._ordered = order_fits(plan)

    def fits_are_over(self) -> None:
        """Let the pool go, which takes a second or two, beside the reports."""
        if self.scheduler:
            self.scheduler, self._ordered = "", []
            self._threads.submit(self._pool.close)

    def _start_pool(self) -> AbstractContextManager[str]:
        from mmmlib.model.pool import start_pool

        # Dask reads this as it is imported; what matters of its troubles comes as an error.
        os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")
        return start_pool(self.params, self.nursery.wait, self.nursery.import_the_rest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.nursery.close()  # first: what a kernel asks of the pool is not wanted any more
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._pool.close()
