"""Returns of the next money at the level that the whole pack is compared with."""

from __future__ import annotations

import xarray as xr

from mmmlib.model.effects import marginal_roi
from mmmlib.scenarios.pack import ScenarioPack

LEVEL = "level_name"
"""Attribute of effects: what level of spend the next money is added to."""
FIT_LEVEL = "the mean of the latest weeks"
"""What a fit takes where nothing is declared yet (``scenarios.reference_weeks``)."""


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
    level = xr.DataArray(
        [weekly[str(name)] for name in effects["channel"].to_numpy()], dims="channel"
    )
    return effects.assign(spend_today=level, marginal_roi=marginal_roi(effects, level))


def level_of(effects: xr.Dataset) -> str:
    """Name the level of spend that the next money is added to."""
    return str(effects.attrs.get(LEVEL, FIT_LEVEL))
