"""Grids put together: regions added up or averaged, counts turned into money, motions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.build import build_panel, read_and_build
from tests.data.conftest import (
    REGIONAL,
    WEEKS,
    Built,
    regional,
    small_params,
    sources,
    weekly,
)


def test_a_regional_panel(built: Built) -> None:
    panel = built(regional("south", "north"), **REGIONAL)
    assert panel.regions == ["north", "south"]
    assert len(panel.frame) == 2 * WEEKS


def test_a_national_model_of_a_regional_source_sums_and_averages(built: Built) -> None:
    frame = regional("north", "south")
    frame.loc[frame["region"] == "south", "price"] = 1.0
    frame["people"] = np.where(frame["region"] == "south", 300, 100)
    data = {**sources(region="region"), "population": "people"}
    panel = built(frame, data=data)
    one = weekly()
    assert panel.regions == [NATIONAL]
    np.testing.assert_allclose(panel.frame["spend:search"], 2 * one["search_spend"])
    np.testing.assert_allclose(panel.frame["outcome:revenue.pooled"], 2 * one["revenue"])
    np.testing.assert_allclose(panel.frame["control:price"], (one["price"] + 3) / 4)
    assert set(panel.frame["population"]) == {400.0}


def test_a_national_control_is_repeated_over_regions(write: Callable[..., Path]) -> None:
    write(regional("north", "south").drop(columns="price"))
    folder = write(weekly()[["date", "price"]], "prices.csv")
    data = {
        "sources": {
            "media": {"path": "media.csv", "region": "region"},
            "prices": {"path": "prices.csv"},
        }
    }
    panel = build_panel(small_params(data=data, model={"geography": "regional"}), folder)
    np.testing.assert_allclose(panel.frame["control:price"], [*weekly()["price"]] * 2)


def test_a_count_becomes_money(built: Built) -> None:
    outcomes = {
        "orders": {
            "kind": "count",
            "unit": "orders",
            "column": "revenue",
            "value_per_unit": "price",
        }
    }
    panel = built(weekly(), outcomes=outcomes, controls={})
    expected = weekly()["revenue"] * weekly()["price"]
    np.testing.assert_allclose(panel.frame["outcome:orders.pooled"], expected)
    assert panel.units == {"outcome:orders.pooled": "USD"}


def test_a_national_count_is_worth_the_mean_price_of_the_regions(
    write: Callable[..., Path],
) -> None:
    write(weekly()[["date", "revenue", "search_spend"]])
    prices = regional("north", "south")[["date", "region", "price"]]
    prices.loc[prices["region"] == "south", "price"] += 2
    folder = write(prices.astype(object).where(prices["price"] != 9.8, ""), "prices.csv")
    params = small_params(
        data={
            "gaps": "interpolate",
            "sources": {
                "media": {"path": "media.csv"},
                "prices": {"path": "prices.csv", "region": "region"},
            },
        },
        channels={"search": {"spend": "search_spend"}},
        outcomes={
            "orders": {
                "kind": "count",
                "unit": "orders",
                "column": "revenue",
                "value_per_unit": "price",
            }
        },
        controls={},
    )
    frame = build_panel(params, folder).frame
    expected = weekly()["revenue"] * (weekly()["price"] + 1)
    np.testing.assert_allclose(frame["outcome:orders.pooled"], expected)
    assert frame["imputed"].tolist() == ["", "", "", "outcome:orders.pooled"] + [""] * 8


def test_motions_have_outcomes_of_their_own(built: Built) -> None:
    frame = weekly().assign(self_serve=3, assisted=5)
    outcomes = {
        "signups": {
            "kind": "count",
            "unit": "signups",
            "motions": {
                "self_serve": {"column": "self_serve"},
                "assisted": {"column": "assisted"},
            },
        }
    }
    panel = built(frame, outcomes=outcomes)
    assert panel.names("outcome") == ["signups.self_serve", "signups.assisted"]
    assert panel.units["outcome:signups.assisted"] == "signups"


def test_names_go_through_as_text(built: Built) -> None:
    odd = ["<script>alert('1')</script>", 'He said "no"', "Příliš žluťoučký", "=1+1"]
    panel = built(regional(*odd), **REGIONAL)
    assert panel.regions == sorted(odd)


def test_a_channel_of_two_sources_is_their_sum(write: Callable[..., Path]) -> None:
    from mmmlib.data.checks.checks import check_panel
    from mmmlib.data.checks.status import arrivals

    one, two = weekly().assign(tv_spend=1.0), weekly()[["date"]].assign(search_spend=5.0)
    write(one)
    folder = write(two, "agency.csv")
    params = small_params(
        data={"sources": {"media": {"path": "media.csv"}, "agency": {"path": "agency.csv"}}},
        channels={
            "search": {"spend": "media.search_spend + agency.search_spend"},
            "tv": {"spend": "tv_spend"},
        },
    )
    built = read_and_build(params, folder)
    assert built.panel.frame["spend:search"].tolist() == (one["search_spend"] + 5).tolist()
    assert built.panel.frame["spend:tv"].tolist() == one["tv_spend"].tolist()
    spent = {one.source: one.spend for one in arrivals(params, built.sources)}
    assert spent["agency"] == 5.0 * len(two)
    assert not [f for f in check_panel(params, built) if f.check == "data.unused_spend"]
