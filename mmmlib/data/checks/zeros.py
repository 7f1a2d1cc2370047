"""Weeks of zero that nobody may have measured: at an end of a series, or amid it (H1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.panel.build import measured_as
from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Finding, Level, judge
from mmmlib.params import Params
from mmmlib.phrases import count_text, some_of

CHANNEL = ("spend", "exposure")
"""Roles of the series of channels; an exposure is looked at where there is no spend."""
RARE = 0.1
"""Share of weeks up to which a series is hardly ever zero."""
UNLIKELY = 0.01
"""Probability of a run of zeros below which the rest of the series speaks against it."""
LONGER = 1.5
"""By what factor a run at an end must be longer than all others of the series."""
KNOWN = 13
"""Least weeks between the ends of a series from which its habits can be told."""
LASTING = 13
"""Weeks of zero amid an outcome from which no model may learn from it."""


@dataclass(frozen=True)
class Measured:
    """A series of the country in the weeks that were measured: other checks look at these alone."""

    series: str
    values: NDArray[np.float64]
    weeks: pd.DatetimeIndex

    @property
    def role(self) -> str:
        """What it is in the panel: ``outcome``, ``spend``."""
        return self.series.partition(":")[0]


@dataclass(frozen=True)
class ZeroRun:
    """A run of zeros in a region that the rest of its series makes unlikely.

    ``where`` is ``head``, ``tail`` or ``amid``; ``first`` is the place of its first week in the
    panel, and ``weeks`` how many it lasts.
    """

    region: str
    where: str
    first: int
    weeks: int

    def words(self, panel: Panel) -> str:
        """Say from when to when it lasts."""
        first, last = panel.weeks[self.first], panel.weeks[self.first + self.weeks - 1]
        span = {
            "head": f"up to the week of {last.date()}",
            "tail": f"from the week of {first.date()} to the end",
            "amid": f"in a row from {first.date()}, and hardly ever otherwise",
        }[self.where]
        text = f"zero for {count_text(self.weeks, 'week')} {span}"
        return text if len(panel.regions) == 1 else f"{text} in region '{self.region}'"


def zero_runs(params: Params, panel: Panel) -> dict[str, list[ZeroRun]]:
    """Find the runs of zeros that were perhaps not measured, by series of the panel.

    One test for all series: outcomes and their motions, spend and what R3 is measured by, over
    the country and in every region.
    """
    limits = params.data.limits
    runs: dict[str, list[ZeroRun]] = {}
    for role in ("outcome", "spend", "exposure", "funnel"):
        ends = limits.zero_run_weeks if role in CHANNEL else limits.zero_gap_weeks
        for name, regions in zip(panel.names(role), panel.values(role), strict=True):
            if role == "exposure" and name not in panel.unpaid:
                continue  # it is silent with its spend
            found = []
            for region, values in zip(panel.regions, regions, strict=True):
                if role == "spend" and _is_tested(panel, name, region):
                    continue
                head, tail = unlikely_ends(values, ends)
                amid, start = (0, 0) if role in CHANNEL else unlikely_amid(values)
                places = (("head", 0, head), ("tail", len(values) - tail, tail))
                found += [ZeroRun(region, where, at, size) for where, at, size in places if size]
                if amid >= limits.zero_gap_weeks:
                    found.append(ZeroRun(region, "amid", start, amid))
            runs[f"{role}:{name}"] = found
    return runs


def _is_tested(panel: Panel, channel: str, region: str) -> bool:
    """Whether a lift test switched the channel in a region: its zeros are meant."""
    return any(
        lift.channel == channel and (not lift.where or region in (*lift.where, *lift.regions))
        for lift in panel.lift_tests
    )


def unlikely_ends(values: NDArray[np.float64], least: int) -> tuple[int, int]:
    """Return the weeks of zero at the head and at the tail that the rest makes unlikely.

    0 where the series' own habits explain them, or they are fewer than ``least``.

    Notes
    -----
    Between its first and its last active week a series is zero in a share of the weeks, and
    stays so for another week with some probability (both with half a week added, so that a
    series that was never zero says how little that excludes). A run of n weeks then has the
    probability ``share * stay ** (n - 1)``. Pauses of a plan are no chance: a run must also be
    clearly longer than every other one.
    """
    zero = values == 0
    active = np.flatnonzero(~zero)
    if not len(active):
        return 0, 0
    first, last = int(active[0]), int(active[-1])
    inside = zero[first : last + 1]
    if len(inside) < KNOWN:
        return 0, 0
    stay = ((inside[1:] & inside[:-1]).sum() + 0.5) / (inside[:-1].sum() + 1.0)
    share = (inside.sum() + 0.5) / (len(inside) + 1.0)
    longest, _ = longest_run(inside)

    def unlikely(weeks: int) -> bool:
        chance = share * stay ** (weeks - 1)
        return weeks >= least and weeks > LONGER * longest and bool(chance < UNLIKELY)

    head, tail = first, len(values) - 1 - last
    return head if unlikely(head) else 0, tail if unlikely(tail) else 0


def unlikely_amid(values: NDArray[np.float64]) -> tuple[int, int]:
    """Return length and start of the longest run of zeros amid a series that has hardly others."""
    zero = values == 0
    active = np.flatnonzero(~zero)
    if len(active) < 2:
        return 0, 0
    inside = zero[active[0] : active[-1] + 1]
    length, start = longest_run(inside)
    rest = len(inside) - length
    if (inside.sum() - length) / rest > RARE:
        return 0, 0  # it pauses often: zeros are its habit
    return length, start + int(active[0])


def longest_run(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Return length and start of the longest run of true values; 0, 0 where there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return int((ends - starts)[longest]), int(starts[longest])


def measured_series(national: Panel, runs: Mapping[str, Sequence[ZeroRun]]) -> list[Measured]:
    """Return every series without zeros that were perhaps not measured.

    Those at the ends are cut off; those amid it are bridged by a line. Exposure is silent with its
    spend.
    """
    found = []
    for series in national.series:
        values, mask = national.frame[series].to_numpy(dtype=float), np.ones(len(national.weeks))
        for run in runs.get(series, runs.get(series.replace("exposure:", "spend:"), ())):
            mask[run.first : run.first + run.weeks] = 0
        kept = np.flatnonzero(mask)
        known = slice(kept[0], kept[-1] + 1) if len(kept) else slice(0, 0)
        bridged = np.interp(np.arange(len(values)), kept, values[kept]) if len(kept) else values
        found.append(Measured(series, bridged[known], national.weeks[known]))
    return found


# --- judged ------------------------------------------------------------------------------


def check_zeros(params: Params, panel: Panel, runs: dict[str, list[ZeroRun]]) -> Iterator[Finding]:
    """Judge the zeros at the ends of every series, and those amid outcomes.

    See :func:`zero_runs`.
    """
    ran = panel.spend_or_exposure().sum("region")
    for series, found in runs.items():
        role, _, name = series.partition(":")
        real = any(one.zeros == "real" for one in measured_as(params, role, name))
        ends = [run for run in found if run.where != "amid"]
        if role in CHANNEL and not ends:
            yield _stopped(params, name, role, ran.sel(channel=name).to_numpy())
        else:
            yield _ends(params, panel, series, ends, real=real)
        if role not in CHANNEL:
            amid = [run for run in found if run.where == "amid"]
            yield _amid(params, panel, series, amid, real=real)


def _ends(params: Params, panel: Panel, series: str, runs: list[ZeroRun], *, real: bool) -> Finding:
    role, _, name = series.partition(":")
    limit = params.data.limits.zero_run_weeks if role in CHANNEL else 0
    texts = [run.words(panel) for run in runs]
    listed = some_of(texts).capitalize()
    # A channel that begins later, or pauses in one region, is nothing rare; an outcome is.
    everywhere = {run.region for run in runs if run.where == "tail"} == set(panel.regions)
    level = Level.BLOCK if role == "outcome" or (role in CHANNEL and everywhere) else None
    key = _key(role, name)
    declared = f" Declared as real ({key}.zeros)." if real else ""
    return judge(
        "data.zero_run",
        name if role in CHANNEL else series,
        passed=real or not runs,
        level=level,
        value=float(max((run.weeks for run in runs), default=0)),
        limit=float(limit),
        message=(
            f"{listed}; its other weeks make that unlikely.{declared}"
            if runs
            else "No run of zeros at an end that its other weeks would make unlikely."
        ),
        key=key,
        cut=_cut(key, runs, panel.weeks),
    )


def _cut(key: str, runs: list[ZeroRun], weeks: pd.DatetimeIndex) -> str:
    """Say how to declare the days on which there was no measuring yet, or no more."""
    heads = [run.weeks for run in runs if run.where == "head"]
    tails = [run.first for run in runs if run.where == "tail"]
    cuts = []
    if heads:
        cuts.append(f"{key}.starts: {weeks[max(heads)].date()}")
    if tails:
        cuts.append(f"{key}.ends: {(weeks[min(tails)] - pd.Timedelta(days=1)).date()}")
    return " and ".join(cuts)


def _key(role: str, name: str) -> str:
    if role in CHANNEL:
        return f"channels.{name}"
    outcome, _, motion = name.partition(".")
    return f"outcomes.{outcome}" + ("" if motion == "pooled" else f".motions.{motion}")


def _stopped(params: Params, channel: str, role: str, ran: NDArray[np.float64]) -> Finding:
    """Judge a pause at the end that is not unlikely: it is perhaps over."""
    limit = params.data.limits.zero_run_weeks
    active = ran > 0
    quiet = int(np.argmax(active[::-1])) if active.any() else len(active)
    return judge(
        "data.zero_run",
        channel,
        passed=quiet < limit,
        case="paused",
        value=float(quiet),
        limit=float(limit),
        message=f"No {role} in the last {count_text(quiet, 'week')}."
        if quiet
        else f"{role.capitalize()} in the last week.",
    )


def _amid(params: Params, panel: Panel, series: str, runs: list[ZeroRun], *, real: bool) -> Finding:
    longest = max((run.weeks for run in runs), default=0)
    outcome = series.startswith("outcome:")
    return judge(
        "data.zero_gap",
        series,
        passed=real or not runs,
        level=Level.BLOCK if outcome and longest >= LASTING else None,
        case="outcome" if outcome else "",
        value=float(longest),
        limit=float(params.data.limits.zero_gap_weeks),
        message=(
            f"{some_of([run.words(panel) for run in runs]).capitalize()}."
            if runs
            else "No run of zeros between other weeks."
        ),
        key=_key(*series.split(":")),
    )
