"""Are changed effects and odd weeks seen? Sequences of refreshes with known truth.

    python benchmarks/moving_effects.py FOLDER [--sequences 40] [--first 0] [--workers 2] [--show]

Worlds are the independent ones of :mod:`known_worlds`, with 182 weeks and one channel that brings 8
to 10 % of the outcome. From week 130 on nothing changes (stable), the channel works half as well
(halved), or 30 % of its spend is not reported any more (tracking); refreshes come a quarter to a year
later. Or two of the newest 13 weeks of 143 are 60 % higher (outliers). Seeds from 1000 on are for
published figures only. Each sequence leaves one line in ``FOLDER/sequences.jsonl``.

Fits take two chains of 300 + 250 draws: only medians are read off them.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from honesty import MODEL, read_lines
from honesty_tables import share
from known_worlds import KnownWorld, make_known

WEEKS, CHANGE, LATER = 182, 130, (13, 26, 39, 52)
KINDS = ("stable", "halved", "tracking", "outliers")
SHARE = (0.08, 0.10)
CHEAP = {"chains": 2, "tune": 300, "draws": 250, "kept_draws": 500}


def make_sequence(seed: int) -> tuple[KnownWorld, int]:
    """Make a world, and the row of its largest channel, which brings 8 to 10 % of the outcome."""
    world = make_known("independent", seed, WEEKS)
    brought = world.contribution().sum(1)
    row = int(brought.argmax())
    wanted = np.random.default_rng([seed, 0x90]).uniform(*SHARE)
    total = world.case.outcome.sum() - brought[row]
    factor = wanted / (1 - wanted) * total / brought[row]
    effects = list(world.effects)
    more = (factor - 1) * effects[row].weekly(world.case.spend[row])
    effects[row] = replace(effects[row], coefficient=effects[row].coefficient * factor)
    case = replace(world.case, outcome=world.case.outcome + more)
    return replace(world, case=case, effects=tuple(effects)), row


def delivered(world: KnownWorld, row: int, kind: str, weeks: int, seed: int) -> KnownWorld:
    """Return what a refresh is told after so many weeks."""
    outcome, spend = world.case.outcome.copy(), world.case.spend.copy()
    if kind == "halved":
        outcome[:, CHANGE:] -= 0.5 * world.effects[row].weekly(spend[row])[:, CHANGE:]
    if kind == "tracking":
        spend[row, :, CHANGE:] *= 0.7
    if kind == "outliers":
        odd = np.random.default_rng([seed, 0x0DD]).choice(np.arange(weeks - 13, weeks), 2, False)
        outcome[:, odd] *= 1.6
    case = replace(
        world.case,
        outcome=outcome[:, :weeks],
        spend=spend[:, :, :weeks],
        controls=world.case.controls[:, :, :weeks],
    )
    return replace(world, case=case)


def measure(kind: str, seed: int) -> dict[str, Any]:
    """Refresh a sequence at each of its times, and note what the checks say."""
    world, row = make_sequence(seed)
    look = _odd if kind == "outliers" else _changed
    times = [13] if kind == "outliers" else LATER
    return {
        "kind": kind,
        "seed": seed,
        "refreshes": [look(delivered(world, row, kind, CHANGE + n, seed), row, n) for n in times],
    }


def _changed(world: KnownWorld, row: int, later: int) -> dict[str, Any]:
    from mmmlib.data.checks.levels import check_series
    from mmmlib.health.changed_effect import effect_changes
    from mmmlib.model.one_fit import FitRequest, fit_one

    params, panel = world.params(CHEAP, {}), world.panel
    effects = fit_one(panel, params, FitRequest(MODEL), cores=1).effects
    changes = effect_changes(effects)
    # The same regression on the true curves: what no model could do better.
    caused = world.contribution()
    rest = effects["baseline_part"].median("draw").sum("component")
    true = effects.isel(draw=[0]).assign(
        contribution=(("draw", "channel", "week"), caused[None]),
        baseline_part=effects["baseline_part"].isel(draw=[0]) * 0
        + rest / len(effects["component"]),
    )
    best = list(effect_changes(true).values())[row]
    series = f"spend:{world.names[row]}"
    levels = {
        f.check for f in check_series(params, panel) if f.status != "ok" and f.subject == series
    }
    return {
        "later": later,
        "distances": [one.distance for one in changes.values()],
        "errors": [one.error for one in changes.values()],
        "row": row,
        "best": best.distance,
        "data": sorted(levels),
    }


def _odd(world: KnownWorld, row: int, later: int) -> dict[str, Any]:
    from mmmlib.model.effects import roi
    from mmmlib.model.odd_weeks import odd_weeks
    from mmmlib.model.one_fit import FitRequest, fit_one

    params, panel = world.params(CHEAP, {}), world.panel
    odd = odd_weeks(panel, params, MODEL)
    requests = [FitRequest(MODEL), FitRequest(MODEL, apart=odd)]
    returns = [roi(fit_one(panel, params, one, cores=1).effects) for one in requests]
    medians = [one.median("draw").to_numpy().tolist() for one in returns]
    widths = [float(np.median(np.log(np.divide(*one.quantile([0.95, 0.05], "draw").to_numpy()))))
              for one in returns]  # fmt: skip
    held = [
        bool(low <= true <= high)
        for true, low, high in zip(
            world.returns(), *returns[1].quantile([0.05, 0.95], "draw").to_numpy(), strict=True
        )
    ]
    return {"found": len(odd), "medians": medians, "widths": widths, "held": held}


def run(folder: Path, wanted: Iterable[tuple[str, int]], workers: int) -> None:
    """Measure the sequences that are not there yet."""
    file = folder / "sequences.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    there = {(line["kind"], line["seed"]) for line in read_lines(file)}
    missing = [one for one in wanted if one not in there]
    with ProcessPoolExecutor(workers) as pool, file.open("a") as stream:
        waiting = [pool.submit(measure, *one) for one in missing]
        for done, future in enumerate(as_completed(waiting), start=1):
            stream.write(json.dumps(future.result()) + "\n")
            stream.flush()
            print(f"{done} of {len(missing)}", flush=True)


def print_tables(lines: list[dict[str, Any]], limit: float, shift: float) -> None:
    """Say how often each kind was flagged, by how long after the change, within a year."""
    print("| | sequences | " + " | ".join(f"{n} weeks later" for n in LATER) + " | within a year |")
    print("|---|---:|" + "---:|" * (len(LATER) + 1))
    for name, kind, flag in (
        ("stable: any channel", "stable", lambda one: max(map(abs, one["distances"])) > limit),
        *(
            (f"{kind}: the channel", kind, lambda one: abs(one["distances"][one["row"]]) > limit)
            for kind in KINDS[:3]
        ),
        *(
            (f"{kind}: with the true curves", kind, lambda one: abs(one["best"]) > limit)
            for kind in KINDS[:3]
        ),
        *((f"{kind}: spend, by the data checks", kind, lambda one: bool(one["data"]))
          for kind in KINDS[:3]),
    ):  # fmt: skip
        mine = [line["refreshes"] for line in lines if line["kind"] == kind]
        cells = [share([flag(one[n]) for one in mine]) for n in range(len(LATER))]
        ever = share([any(map(flag, one)) for one in mine])
        print(f"| {name} | {len(mine)} | {' | '.join(cells)} | {ever} |")
    print("\n| halved, a year later: standard error of the change | the channel is flagged |")
    print("|---|---:|")
    last = [line["refreshes"][-1] for line in lines if line["kind"] == "halved"]
    for low, high in ((0, 0.15), (0.15, 0.25), (0.25, 0.4), (0.4, np.inf)):
        mine = [one for one in last if low <= one["errors"][one["row"]] < high]
        flags = [abs(one["distances"][one["row"]]) > limit for one in mine]
        print(f"| {100 * low:g} to {100 * high:g} % | {share(flags)} |")
    odd = [line["refreshes"][0] for line in lines if line["kind"] == "outliers"]
    moved = list(_moved(odd))
    print(f"\nOdd weeks: both found in {share([one['found'] == 2 for one in odd])}")
    print(f"a return moves by more than {shift:g}: {share([max(one) > shift for one in moved])}")
    print(f"of the channels: {share([one > shift for row in moved for one in row])}")
    print(f"90 % ranges without them hold {share([one for row in odd for one in row['held']])}")
    if odd:
        print(
            "log-width with, without:", np.median([one["widths"] for one in odd], axis=0).round(2)
        )


def _moved(odd: list[dict[str, Any]]) -> Iterator[list[float]]:
    for one in odd:
        ratio = np.divide(*one["medians"])
        yield (np.maximum(ratio, 1 / ratio) - 1).tolist()


def main() -> None:
    """Measure what is missing, then print the tables."""
    from mmmlib.params.limits import HealthParams

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the lines of JSON are kept")
    parser.add_argument("--sequences", type=int, default=40, help="of each kind")
    parser.add_argument("--first", type=int, default=0, help="first seed; 1000 to publish")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="fit nothing")
    asked = parser.parse_args()
    wanted = [(kind, asked.first + n) for n in range(asked.sequences) for kind in KINDS]
    if not asked.show:
        os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
        run(asked.folder, wanted, asked.workers)
    lines = read_lines(asked.folder / "sequences.jsonl")
    limits = HealthParams()
    mine = [line for line in lines if (line["kind"], line["seed"]) in wanted]
    print_tables(mine, limits.max_effect_change, limits.max_odd_shift)


if __name__ == "__main__":
    main()
