"""From which size on is a movement put down to restated history? Measured on sequences of refreshes.

    python benchmarks/restated.py FOLDER [--sequences 30] [--first 2000] [--sizes 0.1 0.2 0.3 0.5] [--show]

The spend of one channel is corrected in its last 30 weeks, by 10 % as in ``gates.py`` or by more,
while four new weeks come. The movement of its return is walked as the bridge does: the old weeks
with today's values, then the new weeks. Counted is in how many sequences the first step is the
larger one, so that the channel's movement is put down to the restatement. What the check on the data
(``refresh.restated``) says does not depend on the size here: it sees all of these.
"""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from gates import Fitted, old_window
from gates_table import interval
from kept_lines import measured

from mmmlib.model.effects import roi
from mmmlib.refresh.movement import common_weeks
from mmmlib.simulate.sequences import EVENT, make_sequence

SIZES = (0.1, 0.2, 0.3, 0.5)


def measure(size: str, seed: int) -> dict[str, Any]:
    """Medians of the corrected channel's return: before, on the same weeks again, and now."""
    sequence = replace(make_sequence("restated history", seed, EVENT), restated=float(size))
    before = Fitted(sequence, EVENT - 1, None, False)
    now = Fitted(sequence, EVENT, before, False)
    again = old_window(before, now, False)
    weeks, name = common_weeks(before.effects, now.effects), f"channel_{sequence.channel}"
    medians = [
        float(roi(one.effects, weeks).sel(channel=name).median()) for one in (before, again, now)
    ]
    return {"size": size, "seed": seed, "medians": medians}


def main() -> None:
    """Measure what is missing, then print the curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the lines of JSON are kept")
    parser.add_argument("--sequences", type=int, default=30, help="of each size")
    parser.add_argument("--first", type=int, default=2000, help="first seed")
    parser.add_argument("--sizes", nargs="+", default=list(map(str, SIZES)))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="fit nothing")
    asked = parser.parse_args()
    os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    seeds = range(asked.first, asked.first + asked.sequences)
    wanted = [(size, seed) for seed in seeds for size in asked.sizes]
    file = asked.folder / "restated.jsonl"
    lines = measured(file, wanted, None if asked.show else measure, asked.workers, kind="size")
    print("| corrected by | restated history is the larger step | moved by it, median |")
    print("|---:|---:|---:|")
    for size in asked.sizes:
        steps = [
            [abs(math.log(later / sooner)) for sooner, later in pairwise(m)]
            for m in (line["medians"] for line in lines if line["size"] == size)
        ]
        if steps:
            larger = sum(first > second for first, second in steps)
            middle = sorted(first for first, _ in steps)[len(steps) // 2]
            print(
                f"| {float(size):.0%} | {interval(larger, len(steps))} | {math.expm1(middle):.0%} |"
            )


if __name__ == "__main__":
    main()
