"""Lift tests as they are declared: what was changed, where, when, and what was measured (M8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from mmmlib.params.section import Day, Positive, Section, Slug

POOLED = "pooled"
"""The motion of an outcome whose motions are pooled."""


class LiftTest(Section):
    """One experiment: spend was changed on purpose, and its effect was measured.

    The incremental outcome has the sign of what happened: a pause that cost 400 signups
    is -400.
    """

    channel: Slug
    outcome: Slug
    motion: Slug | None = None
    """The sales motion whose outcome was measured; not given where motions are pooled."""
    regions: tuple[str, ...] = ()
    """Where spend was changed; everywhere if none is named."""
    start: Day
    end: Day
    """First and last day of the changed spend."""
    measured_until: Day | None = None
    """Last day whose outcome was counted; if not given, the last day of the changed spend."""
    spend_change: float | None = None
    """Money added (below zero: taken away) over all regions and days of the test together."""
    spend_change_share: Annotated[float, Field(ge=-1)] | None = None
    """The change as a share of the spend without the test: -1 is a pause."""
    already_in_spend: bool = False
    """Whether the spend in the data includes the change. If not, the data shows the spend as it
    would have been without the test, and the test changes that."""
    by_person: bool = False
    """Whether single people were drawn by lot and compared, as platforms do, in place of regions or
    weeks: the error is then not bound to how much the outcome moves from week to week."""
    incremental_outcome: float
    """Outcome gained in the regions from the first day to the last day counted, in the unit of
    the outcome."""
    standard_error: Positive

    def _faults(self) -> Iterator[str]:
        if self.start > self.end:
            yield f"start not after end, but they are {self.start} and {self.end}"
        elif self.measured_until is not None and self.measured_until < self.end:
            yield f"measured_until not before end, but they are {self.measured_until} and {self.end}"
        if (self.spend_change is None) == (self.spend_change_share is None):
            yield "either 'spend_change' or 'spend_change_share', exactly one of them"
        if 0.0 in (self.spend_change, self.spend_change_share):
            yield "a change of spend that is not zero"
        if self.already_in_spend and self.spend_change_share == -1:
            yield (
                "'spend_change' in money for a pause that the spend of the data has already: "
                "what would have been spent cannot be read from it"
            )
        if len(set(self.regions)) < len(self.regions):
            yield "every region once"

    @property
    def model(self) -> str:
        """The model whose outcome was measured, ``outcome.motion``."""
        return f"{self.outcome}.{self.motion or POOLED}"

    @property
    def counted_until(self) -> dt.date:
        """Last day whose outcome was counted."""
        return self.measured_until or self.end
