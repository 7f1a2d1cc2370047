"""Where the time of a refresh goes: how much of it is sampling, how much everything else?

Makes the two refreshes of ``make demo`` in a folder of their own, after a first one that
compiles what this machine has not compiled yet, and prints for each step what it took, and
for both refreshes together for how long some fit was sampling and for how long none was::

    python benchmarks/refresh.py [--times 1]

Nothing else should run on the machine meanwhile. There is no peer beside it: what peers take
for the same fits is in ``benchmarks/fit.py``; the rest they do not do.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mmmlib.model.fit import FITS_LOG
from mmmlib.runs import Run

ROOT = Path(__file__).parents[1]
SECOND = ("refresh.period=2026-Q3", "refresh.as_of=2026-10-01", "data.simulated.vintage=2")


def refresh(runs: Path, *overrides: str) -> Run:
    """Make one refresh of the demo and return its run."""
    given = [word for override in overrides for word in ("--set", override)]
    command = [Path(sys.executable).with_name("mmm"), "refresh", ROOT / "params" / "demo.yaml"]
    done = subprocess.run(
        [*command, *given, "--runs", runs], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return Run(Path(done.stdout.splitlines()[-1]))


def sampling(runs: Iterable[Run]) -> float:
    """Seconds in which at least one fit was sampling."""
    spans = []
    for run in runs:
        lines = (run.path / FITS_LOG).read_text(encoding="utf-8").splitlines()
        spans += [(fit["began"], fit["sampled"]) for fit in map(json.loads, lines)]
    total, until = 0.0, 0.0
    for began, ended in sorted(spans):
        total += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return total


def measure() -> tuple[pd.DataFrame, dict[str, float]]:
    """Make both refreshes; return the seconds of their steps, and of all in parts."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.time()
        runs = [refresh(Path(folder)), refresh(Path(folder), *SECOND)]
        total = time.time() - started
        steps = {
            run.manifest.period: {step.name: step.seconds for step in run.manifest.steps}
            for run in runs
        }
        some = sampling(runs)
    return pd.DataFrame(steps), {"all": total, "sampling": some, "the rest": total - some}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        refresh(Path(folder))
    parts = []
    for _ in range(asked.times):
        steps, seconds = measure()
        parts.append(seconds)
        print(steps.round(1).to_string(), end="\n\n", flush=True)
    table = pd.DataFrame(parts)
    table["share of the rest"] = table["the rest"] / table["all"]
    print("Two refreshes, seconds (steps run side by side, so theirs add up to more):")
    print(table.round(2).to_string(index=False))


if __name__ == "__main__":
    main()
