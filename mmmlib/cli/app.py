"""The `mmm` command: its commands by name, and what becomes of their errors.

Heavy libraries are imported by the commands that need them.
"""

from __future__ import annotations

import errno
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from mmmlib.cli import contract, data, decisions, plan, refresh, review, runs, start, store
from mmmlib.disk import FULL, trouble_with
from mmmlib.errors import MMMError

INTERRUPTED = 130
"""What Typer returns where a command was stopped by Ctrl-C."""

app = typer.Typer(
    name="mmm",
    help="A marketing mix modelling workbook: one command a refresh.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("refresh")(refresh.refresh)
app.command("check")(refresh.check)
app.command("show")(runs.show_run)
app.command("list")(runs.list_all)
app.command("prune")(runs.prune)
app.command("render")(runs.render)
app.command("verify")(runs.verify)
app.command("reproduce")(runs.reproduce)
app.command("export")(runs.export_tables)
app.command("mlflow")(runs.mlflow_run)
app.command("init")(start.init)
app.command("upgrade")(start.upgrade_layout)
app.command("new")(start.new_file)
app.command("simulate")(start.simulate)
app.command("doctor")(start.doctor)

app.command("preread")(review.preread)
app.command("sign")(review.sign)
app.command("waive")(review.waive)
app.command("publish")(review.publish)
app.command("document")(review.document)
app.command("withdraw")(review.withdraw)
app.command("key")(review.new_key)
app.command("decide")(decisions.decide_on)
app.command("outcome")(decisions.outcome)
app.command("decisions")(decisions.decisions)
app.command("predict-test")(decisions.predict_lift_test)
app.command("calendar")(decisions.show_calendar)
app.command("observe")(decisions.observe)
app.command("adoption")(decisions.adoption)
app.command("budget-decision")(decisions.budget_decision)

store_app = typer.Typer(help="The store of signatures and decisions.", no_args_is_help=True)
store_app.command("verify")(store.verify_entries)
store_app.command("export")(store.export_store)
store_app.command("backup")(store.back_up_store)
store_app.command("import")(store.import_store)
app.add_typer(store_app, name="store")

data_app = typer.Typer(help="What data has arrived, and what was restated.", no_args_is_help=True)
data_app.command("status")(data.status)
data_app.command("diff")(data.diff)
app.add_typer(data_app, name="data")

contract_app = typer.Typer(help="What sources promise.", no_args_is_help=True)
contract_app.command("draft")(contract.draft)
app.add_typer(contract_app, name="contract")
app.command("source")(contract.source)

plan_app = typer.Typer(help="Plans as tables that planners fill in.", no_args_is_help=True)
plan_app.command("template")(plan.plan_template)
plan_app.command("check")(plan.check_plan)
app.add_typer(plan_app, name="plan")


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


def main() -> None:
    """Run the command; errors become one message and an exit code."""
    words = [word for word in sys.argv[1:] if word != "--debug"]
    debug = len(words) < len(sys.argv) - 1  # may stand anywhere
    warnings.formatwarning = lambda message, *_, **__: f"mmm: {message}\n"
    try:
        # Not standalone: wrong use would leave with 2, which means "blocked" here.
        code = app(words, prog_name="mmm", standalone_mode=False)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(code)
    except MMMError as error:
        if debug:
            raise
        _leave(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _leave("stopped.", 1)
    except Exception as error:
        if isinstance(error, TyperException):
            said = error.format_message().replace("Value error, ", "").rstrip(".")
            _leave(f"{said}. See 'mmm --help'.", 1)
        if debug:
            raise
        if isinstance(error, OSError) and error.errno in (*FULL, errno.EROFS):
            _leave(trouble_with(Path(error.filename or tempfile.gettempdir()), error), 1)
        if isinstance(error, PermissionError) and error.filename:
            _leave(
                f"{error.filename}: it may not be read or written ({error.strerror}). Allow it, or "
                f"name another place.",
                1,
            )
        kind = type(error).__name__
        _leave(f"{kind}: {error}\nThis was not foreseen. Run again with --debug to see where.", 1)


def _leave(message: str, code: int) -> None:
    typer.echo(f"mmm: {message}", err=True)
    sys.exit(code)
