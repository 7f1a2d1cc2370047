"""What a decision really brought, estimated by a later refresh, and why it differs (G5, G6).

The plan that was decided promised a difference to its baseline. Once its weeks are known, the
later model says what the spend that was really made brought against the same baseline. What
differs from the promise is taken apart: was the plan executed, did the world move, did the effect
differ from what was believed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.errors import InputError, RunError
from mmmlib.estimates import MASS, Estimate, Frozen
from mmmlib.governance.records import Decision, DecisionOutcome, execution_sentence
from mmmlib.model.effects import baseline, effects_of, has_effects
from mmmlib.params import Params
from mmmlib.params.load import params_of
from mmmlib.phrases import listed
from mmmlib.runs import Run
from mmmlib.scenarios.baseline import Baseline, baseline_of
from mmmlib.scenarios.effect import PlanEffect, plan_effect
from mmmlib.scenarios.forecast import Forecast
from mmmlib.scenarios.history import spend_history
from mmmlib.scenarios.own import read_plan_files
from mmmlib.scenarios.pack import Scenario, ScenarioPack
from mmmlib.scenarios.projection import outcome_function, sum_outcomes

WEEK = dt.timedelta(days=7)
SAME = 1e-3
"""Money that differs by less than this share of all is the same plan."""


class ClosedLoop(Frozen):
    """A decision's plan after its weeks: what it brought, in the unit of what was promised."""

    decision: str
    title: str
    run: str
    """The run that looked back."""
    weeks: int
    known: int
    """Weeks of the plan whose spend and outcome are known."""
    judge_from: dt.date
    promised: Estimate
    realised: Estimate | None = None
    """What the spend that was really made brought against the plan's baseline."""
    as_decided: Estimate | None = None
    """What the plan as decided would have brought, by what is known today."""
    execution: Estimate | None = None
    """The first minus the second: what came of not doing what was decided."""
    effect: float | None = None
    """Median of ``as_decided`` minus that of what was promised: the effect is another than was
    believed."""
    executed_share: float | None = None
    """Money that was moved in the decided direction, over what was to be moved; below zero where
    it went the other way."""
    world: Estimate | None = None
    """Outcome without the channels in these weeks, minus the forecast of it."""
    note: str = ""
    """Why nothing can be said yet; empty where something can."""

    def outcome(self, measured: dt.date) -> DecisionOutcome:
        """Return it as the outcome of the decision, seen on a day; RunError if nothing can be said yet."""
        if self.realised is None:
            raise RunError(f"{self.decision}: {self.note}")
        return DecisionOutcome(
            decision=self.decision,
            measured=measured,
            value=self.realised.median,
            low=self.realised.low,
            high=self.realised.high,
            executed_share=self.executed_share,
            note=f"Estimated by {self.run}.",
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """What came of it, one question after the other."""
        if self.realised is None or self.as_decided is None or self.execution is None:
            return (self.note,)
        share = self.executed_share
        moved = "" if share is None else f"{execution_sentence(share)} "
        world = "Whether the world moved is not known: no forecast was kept."
        if self.world is not None:
            clear = self.world.excludes(0.0)
            world = (
                f"Without the channels the outcome was off its forecast by {self.world}"
                f"{'' if clear else ', which may be chance'}."
            )
        return (
            f"Estimated by {self.run}: it brought {self.realised}; promised were {self.promised}.",
            f"Was it executed? {moved}What was done is worth {self.execution} against what was decided.",
            f"Did the effect differ? By what is known today the decided plan brings {self.as_decided}.",
            f"Did the world move? {world}",
        )


class _Plan(NamedTuple):
    base: Baseline
    spend: dict[str, np.ndarray]
    changed: tuple[str, ...]
    first: pd.Timestamp
    weeks: int
    levers: tuple[str, ...]

    @property
    def paid(self) -> float:
        """Money of the baseline."""
        return sum(float(money.sum()) for money in self.base.spend.values())


def decision_horizon(effects: xr.Dataset, channels: tuple[str, ...]) -> int:
    """Count the weeks after its spend until most of what channels bring has come; of all if none are named.

    That is until 90 % of the effect of the slowest has come, in 95 of 100 draws; the longest memory that
    was looked at where the formula is not known.
    """
    if "adstock_weight" not in effects:
        slow = effects["half_life"].quantile(0.95, "draw")
        return int(np.ceil(float(slow.max()) * np.log(1 - MASS) / np.log(0.5)))
    weight = effects["adstock_weight"]
    picked = weight.sel(channel=list(channels)) if channels else weight
    come = picked.transpose("draw", "channel", "lag").cumsum("lag").to_numpy()
    reached = (come >= MASS - 1e-6).argmax(-1)
    return int(np.quantile(reached, 0.95, axis=0).max())


def judge_from(run: Run, scenario: str) -> dt.date:
    """Return the first day on which a plan of a run may be judged."""
    pack = run.load_json("scenarios.json", ScenarioPack)
    plan = next(one for one in pack.scenarios if one.name == scenario)
    changed = tuple(line.channel for line in plan.plan if line.differs)
    params = params_of(run)
    parts = [effects_of(run, part) for part in params.parts_of(params.primary)]
    horizon = max(decision_horizon(part, changed) for part in parts)
    return pack.first_week + (pack.weeks + horizon) * WEEK


def close_loop(decision: Decision, run: Run) -> ClosedLoop | None:
    """Look back at a decision with a later run: what it brought, and why that differs.

    Or why nothing can be said yet. None where the decision took no plan, or its run is gone from the
    folder of runs.
    """
    before = Run(run.runs_dir / decision.run) if decision.run else None
    if not decision.scenario or decision.expected is None or before is None:
        return None
    if not before.has("scenarios.json") or not has_effects(run, params_of(run).primary):
        return None
    try:
        params = params_of(before)
        plan = _plan_of(before, params, decision.scenario)
    except InputError:  # made by an older library, or its files are gone
        return None
    rebuilt = sum(float(plan.spend[n].sum() - plan.base.spend[n].sum()) for n in plan.changed)
    if abs(rebuilt - (decision.spend_change or 0.0)) > SAME * plan.paid:
        return None  # planned by other rules than today's
    effects = effects_of(run, params_of(run).primary)
    weeks = pd.date_range(plan.first, periods=plan.weeks, freq="7D")
    known = int(weeks.isin(effects["week"].to_numpy()).sum())
    start = decision.judge_from or decision.follow_up
    last = pd.Timestamp(effects["week"].to_numpy()[-1]).date() + WEEK
    content = {
        "decision": decision.decision,
        "title": decision.title,
        "run": run.name,
        "weeks": plan.weeks,
        "known": known,
        "judge_from": start,
        "promised": decision.expected,
    }
    if plan.levers:
        names = listed([params.control_label(name) for name in plan.levers])
        note = (
            f"It moves {names}, and what spend brought says nothing of that: compare the outcome with its "
            f"forecast, and record it by hand."
        )
        return ClosedLoop(**content, note=note)
    if known < plan.weeks or last < start:
        note = (
            f"{known} of its {plan.weeks} weeks are known; it is judged from {start}, when most of "
            f"what it brings can have come."
        )
        return ClosedLoop(**content, note=note)
    if lacking := set(plan.spend) - set(map(str, effects["channel"].to_numpy())):
        note = f"The later model lacks {', '.join(sorted(lacking))}: it cannot look back."
        return ClosedLoop(**content, note=note)
    actual = spend_history(effects, params.scenarios.reference_weeks)
    place = int(np.searchsorted(effects["week"].to_numpy(), plan.first.to_datetime64()))
    inside = slice(place, place + plan.weeks)
    if actual[plan.changed[0]].shape[0] != plan.base.spend[plan.changed[0]].shape[0]:
        return ClosedLoop(**content, note="Regions are others today: it cannot be looked back.")
    done = {
        name: actual[name][:, inside] if name in plan.changed else money
        for name, money in plan.base.spend.items()
    }
    then = _effect(run, plan, done)
    decided = _effect(run, plan, plan.spend)
    unit = decision.expected.unit
    realised, as_decided = (Estimate.from_draws(one.gain, unit) for one in (then, decided))
    few = min(len(then.gain), len(decided.gain))
    return ClosedLoop(
        **content,
        realised=realised,
        as_decided=as_decided,
        execution=Estimate.from_draws(then.gain[:few] - decided.gain[:few], unit),
        effect=as_decided.median - decision.expected.median,
        executed_share=_executed(plan, done),
        world=_world(before, effects, params, weeks),
    )


def _plan_of(run: Run, params: Params, name: str) -> _Plan:
    """The decided plan and its baseline, as money by region and week."""
    pack = run.load_json("scenarios.json", ScenarioPack)
    scenario: Scenario = next(one for one in pack.scenarios if one.name == name)
    effects = effects_of(run, params.primary)
    files = read_plan_files(run.path, params, effects)
    base = baseline_of(effects, params, booked=files.booked, weeks=pack.weeks)
    changed = {one.channel: one for one in scenario.plan if one.differs}
    own = files.own.get(name.removeprefix("own_"), {})
    spend = dict(base.spend)
    for channel, line in changed.items():
        later = _at_level(base, channel, line.spend_after)
        spend[channel] = own.get(channel, later)
    first = pd.Timestamp(pack.first_week)
    levers = tuple(one.lever for one in scenario.levers)
    return _Plan(base, spend, tuple(changed) or tuple(base.spend), first, pack.weeks, levers)


def _at_level(base: Baseline, channel: str, weekly: float) -> np.ndarray:
    money = base.spend[channel]
    if money.any():
        return base.at(channel, weekly)
    share = base.split[channel][:, None]
    return np.repeat(share * weekly, base.weeks, axis=1)


def _effect(run: Run, plan: _Plan, spend: Mapping[str, np.ndarray]) -> PlanEffect:
    """What a spend of the plan's weeks brought, by the later run, with its past as it was."""
    params = params_of(run)
    until = slice(None, plan.first - pd.Timedelta(days=1))
    parts = [effects_of(run, part).sel(week=until) for part in params.parts_of(params.primary)]
    outcome = sum_outcomes([outcome_function(part) for part in parts])
    return plan_effect(outcome, spend, plan.base.spend, worth=params.worth_of(params.primary))


def _executed(plan: _Plan, done: Mapping[str, np.ndarray]) -> float | None:
    planned = {
        name: float(plan.spend[name].sum() - plan.base.spend[name].sum()) for name in plan.changed
    }
    moved = sum(abs(change) for change in planned.values())
    if not moved > 0:
        return None
    went = sum(
        np.sign(change) * float(done[name].sum() - plan.base.spend[name].sum())
        for name, change in planned.items()
    )
    return float(went / moved)


def _world(
    before: Run, effects: xr.Dataset, params: Params, weeks: pd.DatetimeIndex
) -> Estimate | None:
    """What the outcome without the channels was off its forecast by, over the plan's weeks."""
    if not before.has("forecast.json"):
        return None
    forecast = before.load_json("forecast.json", Forecast)
    parts = [one for one in forecast.models if one.model in params.parts_of(params.primary)]
    foreseen = [one.baseline_total for one in parts]
    came = baseline(effects).sel(week=weeks).sum("week").to_numpy()
    spread = float(np.hypot.reduce([one.width for one in foreseen])) / 2
    now = Estimate.from_draws(came, foreseen[0].unit)
    off = now.median - sum(one.median for one in foreseen)
    half = float(np.hypot(spread, now.width / 2))
    return Estimate.from_measurement(off, half / 1.6449, now.unit)
