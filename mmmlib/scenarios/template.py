"""Plans for planners: a run's baseline to fill in, and what is wrong with a plan that was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.read.problems import Problems
from mmmlib.estimates import NBSP, format_number
from mmmlib.model.effects import effects_of
from mmmlib.params.load import params_of
from mmmlib.runs import Run
from mmmlib.scenarios.baseline import baseline_of
from mmmlib.scenarios.levers import moved_levers
from mmmlib.scenarios.plan_files import PlanGrid, plan_frame, read_plan


def template_of_run(run: Run, weeks: int | None = None, skip: int = 0) -> pd.DataFrame:
    """Fill the baseline of a run, levers included, into the table of a plan.

    Parameters
    ----------
    run
        Its last week, regions, channels and spend are taken. Where its baseline is a booked plan,
        the recent mean is.
    weeks
        How many to plan; the horizon if not given.
    skip
        Weeks to leave out after the run's last one, for the plan of a later refresh.
    """
    params = params_of(run)
    effects = effects_of(run, params.primary)
    kind = params.scenarios.baseline
    weeks = weeks or params.scenarios.horizon_weeks
    kind = "recent_mean" if kind == "booked" else kind
    base = baseline_of(effects, params, kind=kind, weeks=weeks + skip)
    spend = {name: money[:, skip:] for name, money in base.spend.items()}
    levers = {name: path.values[:, skip:] for name, path in base.levers.items()}
    return plan_frame(spend, PlanGrid.of(effects, params, weeks, skip), levers)


def plan_totals(run: Run, file: Path) -> Iterator[str]:
    """Read a plan as a refresh with the data of a run would, and tell its sums.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    params = params_of(run)
    effects = effects_of(run, params.primary)
    problems = Problems()
    grid = PlanGrid.of(effects, params, params.scenarios.horizon_weeks)
    planned = read_plan(file, "FILE", grid, problems)
    problems.raise_if_any()
    kind = params.scenarios.baseline
    base = baseline_of(effects, params, kind="recent_mean" if kind == "booked" else kind)
    for name, money in planned.spend.items():
        sums, before = (
            format_number(float(np.sum(x)), params.currency) for x in (money, base.spend[name])
        )
        yield f"{params.channel_label(name)}: {sums}; {base.name}: {before}"
    for move in moved_levers(planned.levers, base.levers):
        yield f"{move.words}."
    yield f"{file}: {len(grid.weeks)}{NBSP}weeks from {grid.weeks[0].date()}; in order."
