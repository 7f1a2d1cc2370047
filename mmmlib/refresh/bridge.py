"""The movement bridge: by which steps did an estimate come from the last refresh to this one? (H3)

The way is walked in fixed steps, each a fit (:mod:`mmmlib.refresh.refits`): the last refresh
again with today's code; this one's specification on the last one's data; today's values of its
weeks; all of today's data. What the median does at each step is that step's part of the
movement, and the parts add up to it exactly. It is a movement of the estimate: nothing in it says
that a channel works better or worse than it did.

How much belongs to a step depends on the order of the steps. Where specification or history
moved anything, the way is walked in the other order, too (new periods first), and both are
shown where they differ by more than the noise of the draws.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.panel.panel import panel_of
from mmmlib.errors import MMMError
from mmmlib.findings import Finding, Level, at_most, not_run
from mmmlib.model.effects import contribution, effects_of, roi
from mmmlib.monte_carlo import ERRORS, monte_carlo_error
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.refresh.changes import changes_model
from mmmlib.refresh.comparison import Bridge, BridgeStep, Comparison, in_order
from mmmlib.refresh.drift import movement_findings
from mmmlib.refresh.movement import common_weeks
from mmmlib.refresh.refits import Between, Refits
from mmmlib.refresh.reproduction import reproduction_finding
from mmmlib.runs import Run

__all__ = ["bridge_movements"]

STEPS = ("software and sampling", "specification", "restated history", "new periods")
FORWARD = (
    (STEPS[0], Between("last", "last", new_weeks=False)),
    (STEPS[1], Between("this", "last", new_weeks=False)),
    (STEPS[2], Between("this", "this", new_weeks=False)),
    (STEPS[3], Between("this", "this", new_weeks=True)),
)
BACKWARD = (
    (STEPS[0], Between("last", "last", new_weeks=False)),
    (STEPS[3], Between("last", "last", new_weeks=True)),
    (STEPS[2], Between("last", "this", new_weeks=True)),
    (STEPS[1], Between("this", "this", new_weeks=True)),
)
NOT_FITTED = (MMMError, KeyError, ValueError)
"""What comes where one refresh's data lack what the other's specification asks for."""
CHECKS = ("refresh.reproduction", "refresh.restated_effect")
"""What only the refits can say."""
type Numbers = dict[tuple[str, str], tuple[float, float]]
"""Median and its Monte Carlo error, by channel (empty: all of them) and quantity."""


def bridge_movements(run: Run, comparison: Comparison) -> Comparison:
    """Walk from the last refresh to this one, and judge movements by what explains them.

    Fits models, in the pool of a refresh where there is one. Without a refresh to compare with
    nothing is fitted.

    Parameters
    ----------
    run
        This refresh.
    comparison
        What :func:`mmmlib.refresh.compare.compare` found.

    Returns
    -------
    Comparison
        With bridges of every return and contribution that was compared, with findings on whether
        the last refresh can be recreated and what restated history moved, and with movements
        judged anew: one that neither specification nor restated history explains, and that is
        more than new weeks bring, has no known cause.

    Examples
    --------
    ::

        comparison = bridge_movements(run, compare_refreshes(run, run.manifest.parent))
    """
    if comparison.parent is None:
        return comparison
    if not comparison.readable or not comparison.movements:
        why = "Nothing could be compared with the last refresh, so nothing was fitted again."
        # As bad as the reason why nothing was: what is damaged blocks, another outcome does not.
        reasons = [one for one in comparison.findings if one.check == "refresh.movement"]
        level = max((one.level for one in reasons), default=Level.BLOCK)
        action = reasons[0].action if reasons else ""
        missing = [not_run(check, "workbook", why, level=level, action=action) for check in CHECKS]
        return _with(comparison, missing, why)
    began = time.monotonic()
    try:
        parent = Run(run.runs_dir / comparison.parent, exploring=True)
        refits = _refits(run, parent, comparison)
        refits.effects(FORWARD[0][1])
    except (*NOT_FITTED, OSError, TypeError) as error:
        why = f"The last refresh cannot be fitted again: {str(error).splitlines()[0]}"
        return _with(comparison, [not_run(check, "workbook", why) for check in CHECKS], why)
    params = params_of(run)
    bridges, findings = [], []
    for model in dict.fromkeys(move.model for move in comparison.movements):
        before = effects_of(parent, model)
        findings.append(
            reproduction_finding(model, before, refits.view(FORWARD[0][1], model), params)
        )
        weeks = common_weeks(before, effects_of(run, model))
        found = list(_bridges(model, before, weeks, refits))
        bridges += found
        findings += [_restated_effect(model, found, params)]
    judged = _judged_by_steps(comparison, bridges, params)
    kept = [one for one in comparison.findings if one.check != "refresh.movement"]
    made = {
        "bridges": tuple(bridges),
        "bridge_seconds": time.monotonic() - began,
        "refits": refits.count,
        "findings": (*kept, *judged),
    }
    return _with(comparison.model_copy(update=made), findings)


def _with(comparison: Comparison, findings: Sequence[Finding], why: str = "") -> Comparison:
    known = {(one.check, one.subject) for one in comparison.findings}
    more = [one for one in findings if (one.check, one.subject) not in known]
    found = in_order([*comparison.findings, *more])
    return comparison.model_copy(update={"findings": found, "not_bridged": why})


def _refits(run: Run, parent: Run, comparison: Comparison) -> Refits:
    last = comparison.last_week
    tests = any(
        one.kind != "added" or (last is not None and one.test in _tests_until(run, last))
        for one in comparison.lift_changes
    )
    return Refits(
        run,
        parent,
        respecified=bool(changes_model(comparison.parameter_changes)) or tests,
        restated=any(one.kind == "restated" for one in comparison.data_changes),
    )


def _tests_until(run: Run, last: dt.date) -> set[str]:
    return {lift.name for lift in panel_of(run).lift_tests if lift.weeks[-1] <= last}


def _bridges(
    model: str, before: xr.Dataset, weeks: pd.DatetimeIndex, refits: Refits
) -> Iterator[Bridge]:
    start = _numbers(before, weeks)
    forward = _walk(FORWARD, model, start, weeks, refits)
    moved = forward is None or any(
        abs(step.shift) > ERRORS * step.error
        for steps in forward.values()
        for step in steps
        if step.name in STEPS[1:3]
    )
    backward = _walk(BACKWARD, model, start, weeks, refits) if moved else None
    for key, steps in (forward or backward or {}).items():
        other = backward.get(key, ()) if backward and forward else ()
        channel, quantity = key
        yield Bridge(
            model=model,
            channel=channel,
            quantity=quantity,  # type: ignore[arg-type]  # one of the two names
            unit=str(before.attrs["return_unit" if quantity == "roi" else "outcome_unit"]),
            before=start[key][0],
            after=start[key][0] + sum(step.shift for step in steps),
            steps=_in_order(steps),
            other_order=_in_order(other) if _differ(steps, other) else (),
        )


def _walk(
    way: Sequence[tuple[str, Between]],
    model: str,
    start: Numbers,
    weeks: pd.DatetimeIndex,
    refits: Refits,
) -> dict[tuple[str, str], list[BridgeStep]] | None:
    """Return the steps of every number; None where one of the fits cannot be made."""
    places = [start]
    try:
        places += [_numbers(refits.view(between, model), weeks) for _, between in way]
    except NOT_FITTED:
        return None
    keys = [key for key in start if all(key in place for place in places)]
    return {
        key: [
            BridgeStep(
                name=name,
                shift=now[key][0] - then[key][0],
                # Where two places are one fit, nothing was drawn anew.
                error=0.0 if now == then else math.hypot(now[key][1], then[key][1]),
            )
            for (name, _), then, now in zip(way, places, places[1:], strict=False)
        ]
        for key in keys
    }


def _numbers(effects: xr.Dataset, weeks: pd.DatetimeIndex) -> Numbers:
    found: Numbers = {}
    for quantity, number in (("roi", roi), ("contribution", contribution)):
        draws = number(effects, weeks).transpose("draw", "channel")
        for name in draws["channel"].to_numpy():
            values = draws.sel(channel=name).to_numpy().astype(float)
            found[str(name), quantity] = float(np.median(values)), monte_carlo_error(values)
        if quantity == "contribution":
            total = draws.to_numpy().astype(float).sum(1)
            found["", quantity] = float(np.median(total)), monte_carlo_error(total)
    return {key: value for key, value in found.items() if math.isfinite(value[0])}


def _in_order(steps: Sequence[BridgeStep]) -> tuple[BridgeStep, ...]:
    return tuple(sorted(steps, key=lambda step: STEPS.index(step.name)))


def _differ(steps: Sequence[BridgeStep], other: Sequence[BridgeStep]) -> bool:
    """Say whether two orders give a step different parts, by more than the noise of the draws."""
    by_name = {step.name: step for step in other}
    return any(
        abs(step.shift - by_name[step.name].shift)
        > ERRORS * math.hypot(step.error, by_name[step.name].error)
        for step in steps
        if step.name in by_name
    )


# --- what follows from it ------------------------------------------------------------


def step_factors(bridge: Bridge) -> dict[str, float]:
    """Say by what factor each step moved a number, in the order of the steps; NaN below zero."""
    factors, level = {}, bridge.before
    for step in bridge.steps:
        moved = level + step.shift
        factors[step.name] = moved / level if moved * level > 0 else math.nan
        level = moved
    return factors


def _judged_by_steps(
    comparison: Comparison, bridges: Sequence[Bridge], params: Params
) -> list[Finding]:
    ways: Mapping[tuple[str, str, str], Bridge] = {
        (one.model, one.channel, one.quantity): one for one in bridges
    }
    judged: list[Finding] = []
    for model in dict.fromkeys(move.model for move in comparison.movements):
        moves = [move for move in comparison.movements if move.model == model]
        explained = {
            move.channel
            for move in moves
            if (way := ways.get((model, move.channel, move.quantity))) is not None
            and _explains(way, move.limit, params.comparison.severe_movement)
        }
        judged += movement_findings(moves, params.comparison, explained=explained)
    return [one for one in judged if one.check == "refresh.movement"]


def _explains(bridge: Bridge, limit: float | None, severe: float) -> bool:
    """Say whether what specification and restated history leave is no severe movement."""
    factors = step_factors(bridge)
    left = factors[STEPS[0]] * factors[STEPS[3]]
    if limit is None or not left > 0:
        return False
    size = max(left, 1 / left)
    return size <= limit or size < 1 + severe


def _restated_effect(model: str, bridges: Sequence[Bridge], params: Params) -> Finding:
    """Judge what restated history alone moved: the channel's return that it moved most."""
    limit = 1 + params.comparison.large_movement
    sizes = []
    for bridge in bridges:
        step = bridge.steps[2]
        if bridge.quantity != "roi":
            continue
        factor = step_factors(bridge)[step.name]
        certain = abs(step.shift) > ERRORS * step.error
        size = max(factor, 1 / factor) if factor > 0 else math.nan
        sizes.append((size if certain else 1.0, bridge.channel))
    if not sizes:
        why = "The way from the last refresh to this one could not be walked."
        return not_run("refresh.restated_effect", model, why)
    size, channel = max(sizes, key=lambda one: math.inf if math.isnan(one[0]) else one[0])
    what = (
        f"Restated history alone moved the return of {params.channel_label(channel)} by a factor of "
        f"{size:.3g}"
        if size != 1
        else "Restated history moved no return by more than the noise of the draws"
    )
    return at_most(
        "refresh.restated_effect", model, size, limit, f"{what} (at most a factor of {limit:.3g})."
    )
