"""Spend beside the exposure that it bought: weeks with one of them only, and moves of the price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.checks.levels import judge_shift
from mmmlib.data.checks.signals import level_shift
from mmmlib.data.contract.declared_series import BESIDE
from mmmlib.data.panel.build import Built
from mmmlib.data.read.problems import Problems, some_of
from mmmlib.data.weeks.source_rows import SourceRows, find_column
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, at_most
from mmmlib.params import Params

ACTIVE = 0.5
"""Least share of weeks with spend and exposure from which a price can be followed."""


@dataclass(frozen=True)
class Pair:
    """Spend and exposure of a channel.

    Parameters
    ----------
    channel, exposure
        The channel, and what its exposure is called.
    spend, seen
        Shape ``(region, week)``; one region for a pair that is only delivered, not modelled.
    """

    channel: str
    exposure: str
    spend: NDArray[np.float64]
    seen: NDArray[np.float64]


def check_exposure(params: Params, built: Built) -> Iterator[Finding]:
    """Hold the spend of every channel against its exposure.

    The exposure is that of the parameters; where they name none, what the source delivers
    beside the spend (impressions, else clicks).
    """
    weeks = built.panel.weeks
    for pair in pairs_of(params, built):
        yield from _mismatches(params, pair, weeks)
        finding = _cost_level(params, pair, weeks)
        if finding is not None:
            yield finding


def pairs_of(params: Params, built: Built) -> Iterator[Pair]:
    """Yield spend with exposure, channel by channel, where there is an exposure."""
    panel = built.panel
    spends = dict(zip(panel.names("spend"), panel.values("spend"), strict=True))
    declared = dict(zip(panel.names("exposure"), panel.values("exposure"), strict=True))
    for name, channel in params.channels.items():
        if name in declared:
            yield Pair(name, str(channel.exposure), spends[name], declared[name])
            continue
        found = find_column(built.sources, channel.spend, "", Problems())
        if found is None:
            continue
        table, column = found
        first, dot, last = column.rpartition(".")
        beside = [f"{first}.{word}" for word in BESIDE if f"{first}.{word}" in table.columns]
        if dot and last == "spend" and beside:
            both = [_by_week(table, one, panel.weeks) for one in (column, beside[0])]
            yield Pair(name, beside[0], *both)


def _by_week(table: SourceRows, column: str, weeks: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Sum a series over regions, shape ``(1, week)``; zero where nothing is told."""
    sums = table.of(column).groupby("week")["value"].sum()
    return sums.reindex(weeks, fill_value=0.0).to_numpy(dtype=float)[None]


def _mismatches(params: Params, pair: Pair, weeks: pd.DatetimeIndex) -> Iterator[Finding]:
    limit = params.data.limits.max_mismatch_share
    paid, seen = pair.spend > 0, pair.seen > 0
    for check, odd, words in (
        ("data.spend_without_exposure", paid & ~seen, f"spend but no {pair.exposure}"),
        ("data.exposure_without_spend", seen & ~paid, f"{pair.exposure} but no spend"),
    ):
        share = float(odd.mean())
        named = [str(week.date()) for week in weeks[odd.any(axis=0)]]
        yield at_most(
            check,
            pair.channel,
            share,
            limit,
            f"{format_number(share, 'share')} of the weeks have {words}"
            + (f": {some_of(named)}." if named else "."),
        )


def _cost_level(params: Params, pair: Pair, weeks: pd.DatetimeIndex) -> Finding | None:
    """Say whether the price of an exposure made a lasting move; None where it cannot be told."""
    limit = params.data.limits.level_shift
    spend, seen = pair.spend.sum(axis=0), pair.seen.sum(axis=0)
    both = (spend > 0) & (seen > 0)
    if both.mean() < ACTIVE:
        return None
    price = np.divide(spend, seen, out=np.full(len(spend), np.nan), where=both)
    # A week without spend has no price; the line between its neighbours moves nothing.
    whole = np.interp(np.arange(len(price)), np.flatnonzero(both), price[both])
    found = level_shift(whole / np.median(whole))
    if found is None:
        return None
    moved = f"of spend per {pair.exposure}"
    return judge_shift("data.cost_level", pair.channel, found, limit, weeks, moved)
