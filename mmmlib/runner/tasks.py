"""What the steps of a refresh do when their turn comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mmmlib.params.schema import Params
from mmmlib.provenance import PROJECT
from mmmlib.runner.kernels import Nursery
from mmmlib.runner.steps import Step
from mmmlib.runs import Run

if TYPE_CHECKING:
    from distributed import Future

    from mmmlib.data.panel.panel import Panel
    from mmmlib.model.fit import FitRequest
    from mmmlib.model.scales import Scales

RENDERING = (
    "dask.array",
    "mmmlib.reports.render",
    "mmmlib.reports.render_pandoc",
    "mmmlib.reports.xlsx",
    "xlsxwriter",
)


def data_folder_of(params: Params, run: Run) -> Path | None:
    """Return where simulated data lies in the run; None where the data is found elsewhere."""
    return run.path / "simulated" if params.data.simulated else None


def take_data(params: Params, run: Run) -> None:
    """Read the data set into the run; a simulated one is written into the run first."""
    from mmmlib.data.ingest import take_in

    folder = data_folder_of(params, run)
    if folder is not None:
        write_simulated(params, folder)
    take_in(params, run, folder)


def write_simulated(params: Params, folder: Path) -> None:
    """Write the vintage of the simulated company that the parameters name."""
    from mmmlib.simulate.company import make_company

    asked = params.data.simulated
    assert asked is not None
    make_company(asked.company, asked.seed).write_vintage(folder, asked.vintage)


def hash_data(params: Params, run: Run) -> dict[str, str]:
    """Return the sha256 of the data set's files as they lie there now, by source."""
    from mmmlib.data.ingest import hash_inputs

    return hash_inputs(params, data_folder_of(params, run))


def kept_data(run: Run) -> dict[str, str]:
    """Return what the run keeps of every source, in words."""
    from mmmlib.data.history.rows import kept_of

    return kept_of(run)


def run_notebook(
    run: Run, step: Step, nursery: Nursery, scheduler: str, say: Callable[[str], None]
) -> None:
    """Execute the notebook of a step into the run."""
    from mmmlib.model.pool import SCHEDULER_ENV
    from mmmlib.runner.execute import execute_notebook

    env = {SCHEDULER_ENV: scheduler} if scheduler else {}
    values = {"run": str(run.path)}
    execute_notebook(PROJECT / step.notebook, run.path / step.executed, values, nursery, env, say)


@dataclass(frozen=True)
class FitPlan:
    """All fits that the notebooks of a run are going to ask for, and what they are of."""

    panel: Panel
    params: Params
    requests: list[FitRequest]
    scales: dict[str, Scales]


def plan_fits(run: Run, params: Params) -> FitPlan:
    """Tell which fits a run, which has its panel, does not have yet; see :class:`FitPlan`."""
    from mmmlib.data.panel.panel import panel_of
    from mmmlib.health.run import missing_holdouts
    from mmmlib.model.fit import inherited_scales, missing_fits

    panel = panel_of(run)
    requests = [*missing_fits(run), *missing_holdouts(run)]
    return FitPlan(panel, params, requests, inherited_scales(run, panel, params))


def order_fits(plan: FitPlan) -> list[Future]:
    """Let the pool make, in turn, the fits that are planned.

    The pool then goes on with the holdouts while notebook 02 draws, and a notebook finds
    its fits under way. They are let go with the futures that are returned.
    """
    from mmmlib.model import pool

    client = pool.connected_client()
    if client is None or not plan.requests:
        return []
    return pool.order_fits(client, plan.panel, plan.params, plan.requests, plan.scales)


def import_renderer() -> None:
    """Import what :func:`render` needs: two seconds, better spent while others work."""
    for name in RENDERING:
        import_module(name)


def render(params: Params, run: Run) -> None:
    """Make the pack from the executed report notebooks."""
    from mmmlib.reports.render import render_pack

    render_pack(run, params=params)
