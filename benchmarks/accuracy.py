"""Do returns come out right, and do the ranges hold? This project beside its peers.

    python benchmarks/accuracy.py FOLDER [--worlds 3] [--first 1220] [--kinds …] [--show]

FOLDER holds what ``benchmarks/honesty.py`` measured. The peers fit the same worlds as they come, with
their own default priors and noise, and each leaves one line a world in ``FOLDER/ENGINE.jsonl``; a line
that is there is not made again.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from cell import run_cell
from honesty_tables import print_ranges, statement
from kept_lines import Line, measured
from known_worlds import KINDS, make_known
from peers import CACHE, ENGINES, WORKBOOK, NotInstalledError, python_of, versions_of

DRAWS: dict[str, Any] = {"chains": 4, "tune": 500, "draws": 500}
LIMIT = 1800.0
"""Seconds after which an engine is no longer waited for."""


def measure(kind: str, seed: int, engine: str) -> Line:
    """Fit one world, and hold each channel's return and the total against the truth."""
    world = make_known(kind, seed)
    line: Line = {"kind": kind, "seed": seed, "blocked": [], "statements": []}
    with tempfile.TemporaryDirectory() as folder:
        case = world.case.save(Path(folder) / f"{kind.replace(' ', '_')}_{seed}.npz")
        kept = CACHE / "compiled" / engine
        done = run_cell(engine, [case], "fit", kept, LIMIT, priors="default", **DRAWS)
    if "out" not in done:
        return line | {"blocked": [str(done.get("failed", f"over {LIMIT:.0f} s"))]}
    file = Path(done["out"])
    with np.load(file) as stored:
        draws = stored["contribution@0"]
    file.unlink()
    draws = draws.reshape(-1, draws.shape[-1])
    spend, truth = world.case.spend.sum((1, 2)), world.contribution().sum(1)
    returns = zip(world.names, draws.T, spend, truth, strict=True)
    line["statements"] = [
        *(
            statement("return", "", one / paid, float(true / paid), channel=name)
            for name, one, paid, true in returns
        ),
        statement("total", "", draws.sum(1), float(truth.sum())),
    ]
    return line


def main() -> None:
    """Fit what is missing, keep it, print the tables of the worlds that all have fitted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where honesty.py keeps its lines")
    parser.add_argument("--worlds", type=int, default=3, help="of each kind")
    parser.add_argument("--first", type=int, default=1220, help="first seed")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    peers = [name for name in ENGINES if name != WORKBOOK]
    parser.add_argument("--engines", nargs="+", choices=peers, default=peers)
    parser.add_argument("--show", action="store_true", help="fit nothing")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.worlds)
    wanted = [(kind, seed) for seed in seeds for kind in asked.kinds]
    lines: dict[str, list[Line]] = {
        ENGINES[WORKBOOK].title: measured(asked.folder / "worlds.jsonl", wanted, None)
    }
    for name in asked.engines:
        title = ENGINES[name].title
        make: Any = None
        if not asked.show:
            try:
                python_of(name)
            except NotInstalledError as error:
                print(f"{title}: not installed: {error}")
                continue
            told = ", ".join(f"{one} {number}" for one, number in versions_of(name).items())
            print(f"{title}: {told}", flush=True)
            make = partial(measure, engine=name)
        lines[title] = measured(asked.folder / f"{name}.jsonl", wanted, make)
    for title, failed in lines.items():
        for line in failed:
            if line["blocked"]:
                print(f"{title}, {line['kind']} {line['seed']}: {line['blocked']}")
    fitted = [
        {(line["kind"], line["seed"]) for line in mine if line["statements"]}
        for mine in lines.values()
    ]
    by_all = set.intersection(*fitted)
    print_ranges(
        {
            title: [line for line in mine if (line["kind"], line["seed"]) in by_all]
            for title, mine in lines.items()
        }
    )


if __name__ == "__main__":
    main()
