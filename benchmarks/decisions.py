"""Do plans come true? Those of whole packs beside what simpler rules would have done with the fit.

:mod:`honesty` takes the worlds through a refresh; each plan of its pack is held against what it truly
brings, and so are three rules: take the plan with the highest posterior mean; share the budget
as PyMC-Marketing's optimiser does (one even amount a week for each channel, no limits but the
budget, the mean of the posterior); share it equally.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from known_worlds import KINDS, KnownWorld

RULES = ("highest posterior mean", "PyMC-Marketing's way", "equal split")
PLANS = ("increase", "reallocate", "protect", "optimised")


def gain_of(
    world: KnownWorld, outcome: Any, spend: dict[str, np.ndarray], base: Any
) -> tuple[np.ndarray, float]:
    """What a plan brings beyond the baseline and its cost: draw by draw, and in truth."""
    from mmmlib.scenarios.effect import plan_effect

    effect = plan_effect(outcome, spend, base.spend, worth=1.0)
    return effect.gain, world.gain(spend, base.spend) - effect.spend_change


def shared_budgets(effects: Any, base: Any) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The budget of the baseline as simpler rules would share it: even weeks, regions as they are."""
    from mmmlib.scenarios.gradients import PlanResponse
    from mmmlib.scenarios.optimise import optimise
    from mmmlib.scenarios.question import Bounds, Question, with_budget

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


def decisions_text(lines: Sequence[dict[str, Any]]) -> str:
    """Return tables of what came true."""
    fitted = [line for line in lines if _plans_of(line)]
    every = [plan for line in fitted for plan in _plans_of(line)]
    tops = [max(_plans_of(line), key=lambda one: one["mean"]) for line in fitted]
    rules = [one for line in fitted for one in line["statements"] if one["what"] == "rule"]
    rows = [
        *((f"labelled {label}", [p for p in every if p["label"] == label])
          for label in ("safe to act on", "needs review", "do not infer")),
        ("recommended", [p for p in every if p["chosen"]]),
        ("candidate", [p for p in every if p["candidate"]]),
        ("optimised, same budget", [p for p in every if p["name"] == "optimised"]),
        ("optimised, other budget", [p for p in every if p["name"] == "optimised_budget"]),
        (f"rule: {RULES[0]}", [p for p in tops if p["mean"] > 0]),
        *((f"rule: {rule}", [p for p in rules if p["name"] == rule]) for rule in RULES[1:]),
    ]  # fmt: skip
    said = [
        "| what | plans | better in truth | 90 % ranges hold | said, k | true, k | true to said |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(f"| {name} | {_row(plans)} |" for name, plans in rows),
        "",
        "| kind of world | worlds | a better plan exists | recommended | of all recommended better |",
        "|---|---:|---:|---:|---:|",
    ]
    for kind in [*KINDS, "all"]:
        some = [line for line in fitted if kind in (line["kind"], "all")]
        said += [f"| {kind} | {_found(some)} |"] if some else []
    chosen = [p for p in every if p["name"] == "optimised"]
    if chosen:
        sums = (sum(p[key] for p in chosen) / 1e3 for key in ("choosing", "median", "truth"))
        by, rest, true = (f"{one:,.0f} k" for one in sums)
        text = f"by the draws that chose them: {by}; by the others: {rest}; in truth: {true}."
        said += ["", f"Optimised plans at the same budget, {text}"]
    return "\n".join(said)


def _plans_of(line: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in line["statements"] if one["what"] in PLANS]


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
    exists = [line for line in lines if any(p["truth"] > 0 for p in _plans_of(line))]
    made = [p for line in exists for p in _plans_of(line) if p["chosen"]]
    every = [p for line in lines for p in _plans_of(line) if p["chosen"]]
    better = sum(p["truth"] > 0 for p in every)
    share = f"{len(made) / len(exists):.0%} ({len(made)})" if exists else "–"
    right = f"{better} of {len(every)}" if every else "–"
    return f"{len(lines)} | {len(exists)} | {share} | {right}".replace("%", " %")
