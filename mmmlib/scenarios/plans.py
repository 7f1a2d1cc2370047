"""The standing plans (O3): status quo, increase, reallocate, protect downside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from mmmlib.estimates import NBSP
from mmmlib.params.schema import Params
from mmmlib.phrases import listed
from mmmlib.scenarios.baseline import Baseline, SpendRange
from mmmlib.scenarios.plan import Kind, Plan, moves_text
from mmmlib.scenarios.projection import ProjectedOutcome

ENOUGH = 0.5
"""A cut or a move keeps inside the past spend range if that allows this share of what was asked."""
ROUNDING = 1e-6


def standing_plans(
    base: Baseline,
    outcome: ProjectedOutcome,
    trusted: Iterable[str],
    params: Params,
    usable: Iterable[str] = (),
) -> list[Plan]:
    """Make the baseline and three to five plans beside it.

    Parameters
    ----------
    base
        What plans are compared with.
    outcome
        Projection of the leading model, see
        :func:`mmmlib.scenarios.projection.outcome_function`.
    trusted
        Channels whose evidence is good; only they are offered more money, unless
        there is none among the scalable ones.
    params
        Sizes are ``scenarios.increase`` (of each chosen channel's spend),
        ``scenarios.reallocate`` and ``scenarios.cut`` (of all spend).
    usable
        Channels of which something may be inferred, though with doubts. They are offered more
        money where a trusted one would have to leave its past range for it.

    Notes
    -----
    A cut or a move first stays inside the spend range of the past and gets
    smaller for it; only where that leaves less than half of what was asked does
    it go outside, and is flagged there. Only channels that spend money now are changed.
    """
    active = [name for name in base.spend if name in base.spends_now]
    label = {name: params.channel_label(name) for name in base.spend}
    added = {name: _median(added_return(base, outcome, name, params)) for name in active}
    best = _receivers(active, base, added, (set(trusted), set(usable)), params)
    losses = {name: cut_loss(base, outcome, name, params) for name in active}
    lost = {name: _median(draws) for name, draws in losses.items()}

    plans = [
        baseline_plan(base),
        *(increase_plan(base, best[: n + 1], params, label) for n in range(len(best))),
    ]
    if best:
        donors = [name for name in active if name not in best and lost[name] < added[best[0]]]
        by_return = sorted(donors, key=lambda name: (name not in set(trusted), lost[name]))
        width = {name: _relative_width(losses[name]) for name in donors}
        # What was not trusted comes last: what a cut there would cost is not known.
        by_confidence = sorted(donors, key=lambda name: (name not in set(trusted), -width[name]))
        moves = [
            _reallocate(base, by_return, best, "low_return", params, label),
            _reallocate(base, by_confidence, best, "low_confidence", params, label),
        ]
        seen: list[Mapping[str, float]] = []
        for move in moves:
            if move is not None and not any(_same(move.weekly, other) for other in seen):
                plans.append(move)
                seen.append(move.weekly)
    # What was not measured comes last here, too: that it loses least may be our assumption.
    least = sorted(active, key=lambda name: (name not in set(trusted), lost[name]))
    protect = _protect(base, least, params, label)
    return plans if protect is None else [*plans, protect]


def baseline_plan(base: Baseline) -> Plan:
    """The baseline itself, kept up over the horizon."""
    return Plan(
        "baseline",
        "baseline",
        "Status quo",
        f"Every channel spends as the baseline does: {base.name}.",
        base.spend,
    )


def increase_plan(
    base: Baseline, channels: Sequence[str], params: Params, label: Mapping[str, str]
) -> Plan:
    """More for the given channels, everything else as in the baseline."""
    share = params.scenarios.increase
    more = {name: change_of(base, name, share, params)[1] for name in channels}
    names = " and ".join(label[name] for name in channels)
    begun = _from_now(base, channels, share, params, label)
    return _plan(
        base,
        "_".join(["increase", *channels]),
        "increase",
        f"Increase {names} by {_percent(share)}{begun}",
        f"{moves_text(base, more, params, label)} Everything else stays as it is.",
        more,
    )


def cut_plan(base: Baseline, channel: str, params: Params, label: Mapping[str, str]) -> Plan:
    """Less for one channel, everything else as in the baseline."""
    share = min(params.scenarios.cut, params.scenarios.max_cut)
    less = {channel: change_of(base, channel, -share, params)[1]}
    return _plan(
        base,
        f"cut_{channel}",
        "protect",
        f"Cut {label[channel]} by {_percent(share)}{_from_now(base, [channel], -share, params, label)}",
        f"{moves_text(base, less, params, label)} Everything else stays as it is.",
        less,
    )


def _plan(
    base: Baseline,
    name: str,
    kind: Kind,
    title: str,
    description: str,
    changed: Mapping[str, float],
) -> Plan:
    """Bring the channels that change to their mean weekly money, each in its own rhythm."""
    spend = dict(base.spend) | {one: base.at(one, weekly) for one, weekly in changed.items()}
    return Plan(name, kind, title, description, spend)


def change_of(base: Baseline, name: str, share: float, params: Params) -> tuple[float, float]:
    """Mean weekly money from which a channel is changed by a share, and to which.

    Where what is spent now is off a baseline that is read off the latest weeks, the change begins at the
    farther of the two: 20 % more is more than both. Not so where the past has not seen as much, or as little.
    """
    start = base.weekly[name]
    off = base.kind == "recent_mean" and base.differs(name, params.scenarios.rate_tolerance)
    if off and name in base.spends_now:
        farther = (max if share > 0 else min)(start, base.recent_weekly[name])
        if farther > 0 and not base.outside(name, base.at(name, farther * (1 + share))):
            start = farther
    return start, start * (1 + share)


def _from_now(
    base: Baseline, channels: Sequence[str], share: float, params: Params, label: Mapping[str, str]
) -> str:
    """End of a title: which channels are changed from what is spent now."""
    off = [
        label[name]
        for name in channels
        if change_of(base, name, share, params)[0] != base.weekly[name]
    ]
    return f" (from what is spent now: {listed(off)})" if off else ""


def added_return(
    base: Baseline, outcome: ProjectedOutcome, channel: str, params: Params
) -> np.ndarray:
    """Outcome gained per unit of money that the standing increase adds; ``(draw,)``."""
    return _per_money(base, outcome, channel, params.scenarios.increase, params)


def cut_loss(base: Baseline, outcome: ProjectedOutcome, channel: str, params: Params) -> np.ndarray:
    """Outcome lost per unit of money when a channel is cut as far as it may be; ``(draw,)``."""
    return _per_money(base, outcome, channel, -params.scenarios.max_cut, params)


def _per_money(
    base: Baseline, outcome: ProjectedOutcome, channel: str, share: float, params: Params
) -> np.ndarray:
    now, then = (base.at(channel, weekly) for weekly in change_of(base, channel, share, params))
    change = outcome(channel, then).total - outcome(channel, now).total
    return change / float(then.sum() - now.sum())


def _receivers(
    active: Sequence[str],
    base: Baseline,
    added: Mapping[str, float],
    tiers: tuple[set[str], set[str]],
    params: Params,
) -> list[str]:
    """Channels for more money, the best return of what is added first."""
    scalable = [n for n in active if n in params.channels and params.channels[n].scalable]
    more = {n: change_of(base, n, params.scenarios.increase, params)[1] for n in scalable}
    inside = [n for n in scalable if not base.outside(n, base.at(n, more[n]))]
    trusted, usable = tiers
    # A plan that nobody may act on is no plan: nothing may be inferred outside the past range,
    # while doubts can be reviewed.
    pools = (
        [n for n in inside if n in trusted],
        [n for n in inside if n in usable],
        [n for n in scalable if n in trusted],
        inside,
        scalable,
    )
    pool = next((one for one in pools if one), [])
    pool.sort(key=lambda name: -added[name])
    limit = params.scenarios.max_channels
    # With every channel receiving there would be nobody left to move money from.
    return pool[: max(1, min(limit, 2, len(active) - 1))]


def _reallocate(
    base: Baseline,
    donors: Sequence[str],
    receivers: Sequence[str],
    why: Literal["low_return", "low_confidence"],
    params: Params,
    label: Mapping[str, str],
) -> Plan | None:
    total = sum(base.weekly.values())
    asked = params.scenarios.reallocate * total
    cuts, gains = _move(base.range, donors, receivers, asked, params.scenarios.max_cut)
    moved = sum(cuts.values())
    if not moved > 0:
        return None
    changed = {name: base.weekly[name] - money for name, money in cuts.items()}
    changed |= {name: base.weekly[name] + money for name, money in gains.items()}
    reason = "lowest return" if why == "low_return" else "least certain return"
    source, to = (listed([label[name] for name in part]) for part in (cuts, gains))
    return _plan(
        base,
        f"reallocate_{why}",
        "reallocate",
        f"Move {_percent(moved / total)} of the budget from {source} ({reason}) to {to}",
        f"{moves_text(base, changed, params, label)} The budget stays the same."
        f"{_smaller(moved, asked)}",
        changed,
    )


def _protect(
    base: Baseline, order: Sequence[str], params: Params, label: Mapping[str, str]
) -> Plan | None:
    total = sum(base.weekly.values())
    asked = params.scenarios.cut * total
    limit = params.scenarios.max_cut
    room = sum(_cut_room(base.range, order, limit, inside=True).values())
    amount = min(asked, room) if room >= ENOUGH * asked else asked
    cuts = take(base.range, order, amount, limit)
    saved = sum(cuts.values())
    if not saved > 0:
        return None
    changed = {name: base.weekly[name] - money for name, money in cuts.items()}
    return _plan(
        base,
        "protect",
        "protect",
        f"Cut {_percent(saved / total)} of the budget, from {listed([label[name] for name in cuts])}",
        f"{moves_text(base, changed, params, label)}{_smaller(saved, asked)}",
        changed,
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


def _median(draws: np.ndarray) -> float:
    return float(np.median(draws))


def _relative_width(draws: np.ndarray) -> float:
    """Width of the 90 % range of a return over its size: how little is known of it."""
    low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
    return float((high - low) / max(abs(middle), 1e-12))


def _same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(np.isclose(one[name], other[name], rtol=1e-3) for name in one)


def _smaller(done: float, asked: float) -> str:
    if done > asked * (1 - 1e-3):
        return ""
    return (
        f" That is {_percent(done / asked)} of the size asked for: more would leave the spend "
        f"range of the past or cut a channel too far."
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f}{NBSP}%"
