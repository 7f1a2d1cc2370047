"""The series that the parameters declare: the role of each, and the source that holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from mmmlib.data.contract.layout_columns import is_whole_week, numbers_of
from mmmlib.params import Params
from mmmlib.params.source import Source

SUMMED = ("outcome", "spend", "exposure", "funnel")
"""Roles that add up over regions; the others are averaged."""


BESIDE = ("impressions", "clicks")
"""What an ad platform delivers beside spend, that it was spent on; the first one is taken."""
PLUS = " + "
"""Stands between the parts of a series that several sources deliver."""


@dataclass(frozen=True)
class DeclaredSeries:
    """A series that the parameters declare, or the part of it that one source delivers."""

    role: str
    name: str
    key: str
    """Where the parameters name it: ``channels.tv.spend``."""
    reference: str

    @property
    def series(self) -> str:
        """Column of the panel: ``spend:tv``."""
        return f"{self.role}:{self.name}"

    @property
    def part(self) -> str:
        """The part of it that one source delivers."""
        return f"{self.series} {self.reference}"


@dataclass(frozen=True)
class WeeklyAggregation:
    """What the parameters take from a source, and what becomes of it when its days are summed to weeks."""

    numbers: frozenset[str] | None = None
    """Columns that they name for their numbers; summed, if they are not in ``means``. None for all."""
    means: frozenset[str] = frozenset()
    """Those of which a day's mean counts: levels, such as a price."""
    events: tuple[tuple[str, str], ...] = ()
    """Columns and the text by which they tell of an event; the share of the week's days counts."""
    money: frozenset[str] = frozenset()
    """Series that are money in the parameters: spend, revenue, the value of a unit."""
    sums: frozenset[str] = frozenset()
    """Those of ``numbers`` that are summed from days: a day without a value lacks in its week."""
    whole: frozenset[str] = frozenset()
    """Those of ``sums`` of which ``gaps`` does not say that such a day is a zero."""
    not_negative: frozenset[str] = frozenset()
    """Those of ``numbers`` of which no value is below zero: spend, exposure, counts."""
    beside: frozenset[str] = frozenset()
    """Exposure that stands beside a spend; nobody names it, and no fault of it is reported."""
    every_day: frozenset[str] = frozenset()
    """Those that are summed from days on which each has a row of its own."""

    @property
    def added(self) -> frozenset[str] | None:
        """Those of ``numbers`` that add up; None for all."""
        return None if self.numbers is None else self.numbers - self.means

    @property
    def marks(self) -> dict[str, str]:
        """Series that mark events, and the column that each is read from."""
        return {event_series(column, text): column for column, text in self.events}


def weekly_aggregation(params: Params, source: str) -> WeeklyAggregation:
    """Say what becomes of a source's columns when its days are summed to weeks."""
    declared, its_source = declared_series(params), params.data.sources[source]

    def here(taken: Callable[[DeclaredSeries], bool]) -> frozenset[str]:
        return _here((one.reference for one in declared if taken(one)), source)

    events = [
        (column, params.events[one.name].equals)
        for one in declared
        if one.role == "event"
        for column in sorted(_here([one.reference], source))
    ]
    numbers = here(lambda one: one.role != "event")
    means = numbers - here(lambda one: adds_up(params, one, source))
    # Of the other layouts a row is a campaign's or a deal's, which need not have every value.
    dated = its_source.grain == "day" or its_source.is_spread
    by_day = dated and its_source.layout in ("wide", "long")
    sums = numbers - means if by_day else frozenset()
    zero = (its_source.gaps or params.data.gaps) == "zero"
    filled = {one.reference for one in declared if zero and one.role in SUMMED}
    # An ad platform has no row of a campaign that did not run; a wide row has every series.
    own = its_source.grain == "day" and its_source.layout in ("long", "master_flat_file")
    return WeeklyAggregation(
        numbers=numbers,
        means=means,
        events=tuple(dict.fromkeys(events)),
        money=here(lambda one: _is_money(params, one)),
        sums=sums,
        whole=sums & here(lambda one: one.role == "outcome" or one.reference not in filled),
        not_negative=numbers - here(lambda one: may_be_negative(params, one, its_source)),
        beside=_beside(declared, source) if is_whole_week(its_source) else frozenset(),
        every_day=numbers - means if own else frozenset(),
    )


def _beside(declared: Iterable[DeclaredSeries], source: str) -> frozenset[str]:
    """Name what may stand beside the spend of a channel: ``search.clicks`` for ``search.spend``."""
    spends = _here((one.reference for one in declared if one.role == "spend"), source)
    firsts = (name.rpartition(".") for name in spends)
    return frozenset(
        f"{first}.{word}"
        for first, _, last in firsts
        if first and last == "spend"
        for word in BESIDE
    )


def _is_money(params: Params, one: DeclaredSeries) -> bool:
    if one.role == "outcome":
        return params.outcome_of(one.name).kind == "revenue"
    return one.role in ("spend", "value")


def may_be_negative(params: Params, one: DeclaredSeries, source: Source) -> bool:
    """Say whether a series of a source may be below zero, as far as reading it goes.

    A control may, and revenue with its credit notes, and spend whose credit notes are declared. So
    may what the contract promises to be zero or more: there it is a broken contract, told in the
    pack like any other.
    """
    if one.role == "outcome" and params.outcome_of(one.name).kind == "revenue":
        return True
    if one.role == "outcome":
        outcome, motion = params.outcome_of(one.name), one.name.partition(".")[2]
        noted = [outcome, *filter(None, [outcome.motions.get(motion)])]
    else:
        noted = [params.channels[one.name]] if one.role == "spend" else []
    if any(part.credit_notes for part in noted):
        return True
    return one.role == "control" or _is_promised(one.reference, source)


def _is_promised(reference: str, source: Source) -> bool:
    """Say whether the contract holds a series to zero or more by the column that it is read from."""
    columns = source.contract.columns if source.contract else {}
    names = [reference, reference.partition(".")[2]]
    if source.layout != "wide":
        names = numbers_of(source, (), None)
    promised = [columns[name].min for name in names if name in columns]
    return bool(promised) and all(low is not None and low >= 0 for low in promised)


def adds_up(params: Params, one: DeclaredSeries, source: str) -> bool:
    """Say whether the days of a week, or what happened in it, add up in a series of a source."""
    if one.role != "control":
        return one.role in SUMMED
    said = params.controls[one.name].week
    return said == "sum" or (said is None and params.data.sources[source].grain == "event")


def _here(references: Iterable[str], source: str) -> frozenset[str]:
    """What references would be called in a source, whether they name it or not."""
    return frozenset(name for one in references for name in (one, one.removeprefix(f"{source}.")))


def event_series(column: str, text: str) -> str:
    """Name the series of 1 and 0 that marks where a column reads a text.

    >>> event_series("promotion", "spring")
    'promotion = spring'
    """
    return f"{column} = {text}"


def declared_series(params: Params) -> list[DeclaredSeries]:
    """List every series that the parameters name, in the panel's order.

    One that is the sum of several sources (``ads.search.spend + agency.search.spend``) is listed
    once for each of them.
    """
    return [
        replace(declared, reference=part.strip())
        for declared in _named_series(params)
        for part in (
            declared.reference.split(PLUS) if declared.role in SUMMED else [declared.reference]
        )
    ]


def _named_series(params: Params) -> Iterator[DeclaredSeries]:
    for name, outcome in params.outcomes.items():
        key = f"outcomes.{name}"
        if outcome.column is not None:
            yield DeclaredSeries("outcome", f"{name}.pooled", f"{key}.column", outcome.column)
        for motion, part in outcome.motions.items():
            place = f"{key}.motions.{motion}.column"
            yield DeclaredSeries("outcome", f"{name}.{motion}", place, part.column)
        if outcome.value_per_unit is not None:
            yield DeclaredSeries("value", name, f"{key}.value_per_unit", outcome.value_per_unit)
    for name, channel in params.channels.items():
        if channel.spend is not None:
            yield DeclaredSeries("spend", name, f"channels.{name}.spend", channel.spend)
    for name, channel in params.channels.items():
        if channel.exposure is not None:
            yield DeclaredSeries("exposure", name, f"channels.{name}.exposure", channel.exposure)
    for name, control in params.controls.items():
        yield DeclaredSeries("control", name, f"controls.{name}.column", control.column)
    for name, event in params.events.items():
        if event.column is not None:
            yield DeclaredSeries("event", name, f"events.{name}.column", event.column)
    limits = params.readiness
    if limits.top_of_funnel and limits.paid_top_of_funnel:
        yield DeclaredSeries("funnel", "all", "readiness.top_of_funnel", limits.top_of_funnel)
        paid = limits.paid_top_of_funnel
        yield DeclaredSeries("funnel", "paid", "readiness.paid_top_of_funnel", paid)
    if params.data.population is not None:
        yield DeclaredSeries("population", "", "data.population", params.data.population)
