"""Does advice turn round in a world in which nothing happens? Quarterly refreshes of known worlds.

    python benchmarks/advice_flips.py FOLDER [--worlds 3] [--first 1300] [--kinds …] [--show]

Every world of :mod:`known_worlds` is refreshed five times, a quarter apart, as :mod:`honesty` does it
once: the same weeks again and 13 more. Two turns are counted between a refresh and the next: the advice
on a channel goes from "increase" to "cut" or back, and the plan that is recommended moves the money
of a channel the other way than the one before. Each world leaves one line in
``FOLDER/advice.jsonl``; its draws stay in ``FOLDER/fits``.
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from gates_table import interval
from honesty import refresh
from kept_lines import measured
from known_worlds import KINDS, make_known

WEEKS = (130, 143, 156, 169, 182)
"""Weeks that each refresh sees."""
WAYS = {"increase": 1, "cut": -1}


def measure(kind: str, seed: int, folder: Path) -> dict[str, Any]:
    """Way of the advice and of the recommended plan, by refresh and channel: 1, -1 or 0."""
    from mmmlib.refresh.refits import panel_until

    world = make_known(kind, seed, WEEKS[-1])
    name = kind.replace(" ", "_")
    advice, plans = [], []
    for weeks in WEEKS:
        panel = panel_until(world.panel, world.panel.weeks[weeks - 1])
        file = folder / "fits" / f"{name}-{seed}-{weeks}.nc"
        pack = refresh(panel, world.params({}, {}), file).pack
        advice.append({one.channel: WAYS.get(one.advice.value, 0) for one in pack.advice})
        lines = [
            line for one in pack.scenarios if one.name == pack.recommended for line in one.plan
        ]
        plans.append({line.channel: int(np.sign(line.change)) for line in lines})
    return {"kind": kind, "seed": seed, "advice": advice, "plans": plans}


def turned(then: dict[str, int], now: dict[str, int]) -> bool:
    """Say whether any channel goes the other way."""
    return any(then.get(channel, 0) * way < 0 for channel, way in now.items())


def main() -> None:
    """Measure what is missing, then count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the lines of JSON are kept")
    parser.add_argument("--worlds", type=int, default=3, help="of each kind")
    parser.add_argument("--first", type=int, default=1300, help="first seed")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="fit nothing")
    asked = parser.parse_args()
    os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    seeds = range(asked.first, asked.first + asked.worlds)
    wanted = [(kind, seed) for seed in seeds for kind in asked.kinds]
    file = asked.folder / "advice.jsonl"
    call = None if asked.show else partial(measure, folder=asked.folder)
    lines = measured(file, wanted, call, asked.workers)
    print("| of | refreshes that turn it round |\n|---|---:|")
    for what, key in (("advice on a channel", "advice"), ("the recommended plan", "plans")):
        turns = [turned(*pair) for line in lines for pair in pairwise(line[key])]
        print(f"| {what} | {interval(sum(turns), len(turns))} |")
    said = [way for line in lines for one in line["advice"] for way in one.values()]
    made = [bool(one) for line in lines for one in line["plans"]]
    print(
        f"\nAdvice is to increase or to cut in {interval(sum(map(bool, said)), len(said))}, a plan is"
    )
    print(f"recommended in {interval(sum(made), len(made))}.")


if __name__ == "__main__":
    main()
