"""The commands of a beginning: a workbook's folder, simulated data, what this machine has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the workbook.")],
    into: Annotated[
        Path, typer.Option("--in", metavar="FOLDER", help="Where its folder is made.")
    ] = Path(),
) -> None:
    """Lay out the folder of a new workbook: notebooks, reports, a first parameter file."""
    from mmmlib.cli.layout import lay_out_workbook

    folder = lay_out_workbook(name, into)
    typer.echo(folder)
    typer.echo(
        f"mmm: next, in {folder}: 'mmm refresh params/demo.yaml' to see it work, then your data in "
        f"data/ and its names in params/{name}.yaml.",
        err=True,
    )


def upgrade_layout(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Of the workbook. Default: here.")
    ] = Path(),
    write: Annotated[
        bool, typer.Option("--write", help="Take over what was not changed here.")
    ] = False,
) -> None:
    """Show which notebooks and templates of a workbook changed, here and in this release.

    With --write those that were not changed here are brought to this release; the others are
    left as they are.
    """
    from mmmlib.cli import layout
    from mmmlib.provenance import RELEASED

    files = layout.upgrade_workbook(folder) if write else layout.compare_with_release(folder)
    changed = [file for file in files if file.state != "as released"]
    width = max((len(file.path) for file in changed), default=0)
    for file in changed:
        note = ", taken over" if write and file.state in ("new release", "missing") else ""
        if file.state == "changed in both":
            note = f": compare with {RELEASED / file.path}"
        typer.echo(f"{file.path:{width}}  {file.state}{note}")
    typer.echo(f"{len(files) - len(changed)} of {len(files)} files are as released.")


def new_file(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new file.")],
    source: Annotated[
        Path, typer.Option("--from", metavar="PARAMS", help="File of the period before.")
    ],
) -> None:
    """Write the next period's parameter file beside the last one."""
    from mmmlib.params.load import new_params

    typer.echo(new_params(source, name))


def simulate(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.")],
    company: Annotated[str, typer.Option(help="Which company.")] = "b2b_software",
    seed: Annotated[int, typer.Option(help="Seed; the same gives the same company.")] = 1,
    vintages: Annotated[int, typer.Option(min=1, help="How many vintages.")] = 2,
    worlds: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Write monthly refreshes of a small company instead, in each of these worlds in "
            "which one known thing happens: names with commas between them, or 'all'.",
        ),
    ] = "",
) -> None:
    """Write vintages of a simulated company, with their truth beside them."""
    if worlds:
        _write_worlds(out, worlds, seed)
        return
    from mmmlib.simulate.company import write_vintages

    for folder in write_vintages(company, seed, out, range(1, vintages + 1)):
        typer.echo(folder)


def _write_worlds(out: Path, worlds: str, seed: int) -> None:
    from mmmlib.simulate.sequences import WORLDS, make_sequence, write_sequence

    asked = list(WORLDS) if worlds == "all" else [name.strip() for name in worlds.split(",")]
    for name in asked:
        if name not in WORLDS:
            raise typer.BadParameter(f"'{name}'; expected 'all', or some of {', '.join(WORLDS)}")
    for name in asked:
        for folder in write_sequence(make_sequence(name, seed), out / name.replace(" ", "_")):
            typer.echo(folder)


def doctor() -> None:
    """Say what the workbook finds on this machine."""
    from mmmlib.cli.doctor import examine

    for line in examine():
        typer.echo(line)
