"""A whole parameter file as frozen values.

The rest of the code trusts these objects: everything that can be wrong in a
parameter file is caught here or in :mod:`mmmlib.params.strict`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from mmmlib.estimates import is_money
from mmmlib.params.candidates import CandidateParams
from mmmlib.params.compute import ComputeParams
from mmmlib.params.data import DataParams
from mmmlib.params.lift import POOLED, LiftTest
from mmmlib.params.limits import ComparisonParams, HealthParams, ReadinessParams
from mmmlib.params.model import ModelParams, Range
from mmmlib.params.places import KeyPath, KeyProblem
from mmmlib.params.references import broken_references
from mmmlib.params.scenarios import ScenarioParams
from mmmlib.params.section import (
    Currency,
    Day,
    InsidePath,
    Name,
    Period,
    Section,
    Slug,
    days_of,
)
from mmmlib.params.unit_price import PricePoint, price_by, price_faults
from mmmlib.prices import UnitPrice

# --- the question ------------------------------------------------------------------


class RefreshParams(Section):
    """Which refresh this is (G1)."""

    period: Period
    kind: Literal["monthly", "quarterly"] = "quarterly"
    """A monthly refresh proposes nothing; a quarterly one has plans, too."""
    parent: str = "latest"
    """``latest`` (the newest run of an earlier period that no gate blocked, of no later ``as_of``,
    and whose model was not set on the command line), ``none``, or a run id."""
    as_of: Day | None = None
    """The day from which the data is seen; see :attr:`Params.as_of`."""


class Audience(Section):
    """Whom the model serves, and what it may be used for (M1)."""

    serves: Literal["growth", "sales", "finance"]
    supports: tuple[str, ...] = Field(min_length=1)
    not_for: tuple[str, ...] = Field(min_length=1)


class KeyQuestion(Section):
    """A question written down before the fit and answered in the report (A4)."""

    question: Name
    kind: Literal["scale", "cut", "rank", "other"] = "other"
    channel: Slug | None = None
    outcome: Slug | None = None


# --- what is modelled ----------------------------------------------------------------


class StatedPrior(Section):
    """What is believed of a channel before the fit: its return, its share, or its cost per unit."""

    roi: Range | None = None
    """Money back per unit of money, for outcomes in money."""
    share: Range | None = None
    """Share of any outcome that the channel causes."""
    cost_per: dict[Slug, Range] = Field(default_factory=dict)
    """Money per unit of a counted outcome: ``{signups: {low: 20, high: 200}}``."""

    def _faults(self) -> Iterator[str]:
        if self.roi is not None and self.share is not None:
            yield "a prior stated as 'roi' or as 'share', not as both"
        if not self._says_something():
            yield "a prior stated as 'roi', as 'share' or as 'cost_per' outcome"

    def _says_something(self) -> bool:
        return self.roi is not None or self.share is not None or bool(self.cost_per)


class Prior(StatedPrior):
    """The same, of an outcome over all its motions, and of a motion by itself."""

    motions: dict[Slug, StatedPrior] = Field(default_factory=dict)
    """What is stated of one motion's own outcome: ``{self_serve: {roi: {low: 0.5, high: 2}}}``. For
    the others, what is stated of the outcome is split by the motions' shares of it."""

    def _says_something(self) -> bool:
        return super()._says_something() or bool(self.motions)


class MeasuredSeries(Section):
    """A series, and the days on which it was measured."""

    zeros: Literal["real"] | None = None
    """``real``: weeks of zero at the head or the tail of the series are true (it began later, or it
    is over). Without it, zeros that the rest of the series makes unlikely block the refresh."""
    starts: Day | None = None
    """First day on which it was measured; the panel begins with the first whole week from there."""
    ends: Day | None = None
    """Last day on which it was measured; the panel ends with the last whole week up to it."""
    credit_notes: Literal["earlier_weeks"] | None = None
    """Spend below zero is money that came back, an outcome below zero what was cancelled:
    ``earlier_weeks`` takes it off the weeks before, the newest first. Without it, such a week of spend
    or of counts is refused, and one of revenue stands as it is."""

    def _faults(self) -> Iterator[str | KeyProblem]:
        if self.starts is not None and self.ends is not None and self.starts > self.ends:
            yield f"'starts' not after 'ends', but they are {self.starts} and {self.ends}"


class Channel(MeasuredSeries):
    """A channel: where its spend (without one, its exposure) is found, and the form of its effect."""

    label: str = ""
    spend: Name | None = None
    """Column of weekly spend; ``source.column`` where two sources share the name. Spend from several
    sources is added up: ``ads.search.spend + agency.search.spend``. A channel without spend (a
    newsletter, organic search, GRPs that nobody priced) has a contribution and no return, and is in
    no plan."""
    exposure: Name | None = None
    """Column of impressions, clicks or GRPs; if given, the channel's effect follows it instead of
    spend. A channel without spend needs it."""
    adstock: Literal["geometric", "delayed", "weibull"] = "geometric"
    """How the effect of a spend is spread over the weeks after it."""
    saturation: Literal["logistic", "hill", "michaelis_menten"] = "logistic"
    """How more spend in a week returns less."""
    prior: Prior | None = None
    """What is believed of the channel before the data are looked at."""
    new_levels: tuple[Day, ...] = ()
    """Days from which its spend (and exposure) really has another level, as when a budget is
    tripled. Without it, newest weeks unlike all before warn, and no plan rests on the channel."""
    scalable: bool = True
    """Whether more could be bought at all; if not, no plan increases it."""
    unit_price: tuple[PricePoint, ...] = ()
    """How the price of its exposure rises with what is spent in a week: at least two points, the
    smallest spend first (``[{weekly: 40000, price: 8.0}, {weekly: 80000, price: 9.5}]``). Without it, plans buy at
    today's price, whatever they spend."""

    def _faults(self) -> Iterator[str | KeyProblem]:
        yield from super()._faults()
        lacking = [key for key in ("spend", "exposure") if getattr(self, key) is None]
        yield from price_faults(self.unit_price, lacking)
        if self.spend is not None:
            return
        if self.exposure is None:
            yield "a 'spend'; or, of a channel without one, the 'exposure' that its effect follows"
        if self.credit_notes:
            yield KeyProblem(("credit_notes",), "credit notes without a spend", "a 'spend'")
        stated: dict[tuple[str, ...], StatedPrior] = {}
        if self.prior is not None:
            stated = {("motions", name): one for name, one in self.prior.motions.items()}
            stated[()] = self.prior
        for place, one in stated.items():
            for kind in ("roi", "cost_per"):
                if getattr(one, kind):
                    found = "a return of a channel without spend"
                    yield KeyProblem(("prior", *place, kind), found, "a prior stated as 'share'")

    @property
    def price(self) -> UnitPrice:
        """Price of its exposure as declared, the level left open."""
        return price_by(self.unit_price)


class MotionColumn(MeasuredSeries):
    """The outcome column of one sales motion (M3)."""

    column: Name


class Outcome(MeasuredSeries):
    """What the model explains (M2). One model is fitted per outcome and motion."""

    label: str = ""
    kind: Literal["revenue", "count"]
    """Whether it is money or something that is counted."""
    unit: str = ""
    """For a count: what is counted (``signups``, ``MQLs``); three capitals are money. Revenue is
    in the workbook's currency."""
    column: Name | None = None
    """Column of the outcome, all motions pooled."""
    motions: dict[Slug, MotionColumn] = Field(default_factory=dict)
    """The ways in which a sale comes about, each with a model of its own."""
    value_per_unit: Name | None = None
    """Column with the money that one unit is worth; a count then becomes revenue."""
    margin: Annotated[float, Field(gt=0, le=1)] | None = None
    """Profit in a unit of revenue, before marketing. Plans are then judged by profit, else by revenue."""
    bias: str = ""
    """The known bias of this outcome, in words; reports repeat it."""
    likelihood: Literal["normal", "student_t", "negative_binomial"] | None = None
    """As ``model.likelihood`` if not given; ``negative_binomial`` is for sparse counts."""

    def _faults(self) -> Iterator[str | KeyProblem]:
        yield from super()._faults()
        if (self.column is None) == (not self.motions):
            yield "either 'column' (motions pooled) or 'motions', exactly one"
        if self.kind == "count" and not self.unit:
            yield "a 'unit' for a count: what is counted"
        # Everything after the parameters tells money from counts by the unit alone.
        if self.kind == "count" and is_money(self.unit):
            yield KeyProblem(
                ("unit",),
                f"'{self.unit}'",
                f"what is counted, not three capitals, which read as a currency: write "
                f"{self.unit}s, or a word such as leads",
            )
        if self.margin is not None and self.kind == "count" and not self.value_per_unit:
            yield KeyProblem(
                ("margin",), f"{self.margin:g}, of a count", "a margin of revenue only"
            )
        if self.likelihood == "negative_binomial" and (self.kind != "count" or self.value_per_unit):
            yield "'likelihood: negative_binomial' for an outcome that stays a count"


class Lever(Section):
    """What a plan needs to know of a control that it may set: a price, a promotion."""

    unit: Name
    """What its values are counted in: index points, per cent off."""
    cost_per_week: Annotated[float, Field(ge=0)] | Literal["unknown"] = "unknown"
    """Money that one unit more of it costs in a week (in each region, where the control is by region); 0
    where it costs nothing. While it is ``unknown``, no profit of a plan that moves it can be told."""


class Control(Section):
    """Something beside marketing that moves the outcome (price, competitors, macro)."""

    column: Name
    """Column that it is read from."""
    label: str = ""
    week: Literal["mean", "sum"] | None = None
    """How days become a week: by their mean (a price) or their sum (a count). If not given, by
    their mean, or by their sum where each row is an event."""
    lever: Lever | None = None
    """Declares that plans may set it. Its effect in them is what the model says that goes with it: an
    association, until a test has moved it on purpose."""


class Event(Section):
    """An event; its effect is estimated while it lasts.

    Either dated (``start`` and ``end``), or marked in the data: weeks in which ``column`` reads
    ``equals`` (of days, the share of the week that does).
    """

    label: str = ""
    start: Day | None = None
    end: Day | None = None
    column: Name | None = None
    equals: str = "1"

    def _faults(self) -> Iterator[str]:
        dates = (self.start is not None) + (self.end is not None)
        if dates != (0 if self.column else 2):
            yield "either 'start' and 'end', or 'column' (with 'equals')"
        if self.start is not None and self.end is not None and self.start > self.end:
            yield f"start not after end, but they are {self.start} and {self.end}"


class GovernanceParams(Section):
    """Files of the policy and of the roles, beside the parameter file."""

    policy: InsidePath = "policy.yaml"
    roles: InsidePath = "roles.yaml"
    wide_ratio: Annotated[float, Field(gt=1)] = 10.0
    """A return needs review where the ends of its range differ by more than this factor (O8)."""


class ReportParams(Section):
    """How the pack is written."""

    fonts: tuple[Name, ...] = ()
    """Names of font families on the machine that labels in other scripts take first, in this order."""


class Params(Section):
    """A whole parameter file."""

    workbook: Slug
    title: Name
    currency: Currency
    refresh: RefreshParams
    audience: Audience
    key_questions: tuple[KeyQuestion, ...] = ()
    data: DataParams
    channels: dict[Slug, Channel] = Field(min_length=1)
    outcomes: dict[Slug, Outcome] = Field(min_length=1)
    primary_outcome: str = ""
    """What leads the pack: an outcome, over all its motions, or one model, ``outcome.motion``.

    The first outcome if not given.
    """
    controls: dict[Slug, Control] = Field(default_factory=dict)
    events: dict[Slug, Event] = Field(default_factory=dict)
    lift_tests: dict[Slug, LiftTest] = Field(default_factory=dict)
    """Lift tests by name, beside those of ``data.lift_tests``."""
    model: ModelParams = ModelParams()
    candidates: CandidateParams | None = None
    """Specifications that are tried beside this one, declared before anything is fitted."""
    readiness: ReadinessParams = ReadinessParams()
    health: HealthParams = HealthParams()
    comparison: ComparisonParams = ComparisonParams()
    scenarios: ScenarioParams = ScenarioParams()
    governance: GovernanceParams = GovernanceParams()
    report: ReportParams = ReportParams()
    compute: ComputeParams = ComputeParams()

    def _faults(self) -> Iterator[KeyProblem]:
        yield from broken_references(self.model_dump())
        if not self.paid_channels:
            expected = "a channel with 'spend': what the others return cannot be asked"
            yield KeyProblem(("channels",), "no channel with spend", expected)
        limit = self.health.max_plausible_roi
        stated: dict[KeyPath, Range | None] = {("model", "default_roi"): self.model.default_roi}
        for name, channel in self.channels.items():
            stated["channels", name, "prior", "roi"] = channel.prior.roi if channel.prior else None
        for key, roi in stated.items():
            if roi is not None and roi.low > limit:
                yield KeyProblem(
                    key,
                    f"a return of {roi.low:g} to {roi.high:g}",
                    f"a return that health.max_plausible_roi ({limit:g}) allows",
                    "State it as money back per unit of money (1.5 for 1.50 back per 1.00 spent), "
                    "or raise that limit.",
                )

    @property
    def paid_channels(self) -> tuple[str, ...]:
        """Names of the channels with spend: those that have a return, and that plans are made of."""
        return tuple(name for name, one in self.channels.items() if one.spend is not None)

    @property
    def unpaid_channels(self) -> tuple[str, ...]:
        """Names of the channels without spend: they have a contribution, and no return."""
        return tuple(name for name, one in self.channels.items() if one.spend is None)

    @property
    def levers(self) -> dict[str, Lever]:
        """Controls that plans may set."""
        return {name: one.lever for name, one in self.controls.items() if one.lever is not None}

    @property
    def motions(self) -> dict[str, tuple[str, ...]]:
        """Motions of every outcome; ``pooled`` where they are not distinguished."""
        return {name: tuple(one.motions) or (POOLED,) for name, one in self.outcomes.items()}

    @property
    def model_names(self) -> tuple[str, ...]:
        """Models to fit, ``outcome.motion``; ``outcome.pooled`` where motions are pooled."""
        return tuple(f"{name}.{one}" for name, motions in self.motions.items() for one in motions)

    @property
    def as_of(self) -> dt.date:
        """The day from which the data is seen.

        ``refresh.as_of`` if given; else today, or, for simulated data, the day after the period.
        """
        if self.refresh.as_of or not self.data.simulated:
            return self.refresh.as_of or dt.date.today()
        return days_of(self.refresh.period)[1] + dt.timedelta(days=1)

    @property
    def today(self) -> dt.date:
        """The day on which people act on a run: today; of a simulated company, :attr:`as_of`.

        So the story of a simulated company can be played on any day.
        """
        return self.as_of if self.data.simulated else dt.date.today()

    @property
    def primary(self) -> str:
        """What leads the pack: a model, or the name of an outcome summed over its motions."""
        name = self.primary_outcome or next(iter(self.outcomes))
        parts = self.parts_of(name)
        return name if len(parts) > 1 else parts[0]

    @property
    def views(self) -> tuple[str, ...]:
        """What the pack reports on: every model, and the sum over motions where it leads. That first."""
        return (self.primary, *(name for name in self.model_names if name != self.primary))

    def parts_of(self, name: str) -> tuple[str, ...]:
        """Return the models that make up an outcome; of a model, itself.

        Raises
        ------
        KeyError
            If there is neither a model nor an outcome of that name.
        """
        if name in self.model_names:
            return (name,)
        return tuple(f"{name}.{motion}" for motion in self.motions[name])

    def related_to(self, name: str) -> set[str]:
        """Return what rests on the same fits: a sum and its motions, a motion and its sum."""
        return {name, *self.parts_of(name), name.partition(".")[0]}

    def channel_label(self, name: str) -> str:
        """Name of a channel for people; channels of one label are numbered."""
        label = self._own_label(name)
        same = [one for one in self.channels if self._own_label(one) == label]
        return f"{label} ({same.index(name) + 1})" if name in same and len(same) > 1 else label

    def _own_label(self, name: str) -> str:
        channel = self.channels.get(name)
        return (channel.label if channel else "") or name.replace("_", " ").capitalize()

    def control_label(self, name: str) -> str:
        """Name of a control for people."""
        return self.controls[name].label or name.replace("_", " ").capitalize()

    def model_label(self, model: str) -> str:
        """Name of a model for people: the outcome, and the motion where there is one."""
        name, _, motion = model.partition(".")
        outcome = self.outcomes.get(name)
        label = (outcome.label if outcome else "") or name.replace("_", " ").capitalize()
        return label if motion in ("", POOLED) else f"{label}, {motion.replace('_', ' ')}"

    def subject_label(self, name: str) -> str:
        """Name of the subject of a finding for people; as it is where it is no known subject."""
        if name in self.channels:
            return self.channel_label(name)
        if name in self.model_names or name in self.outcomes:
            return self.model_label(name)
        if name == "workbook":
            return "the workbook"
        for mark in ("/", ":"):
            first, found, rest = name.partition(mark)
            if found and rest:
                return f"{self.subject_label(first)}: {self.subject_label(rest)}"
        return name

    def outcome_of(self, model: str) -> Outcome:
        """Return the outcome that a model explains."""
        return self.outcomes[model.partition(".")[0]]

    def outcome_unit(self, model: str) -> str:
        """Return the unit of a model's outcome: the currency, or what is counted."""
        outcome = self.outcome_of(model)
        money = outcome.kind == "revenue" or outcome.value_per_unit is not None
        return self.currency if money else outcome.unit

    def worth_of(self, model: str) -> float | None:
        """Return what a unit of a model's outcome is worth: its margin, 1 for revenue, None for a count."""
        money = self.outcome_unit(model) == self.currency
        return (self.outcome_of(model).margin or 1.0) if money else None

    def return_unit(self, model: str) -> str:
        """Return the unit of a model's return: ``USD/USD``, ``signups/USD``."""
        return f"{self.outcome_unit(model)}/{self.currency}"
