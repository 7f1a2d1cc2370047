"""Declared prices at the level that the latest weeks paid, and the curves that are drawn with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.model.derive import derive_effects, todays_spend
from mmmlib.model.prices import UNIT_PRICES, price_of, rising
from mmmlib.model.prior_draws import draw_prior
from mmmlib.model.response import FORMULA, response_to
from mmmlib.model.spec import prepare
from mmmlib.params import Params
from tests.fakes import fake_panel, fake_params

MODEL, REGIONS = "revenue.pooled", ("north", "south")


def with_views(points: list[dict[str, Any]]) -> Params:
    """Parameters in which search is bought by views."""
    channels = {name: one.model_dump() for name, one in fake_params().channels.items()}
    channels["search"] |= {"exposure": "views", "unit_price": points}
    return fake_params(channels=channels, model={"geography": "regional", "kept_draws": 100})


def derived(points: list[dict[str, Any]]) -> xr.Dataset:
    """Effects of draws from the prior; a view costs 5 in the north and 6 in the south."""
    params = with_views(points)
    panel = fake_panel(params, regions=REGIONS)
    frame = panel.frame.copy()
    cost = np.where(frame["region"] == "north", 5.0, 6.0)
    frame["exposure:search"] = frame["spend:search"] / cost
    data = prepare(Panel(frame, "USD"), params, MODEL)
    draws = draw_prior(data, 100, np.random.default_rng(1))
    effects, _ = derive_effects(data, params, draws, 2)
    split = todays_spend(data, 13)[1][0]
    return effects.assign_attrs(weekly=data.spend[0].sum(0)[-4:], split=split)


def test_curves_and_the_next_money_follow_the_price() -> None:
    even = derived([])
    assert UNIT_PRICES not in even.attrs
    today = float(even["spend_today"].sel(channel="search"))
    points = [{"weekly": share * today, "price": p} for share, p in ((0.5, 8), (1.5, 12), (4, 20))]
    dearer = derived(points)
    assert rising(dearer) == ["search"]
    price = price_of(dearer, "search")
    np.testing.assert_allclose(price.share, even.attrs["split"])
    # The four weeks that today's price is of buy in all what they bought.
    weekly = even.attrs["weekly"]
    assert price.whole.worth(weekly[None]).sum() == pytest.approx(weekly.sum())
    np.testing.assert_allclose(np.divide(price.price, price.price[0]), [1, 1.5, 2.5])

    for name in ("contribution", "spend_effect", "media_cost", "response_spend"):
        xr.testing.assert_identical(even[name], dearer[name])
    for name in ("response", "marginal_roi"):
        others = {"channel": ["social", "video", "events"]}
        xr.testing.assert_identical(even[name].sel(others), dearer[name].sel(others))
    # A curve is what the formula gives to what the money buys in each region, kept up.
    split, cost = even.attrs["split"], dearer["media_cost"].sel(channel="search").to_numpy()
    formula = dearer.assign({name: dearer[name].astype(float) for name in FORMULA})
    kept_up = response_to(formula, "search")

    def brought(spend: float) -> np.ndarray:
        money = spend * split[:, None]
        media = np.repeat(price.worth(money) / cost[:, None], dearer.sizes["lag"], axis=1)
        return kept_up(media)[:, -1]

    grid = dearer["response_spend"].sel(channel="search").to_numpy().astype(float)
    for point in (3, 17, 30):
        found = dearer["response"].sel(channel="search").isel(point=point)
        np.testing.assert_allclose(found, brought(grid[point]), rtol=1e-4)
    gained = (brought(1.01 * today) - brought(today)) / (0.01 * today)
    next_money = dearer["marginal_roi"].sel(channel="search").to_numpy()
    np.testing.assert_allclose(next_money, gained, rtol=1e-3, atol=1e-6)
    flat, bent = (one["response"].sel(channel="search").isel(point=-1) for one in (even, dearer))
    assert float(bent.median()) < float(flat.median())
