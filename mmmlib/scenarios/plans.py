"""The standing plans (O3): status quo, increase, reallocate, protect downside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from mmmlib.estimates import NBSP, format_number
from mmmlib.params.schema import Params
from mmmlib.scenarios.projection import ProjectedOutcome

Kind = Literal["baseline", "increase", "reallocate", "protect"]

ENOUGH = 0.5
"""A cut or a move keeps inside the past spend range if that allows this share of what was asked."""
ROUNDING = 1e-6


@dataclass(frozen=True)
class Plan:
    """Weekly money by channel over the horizon."""

    name: str
    kind: Kind
    title: str
    description: str
    weekly: Mapping[str, float]


@dataclass(frozen=True)
class SpendRange:
    """Today's weekly money of every channel, and the smallest and largest of the past."""

    today: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]

    @classmethod
    def of(cls, effects: xr.Dataset) -> SpendRange:
        """Read it from effects."""
        channels = [str(name) for name in effects["channel"].to_numpy()]

        def values(name: str) -> dict[str, float]:
            numbers = effects[name].to_numpy().astype(float)
            return dict(zip(channels, numbers.tolist(), strict=True))

        return cls(values("spend_today"), values("spend_low"), values("spend_high"))

    def outside(self, channel: str, weekly: float) -> bool:
        """Say whether a weekly spend lies outside what the past has seen."""
        slack = ROUNDING * max(self.high[channel], 1.0)
        return not self.low[channel] - slack <= weekly <= self.high[channel] + slack


def standing_plans(
    effects: xr.Dataset,
    outcome: ProjectedOutcome,
    trusted: Iterable[str],
    params: Params,
) -> list[Plan]:
    """Make the baseline and three to five plans beside it.

    Parameters
    ----------
    effects
        Of the leading model.
    outcome
        Its projection, see :func:`mmmlib.scenarios.projection.outcome_function`.
    trusted
        Channels whose evidence is good; only they are offered more money, unless
        there is none among the scalable ones.
    params
        Sizes are ``scenarios.increase`` (of each chosen channel's spend),
        ``scenarios.reallocate`` and ``scenarios.cut`` (of all spend).

    Notes
    -----
    A cut or a move first stays inside the spend range of the past and gets
    smaller for it; only where that leaves less than half of what was asked does
    it go outside, and is flagged there.
    """
    spend = SpendRange.of(effects)
    active = [name for name, money in spend.today.items() if money > 0]
    label = _labels(params, spend.today)
    medians = effects["marginal_roi"].median("draw")
    marginal = {name: float(medians.sel(channel=name)) for name in spend.today}
    best = _receivers(active, spend, marginal, set(trusted), params)
    lost = _loss_per_money(active, spend, outcome, params)

    plans = [
        baseline_plan(effects),
        *(increase_plan(spend, best[: n + 1], params, label) for n in range(len(best))),
    ]
    if best:
        donors = [name for name in active if name not in best]
        donors = [name for name in donors if marginal[name] < marginal[best[0]]]
        by_return = sorted(donors, key=lambda name: lost[name])
        width = _relative_width(effects)
        # What was not trusted comes last: what a cut there would cost is not known.
        by_confidence = sorted(donors, key=lambda name: (name not in set(trusted), -width[name]))
        moves = [
            _reallocate(spend, by_return, best, "low_return", params, label),
            _reallocate(spend, by_confidence, best, "low_confidence", params, label),
        ]
        seen: list[Mapping[str, float]] = []
        for move in moves:
            if move is not None and not any(_same(move.weekly, other) for other in seen):
                plans.append(move)
                seen.append(move.weekly)
    protect = _protect(spend, sorted(active, key=lambda name: lost[name]), params, label)
    return plans if protect is None else [*plans, protect]


def baseline_plan(effects: xr.Dataset) -> Plan:
    """Today's spend, kept up over the horizon."""
    return Plan(
        "baseline",
        "baseline",
        "Status quo",
        "Every channel keeps today's weekly spend.",
        SpendRange.of(effects).today,
    )


def increase_plan(
    spend: SpendRange, channels: Sequence[str], params: Params, label: Mapping[str, str]
) -> Plan:
    """More for the given channels, everything else as today."""
    share = params.scenarios.increase
    more = {name: spend.today[name] * (1 + share) for name in channels}
    names = " and ".join(label[name] for name in channels)
    return Plan(
        "_".join(["increase", *channels]),
        "increase",
        f"Increase {names} by {_percent(share)}",
        f"{_moves(spend, more, params, label)} Everything else stays as it is.",
        spend.today | more,
    )


def cut_plan(spend: SpendRange, channel: str, params: Params, label: Mapping[str, str]) -> Plan:
    """Less for one channel, everything else as today."""
    share = min(params.scenarios.cut, params.scenarios.max_cut)
    less = {channel: spend.today[channel] * (1 - share)}
    return Plan(
        f"cut_{channel}",
        "protect",
        f"Cut {label[channel]} by {_percent(share)}",
        f"{_moves(spend, less, params, label)} Everything else stays as it is.",
        spend.today | less,
    )


def _receivers(
    active: Sequence[str],
    spend: SpendRange,
    marginal: Mapping[str, float],
    trusted: set[str],
    params: Params,
) -> list[str]:
    """Channels for more money, best marginal return first."""
    scalable = [n for n in active if n in params.channels and params.channels[n].scalable]
    raised = 1 + params.scenarios.increase
    inside = [n for n in scalable if not spend.outside(n, spend.today[n] * raised)]
    good = [n for n in scalable if n in trusted]
    # Evidence before range, range before return: a plan that nobody may act on is no plan.
    pool = [n for n in inside if n in trusted] or good or inside or scalable
    pool.sort(key=lambda name: -marginal[name])
    limit = params.scenarios.max_channels
    # With every channel receiving there would be nobody left to move money from.
    return pool[: max(1, min(limit, 2, len(active) - 1))]


def _reallocate(
    spend: SpendRange,
    donors: Sequence[str],
    receivers: Sequence[str],
    why: Literal["low_return", "low_confidence"],
    params: Params,
    label: Mapping[str, str],
) -> Plan | None:
    asked = params.scenarios.reallocate * sum(spend.today.values())
    cuts, gains = _move(spend, donors, receivers, asked, params.scenarios.max_cut)
    moved = sum(cuts.values())
    if not moved > 0:
        return None
    weekly = dict(spend.today)
    for name, money in cuts.items():
        weekly[name] -= money
    for name, money in gains.items():
        weekly[name] += money
    source = "lowest return" if why == "low_return" else "least certain return"
    to = " and ".join(label[name] for name in gains)
    total = sum(spend.today.values())
    changed = {name: weekly[name] for name in (*cuts, *gains)}
    return Plan(
        f"reallocate_{why}",
        "reallocate",
        f"Move {_percent(moved / total)} of the budget to {to}, from the {source}",
        f"{_moves(spend, changed, params, label)} The budget stays the same."
        f"{_smaller(moved, asked)}",
        weekly,
    )


def _protect(
    spend: SpendRange, order: Sequence[str], params: Params, label: Mapping[str, str]
) -> Plan | None:
    total = sum(spend.today.values())
    asked = params.scenarios.cut * total
    limit = params.scenarios.max_cut
    room = sum(_cut_room(spend, order, limit, inside=True).values())
    amount = min(asked, room) if room >= ENOUGH * asked else asked
    cuts = take(spend, order, amount, limit)
    saved = sum(cuts.values())
    if not saved > 0:
        return None
    weekly = spend.today | {name: spend.today[name] - money for name, money in cuts.items()}
    changed = {name: weekly[name] for name in cuts}
    return Plan(
        "protect",
        "protect",
        f"Cut {_percent(saved / total)} of the budget, from the channels that lose least",
        f"{_moves(spend, changed, params, label)}{_smaller(saved, asked)}",
        weekly,
    )


def _move(
    spend: SpendRange,
    donors: Sequence[str],
    receivers: Sequence[str],
    asked: float,
    limit: float,
) -> tuple[dict[str, float], dict[str, float]]:
    """Money to take from each donor and to give to each receiver; both sums are equal."""
    inside = min(
        sum(_cut_room(spend, donors, limit, inside=True).values()),
        sum(_raise_room(spend, receivers).values()),
    )
    amount = min(asked, inside) if inside >= ENOUGH * asked else asked
    cuts = take(spend, donors, amount, limit)
    amount = sum(cuts.values())
    # Spread by room: one receiver pushed to its past maximum would meet saturation first.
    room = _raise_room(spend, receivers)
    whole = sum(room.values())
    inside_part = min(1.0, amount / whole) if whole > 0 else 0.0
    rest = max(0.0, amount - whole)
    base = sum(spend.today[name] for name in receivers)
    gains = {name: room[name] * inside_part + rest * spend.today[name] / base for name in receivers}
    return cuts, {name: money for name, money in gains.items() if money > 0}


def take(spend: SpendRange, order: Sequence[str], amount: float, limit: float) -> dict[str, float]:
    """Take an amount from channels in their order, first inside the spend range of the past.

    Parameters
    ----------
    spend
        Today's spend and its past range.
    order
        Channels, the first to be cut first.
    amount
        Weekly money to take in all.
    limit
        Largest share of a channel that may go; the result can be less than ``amount`` for it.
    """
    cuts: dict[str, float] = {}
    for inside in (True, False):
        for name, room in _cut_room(spend, order, limit, inside=inside).items():
            left = amount - sum(cuts.values())
            part = min(room - cuts.get(name, 0.0), left)
            if part > ROUNDING * max(amount, 1.0):
                cuts[name] = cuts.get(name, 0.0) + part
    return cuts


def _cut_room(
    spend: SpendRange, names: Sequence[str], limit: float, *, inside: bool
) -> dict[str, float]:
    room = {}
    for name in names:
        floor = spend.today[name] * (1 - limit)
        if inside:
            floor = max(floor, spend.low[name])
        room[name] = max(0.0, spend.today[name] - floor)
    return room


def _raise_room(spend: SpendRange, names: Sequence[str]) -> dict[str, float]:
    return {name: max(0.0, spend.high[name] - spend.today[name]) for name in names}


def _loss_per_money(
    active: Sequence[str], spend: SpendRange, outcome: ProjectedOutcome, params: Params
) -> dict[str, float]:
    """Median outcome lost per unit of weekly money when a channel is cut as far as it may be."""
    loss = {}
    for name in active:
        today = spend.today[name]
        cut = today * params.scenarios.max_cut
        loss[name] = float(np.median(outcome(name, today) - outcome(name, today - cut)) / cut)
    return loss


def _relative_width(effects: xr.Dataset) -> dict[str, float]:
    """Width of the 90 % range of a marginal return over its size: how little is known of it."""
    draws = effects["marginal_roi"]
    low, middle, high = (draws.quantile(q, "draw", skipna=False) for q in (0.05, 0.5, 0.95))
    width = (high - low) / np.maximum(np.abs(middle), 1e-12)
    return {str(name): float(width.sel(channel=name)) for name in width["channel"].to_numpy()}


def _same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(np.isclose(one[name], other[name], rtol=1e-3) for name in one)


def _labels(params: Params, names: Iterable[str]) -> dict[str, str]:
    return {name: params.channel_label(name) for name in names}


def channel_labels(params: Params, effects: xr.Dataset) -> dict[str, str]:
    """Name of every channel as reports write it."""
    return _labels(params, [str(name) for name in effects["channel"].to_numpy()])


def _moves(
    spend: SpendRange, changed: Mapping[str, float], params: Params, label: Mapping[str, str]
) -> str:
    parts = [
        f"{label[name]} from {format_number(spend.today[name], params.currency)} "
        f"to {format_number(money, params.currency)}"
        for name, money in changed.items()
    ]
    return f"{'; '.join(parts)} a week."


def _smaller(done: float, asked: float) -> str:
    if done > asked * (1 - 1e-3):
        return ""
    return (
        f" That is {_percent(done / asked)} of the size asked for: more would leave the spend "
        f"range of the past or cut a channel too far."
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f}{NBSP}%"
