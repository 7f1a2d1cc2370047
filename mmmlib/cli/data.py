"""The `mmm data` commands: what has arrived, and what was restated."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmmlib.cli.arguments import Overrides, ParamsFile, RunsDir
from mmmlib.cli.screen import print_table
from mmmlib.errors import BlockedError

if TYPE_CHECKING:
    import pandas as pd


def status(
    params: ParamsFile,
    overrides: Overrides = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Any late source blocks, whatever the policy says.")
    ] = False,
) -> None:
    """Say before a refresh whether all data is there; for schedulers.

    Exit code 0: all there, or late data that does not block; 2: late data that blocks, by
    the source's 'late', the policy, or --strict; 1: a source is missing or broken.
    """
    from mmmlib.data.checks.status import automatic_shares, freshness, read_status
    from mmmlib.data.panel.lift_tests import lift_status, read_lift_tests
    from mmmlib.data.read.files import data_folder
    from mmmlib.data.read.problems import Problems
    from mmmlib.estimates import format_number
    from mmmlib.findings import Level, Status
    from mmmlib.governance.policy import rank, read_policy
    from mmmlib.params.load import read_params
    from mmmlib.reports.tables.data import arrival_table
    from mmmlib.runner.lifecycle import taxonomy_beside
    from mmmlib.runner.tasks import simulated_sources

    asked = read_params(params, overrides or ())
    policy = read_policy(params.parent / asked.governance.policy)
    with simulated_sources(asked) as folder:
        arrived, error = read_status(asked, folder, taxonomy_beside(asked, params))
        base = folder or data_folder(asked)
        tests = lift_status(read_lift_tests(asked, base, Problems()))
    print_table(arrival_table(asked, arrived))
    if tests:
        typer.echo(tests)
    shares = automatic_shares(arrived)
    text = ", ".join(
        f"{format_number(share, 'share')} of {k}" for k, share in shares.items() if share == share
    )
    typer.echo(f"Arrives automatically: {text}.")
    if error is not None:
        raise error
    late = [found for found in freshness(asked, arrived) if found.status is not Status.OK]
    for finding in late:
        typer.echo(f"late: {finding.subject}: {finding.message} {finding.action}")
    blocking = [f.subject for f in late if strict or rank(policy, f)[0] is Level.BLOCK]
    if blocking:
        raise BlockedError(f"late data blocks: {', '.join(blocking)}.")


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="The earlier run.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The later run; empty: newest.")] = "",
    series: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Only series such as 'paid_*'.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every value to a CSV file.")
    ] = None,
    most: Annotated[int, typer.Option(min=0, help="Values to show of each series.")] = 5,
    runs: RunsDir = None,
) -> None:
    """List what two runs saw differently, value by value, by series."""
    from fnmatch import fnmatchcase

    from mmmlib.data.history.vintages import compare_runs
    from mmmlib.runs import open_run, write_with

    found = compare_runs(open_run(before, runs), open_run(after, runs))
    if series is not None:
        pattern = series
        found = found[[fnmatchcase(name, pattern) for name in found["series"]]]
    for line in difference_lines(found, most):
        typer.echo(line)
    if out is not None:
        write_with(out, lambda path: found.to_csv(path, index=False))
        typer.echo(out)


def difference_lines(differences: pd.DataFrame, most: int) -> Iterator[str]:
    """Tell differences of two runs in lines: a head per series, below it its values.

    So ``most`` values of each series are listed, the largest changes first, and the rest is counted. New
    weeks are told last, one line for each source.
    """
    from mmmlib.data.history.vintages import difference_table
    from mmmlib.estimates import format_number

    if differences.empty:
        yield "No difference: both runs saw the same values."
        return
    grouped = dict(list(differences.groupby(["source", "series", "kind"], sort=False)))
    table = difference_table(differences)
    for row in table[table["kind"] != "new"].to_dict("records"):
        first, last = row["first"].date(), row["last"].date()
        span = f"{first}" + (f" to {last}" if last > first else "")
        values = "1 value" if row["values"] == 1 else f"{row['values']} values"
        share = float(row["share"])
        moved = f", moved by {format_number(share, 'share')}" if math.isfinite(share) else ""
        yield f"{row['source']}.{row['series']}: {values} {row['kind']}, {span}{moved}"
        cells = grouped[row["source"], row["series"], row["kind"]]
        for cell in cells.head(most).to_dict("records"):
            before, after = cell["before"] or "nothing", cell["after"] or "nothing"
            yield f"    {cell['day'].date()}  {cell['region']}: {before} -> {after}"
        if len(cells) > most > 0:
            yield f"    and {len(cells) - most} more"
    for source, new in table[table["kind"] == "new"].groupby("source", sort=True):
        span = f"{new['first'].min().date()} to {new['last'].max().date()}"
        yield f"{source}: {new['values'].sum()} new values of {len(new)} series, {span}"
