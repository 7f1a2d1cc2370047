"""What the command shows in a terminal: tables, and what became of a run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmmlib.reports.table import Table
    from mmmlib.runs import Manifest, Run


def print_table(table: Table) -> None:
    """Print a table; what is wider than the terminal is cut, in a pipe nothing is."""
    from rich.console import Console
    from rich.table import Table as Screen
    from rich.text import Text

    screen = Screen(box=None, header_style="bold")
    for column in table.columns:
        screen.add_column(column.title, no_wrap=True)
    for row in table.rows:
        cells = zip(row, table.columns, strict=True)
        screen.add_row(*(Text(column.text(cell)) for cell, column in cells))
    # A pipe has no width: nothing is cut off there.
    width = None if sys.stdout.isatty() else 200
    Console(markup=False, highlight=False, width=width).print(screen)


def print_text(text: str) -> None:
    """Print a text as a terminal reads it; a pipe gets the Markdown itself."""
    from rich.console import Console
    from rich.markdown import Markdown

    if sys.stdout.isatty():
        Console().print(Markdown(text))
    else:
        print(text)


def print_run(run: Run) -> None:
    """Print what became of a run: its steps, what the gates hold against it, its pack."""
    from functools import partial

    from rich.console import Console

    # Names and messages come from data: brackets in them are no markup.
    console = Console(markup=False, highlight=False)
    say = partial(console.print, soft_wrap=True)
    manifest = run.manifest
    say(f"{run.name}: {manifest.workbook}, {manifest.period}", style="bold")
    verdict = f", verdict {manifest.verdict}" if manifest.verdict else ""
    say(f"{manifest.status}{verdict}; compared with {manifest.parent or 'no other run'}")
    if manifest.parent_reason:
        say(manifest.parent_reason)
    for name, changed in (manifest.notebooks or {}).items():
        say(f"▲ notebook {name} was changed: {changed}")
    if manifest.trial:
        say(f"A trial: {', '.join(manifest.trial)} set on the command line; it will be no parent.")
    dirty = " with uncommitted changes" if manifest.code_dirty else ""
    made = manifest.created.astimezone().strftime("%Y-%m-%d %H:%M")
    say(f"made {made} by {manifest.code_version}{dirty}, Python {manifest.python}")
    console.print(_step_table(manifest))
    for line in _finding_lines(run):
        say(line)
    pack = run.path / "pack" / "index.html"
    made_by, notes = _rendering(run)
    say(f"pack: {pack}{made_by}" if pack.is_file() else "no pack yet")
    for note in notes:
        say(f"▲ {note}")


def _rendering(run: Run) -> tuple[str, tuple[str, ...]]:
    """Say which renderer made the pack, and what its reader should know: a Quarto that failed."""
    from mmmlib.reports.render_input import RECORD, RenderRecord

    if not run.has(RECORD):
        return "", ()
    record = run.load_json(RECORD, RenderRecord)
    return f" (by {record.renderer})", record.notes


def _step_table(manifest: Manifest) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table("step", "status", box=None, header_style="bold")
    table.add_column("seconds", justify="right")
    table.add_column("message", overflow="fold")
    for step in manifest.steps:
        seconds = "" if step.seconds is None else f"{step.seconds:.1f}"
        table.add_row(step.name, step.status, seconds, Text(step.message.split("\n")[0]))
    return table


def _finding_lines(run: Run) -> list[str]:
    """Say what the gates hold against the run, the worst first."""
    if not run.has("gates.json"):
        return []
    from mmmlib.findings import Level
    from mmmlib.governance.verdict import GateResult

    gates = run.load_json("gates.json", GateResult)
    flagged = [entry for entry in gates.entries if entry.level is not Level.INFO]
    flagged.sort(key=lambda entry: entry.level.rank, reverse=True)
    lines = [f"release: {gates.release}. {gates.statement}".strip()]
    lines += [
        f"{'■' if entry.level is Level.BLOCK else '▲'} {entry.level}  {entry.finding.check}, "
        f"{entry.finding.subject}: {entry.finding.message}"
        for entry in flagged
    ]
    return lines


def why_blocked(run: Run) -> str:
    """Name what blocks, in one line."""
    from mmmlib.findings import Level
    from mmmlib.governance.verdict import GateResult

    gates = run.load_json("gates.json", GateResult)
    blocks = [entry.finding for entry in gates.entries if entry.level is Level.BLOCK]
    names = list(dict.fromkeys(f"{finding.check} ({finding.subject})" for finding in blocks))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Blocking: {', '.join(names[:3])}{more}; see 'mmm show {run.name}'."
