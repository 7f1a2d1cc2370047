"""Are changed effects and odd weeks seen? Sequences of refreshes with known truth.

    python benchmarks/moving_effects.py FOLDER [--sequences 40] [--first 0] [--workers 2] [--show]

Worlds are the independent ones of :mod:`known_worlds`, with 182 weeks and one channel that brings 8
to 10 % of the outcome. From week 130 on nothing changes (stable), the channel works half as well
(halved), or 30 % of its spend is not reported any more (tracking); refreshes come a quarter to a year
later. Or two of the newest 13 weeks of 143 are 60 % higher (outliers). Seeds from 1000 on are for
published figures only. Each sequence leaves one line in ``FOLDER/sequences.jsonl``.

The check on changed effects is asked at every refresh with the true curves in place of fitted ones,
what no model could do better, and with fitted ones a year after the change. Fits take two chains of
300 + 250 draws: little more than medians is read off them.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from honesty import MODEL
from honesty_tables import share
from kept_lines import measured
from known_worlds import KnownWorld, make_known

from mmmlib.data.checks.signals import trend_and_season

WEEKS, CHANGE, LATER = 182, 130, (13, 26, 39, 52)
KINDS = ("stable", "halved", "tracking", "outliers")
SHARE = (0.08, 0.10)
ODD_SHIFT = 0.25
"""From which movement on it counts that odd weeks decide a return."""
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
    if kind == "outliers":
        return {"kind": kind, "seed": seed, **_odd(world, row, seed)}
    seen = [_changed(delivered(world, row, kind, CHANGE + n, seed), row, n) for n in LATER]
    return {"kind": kind, "seed": seed, "row": row, "refreshes": seen}


def _changed(world: KnownWorld, row: int, later: int) -> dict[str, Any]:
    """What the check says with the true curves, and a year after the change with fitted ones."""
    from mmmlib.data.checks.levels import check_series
    from mmmlib.health.changed_effect import effect_changes
    from mmmlib.model.one_fit import FitRequest, fit_one

    params, panel = world.params(CHEAP, {}), world.panel
    series = f"spend:{world.names[row]}"
    found = {"true": effect_changes(true_effects(world))}
    if later == LATER[-1]:
        found["fitted"] = effect_changes(fit_one(panel, params, FitRequest(MODEL), cores=1).effects)
    return {
        **{key: [one.distance for one in changes.values()] for key, changes in found.items()},
        "errors": [one.error for one in found.get("fitted", found["true"]).values()],
        "data": any(f.status != "ok" and f.subject == series for f in check_series(params, panel)),
    }


def true_effects(world: KnownWorld) -> xr.Dataset:
    """Effects of a model that knows every curve: only the baseline has to be found."""
    outcome, caused = world.case.outcome.sum(0), world.contribution()
    columns = trend_and_season(len(outcome), 3)
    slopes = np.linalg.lstsq(columns, outcome - caused.sum(0))[0]
    parts = np.stack([columns[:, :2] @ slopes[:2], columns[:, 2:] @ slopes[2:]])
    return xr.Dataset(
        {
            "observed": ("week", outcome),
            "baseline_part": (("draw", "component", "week"), parts[None]),
            "contribution": (("draw", "channel", "week"), caused[None]),
            "in_sample": ("week", np.ones(len(outcome), dtype=bool)),
        },
        coords={"channel": world.names, "component": ["trend", "seasonality"]},
    )


def _odd(world: KnownWorld, row: int, seed: int) -> dict[str, Any]:
    """Fit without and with two odd weeks, under both laws of noise and with them set apart."""
    from mmmlib.model.effects import roi
    from mmmlib.model.odd_weeks import odd_weeks
    from mmmlib.model.one_fit import FitRequest, fit_one

    clean, odd = (
        delivered(world, row, kind, CHANGE + LATER[0], seed) for kind in ("stable", "outliers")
    )
    said: dict[str, Any] = {"found": len(odd_weeks(odd.panel, odd.params({}, {}), MODEL))}
    for name, told, likelihood in (
        ("clean", clean, "normal"),
        ("normal", odd, "normal"),
        ("student_t", odd, "student_t"),
        ("apart", odd, "auto"),
    ):
        params = told.params({**CHEAP, "likelihood": likelihood}, {})
        fit = fit_one(told.panel, params, FitRequest(MODEL), cores=1)
        ends = roi(fit.effects).quantile([0.05, 0.5, 0.95], "draw").to_numpy()
        inside = (ends[0] <= told.returns()) & (told.returns() <= ends[2])
        said[name] = {
            "median": ends[1].tolist(),
            "width": float(np.median(np.log(ends[2] / ends[0]))),
            "held": inside.tolist(),
        }
    return said


def print_tables(lines: list[dict[str, Any]], limit: float, shift: float) -> None:
    """Say how often each kind was flagged, by how long after the change, and what odd weeks do."""
    by_kind = {kind: [line for line in lines if line["kind"] == kind] for kind in KINDS}
    print("| | sequences | " + " | ".join(f"{n} weeks later" for n in LATER) + " | within a year |")
    print("|---|---:|" + "---:|" * (len(LATER) + 1))
    for kind in KINDS[:3]:
        mine = [(line["row"], line["refreshes"]) for line in by_kind[kind]]
        for name, flags in (
            ("the channel, true curves",
             [[abs(one["true"][row]) > limit for one in seen] for row, seen in mine]),
            ("any channel, true curves",
             [[max(map(abs, one["true"])) > limit for one in seen] for _, seen in mine]),
            ("the channel's spend, data checks", [[one["data"] for one in seen] for _, seen in mine]),
        ):  # fmt: skip
            cells = [share([one[n] for one in flags]) for n in range(len(LATER))]
            ever = share([any(one) for one in flags])
            print(f"| {kind}: {name} | {len(mine)} | {' | '.join(cells)} | {ever} |")
        last = [(row, seen[-1]["fitted"]) for row, seen in mine]
        own = share([abs(one[row]) > limit for row, one in last])
        every = share([max(map(abs, one)) > limit for _, one in last])
        print(f"| {kind}: fitted, the channel; any | {len(mine)} | | | | {own}; {every} | |")
    print("\n| halved, fitted, a year later: standard error of the change | flagged |")
    print("|---|---:|")
    last = [(line["row"], line["refreshes"][-1]) for line in by_kind["halved"]]
    for low, high in ((0, 0.15), (0.15, 0.25), (0.25, 0.4), (0.4, np.inf)):
        mine = [
            abs(one["fitted"][row]) > limit for row, one in last if low <= one["errors"][row] < high
        ]
        print(f"| {100 * low:g} to {100 * high:g} % | {share(mine)} |")
    _print_odd(by_kind["outliers"], shift)


def _print_odd(lines: list[dict[str, Any]], shift: float) -> None:
    """Say how far two odd weeks move returns from those of the same world without them."""
    print(f"\nOdd weeks: both found in {share([one['found'] == 2 for one in lines])}.")
    print(
        "\n| noise | median movement | 90 % of them below | ratio of a range's ends | ranges hold |"
    )
    print("|---|---:|---:|---:|---:|")
    for name in ("clean", "normal", "student_t", "apart"):
        moves = [_moves(one, name, "clean") for one in lines]
        width = np.exp(np.median([one[name]["width"] for one in lines])) if lines else np.nan
        held = share([inside for one in lines for inside in one[name]["held"]])
        every = np.ravel(moves) if moves else np.array([np.nan])
        print(f"| {name} | {100 * np.median(every):.0f} % | {100 * np.quantile(every, 0.9):.0f} % "
              f"| {width:.0f} | {held} |")  # fmt: skip
    for name in ("normal", "student_t"):
        moves = [_moves(one, name, "apart") for one in lines]
        print(f"{name} and apart differ by more than {100 * shift:g} %: in a run "
              f"{share([bool((one > shift).any()) for one in moves])}, of the channels "
              f"{share([bool(one) for one in np.ravel(moves) > shift])}")  # fmt: skip


def _moves(one: dict[str, Any], name: str, other: str) -> np.ndarray:
    ratio = np.divide(one[name]["median"], one[other]["median"])
    return np.maximum(ratio, 1 / ratio) - 1


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
    os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    file = asked.folder / "sequences.jsonl"
    lines = measured(file, wanted, None if asked.show else measure, asked.workers)
    limits = HealthParams()
    print_tables(lines, limits.max_effect_change, ODD_SHIFT)


if __name__ == "__main__":
    main()
