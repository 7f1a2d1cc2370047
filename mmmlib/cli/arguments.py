"""Arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
RunRef = Annotated[str, typer.Argument(metavar="RUN", help="Run id or folder; empty: newest.")]
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="Store of signatures and decisions. Default: $MMM_STORE or store.sqlite beside the runs.",
    ),
]
