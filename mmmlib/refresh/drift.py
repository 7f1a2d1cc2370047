"""Findings on what moved: large movements, and channels that changed places (G3, H3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from itertools import combinations

from mmmlib.estimates import format_change, format_number, log_ratio, roughly
from mmmlib.findings import Finding, at_most, judge
from mmmlib.params.limits import ComparisonParams
from mmmlib.phrases import listed, some_of
from mmmlib.refresh.comparison import Movement
from mmmlib.refresh.movement import widened

SHOWN = 3
"""Pairs of channels that a message names."""


def movement_findings(
    movements: Sequence[Movement], limits: ComparisonParams, *, explained: Collection[str]
) -> list[Finding]:
    """Judge the movement of every channel, and the width of its range: two findings each.

    A movement beyond its limit warns; a severe one without a known cause blocks. ``explained`` are
    channels that restated history or a changed model may have moved, see
    :func:`mmmlib.refresh.causes.explained_channels`: a severe movement of any other has no known
    cause, on weeks that both refreshes saw.
    """
    channels = dict.fromkeys(movement.channel for movement in movements)
    found = []
    for channel in channels:
        own = [each for each in movements if each.channel == channel]
        found += [_judge_movement(own, limits, channel in explained), _judge_range(own, limits)]
    return found


def rank_finding(model: str, movements: Sequence[Movement], label: Callable[[str], str]) -> Finding:
    """Judge whether channels changed places by return (by contribution without returns).

    How to read it: two channels of nearly the same return change places by chance.
    Only a pair of which one moved beyond noise is counted. ``label`` names a channel for people.
    """
    returns = [each for each in movements if each.quantity == "roi"]
    ranked = sorted(returns or movements, key=lambda each: each.rank_before)
    flips = [
        (higher, lower)
        for higher, lower in combinations(ranked, 2)
        if higher.rank_after > lower.rank_after
    ]
    real = [pair for pair in flips if pair[0].beyond_noise or pair[1].beyond_noise]
    pairs = [
        f"{label(lower.channel)} now ahead of {label(higher.channel)}"
        for higher, lower in real or flips
    ]
    named = some_of(pairs, SHOWN)
    if not flips:
        message = f"The {len(ranked)} channels stand in the same order as before."
    elif real:
        message = f"Channels changed places by more than noise: {named}."
    else:
        message = f"Channels changed places, all within noise: {named}."
    return judge(
        "refresh.rank",
        model,
        passed=not real,
        value=float(len(real)),
        limit=0.0,
        message=message,
    )


def detail_finding(
    model: str, movements: Sequence[Movement], label: Callable[[str], str]
) -> Finding:
    """Judge what lies behind returns: does any of it move further than new weeks alone bring it?

    ``movements`` are those of :func:`mmmlib.refresh.movement.detail_movements`; ``label`` names a
    channel for people.
    """
    beyond = [one for one in movements if not _calm(one)]
    kinds = ["returns of the next money", "half-lives"]
    if any(one.region for one in movements):
        kinds.append("contributions of regions")
    said = (
        f"{len(beyond) or 'None'} of {len(movements)} {listed(kinds)} moved further than new weeks "
        f"alone may bring."
    )
    if beyond:
        furthest = max(beyond, key=lambda one: one.factor or math.inf)
        said += (
            f" The furthest: {furthest.what} of {label(furthest.channel)}, {furthest.before.text()} "
            f"then, {furthest.after.text()} now."
        )
    return judge(
        "refresh.details",
        model,
        passed=not beyond,
        value=float(len(beyond)),
        limit=0.0,
        message=said,
    )


def is_severe(movement: Movement, limits: ComparisonParams) -> bool:
    """Say whether a median changed by a factor of ``1 + severe_movement``, or its sign."""
    before, after = movement.before.median, movement.after.median
    if min(before, after) <= 0 <= max(before, after):
        return True
    return abs(log_ratio(abs(after), abs(before))) >= math.log1p(limits.severe_movement)


def _judge_movement(
    movements: Sequence[Movement], limits: ComparisonParams, explained: bool
) -> Finding:
    # The return leads; the contribution speaks where it alone is flagged or there is no return.
    order = sorted(movements, key=lambda each: (_calm(each), each.quantity != "roi"))
    movement = order[0]
    calm = _calm(movement)
    unexplained = not calm and is_severe(movement, limits) and not explained
    change = format_change(roughly(movement.change), "share")
    factor = math.nan if movement.factor is None else movement.factor
    limit = math.nan if movement.limit is None else movement.limit
    rule = "within" if calm else "not within"
    cause = " Neither restated data nor a changed model explains it." if unexplained else ""
    return judge(
        "refresh.movement",
        f"{movement.model}/{movement.channel}",
        passed=calm,
        case="unexplained" if unexplained else "",
        # A change from zero has no size; NaN would read as a check that saw nothing.
        value="from zero" if math.isnan(factor) else factor,
        limit=limit,
        message=f"The {movement.what} moved ({change}, a factor of {format_number(factor)}; {rule} the factor "
        f"of {format_number(limit)} that new weeks alone may bring): {movement.before.text()} then, "
        f"{movement.after.text()} now, on the same weeks.{cause}",
    )


def _judge_range(movements: Sequence[Movement], limits: ComparisonParams) -> Finding:
    """Judge whether a range became so much wider that what was known is lost."""
    movement = max(movements, key=lambda each: widened(each.before, each.after))
    wider = widened(movement.before, movement.after)
    return at_most(
        "refresh.range",
        f"{movement.model}/{movement.channel}",
        wider,
        limits.max_widening,
        f"The range of the {movement.what} is {format_number(wider)} times as wide as it was (at most "
        f"{format_number(limits.max_widening)}): {movement.before.text()} then, "
        f"{movement.after.text()} now.",
    )


def _calm(movement: Movement) -> bool:
    """Say whether a median stayed within its limit: written so that NaN and None are not calm."""
    if movement.factor is None or movement.limit is None:
        return False
    return movement.factor <= movement.limit
