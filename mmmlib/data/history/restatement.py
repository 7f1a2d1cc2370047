"""What a source usually restates, by the age of the data: learned from past refreshes (D4)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.contract.declared_series import declared_series
from mmmlib.data.history.vintages import (
    Vintage,
    as_vintage,
    is_earlier_period,
    origin_of,
    sources_of,
    vintage_of,
)
from mmmlib.data.panel.build import Built
from mmmlib.data.panel.panel import panel_of
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.source_rows import SourceRows, find_column
from mmmlib.errors import RunError
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, judge, none_of
from mmmlib.params import Params
from mmmlib.params.data import Settling
from mmmlib.phrases import count_text
from mmmlib.runs import Run, write_with

OLDEST = 26
"""Weeks of age up to which restatements are told apart."""
LEARN_FROM = 26
"""Past runs that are learned from, the newest: half a year of weekly refreshes."""
SEEN_AGAIN = 4
"""A week counts once it is told again at least this many weeks later."""
REVISIONS_FILE = "revisions.parquet"
WEEK = pd.Timedelta(days=7)
MOVES = ["source", "series", "age", "delivery", "values", "moved", "of", "shift"]


@dataclass(frozen=True)
class Learned:
    """What past refreshes saw differently.

    ``moves`` are those of :func:`restatements`; a series has its name in the panel: ``spend:tv``.
    ``broken`` says what past refreshes kept and could not be read, in words. ``ended`` is the first
    day of the newest week that the last refresh of an earlier period had; None where there is none
    or it cannot be read.
    """

    moves: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=MOVES))
    broken: tuple[str, ...] = ()
    ended: pd.Timestamp | None = None


def learn(params: Params, sources: Mapping[str, SourceRows | None], past: Sequence[Run]) -> Learned:
    """Learn from past runs of the workbook, the earliest period first, what the sources restate.

    A vintage counts only if it came from the same place as the source of today.
    """
    if not past:
        return Learned()
    now = {name: as_vintage(params, rows) for name, rows in sources.items() if rows is not None}
    used: dict[str, dict[str, str]] = {}
    for declared in declared_series(params):
        place = find_column(sources, declared.reference, declared.key, Problems())
        if place is not None:
            used.setdefault(place[0].name, {}).setdefault(place[1], declared.series)
    vintages, broken = past_vintages(past, now)
    earlier = [run for run in past if is_earlier_period(run.manifest.period, params)]
    ended = _ended(earlier[-1]) if earlier else None
    moves = restatements(now, vintages, used)
    places = zip(moves["source"].astype(str), moves["series"].astype(str), strict=True)
    moves["series"] = [used[source][column] for source, column in places]
    return Learned(moves, tuple(broken), ended)


def _ended(run: Run) -> pd.Timestamp | None:
    try:
        return panel_of(run).weeks[-1]
    except (RunError, OSError, ValueError):
        return None


def past_vintages(
    runs: Sequence[Run], now: Mapping[str, Vintage]
) -> tuple[dict[str, list[Vintage]], list[str]]:
    """Read what past runs, oldest first, saw of the sources of today.

    A vintage counts only if it came from the same place. Returned by source, oldest first, with
    what could not be read, in words.
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


def restatements(
    now: Mapping[str, Vintage],
    past: Mapping[str, Sequence[Vintage]],
    used: Mapping[str, Collection[str]],
) -> pd.DataFrame:
    """Hold what past refreshes saw against what is told of the same weeks now.

    Only series that are ``used``, those that the panel is made of, count. Only weeks that are told
    again at least four weeks later count, because values that are still young today say little
    about where they will end. Regions are compared one by one.

    Returns
    -------
    pandas.DataFrame
        Columns ``source``, ``series``, ``age`` (weeks between a week and the newest one of
        its vintage, 0 for the newest), ``delivery`` (newest day of the vintage: refreshes that
        saw the same delivery count as one),
        ``values`` (compared), ``moved`` (sum of absolute differences), ``of`` (sum of absolute
        values as told now) and ``shift`` (sum of differences). ``moved / of`` is by what share
        values of that age were wrong; ``shift / of`` by how much they were too low.
    """
    parts = []
    for source, vintage in now.items():
        series = used.get(source, ())
        again = [
            earlier
            for earlier in past.get(source, ())
            if (vintage.newest - earlier.newest).days // 7 >= SEEN_AGAIN
        ]
        if not again or not series:
            continue
        since = min(earlier.newest for earlier in again) - (OLDEST + 1) * WEEK
        today = vintage.only(series, since).values["number"]
        for earlier in again:
            then = earlier.only(series, since).values["number"]
            both = pd.concat([today, then], axis=1, keys=["now", "then"], join="inner").dropna()
            day = pd.DatetimeIndex(both.index.get_level_values("day"))
            both["age"] = -(day - earlier.newest).days // 7
            both["source"], both["delivery"] = source, earlier.newest
            parts.append(both[both["age"] <= OLDEST].reset_index())
    if not parts:
        return pd.DataFrame(columns=MOVES)
    every = pd.concat(parts, ignore_index=True)
    difference = every["now"] - every["then"]
    every["moved"], every["shift"], every["of"] = difference.abs(), difference, every["now"].abs()
    grouped = every.groupby(["source", "series", "age", "delivery"], sort=True)
    return grouped.agg(
        values=("now", "size"),
        moved=("moved", "sum"),
        of=("of", "sum"),
        shift=("shift", "sum"),
    ).reset_index()[MOVES]


def moving_weeks(moves: pd.DataFrame, rule: Settling) -> dict[str, int]:
    """Return how many of its youngest weeks every source still restates, 0 to ``max_weeks``.

    Those of the series that settles last; see :func:`restatements`.

    Notes
    -----
    Older weeks never move more than younger ones: by that, single ages with few values are
    smoothed (isotonic regression by pooling adjacent violators; Barlow et al., 1972). What
    weeks older than ``max_weeks`` move too is taken off: history that is rewritten as a
    whole is no reason to wait for it.
    """
    weeks: dict[str, int] = {}
    by_age = moves.groupby(["source", "series", "age"], sort=True)[["moved", "of"]].sum()
    for (source, _), one in by_age.reset_index("age").groupby(level=["source", "series"]):
        young = one[one["age"] < rule.max_weeks]
        old = one[one["age"] >= rule.max_weeks]
        ever = old["moved"].sum() / old["of"].sum() if old["of"].sum() > 0 else 0.0
        share = falling(young["moved"].to_numpy(float), young["of"].to_numpy(float))
        moving = young["age"].to_numpy()[share - ever > rule.max_move]
        weeks[str(source)] = max(weeks.get(str(source), 0), int(moving.max(initial=-1)) + 1)
    return weeks


def falling(moved: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shares ``moved / of`` by age, made to fall with age by pooling neighbours."""
    from scipy.optimize import isotonic_regression

    if not len(moved):
        return np.zeros(0)
    least = max(float(of.max()), 1.0) * 1e-12  # what is nothing now may have been something
    weights = np.maximum(of, least)
    return isotonic_regression(moved / weights, weights=weights, increasing=False).x


# --- what is still moving ------------------------------------------------------------------


def settling_findings(params: Params, built: Built, learned: Learned) -> Iterator[Finding]:
    """Say what is usually restated, what of it is in the panel, and what was kept out."""
    rule = params.data.settling
    calendar, kept_out, moves = built.calendar, built.panel.kept_out, learned.moves
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
            value=float(inside),
            limit=0.0,
            message=_usual_words(moves[moves["source"] == source], weeks, params),
        )
    if not moving:
        yield judge(
            "data.restatement",
            "workbook",
            passed=True,
            case="unknown",
            message="No past refresh saw the same weeks at least four weeks ago.",
        )
    names = [str(week.date()) for week in kept_out]
    span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}" if names else ""
    how = "what past refreshes restated" if rule.weeks == "auto" else "the number declared"
    yield none_of(
        "data.kept_out",
        "workbook",
        len(names),
        f"{count_text(len(names), 'week')} kept out of the fit as still moving: {span} "
        f"(data.settling.weeks: {rule.weeks}, {how}).",
        f"No week was kept out (data.settling.weeks: {rule.weeks}).",
    )
    yield none_of(
        "data.past",
        "workbook",
        len(learned.broken),
        f"{len(learned.broken)} tables of past runs could not be read; the first: "
        f"{(*learned.broken, '')[0]}",
        "Every table of past runs that was asked for could be read.",
    )


def _usual_words(moves: pd.DataFrame, weeks: int, params: Params) -> str:
    """The last 3 weeks move by 4 % on average …"""
    rule = params.data.settling
    shown = weeks or min(3, rule.max_weeks)
    young, old = moves[moves["age"] < shown], moves[moves["age"] >= shown]
    shares, lean, ever = _shares(young), _shares(young, "shift").mean(), _shares(old).mean()
    usual = float(shares.mean())
    words = (
        f"Its last {count_text(shown, 'week')} move by {format_number(usual, 'share')} on average"
    )
    if weeks and len(shares):
        most = format_number(float(shares.max()), "share")
        words += f" ({params.subject_label(str(shares.idxmax()))} most, by {most})"
    if weeks and np.isfinite(lean) and abs(lean) > usual / 2:
        words += ", mostly up" if lean > 0 else ", mostly down"
    if np.isfinite(ever):
        words += f"; older ones by {format_number(float(ever), 'share')}"
    learned = count_text(moves["delivery"].nunique(), "past delivery", "past deliveries")
    settled = (
        f"it settles after {count_text(weeks, 'week')}"
        if weeks
        else "none of them beyond the limit"
    )
    return f"{words} ({learned}; {settled}, limit {format_number(rule.max_move, 'share')})."


def _shares(moves: pd.DataFrame, column: str = "moved") -> pd.Series:
    """Share by series: they have units of their own."""
    sums = moves.groupby("series")[[column, "of"]].sum()
    sums = sums[sums["of"] > 0]
    return sums[column] / sums["of"]


# --- kept with the run ------------------------------------------------------------------


def write_revisions(run: Run, moves: pd.DataFrame) -> None:
    """Keep what past refreshes taught; nothing where there was none to learn from."""
    target = run.target(REVISIONS_FILE)
    target.unlink(missing_ok=True)
    if not moves.empty:
        write_with(target, lambda path: moves.to_parquet(path, index=False))


def kept_moves(run: Run) -> pd.DataFrame:
    """Read what a run learned of restatements; see :func:`restatements`. Empty where nothing was."""
    path = run.artefact(REVISIONS_FILE)
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame(columns=MOVES)


def revision_shares(run: Run, oldest: int = 8) -> pd.DataFrame:
    """Return by what share the values of every age moved since they were first told.

    A row per age in weeks (0 is the newest week of a delivery; the last row is of all older ones),
    a column per source: the mean over its series. No row where no past refresh told the same weeks.
    """
    moves = kept_moves(run)
    if moves.empty:
        return pd.DataFrame()
    ages = moves["age"].clip(upper=oldest)
    shares = {
        (str(source), int(str(age))): float(_shares(one).mean())
        for (source, age), one in moves.groupby(["source", ages], sort=True)
    }
    table = pd.Series(shares).unstack(0)
    table.index = pd.Index(
        [str(age) if age < oldest else f"{oldest} and older" for age in table.index]
    )
    return table
