"""What plans are compared with, and which plans there are (O3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from mmmlib.params.places import KeyProblem
from mmmlib.params.section import InsidePath, Name, Positive, Section, Share, Slug

BaselineKind = Literal["recent_mean", "current_rate", "last_year", "booked"]


class Flight(Section):
    """Weeks of spend and weeks of none, by turns, over the horizon."""

    weekly: Positive
    """Money in a week of spend, over all regions."""
    on: Annotated[int, Field(ge=1, le=52)]
    off: Annotated[int, Field(ge=1, le=52)]
    first: Annotated[int, Field(ge=0, le=51)] = 0
    """Weeks of the horizon before the first flight."""


class LeverRule(Section):
    """Where a plan sets a lever: in all of its weeks and regions, or in some of them."""

    change: Annotated[float, Field(ge=-1, le=10)] | None = None
    """More or less than in the baseline, as a share of it (0.05, -0.1)."""
    value: float | None = None
    """What it is set to, in its unit."""
    first: Annotated[int, Field(ge=0, le=51)] = 0
    """Weeks of the horizon before it is moved."""
    weeks: Annotated[int, Field(ge=1, le=52)] | None = None
    """For how many weeks; to the end of the horizon if not given."""
    regions: tuple[str, ...] = ()
    """Regions of the data in which it is moved, where the control is by region; all if not given."""

    def _faults(self) -> Iterator[str]:
        if (self.change is None) == (self.value is None):
            yield "either 'change' or 'value', exactly one of them"


class PlanRules(Section):
    """One plan of the team's own: a file that was filled in, or rules.

    Channels that no rule names spend as in the baseline, and levers are where it has them.
    """

    label: Name
    file: InsidePath | None = None
    """Table of the plan, beside the parameter file; 'mmm plan template' writes one."""
    change: dict[Slug, Annotated[float, Field(ge=-1, le=10)]] = Field(default_factory=dict)
    """By channel: more or less than in the baseline, as a share of it (0.2, -0.1)."""
    weekly: dict[Slug, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """By channel: mean money a week, spent as in the baseline; evenly where that has none."""
    flights: dict[Slug, Flight] = Field(default_factory=dict)
    levers: dict[Slug, LeverRule] = Field(default_factory=dict)
    """By control that is declared a lever: where the plan sets it."""

    def _faults(self) -> Iterator[str | KeyProblem]:
        named = [*self.change, *self.weekly, *self.flights]
        if (self.file is None) == (not named and not self.levers):
            yield "either a 'file', or rules ('change', 'weekly', 'flights', 'levers'), exactly one"
        for channel, times in Counter(named).items():
            if times > 1:
                yield f"one rule for a channel, but {channel} has {times}"


class MoneyLimits(Section):
    """Least and most money a week, as a mean over the horizon."""

    min: Annotated[float, Field(ge=0)] = 0.0
    max: Positive | None = None

    def _faults(self) -> Iterator[str | KeyProblem]:
        if self.max is not None and not self.min <= self.max:
            yield KeyProblem(("min",), str(self.min), f"no more than 'max', which is {self.max:g}")


class ChannelGroup(MoneyLimits):
    """Channels whose money is limited together."""

    label: Name
    channels: Annotated[tuple[Slug, ...], Field(min_length=1)]


class OptimiserParams(Section):
    """What the optimised plans make large, and what they have to keep."""

    objective: Literal["expected", "quantile", "shortfall", "mean_deviation"] = "expected"
    """The mean gain; the gain that is exceeded but for ``tail``; the mean of the worst ``tail``; the
    mean less ``aversion`` standard deviations (the frontier of mean and variance)."""
    tail: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    aversion: Annotated[float, Field(ge=0, le=10)] = 1.0
    vary: Literal["channel", "region", "week"] = "channel"
    """What may change: a channel's money in the shape that it has in the baseline; in each region;
    or every week of it on its own."""
    budget_change: Annotated[float, Field(gt=-0.9, le=1)] | None = None
    """Of the second optimised plan, as a share of the baseline's budget; if not given the best
    one within 10 % of it (for a count 10 % more)."""
    step: Annotated[float, Field(gt=0, le=10)] | None = 0.2
    """Most that a channel's money may change in one quarter, as a share of the baseline's."""
    channels: dict[Slug, MoneyLimits] = Field(default_factory=dict)
    regions: dict[str, MoneyLimits] = Field(default_factory=dict)
    """Floors and caps of regions, all channels together, by their names in the data."""
    groups: dict[Slug, ChannelGroup] = Field(default_factory=dict)
    weeks: MoneyLimits | None = None
    """Of every single week, all channels together."""
    fixed: tuple[Slug, ...] = ()
    """Channels whose money is committed: it stays as in the baseline."""
    target: Annotated[float, Field(gt=0, le=1)] | None = None
    """More of what the channels bring, as a share of it: a plan shows the least that it costs."""
    beyond_seen: bool = False
    """Whether a plan may leave the spend that the past has seen; nothing may be inferred there."""


class ScenarioParams(Section):
    """The standing scenarios (O3)."""

    horizon_weeks: Annotated[int, Field(ge=4, le=52)] = 13
    """Weeks that a plan is for."""
    baseline: BaselineKind = "recent_mean"
    """What plans are compared with: the mean of the last ``reference_weeks``, the rate of the last
    ``current_weeks``, the same weeks of last year, or a plan that is booked (``booked_plan``)."""
    booked_plan: InsidePath | None = None
    """Table of the booked plan, beside the parameter file; 'mmm plan template' writes one."""
    plans: dict[Slug, PlanRules] = Field(default_factory=dict)
    """The team's own plans, beside the standing ones."""
    reference_weeks: Annotated[int, Field(ge=4, le=52)] = 13
    """How many of the latest weeks make the recent mean, and the split of money over regions."""
    current_weeks: Annotated[int, Field(ge=1, le=13)] = 4
    """How many of the latest weeks tell what is spent now."""
    rate_tolerance: Share = 0.20
    """By which share of the baseline a channel's current rate may be off it; beyond, a plan is held
    against both, and is safe to act on only if it is safe against both."""
    increase: Share = 0.20
    reallocate: Share = 0.15
    cut: Share = 0.20
    """Sizes of the increase, of the amount moved, and of the cut, as shares of spend."""
    max_channels: Annotated[int, Field(ge=1, le=4)] = 2
    """Over how many channels an increase may be spread."""
    max_cut: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Largest share of a channel's spend that a plan may take away."""
    optimise: OptimiserParams = Field(default_factory=OptimiserParams)
    safe_probability: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Probability of beating the baseline from which a plan may be called safe to act on."""
    step_probability: Annotated[float, Field(gt=0.5, lt=1)] = 0.85
    """Probability of beating the baseline, under every prior that is tried, from which a plan that is not safe may be
    recommended as a step to watch."""
    step_risk: Share = 0.5
    """Most that such a step may lose in the mean of its worst tenth, as a share of what it gains in the middle."""
    clear_probability: Annotated[float, Field(gt=0.5, lt=1)] = 0.8
    """Probability from which a model counts as speaking for a plan (or, at 1 minus it, against)."""

    def _faults(self) -> Iterator[KeyProblem]:
        if (self.baseline == "booked") != (self.booked_plan is not None):
            found = (
                "no file"
                if self.booked_plan is None
                else f"a file, and the baseline {self.baseline}"
            )
            yield KeyProblem(
                ("booked_plan",), found, "a file if, and only if, the baseline is 'booked'"
            )
