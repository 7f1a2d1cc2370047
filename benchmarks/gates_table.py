"""From fitted sequences to the operating card: how often each rule speaks up, and when it should."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmmlib.estimates import Estimate
from mmmlib.params.limits import ComparisonParams
from mmmlib.refresh.movement import WIDE_NOISE, widened
from mmmlib.refresh.reference import reference, shared_shift
from mmmlib.simulate.sequences import EVENT, WORLDS, make_sequence

LIMITS = ComparisonParams()
SOON = 2
"""Refreshes within which something should be seen."""
MEAN_CHANGE, OVERLAP = 0.15, 0.5
"""Of the two published rules: the mean change of returns, and the mean overlap of 25-75 % ranges."""
type Line = dict[str, Any]
type Rule = Callable[[Line, str | None], bool]


@dataclass(frozen=True)
class Rate:
    """What one rule does in one world: alarms before anything happens, and what it sees then."""

    rule: str
    world: str
    refreshes: int
    alarms: int
    sequences: int
    seen: int
    delay: float | None
    """Median, of the sequences that were followed beyond two refreshes."""


def estimate_of(quantiles: list[float]) -> Estimate:
    """An estimate of a return from what was kept of it."""
    low, inner_low, median, inner_high, high = quantiles
    return Estimate(
        median=median,
        low=low,
        high=high,
        inner_low=inner_low,
        inner_high=inner_high,
        unit="USD/USD",
        draws=200,
    )


def pairs_of(line: Line, channel: str | None) -> list[tuple[Estimate, Estimate]]:
    """Before and now of a channel, or of all that both refreshes have."""
    names = [channel] if channel in line["before"] else list(line["before"])
    return [
        (estimate_of(line["before"][name]), estimate_of(line["now"][name]))
        for name in names
        if name in line["now"]
    ]


def moved(line: Line, channel: str | None, least: float = LIMITS.large_movement) -> bool:
    """The rule of ``refresh.movement``."""
    old, new = line["weeks"]
    return any(
        reference(
            *pair,
            1 - old / new,
            max_shift=LIMITS.max_shift,
            least=least,
        ).beyond
        for pair in pairs_of(line, channel)
    )


def moved_severely(line: Line, channel: str | None) -> bool:
    """The same, so far that it blocks where nothing explains it."""
    return moved(line, channel, LIMITS.severe_movement)


def wider(line: Line, channel: str | None) -> bool:
    """The rule of ``refresh.range``."""
    return any(widened(*pair) > LIMITS.max_widening for pair in pairs_of(line, channel))


def details_moved(line: Line, channel: str | None) -> bool:
    """The rule of ``refresh.details``; the limit is shared by all numbers of a refresh."""
    details = line["details"].values()
    shift = shared_shift(LIMITS.max_shift, sum(map(len, details)))
    old, new = line["weeks"]
    return any(
        reference(
            *map(estimate_of, pair),
            1 - old / new,
            max_shift=shift,
            least=WIDE_NOISE,
        ).beyond
        for one in details
        for name, pair in one.items()
        if channel in (None, name) or channel not in one
    )


def surprised(line: Line, _: str | None) -> bool:
    """The rule of ``refresh.forecast``."""
    return not abs(line["forecast"]["distance"]) <= LIMITS.max_forecast_distance


def restated(line: Line, _: str | None) -> bool:
    """The rule of ``refresh.restated``, which every restatement of these worlds is beyond."""
    return bool(line["restated"])


def any_of_these(line: Line, channel: str | None) -> bool:
    """Whether comparability warns at all."""
    rules = (moved, wider, details_moved, surprised, restated)
    return any(rule(line, channel) for rule in rules)


def mean_change(line: Line) -> float:
    """Published: how far the returns changed, in the mean; a warning above 15 %."""
    changes = [abs(now.median / then.median - 1) for then, now in pairs_of(line, None)]
    return float(np.mean(changes))


def little_overlap(line: Line) -> float:
    """Published: how little the 25-75 % ranges overlap of what both cover, in the mean; above half."""
    shares = [
        max(min(a.inner_high, b.inner_high) - max(a.inner_low, b.inner_low), 0)
        / (max(a.inner_high, b.inner_high) - min(a.inner_low, b.inner_low))
        for a, b in pairs_of(line, None)
    ]
    return 1 - float(np.mean(shares))


def above(measure: Callable[[Line], float], limit: float) -> Rule:
    """A rule that speaks up above a limit."""
    return lambda line, _: measure(line) > limit


RULES: dict[str, Rule] = {
    "any of these checks": any_of_these,
    "any of these checks, on any channel": lambda line, _: any_of_these(line, None),
    "refresh.movement": moved,
    "refresh.movement, by a factor of 2": moved_severely,
    "refresh.range": wider,
    "refresh.details": details_moved,
    "refresh.forecast": surprised,
    "refresh.restated": restated,
    "mean change of returns above 15 %": above(mean_change, MEAN_CHANGE),
    "overlap of 25-75 % ranges below half": above(little_overlap, 1 - OVERLAP),
}
PUBLISHED = {
    "mean change of returns": mean_change,
    "little overlap of 25-75 % ranges": little_overlap,
}


def as_quiet(lines: Iterable[Line]) -> dict[str, Rule]:
    """The published rules with the limit at which they raise as many false alarms as these checks."""
    stable = [line for one in lines if one["world"] == "stable" for line in one["refreshes"]]
    if not stable:
        return {}
    alarms = sum(any_of_these(line, None) for line in stable)
    limits = {
        name: sorted(map(measure, stable), reverse=True)[alarms]
        for name, measure in PUBLISHED.items()
    }
    return {
        f"{name}, as many false alarms (limit {limit:.2f})": above(PUBLISHED[name], limit)
        for name, limit in limits.items()
    }


def card_of(lines: Iterable[Line]) -> list[Rate]:
    """Count, per rule and world, alarms of refreshes before anything happens and sequences seen."""
    whole = [line for line in lines if line["refreshes"]]
    rates = []
    for rule, speaks in (RULES | as_quiet(whole)).items():
        for world in WORLDS:
            own = [line for line in whole if line["world"] == world]
            if own:
                rates.append(_rate(rule, speaks, world, own))
    return rates


def _rate(rule: str, speaks: Rule, world: str, sequences: list[Line]) -> Rate:
    quiet = [
        speaks(line, None)
        for one in sequences
        for line in one["refreshes"]
        if world in ("stable", "collinear spend") or line["refresh"] < EVENT
    ]
    delays = [_delay(speaks, one) for one in sequences] if world != "stable" else []
    followed = [
        delay
        for delay, one in zip(delays, sequences, strict=False)
        if one["refreshes"][-1]["refresh"] > EVENT + 1
    ]
    return Rate(
        rule=rule,
        world=world,
        refreshes=len(quiet),
        alarms=sum(quiet),
        sequences=len(delays),
        seen=sum(delay < SOON for delay in delays),
        delay=float(np.median(followed))
        if followed and math.isfinite(np.median(followed))
        else None,
    )


def _delay(speaks: Rule, sequence: Line) -> float:
    """Refreshes from the first that could see it to the first that does."""
    target = None
    if WORLDS[sequence["world"]].on_channel:
        target = f"channel_{make_sequence(sequence['world'], sequence['seed']).channel}"
    after = [line for line in sequence["refreshes"] if line["refresh"] >= EVENT]
    return next((float(k) for k, line in enumerate(after) if speaks(line, target)), math.inf)


def attributed(lines: Iterable[Line]) -> dict[str, tuple[int, int]]:
    """Sequences whose largest step at the event is the right one, by world with restated history."""
    found: dict[str, tuple[int, int]] = {}
    for sequence in lines:
        for line in sequence["refreshes"]:
            if line["refresh"] != EVENT or "restated_only" not in line:
                continue
            channel = max(
                line["before"],
                key=lambda name: abs(math.log(line["now"][name][2] / line["before"][name][2])),
            )
            before, between, now = (
                line[place][channel][2] for place in ("before", "restated_only", "now")
            )
            right = abs(math.log(between / before)) > abs(math.log(now / between))
            good, count = found.get(sequence["world"], (0, 0))
            found[sequence["world"]] = good + right, count + 1
    return found


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95 % range of a share."""
    z2, share = 1.96**2, count / of
    middle = (share + z2 / of / 2) / (1 + z2 / of)
    half = 1.96 * math.sqrt(share * (1 - share) / of + z2 / of**2 / 4) / (1 + z2 / of)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def interval(count: int, of: int) -> str:
    """A share with its 95 % range, as it is printed."""
    if not of:
        return "–"
    low, high = wilson(count, of)
    return f"{count / of:.1%} ({low:.1%} to {high:.1%}; {count} of {of})"


def publish(card: Iterable[Rate], first_seed: int, file: Path) -> None:
    """Write what the health panel says of all checks together (:mod:`mmmlib.refresh.gate_rates`)."""
    rates = {one.world: one for one in card if one.rule == "any of these checks"}
    stable = rates["stable"]
    low, high = wilson(stable.alarms, stable.refreshes)
    # In the one nothing happens; the other is seen by a check that is not run here.
    apart = ("collinear spend", "new channel")
    found = [one for one in rates.values() if one.sequences and one.world not in apart]
    found.sort(key=lambda one: -one.seen / one.sequences)
    content = {
        "first_seed": first_seed,
        "alarms": {
            "refreshes": stable.refreshes,
            "warned": stable.alarms,
            "low": round(low, 3),
            "high": round(high, 3),
        },
        "seen": {one.world: [one.seen, one.sequences] for one in found},
    }
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def print_card(card: Iterable[Rate], lines: list[Line]) -> None:
    """Print the tables of ``docs/gates.md``."""
    seeds = [line["seed"] for line in lines]
    print(f"\n{len(seeds)} sequences, seeds {min(seeds, default=0)} to {max(seeds, default=0)}\n")
    print("| rule | world | alarms before anything happens | seen within two refreshes | delay |")
    print("|---|---|---:|---:|---:|")
    for one in card:
        delay = "–" if one.delay is None else f"{one.delay:.0f}"
        print(
            f"| {one.rule} | {one.world} | {interval(one.alarms, one.refreshes)} | "
            f"{interval(one.seen, one.sequences)} | {delay} |"
        )
    for world, (good, count) in attributed(lines).items():
        print(f"\n{world}: the right step is the largest in {interval(good, count)}")
