"""The commands that look at runs that are there."""

from __future__ import annotations

from mmmlib.cli.arguments import RunRef, RunsDir
from mmmlib.cli.screen import print_run


def show_run(
    run: RunRef = "",
    runs: RunsDir = None,
) -> None:
    """Show what a run did, what it found and where its pack is."""
    from mmmlib.runs import open_run

    print_run(open_run(run, runs))
