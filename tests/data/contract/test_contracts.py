"""Contracts: every promise, its count, its examples, and what is only told or stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.contract.breaches import breach_words
from mmmlib.data.contract.draft import contract_yaml, draft_contract
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.rates import read_rates
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.errors import InputError
from mmmlib.findings import Level
from mmmlib.params.source import Source
from tests.data.conftest import small_params, sources, weekly
from tests.data.reading import read_delivery

CONTRACT: dict[str, Any] = {
    "columns": {
        "date": {"type": "date"},
        "campaign": {"pattern": "[a-z]+"},
        "spend": {"type": "number", "unit": "currency", "min": 0},
        "clicks": {"type": "integer", "nullable": True},
    },
    "closed": True,
    "unique": ["date", "campaign"],
}


def daily(days: int = 28, first: str = "2024-01-01") -> pd.DataFrame:
    dates = pd.date_range(first, periods=days).strftime("%Y-%m-%d")
    parts = [
        pd.DataFrame({"date": dates, "campaign": name, "spend": "10.5", "clicks": "3"})
        for name in ("brand", "search")
    ]
    return pd.concat(parts, ignore_index=True)


def read(folder: Path, problems: Problems, **told: Any) -> SourceRows | None:
    options = {
        "path": "ads*.csv",
        "layout": "ad_platform",
        "grain": "day",
        "owner": "Growth",
        "contract": CONTRACT,
    }
    source = Source.model_validate(options | told)
    rates = read_rates(
        folder / "rates.csv" if (folder / "rates.csv").exists() else None, "USD", Problems()
    )
    return read_delivery("ads", source, folder, problems, rates=rates)


def words(folder: Path, **told: Any) -> list[str]:
    problems = Problems(folder)
    delivery = read(folder, problems, **told)
    problems.raise_if_any()
    assert delivery is not None
    return [breach_words(breach) for breach in delivery.breaches]


def refused(folder: Path, **told: Any) -> str:
    problems = Problems(folder)
    assert read(folder, problems, **told) is None
    with pytest.raises(InputError) as caught:
        problems.raise_if_any()
    text = str(caught.value)
    assert "source ads, owner Growth" in text
    return text


def test_kept(tmp_path: Path) -> None:
    daily().to_csv(tmp_path / "ads.csv", index=False)
    assert words(tmp_path) == []


@pytest.mark.parametrize(
    ("cell", "found", "expected"),
    [
        ("1,5", "'1,5'", "a number with a decimal point"),
        ("1,234.50", "'1,234.50'", "a number. Write it without thousands separators"),
        ("nan", "'nan'", "a finite number"),
        ("much", "'much'", "a number"),
    ],
)
def test_no_number_stops_with_file_row_and_column(
    tmp_path: Path, cell: str, found: str, expected: str
) -> None:
    frame = daily()
    frame.loc[5, "spend"] = cell
    frame.to_csv(tmp_path / "ads.csv", index=False)
    text = refused(tmp_path)
    assert f"row 7, column spend: found {found}; expected {expected}" in text
    assert "ads.csv" in text


def test_two_date_formats(tmp_path: Path) -> None:
    frame = daily()
    frame.loc[5, "date"] = "06/01/2024"
    frame.to_csv(tmp_path / "ads.csv", index=False)
    told = refused(tmp_path)
    assert (
        "row 7, column date: found '06/01/2024'; expected a date as in most rows: YYYY-MM-DD"
        in told
    )
    assert told.endswith("Write all dates as YYYY-MM-DD.")


def test_day_first_dates_are_read_when_all_are(tmp_path: Path) -> None:
    frame = daily()
    frame["date"] = pd.to_datetime(frame["date"]).dt.strftime("%d/%m/%Y")
    frame.to_csv(tmp_path / "ads.csv", index=False)
    assert words(tmp_path) == []


def test_twenty_examples_and_the_count_of_the_rest(tmp_path: Path) -> None:
    frame = daily(40)
    frame.loc[:29, "spend"] = "-1"
    frame.to_csv(tmp_path / "ads.csv", index=False)
    (told,) = words(tmp_path)
    assert told.count("'-1'") == 20
    assert told.endswith("and 10 more.")
    assert "expected zero or more" in told
    assert "ads.csv, row 2, column spend" in told


def test_a_delivery_that_came_twice(tmp_path: Path) -> None:
    daily().to_csv(tmp_path / "ads_1.csv", index=False)
    daily(7).to_csv(tmp_path / "ads_2.csv", index=False)
    (told,) = words(tmp_path)
    assert "every key once" in told
    assert "date 2024-01-01, campaign brand: it 2 times" in told
    assert "ads_1.csv" in told
    assert "ads_2.csv" in told
    assert "more." not in told


def test_uniqueness_in_slices_of_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmmlib.data.contract.duplicates.AT_ONCE", 10)
    daily().to_csv(tmp_path / "ads.csv", index=False)
    assert words(tmp_path) == []
    pd.concat([daily(), daily().tail(1)]).to_csv(tmp_path / "ads.csv", index=False)
    assert len(words(tmp_path)) == 1


def test_changed_column_order_is_the_same_data(tmp_path: Path) -> None:
    daily().iloc[:30].to_csv(tmp_path / "ads_1.csv", index=False)
    daily().iloc[30:][["spend", "clicks", "date", "campaign"]].to_csv(
        tmp_path / "ads_2.csv", index=False
    )
    assert words(tmp_path) == []


def test_a_column_more_is_told_and_a_column_less_stops(tmp_path: Path) -> None:
    daily().assign(views=1).to_csv(tmp_path / "ads.csv", index=False)
    (told,) = words(tmp_path)
    assert told.startswith("views: expected no column beside those of the contract")
    daily().drop(columns="spend").to_csv(tmp_path / "ads.csv", index=False)
    told_less = refused(tmp_path)
    assert "column spend: found no such column; there are date, campaign, clicks" in told_less
    assert "Ask its owner for it" in told_less


def test_a_partial_upload(tmp_path: Path) -> None:
    frame = daily(28)
    late = frame["date"].between("2024-01-15", "2024-01-21") & (frame["campaign"] == "brand")
    frame[~late].to_csv(tmp_path / "ads.csv", index=False)
    contract = CONTRACT | {"volume": {"rows_per_week": 14, "tolerance": 0.2}}
    (told,) = words(tmp_path, contract=contract)
    assert "the week of 2024-01-15: 7 rows" in told
    assert "expected 11 to 17 rows a week" in told


def test_currencies_by_rates_and_a_changed_one(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("currency,from,rate\nEUR,2023-01-01,2\nEUR,2024-01-08,3\n")
    frame = daily(14).assign(money="EUR")
    frame.to_csv(tmp_path / "ads.csv", index=False)
    columns = CONTRACT["columns"] | {"money": {}}
    told = {"contract": CONTRACT | {"columns": columns}, "currency_column": "money"}
    problems = Problems(tmp_path)
    delivery = read(tmp_path, problems, **told)
    problems.raise_if_any()
    assert delivery is not None
    spend = delivery.weekly.query("series == 'brand.spend'")["value"].tolist()
    assert spend == [7 * 10.5 * 2, 7 * 10.5 * 3]
    frame.loc[3, "money"] = "GBP"
    frame.to_csv(tmp_path / "ads.csv", index=False)
    text = refused(tmp_path, **told)
    assert "row 5, column money: found 'GBP'; expected a currency with a rate (EUR, USD)" in text


def test_time_zone_decides_the_day(tmp_path: Path) -> None:
    frame = daily(7).assign(clicks="1")
    frame["date"] += "T23:30:00Z"
    frame.to_csv(tmp_path / "ads.csv", index=False)
    columns = CONTRACT["columns"] | {"date": {"type": "time"}}
    problems = Problems(tmp_path)
    delivery = read(
        tmp_path,
        problems,
        time_zone="Europe/Berlin",
        contract=CONTRACT | {"columns": columns},
    )
    # The first day is a Tuesday there: the weeks at both ends are covered in part.
    assert delivery is None
    with pytest.raises(InputError, match="no whole week"):
        problems.raise_if_any()


def test_a_moment_has_a_day_where_the_zone_is_declared(tmp_path: Path) -> None:
    """Midnight in Berlin is 23:00 of the day before in UTC, in which Parquet keeps it."""
    frame = daily(14).astype({"spend": float, "clicks": float})
    frame["date"] = pd.to_datetime(frame["date"]).dt.tz_localize("Europe/Berlin")
    frame.to_parquet(tmp_path / "ads.parquet")
    columns = CONTRACT["columns"] | {"clicks": {"type": "number"}}
    told = {"path": "ads.parquet", "contract": CONTRACT | {"columns": columns}}
    text = refused(tmp_path, **told)
    assert "row 1, column date: found '2023-12-31" in text
    assert "expected a day, or a moment whose time_zone is declared" in text
    assert "Europe/Berlin" in text
    columns = columns | {"date": {"type": "time"}}
    problems = Problems(tmp_path)
    declared = told | {"contract": CONTRACT | {"columns": columns}}
    delivery = read(tmp_path, problems, time_zone="Europe/Berlin", **declared)
    problems.raise_if_any()
    assert delivery is not None
    weeks = delivery.weekly.query("series == 'brand.spend'")
    assert weeks["week"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-08")]
    assert weeks["value"].tolist() == [73.5, 73.5]


# --- a contract on the road of cells, and in the findings ---------------------------------


def test_findings_block_and_name_the_owner(tmp_path: Path) -> None:
    frame = weekly()
    frame.to_csv(tmp_path / "media.csv", index=False)
    contract = {"columns": {"tv_spend": {"type": "number", "max": 15}}, "closed": False}
    params = small_params(data=sources(owner="Growth", contract=contract))
    built = read_and_build(params, tmp_path)
    (finding,) = [f for f in check_panel(params, built) if f.check == "data.contract"]
    assert finding.level is Level.BLOCK
    assert finding.value == 4
    assert "media.csv, row 4, column tv_spend: '20.0'" in finding.message
    assert "Growth" in finding.meaning + finding.action


def test_a_kept_contract_is_a_passed_check(tmp_path: Path) -> None:
    weekly().to_csv(tmp_path / "media.csv", index=False)
    params = small_params(data=sources(contract={"columns": {"revenue": {"type": "number"}}}))
    (finding,) = [
        f
        for f in check_panel(params, read_and_build(params, tmp_path))
        if f.check == "data.contract"
    ]
    assert finding.level is Level.INFO


def test_weeks_start_on_the_declared_day(tmp_path: Path) -> None:
    weekly(first="2024-01-02").to_csv(tmp_path / "media.csv", index=False)
    data = sources(contract={"min_rows": 2}) | {"week_start": "monday"}
    params = small_params(data=data)
    flags = [
        f
        for f in check_panel(params, read_and_build(params, tmp_path))
        if f.check == "data.contract"
    ]
    assert "a Monday, on which weeks start" in flags[0].message


# --- a draft ------------------------------------------------------------------------------


@settings(max_examples=15)
@given(
    spend=st.lists(st.floats(0, 1e6, allow_nan=False), min_size=28, max_size=28),
    empty=st.sets(st.integers(0, 27), max_size=5),
)
def test_a_draft_is_kept_by_the_data_that_it_comes_from(
    tmp_path_factory: pytest.TempPathFactory, spend: list[float], empty: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("draft")
    frame = daily(14).assign(spend=[f"{value:.2f}" for value in spend])
    frame.loc[sorted(empty), "clicks"] = ""
    frame.to_csv(folder / "ads.csv", index=False)
    source = Source(path="ads.csv", layout="ad_platform", grain="day")
    contract = draft_contract("ads", source, folder)
    assert contract["unique"] == ["date", "campaign"]
    assert words(folder, contract=contract) == []
    assert "type: date" in contract_yaml("ads", contract)


def test_a_draft_takes_an_id_for_the_key(tmp_path: Path) -> None:
    daily(14).assign(product="one").to_csv(tmp_path / "ads.csv", index=False)
    source = Source(path="ads.csv", layout="ad_platform", grain="day")
    assert draft_contract("ads", source, tmp_path)["unique"] == ["date", "campaign", "product"]
    daily(14).assign(id=[f"n{number}" for number in range(28)]).to_csv(
        tmp_path / "ads.csv", index=False
    )
    assert draft_contract("ads", source, tmp_path)["unique"] == ["id"]


def test_daily_sources_reach_the_panel(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=70)
    wide = pd.DataFrame({"date": days.strftime("%Y-%m-%d"), "search_spend": 2.0, "tv_spend": 3.0})
    (tmp_path / "ads").mkdir()
    wide.iloc[:40].to_csv(tmp_path / "ads" / "a.csv", index=False)
    wide.iloc[40:].to_csv(tmp_path / "ads" / "b.csv", index=False)
    weekly()[["date", "revenue", "price"]].to_csv(tmp_path / "media.csv", index=False)
    both = {"media": {"path": "media.csv"}, "ads": {"path": "ads/*.csv", "grain": "day"}}
    panel = build_panel(small_params(data={"sources": both}), tmp_path)
    assert panel.frame["spend:search"].tolist() == [14.0] * 10
    assert panel.frame["spend:tv"].tolist() == [21.0] * 10


# --- what a layout reads as numbers and days ------------------------------------------------


def days_of_revenue() -> pd.DataFrame:
    dates = pd.date_range("2024-01-01", periods=84)
    frame = pd.DataFrame({"date": dates.strftime("%Y-%m-%d"), "revenue": "900.00"})
    return frame.assign(search_spend="10", tv_spend="5", price="9.5")


UNTYPED: list[dict[str, Any]] = [
    {"columns": {"date": {}, "revenue": {}}},
    {"columns": {"date": {"type": "integer", "min": 0}, "revenue": {"type": "date"}}},
    {"columns": {"date": {"nullable": True}, "revenue": {"nullable": True, "pattern": ".*"}}},
]


@pytest.mark.parametrize("contract", UNTYPED)
def test_a_contract_without_types_reads_numbers_and_days_all_the_same(
    tmp_path: Path, contract: dict[str, Any]
) -> None:
    params = small_params(data=sources(grain="day", contract=contract))
    rows = days_of_revenue()
    rows.to_csv(tmp_path / "media.csv", index=False)
    assert (build_panel(params, tmp_path).frame["outcome:revenue.pooled"] == 6300).all()
    for column, cell, expected in (
        ("revenue", "1,234.50", "a number"),
        ("date", "someday", "a date such as 2024-01-29"),
    ):
        spoilt = rows.copy()
        spoilt.loc[3, column] = cell
        spoilt.to_csv(tmp_path / "media.csv", index=False)
        with pytest.raises(InputError, match=f"row 5, column {column}.*{expected}"):
            build_panel(params, tmp_path)


def test_a_day_that_may_be_empty_is_still_needed(tmp_path: Path) -> None:
    rows = days_of_revenue()
    rows.loc[3, "date"] = ""
    rows.to_csv(tmp_path / "media.csv", index=False)
    contract = {"columns": {"date": {"type": "date", "nullable": True}}}
    with pytest.raises(InputError, match="row 5, column date"):
        build_panel(small_params(data=sources(grain="day", contract=contract)), tmp_path)


def test_a_draft_types_what_the_layout_reads(tmp_path: Path) -> None:
    rows = days_of_revenue().assign(revenue=["1,234.50", *["900.00"] * 83], note="spring")
    source = Source(path="media.csv", grain="day")
    for dates in ("%d.%m.%Y", "%Y%m%d", "%d/%m/%Y"):
        written = rows.assign(date=pd.to_datetime(rows["date"]).dt.strftime(dates))
        written.to_csv(tmp_path / "media.csv", index=False)
        draft = draft_contract("media", source, tmp_path)
        columns = draft["columns"]
        assert columns["date"] == {"type": "date"}
        assert columns["revenue"]["type"] == "number"
        assert columns["note"] == {"type": "text", "one_of": ["spring"]}
        assert draft["volume"]["rows_per_week"] == 7
        params = small_params(data=sources(grain="day", contract=draft))
        with pytest.raises(InputError, match="without thousands separators"):
            build_panel(params, tmp_path)
        written.assign(revenue="900.00").to_csv(tmp_path / "media.csv", index=False)
        assert (build_panel(params, tmp_path).frame["outcome:revenue.pooled"] == 6300).all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_names_of_digits_stay_names(tmp_path: Path, suffix: str) -> None:
    ids = (23847567812340123, 23847567812340124)
    rows = pd.concat([daily(14).assign(campaign=one, spend=1.0, clicks=3) for one in ids])
    rows = rows.drop_duplicates()
    path = tmp_path / f"ads.{suffix}"
    rows.to_csv(path, index=False) if suffix == "csv" else rows.to_parquet(path)
    told: dict[str, Any] = {"path": path.name, "layout": "ad_platform", "grain": "day"}
    draft = draft_contract("ads", Source.model_validate(told), tmp_path)
    assert draft["columns"]["campaign"]["type"] == ("text" if suffix == "csv" else "integer")
    assert draft["unique"] == ["date", "campaign"] if suffix == "csv" else True
    for kind in (draft["columns"]["campaign"], {"type": "integer", "min": 0}):
        columns = {**draft["columns"], "campaign": kind}
        contract = {**draft, "columns": columns, "unique": ["date", "campaign"]}
        problems = Problems(tmp_path)
        delivery = read(tmp_path, problems, **told, contract=contract)
        problems.raise_if_any()
        assert delivery is not None
        assert delivery.breaches == ()
        assert set(delivery.weekly["series"]) >= {f"{one}.spend" for one in ids}
