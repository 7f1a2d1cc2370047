"""The `mmm plan` commands: plans as tables that planners fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmmlib.cli.arguments import RunRef, RunsDir
from mmmlib.errors import InputError


def plan_template(
    out: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where it goes: a .csv or .xlsx file.")
    ],
    run: RunRef = "",
    weeks: Annotated[
        int | None, typer.Option(min=1, max=52, help="Weeks to plan. Default: the horizon.")
    ] = None,
    skip: Annotated[
        int, typer.Option(min=0, max=52, help="Weeks to leave out after the run's last one.")
    ] = 0,
    runs: RunsDir = None,
) -> None:
    """Write a plan to fill in: the baseline of a run by channel, region and week."""
    from mmmlib.runs import open_run
    from mmmlib.scenarios.plan_files import write_plan
    from mmmlib.scenarios.template import template_of_run

    if out.suffix.lower() not in (".csv", ".xlsx"):
        raise InputError.one(None, "FILE", str(out), "a file that ends in .csv or .xlsx")
    if out.exists():
        raise InputError.one(None, "FILE", f"{out}, which is there already", "a new file")
    write_plan(template_of_run(open_run(run, runs), weeks, skip), out)
    typer.echo(out)


def check_plan(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan that was filled in.")],
    run: RunRef = "",
    runs: RunsDir = None,
) -> None:
    """Say everything that is wrong with a plan, by row and column, against a run's horizon."""
    from mmmlib.runs import open_run
    from mmmlib.scenarios.template import plan_totals

    for line in plan_totals(open_run(run, runs), file):
        typer.echo(line)
