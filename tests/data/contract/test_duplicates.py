"""A delivery that came twice: days on which every row is there again are told, others are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.panel.build import read_and_build
from mmmlib.findings import Finding, Level
from tests.data.conftest import small_params, weekly
from tests.data.reading import daily as campaign_days
from tests.data.reading import words
from tests.data.weeks.test_delivery_days import daily


def campaigns(weeks: int = 12) -> pd.DataFrame:
    """Rows of an ad platform: two campaigns in two markets, a day each."""
    days = daily(weeks)[["date"]].assign(number=range(weeks * 7))
    parts = [
        days.assign(campaign=name, market=market, spend=base + days["number"] / 8, clicks=3)
        for name, base in (("search", 10.0), ("tv", 20.0))
        for market in ("uk", "us")
    ]
    return pd.concat(parts, ignore_index=True).drop(columns="number")


def said(folder: Path, *parts: pd.DataFrame, **told: Any) -> list[Finding]:
    """Build from the files of a folder, and return what is said of its contract."""
    weekly()[["date", "revenue", "price"]].to_csv(folder / "media.csv", index=False)
    (folder / "ads").mkdir(exist_ok=True)
    for number, part in enumerate(parts):
        part.to_csv(folder / "ads" / f"{number}.csv", index=False)
    ads = {"path": "ads", "layout": "ad_platform", "grain": "day", "region": "market"}
    data = {"sources": {"media": {"path": "media.csv"}, "ads": ads | told}}
    wide = told.get("layout") == "wide"
    spend = {name: f"{name}_spend" if wide else f"{name}.spend" for name in ("search", "tv")}
    channels = {name: {"spend": column} for name, column in spend.items()}
    params = small_params(data=data, channels=channels)
    built = read_and_build(params, folder)
    found = [f for f in check_panel(params, built) if f.check == "data.contract"]
    return [one for one in found if one.status == "flag"]


def test_a_file_that_was_appended_to_itself(tmp_path: Path) -> None:
    rows = campaigns()
    (finding,) = said(tmp_path, pd.concat([rows, rows]))
    assert (finding.level, finding.unit) == (Level.BLOCK, "duplicates")
    assert finding.message == (
        "expected every row once, found ads/0.csv, the days 2024-01-01 to 2024-03-24, region 'uk': "
        "168 rows, each there again; the days 2024-01-01 to 2024-03-24, region 'us': 168 rows, "
        "each there again."
    )
    assert "allow_duplicate_rows" in finding.action


def test_the_same_rows_in_two_files(tmp_path: Path) -> None:
    (finding,) = said(tmp_path, campaigns(), campaigns())
    assert "ads/0.csv and ads/1.csv, the days 2024-01-01" in finding.message


def test_files_that_overlap_by_one_day(tmp_path: Path) -> None:
    rows = campaigns()
    early, late = rows[rows["date"] <= "2024-02-01"], rows[rows["date"] >= "2024-02-01"]
    (finding,) = said(tmp_path, early, late)
    assert "the day 2024-02-01, region 'uk': 2 rows, each there again" in finding.message


def test_one_market_that_came_twice(tmp_path: Path) -> None:
    rows = campaigns()
    (finding,) = said(tmp_path, pd.concat([rows, rows[rows["market"] == "uk"]]))
    assert "region 'uk': 168 rows" in finding.message
    assert "region 'us'" not in finding.message


@pytest.mark.parametrize("layout", ["wide", "long", "master_flat_file"])
def test_other_layouts(tmp_path: Path, layout: str) -> None:
    rows = daily()[["date", "search_spend", "tv_spend"]]
    told: dict[str, Any] = {"layout": layout, "region": None}
    if layout == "long":
        rows = rows.melt("date", var_name="series")
        rows["series"] = rows["series"].str.replace("_", ".")
        told |= {"name": "series", "value": "value"}
    elif layout == "master_flat_file":
        rows = rows.melt("date", var_name="campaign").rename(columns={"date": "period"})
        rows["campaign"] = rows["campaign"].str.removesuffix("_spend")
        rows = rows.assign(geography="us", product="p", variable="spend")
    assert said(tmp_path, rows, **told) == []
    (finding,) = said(tmp_path, pd.concat([rows, rows]), **told)
    assert f"{len(rows)} rows, each there again" in finding.message


def test_weeks_of_a_platform(tmp_path: Path) -> None:
    rows = campaigns(84).iloc[::7]
    assert said(tmp_path, rows, grain="week") == []
    (finding,) = said(tmp_path, pd.concat([rows, rows]), grain="week")
    assert finding.unit == "duplicates"


# --- what is no repetition --------------------------------------------------------------------


@pytest.mark.parametrize("columns", [["device"], ["device", "browser"]])
def test_rows_that_differ_in_any_column_are_others(tmp_path: Path, columns: list[str]) -> None:
    """All pairs of what is in two columns: the hashes must not cancel each other out."""
    rows = campaigns()
    for column in columns:
        rows = pd.concat([rows.assign(**{column: name}) for name in ("one", "other")])
    assert said(tmp_path, rows) == []
    assert said(tmp_path, rows[[*columns, *campaigns().columns]]) == []


def test_rows_of_nothing_may_be_alike(tmp_path: Path) -> None:
    rows = campaigns()
    rows.loc[rows["market"] == "uk", ["spend", "clicks"]] = 0
    rows = pd.concat([rows, rows[rows["market"] == "uk"]])
    assert said(tmp_path, rows) == []


def test_a_few_days_of_rows_that_are_alike_by_chance(tmp_path: Path) -> None:
    rows = campaigns()
    some = rows["date"].isin(["2024-01-10", "2024-02-10", "2024-03-10"])
    assert said(tmp_path, pd.concat([rows, rows[some]])) == []


def test_levels_are_the_same_however_often_they_are_told(tmp_path: Path) -> None:
    rows = daily()
    rows.to_csv(tmp_path / "media.csv", index=False)
    prices = pd.concat([rows[["date", "price"]].assign(price=9.5)] * 2)
    prices.to_csv(tmp_path / "prices.csv", index=False)
    told = {"path": "prices.csv", "grain": "day"}
    media = {"path": "media.csv", "grain": "day"}
    params = small_params(
        data={"sources": {"media": media, "prices": told}},
        controls={"price": {"column": "prices.price"}},
    )
    found = check_panel(params, read_and_build(params, tmp_path))
    assert not [f for f in found if f.check == "data.contract" and f.status == "flag"]


def test_events_may_be_alike(tmp_path: Path) -> None:
    """Two leads of one day are two leads; all of them twice is a delivery that came twice."""
    rows = daily()[["date"]].assign(search_spend=1.0, tv_spend=1.0)
    told = {"layout": "wide", "region": None, "grain": "event"}
    assert said(tmp_path, pd.concat([rows, rows.iloc[::3]]), **told) == []
    (finding,) = said(tmp_path, pd.concat([rows, rows]), **told)
    assert "84 rows, each there again" in finding.message


@pytest.mark.parametrize(
    "contract",
    [
        {"allow_duplicate_rows": True},
        {"same_rows": True},
        {"unique": ["date", "campaign", "market"]},
    ],
)
def test_the_contract_says_what_may_be_alike(tmp_path: Path, contract: dict[str, Any]) -> None:
    rows = campaigns()
    found = said(tmp_path, pd.concat([rows, rows]), contract=contract)
    assert [one.unit for one in found] == (["uniqueness"] if "unique" in contract else [])


def test_names_of_digits_are_no_numbers(tmp_path: Path) -> None:
    rows = campaigns().replace({"campaign": {"search": "7", "tv": "12"}})
    rows.to_csv(tmp_path / "ads.csv", index=False)
    weekly()[["date", "revenue", "price"]].to_csv(tmp_path / "media.csv", index=False)
    ads = {"path": "ads.csv", "layout": "ad_platform", "grain": "day"}
    contract = {"columns": {"campaign": {"type": "integer"}}}
    told = {"media": {"path": "media.csv"}, "ads": ads | {"contract": contract}}
    params = small_params(data={"sources": told}, channels={"search": {"spend": "7.spend"}})
    assert read_and_build(params, tmp_path).sources["ads"].breaches == ()


def test_a_delivery_that_came_twice(tmp_path: Path) -> None:
    campaign_days().to_csv(tmp_path / "ads_1.csv", index=False)
    campaign_days(7).to_csv(tmp_path / "ads_2.csv", index=False)
    (told,) = words(tmp_path)
    assert "every key once" in told
    assert "date 2024-01-01, campaign brand: it 2 times" in told
    assert "ads_1.csv" in told
    assert "ads_2.csv" in told
    assert "more." not in told


def test_uniqueness_in_slices_of_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmmlib.data.contract.duplicates.AT_ONCE", 10)
    campaign_days().to_csv(tmp_path / "ads.csv", index=False)
    assert words(tmp_path) == []
    pd.concat([campaign_days(), campaign_days().tail(1)]).to_csv(tmp_path / "ads.csv", index=False)
    assert len(words(tmp_path)) == 1
