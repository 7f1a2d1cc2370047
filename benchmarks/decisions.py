"""Do recommended plans come true? Plans of whole packs held against worlds whose truth is known.

    python benchmarks/decisions.py FOLDER [--worlds 24] [--first 2000] [--kinds …] [--show]

Every world of :mod:`known_worlds` goes the way of a refresh, as in :mod:`honesty`. Each plan of its
pack is held against what it truly brings, and so are what simpler rules would have done with
the same fit: take the plan with the highest posterior mean; share the budget as PyMC-Marketing's optimiser
does (one even amount a week for each channel, no limits but the budget, the mean of the posterior); share
it equally. A line of JSON for each world in ``FOLDER/decisions.jsonl``; what is there is not made again.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
from honesty import read_lines, refresh_world
from known_worlds import KINDS

FIRST = 2000
"""Seeds from here on; nothing was chosen by looking at them."""
RULES = ("highest posterior mean", "PyMC-Marketing's way", "equal split")


def measure(kind: str, seed: int) -> dict[str, Any]:
    """Take one world through a refresh, and hold its plans and the rules against the truth."""
    from mmmlib.scenarios.baseline import baseline_of
    from mmmlib.scenarios.effect import plan_effect
    from mmmlib.scenarios.projection import outcome_function

    began = time.time()
    refreshed = refresh_world(kind, seed, ({}, {}))
    world, params, fit, pack = refreshed.world, refreshed.params, refreshed.fit, refreshed.pack
    outcome, base = outcome_function(fit.effects), baseline_of(fit.effects, params)

    def held(spend: dict[str, np.ndarray], **more: Any) -> dict[str, Any]:
        effect = plan_effect(outcome, spend, base.spend, worth=1.0)
        gain = effect.gain[1::2] if more.get("kind") == "optimised" else effect.gain
        low, middle, high = np.quantile(gain, [0.05, 0.5, 0.95])
        return more | {
            "low": low,
            "median": middle,
            "high": high,
            "mean": float(effect.gain.mean()),
            "choosing": float(np.median(effect.gain[::2])),
            "probability": float((gain > 0).mean()),
            "truth": world.gain(spend, base.spend) - effect.spend_change,
        }

    plans = []
    for plan in pack.scenarios[1:]:
        spend = {
            line.channel: base.spend[line.channel] * (line.spend_after / line.spend_before)
            if line.spend_before > 0
            else base.spend[line.channel]
            for line in plan.plan
        }
        role = "recommended" if plan.name == pack.recommended else ""
        role = "candidate" if plan.name == pack.candidate else role
        plans.append(held(spend, name=plan.name, kind=plan.kind, label=str(plan.label), role=role))
    top = max(plans, key=lambda one: one["mean"], default=None)
    rules = []
    if top is not None and top["mean"] > 0:
        rules.append(top | {"rule": RULES[0]})
    rules += [held(spend, rule=rule) for rule, spend in _shared(fit.effects, base)]
    return {
        "kind": kind,
        "seed": seed,
        "seconds": time.time() - began,
        "blocked": refreshed.gates.blocked,
        "plans": plans,
        "rules": rules,
    }


def _shared(effects: Any, base: Any) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The budget of the baseline as simpler rules would share it: even weeks, regions as they are."""
    from mmmlib.scenarios.gradients import PlanResponse
    from mmmlib.scenarios.optimise import Bounds, Question, optimise, with_budget

    response = PlanResponse.of([effects])
    total = sum(float(money.sum()) for money in base.spend.values())

    def even(name: str, money: float) -> np.ndarray:
        return np.repeat(base.split[name][:, None], base.weeks, axis=1) * money / base.weeks

    start = np.stack([even(name, base.spend[name].sum()) for name in response.channels])
    wide = Bounds("the budget", np.zeros(start.shape), np.full(start.shape, np.inf))
    question = with_budget(Question(start, start > 0, "channel", [wide], []), total)
    found = optimise(question, response)
    if found.money is not None:
        yield RULES[1], dict(zip(response.channels, found.money, strict=True))
    names = response.channels
    yield RULES[2], {name: even(name, total / len(names)) for name in names}


def print_tables(lines: Sequence[dict[str, Any]]) -> None:
    """Print what came true."""
    fitted = [line for line in lines if line["plans"]]
    print(f"{len(lines)} worlds, {len(fitted)} with plans, ", end="")
    print(f"{np.mean([line['seconds'] for line in fitted]):.1f} s a world\n")
    every = [plan | {"world": line["kind"]} for line in fitted for plan in line["plans"]]
    rows = [
        *((f"labelled {label}", [p for p in every if p["label"] == label])
          for label in ("safe to act on", "needs review", "do not infer")),
        ("recommended", [p for p in every if p["role"] == "recommended"]),
        ("candidate", [p for p in every if p["role"] == "candidate"]),
        ("optimised, same budget", [p for p in every if p["name"] == "optimised"]),
        ("optimised, other budget", [p for p in every if p["name"] == "optimised_budget"]),
        *((f"rule: {rule}", [r for line in fitted for r in line["rules"] if r["rule"] == rule])
          for rule in RULES),
    ]  # fmt: skip
    print(
        "| what | plans | better in truth | 90 % ranges hold | said, k | true, k | true to said |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, plans in rows:
        print(f"| {name} | {_row(plans)} |")
    print("\n| kind of world | worlds | a better plan exists | recommended | of them better |")
    print("|---|---:|---:|---:|---:|")
    for kind in [*KINDS, "all"]:
        some = [line for line in fitted if kind in (line["kind"], "all")]
        if some:
            print(f"| {kind} | {_found(some)} |")
    chosen = [p for p in every if p["name"] == "optimised"]
    if chosen:
        said, choosing = (sum(p[key] for p in chosen) for key in ("median", "choosing"))
        print(f"\nOptimised plans, by the draws that chose them: {choosing / 1e3:,.0f} k; by the")
        print(
            f"others: {said / 1e3:,.0f} k; in truth {sum(p['truth'] for p in chosen) / 1e3:,.0f} k."
        )


def _row(plans: Sequence[dict[str, Any]]) -> str:
    if not plans:
        return "0 | – | – | – | – | –"
    better = sum(p["truth"] > 0 for p in plans)
    held = sum(p["low"] <= p["truth"] <= p["high"] for p in plans)
    said, true = (np.mean([p[key] for p in plans]) / 1e3 for key in ("median", "truth"))
    count = len(plans)
    ratio = f"{true / said:.2f}" if said else "–"
    return (
        f"{count} | {better / count:.0%} ({better}) | {held / count:.0%} ({held}) | {said:,.1f} | "
        f"{true:,.1f} | {ratio}"
    ).replace("%", " %")


def _found(lines: Sequence[dict[str, Any]]) -> str:
    exists = [line for line in lines if any(p["truth"] > 0 for p in line["plans"])]
    made = [p for line in exists for p in line["plans"] if p["role"] == "recommended"]
    every = [p for line in lines for p in line["plans"] if p["role"] == "recommended"]
    better = sum(p["truth"] > 0 for p in every)
    share = f"{len(made) / len(exists):.0%} ({len(made)})" if exists else "–"
    right = f"{better} of {len(every)}" if every else "–"
    return f"{len(lines)} | {len(exists)} | {share} | {right}".replace("%", " %")


def run(folder: Path, wanted: Iterable[tuple[str, int]], workers: int) -> None:
    """Measure the worlds that are not there yet."""
    file = folder / "decisions.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    lines = read_lines(file)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    there = {(line["kind"], line["seed"]) for line in lines}
    missing = [one for one in wanted if one not in there]
    with ProcessPoolExecutor(workers) as pool, file.open("a") as stream:
        for future in as_completed([pool.submit(measure, *one) for one in missing]):
            stream.write(json.dumps(future.result()) + "\n")
            stream.flush()


def main() -> None:
    """Measure what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the lines of JSON are kept")
    parser.add_argument("--worlds", type=int, default=24, help="of each kind")
    parser.add_argument("--first", type=int, default=FIRST, help="first seed")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="fit nothing")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.worlds)
    wanted = [(kind, seed) for seed in seeds for kind in asked.kinds]
    if not asked.show:
        os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
        run(asked.folder, wanted, asked.workers)
    lines = read_lines(asked.folder / "decisions.jsonl")
    print_tables([line for line in lines if (line["kind"], line["seed"]) in wanted])


if __name__ == "__main__":
    main()
