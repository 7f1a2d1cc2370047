"""`mmm source` and the `mmm contract` commands: how a file is read, and what its source promises."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmmlib.errors import InputError


def draft(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A file or pattern here; or a source's name."),
    ],
    params: Annotated[
        Path | None,
        typer.Option("--params", metavar="PARAMS", help="File whose source SOURCE is."),
    ] = None,
) -> None:
    """Propose a contract from all rows of a source, to be pasted into the parameters as it is.

    With --params it goes among the keys of that source; else it is a whole source, as 'mmm source'
    proposes it, to go below 'sources:'.
    """
    from mmmlib.data.contract.draft import draft_contract, draft_source
    from mmmlib.data.contract.pasted import contract_yaml, source_yaml
    from mmmlib.data.read.files import data_folder
    from mmmlib.params.load import read_params
    from mmmlib.params.messages import refuse_unknown
    from mmmlib.runner.tasks import simulated_sources

    if params is not None:
        asked = read_params(params)
        known = asked.data.sources
        refuse_unknown("SOURCE", source, known, file=params)
        with simulated_sources(asked) as simulated:
            folder = simulated or data_folder(asked)
            made = draft_contract(source, known[source], folder)
        there = (
            "It takes the place of the contract that is there." if known[source].contract else ""
        )
        typer.echo(contract_yaml(made, _indent_of(params, source), there), nl=False)
        return
    path, folder = _place_of(source)
    typer.echo(source_yaml(*draft_source(path, folder)), nl=False)


def source(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file or pattern here.")],
) -> None:
    """Look at a file and print the source that reads it, to be pasted below 'sources:' as it is.

    What is a guess stands in comments. 'mmm contract draft FILE' prints the same with a contract.
    """
    from mmmlib.data.contract.pasted import source_yaml
    from mmmlib.data.contract.proposal import propose
    from mmmlib.params.source import Source

    path, folder = _place_of(file)
    typer.echo(source_yaml(propose(Source(path=path), folder)), nl=False)


def _place_of(file: str) -> tuple[str, Path]:
    """Return a file's path as a source has it, and its folder: ``data/`` for what lies in it here."""
    from mmmlib.data.read.files import FOLDER
    from mmmlib.params.messages import shown
    from mmmlib.params.source import Source

    place, folder = Path(file), Path.cwd()
    if place.is_absolute():
        inside, folder = place.name, place.parent
    elif place.parts[:1] == (FOLDER,) and place.name != FOLDER:
        inside, folder = str(place.relative_to(FOLDER)), folder / FOLDER
    else:
        inside = file
    try:
        Source(path=inside)
    except ValueError:
        expected = "a file or pattern below this folder"
        raise InputError.one(None, "FILE", shown(file), expected) from None
    return inside, folder


def _indent_of(params: Path, source: str) -> int:
    """Return how many blanks stand before the keys of a source in its parameter file."""
    from mmmlib.params.places import read_yaml
    from mmmlib.params.strict import read_text

    places = read_yaml(read_text(params), str(params)).places
    columns = [
        place.column
        for key, place in places.items()
        if key[:3] == ("data", "sources", source) and len(key) == 4
    ]
    return min(columns, default=7) - 1
