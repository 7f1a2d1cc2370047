"""What a channel brings by its formula: of any plan, and of what each week spent. NumPy only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.transforms import SATURATIONS, lagged, saturate

FORMULA: dict[str, tuple[str, ...]] = {
    "adstock_weight": ("draw", "channel", "lag"),  # sums to one over lag
    "saturation": ("draw", "channel", "shape"),  # first and second parameter; NaN if it has one
    "coefficient": ("draw", "channel", "region"),  # weekly outcome at full saturation
    "media_scale": ("channel", "region"),  # divides adstocked media before saturation
}
"""Variables of the effects (see :mod:`mmmlib.model.effects`) where the formula is known."""
CHUNK = 50
"""Draws at a time where all weeks and regions are followed by lag: so many fit the caches."""


def saturation_kinds(effects: xr.Dataset) -> dict[str, str]:
    """Name of the saturation of every channel."""
    return json.loads(effects.attrs["saturation_kinds"])


def respond(effects: xr.Dataset, media: xr.DataArray) -> xr.DataArray:
    """Contribution that any media plan would have, summed over regions, in the outcome's unit.

    ``media`` has the dimensions ``(channel, region, week)``, in the unit of ``effects.media``,
    weeks without gaps. Put the past in front of the plan, or its carryover is missing; weeks before
    the first one count as zero. Memory is kept small by going channel by channel.
    """
    each = [
        xr.DataArray(
            response_to(effects, channel)(media.sel(channel=channel).to_numpy()),
            dims=("draw", "week"),
            coords={"draw": effects["draw"], "week": media["week"], "channel": channel},
        )
        for channel in media["channel"].to_numpy()
    ]
    return xr.concat(each, dim="channel").transpose("draw", "channel", "week")


def spend_effect(effects: xr.Dataset) -> xr.DataArray:
    """What the spend of every week brings, to its end, by draw and channel, in the outcome's unit.

    Where channels saturate, that depends on what else is spent. A week's spend gets what it adds to
    all that was spent before it, with nothing after: so the weeks add up to all that the spend
    brings, and later spend does not change what earlier spend is said to have brought.
    """
    total = np.empty([effects.sizes[name] for name in ("draw", "channel", "week")], "float32")
    for place, channel in enumerate(effects["channel"].to_numpy()):
        form = _form_of(effects, str(channel))
        media = effects["media"].sel(channel=channel).transpose("region", "week").to_numpy()
        for first in range(0, len(total), CHUNK):
            part = slice(first, first + CHUNK)
            total[part, place] = _spend_effect(form.of(part), media)
    coords = {name: effects[name] for name in ("draw", "channel", "week")}
    return xr.DataArray(total, coords, ("draw", "channel", "week"))


def _spend_effect(form: _Form, media: np.ndarray) -> np.ndarray:
    (draws, lags), (regions, weeks) = form.weights.shape, media.shape
    adstocked = np.zeros((draws, regions, weeks + lags - 1), form.weights.dtype)
    before = np.zeros_like(adstocked)
    total = np.zeros((draws, weeks))
    ahead = np.pad(media / form.scale[:, None], ((0, 0), (lags - 1, lags - 1)))
    # The oldest spend of a week comes first, then what each younger week adds to it.
    for lag in reversed(range(lags)):
        came = ahead[:, lags - 1 - lag : 2 * (lags - 1) - lag + weeks]
        adstocked += form.weights[:, lag, None, None] * came
        after = form.saturated(adstocked)
        gained = np.einsum("drt,dr->dt", after - before, form.coefficient)
        total += gained[:, lag : lag + weeks]
        before = after
    return total


def response_to(effects: xr.Dataset, channel: str) -> Callable[..., np.ndarray]:
    """Return the (known) formula of one channel as a function of its media.

    It takes ``(media, skip=0)``, where ``media`` has the shape ``(region, week)``: see
    :func:`respond`. It gives ``(draw, week)``, without the first ``skip`` weeks: those are there as
    the past of the others only.
    """
    form = _form_of(effects, channel)

    def respond_to(media: np.ndarray, skip: int = 0) -> np.ndarray:
        response = form.response(media, skip)
        return np.einsum("drt,dr->dt", response, form.coefficient, optimize=True)

    return respond_to


def contribution_by_region(effects: xr.Dataset, weeks: pd.DatetimeIndex) -> xr.DataArray:
    """Contribution of every channel in some weeks by region, by the (known) formula.

    Dimensions ``(draw, channel, region)``, in the outcome's unit.
    """
    dims = ("draw", "channel", "region")
    total = np.empty([effects.sizes[name] for name in dims])
    inside = effects["week"].isin(weeks).to_numpy()
    for place, channel in enumerate(effects["channel"].to_numpy()):
        form = _form_of(effects, str(channel))
        media = effects["media"].sel(channel=channel).transpose("region", "week").to_numpy()
        for first in range(0, len(total), CHUNK):
            part = form.of(slice(first, first + CHUNK))
            total[first : first + CHUNK, place] = (
                part.response(media)[:, :, inside].sum(-1) * part.coefficient
            )
    return xr.DataArray(total, {name: effects[name] for name in dims}, dims)


class _Form(NamedTuple):
    """The formula of one channel, as arrays."""

    kind: str
    weights: np.ndarray
    """``(draw, lag)``"""
    shapes: np.ndarray
    """``(draw, shape)``"""
    coefficient: np.ndarray
    """``(draw, region)``"""
    scale: np.ndarray
    """``(region,)``"""

    def of(self, draws: slice) -> _Form:
        """Return it for some draws."""
        some = (self.weights[draws], self.shapes[draws], self.coefficient[draws])
        return _Form(self.kind, *some, self.scale)

    def response(self, media: np.ndarray, skip: int = 0) -> np.ndarray:
        """Saturated adstock of media ``(region, week)``: ``(draw, region, week)``, at most one."""
        past = lagged(media / self.scale[:, None], self.weights.shape[1])[:, skip:]
        # (region, week, lag) x (draw, lag) -> (draw, region, week)
        return self.saturated(np.einsum("rtl,dl->drt", past, self.weights, optimize=True))

    def saturated(self, adstocked: np.ndarray) -> np.ndarray:
        """Saturate an adstock of shape ``(draw, region, week)``."""
        names = SATURATIONS[self.kind]
        parameters = {name: self.shapes[:, i, None, None] for i, name in enumerate(names)}
        return saturate(self.kind, adstocked, parameters)


def _form_of(effects: xr.Dataset, channel: str) -> _Form:
    if not effects.attrs.get("formula"):
        raise ValueError(f"{effects.attrs.get('model')}: this engine's formula is not known")
    one = effects[list(FORMULA)].sel(channel=channel)
    return _Form(
        saturation_kinds(effects)[channel],
        one["adstock_weight"].transpose("draw", "lag").to_numpy(),
        one["saturation"].transpose("draw", ...).to_numpy(),
        one["coefficient"].transpose("draw", "region").to_numpy(),
        one["media_scale"].to_numpy(),
    )
