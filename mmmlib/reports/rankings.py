"""Which channel is first or last, said as surely as the draws allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

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
class Ranking:
    """Channels with the chance that each is the first (or last), the likeliest first; one at least."""

    rows: tuple[ChannelNumbers, ...]
    chances: tuple[float, ...]
    not_ranked: tuple[ChannelNumbers, ...]
    """Channels from whose return nothing may be inferred."""
    hidden: bool = False
    """Whether the budgets follow something in common, so that no channel can be put before another."""

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
        """Whether it may be named alone: it is likely enough, and there are others."""
        return self.chance >= CLEAR and len(self.rows) > 1 and not self.hidden

    @property
    def contenders(self) -> tuple[ChannelNumbers, ...]:
        """The fewest channels that hold the place with the probability of ``CLEAR``."""
        return self.rows[: self._ahead]

    @property
    def settled(self) -> bool:
        """Whether the draws rule anything out: one channel, or a few of those ranked."""
        few = len(self.contenders) <= min(NAMED, len(self.rows) - 1)
        return self.clear or (few and not self.hidden)

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


def ranking_of(
    results: Results, numbers: ModelNumbers, quantity: Quantity, *, least: bool = False
) -> Ranking | None:
    """Ask every draw which channel has the most (or least).

    None where no channel has the quantity, or nothing may be inferred of any.
    """
    rows = [row for row in numbers.channels if quantity != "return" or row.roi is not None]
    ranked = inferable(results, numbers, rows)
    if not ranked:
        return None
    chances = numbers.chances_of_first([row.channel for row in ranked], quantity, least=least)
    ordered = sorted(ranked, key=lambda row: -chances[row.channel])
    return Ranking(
        tuple(ordered),
        tuple(chances[row.channel] for row in ordered),
        tuple(row for row in rows if row not in ranked),
        len(ranked) > 1 and results.order_is_hidden(numbers.name),
    )


def inferable(
    results: Results, numbers: ModelNumbers, rows: Sequence[ChannelNumbers]
) -> list[ChannelNumbers]:
    """Rows of which something may be inferred; all of them where no gate has judged yet."""
    if results.gates is None:
        return list(rows)
    never = Label.DO_NOT_INFER
    return [row for row in rows if results.claim(numbers.name, row.channel).label is not never]


def ranking_label(results: Results, numbers: ModelNumbers, ranking: Ranking) -> Label:
    """Label of a sentence on a ranking: a place that is not settled needs review at least."""
    if ranking.hidden:
        return Label.DO_NOT_INFER
    claims = [results.claim(numbers.name, row.channel).label for row in ranking.contenders]
    return lowest([*claims, Label.SAFE if ranking.clear else Label.REVIEW])
