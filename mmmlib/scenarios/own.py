"""Plans of the team's own (``scenarios.plans``): filled in by a planner, or made by rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import xarray as xr

from mmmlib.data.read.problems import Problems
from mmmlib.params.scenarios import PlanRules
from mmmlib.params.schema import Params
from mmmlib.scenarios.baseline import Baseline
from mmmlib.scenarios.levers import follow_rule, lever_paths, moved_levers
from mmmlib.scenarios.plan import Plan, moves_text
from mmmlib.scenarios.plan_files import PlanGrid, read_plan

FOLDER = "plans"
"""Where a run keeps the files of plans."""
BOOKED = "booked"
MOST = 4
"""Channels that a description names."""


@dataclass(frozen=True, eq=False)
class PlanFiles:
    """What the files of a refresh's plans say: money by channel, ``(region, week)``.

    ``levers``: of the team's own, values of the levers that have rows.
    """

    booked: Mapping[str, np.ndarray] | None = None
    own: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    levers: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)


def declared_files(params: Params) -> dict[str, str]:
    """Return the files of plans that the parameters name, by the name they have in a run."""
    limits = params.scenarios
    named = {BOOKED: limits.booked_plan} | {
        f"plan_{name}": one.file for name, one in limits.plans.items()
    }
    return {
        f"{FOLDER}/{name}{PurePosixPath(file).suffix}": file
        for name, file in named.items()
        if file is not None
    }


def check_plan_file(path: Path, params: Params) -> None:
    """Check what can be known of a plan's file before the data is: columns, channels, amounts.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    problems = Problems(path.parent)
    read_plan(path, "scenarios", PlanGrid.before_data(params), problems)
    problems.raise_if_any()


def read_plan_files(run_folder: Path, params: Params, effects: xr.Dataset) -> PlanFiles:
    """Read all plans of a run.

    Raises
    ------
    InputError
        With everything that is wrong in any of them.
    """
    problems = Problems(run_folder)
    weeks = params.scenarios.horizon_weeks
    grid = PlanGrid.of(effects, params, weeks)
    found = {
        PurePosixPath(name).stem: read_plan(run_folder / name, "scenarios", grid, problems)
        for name in declared_files(params)
    }
    booked = found.pop(BOOKED, None)
    paths = lever_paths(effects, params, weeks)
    for move in moved_levers(booked.levers, paths) if booked else ():
        problems.add(
            params.scenarios.booked_plan or BOOKED,
            f"lever {move.path.name}",
            move.words,
            "what the baseline has: it leaves levers where the forecast has them",
            "Take its rows out, and move it in a plan of its own (scenarios.plans).",
        )
    problems.raise_if_any()
    own = {name.removeprefix("plan_"): planned for name, planned in found.items()}
    return PlanFiles(
        booked=booked.spend if booked else None,
        own={name: planned.spend for name, planned in own.items()},
        levers={name: planned.levers for name, planned in own.items()},
    )


def own_plans(
    base: Baseline, files: PlanFiles, params: Params, labels: Mapping[str, str]
) -> list[Plan]:
    """Make the team's own plans.

    Parameters
    ----------
    base
        What channels that a rule does not name spend, and what shares are of.
    files
        Plans from files.
    params, labels
        Of the run; names of channels as people write them.

    Raises
    ------
    InputError
        With every rule that cannot be followed.
    """
    problems = Problems()
    plans = []
    for name, rules in params.scenarios.plans.items():
        planned = files.own[name] if rules.file else _by_rules(name, rules, base, problems)
        values = (
            files.levers.get(name, {}) if rules.file else _set_levers(name, rules, base, problems)
        )
        levers = moved_levers(values, base.levers)
        spend = {**base.spend, **planned}
        source = f" From {rules.file}." if rules.file else ""
        plan = Plan(f"own_{name}", "own", rules.label, "", spend)
        changed = [one for one in spend if not np.array_equal(spend[one], base.spend[one])]
        changed.sort(key=lambda one: -abs(plan.weekly[one] - base.weekly[one]))
        moves = moves_text(base, {one: plan.weekly[one] for one in changed}, params, labels, MOST)
        said = [*([moves] if changed else []), *(f"{one.words}." for one in levers)]
        text = f"{' '.join(said) or 'It is the baseline.'}{source}"
        plans.append(Plan(plan.name, plan.kind, plan.title, text, spend, levers=levers))
    problems.raise_if_any()
    return plans


def _by_rules(
    name: str, rules: PlanRules, base: Baseline, problems: Problems
) -> dict[str, np.ndarray]:
    spend = {}
    weeks = np.arange(base.weeks)

    def refuse(rule: str, channel: str, found: str, expected: str, action: str) -> None:
        problems.add(
            "parameters", f"scenarios.plans.{name}.{rule}.{channel}", found, expected, action
        )

    for channel, share in rules.change.items():
        if channel not in base.spend:
            continue  # refused with the parameters
        if not base.weekly[channel] > 0:
            refuse(
                "change",
                channel,
                f"a share of nothing: {base.name} has no spend of it",
                "a channel that spends money in the baseline",
                "Set an amount by 'weekly' or 'flights'.",
            )
            continue
        spend[channel] = base.at(channel, base.weekly[channel] * (1 + share))
    amounts = {channel: np.full(base.weeks, money) for channel, money in rules.weekly.items()}
    for channel, flight in rules.flights.items():
        amounts[channel] = np.where(
            (weeks - flight.first) % (flight.on + flight.off) < flight.on, flight.weekly, 0.0
        ) * (weeks >= flight.first)
    for channel, weekly in amounts.items():
        rule = "weekly" if channel in rules.weekly else "flights"
        if base.seen[channel].largest <= 0 and weekly.any():
            refuse(
                rule,
                channel,
                "spend for a channel that never spent any",
                "a channel whose effect something is known of",
                "Test the channel first.",
            )
        spend[channel] = base.split[channel][:, None] * weekly
        if rule == "weekly" and base.weekly[channel] > 0:
            spend[channel] = base.at(channel, rules.weekly[channel])
    return spend


def _set_levers(
    name: str, rules: PlanRules, base: Baseline, problems: Problems
) -> dict[str, np.ndarray]:
    values = {}
    for lever, rule in rules.levers.items():

        def refuse(found: str, expected: str, action: str, lever: str = lever) -> None:
            place = f"scenarios.plans.{name}.levers.{lever}"
            problems.add("parameters", place, found, expected, action)

        if lever in base.levers:
            values[lever] = follow_rule(rule, base.levers[lever], refuse)
        else:
            refuse(
                "a lever of which the model has no coefficient: it did not move in the past",
                "a lever of which something is known",
                "Leave it out, and test it first.",
            )
    return values
