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
    """Propose a contract from all rows of a source, to go into the parameters."""
    from mmmlib.data.contract.draft import contract_yaml, draft_contract
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
