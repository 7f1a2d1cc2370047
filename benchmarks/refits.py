"""What a carried start is worth: refits that begin with what a run has learned, beside fresh ones.

Takes a run of the demo, asks of each of its models three refits (a tighter prior, the last weeks
left out, another trend) and makes each one twice: fresh, and with what the run's own fit learned.
Prints seconds, least effective draws, and the time of the carried one at equal effective draws::

    python benchmarks/refits.py RUN [--times 3]
    python benchmarks/refits.py --ranks 50      # are ranks of the truth uniform with it?

``--ranks`` draws worlds from the prior as ``tests/model/test_calibration.py`` does, fits each on
fewer weeks and then whole, begun with that first fit, and counts where the truth lies. Nothing else
should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mmmlib.data.panel.panel import panel_of
from mmmlib.model.chains import largest_rhat, least_ess
from mmmlib.model.fit import learned_by
from mmmlib.model.one_fit import FitRequest, available_cores, seed_of
from mmmlib.model.sample import sample
from mmmlib.model.spec import prepare
from mmmlib.model.start import carried_start, learned
from mmmlib.params.load import change_params, params_of
from mmmlib.params.strict import KeyChange
from mmmlib.runs import open_run

PRIOR = KeyChange(("channels", "search", "prior"), {"roi": {"low": 1.0, "high": 3.0}}, "prior")
TREND = KeyChange(("model", "trend"), "linear", "trend")
REFITS: dict[str, tuple[tuple[KeyChange, ...], int]] = {
    "tighter prior": ((PRIOR,), 0),
    "without the last weeks": ((), 8),
    "another trend": ((TREND,), 0),
}
"""What is changed, and how many weeks are held out."""


def measure(run_name: str, times: int) -> list[dict[str, Any]]:
    """Make every refit both ways; a line each, medians over the repetitions."""
    run = open_run(run_name)
    base, panel = params_of(run), panel_of(run)
    known = learned_by(run, base.model_names)
    lines = []
    for model in base.model_names:
        for refit, (changes, held) in REFITS.items():
            params = change_params(base, changes)
            data = prepare(panel, params, model, held)
            found: dict[str, list[tuple[float, float, float, float]]] = {"fresh": [], "carried": []}
            for time_number in range(times):
                seed = seed_of(params, FitRequest(model, held, f"benchmark {time_number}"))
                for kind, measured in found.items():
                    began = time.perf_counter()
                    start = carried_start(data, known[model]) if kind == "carried" else None
                    tree = sample(data, params.model, seed, available_cores(), start=start)
                    seconds = time.perf_counter() - began
                    steps = float(tree["sample_stats"]["n_steps"].sum())
                    measured.append((seconds, least_ess(tree), largest_rhat(tree), steps))
            line: dict[str, Any] = {"model": model, "refit": refit}
            for kind, measured in found.items():
                names = ("seconds", "ess", "rhat", "steps")
                middle = [statistics.median(one) for one in zip(*measured, strict=True)]
                line |= {f"{kind} {name}": one for name, one in zip(names, middle, strict=True)}
            line["plain"] = line["carried seconds"] / line["fresh seconds"]
            line["at equal ESS"] = line["plain"] * line["fresh ess"] / line["carried ess"]
            lines.append(line)
            print(_row(line), flush=True)
    return lines


def _row(line: dict[str, Any]) -> str:
    cells = [line["model"], line["refit"]]
    for kind in ("fresh", "carried"):
        cells += [f"{line[f'{kind} seconds']:.2f}", f"{line[f'{kind} ess']:.0f}"]
        cells += [f"{line[f'{kind} rhat']:.3f}", f"{line[f'{kind} steps']:.0f}"]
    cells += [f"{line['plain']:.0%}", f"{line['at equal ESS']:.0%}"]
    return "| " + " | ".join(cells) + " |"


def ranks(worlds: int, regional: bool) -> None:
    """Print where the truth of worlds from the prior lies among the draws of carried fits."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from mmmlib.model.derive import thin
    from tests.model.test_calibration import KEPT, SETTINGS, TESTS, draw_world
    from tests.model.worlds import mixed_data

    shape = {"seasonality": 1, "trend_knots": 2, "demand_proxy": False}
    prior = mixed_data(regional=regional, weeks=60, lift_tests=TESTS, **shape)
    prior = replace(prior, max_media_share=1e6)
    found: dict[str, list[np.ndarray]] = {}
    for number in range(worlds):
        rng = np.random.default_rng([7, number])
        data, truth = draw_world(prior, rng)
        # Another world of the same prior is what an earlier fit may at worst have learned.
        other, _ = draw_world(prior, np.random.default_rng([8, number]))
        first = other if number % 2 else data
        earlier = learned(sample(first, SETTINGS, seed=10_000 + number, cores=2))
        tree = sample(data, SETTINGS, seed=number, cores=2, start=carried_start(data, earlier))
        for name, values in thin(tree["posterior"].to_dataset(), 100).items():
            below = (values[:KEPT] < truth[name]).sum(0)
            found.setdefault(name, []).append(np.ravel(below))
    print(
        "| parameter | mean rank, errors off | in 90 % ranges, least | in 50 % ranges, furthest |"
    )
    print("|---|---:|---:|---:|")
    for name, each in found.items():
        uniform = (np.stack(each) + 0.5) / (KEPT + 1)
        off = np.abs(uniform.mean(0) - 0.5) * np.sqrt(12 * worlds)
        covered = ((uniform > 0.05) & (uniform < 0.95)).mean(0).min()
        halves = ((uniform > 0.25) & (uniform < 0.75)).mean(0)
        far = halves[np.argmax(np.abs(halves - 0.5))]
        print(f"| {name} | {off.max():.1f} | {covered:.0%} | {far:.0%} |")
    pooled = np.concatenate([np.ravel(one) for one in found["roi"]])
    print(f"Returns, pooled: {np.mean((pooled >= 5) & (pooled < 95)):.1%} in their 90 % range.")
    print("Counts of ranks in tenths:", np.histogram(pooled, bins=10, range=(0, KEPT + 1))[0])


def main() -> None:
    """Measure, and print the table."""
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    words.add_argument("run", nargs="?", default="")
    words.add_argument("--times", type=int, default=3)
    words.add_argument("--ranks", type=int, default=0)
    words.add_argument("--regional", action="store_true")
    asked = words.parse_args()
    if asked.ranks:
        ranks(asked.ranks, asked.regional)
        return
    print("| model | refit | fresh: s | ESS | R-hat | gradients | carried: s | ESS | R-hat | gradients | time | at equal ESS |")  # fmt: skip
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    lines = measure(asked.run, asked.times)
    for refit in REFITS:
        mine = [one["at equal ESS"] for one in lines if one["refit"] == refit]
        print(
            f"{refit}: median over the models {statistics.median(mine):.0%} of a fresh fit's time."
        )


if __name__ == "__main__":
    main()
