"""Returns of the next money at the level that the whole pack is compared with."""

from __future__ import annotations

import numpy as np
import xarray as xr

from mmmlib.scenarios.pack import ScenarioPack

LEVEL = "level_name"
"""Attribute of effects: what level of spend the next money is added to."""
FIT_LEVEL = "the mean of the latest weeks"
"""What a fit takes where nothing is declared yet (``scenarios.reference_weeks``)."""
STEP = 0.1
"""Share of the level by which the next money is told."""


def at_baseline(effects: xr.Dataset, pack: ScenarioPack | None) -> xr.Dataset:
    """Tell the next money of each channel of a model at the pack's baseline.

    ``spend_today`` is then the baseline's weekly money. Where that is not the recent mean, which the fit took,
    ``marginal_roi`` is read off the response curves there. Without a pack, or with one of before it kept its
    baseline, the effects stay as the fit left them.
    """
    base = pack.baseline if pack is not None else None
    if base is None:
        return effects
    effects = effects.assign_attrs({LEVEL: base.name})
    if base.kind == "recent_mean":
        return effects
    weekly = {line.channel: line.weekly for line in base.lines}
    level = np.array([weekly[str(name)] for name in effects["channel"].to_numpy()])
    return effects.assign(
        spend_today=("channel", level), marginal_roi=(("draw", "channel"), _next(effects, level))
    )


def level_of(effects: xr.Dataset) -> str:
    """Name the level of spend that the next money is added to."""
    return str(effects.attrs.get(LEVEL, FIT_LEVEL))


def _next(effects: xr.Dataset, level: np.ndarray) -> np.ndarray:
    """Slope of every curve from a level to a tenth more; ``(draw, channel)``."""
    grids = effects["response_spend"].transpose("channel", "point").to_numpy().astype(float)
    curves = effects["response"].transpose("draw", "channel", "point").to_numpy().astype(float)
    found = np.empty(curves.shape[:2])
    for place, grid in enumerate(grids):
        here = float(level[place])
        # As the fit does: for a channel that spends nothing, a step of its largest spend.
        step = STEP * (here if here > 0 else float(effects["spend_high"].to_numpy()[place]))
        ends = np.array([here, here + step])
        for draw, curve in enumerate(curves[:, place]):
            low, high = np.interp(ends, grid, curve)
            found[draw, place] = (high - low) / step if step > 0 else np.nan
    return found
