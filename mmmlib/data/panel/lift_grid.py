"""Lift tests on the panel's weeks and regions: which spend was, and which would have been.

A lift test compares two paths of a channel's spend, with the change and without it. One
of them is the spend of the data (``already_in_spend`` says which), the other follows from
the change that was declared. In between, everything is the same: spend before the window
carries over into it alike on both paths, and what the changed spend brings after the last
day that was counted is no part of the measurement.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from mmmlib.data.weeks.weekly import share_of_week
from mmmlib.estimates import format_number
from mmmlib.params.lift import LiftTest
from mmmlib.params.messages import did_you_mean, shown

Report = Callable[[str, str, str, str], None]
"""Called with the field, what was found, what was expected, and what to do."""
REGIONS_DIFFER = 0.2
"""Spread (of the logarithm) of a channel's effect between regions, where no model measured it;
the middle of what a model believes before it has."""
WEEK = pd.Timedelta(days=7)
HOW_INCLUDED = "If the spend of the data has the change in it, set already_in_spend."


class Lift(BaseModel):
    """One lift test on the panel's grid.

    Parameters
    ----------
    name, channel, model
        What was tested, and on which outcome.
    where
        Regions in which spend was changed, as declared; none for everywhere.
    start, end, counted_until
        First and last day of the changed spend, last day whose outcome was counted.
    spend_change, spend_change_share
        Money that was added (or, below zero, taken away); the share, where that was declared.
    by_person
        Whether single people were compared, not regions or weeks.
    incremental_outcome, standard_error
        As measured, in the outcome's unit.
    regions, weeks
        Regions and first days of the weeks of the panel to which the paths belong; the
        weeks go from that of ``start`` to that of ``counted_until``.
    without, tested
        Spend by region and week, without the change and with it.
    counted
        By week: share of the week's effect that was counted. One, but for a last week
        that is not whole: an effect is spread evenly over the days on which there is one.
    part
        Share of the panel's regions that the test stands for; one unless a national panel
        holds a test of some regions, see :func:`nationwide`.
    error
        Standard error with what the step from those regions to the country adds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    channel: str
    model: str
    where: tuple[str, ...]
    start: dt.date
    end: dt.date
    counted_until: dt.date
    spend_change: float
    spend_change_share: float | None = None
    by_person: bool = False
    incremental_outcome: float
    standard_error: float
    regions: tuple[str, ...]
    weeks: tuple[dt.date, ...]
    without: tuple[tuple[float, ...], ...]
    tested: tuple[tuple[float, ...], ...]
    counted: tuple[float, ...]
    part: float = 1.0
    error: float


def lay_out(
    name: str,
    test: LiftTest,
    spend: np.ndarray,
    regions: Sequence[str],
    weeks: pd.DatetimeIndex,
    report: Report,
) -> Lift | None:
    """Bring a test to weeks and regions: those of ``spend``, the channel's, ``(region, week)``.

    ``report`` is told of everything that does not fit the data; None where something does not.

    Notes
    -----
    A share changes every day's spend by that share. Money is added (or taken away) in
    proportion to the spend that is there; where there is none, and where the data has
    lost the spend already, evenly over the days and by the regions' usual shares.
    """
    chosen = _chosen(test, regions, report)
    inside = _window(test, weeks, report)
    if chosen is None or inside is None:
        return None
    days = share_of_week(weeks[inside], test.start, test.end)
    there = spend[chosen][:, inside]
    usual = spend[chosen].sum(1) if spend[chosen].any() else np.ones(len(chosen))
    evenly = np.outer(usual / usual.sum(), days / days.sum())
    paths = _paths(test, there, there * days, evenly, report)
    if paths is None:
        return None
    without, tested = paths
    return Lift(
        name=name,
        channel=test.channel,
        model=test.model,
        where=test.regions,
        start=test.start,
        end=test.end,
        counted_until=test.counted_until,
        spend_change=float((tested - without).sum()),
        spend_change_share=test.spend_change_share,
        by_person=test.by_person,
        incremental_outcome=test.incremental_outcome,
        standard_error=test.standard_error,
        regions=tuple(regions[row] for row in chosen),
        weeks=tuple(week.date() for week in weeks[inside]),
        without=_tuples(without),
        tested=_tuples(tested),
        counted=tuple(_counted(test, weeks[inside]).tolist()),
        error=test.standard_error,
    )


def nationwide(lift: Lift, spend: np.ndarray, regions: Sequence[str], nation: str) -> Lift:
    """Turn a test of some regions into one of the country.

    ``spend`` is the channel's in the test's weeks, ``(region, week)``, of all ``regions``;
    ``nation`` is the name of the one region of the national panel.

    Notes
    -----
    A national model knows one response of all regions together. The regions of the test
    are taken for a part of it: had spend changed everywhere by the share by which it
    changed there, the country would have gained the test's outcome times the country's
    spend over theirs. So money is taken to return the same in every region, and a change
    of 50 % stays one of 50 %, on the same piece of the curve. Regions are not all alike:
    the standard error grows by ``REGIONS_DIFFER`` of the measured outcome, less the
    larger the part that was tested.
    """
    mine = [place for place, region in enumerate(regions) if region in lift.regions]
    without, tested = np.array(lift.without).sum(0), np.array(lift.tested).sum(0)
    others = np.delete(spend, mine, axis=0).sum(0)
    base = without if without.sum() > 0 else tested
    part = float(base.sum() / (base + others).sum())
    whole = base + others
    ratio = np.where(base > 0, 1 / np.where(base > 0, base, 1.0), 0.0)
    paths = [
        np.where(base > 0, whole * path * ratio, others + path / part) for path in (without, tested)
    ]
    unlike = REGIONS_DIFFER * np.sqrt(1 - part) * abs(lift.incremental_outcome)
    return lift.model_copy(
        update={
            "regions": (nation,),
            "without": _tuples(paths[0][None]),
            "tested": _tuples(paths[1][None]),
            "part": part,
            "error": float(np.hypot(lift.standard_error, unlike)),
        }
    )


def at_factors(lift: Lift, factors: np.ndarray, *, money: bool) -> Lift:
    """Multiply a test's money (the outcome, where it is ``money``, too) by one factor per week.

    The weeks are those of the test, the factors those to prices of another day.
    """
    without, tested = (np.array(path) * factors for path in (lift.without, lift.tested))
    mean = float(factors.mean()) if money else 1.0
    return lift.model_copy(
        update={
            "without": _tuples(without),
            "tested": _tuples(tested),
            "spend_change": float((tested - without).sum()),
            "incremental_outcome": lift.incremental_outcome * mean,
            "standard_error": lift.standard_error * mean,
            "error": lift.error * mean,
        }
    )


def _chosen(test: LiftTest, regions: Sequence[str], report: Report) -> list[int] | None:
    """Rows of the regions of a test; all of them where none is named."""
    if not test.regions:
        return list(range(len(regions)))
    unknown = [region for region in test.regions if region not in regions]
    for region in unknown:
        if len(regions) == 1:
            report(
                "regions",
                shown(region),
                "no region, as the channel's source has none",
                "Scale the result up to the country, or bring a source by region.",
            )
        else:
            near = did_you_mean(region, regions)
            report("regions", shown(region), f"one of {', '.join(regions)}", near)
    return None if unknown else [list(regions).index(region) for region in test.regions]


def _window(test: LiftTest, weeks: pd.DatetimeIndex, report: Report) -> slice | None:
    """Weeks of a test, from its first day to the last one counted."""
    first, last = weeks[0], weeks[-1] + WEEK - pd.Timedelta(days=1)
    start, until = pd.Timestamp(test.start), pd.Timestamp(test.counted_until)
    fits = True
    for field, day in (("start", start), ("end", until)):
        if not first <= day <= last:
            fits = False
            report(
                "measured_until" if field == "end" and test.measured_until else field,
                str(day.date()),
                f"a day of the data's weeks, {first.date()} to {last.date()}",
                "Leave out tests of other years; bring the weeks that are missing.",
            )
    if not fits:
        return None
    begin = int(weeks.searchsorted(start, side="right")) - 1
    return slice(begin, int(weeks.searchsorted(until, side="right")))


def _paths(
    test: LiftTest, there: np.ndarray, inside: np.ndarray, evenly: np.ndarray, report: Report
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return spend without the change and with it.

    ``there`` and ``inside`` are spend of the data by region and week, and the part of it on the
    days of the test; ``evenly`` is how money is laid out where there is no spend to follow, and
    sums to one.
    """
    if test.spend_change_share is not None:
        if not inside.sum() > 0:
            report(
                "spend_change_share",
                f"{test.spend_change_share:g}, and no spend in the data on these days",
                "spend to take a share of",
                "State spend_change in money.",
            )
            return None
        if test.already_in_spend:
            without = there + inside * (1 / (1 + test.spend_change_share) - 1)
            return without, there
        return there, there + inside * test.spend_change_share
    change = float(test.spend_change or 0.0)
    moved = -change if test.already_in_spend else change  # from the data's path to the other
    if moved < -inside.sum() * (1 + 1e-9):
        report(
            "spend_change",
            f"{change:g}, and the data has {format_number(float(inside.sum()))} on these days",
            "no more than was spent there",
            "It was added by less, or is not in the data: see already_in_spend."
            if test.already_in_spend
            else HOW_INCLUDED,
        )
        return None
    follow = inside.sum() > 0 and not (test.already_in_spend and moved > 0)
    layout = inside / inside.sum() if follow else evenly
    other = np.maximum(there + moved * layout, 0.0)
    return (other, there) if test.already_in_spend else (there, other)


def _counted(test: LiftTest, weeks: pd.DatetimeIndex) -> np.ndarray:
    """Share of every week's effect that was counted: an effect begins with the test."""
    end = weeks[-1] + WEEK - pd.Timedelta(days=1)
    counted = share_of_week(weeks, test.start, test.counted_until)
    return counted / share_of_week(weeks, test.start, end.date())


def _tuples(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in np.asarray(values, dtype=float).tolist())
