"""The youngest weeks, while they still move: kept out of the fit, by a declared rule (D4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mmmlib.data.history.restatement import OLDEST, by_source, most_moving, moving_weeks
from mmmlib.data.history.vintages import Vintage, origin_of, sources_of, vintage_of
from mmmlib.data.panel.grid import WEEK, Calendar
from mmmlib.data.read.problems import Problems, count_of
from mmmlib.errors import RunError
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, judge, none_of
from mmmlib.params.data import Settling
from mmmlib.runs import Run

LEARN_FROM = 26
"""Past runs that are learned from, the newest: half a year of weekly refreshes."""
CHECKS: dict[str, str] = {
    "data.restatement": "Youngest weeks have settled",
    "data.kept_out": "Weeks kept out of the fit",
    "data.past": "Past refreshes can be read",
}


def past_vintages(
    runs: Sequence[Run], now: Mapping[str, Vintage]
) -> tuple[dict[str, list[Vintage]], list[str]]:
    """Read what past runs saw of the sources of today.

    Parameters
    ----------
    runs
        Past runs of the workbook, oldest first.
    now
        The sources of today. A vintage counts only if it came from the same place.

    Returns
    -------
    tuple
        Vintages by source, oldest first, and what could not be read, in words.
    """
    past: dict[str, list[Vintage]] = {name: [] for name in now}
    broken = []
    for run in runs[-LEARN_FROM:]:
        for source in sources_of(run):
            try:
                if source in now and origin_of(run, source) == now[source].origin:
                    past[source].append(vintage_of(run, source, OLDEST + 1))
            except RunError as error:
                broken.append(str(error))
    return past, broken


def keep_out(
    calendar: Calendar, rule: Settling, moves: pd.DataFrame, problems: Problems
) -> tuple[Calendar, pd.DatetimeIndex]:
    """End the calendar before the weeks that still move.

    Parameters
    ----------
    calendar
        All weeks that the sources have in common.
    rule
        ``data.settling``.
    moves
        What past refreshes taught; see :func:`mmmlib.data.history.restatement.restatements`.
    problems
        Told where no week would be left.

    Returns
    -------
    tuple
        The calendar, and the weeks that were taken off it.
    """
    if rule.weeks == "auto":
        moving = moving_weeks(moves, rule)
        ends = [
            last - moving.get(source, 0) * WEEK for source, (_, last) in calendar.covers.items()
        ]
        end = min([calendar.weeks[-1], *ends])
    else:
        end = calendar.weeks[-1] - rule.weeks * WEEK
    settled = calendar.weeks[calendar.weeks <= end]
    if settled.empty:
        problems.add(
            "sources",
            "the weeks (data.settling)",
            f"{len(calendar.weeks)} weeks, all of them kept out as still moving",
            "some weeks that are settled",
            "Wait for more weeks, or keep fewer of them out.",
        )
        return calendar, calendar.weeks[:0]
    return replace(calendar, weeks=settled), calendar.weeks[calendar.weeks > end]


def settle_findings(
    calendar: Calendar,
    kept_out: Sequence[pd.Timestamp],
    rule: Settling,
    moves: pd.DataFrame,
    broken: Sequence[str] = (),
) -> Iterator[Finding]:
    """Say what is usually restated, what of it is in the panel, and what was kept out.

    Parameters
    ----------
    calendar
        That of the panel, without the weeks kept out.
    broken
        Past vintages that could not be read.
    """
    moving = moving_weeks(moves, rule)
    for source, (_, last) in calendar.covers.items():
        if source not in moving:
            continue  # no past refresh to learn from
        weeks = moving[source]
        first_moving = last - (weeks - 1) * WEEK
        inside = int((calendar.weeks >= first_moving).sum()) if weeks else 0
        yield judge(
            "data.restatement",
            source,
            passed=inside == 0,
            level=Level.WARN,
            value=float(inside),
            limit=0.0,
            unit="weeks",
            message=_usual_words(moves, source, weeks, rule),
            meaning="Values that will still change were fitted as if they were final; where they "
            "are told too low, the newest spend seems to return less than it does.",
            action="Set data.settling.weeks to auto, or to the weeks that still move.",
        )
    if not moving:
        yield judge(
            "data.restatement",
            "workbook",
            passed=True,
            level=Level.WARN,
            message="No past refresh saw the same weeks at least four weeks ago.",
            meaning="What the sources restate is not known yet.",
        )
    names = [str(week.date()) for week in kept_out]
    span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}" if names else ""
    how = "what past refreshes restated" if rule.weeks == "auto" else "the number declared"
    yield none_of(
        "data.kept_out",
        "workbook",
        len(names),
        "weeks",
        level=Level.INFO,
        seen=(
            f"{count_of(len(names), 'week')} kept out of the fit as still moving: {span} "
            f"(data.settling.weeks: {rule.weeks}, {how})."
        ),
        clear=f"No week was kept out (data.settling.weeks: {rule.weeks}).",
        meaning="They are kept with the run as they were seen; the panel ends before them.",
        action="Read the panel's last week, not today, as the end of what is told.",
    )
    yield none_of(
        "data.past",
        "workbook",
        len(broken),
        "tables",
        level=Level.WARN,
        seen=f"{len(broken)} tables of past runs could not be read; the first: {(*broken, '')[0]}",
        clear="Every table of past runs that was asked for could be read.",
        meaning="What is usually restated is learned from past runs.",
        action="Restore them from a backup, or move the damaged runs away.",
    )


def _usual_words(moves: pd.DataFrame, source: str, weeks: int, rule: Settling) -> str:
    """The last 3 weeks move by 4 % on average …"""
    shown = weeks or min(3, rule.max_weeks)
    usual = by_source(moves, source, shown)
    young, old = format_number(usual["young"], "share"), format_number(usual["old"], "share")
    count = int(usual["refreshes"])
    learned = f"{count} past refresh" if count == 1 else f"{count} past refreshes"
    words = f"Its last {count_of(shown, 'week')} move by {young} on average"
    series, most = most_moving(moves, source, shown)
    if weeks and series:
        words += f" ({series} most, by {format_number(most, 'share')})"
    lean = usual["shift"]
    if weeks and np.isfinite(lean) and abs(lean) > usual["young"] / 2:
        words += ", mostly up" if lean > 0 else ", mostly down"
    if np.isfinite(usual["old"]):
        words += f"; older ones by {old}"
    settled = (
        f"it settles after {count_of(weeks, 'week')}" if weeks else "none of them beyond the limit"
    )
    return f"{words} ({learned}; {settled}, limit {format_number(rule.max_move, 'share')})."
