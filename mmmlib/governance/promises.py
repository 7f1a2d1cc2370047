"""Do published ranges hold? What was promised of the future is written down, and scored when it is known.

Forecasts of coming weeks, predicted results of lift tests and what decisions should bring are
pooled, because decisions alone are too few to tell, and shown apart. A single outcome outside its
range says little: a 90 % range is missed once in ten times. The score says how many held, and how
likely that count would be called out if the ranges truly held less often: with few promises nothing
can be told, and then it says so.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mmmlib.estimates import MASS, Estimate, Frozen, format_number
from mmmlib.governance.decisions import Followed, decision_log
from mmmlib.governance.records import (
    PromiseOutcome,
    Publication,
    RangePromise,
    TestPrediction,
    records_of,
)
from mmmlib.governance.store import Entry
from mmmlib.params.load import params_of
from mmmlib.phrases import date_text
from mmmlib.runs import Run
from mmmlib.scenarios.forecast import Forecast
from mmmlib.scenarios.pack import ScenarioPack

FALSE_ALARM = 0.05
"""Probability with which ranges that hold as often as they say are called out."""
TOO_NARROW = 0.7
"""Share of 90 % ranges that hold, against which the power is stated."""
KINDS_OF_PROMISES = {
    "forecast": "Forecasts of weeks",
    "lift_test": "Predicted lift tests",
    "plan": "Decisions",
}


class Kept(NamedTuple):
    """A promise whose outcome is known; see :class:`mmmlib.governance.records.RangePromise`."""

    kind: str
    about: str
    expected: Estimate
    """The promised range; widened by the error of a measurement."""
    value: float
    """What came, in the same unit."""
    independent: float = 1.0


class PromiseScore(Frozen):
    """How often stated ranges held."""

    kind: str = "all"
    title: str = "All together"
    promises: int
    """Those whose outcome is known and can be told apart from their range."""
    independent: float
    """So many independent promises tell as much: weeks of one forecast err together."""
    held: int
    """How many landed inside the 90 % range."""
    held_inner: int
    """How many landed inside the 50 % range."""
    above: int
    below: int
    interval_score: float | None
    """Mean interval score in units of each range's width (Gneiting and Raftery, 2007): 1 where the
    outcome is inside, and 20 times the distance more where it is not. Ranges that are right hold in
    nine of ten and miss by little."""
    too_narrow: bool = False
    """Whether fewer held than chance lets expect of 90 % ranges."""
    power: float
    """Probability that ranges which truly hold in 70 % are called too narrow with so many promises."""
    verdict: str
    """What the count says, in a sentence."""

    def __str__(self) -> str:
        if not self.promises:
            return "No promise has come due yet."
        worth = ""
        if self.independent < 0.95 * self.promises:
            worth = (
                f" Errors that go together make them worth {self.independent:.0f} independent ones."
            )
        return (
            f"{self.held} of {self.promises} stated 90 % ranges held, and {self.held_inner} of their "
            f"50 % ranges; interval score {self.interval_score or 1:.1f} (1.0 where all held)."
            f"{worth} {self.verdict}"
        )


class PromiseBook(NamedTuple):
    """Every promise of a workbook, and how those that are known were kept."""

    open: tuple[RangePromise, ...]
    """Forecasts and predicted tests whose outcome is not known yet."""
    kept: tuple[Kept, ...]
    """Those that are known, decisions among them."""
    plans: int
    """How many plans were published: what they bring is known only of those that are carried out."""

    @property
    def pooled(self) -> PromiseScore:
        """All of them."""
        return score_kept(self.kept)

    @property
    def scores(self) -> tuple[PromiseScore, ...]:
        """All of them first, then by kind; those of which nothing is known are left out."""
        by_kind = (
            score_kept([one for one in self.kept if one.kind == kind], kind, title)
            for kind, title in KINDS_OF_PROMISES.items()
        )
        return tuple(one for one in (self.pooled, *by_kind) if one.promises)

    def __str__(self) -> str:
        return "\n".join([str(self.pooled), *(f"  {one.title}: {one}" for one in self.scores[1:])])


# --- what is written down ----------------------------------------------------------------


def published_promises(run: Run) -> tuple[RangePromise, ...]:
    """Collect every range about the future that a finished run's pack publishes.

    Those are its forecasts week by week, and what its plans bring; a run without models promises nothing.
    """
    params = params_of(run)
    found: list[RangePromise] = []
    if run.has("forecast.json"):
        for one in run.load_json("forecast.json", Forecast).models:
            label = params.model_label(one.model)
            found += [
                RangePromise(
                    promise=f"forecast {params.workbook} {one.model} {week}",
                    kind="forecast",
                    about=f"{label}, week of {date_text(week)}",
                    subject=one.model,
                    start=week,
                    end=week + dt.timedelta(days=6),
                    expected=expected,
                    independent=one.independent / len(one.weeks),
                )
                for week, expected in zip(one.weeks, one.outcome, strict=True)
            ]
    if run.has("scenarios.json"):
        pack = run.load_json("scenarios.json", ScenarioPack)
        last = pack.first_week + dt.timedelta(days=7 * pack.weeks - 1)
        found += [
            RangePromise(
                promise=f"plan {run.name} {plan.name}",
                kind="plan",
                about=f"{plan.title}, against {pack.compared_with}",
                subject=plan.name,
                start=pack.first_week,
                end=last,
                expected=plan.gain,
            )
            for plan in pack.scenarios
            if plan.kind != "baseline"
        ]
    return tuple(found)


# --- what became of it -------------------------------------------------------------------


def promise_book(
    entries: Sequence[Entry], workbook: str, came: Iterable[PromiseOutcome] = ()
) -> PromiseBook:
    """Collect what a workbook promised, and what came of it.

    ``came`` is what is known beside the store: by the data of a run that is not published yet.
    """
    published = [one for one in records_of(entries, Publication) if one.workbook == workbook]
    predicted = [one for one in records_of(entries, TestPrediction) if one.workbook == workbook]
    promised: dict[str, RangePromise] = {}
    for one in (*(p for pack in published for p in pack.promises), *(p.promise for p in predicted)):
        promised.setdefault(one.promise, one)  # what was said first counts
    outcomes: dict[str, PromiseOutcome] = {}
    for outcome in (*(o for pack in published for o in pack.came), *came):
        outcomes.setdefault(outcome.promise, outcome)
    plans = [one for one in promised.values() if one.kind == "plan"]
    others = [one for one in promised.values() if one.kind != "plan"]
    return PromiseBook(
        open=tuple(one for one in others if one.promise not in outcomes),
        kept=(
            *(
                kept_promise(one, outcomes[one.promise])
                for one in others
                if one.promise in outcomes
            ),
            *kept_decisions(decision_log(entries, workbook)),
        ),
        plans=len(plans),
    )


def kept_promise(promise: RangePromise, outcome: PromiseOutcome) -> Kept:
    """Put what came beside what was promised; a measurement's own error widens the range."""
    expected, error = promise.expected, outcome.standard_error
    if error:
        measured = Estimate.from_measurement(0.0, error)

        def wider(end: float, by: float) -> float:
            return expected.median + math.copysign(math.hypot(end - expected.median, by), by)

        expected = expected.model_copy(
            update={
                "low": wider(expected.low, measured.low),
                "high": wider(expected.high, measured.high),
                "inner_low": wider(expected.inner_low, measured.inner_low),
                "inner_high": wider(expected.inner_high, measured.inner_high),
            }
        )
    return Kept(promise.kind, promise.about, expected, outcome.value, promise.independent)


def kept_decisions(log: Iterable[Followed]) -> list[Kept]:
    """Decisions whose outcome can be told apart from the range that they stated."""
    return [
        Kept("plan", one.decision.title, one.decision.expected, one.outcome.value)
        for one in log
        if one.decision.expected is not None
        and one.outcome is not None
        and one.landing in ("inside", "above", "below")
    ]


def score_kept(
    kept: Sequence[Kept], kind: str = "all", title: str = "All together"
) -> PromiseScore:
    """Score promises whose outcome is known; see :class:`PromiseScore`."""
    from scipy.special import bdtr

    count = len(kept)
    independent = sum(one.independent for one in kept)
    worth = round(independent)
    held = sum(one.expected.low <= one.value <= one.expected.high for one in kept)
    inner = sum(one.expected.inner_low <= one.value <= one.expected.inner_high for one in kept)
    scores = [
        1
        + 2
        / (1 - one.expected.mass)
        * max(one.expected.low - one.value, one.value - one.expected.high, 0.0)
        / one.expected.width
        for one in kept
        if one.expected.width > 0
    ]
    # The largest count that is still called out keeps its probability below FALSE_ALARM.
    at_most = bdtr(range(worth), worth, MASS)
    fewest = sum(1 for probability in at_most if probability < FALSE_ALARM)
    power = float(bdtr(fewest - 1, worth, TOO_NARROW)) if fewest else 0.0
    too_narrow = held * independent < fewest * count
    return PromiseScore(
        kind=kind,
        title=title,
        promises=count,
        independent=independent,
        held=held,
        held_inner=inner,
        above=sum(one.value > one.expected.high for one in kept),
        below=sum(one.value < one.expected.low for one in kept),
        interval_score=sum(scores) / len(scores) if scores else None,
        too_narrow=too_narrow,
        power=power,
        verdict="That is fewer than chance lets expect: the ranges are too narrow."
        if too_narrow
        else f"If ranges held only 70 % of the time, this record would show it with a probability of "
        f"{format_number(power, 'share')}.",
    )
