"""Findings on what moved: large movements, and channels that changed places (G3, H3)."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import combinations

from mmmlib.estimates import format_change
from mmmlib.findings import Finding, judge
from mmmlib.params.limits import ComparisonParams
from mmmlib.phrases import some_of
from mmmlib.refresh.comparison import Movement
from mmmlib.refresh.movement import SEVERAL, widened

SHOWN = 3
"""Pairs of channels that a message names."""


def movement_findings(
    movements: Sequence[Movement], limits: ComparisonParams, *, explained: Collection[str]
) -> list[Finding]:
    """Judge the movement of every channel, one finding each.

    Parameters
    ----------
    movements
        Of one model.
    limits
        ``large_movement`` and ``severe_movement``.
    explained
        Channels that restated history or a changed model may have moved, see
        :func:`mmmlib.refresh.causes.explained_channels`. A severe movement of any other
        has no known cause, on weeks that both refreshes saw.

    Returns
    -------
    list of Finding
        A movement that is large and beyond noise warns; a severe one without a known
        cause blocks. One within noise passes, however large, and says so.
    """
    channels = dict.fromkeys(movement.channel for movement in movements)
    return [
        _judge_channel(
            [each for each in movements if each.channel == channel], limits, channel in explained
        )
        for channel in channels
    ]


def rank_finding(model: str, movements: Sequence[Movement]) -> Finding:
    """Judge whether channels changed places by return (by contribution without returns).

    How to read it: two channels of nearly the same return change places by chance.
    Only a pair of which one moved beyond noise is counted.
    """
    returns = [each for each in movements if each.quantity == "roi"]
    ranked = sorted(returns or movements, key=lambda each: each.rank_before)
    flips = [
        (higher, lower)
        for higher, lower in combinations(ranked, 2)
        if higher.rank_after > lower.rank_after
    ]
    real = [pair for pair in flips if pair[0].beyond_noise or pair[1].beyond_noise]
    pairs = [f"{lower.channel} now ahead of {higher.channel}" for higher, lower in real or flips]
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


def is_severe(movement: Movement, limits: ComparisonParams) -> bool:
    """Say whether a median changed by a factor of ``1 + severe_movement``, or its sign."""
    before, after = movement.before.median, movement.after.median
    if before * after <= 0:
        return True
    return abs(math.log(after / before)) >= math.log1p(limits.severe_movement)


def _judge_channel(
    movements: Sequence[Movement], limits: ComparisonParams, explained: bool
) -> Finding:
    # The return leads; the contribution speaks where it alone is large or there is no return.
    order = sorted(movements, key=lambda each: (not _flagged(each, limits), each.quantity != "roi"))
    movement = order[0]
    flagged = _flagged(movement, limits)
    unexplained = flagged and is_severe(movement, limits) and not explained
    what = "return" if movement.quantity == "roi" else "contribution"
    change = format_change(movement.change, "share")
    noise = "more than noise" if movement.beyond_noise else "within noise"
    wider = widened(movement.before, movement.after)
    if wider >= SEVERAL:
        noise += f", and its range is {wider:.0f} times as wide"
    cause = " Neither restated data nor a changed model explains it." if unexplained else ""
    return judge(
        "refresh.movement",
        f"{movement.model}/{movement.channel}",
        passed=not flagged,
        case="unexplained" if unexplained else "",
        # A change from zero has no size; NaN would read as a check that saw nothing.
        value="from zero" if math.isnan(movement.change) else movement.change,
        limit=limits.large_movement,
        message=f"The {what} moved ({change}, {noise}): {movement.before.text()} then, "
        f"{movement.after.text()} now, on the same weeks.{cause}",
    )


def _flagged(movement: Movement, limits: ComparisonParams) -> bool:
    # Written as what a calm channel meets, so that NaN (a median that was zero) is not calm.
    calm = abs(movement.change) <= limits.large_movement
    exploded = widened(movement.before, movement.after) >= SEVERAL
    return movement.beyond_noise and not (calm and not exploded)
