"""Days, and other rows that become weeks: what a row lacks is told, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.contract.calendar import Coverage
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import SHOWN
from mmmlib.errors import InputError
from tests.data.conftest import small_params, sources, weekly

REVENUE = "outcome:revenue.pooled"


def daily(weeks: int = 12, first: str = "2024-01-01") -> pd.DataFrame:
    """Rows of a wide national file, a day each."""
    count = np.arange(weeks * 7)
    return pd.DataFrame(
        {
            "date": pd.date_range(first, periods=weeks * 7).strftime("%Y-%m-%d"),
            "revenue": 100.0,
            "search_spend": 10.0 + count % 3,
            "tv_spend": 5.0,
            "price": 9.5,
        }
    )


# --- regions -----------------------------------------------------------------------------


@pytest.mark.parametrize("geography", ["national", "regional"])
@pytest.mark.parametrize("contract", [{}, {"columns": {"region": {"nullable": True}}}])
def test_rows_without_a_region_are_refused(
    refused: Callable[..., InputError], geography: str, contract: dict[str, Any]
) -> None:
    rows = pd.concat([daily().assign(region=name) for name in ("us", " ")])
    error = refused(
        rows,
        data=sources(grain="day", region="region", contract=contract),
        model={"geography": geography},
    )
    assert len(error.problems) == SHOWN + 1
    assert error.problems[0].place == "row 86, column region"
    assert error.problems[0].expected == "the name of a region"


def test_a_word_for_missing_is_no_region(refused: Callable[..., InputError]) -> None:
    rows = daily().assign(region=["n/a", *["us"] * 83])
    contract = {"columns": {"region": {"type": "text"}}}
    data = sources(grain="day", region="region", missing=["n/a"], contract=contract)
    assert refused(rows, data=data).problems[0].place == "row 2, column region"


def test_a_region_is_of_the_file_or_of_the_taxonomy(tmp_path: Path) -> None:
    names = [("A", "us"), ("B", "")]
    ads = pd.concat(
        [
            pd.DataFrame({"date": daily()["date"], "campaign": name, "market": place, "spend": 1.0})
            for name, place in names
        ]
    )
    ads.to_csv(tmp_path / "ads.csv", index=False)
    weekly()[["date", "revenue", "price"]].to_csv(tmp_path / "media.csv", index=False)
    source = {
        "path": "ads.csv",
        "layout": "ad_platform",
        "grain": "day",
        "region": "market",
        "taxonomy": True,
    }
    params = small_params(
        data={"taxonomy": "t.yaml", "sources": {"media": {"path": "media.csv"}, "ads": source}},
        channels={"search": {"spend": "search.spend"}},
    )
    rules = [{"exact": "A", "channel": "search"}, {"exact": "B", "channel": "search"}]
    content = {"version": "1", "valid_from": "2024-01-01", "rules": rules}
    with pytest.raises(InputError, match=r"column market: found no region in 12 sums by week"):
        build_panel(params, tmp_path, Taxonomy.model_validate(content))
    rules[1]["region"] = "uk"
    panel = build_panel(params, tmp_path, Taxonomy.model_validate(content))
    assert (panel.frame["spend:search"] == 14).all()


# --- days without a value, days without a row ----------------------------------------------------


def flagged(write: Callable[..., Path], rows: pd.DataFrame, check: str, **data: Any) -> list[str]:
    """Return what a check says of a file where it flags something."""
    params = small_params(data=sources(grain="day", **data))
    found = check_panel(params, read_and_build(params, write(rows)))
    return [one.message for one in found if one.check == check and one.status == "flag"]


def test_an_outcome_needs_every_day(
    built: Callable[..., Panel], refused: Callable[..., InputError]
) -> None:
    rows = daily()
    rows.loc[30:31, "revenue"] = np.nan
    for gaps in ("fail", "zero", "carry"):
        (told,) = refused(rows, data=sources(grain="day", gaps=gaps)).problems
        assert told.place == "the week of 2024-01-29, revenue"
        assert told.found == "a day or more without a value"
    assert (built(daily(), data=sources(grain="day")).frame[REVENUE] == 700).all()


def test_spend_of_blank_days_is_filled_by_rule_and_marked(
    built: Callable[..., Panel], refused: Callable[..., InputError]
) -> None:
    rows = daily()
    rows.loc[30:31, "tv_spend"] = np.nan
    assert "the week of 2024-01-29, tv_spend" in str(refused(rows, data=sources(grain="day")))
    assert "never filled by carry" in str(refused(rows, data=sources(grain="day", gaps="carry")))
    frame = built(rows, data=sources(grain="day", gaps="zero")).frame
    assert frame["spend:tv"].tolist() == [35.0] * 4 + [25.0] + [35.0] * 7
    assert frame["imputed"].tolist() == [""] * 4 + ["spend:tv"] + [""] * 7


@pytest.mark.parametrize("layout", ["wide", "long"])
@pytest.mark.parametrize("days", [slice(81, 83), slice(0, 2)])
def test_blank_days_at_an_end_make_its_week_partial(
    built: Callable[..., Panel], layout: str, days: slice
) -> None:
    rows = daily()
    rows.loc[days, "revenue"] = np.nan
    told = {}
    if layout == "long":
        rows = rows.melt("date", var_name="series")
        told = {"layout": "long", "name": "series", "value": "value"}
    panel = built(rows, data=sources(grain="day", **told))
    assert panel.frame[REVENUE].tolist() == [700.0] * 11


def test_blank_days_at_the_end_are_zeros_where_the_rule_says_so(
    built: Callable[..., Panel],
) -> None:
    rows = daily()
    rows.loc[81:, "tv_spend"] = np.nan
    frame = built(rows, data=sources(grain="day", gaps="zero")).frame
    assert frame["spend:tv"].tolist() == [35.0] * 11 + [20.0]
    assert frame["imputed"].iloc[-1] == "spend:tv"


@pytest.mark.parametrize("regions", [(), ("uk", "us")])
def test_weeks_that_lack_days_are_flagged(
    write: Callable[..., Path], regions: tuple[str, ...]
) -> None:
    rows = daily()
    shorter = rows.drop(index=[30, 31, 32, 40])
    told: dict[str, Any] = {"region": "region"} if regions else {}
    if regions:
        rows = rows.assign(region="us")
        shorter = pd.concat([rows, shorter.assign(region="uk")])
    assert flagged(write, rows, "data.days", **told) == []
    (message,) = flagged(write, shorter, "data.days", **told)
    where = "region 'uk', " if regions else ""
    assert message == (
        f"2 weeks without rows of usual days: {where}the week of 2024-01-29 (3 days), "
        f"{where}the week of 2024-02-05 (1 day)."
    )


def test_days_of_rest_are_not_lacking(write: Callable[..., Path]) -> None:
    rows = daily()
    rows = rows[pd.to_datetime(rows["date"]).dt.day_of_week < 5]
    assert flagged(write, rows, "data.days") == []


@pytest.mark.parametrize("cut", [slice(0, 80), slice(3, 84)])
def test_a_region_that_ends_before_the_others_makes_the_week_partial(
    built: Callable[..., Panel], cut: slice
) -> None:
    rows = pd.concat([daily().assign(region="us"), daily().iloc[cut].assign(region="uk")])
    panel = built(rows, data=sources(grain="day", region="region"))
    assert panel.frame[REVENUE].tolist() == [1400.0] * 11


def test_a_region_of_few_rows_misses_none() -> None:
    days = pd.Series(1.0, index=pd.date_range("2024-01-01", periods=84))
    some = np.random.default_rng(3).random(84) < 0.6
    coverage = Coverage(days, 0, {"us": days, "uk": days[some & (days.index < "2024-03-20")]})
    assert coverage.partial() == set()
    assert coverage.lacking().empty


def test_a_region_that_closed_in_mid_history_is_flagged() -> None:
    spend = pd.concat([daily().assign(region="us"), daily().iloc[:38].assign(region="uk")])
    days = spend.assign(date=pd.to_datetime(spend["date"])).groupby("region")["date"]
    by_region = {str(name): pd.Series(1.0, index=one) for name, one in days}
    coverage = Coverage(by_region["us"], 0, by_region)
    assert coverage.partial() == set()
    assert coverage.lacking().to_dict("records") == [
        {"region": "uk", "week": pd.Timestamp("2024-02-05"), "days": 4}
    ]


# --- rows of the same week ---------------------------------------------------------------------

CENTS = {"columns": {"search_spend": {"type": "number", "unit": "cents"}}}


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_week_that_is_there_twice_is_refused_on_both_roads(
    refused: Callable[..., InputError], layout: str
) -> None:
    rows, told, of = weekly(), {}, ""
    if layout == "long":
        rows = rows.melt("date", var_name="series")
        told, of = {"layout": "long", "name": "series", "value": "value"}, " of revenue"
    twice = pd.concat([rows, rows.iloc[[5]]])
    for contract in ({}, CENTS if layout == "wide" else {"units": units_of_series()}):
        (problem,) = refused(twice, data=sources(contract=contract, **told)).problems
        assert problem.place == f"row {len(rows) + 2}, column date"
        assert problem.found == f"the week of 2024-02-05{of} again (first in row 7)"


def units_of_series() -> dict[str, str]:
    return {"revenue": "thousands", "search_spend": "", "tv_spend": "", "price": ""}


def test_a_delivery_that_came_twice_is_told_once(refused: Callable[..., InputError]) -> None:
    (problem,) = refused(pd.concat([weekly(), weekly()]), data=sources(contract=CENTS)).problems
    assert problem.found == "24 rows for 12 weeks and regions"


def test_many_files_of_weeks_may_not_overlap(tmp_path: Path) -> None:
    for number, part in enumerate((weekly().iloc[:7], weekly().iloc[6:])):
        part.to_csv(tmp_path / f"media_{number}.csv", index=False)
    params = small_params(data={"sources": {"media": {"path": "media_*.csv"}}})
    with pytest.raises(InputError, match="the week of 2024-02-12 again"):
        build_panel(params, tmp_path)


def test_a_level_is_the_mean_of_the_rows_that_have_one(built: Callable[..., Panel]) -> None:
    rows = pd.concat([daily().assign(market=name) for name in ("us", "uk", "de")])
    frame = built(rows, data=sources(grain="day")).frame
    assert (frame["control:price"] == 9.5).all()
    assert (frame[REVENUE] == 2100).all()


def test_regions_that_a_taxonomy_joins_have_a_mean_level(tmp_path: Path) -> None:
    days = daily()[["date"]]
    prices = [
        days.assign(price=p, promo=1.0, region=r) for r, p in (("Germany", 9.0), ("France", 10.0))
    ]
    pd.concat(prices).melt(["date", "region"], var_name="series").to_csv(
        tmp_path / "prices.csv", index=False
    )
    weekly().drop(columns="price").to_csv(tmp_path / "media.csv", index=False)
    taxonomy = Taxonomy.model_validate(
        {
            "version": "1",
            "valid_from": "2024-01-01",
            "regions": {"Germany": "emea", "France": "emea"},
            "rules": [{"exact": name, "channel": name} for name in ("price", "promo")],
        }
    )
    told = {
        "path": "prices.csv",
        "grain": "day",
        "layout": "long",
        "name": "series",
        "value": "value",
        "region": "region",
        "taxonomy": True,
    }
    data = {"taxonomy": "t.yaml", "sources": {"media": {"path": "media.csv"}, "prices": told}}
    params = small_params(data=data, events={"promo": {"column": "promo"}})
    frame = build_panel(params, tmp_path, taxonomy).frame
    assert (frame["control:price"] == 9.5).all()
    assert (frame["event:promo"] == 1.0).all()


def test_a_mean_deal_is_the_same_with_a_taxonomy(tmp_path: Path) -> None:
    rows = []
    for number, day in enumerate(pd.date_range("2024-01-01", periods=84)):
        for amount in (500.0,) if number % 2 else (500.0, 1000.0, 1000.0):
            rows.append((f"o{len(rows)}", "Closed Won", day, day, amount, "sales"))
    columns = ["opportunity", "stage", "created", "closed", "amount", "motion"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "crm.csv", index=False)
    weekly().to_csv(tmp_path / "media.csv", index=False)
    rules = [{"source": "crm", "glob": "*", "motion": "sales"}]
    taxonomy = Taxonomy.model_validate({"version": "1", "valid_from": "2024-01-01", "rules": rules})
    deals = {
        "kind": "count",
        "unit": "deals",
        "column": "won.sales",
        "value_per_unit": "bookings.sales",
    }
    worth = []
    for mapped in (False, True):
        source = {"path": "crm.csv", "layout": "crm_pipeline", "grain": "event", "taxonomy": mapped}
        data = {"taxonomy": "t.yaml", "sources": {"media": {"path": "media.csv"}, "crm": source}}
        panel = build_panel(small_params(data=data, outcomes={"deals": deals}), tmp_path, taxonomy)
        worth.append(panel.frame["outcome:deals.pooled"].tolist())
    assert worth[0] == worth[1]
    assert worth[0][:2] == pytest.approx([4 * 2500 + 3 * 500, 3 * 2500 + 4 * 500])
