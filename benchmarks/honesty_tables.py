"""Tables of what was true: by kind of world, by label, by the probability that was said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from decisions import PLANS, decisions_text
from scipy.stats import binomtest

type Rows = Sequence[dict[str, Any]]

LABELS = ("safe to act on", "needs review", "do not infer")
RANGES = (
    "channels",
    "90 % ranges hold",
    "mean rank",
    "bias of median",
    "median error",
    "total media inside",
    "total: bias",
)
"""Columns of what :func:`_ranges` counts."""
BEGINS, ENDS = "<!-- {}: written by benchmarks/honesty.py -->", "<!-- to here -->"
"""Between them stand tables that are written anew."""
LIKELY = 0.8
"""Probability from which a sentence of the pack says that something is so."""


def print_tables(lines: Rows) -> None:
    """Print all tables in Markdown."""
    print(f"\n{_worlds(lines)}")
    for text in (ranges_text, labels_text, decisions_text):
        print(f"\n{text(lines)}")


def print_ranges(lines: dict[str, Rows]) -> None:
    """Print how returns came out, for each engine: over all worlds, and by kind."""
    print(f"\n{_worlds(next(iter(lines.values())))}\n")
    rows = [[engine, *_ranges(mine)] for engine, mine in lines.items()]
    print(_table(["engine", *RANGES], rows))
    kinds = dict.fromkeys(line["kind"] for mine in lines.values() for line in mine)
    rows = [
        [f"{kind}: {engine}", *_ranges([line for line in mine if line["kind"] == kind])]
        for kind in kinds
        for engine, mine in lines.items()
    ]
    print(f"\n{_table(['kind of world', *RANGES], rows)}")


def _worlds(lines: Rows) -> str:
    """Say how many worlds there are, of which seeds."""
    counts = Counter(line["kind"] for line in lines)
    seeds = [line["seed"] for line in lines]
    each = " to ".join(dict.fromkeys(map(str, (min(counts.values()), max(counts.values())))))
    blocked = sum(bool(line["blocked"]) for line in lines)
    return (
        f"{len(lines)} worlds, {each} of each of {len(counts)} kinds, seeds {min(seeds)} to "
        f"{max(seeds)}; {blocked} blocked."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    first, *rest = (f"| {' | '.join(row)} |" for row in (head, *rows))
    return "\n".join([first, "|---|" + "---:|" * (len(head) - 1), *rest])


def ranges_text(lines: Rows) -> str:
    """Return tables of ranges by kind of world, and of probabilities."""
    kinds = dict.fromkeys(line["kind"] for line in lines)
    rows = [[kind, *_ranges([line for line in lines if line["kind"] == kind])] for kind in kinds]
    every = [one for line in lines for one in line["statements"]]
    whole = _table(["kind of world", *RANGES], [*rows, ["all", *_ranges(lines)]])
    return f"{whole}\n\n{_probabilities(every)}"


def labels_text(lines: Rows) -> str:
    """Return tables of how often each label was right, over all and by kind of world."""
    every = [one for line in lines for one in line["statements"]]
    rows = []
    for label in LABELS:
        inside = [one for one in every if one["label"] == label and "low" in one]
        parts = [
            [one for one in inside if one["what"] == "return"],
            [one for one in inside if one["what"] == "total"],
            [one for one in inside if one["what"] not in ("return", "total")],
        ]
        cells = [_right(every, label), *(share(list(map(held, part))) for part in [inside, *parts])]
        rows.append([label, *cells])
    head = ["all kinds", "directions true", "ranges hold", "returns", "total", "plans, answers"]
    by_kind = []
    for kind in [*dict.fromkeys(line["kind"] for line in lines), "all"]:
        mine = [line for line in lines if kind in ("all", line["kind"])]
        said = [one for line in mine for one in line["statements"]]
        safe, review = (
            [one for one in said if one["label"] == label and "low" in one] for label in LABELS[:2]
        )
        cells = [_right(said, LABELS[0]), share(list(map(held, safe)))]
        by_kind.append([kind, str(len(mine)), *cells, share(list(map(held, review)))])
    second = ["kind of world", "worlds", "safe: directions true", "safe: ranges hold"]
    return f"{_table(head, rows)}\n\n{_table([*second, 'review: ranges hold'], by_kind)}"


def _right(said: Rows, label: str) -> str:
    """Share of the directions of a label that are true."""
    found = (direction(one) for one in said if one["label"] == label)
    return share([right for right in found if right is not None])


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


def in_common(line: dict[str, Any]) -> bool:
    """Whether the budgets of a world had so much in common that the check on demand flagged them."""
    from mmmlib.health.demand import DEMAND
    from mmmlib.params.limits import HealthParams

    values = {
        name.split()[-1]: one for name, one in line.get("health", {}).items() if "/" not in name
    }
    return bool(values.get(DEMAND, 0.0) > HealthParams().max_budgets_in_common)


def publish(lines: Rows, rates: Path, docs: Path) -> None:
    """Write what the pack says of its labels, and the tables of the pages.

    Parameters
    ----------
    lines
        Of all worlds.
    rates
        The file that :mod:`mmmlib.governance.label_rates` reads.
    docs
        Folder of the pages; what stands between the marks of a table is replaced.
    """
    seeds = sorted({line["seed"] for line in lines})
    kinds = dict.fromkeys(line["kind"] for line in lines)
    from mmmlib.governance.label_rates import RULE

    flagged = [line for line in lines if in_common(line)]
    counted = {
        "rule": RULE,
        "worlds": len(lines),
        "seeds": [seeds[0], seeds[-1]],
        "labels": label_counts(lines),
        "in_common": {"worlds": len(flagged), "labels": label_counts(flagged)},
        "kinds": {
            kind: {"worlds": len(mine), "labels": label_counts(mine)}
            for kind in kinds
            if (mine := [line for line in lines if line["kind"] == kind])
        },
    }
    rates.write_text(json.dumps(counted, indent=1) + "\n")
    pages = {"labels": "labels.md", "ranges": "benchmarks.md", "decisions": "benchmarks.md"}
    for text, (name, page) in zip(
        (labels_text, ranges_text, decisions_text), pages.items(), strict=True
    ):
        begins = BEGINS.format(name)
        before, mark, rest = (docs / page).read_text().partition(begins)
        _, end, after = rest.partition(ENDS)
        if not mark or not end:
            raise ValueError(f"{docs / page} has no marks for the tables: {begins} and {ENDS}")
        written = f"{before}{mark}\n{_worlds(lines)}\n\n{text(lines)}\n{end}{after}"
        (docs / page).write_text(written)


def statement(
    what: str,
    label: str,
    draws: np.ndarray,
    truth: float,
    *,
    probability: float | None = None,
    true: bool | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a range with its truth, and a probability with whether it came true."""
    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95])
    return {
        "what": what,
        "label": label,
        "low": low,
        "median": middle,
        "high": high,
        "truth": truth,
        "rank": float((draws < truth).mean()),
        "probability": probability,
        "true": true,
        **more,
    }


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


def _ranges(lines: Rows) -> list[str]:
    every = [one for line in lines for one in line["statements"]]
    returns = [one for one in every if one["what"] == "return"]
    totals = [one for one in every if one["what"] == "total"]
    if not returns or not totals:
        return ["0", *("–" for _ in range(6))]
    off = np.array([one["median"] / one["truth"] - 1 for one in returns])
    whole = np.array([one["median"] / one["truth"] - 1 for one in totals])
    return [
        str(len(returns)),
        share([held(one) for one in returns]),
        f"{np.mean([one['rank'] for one in returns]):.2f}",
        f"{100 * np.median(off):+.0f} %",
        f"{100 * np.median(np.abs(off)):.0f} %",
        share([held(one) for one in totals]),
        f"{100 * np.median(whole):+.0f} %",
    ]


def _probabilities(every: Rows) -> str:
    """Hold the probabilities that were said against what came true, in ten bins."""
    whats = {
        "a channel pays": ("return",),
        "an increase pays": ("scale",),
        "a cut saves more than it loses": ("cut",),
        "it is first": ("first",),
        "a plan beats the baseline": PLANS,
    }
    rows = []
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
        rows.append([f"{low:.1f} to {low + 0.1:.1f}", *cells])
    return _table(["probability said", *whats], rows)
