"""Change, fit, compare: the three steps of a modeller, in the workbench and in PyMC-Marketing, in one run.

Takes a run of the demo. In the workbench: a tighter prior on search, fitted and put beside the run. In
PyMC-Marketing: the same outcome, spend and controls, a model as near as the package can state it, a
tighter prior on the same channel, fitted with the same chains and draws, and both models' returns and
PSIS-LOO side by side::

    python benchmarks/workbench.py RUN [--times 3] [--model revenue.self_serve]

Both are asked ``--times`` times in one process each; the first time loads and compiles, and is told
apart from the median of the others. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from cases import Case, standard
from cell import caches
from peers import CACHE, NotInstalledError, python_of, versions_of

HERE = Path(__file__).resolve().parent
STEPS = ("change", "fit", "compare")
Times = dict[str, list[float]]


def ours(run: str, model: str, times: int) -> Times:
    """Time the workbench's three steps."""
    from mmmlib import workbench as wb

    base = wb.open(run)
    began = time.perf_counter()
    base.fit(model)
    found: Times = {"base": [time.perf_counter() - began], **{step: [] for step in STEPS}}
    for number in range(times):
        began = time.perf_counter()
        trial = base.change("channels.search.prior.roi", low=1 + number / 10, high=3)
        changed = time.perf_counter()
        trial.fit(model)
        fitted = time.perf_counter()
        page = wb.compare(base, trial, model=model, decision=False)
        assert page.to_markdown()
        done = time.perf_counter()
        for step, seconds in zip(
            STEPS, (changed - began, fitted - changed, done - fitted), strict=True
        ):
            found[step].append(seconds)
    return found


def theirs(case: Case, settings: dict[str, float]) -> Times:
    """Time the peer's, in its environment."""
    with tempfile.TemporaryDirectory() as folder:
        file = case.save(Path(folder) / "case.npz")
        asked = Path(folder) / "asked.json"
        asked.write_text(
            json.dumps({"cases": [str(file)], "priors": "near", "stage": "fit", **settings})
        )
        script = HERE / "engines" / "trial_pymc_marketing.py"
        done = subprocess.run(
            [str(python_of("pymc-marketing")), str(script), str(asked)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ
            | caches(CACHE / "compiled" / "pymc-marketing")
            | {"BENCHMARK_STARTED": str(time.time())},
        )
    return json.loads(done.stdout.splitlines()[-1])["seconds"]


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("run", nargs="?", default="")
    words.add_argument("--model", default="revenue.self_serve")
    words.add_argument("--times", type=int, default=3)
    asked = words.parse_args()
    from mmmlib.data.panel.panel import panel_of
    from mmmlib.params.load import params_of
    from mmmlib.runs import open_run

    run = open_run(asked.run)
    params, panel = params_of(run), panel_of(run)
    controls = panel.array("control").to_numpy().mean(1, keepdims=True)
    case = Case(
        panel.outcome(asked.model).to_numpy().sum(0, keepdims=True),
        panel.array("spend").to_numpy().sum(1, keepdims=True),
        standard(controls),
        first=str(panel.weeks[0].date()),
    )
    settings = params.model.model_dump(include={"chains", "tune", "draws", "target_accept", "seed"})
    cores = len(os.sched_getaffinity(0))
    found = {"workbench": ours(str(run.path), asked.model, asked.times)}
    try:
        found["PyMC-Marketing"] = theirs(case, settings | {"cores": cores, "times": asked.times})
        print(f"{versions_of('pymc-marketing')}, {cores} cores, {settings}; {asked.model}")
    except NotInstalledError as error:
        print(f"PyMC-Marketing cannot be had here: {error}")
    print("\n| | " + " | ".join(STEPS) + " | together, s | the first time, s |")
    print("|---|" + "---:|" * (len(STEPS) + 2))
    for name, times in found.items():
        warm = [statistics.median(times[step][1:] or times[step]) for step in STEPS]
        cells = [f"{one:.2f}" for one in (*warm, sum(warm), sum(times[step][0] for step in STEPS))]
        print(f"| {name} | " + " | ".join(cells) + " |")
    told = ", ".join(f"{name} {times['base'][0]:.1f} s" for name, times in found.items())
    print(
        f"\nNot counted: the fit that is compared with ({told}; the workbench reads it from the run)."
    )
    assert np.isfinite([s for times in found.values() for s in times["fit"]]).all()


if __name__ == "__main__":
    main()
