"""Prices that rise with spend, at the level that the latest weeks paid; kept with the effects."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from mmmlib.model.arrays import ModelData
from mmmlib.params import Params
from mmmlib.prices import UnitPrice

UNIT_PRICES = "unit_prices"
"""Attribute of effects: prices that are declared to rise, by channel (JSON); not there without."""


def declared_prices(data: ModelData, params: Params, split: np.ndarray) -> dict[str, Any]:
    """Bring the declared prices to the level of the weeks in which today's price was measured.

    Parameters
    ----------
    data, params
        What was fitted; prices are declared by ``channels.NAME.unit_price``.
    split
        ``(channel, region)``: how a channel's money is shared out today. A region without any
        counts as one with an equal share.

    Returns
    -------
    dict
        Of each channel whose price rises, what :func:`price_of` reads.
    """
    found = {}
    for row, name in enumerate(data.channels):
        price = params.channels[name].price
        if price.rises:
            weekly = data.spend[row].sum(0)[-int(data.priced_weeks[row]) :]
            here = price.relative_to(weekly)
            share = np.where(split[row] > 0, split[row], 1 / len(data.regions))
            found[name] = {
                "weekly": here.weekly,
                "price": here.price,
                "share": dict(zip(data.regions, share.tolist(), strict=True)),
            }
    return found


def price_of(effects: xr.Dataset, channel: str) -> UnitPrice:
    """Return the unit price of a channel by region; one that does not move if none is declared."""
    declared = json.loads(effects.attrs.get(UNIT_PRICES, "{}"))
    return price_in(declared.get(channel), [str(name) for name in effects["region"].to_numpy()])


def price_in(stated: Mapping[str, Any] | None, regions: Sequence[str]) -> UnitPrice:
    """Read a price as :func:`declared_prices` keeps it."""
    if stated is None:
        return UnitPrice(share=(1.0,) * len(regions))
    share = tuple(stated["share"][name] for name in regions)
    return UnitPrice(tuple(stated["weekly"]), tuple(stated["price"]), share)


def rising(effects: xr.Dataset) -> list[str]:
    """Name the channels whose price is declared to rise with spend."""
    return list(json.loads(effects.attrs.get(UNIT_PRICES, "{}")))
