"""Why a number moved, in sentences (O5, O7)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mmmlib.estimates import format_change, format_number, roughly
from mmmlib.monte_carlo import ERRORS
from mmmlib.phrases import capital, count_text, listed
from mmmlib.refresh.comparison import Bridge, BridgeStep, DataChange, Movement
from mmmlib.reports.results import Results
from mmmlib.reports.words.figures import Words, outcome_of
from mmmlib.reports.words.statements import movement_sentence

REASONS = {
    "software and sampling": "software, or the noise of sampling",
    "specification": "the changed specification of the model",
    "restated history": "history that was restated",
    "new periods": "what the new weeks taught",
}


def reason_sentence(results: Results, movement: Movement, bridge: Bridge | None) -> str:
    """Say how far a number moved and why: the steps that did it, the largest first."""
    moved = (
        f"{capital(movement.what)} on {outcome_of(results, movement.model)}: {movement_sentence(results, movement)}. "
        f"The estimate moved by {format_change(roughly(movement.change), 'share')}"
    )
    if bridge is None:
        return f"{moved}; by which step is not known."
    steps = [step for step in bridge.steps if abs(step.shift) > ERRORS * step.error]
    if not steps:
        return f"{moved}, and no step did it by more than sampling noise."
    steps.sort(key=lambda step: -abs(step.shift))
    parts = listed([f"{REASONS[step.name]} ({_relative(step, bridge)})" for step in steps])
    order = " The split depends on the order of the steps." if bridge.other_order else ""
    return f"{moved}: {parts}.{order}"


def _relative(step: BridgeStep, bridge: Bridge) -> str:
    if bridge.before == 0:
        return "from zero"
    return format_change(roughly(step.shift / abs(bridge.before)), "share")


def restated_sentence(changes: Sequence[DataChange]) -> str:
    """Say how large all corrections of history are: how many series, each by up to what share."""
    restated = [one for one in changes if one.kind == "restated"]
    if not restated:
        return "No value that both refreshes have was restated."
    largest = max(one.share if one.share is not None else math.inf for one in restated)
    each = "it" if len(restated) == 1 else "each"
    worst = [one.worst_share for one in restated if one.worst_share is not None]
    text = f"{count_text(len(restated), 'series', 'series')} restated, {each} by {format_number(largest, 'share')} or less of its total"
    if not worst:
        return f"{text}."
    return f"{text}, and by {format_number(max(worst), 'share')} or less of any 13 weeks."


def bridge_words(results: Results, bridges: Sequence[Bridge]) -> Words:
    """Words of the figure of bridges; all of one model and quantity."""
    outcome = outcome_of(results, bridges[0].model)
    totals: dict[str, float] = {}
    for bridge in bridges:
        for step in bridge.steps:
            certain = abs(step.shift) > ERRORS * step.error and bridge.before
            part = abs(step.shift / bridge.before) if certain else 0.0
            totals[step.name] = totals.get(step.name, 0.0) + part
    largest = max(totals, key=lambda name: totals[name])
    title = f"Most of the movement of {outcome} is {REASONS[largest]}"
    if totals[largest] == 0:
        title = f"No step moved {outcome} by more than sampling noise"
    roi = bridges[0].quantity == "roi"
    what = f"{results.return_words(bridges[0].model).head} spent" if roi else "contribution"
    single = "all channels together" if not roi else "every channel"
    ways = "; ".join(
        f"{results.channel(one.channel) if one.channel else 'all channels'}: "
        + ", ".join(f"{step.name} {format_change(step.shift, one.unit)}" for step in one.steps)
        for one in bridges
    )
    return Words(
        title,
        f"{capital(what)}, {single}. Open dot: the median of the last refresh; full dot: "
        f"of this one; bars: the steps between. Thin line: two Monte Carlo errors.",
        "The way from the last refresh to this one; the steps add up to the movement.",
        f"{title}. Shifts of the median: {ways}.",
    )
