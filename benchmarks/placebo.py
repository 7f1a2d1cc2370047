"""How often does a channel that cannot have worked look as if it had?

Puts a placebo (the spend of the largest channel in shuffled blocks of weeks) into each of 100 worlds of
:mod:`known_worlds`, fits it as the health check does, and counts how often the data raise its return
above the middle of what was stated of it::

    python benchmarks/placebo.py FOLDER [--worlds 100] [--workers 1] [--show]
    python benchmarks/placebo.py FOLDER --returns 4     # how often is one raised that did work?
    python benchmarks/placebo.py FOLDER --follows 0.45  # or one whose spend follows demand?

``--returns`` lets the placebo cause that many times the middle of what is stated of it; ``--follows``
lets its spend move with what no channel caused (demand, season, noise): the spread of its logarithm.
Each world leaves one line of JSON in ``FOLDER/placebo.jsonl``; one that is there is not made again.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from kept_lines import measured
from known_worlds import KINDS, LENGTH, make_known

from mmmlib.transforms import geometric_weights, lagged

MODEL = "revenue.pooled"
FIRST = 2000
"""Seeds that nothing else was chosen by."""


def measure(kind: str, seed: int, returns: float = 0.0, follows: float = 0.0) -> dict[str, Any]:
    """Fit one world with a placebo, which may be none: it works, or its spend follows demand."""
    from mmmlib.health.placebo import PLACEBO, most_spend, placebo_panel, raised, with_placebo
    from mmmlib.model.chains import largest_rhat
    from mmmlib.model.effects import roi
    from mmmlib.model.one_fit import FitRequest, fit_one, quick

    world = make_known(kind, seed)
    params = world.params({}, {})
    began = time.time()
    channel = most_spend(world.panel, params)
    panel = placebo_panel(world.panel, channel, np.random.default_rng(seed))
    asked = quick(with_placebo(params, MODEL))
    spend = panel.array("spend").sel(channel=PLACEBO).to_numpy()
    outcome = panel.array("outcome").sel(outcome=MODEL).to_numpy()
    other = outcome.sum(0) - world.contribution().sum(0)
    paid = spend * np.exp(follows * (other - other.mean()) / other.std())
    paid *= spend.sum() / paid.sum()
    stated = params.model.default_roi
    middle = np.sqrt(stated.low * stated.high)
    caused = returns * middle * lagged(paid, LENGTH) @ geometric_weights(np.array(0.5), LENGTH)
    frame = panel.frame.assign(
        **{f"spend:{PLACEBO}": paid.ravel(), f"outcome:{MODEL}": (outcome + caused).ravel()}
    )
    panel = replace(panel, frame=frame)
    fit = fit_one(panel, asked, FitRequest(MODEL, label=PLACEBO), cores=1)
    found = roi(fit.effects).sel(channel=PLACEBO).to_numpy()
    return {
        "kind": kind,
        "seed": seed,
        "raised": raised(fit.effects),
        "low": float(np.quantile(found, 0.05)),
        "median": float(np.median(found)),
        "high": float(np.quantile(found, 0.95)),
        "stated": float(np.median(fit.effects["prior_roi"].sel(channel=PLACEBO))),
        "rhat": largest_rhat(fit.posterior),
        "seconds": time.time() - began,
    }


def main() -> None:
    """Measure what is missing, and print the table."""
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("folder", type=Path)
    words.add_argument("--worlds", type=int, default=100)
    words.add_argument("--workers", type=int, default=1)
    words.add_argument("--show", action="store_true")
    words.add_argument("--returns", type=float, default=0.0)
    words.add_argument("--follows", type=float, default=0.0)
    asked = words.parse_args()
    kinds = list(KINDS)
    wanted = [(kinds[n % len(kinds)], FIRST + n // len(kinds)) for n in range(asked.worlds)]
    file = "placebo.jsonl"
    if asked.returns or asked.follows:
        file = f"returns-{asked.returns:g}-follows-{asked.follows:g}.jsonl"
    make = partial(measure, returns=asked.returns, follows=asked.follows)
    lines = measured(asked.folder / file, wanted, None if asked.show else make, asked.workers)
    print("| worlds | number | raised above what was stated | low end over that middle, median | R-hat, largest |")  # fmt: skip
    print("|---|---:|---:|---:|---:|")
    for kind in (*kinds, "all"):
        mine = [line for line in lines if kind in (line["kind"], "all")]
        if mine:
            flagged = sum(not line["raised"] <= 1 for line in mine)
            middle = np.median([line["raised"] for line in mine])
            rhat = max(line["rhat"] for line in mine)
            print(
                f"| {kind} | {len(mine)} | {flagged} ({flagged / len(mine):.0%}) | {middle:.2f} | {rhat:.2f} |"
            )


if __name__ == "__main__":
    main()
