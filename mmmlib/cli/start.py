"""The commands of a beginning: a parameter file, simulated data, what this machine has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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
) -> None:
    """Write vintages of a simulated company, with their truth beside them."""
    from mmmlib.simulate.company import write_vintages

    for folder in write_vintages(company, seed, out, range(1, vintages + 1)):
        typer.echo(folder)


def doctor() -> None:
    """Say what the workbook finds on this machine."""
    from mmmlib.cli.doctor import examine

    for line in examine():
        typer.echo(line)
