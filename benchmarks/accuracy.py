"""Do contributions come out right, and do the ranges hold? This project beside its peers.

    python benchmarks/accuracy.py [--worlds 12] [--engines …] [--show]

Every engine fits the same national worlds of :mod:`confounded` as it comes: its own default
priors, its own noise. Told are the error of a channel's contribution and how many 90 % ranges
hold the truth. What was fitted is kept as JSON, so that more worlds can be added.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from cell import run_cell
from confounded import make_confounded
from peers import CACHE, ENGINES, NotInstalledError, python_of, versions_of

from mmmlib.params.model import ModelParams

DRAWS = {"chains": 4, "tune": 500, "draws": 500}
DEFAULT = ("trend", "seasonality", "adstock_weeks")
"""Keys that are those of a workbook by default, where the speed benchmark takes what all can do."""
CHUNK = 6
"""Worlds that a process fits one after the other."""


def fit(engine: str, seeds: list[int], asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Fit worlds and hold each channel's draws against the truth."""
    folder = CACHE / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    worlds = [make_confounded(seed) for seed in seeds]
    files = [
        world.case.save(folder / f"confounded_{seed}.npz")
        for world, seed in zip(worlds, seeds, strict=True)
    ]
    settings: dict[str, Any] = DRAWS | {"priors": "default"}
    if engine == "workbook":
        settings["model"] = {key: getattr(ModelParams(), key) for key in DEFAULT}
    kept = CACHE / "compiled" / engine
    done = run_cell(engine, files, "fit", kept, asked.limit, asked.lock, **settings)
    if "out" not in done:
        print(f"{engine}, worlds {seeds}: {done}", file=sys.stderr)
        return []
    rows = []
    with np.load(done["out"]) as draws:
        for number, (world, seed) in enumerate(zip(worlds, seeds, strict=True)):
            values = draws[f"contribution@{number}"]
            values = values.reshape(-1, values.shape[-1])
            total = float(world.case.outcome.sum())
            for channel, truth in enumerate(world.truth):
                low, middle, high = np.quantile(values[:, channel], [0.05, 0.5, 0.95])
                rows.append(
                    {
                        "engine": engine,
                        "seed": seed,
                        "form": world.form,
                        "truth": float(truth) / total,
                        "low": low / total,
                        "median": middle / total,
                        "high": high / total,
                        "rank": float((values[:, channel] < truth).mean()),
                    }
                )
    Path(done["out"]).unlink()
    return rows


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print error and coverage by engine, over all worlds and by form."""
    fitted = [{row["seed"] for row in rows if row["engine"] == name} for name in ENGINES]
    seeds = set.intersection(*filter(None, fitted)) if rows else set()
    rows = [row for row in rows if row["seed"] in seeds]
    print(f"\n{len(seeds)} worlds that all of these fitted.\n")
    print(
        "| engine | channels | median error | mean error, points of outcome "
        "| error of all media | 90 % ranges that hold | width | rank |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, engine in ENGINES.items():
        mine = [row for row in rows if row["engine"] == name]
        if mine:
            print(f"| {engine.title} | {len(mine)} | " + " | ".join(_figures(mine)) + " |")
    forms = dict.fromkeys(row["form"] for row in rows)
    print("\n| form | " + " | ".join(f"{e.title}: error, held" for e in ENGINES.values()) + " |")
    print("|---|" + "---:|" * len(ENGINES))
    for form in forms:
        cells = []
        for name in ENGINES:
            mine = [row for row in rows if (row["engine"], row["form"]) == (name, form)]
            figures = _figures(mine) if mine else ["–"] * 4
            cells.append(f"{figures[0]}, {figures[3]}")
        print(f"| {form} | " + " | ".join(cells) + " |")


def _figures(rows: list[dict[str, Any]]) -> list[str]:
    truth = np.array([row["truth"] for row in rows])
    middle = np.array([row["median"] for row in rows])
    held = np.array([row["low"] <= row["truth"] <= row["high"] for row in rows])
    seeds = np.array([row["seed"] for row in rows])
    whole = [
        middle[seeds == seed].sum() / truth[seeds == seed].sum() - 1 for seed in np.unique(seeds)
    ]
    width = np.array([(row["high"] - row["low"]) for row in rows]) / truth
    error = np.abs(middle / truth - 1)
    return [
        f"{100 * np.median(error):.0f} %",
        f"{100 * np.abs(middle - truth).mean():.1f}",
        f"{100 * float(np.median(whole)):+.0f} %",
        f"{100 * held.mean():.0f} %",
        f"{np.median(width):.1f}",
        f"{np.mean([row['rank'] for row in rows]):.2f}",
    ]


def main() -> None:
    """Fit what is missing, keep it, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--results", type=Path, default=CACHE / "accuracy.json")
    parser.add_argument("--limit", type=float, default=900, help="seconds for six worlds")
    parser.add_argument("--lock", type=Path, help="file to lock around every cell")
    parser.add_argument("--again", action="store_true", help="fit again what is there")
    parser.add_argument("--show", action="store_true", help="fit nothing")
    asked = parser.parse_args()
    rows = json.loads(asked.results.read_text()) if asked.results.exists() else []
    if asked.again:
        rows = [row for row in rows if row["engine"] not in asked.engines]
    for engine in [] if asked.show else asked.engines:
        try:
            python_of(engine)
        except NotInstalledError as error:
            print(f"{ENGINES[engine].title}: not installed: {error}")
            continue
        told = ", ".join(f"{name} {number}" for name, number in versions_of(engine).items())
        print(f"{ENGINES[engine].title}: {told}", flush=True)
        there = {row["seed"] for row in rows if row["engine"] == engine}
        seeds = [seed for seed in range(asked.worlds) if seed not in there]
        for start in range(0, len(seeds), CHUNK):
            rows += fit(engine, seeds[start : start + CHUNK], asked)
            asked.results.parent.mkdir(parents=True, exist_ok=True)
            asked.results.write_text(json.dumps(rows, indent=1))
    print_table(rows)


if __name__ == "__main__":
    main()
