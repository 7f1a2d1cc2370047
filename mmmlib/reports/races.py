"""Which channel is first or last, said as surely as the draws allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mmmlib.reports.numbers import chance_text, count_text, listed
from mmmlib.reports.quantities import ChannelNumbers, ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.scenarios.labels import likely, lowest
from mmmlib.scenarios.pack import Label

CLEAR = 0.8
"""Probability from which a sentence states something as likely."""
NAMED = 3
"""Contenders that a sentence names; more are counted."""

type Quantity = Literal["return", "contribution", "next return"]


@dataclass(frozen=True)
class Race:
    """Channels with the chance that each is the first (or last), the likeliest first.

    Parameters
    ----------
    rows, chances
        At least one; channels of which nothing may be inferred take no part, unless
        there are no others.
    left_out
        How many take no part.
    """

    rows: tuple[ChannelNumbers, ...]
    chances: tuple[float, ...]
    left_out: int

    @property
    def top(self) -> ChannelNumbers:
        """The likeliest."""
        return self.rows[0]

    @property
    def chance(self) -> float:
        """Its chance."""
        return self.chances[0]

    @property
    def clear(self) -> bool:
        """Whether it may be named alone."""
        return self.chance >= CLEAR

    @property
    def contenders(self) -> tuple[ChannelNumbers, ...]:
        """The fewest channels that hold the place with the probability of ``CLEAR``."""
        return self.rows[: self._ahead]

    @property
    def surely(self) -> str:
        """How likely it is that the place is one of the contenders', in words."""
        return likely(sum(self.chances[: self._ahead]))

    @property
    def _ahead(self) -> int:
        reached = 0.0
        for number, chance in enumerate(self.chances, start=1):
            reached += chance
            if reached >= CLEAR:
                return number
        return len(self.chances)


def race_for(
    results: Results, numbers: ModelNumbers, quantity: Quantity, *, least: bool = False
) -> Race | None:
    """Ask every draw which channel has the most (or least); None where none has any."""
    rows = [row for row in numbers.channels if quantity != "return" or row.roi is not None]
    if not rows:
        return None
    told = inferable(results, numbers, rows)
    chances = numbers.chances_of_first([row.channel for row in told], quantity, least=least)
    ordered = sorted(told, key=lambda row: -chances[row.channel])
    return Race(
        tuple(ordered),
        tuple(chances[row.channel] for row in ordered),
        len(rows) - len(told),
    )


def inferable(
    results: Results, numbers: ModelNumbers, rows: Sequence[ChannelNumbers]
) -> list[ChannelNumbers]:
    """Rows of which something may be inferred; all of them where there are none."""
    never = Label.DO_NOT_INFER
    return [
        row for row in rows if results.claim(numbers.name, row.channel).label is not never
    ] or list(rows)


def race_label(results: Results, numbers: ModelNumbers, race: Race) -> Label:
    """Label of a sentence on a race: a place that is open needs review at least."""
    claims = [results.claim(numbers.name, row.channel).label for row in race.contenders]
    return lowest([*claims, Label.SAFE if race.clear else Label.REVIEW])


def return_sentence(
    results: Results, numbers: ModelNumbers, race: Race, *, least: bool = False
) -> str:
    """Say which channel returned most (or least), or between which ones that is open."""
    told = "returned least" if least else "returned most"
    if race.clear:
        assert race.top.roi is not None
        value = f"{race.top.roi.text(mass=False)} per {numbers.returns.spend}"
        return f"{results.short(race.top.channel)} {race.surely} {told}: {value}."
    ahead = race.contenders
    if len(ahead) > NAMED:
        where = "behind" if least else "ahead"
        return f"No channel clearly {told}: {len(ahead)} of {len(race.rows)} may be {where}."
    return f"One of {names_of(results, ahead)} {race.surely} {told}; which is open."


def likeliest_sentence(results: Results, numbers: ModelNumbers, race: Race) -> str:
    """Name the likeliest of an open race, with its chance and its return."""
    assert race.top.roi is not None
    value = f"{race.top.roi.text(mass=False)} per {numbers.returns.spend} (90 %)"
    name = results.short(race.top.channel)
    return f"The likeliest is {name} ({chance_text(race.chance)}): {value}."


def left_out_sentence(race: Race) -> str:
    """Say how many channels take no part; empty where all do."""
    if not race.left_out:
        return ""
    return f" Left out: {count_text(race.left_out, 'channel')} of which nothing may be inferred."


def names_of(results: Results, rows: Sequence[ChannelNumbers]) -> str:
    """Names of channels inside a sentence."""
    return listed([results.short(row.channel) for row in rows])
