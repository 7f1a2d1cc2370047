"""The `mmm contract` commands: what sources promise."""

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

    With --params it goes among the keys of that source; else it is a whole source, to go below
    'sources:'.
    """
    from mmmlib.data.contract.draft import contract_yaml, draft_contract, source_yaml
    from mmmlib.data.read.files import data_folder
    from mmmlib.params.load import read_params
    from mmmlib.params.messages import did_you_mean, shown
    from mmmlib.params.source import Source
    from mmmlib.runner.tasks import simulated_sources

    if params is not None:
        asked = read_params(params)
        known = asked.data.sources
        if source not in known:
            expected = f"one of {', '.join(known)}"
            action = did_you_mean(source, list(known))
            raise InputError.one(params, "SOURCE", shown(source), expected, action)
        with simulated_sources(asked) as simulated:
            folder = simulated or data_folder(asked)
            made = draft_contract(source, known[source], folder)
        there = (
            "It takes the place of the contract that is there." if known[source].contract else ""
        )
        typer.echo(contract_yaml(made, _indent_of(params, source), there), nl=False)
        return
    place = Path(source)
    folder = place.parent if place.is_absolute() else Path.cwd()
    inside = place.name if place.is_absolute() else source
    try:
        declared = Source(path=inside)
    except ValueError:
        raise InputError.one(
            None, "SOURCE", shown(source), "a file or pattern below this folder"
        ) from None
    typer.echo(source_yaml(inside, draft_contract("source", declared, folder)), nl=False)


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
