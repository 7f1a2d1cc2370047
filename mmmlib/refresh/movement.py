"""How much did each channel move, and is it more than noise? (H3)

Both refreshes are read on the weeks that both fitted. Two rules, and each has its own check:

- the median moved further than more data moves it in an unchanged world, or left the 90 % range
  of the last refresh (:mod:`mmmlib.refresh.reference`);
- the range is several times as wide as it was: what was known is lost, though the median may
  not have moved, and no wide range may pass for calm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.model.effects import contribution, roi
from mmmlib.params.limits import ComparisonParams
from mmmlib.refresh.comparison import Movement
from mmmlib.refresh.reference import reference

WIDE_NOISE = 0.25
"""Movement of a median from which it is named, even where it is within noise."""


def wide_noise(moves: Iterable[Movement]) -> Movement | None:
    """Return the largest movement within noise where it is large; None where all are small.

    To call such a return calm would be to claim what is not known.
    """
    within = [one for one in moves if not one.beyond_noise and abs(one.change) >= WIDE_NOISE]
    return max(within, key=lambda one: abs(one.change), default=None)


def common_weeks(before: xr.Dataset, after: xr.Dataset) -> pd.DatetimeIndex:
    """Return the weeks that both fits saw, ascending."""
    seen = [
        pd.DatetimeIndex(effects["week"].to_numpy()[effects["in_sample"].to_numpy()])
        for effects in (before, after)
    ]
    return pd.DatetimeIndex(seen[0].intersection(seen[1]).sort_values())


def channel_movements(
    before: xr.Dataset, after: xr.Dataset, weeks: pd.DatetimeIndex, limits: ComparisonParams
) -> list[Movement]:
    """Compare return and contribution of every channel that both refreshes have, over some weeks.

    The largest relative change comes first. A channel without spend in these weeks has no return
    there, and so only its contribution.
    """
    channels = [name for name in after["channel"].to_numpy() if name in before["channel"]]
    found = [
        movement
        for quantity in ("roi", "contribution")
        for movement in _of_quantity(before, after, weeks, channels, quantity, limits)
    ]
    return sorted(found, key=lambda movement: _size(movement.change), reverse=True)


def overlap_share(before: Estimate, after: Estimate) -> float:
    """Length that both 90 % intervals share, over the narrower one's; 0 to 1."""
    shared = min(before.high, after.high) - max(before.low, after.low)
    narrower = min(before.width, after.width)
    if narrower == 0:
        return float(shared >= 0)
    return min(max(shared / narrower, 0.0), 1.0)


def widened(before: Estimate, after: Estimate) -> float:
    """How many times as wide the range is now; infinite where it had no width."""
    if before.width == 0:
        return math.inf if after.width > 0 else 1.0
    return after.width / before.width


def relative_change(before: float, after: float) -> float:
    """Change over the size of what it was; NaN where that was zero."""
    return (after - before) / abs(before) if before else math.nan


def new_share(before: xr.Dataset, after: xr.Dataset) -> float:
    """Share of the weeks of the newer fit that the older one did not see."""
    seen = int(after["in_sample"].sum())
    return 1 - len(common_weeks(before, after)) / seen if seen else 0.0


def _of_quantity(
    before: xr.Dataset,
    after: xr.Dataset,
    weeks: pd.DatetimeIndex,
    channels: list[str],
    quantity: str,
    limits: ComparisonParams,
) -> list[Movement]:
    pairs, higher = {}, {}
    for channel in channels:
        then, now = (_draws(effects, channel, weeks, quantity) for effects in (before, after))
        if then is not None and now is not None:
            unit = after.attrs["return_unit" if quantity == "roi" else "outcome_unit"]
            pairs[channel] = (Estimate.from_draws(then, unit), Estimate.from_draws(now, unit))
            higher[channel] = float((now > pairs[channel][0].median).mean())
    new = new_share(before, after)
    held = {
        channel: reference(*pair, new, max_shift=limits.max_shift, least=limits.large_movement)
        for channel, pair in pairs.items()
    }
    ranks = [
        _ranks({channel: pair[side].median for channel, pair in pairs.items()}) for side in (0, 1)
    ]
    return [
        Movement(
            model=str(after.attrs["model"]),
            channel=channel,
            quantity=quantity,  # type: ignore[arg-type]  # one of the two names
            before=then_,
            after=now_,
            change=relative_change(then_.median, now_.median),
            overlap=overlap_share(then_, now_),
            beyond_noise=held[channel].beyond or widened(then_, now_) > limits.max_widening,
            factor=held[channel].factor,
            limit=held[channel].limit,
            spread=held[channel].spread,
            higher=higher[channel],
            rank_before=ranks[0][channel],
            rank_after=ranks[1][channel],
        )
        for channel, (then_, now_) in pairs.items()
    ]


def _draws(
    effects: xr.Dataset, channel: str, weeks: pd.DatetimeIndex, quantity: str
) -> np.ndarray | None:
    """Draws of a channel's number over the window; None for a return without spend."""
    number = roi if quantity == "roi" else contribution
    draws = number(effects.sel(channel=channel), weeks).to_numpy().astype(float)
    return None if quantity == "roi" and np.isnan(draws).all() else draws


def _ranks(medians: dict[str, float]) -> dict[str, int]:
    ordered = sorted(medians, key=lambda name: medians[name], reverse=True)
    return {name: place for place, name in enumerate(ordered, start=1)}


def _size(change: float) -> float:
    """Sorting key: a change from zero is larger than any other."""
    return math.inf if math.isnan(change) else abs(change)
