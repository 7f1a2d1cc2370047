"""Tables of what was true: by kind of world, by label, by the probability that was said."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

type Rows = Sequence[dict[str, Any]]

LABELS = ("safe to act on", "needs review", "do not infer")
LIKELY = 0.8
"""Probability from which a sentence of the pack says that something is so."""


def print_tables(lines: Rows) -> None:
    """Print all tables in Markdown."""
    kinds = dict.fromkeys(line["kind"] for line in lines)
    print(f"\n{len(lines)} worlds, {sum(bool(line['blocked']) for line in lines)} blocked.\n")
    print(
        "| kind of world | channels | 90 % ranges hold | mean rank | bias of median | median error "
        "| total media inside | total: bias |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for kind in kinds:
        print(f"| {kind} | {_ranges([line for line in lines if line['kind'] == kind])} |")
    print(f"| all | {_ranges(lines)} |")

    for title, kept in (("all kinds", lambda _: True), *((k, _is_kind(k)) for k in kinds)):
        mine = [one for line in lines if kept(line) for one in line["statements"]]
        print(f"\n| {title} | directions true | ranges hold | returns | total | plans, answers |")
        print("|---|---:|---:|---:|---:|---:|")
        for label in LABELS:
            said = [one for one in mine if one["label"] == label]
            inside = [one for one in said if "low" in one]
            print(
                f"| {label} | {share([right for right in map(direction, said) if right is not None])} "
                f"| {share([held(one) for one in inside])} "
                f"| {share([held(one) for one in inside if one['what'] == 'return'])} "
                f"| {share([held(one) for one in inside if one['what'] == 'total'])} "
                f"| {share([held(o) for o in inside if o['what'] not in ('return', 'total')])} |"
            )
    every = [one for line in lines for one in line["statements"]]
    _print_probabilities(every)
    _print_plans(every)


def label_counts(lines: Rows) -> dict[str, dict[str, list[int]]]:
    """Count by label the directions that were true and all, and the ranges that held and all."""
    counts = {}
    for label in LABELS:
        said = [o for line in lines for o in line["statements"] if o["label"] == label]
        right = [true for true in map(direction, said) if true is not None]
        inside = [held(one) for one in said if "low" in one]
        counts[label] = {
            "directions": [sum(right), len(right)],
            "ranges": [sum(inside), len(inside)],
        }
    return counts


def publish(lines: Rows, file: Path) -> None:
    """Write what the pack says of its labels (:mod:`mmmlib.governance.label_rates`)."""
    seeds = sorted({line["seed"] for line in lines})
    told = {
        "worlds": len(lines),
        "seeds": [seeds[0], seeds[-1]],
        "labels": label_counts(lines),
        "kinds": {
            kind: {
                "worlds": sum(line["kind"] == kind for line in lines),
                "labels": label_counts([line for line in lines if line["kind"] == kind]),
            }
            for kind in dict.fromkeys(line["kind"] for line in lines)
        },
    }
    file.write_text(json.dumps(told, indent=1) + "\n")


def held(one: dict[str, Any]) -> bool:
    """Whether a statement's 90 % range holds the truth."""
    return bool(one["low"] <= one["truth"] <= one["high"])


def direction(one: dict[str, Any]) -> bool | None:
    """Whether what a statement says is so, is so; None where it says nothing."""
    probability = one["probability"]
    if probability is None:
        return None
    if one["what"] == "first":
        return one["true"] if probability >= LIKELY else None
    if max(probability, 1 - probability) < LIKELY:
        return None
    return bool(one["true"] == (probability >= LIKELY))


def share(right: Sequence[bool]) -> str:
    """Write a share with its 95 % interval (Wilson) and counts."""
    if not right:
        return "–"
    test = binomtest(sum(right), len(right)).proportion_ci(method="wilson")
    ends = f"{100 * test.low:.0f} to {100 * test.high:.0f}"
    return f"{100 * np.mean(right):.0f} % ({ends}; {sum(right)} of {len(right)})"


def _is_kind(kind: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: bool(line["kind"] == kind)


def _ranges(lines: Rows) -> str:
    every = [one for line in lines for one in line["statements"]]
    returns = [one for one in every if one["what"] == "return"]
    totals = [one for one in every if one["what"] == "total"]
    if not returns:
        return "0 | – | – | – | – | – | –"
    off = np.array([one["median"] / one["truth"] - 1 for one in returns])
    whole = np.array([one["median"] / one["truth"] - 1 for one in totals])
    return " | ".join(
        [
            str(len(returns)),
            share([held(one) for one in returns]),
            f"{np.mean([one['rank'] for one in returns]):.2f}",
            f"{100 * np.median(off):+.0f} %",
            f"{100 * np.median(np.abs(off)):.0f} %",
            share([held(one) for one in totals]),
            f"{100 * np.median(whole):+.0f} %",
        ]
    )


def _print_probabilities(every: Rows) -> None:
    """Hold the probabilities that were said against what came true, in ten bins."""
    whats = {
        "a channel pays": ("return",),
        "an increase pays": ("scale",),
        "a cut saves more than it loses": ("cut",),
        "it is first": ("first",),
        "a plan beats the baseline": ("increase", "reallocate", "protect"),
    }
    print("\n| probability said | " + " | ".join(whats) + " |")
    print("|---|" + "---:|" * len(whats))
    for low in np.arange(10) / 10:
        cells = []
        for names in whats.values():
            mine = [
                one
                for one in every
                if one["what"] in names and low <= min(one["probability"], 0.999) < low + 0.1
            ]
            said = np.mean([one["probability"] for one in mine]) if mine else 0
            true = np.mean([one["true"] for one in mine]) if mine else 0
            cells.append(f"{said:.2f}: {true:.2f} of {len(mine)}" if mine else "–")
        print(f"| {low:.1f} to {low + 0.1:.1f} | " + " | ".join(cells) + " |")


def _print_plans(every: Rows) -> None:
    """Say what became of the plans that were recommended, or shown as candidates."""
    print("\n| plans | beat the baseline | said, M | true, M |")
    print("|---|---:|---:|---:|")
    for name in ("chosen", "candidate"):
        for kind in ("increase", "reallocate", "protect"):
            mine = [one for one in every if one["what"] == kind and one[name]]
            said, true = (sum(one[key] for one in mine) / 1e6 for key in ("median", "truth"))
            print(
                f"| {'recommended' if name == 'chosen' else name}: {kind} "
                f"| {share([one['true'] for one in mine])} | {said:+.1f} | {true:+.1f} |"
            )
