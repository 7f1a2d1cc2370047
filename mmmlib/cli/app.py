"""The `mmm` command. Heavy libraries are imported by the commands that need them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from mmmlib.cli.screen import print_frame, print_run, why_blocked
from mmmlib.errors import BlockedError, InputError, MMMError

if TYPE_CHECKING:
    from mmmlib.params.schema import Params

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


data_app = typer.Typer(
    help="The data behind the runs: what has arrived, and what was restated.", no_args_is_help=True
)
app.add_typer(data_app, name="data")
contract_app = typer.Typer(
    help="What sources promise.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.add_typer(contract_app, name="contract")


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
    from mmmlib.runner.pipeline import run_refresh
    from mmmlib.runner.progress import make_watcher

    with make_watcher() as watcher:
        try:
            run = run_refresh(params, overrides or (), watcher, resume=resume, runs_dir=runs)
        finally:
            watcher.close()
            if watcher.run is not None:
                typer.echo(watcher.run.path)
    if run.manifest.verdict not in ("info", "warn"):
        raise BlockedError(f"{run.name}: a gate blocks publication. {why_blocked(run)}")


@app.command()
def check(params: ParamsFile, overrides: Overrides = None) -> None:
    """Check parameters, policy, roles, taxonomy and data; write nothing."""
    from mmmlib.data.ingest import check_data
    from mmmlib.findings import Level, Status
    from mmmlib.governance.policy import rank, read_policy
    from mmmlib.params.load import read_params
    from mmmlib.runner.lifecycle import governance_files, raise_together, taxonomy_beside

    asked = read_params(params, overrides or ())
    faults: list[MMMError] = []
    findings = []
    try:
        governance_files(asked, params)
    except MMMError as error:
        faults.append(error)
    try:
        taxonomy = taxonomy_beside(asked, params)
    except InputError:
        raise_together(faults)  # it is among them, and without it no name means anything
    try:
        with _sources_of(asked) as folder:
            findings = check_data(asked, folder, taxonomy=taxonomy)
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
    policy = read_policy(params.parent / asked.governance.policy)
    broken = {f"{f.check} ({f.subject})" for f in flags if rank(policy, f)[0] is Level.BLOCK}
    if broken:
        raise BlockedError(f"{params}: the data would block: {', '.join(sorted(broken))}.")


@app.command("show")
def show_run(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Run id or folder; empty: newest.")
    ] = "",
    runs: RunsDir = None,
) -> None:
    """Show what a run did, what it found and where its pack is."""
    from mmmlib.runs import open_run

    print_run(open_run(run, runs))


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
    from mmmlib.cli.doctor import examine

    for line in examine():
        typer.echo(line)


# --- data ----------------------------------------------------------------------------


@data_app.command("status")
def data_status(
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
    from mmmlib.data.checks.tables import arrival_table
    from mmmlib.data.panel.lift_tests import lift_status, read_lift_tests
    from mmmlib.data.read.files import data_folder
    from mmmlib.data.read.problems import Problems
    from mmmlib.estimates import format_number
    from mmmlib.findings import Level, Status
    from mmmlib.governance.policy import rank, read_policy
    from mmmlib.params.load import read_params
    from mmmlib.runner.lifecycle import taxonomy_beside

    asked = read_params(params, overrides or ())
    policy = read_policy(params.parent / asked.governance.policy)
    with _sources_of(asked) as folder:
        arrived, error = read_status(asked, folder, taxonomy_beside(asked, params))
        base = folder or data_folder(asked)
        tests = lift_status(read_lift_tests(asked, base, Problems()))
    print_frame(arrival_table(arrived, asked.currency))
    if tests:
        typer.echo(tests)
    shares = automatic_shares(arrived)
    told = ", ".join(
        f"{format_number(share, 'share')} of {k}" for k, share in shares.items() if share == share
    )
    typer.echo(f"Arrives by itself: {told}.")
    if error is not None:
        raise error
    late = [found for found in freshness(asked, arrived) if found.status is not Status.OK]
    for finding in late:
        typer.echo(f"late: {finding.subject}: {finding.message} {finding.action}")
    blocking = [f.subject for f in late if strict or rank(policy, f)[0] is Level.BLOCK]
    if blocking:
        raise BlockedError(f"late data blocks: {', '.join(blocking)}.")


@data_app.command("diff")
def data_diff(
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

    from mmmlib.data.checks.tables import difference_lines
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


@contract_app.command("draft")
def contract_draft(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A file or pattern here; or a source's name."),
    ],
    params: Annotated[
        Path | None,
        typer.Option("--params", metavar="PARAMS", help="File whose source SOURCE is."),
    ] = None,
) -> None:
    """Propose a contract from all rows of a source, to go into the parameters."""
    from mmmlib.data.contract.draft import contract_yaml, draft_contract
    from mmmlib.data.read.files import data_folder
    from mmmlib.params.load import read_params
    from mmmlib.params.messages import did_you_mean, shown
    from mmmlib.params.source import Source

    if params is not None:
        asked = read_params(params)
        known = asked.data.sources
        if source not in known:
            expected = f"one of {', '.join(known)}"
            action = did_you_mean(source, list(known))
            raise InputError.one(params, "SOURCE", shown(source), expected, action)
        with _sources_of(asked) as simulated:
            folder = simulated or data_folder(asked)
            typer.echo(contract_yaml(source, draft_contract(source, known[source], folder)))
        return
    place = Path(source)
    folder = place.parent if place.is_absolute() else Path.cwd()
    inside = place.name if place.is_absolute() else source
    try:
        wanted = Source(path=inside)
    except ValueError:
        raise InputError.one(
            None, "SOURCE", shown(source), "a file or pattern below this folder"
        ) from None
    typer.echo(contract_yaml("source", draft_contract("source", wanted, folder)))


@contextmanager
def _sources_of(params: Params) -> Iterator[Path | None]:
    """Yield the folder of simulated sources, or None where the sources are real."""
    import tempfile

    from mmmlib.runner.tasks import write_simulated

    if not params.data.simulated:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        write_simulated(params, Path(folder))
        yield Path(folder)


# --- entry ---------------------------------------------------------------------------


def main() -> None:
    """Run the command; errors become one message and an exit code."""
    words = [word for word in sys.argv[1:] if word != "--debug"]
    debug = len(words) < len(sys.argv) - 1  # may stand anywhere
    warnings.formatwarning = lambda message, *_, **__: f"mmm: {message}\n"
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
