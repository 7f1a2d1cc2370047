"""What a step of a refresh does when its turn comes: see :func:`do_step`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmmlib.params.schema import Params
from mmmlib.provenance import workbook_folder
from mmmlib.runner.background import Background
from mmmlib.runner.steps import FIT, Step
from mmmlib.runs import Run


def do_step(
    step: Step, run: Run, params: Params, background: Background, say: Callable[[str], None]
) -> None:
    """Do one step whose needs are met: ingest the data, execute a notebook, or render the pack.

    ``say`` is called with every line that its notebook prints, while it runs.
    """
    if step.name == "data":
        ingest_data(params, run)
    elif step.name == "render":
        from mmmlib.reports.render import render_pack

        render_pack(run, params=params)
    else:
        from mmmlib.runner.execute import execute_notebook

        if step.name in FIT:
            background.order_fits()
        manager = background.kernel_manager((run.path / step.executed).parent)
        parameters = {"run": str(run.path)}
        notebook = workbook_folder() / step.notebook
        execute_notebook(notebook, run.path / step.executed, parameters, manager, say)


def ingest_data(params: Params, run: Run) -> None:
    """Read the data set into the run; a simulated one is written into the run first."""
    from mmmlib.data.ingest import ingest

    folder = data_folder_of(params, run)
    if folder is not None:
        write_simulated(params, folder)
    ingest(params, run, folder)


def data_folder_of(params: Params, run: Run) -> Path | None:
    """Return where simulated data lies in the run; None where the data is found elsewhere."""
    return run.path / "simulated" if params.data.simulated else None


def write_simulated(params: Params, folder: Path) -> None:
    """Write the vintage of the simulated company that the parameters name."""
    from mmmlib.simulate.company import make_company

    simulated = params.data.simulated
    assert simulated is not None
    make_company(simulated.company, simulated.seed).write_vintage(folder, simulated.vintage)


@contextmanager
def simulated_sources(params: Params) -> Iterator[Path | None]:
    """Yield a folder of simulated sources for as long as they are looked at; None where they are real."""
    if not params.data.simulated:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        write_simulated(params, Path(folder))
        yield Path(folder)
