"""What a channel returned, and which channel returned most, said as surely as the draws allow."""

from __future__ import annotations

from collections.abc import Sequence

from mmmlib.phrases import count_text, listed
from mmmlib.reports.quantities import ChannelNumbers, ModelNumbers
from mmmlib.reports.rankings import NAMED, Ranking, ranking_of
from mmmlib.reports.results import Results
from mmmlib.scenarios.labels import probability_text

SAID_FROM = 0.1
"""Share of a return still to come from which a sentence says so."""


def best_sentence(results: Results, numbers: ModelNumbers) -> str:
    """Say which channel returned most, as surely as the draws allow."""
    ranking = ranking_of(results, numbers, "return")
    if ranking is not None:
        return return_sentence(results, numbers, ranking)
    if any(row.roi is not None for row in numbers.channels):
        return "No channel is ranked: nothing may be inferred of any channel's return."
    return "No channel had any spend, so there is no return."


def return_sentence(
    results: Results,
    numbers: ModelNumbers,
    ranking: Ranking,
    *,
    least: bool = False,
    mass: bool = False,
) -> str:
    """Say which channel returned most (or least), or between which ones that is not clear.

    ``mass`` says what the range of a return holds, too; a figure says it beside.
    """
    verb = "returned least" if least else "returned most"
    top, value = results.short(ranking.top.channel), return_text(numbers, ranking.top)
    value = f"{value} (90 %)" if mass else value
    if len(ranking.rows) == 1:
        return f"{top} returned {value}."
    if ranking.hidden:
        return f"Which channel {verb} cannot be told: the budgets follow something in common."
    if ranking.clear:
        return f"{top} {ranking.surely} {verb}: {value}."
    ahead = ranking.contenders
    if ranking.settled:
        return f"{either(results, ahead)} {ranking.surely} {verb}; it is not clear which."
    if len(ranking.rows) == 2:
        return f"Whether {either(results, ranking.rows)} {verb} is not clear."
    return f"No channel clearly {verb}: it may be any of {len(ahead)} of {len(ranking.rows)}."


def return_text(numbers: ModelNumbers, row: ChannelNumbers) -> str:
    """Write a channel's return as a sentence has it: "USD 0.8 to 2.1 per USD 1".

    Where a good part of it is still to come, that is said, too.
    """
    assert row.roi is not None
    text = f"{row.roi.text(mass=False)} per {numbers.returns.spend}"
    if row.to_come.median < SAID_FROM:
        return text
    return f"{text}, of which {row.to_come.text(mass=False)} is still to come"


def likeliest_sentence(results: Results, numbers: ModelNumbers, ranking: Ranking) -> str:
    """Name the likeliest of a ranking that is not settled, with its chance and its return."""
    name, chance = results.short(ranking.top.channel), probability_text(ranking.chance)
    return f"The likeliest is {name} ({chance}): {return_text(numbers, ranking.top)} (90 %)."


def not_ranked_sentence(results: Results, ranking: Ranking) -> str:
    """Name the channels that are not ranked; there is at least one."""
    names = [results.short(row.channel) for row in ranking.not_ranked]
    more = [count_text(len(names) - NAMED, "more channel")] if len(names) > NAMED else []
    verb, their = ("are", "their returns") if len(names) > 1 else ("is", "its return")
    return f"{listed(names[:NAMED] + more)} {verb} not ranked: nothing may be inferred of {their}."


def either(results: Results, rows: Sequence[ChannelNumbers]) -> str:
    """Names of channels of which it is one: "A, B or C"."""
    names = [results.short(row.channel) for row in rows]
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
