"""What is measured, as a parameter file has it: channels, outcomes, controls, events, and priors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from mmmlib.estimates import is_money
from mmmlib.params.model import Range
from mmmlib.params.places import KeyProblem
from mmmlib.params.section import Day, Name, Section, Slug
from mmmlib.params.unit_price import PricePoint, price_by, price_faults
from mmmlib.prices import UnitPrice


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
