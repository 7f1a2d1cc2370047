"""What moved since the parent run (H3); ``artefacts/refresh.json``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, Status, checks_of

QUANTITIES = {
    "roi": "return",
    "contribution": "contribution",
    "marginal_roi": "return of the next money",
    "half_life": "half-life",
}
"""What is compared, in words."""
UNKNOWN = "It is not known what changed since an earlier refresh."


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Movement(_Frozen):
    """How one number of one channel moved on the common window."""

    model_config = ConfigDict(extra="ignore")  # older runs say how far two ranges overlap

    model: str
    channel: str
    quantity: Literal["roi", "contribution", "marginal_roi", "half_life"]
    """``marginal_roi`` is that at the last refresh's weekly spend."""
    region: str = ""
    """Empty for all of them."""
    before: Estimate
    after: Estimate
    change: float
    """Median now over median then, minus one. NaN where the median then was zero."""
    beyond_noise: bool
    """Whether the median moved further than ``limit``, or the range became several times as wide."""
    factor: float | None = None
    """Size of the movement, up or down: 1.25 is up by a quarter or down by a fifth. None in runs of
    before it was kept."""
    limit: float | None = None
    """Factor up to which such a movement is what more data does in an unchanged world."""
    spread: float | None = None
    """Standard deviation of the logarithm of such a factor in an unchanged world."""
    higher: float | None = None
    """Probability, by this refresh, that the true value is above the median of the last one."""
    rank_before: int
    rank_after: int
    """Place among the channels by median, 1 the largest."""

    @property
    def what(self) -> str:
        """What the number is, in words."""
        name = QUANTITIES[self.quantity]
        return f"{name} in {self.region}" if self.region else name


class BridgeStep(_Frozen):
    """What one step of the way from the last refresh to this one moved."""

    name: str
    """One of :data:`mmmlib.refresh.bridge.STEPS`."""
    shift: float
    """Of the median, in the number's unit."""
    error: float
    """Monte Carlo standard error of ``shift``; within two of them it is noise of the draws."""


class Bridge(_Frozen):
    """The way of one estimate from the last refresh to this one; the steps add up exactly."""

    model: str
    channel: str
    """Empty for all channels together."""
    quantity: Literal["roi", "contribution"]
    unit: str
    before: float
    after: float
    """Medians."""
    steps: tuple[BridgeStep, ...]
    other_order: tuple[BridgeStep, ...] = ()
    """The same with the new periods first, where that differs by more than the errors."""


class ForecastScore(_Frozen):
    """How the last refresh's model does in the weeks that came since, told what was spent in them."""

    model: str
    weeks: int
    inside: int
    """Weeks that lie inside their 90 % range."""
    error: float
    """Mean absolute error of the medians, over the mean outcome."""
    naive_error: float | None = None
    """The same for repeating the weeks of a year ago; None where there are none."""
    interval_score: float
    """Mean width of the ranges, plus twenty times how far weeks lie outside, over the mean outcome;
    smaller is better (Gneiting and Raftery, 2007)."""
    distance: float
    """Of all these weeks together from the forecast, in standard deviations of their sum."""
    observed: float
    expected: Estimate
    """Sums over these weeks."""


class DataChange(_Frozen):
    """A series that was restated, came or went between two refreshes."""

    series: str
    kind: Literal["restated", "added", "removed", "extended"]
    cells: int
    """Values that differ (restated), or weeks x regions that came or went."""
    first: dt.date | None = None
    last: dt.date | None = None
    share: float | None = None
    """Sum of absolute differences over the series' total on the common window."""
    worst_share: float | None = None
    """The same in the 13 weeks in a row in which it is largest. None in runs of before it was kept."""
    largest: str = ""
    """The largest single change in words: region, week, before, after."""


class ParameterChange(_Frozen):
    """A parameter that differs between two refreshes."""

    key: str
    before: str
    after: str


class LiftChange(_Frozen):
    """A lift test that came, went or is told differently."""

    test: str
    model: str
    channel: str
    kind: Literal["added", "removed", "changed"]
    what: str
    """Where, when and what it saw; or what differs."""


class Comparison(_Frozen):
    """The comparison with the parent; ``parent`` is None where there is none."""

    parent: str | None
    reason: str = ""
    """Why nothing is known of what changed, in a sentence; empty where the parent was read."""
    first_week: dt.date | None = None
    last_week: dt.date | None = None
    weeks: int = 0
    """The common window: weeks that both refreshes fitted."""
    movements: tuple[Movement, ...] = ()
    """Of channels' returns and contributions."""
    details: tuple[Movement, ...] = ()
    """What lies behind them: the return of the next money, half-lives, contributions by region. Empty
    in runs of before they were compared."""
    data_changes: tuple[DataChange, ...] = ()
    parameter_changes: tuple[ParameterChange, ...] = ()
    lift_changes: tuple[LiftChange, ...] = ()
    code_changes: tuple[ParameterChange, ...] = ()
    """Library version and packages that differ."""
    forecasts: tuple[ForecastScore, ...] = ()
    """What the last refresh's models say of the weeks since; empty in runs of before."""
    bridges: tuple[Bridge, ...] = ()
    """Empty in runs of before they were made, and where they could not be."""
    not_bridged: str = ""
    """Why there are none, in a sentence."""
    bridge_seconds: float = 0.0
    refits: int = 0
    """Fits that the bridges took."""
    findings: tuple[Finding, ...] = ()

    def bridge_of(self, model: str, channel: str, quantity: str) -> Bridge | None:
        """Return the way of one number, if it is known."""
        key = (model, channel, quantity)
        found = (one for one in self.bridges if (one.model, one.channel, one.quantity) == key)
        return next(found, None)

    def of(self, model: str, quantity: Literal["roi", "contribution"]) -> list[Movement]:
        """Movements of a model's returns, or of its contributions."""
        return [one for one in self.movements if (one.model, one.quantity) == (model, quantity)]

    @property
    def readable(self) -> bool:
        """Whether there is a parent whose data, parameters and code could be read.

        Where it is false, empty lists of changes mean that they are not known.
        """
        unread = any(
            finding.check == "refresh.parent" and finding.status is Status.NOT_RUN
            for finding in self.findings
        )
        return self.parent is not None and not unread

    @property
    def same_data(self) -> bool:
        """Whether this refresh saw the very data of the last one: calm then says nothing."""
        return self.readable and self.weeks > 0 and not self.data_changes

    @property
    def not_compared(self) -> str:
        """Say why nothing is known of what changed; empty where the parent was read."""
        return "" if self.readable else self.reason or UNKNOWN


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings as their checks are asked."""
    order = checks_of("refresh")
    return tuple(sorted(findings, key=lambda one: order.index(one.check)))
