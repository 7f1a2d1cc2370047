"""The `mmm store` commands: the record of signatures and decisions as a whole."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmmlib.cli.arguments import RunsDir, StoreUrl
from mmmlib.errors import MMMError

if TYPE_CHECKING:
    from mmmlib.governance.store import Store

File = Annotated[Path, typer.Argument(metavar="FILE")]


def verify_entries(
    published: Annotated[
        Path, typer.Option("--published", metavar="FOLDER", help="Folder of all publications.")
    ] = Path("published"),
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Prove that no entry was altered, removed or put in another order.

    Held against the published packs, too, a chain that was cut and rebuilt is found.
    """
    from mmmlib.governance.chain import verify_store
    from mmmlib.phrases import count_text
    from mmmlib.runner.publish import published_heads

    heads = published_heads(published)
    with _store(runs, store) as opened:
        faults = verify_store(opened, heads)
        if faults:
            raise MMMError("The store is not as it was written:\n  " + "\n  ".join(faults))
        head = opened.head()
    typer.echo(
        f"{count_text(head.seq, 'entry is', 'entries are')} as written, held against "
        f"{count_text(len(heads), 'published pack')}. "
        f"The newest: {head.hash}"
    )


def export_store(file: File, runs: RunsDir = None, store: StoreUrl = None) -> None:
    """Write all entries as JSON lines."""
    from mmmlib.governance.chain import export_entries

    with _store(runs, store) as opened:
        typer.echo(f"{export_entries(opened, file)} entries in {file}")


def import_store(file: File, runs: RunsDir = None, store: StoreUrl = None) -> None:
    """Read exported entries into an empty store."""
    from mmmlib.governance.chain import import_entries

    with _store(runs, store) as opened:
        typer.echo(f"{import_entries(opened, file)} entries from {file}")


def back_up_store(file: File, runs: RunsDir = None, store: StoreUrl = None) -> None:
    """Copy an SQLite store into a file, also while others write."""
    from mmmlib.governance.chain import back_up

    with _store(runs, store) as opened:
        back_up(opened, file)
    typer.echo(file)


def _store(runs: Path | None, url: str | None) -> AbstractContextManager[Store]:
    from mmmlib.governance.store import open_store
    from mmmlib.runs import find_runs_dir

    return open_store(find_runs_dir(runs), url)
