"""From good sources to the panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.build import build, build_panel
from mmmlib.data.panel import NATIONAL, Panel
from mmmlib.data.weekly import share_of_week
from mmmlib.errors import InputError
from tests.data.conftest import WEEKS, regional, small_params, sources, weekly, weekly_by_day

Built = Callable[..., Panel]
REGIONAL = {"data": sources(region="region"), "model": {"geography": "regional"}}


def test_a_wide_national_source(built: Built) -> None:
    panel = built(weekly())
    assert panel.regions == [NATIONAL]
    assert panel.series == [
        "outcome:revenue.pooled",
        "spend:search",
        "spend:tv",
        "control:price",
    ]
    np.testing.assert_allclose(panel.frame["spend:search"], 100 + np.arange(WEEKS))
    assert panel.weeks[0] == pd.Timestamp("2024-01-01")
    assert panel.units == {"outcome:revenue.pooled": "USD"}
    assert set(panel.frame["imputed"]) == {""}


def test_row_order_and_column_order_do_not_matter(built: Built) -> None:
    shuffled = weekly().sample(frac=1, random_state=1)[weekly().columns[::-1]]
    pd.testing.assert_frame_equal(built(shuffled).frame, built(weekly()).frame)


@pytest.mark.parametrize(
    "written",
    [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y%m%d",
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%Y-%m-%dT00:00:00+02:00",
    ],
)
def test_every_date_format_gives_the_same_panel(built: Built, written: str) -> None:
    frame = weekly()
    frame["date"] = pd.to_datetime(frame["date"]).dt.strftime(written)
    pd.testing.assert_frame_equal(built(frame).frame, built(weekly()).frame)


def test_weeks_start_where_the_data_says(built: Built) -> None:
    panel = built(weekly(first="2024-01-07"))  # Sundays
    assert list(panel.weeks[:2]) == [pd.Timestamp("2024-01-07"), pd.Timestamp("2024-01-14")]


@pytest.mark.parametrize("dated", [0, 6])
def test_weeks_start_where_the_parameters_say(write: Callable[..., Path], dated: int) -> None:
    """A week that is dated by its last day is the week that ends on it."""
    shifted = pd.date_range("2024-01-01", periods=WEEKS, freq="7D") + pd.Timedelta(days=dated)
    folder = write(weekly().assign(date=shifted.strftime("%Y-%m-%d")).drop(columns="tv_spend"))
    weekly_by_day().assign(tv_spend=np.arange(WEEKS * 7) // 7)[["date", "tv_spend"]].to_csv(
        folder / "ads.csv", index=False
    )
    told = {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv", "grain": "day"}}
    data = {"week_start": "monday", "sources": told}
    panel = build_panel(small_params(data=data), folder)
    assert panel.weeks[0] == pd.Timestamp("2024-01-01")
    assert panel.frame["outcome:revenue.pooled"].tolist() == weekly()["revenue"].tolist()
    assert panel.frame["spend:tv"].tolist() == [7.0 * week for week in range(WEEKS)]


def test_a_long_source_gives_the_same_panel(built: Built) -> None:
    long = weekly().melt(id_vars="date", var_name="series", value_name="amount")
    options = {"data": sources(layout="long", name="series", value="amount")}
    panel = built(long.sample(frac=1, random_state=2), **options)
    pd.testing.assert_frame_equal(panel.frame, built(weekly()).frame)


def test_a_long_source_names_row_and_series_of_a_bad_cell(
    refused: Callable[..., InputError],
) -> None:
    long = weekly().melt(id_vars="date", var_name="series", value_name="amount").astype(str)
    long.loc[WEEKS + 3, "amount"] = "?"
    options = {"data": sources(layout="long", name="series", value="amount")}
    problem = refused(long, **options).problems[0]
    assert problem.place == f"row {WEEKS + 5}, column amount (search_spend)"


def test_sources_are_cut_to_the_weeks_that_all_cover(write: Callable[..., Path]) -> None:
    write(weekly()[["date", "revenue", "price"]])
    late = weekly(first="2024-01-22")[["date", "search_spend", "tv_spend"]]
    folder = write(late, "ads.csv")
    both = {"sources": {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv"}}}
    done = build(small_params(data=both), folder)
    assert len(done.panel.weeks) == WEEKS - 3
    assert done.panel.weeks[0] == pd.Timestamp("2024-01-22")
    assert done.calendar.covers["ads"][1] == pd.Timestamp("2024-04-08")


def test_names_of_sources_may_be_in_front_of_columns(write: Callable[..., Path]) -> None:
    write(weekly())
    folder = write(weekly().assign(search_spend=7), "ads.csv")
    both = {"sources": {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv"}}}
    params = small_params(
        data=both,
        channels={"search": {"spend": "ads.search_spend"}},
        outcomes={"revenue": {"kind": "revenue", "column": "media.revenue"}},
        controls={},
    )
    panel = build_panel(params, folder)
    assert set(panel.frame["spend:search"]) == {7.0}


def test_a_column_whose_own_name_has_a_dot(built: Built) -> None:
    frame = weekly().rename(columns={"tv_spend": "tv.spend"})
    channels = {"search": {"spend": "search_spend"}, "tv": {"spend": "tv.spend"}}
    assert "spend:tv" in built(frame, channels=channels).series


# --- regions ----------------------------------------------------------------------------


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


def test_people_of_the_whole_country_are_not_those_of_a_region(write: Callable[..., Path]) -> None:
    write(regional("north", "south"))
    folder = write(weekly()[["date"]].assign(people=1000), "people.csv")
    told = {
        "media": {"path": "media.csv", "region": "region"},
        "people": {"path": "people.csv"},
    }
    data = {"population": "people.people", "sources": told}
    with pytest.raises(InputError) as caught:
        build_panel(small_params(data=data, model={"geography": "regional"}), folder)
    (problem,) = caught.value.problems
    assert problem.place == "column people (data.population)"
    assert problem.found == "a source without regions"
    assert build_panel(small_params(data=data), folder).frame["population"].iloc[0] == 1000.0


@pytest.mark.parametrize("geography", ["national", "regional"])
def test_a_region_without_people_is_refused(
    refused: Callable[..., InputError], geography: str
) -> None:
    frame = regional("north", "south")
    frame["people"] = np.where(frame["region"] == "south", 0, 100)
    data = {**sources(region="region"), "population": "people"}
    (problem,) = refused(frame, data=data, model={"geography": geography}).problems
    assert problem.place == "column people (data.population), region 'south'"
    assert problem.found == "no people in 12 weeks, the first of 2024-01-01"


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


# --- gaps -------------------------------------------------------------------------------

HOLES = [3, 4]


@pytest.mark.parametrize(
    ("rule", "spend", "price"),
    [
        ("carry", [102.0, 102.0], [9.7, 9.7]),
        ("interpolate", [103.0, 104.0], [9.8, 9.9]),
    ],
)
def test_gaps_are_filled_and_marked(
    write: Callable[..., Path], rule: str, spend: list[float], price: list[float]
) -> None:
    write(weekly()[["date", "revenue"]])
    rest = weekly().drop(columns="revenue").drop(index=HOLES)
    folder = write(rest, "rest.csv")
    data = {
        "gaps": rule,
        "sources": {"media": {"path": "media.csv"}, "rest": {"path": "rest.csv"}},
    }
    frame = build_panel(small_params(data=data), folder).frame
    np.testing.assert_allclose(frame.loc[HOLES, "spend:search"], spend)
    np.testing.assert_allclose(frame.loc[HOLES, "control:price"], price)
    assert set(frame.loc[HOLES, "imputed"]) == {"spend:search;spend:tv;control:price"}
    assert set(frame.drop(index=HOLES)["imputed"]) == {""}


def test_zero_fills_spend_but_neither_outcome_nor_control(
    write: Callable[..., Path], refused: Callable[..., InputError]
) -> None:
    frame = weekly().astype(object)
    frame.loc[HOLES, "tv_spend"] = ""
    folder = write(frame)
    filled = build_panel(small_params(data=sources(gaps="zero")), folder).frame
    assert set(filled.loc[HOLES, "spend:tv"]) == {0.0}
    assert set(filled.loc[HOLES, "imputed"]) == {"spend:tv"}
    for column in ("revenue", "price"):
        frame = weekly().astype(object)
        frame.loc[3, column] = ""
        problem = refused(frame, data=sources(gaps="zero")).problems[0]
        assert (problem.place, problem.found) == (f"row 5, column {column}", "an empty cell")


def test_nothing_is_carried_before_the_first_value(refused: Callable[..., InputError]) -> None:
    frame = weekly().astype(object)
    frame.loc[0, "tv_spend"] = ""
    problem = refused(frame, data=sources(gaps="carry")).problems[0]
    assert problem.action == "There is no earlier value to carry."


def test_words_for_missing(built: Built) -> None:
    frame = weekly().astype(object)
    frame.loc[3, "tv_spend"] = "n/a"
    panel = built(frame, data=sources(gaps="zero", missing=["n/a"]))
    assert panel.frame.loc[3, "imputed"] == "spend:tv"


# --- events, money, motions -----------------------------------------------------------------


def test_dated_events_are_the_share_of_the_week() -> None:
    weeks = pd.date_range("2024-01-01", periods=4, freq="7D")
    np.testing.assert_allclose(
        share_of_week(weeks, "2024-01-07", "2024-01-17"), [1 / 7, 1, 3 / 7, 0]
    )
    np.testing.assert_allclose(share_of_week(weeks, "2024-01-10", "2024-01-10")[1], 1 / 7)


def test_events_by_date_and_by_column(built: Built) -> None:
    frame = weekly().assign(note="na")
    frame.loc[[2, 5], "note"] = ["Sale", "Fair"]
    events = {
        "launch": {"start": "2024-01-15", "end": "2024-01-21"},
        "sale": {"column": "note", "equals": "Sale"},
        "fair": {"column": "note", "equals": "Fair"},
    }
    panel = built(frame, events=events)
    assert panel.names("event") == ["launch", "sale", "fair"]
    assert list(np.flatnonzero(panel.frame["event:launch"])) == [2]
    assert list(np.flatnonzero(panel.frame["event:sale"])) == [2]
    assert list(np.flatnonzero(panel.frame["event:fair"])) == [5]


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


# --- public data ----------------------------------------------------------------------------

PROJECT = Path(__file__).parents[2]
PUBLIC = PROJECT.parent / "shared" / "data"


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public data sets are not here")
@pytest.mark.parametrize(
    ("name", "weeks", "regions", "channels"),
    [
        ("robyn_weekly", 208, 1, 5),
        ("meridian_national", 156, 1, 4),
        ("meridian_geo", 156, 20, 4),
    ],
)
def test_public_data_comes_in_through_parameters_alone(
    name: str, weeks: int, regions: int, channels: int
) -> None:
    from mmmlib.params.load import read_params

    params = read_params(PROJECT / "params" / f"{name}.yaml")
    panel = build_panel(params, PUBLIC)
    assert (len(panel.weeks), len(panel.regions)) == (weeks, regions)
    assert len(panel.names("spend")) == channels
    assert params.model.geography == ("regional" if regions > 1 else "national")
    if name == "robyn_weekly":
        events = panel.array("event").sum(["region", "week"])
        raw = pd.read_csv(PUBLIC / "robyn_weekly.csv", keep_default_na=False)["events"]
        assert dict(zip(panel.names("event"), events.to_numpy(), strict=True)) == {
            "event1": (raw == "event1").sum(),
            "event2": (raw == "event2").sum(),
        }
        assert float(events.min()) > 0


def test_a_channel_of_two_sources_is_their_sum(write: Callable[..., Path]) -> None:
    from mmmlib.data.checks import check_panel
    from mmmlib.data.status import arrivals

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
    built = build(params, folder)
    assert built.panel.frame["spend:search"].tolist() == (one["search_spend"] + 5).tolist()
    assert built.panel.frame["spend:tv"].tolist() == one["tv_spend"].tolist()
    spent = {one.source: one.spend for one in arrivals(params, built.tables)}
    assert spent["agency"] == 5.0 * len(two)
    assert not [f for f in check_panel(params, built) if f.check == "data.unused_spend"]
