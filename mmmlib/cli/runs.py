"""The commands that look at runs that are there."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mmmlib.cli.arguments import RunRef, RunsDir
from mmmlib.cli.screen import print_run, why_blocked
from mmmlib.errors import BlockedError, RunError


class Form(StrEnum):
    """How exported tables are written."""

    CSV = "csv"
    PARQUET = "parquet"


def show_run(
    run: RunRef = "",
    runs: RunsDir = None,
) -> None:
    """Show what a run did, what it found and where its pack is."""
    from mmmlib.runs import open_run

    print_run(open_run(run, runs, any_status=True))


def render(run: RunRef = "", runs: RunsDir = None) -> None:
    """Render the pack of a finished run again, from its executed notebooks.

    The last line of the output is the pack's first page. Exit code 0: it may be published; 2: a
    gate blocks, and the pack says why; 1: an error.
    """
    from mmmlib.runner.rendering import render_again
    from mmmlib.runs import open_run

    opened = open_run(run, runs)
    render_again(opened)
    typer.echo(opened.path / "pack" / "index.html")
    if opened.manifest.verdict not in ("info", "warn"):
        raise BlockedError(f"{opened.name}: NOT PUBLISHABLE. {why_blocked(opened)}")


def export_tables(
    run: RunRef = "",
    form: Annotated[Form, typer.Option("--format", help="How the tables are written.")] = Form.CSV,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder of the tables.")] = Path(
        "export"
    ),
    runs: RunsDir = None,
) -> None:
    """Write a run's numbers as tidy tables for BI tools: one fact a row, with range and label."""
    from mmmlib.reports.export import export_run
    from mmmlib.reports.results import results_of
    from mmmlib.runs import open_run

    for path in export_run(results_of(open_run(run, runs)), to, form.value):
        typer.echo(path)


def mlflow_run(
    run: RunRef = "",
    experiment: Annotated[
        str, typer.Option(metavar="NAME", help="Experiment. Default: the workbook's name.")
    ] = "",
    tracking: Annotated[
        str, typer.Option(metavar="URI", help="Tracking server. Default: as MLflow is set up.")
    ] = "",
    runs: RunsDir = None,
) -> None:
    """Write a run into MLflow: parameters, metrics with their ranges, the pack (extra mlflow)."""
    from mmmlib.reports.results import results_of
    from mmmlib.reports.tracking import log_to_mlflow
    from mmmlib.runs import open_run

    typer.echo(log_to_mlflow(results_of(open_run(run, runs)), experiment, tracking))


def list_all(runs: RunsDir = None) -> None:
    """List the runs, oldest first, with the trials in each: status, verdict, when made."""
    from mmmlib.runs import find_runs_dir, list_runs, list_trials

    for run in list_runs(find_runs_dir(runs)):
        manifest = run.manifest
        made = manifest.created.astimezone().strftime("%Y-%m-%d %H:%M")
        tried = f"trial ({', '.join(manifest.trial)} set)" if manifest.trial else ""
        words = (run.name, made, manifest.status, manifest.verdict or "", tried)
        typer.echo("  ".join(word for word in words if word))
        for trial in list_trials(run):
            typer.echo(f"  trial {trial.path.name}: {', '.join(trial.manifest.trial)}")


def prune(
    older_than: Annotated[
        int, typer.Option("--older-than", metavar="DAYS", min=0, help="Only what is older.")
    ] = 90,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without, it is listed.")] = False,
    runs: RunsDir = None,
) -> None:
    """Remove trials, and runs that nobody relies on; lists them only, without --yes.

    Kept are runs that the store names (signed, decided on, published), those that another run is
    compared with, the newest finished run of each workbook, and what is at work.
    """
    from mmmlib.estimates import format_number
    from mmmlib.runner.prune import removable, remove
    from mmmlib.runs import find_runs_dir

    found = removable(find_runs_dir(runs), older_than)
    for one in found:
        size = f"{format_number(one.size / 1e6)} MB"
        typer.echo(f"{one.run.name}  {one.what}, {one.age} days old, {size}")
        if yes:
            remove(one)
    total = f"{format_number(sum(one.size for one in found) / 1e6)} MB"
    done = "removed" if yes else "would go; add --yes to remove them"
    typer.echo(f"{len(found)} of them, {total}: {done}." if found else "Nothing may go.")


def reproduce(run: RunRef = "", runs: RunsDir = None) -> None:
    """Recreate a run from its folder alone: same, same within sampling error, or different.

    Every model is fitted again with the data, parameters, scales and seeds that the run kept.
    Nothing is written. Exit code 0: nothing differs by more than sampling; 1: something does.
    """
    from mmmlib.refresh.reproduce import recreate_run
    from mmmlib.runs import open_run

    opened = open_run(run, runs)
    found = recreate_run(
        opened, lambda asked, done: typer.echo(f"fitted {asked}") if done >= 1 else None
    )
    lines = "\n".join(found.lines())
    if found.verdict == "different":
        raise RunError(f"{opened.name}: different.\n{lines}")
    typer.echo(f"{lines}\n{opened.name}: {found.verdict}")


def verify(run: RunRef = "", runs: RunsDir = None) -> None:
    """Compare every file of a run with its hash, and name what was altered.

    Exit code 0: all files are as its refresh left them; 1: some are not.
    """
    from mmmlib.runs import open_run
    from mmmlib.verify import NOT_SEALED, altered_files, is_sealed, recorded_files

    opened = open_run(run, runs, any_status=True)
    faults = altered_files(opened)
    if faults:
        lines = "\n".join(f"  {name}: {fault}" for name, fault in faults.items())
        raise RunError(f"{opened.name}: not as its refresh left it:\n{lines}")
    seal = "its manifest is sealed." if is_sealed(opened) else f"not sealed. {NOT_SEALED}"
    files = len(recorded_files(opened))
    typer.echo(f"{opened.name}: {files} files are as its refresh left them; {seal}")
