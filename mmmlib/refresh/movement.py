"""How much did each channel move, and is it more than noise? (H3)

Both refreshes are read on the weeks that both fitted. Two rules, and each has its own check:

- the median moved further than more data moves it in an unchanged world, or left the 90 % range
  of the last refresh (:mod:`mmmlib.refresh.reference`);
- the range is several times as wide as it was: what was known is lost, though the median may
  not have moved, and no wide range may pass for calm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.model.effects import contribution, marginal_roi, roi
from mmmlib.model.response import contribution_by_region
from mmmlib.params.limits import ComparisonParams
from mmmlib.refresh.comparison import Movement
from mmmlib.refresh.reference import reference, shared_shift

type Place = tuple[str, str]
"""Channel and region; no region for all of them."""
type Pairs = dict[Place, tuple[np.ndarray, ...]]
"""Draws of a number then and now."""

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
    refreshes = _of_common_channels(before, after)
    new = new_share(before, after)
    found: list[Movement] = []
    for quantity, number in (("roi", roi), ("contribution", contribution)):
        pairs = _pairs(number(one, weeks) for one in refreshes)
        rule = (limits.max_shift, limits.large_movement, limits.max_widening)
        found += _movements(quantity, pairs, after.attrs, new, *rule)
    return sorted(found, key=lambda movement: _size(movement.change), reverse=True)


def detail_movements(
    before: xr.Dataset, after: xr.Dataset, weeks: pd.DatetimeIndex, limits: ComparisonParams
) -> list[Movement]:
    """Compare what lies behind returns: that of the next money, half-lives, contributions by region.

    The next money is added to the weekly spend of the last refresh in both. The more numbers there
    are, the further one of them moves by chance: see :func:`shared_shift`. Below a quarter
    (:data:`WIDE_NOISE`) none is worth a warning: no plan turns on it. The largest change comes first.
    """
    refreshes = _of_common_channels(before, after)
    level = refreshes[0]["spend_today"]
    found = {
        "marginal_roi": _pairs(marginal_roi(one, level) for one in refreshes),
        "half_life": _pairs(one["half_life"] for one in refreshes),
    }
    regions = [one for one in after["region"].to_numpy() if one in before["region"]]
    if len(regions) > 1 and all(one.attrs["formula"] for one in refreshes):
        parts = (contribution_by_region(one, weeks).sel(region=regions) for one in refreshes)
        found["contribution"] = _pairs(parts)
    new = new_share(before, after)
    shift = shared_shift(limits.max_shift, sum(map(len, found.values())))
    rule = (shift, max(limits.large_movement, WIDE_NOISE), math.inf)  # of ranges, nothing is asked
    moved = [
        movement
        for quantity, pairs in found.items()
        for movement in _movements(quantity, pairs, after.attrs, new, *rule)
    ]
    return sorted(moved, key=lambda movement: _size(movement.change), reverse=True)


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


def _of_common_channels(*refreshes: xr.Dataset) -> list[xr.Dataset]:
    before, after = refreshes
    channels = [name for name in after["channel"].to_numpy() if name in before["channel"]]
    return [one.sel(channel=channels) for one in refreshes]


def _pairs(numbers: Iterable[xr.DataArray]) -> Pairs:
    """Draws then and now by channel and region; without those that neither refresh has."""
    then, now = (
        (one if "region" in one.dims else one.expand_dims(region=[""])).transpose(
            "channel", "region", "draw"
        )
        for one in numbers
    )
    return {
        (str(channel), str(region)): pair
        for c, channel in enumerate(now["channel"].to_numpy())
        for r, region in enumerate(now["region"].to_numpy())
        if _is_there(pair := tuple(one[c, r].to_numpy().astype(float) for one in (then, now)))
    }


def _is_there(pair: Iterable[np.ndarray]) -> bool:
    """Say whether both refreshes have a number, and one of them another one than zero."""
    return not any(np.isnan(one).all() for one in pair) and any(one.any() for one in pair)


def _movements(
    quantity: str,
    pairs: Pairs,
    units: Mapping[str, Any],
    new: float,
    max_shift: float,
    least: float,
    max_widening: float,
) -> list[Movement]:
    """Hold each number then and now against what new weeks bring; ``units`` are of the effects."""
    unit = {"contribution": units["outcome_unit"], "half_life": "weeks"}.get(
        quantity, units["return_unit"]
    )
    estimates = {
        place: tuple(Estimate.from_draws(draws, unit) for draws in pair)
        for place, pair in pairs.items()
    }
    ranks = [
        _ranks({place: pair[side].median for place, pair in estimates.items()}) for side in (0, 1)
    ]
    found = []
    for place, (then, now) in estimates.items():
        held = reference(then, now, new, max_shift=max_shift, least=least)
        found.append(
            Movement(
                model=str(units["model"]),
                channel=place[0],
                region=place[1],
                quantity=quantity,  # type: ignore[arg-type]  # one of the names
                before=then,
                after=now,
                change=relative_change(then.median, now.median),
                beyond_noise=held.beyond or widened(then, now) > max_widening,
                factor=held.factor,
                limit=held.limit,
                spread=held.spread,
                higher=float((pairs[place][1] > then.median).mean()),
                rank_before=ranks[0][place],
                rank_after=ranks[1][place],
            )
        )
    return found


def _ranks(medians: dict[Place, float]) -> dict[Place, int]:
    ordered = sorted(medians, key=lambda name: medians[name], reverse=True)
    return {name: place for place, name in enumerate(ordered, start=1)}


def _size(change: float) -> float:
    """Sorting key: a change from zero is larger than any other."""
    return math.inf if math.isnan(change) else abs(change)
