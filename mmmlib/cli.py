"""The `mmm` command. Heavy libraries are imported by the commands that need them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from mmmlib.errors import BlockedError, InputError, MMMError

if TYPE_CHECKING:
    from mmmlib.runs import Manifest, Run

app = typer.Typer(
    name="mmm",
    help="A marketing mix modelling workbook: one command a refresh.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ParamsFile = Annotated[
    Path, typer.Argument(metavar="PARAMS", help="Parameter file, such as params/demo.yaml.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a value; may be given often."),
]
RunsDir = Annotated[
    Path | None,
    typer.Option("--runs", metavar="DIR", help="Folder of runs. Default: $MMM_RUNS or runs/."),
]


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    del debug  # read by main(), which also handles what fails before this runs
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"mmm {version_of('mmm-workbook')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit


@app.command()
def refresh(
    params: ParamsFile,
    overrides: Overrides = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Take up the unfinished run of these parameters.")
    ] = False,
    runs: RunsDir = None,
) -> None:
    """Make a refresh: from data to the finished pack.

    The last line of the output is the run folder. Exit code 0: may be published;
    2: a gate blocks, and the pack says why; 1: an error.
    """
    from mmmlib.pipeline import refresh as make_refresh
    from mmmlib.progress import make_watcher

    with make_watcher() as watcher:
        try:
            run = make_refresh(params, overrides or (), watcher, resume=resume, runs_dir=runs)
        finally:
            watcher.close()
            if watcher.run is not None:
                typer.echo(watcher.run.path)
    if run.manifest.verdict not in ("info", "warn"):
        raise BlockedError(f"{run.name}: a gate blocks publication. {_why_blocked(run)}")


@app.command()
def check(params: ParamsFile, overrides: Overrides = None) -> None:
    """Check parameters, policy, roles and data; write nothing."""
    import tempfile

    from mmmlib.begin import governance_files, raise_together
    from mmmlib.data.intake import check_data
    from mmmlib.findings import Status
    from mmmlib.params.load import read_params
    from mmmlib.tasks import write_simulated

    asked = read_params(params, overrides or ())
    faults: list[MMMError] = []
    findings = []
    try:
        governance_files(asked, params)
    except MMMError as error:
        faults.append(error)
    try:
        if asked.data.simulated:
            with tempfile.TemporaryDirectory() as folder:
                write_simulated(asked, Path(folder))
                findings = check_data(asked, Path(folder))
        else:
            findings = check_data(asked)
    except InputError as error:
        faults.append(error)
    raise_together(faults)
    flags = [finding for finding in findings if finding.status is not Status.OK]
    for finding in flags:
        typer.echo(
            f"{finding.level}: {finding.subject}: {finding.message} {finding.action}".strip()
        )
    passed = len(findings) - len(flags)
    typer.echo(f"{params}: parameters, policy and roles are in order.")
    typer.echo(f"Data: {passed} checks passed, {len(flags)} flagged.")


@app.command()
def show(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Run id or folder; empty: newest.")
    ] = "",
    runs: RunsDir = None,
) -> None:
    """Show what a run did, what it found and where its pack is."""
    from mmmlib.runs import open_run

    _print_run(open_run(run, runs))


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new file.")],
    source: Annotated[
        Path, typer.Option("--from", metavar="PARAMS", help="File of the period before.")
    ],
) -> None:
    """Write the next period's parameter file beside the last one."""
    from mmmlib.params.load import new_params

    typer.echo(new_params(source, name))


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.")],
    company: Annotated[str, typer.Option(help="Which company.")] = "b2b_software",
    seed: Annotated[int, typer.Option(help="Seed; the same gives the same company.")] = 1,
    vintages: Annotated[int, typer.Option(min=1, help="How many vintages.")] = 2,
) -> None:
    """Write vintages of a simulated company, with their truth beside them."""
    from mmmlib.simulate.company import write_vintages

    for folder in write_vintages(company, seed, out, range(1, vintages + 1)):
        typer.echo(folder)


@app.command()
def doctor() -> None:
    """Say what the workbook finds on this machine."""
    from mmmlib.doctor import examine

    for line in examine():
        typer.echo(line)


# --- printing ------------------------------------------------------------------------


def _print_run(run: Run) -> None:
    from functools import partial

    from rich.console import Console

    # Names and messages come from data: brackets in them are no markup.
    console = Console(markup=False, highlight=False)
    say = partial(console.print, soft_wrap=True)
    manifest = run.manifest
    say(f"{run.name}: {manifest.workbook}, {manifest.period}", style="bold")
    verdict = f", verdict {manifest.verdict}" if manifest.verdict else ""
    say(f"{manifest.status}{verdict}; compared with {manifest.parent or 'nothing yet'}")
    dirty = " with uncommitted changes" if manifest.code_dirty else ""
    made = manifest.created.astimezone().strftime("%Y-%m-%d %H:%M")
    say(f"made {made} by {manifest.code_version}{dirty}, Python {manifest.python}")
    console.print(_step_table(manifest))
    for line in _finding_lines(run):
        say(line)
    pack = run.path / "pack" / "index.html"
    say(f"pack: {pack}" if pack.is_file() else "no pack yet")


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


def _why_blocked(run: Run) -> str:
    """Name what blocks, in one line."""
    from mmmlib.findings import Level
    from mmmlib.governance.verdict import GateResult

    gates = run.load_json("gates.json", GateResult)
    blocks = [entry.finding for entry in gates.entries if entry.level is Level.BLOCK]
    names = list(dict.fromkeys(f"{finding.check} ({finding.subject})" for finding in blocks))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Blocking: {', '.join(names[:3])}{more}; see 'mmm show {run.name}'."


# --- entry ---------------------------------------------------------------------------


def main() -> None:
    """Run the command; errors become one message and an exit code."""
    words = [word for word in sys.argv[1:] if word != "--debug"]
    debug = len(words) < len(sys.argv) - 1  # may stand anywhere
    try:
        # Not standalone: wrong use would leave with 2, which means "blocked" here.
        sys.exit(app(words, prog_name="mmm", standalone_mode=False))
    except MMMError as error:
        if debug:
            raise
        _leave(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _leave("stopped.", 1)
    except Exception as error:
        if isinstance(error, TyperException):
            _leave(f"{error.format_message()} See 'mmm --help'.", 1)
        if debug:
            raise
        kind = type(error).__name__
        _leave(f"{kind}: {error}\nThis was not foreseen. Run again with --debug to see where.", 1)


def _leave(message: str, code: int) -> None:
    typer.echo(f"mmm: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
