"""Layouts: tidy rows from what agencies, ad platforms and sales teams deliver."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmlib.data.contract.layout_columns import missing_columns, slug
from mmmlib.data.naming.naming import NO_NAME, apply_layout, name_series, raw_names
from mmmlib.params.source import Source

DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2024, 3, 31))
NAMES = st.sampled_from(["Brand", "GS_Generic_2024", "Ünïcode %_*[x]", "a'b\"c", "x | y", ""])
MONEY = st.integers(0, 10**7).map(lambda cents: cents / 100)


def frame(table: Any) -> pd.DataFrame:
    return pd.DataFrame(table.to_pyarrow().to_pydict())


def table(**columns: Any) -> Any:
    return ibis.memtable(pa.table(columns))


def source(layout: str, **more: Any) -> Source:
    return Source(path="x.csv", layout=layout, **more)


def test_wide_has_a_row_for_every_cell() -> None:
    given_ = table(
        week=["2024-01-01", "2024-01-08"], tv=["1.5", ""], radio=["2", "n/a"], _row=[2, 3]
    )
    tidy = frame(apply_layout(given_, source("wide", date="week", missing=("n/a",))))
    assert tuple(tidy) == ("date", "region", "name", "variable", "value", "_row")
    assert set(tidy["name"]) == {"tv", "radio"}
    assert tidy.groupby("name")["value"].sum().to_dict() == {"tv": 1.5, "radio": 2.0}
    assert tidy["value"].isna().sum() == 2
    assert set(tidy["region"]) == {"national"}


def test_master_flat_file() -> None:
    given_ = table(
        Period=["2024-01-01"] * 3,
        geography=["US", "US", "DE"],
        product=["P"] * 3,
        campaign=["A", "A", None],
        variable=["Media Cost", "GRPs", "Media Cost"],
        value=[10.0, 3.0, 5.0],
    )
    tidy = frame(
        apply_layout(given_, source("master_flat_file", columns={"period": "Period"}))
    ).sort_values("value")
    assert list(tidy["variable"]) == ["grps", "media_cost", "media_cost"]
    assert list(tidy["name"]) == ["A", NO_NAME, "A"]
    assert list(tidy["region"]) == ["US", "DE", "US"]


def test_crm_counts_by_creation_and_books_by_closing() -> None:
    given_ = table(
        opportunity=["1", "2", "3"],
        stage=["Closed Won", "Closed Lost", "Open"],
        created=[dt.date(2024, 1, 2), dt.date(2024, 1, 9), dt.date(2024, 1, 9)],
        closed=[dt.date(2024, 2, 1), dt.date(2024, 2, 2), None],
        amount=[100.0, 50.0, None],
        motion=["Inbound", "Inbound", None],
    )
    crm = source("crm_pipeline")
    tidy = apply_layout(given_, crm)
    rows = frame(name_series(tidy, crm))
    sums = rows.groupby("series")["value"].sum()
    assert sums["opportunities.Inbound"] == 2
    assert sums[f"opportunities.{NO_NAME}"] == 1
    assert sums["pipeline.Inbound"] == 150
    assert sums["bookings.Inbound"] == 100
    booked = rows[rows["series"] == "bookings.Inbound"]
    assert list(booked["date"]) == [dt.date(2024, 2, 1)]


@pytest.mark.parametrize(
    ("layout", "missing"),
    [
        ("ad_platform", ["date", "campaign", "spend"]),
        ("master_flat_file", ["period", "geography", "campaign", "variable", "value"]),
        ("crm_pipeline", ["opportunity", "stage", "created", "closed", "amount"]),
    ],
)
def test_missing_columns_are_told_together(layout: str, missing: list[str]) -> None:
    problems = missing_columns("ads", source(layout), ["other", "Spend"])
    assert [problem.place.split()[1] for problem in problems] == missing
    assert all(problem.found == "no such column" for problem in problems)


def test_columns_belong_to_the_layout() -> None:
    with pytest.raises(ValueError, match="kampagne"):
        source("ad_platform", columns={"kampagne": "x"})
    with pytest.raises(ValueError, match="columns"):
        source("wide", columns={"date": "x"})
    with pytest.raises(ValueError, match="instead of"):
        source("ad_platform", name="campaign")


def test_only_wanted_variables_are_kept() -> None:
    given_ = table(date=["2024-01-01"], campaign=["A"], spend=[1], clicks=[9], impressions=[99])
    ads = source("ad_platform")
    assert set(frame(apply_layout(given_, ads, {"spend"}))["variable"]) == {"spend"}


ROWS = st.lists(st.tuples(DAYS, NAMES, MONEY, st.integers(0, 999)), min_size=1, max_size=30)


@settings(max_examples=25)
@given(ROWS)
def test_no_money_is_lost_on_the_way(rows: list[tuple[dt.date, str, float, int]]) -> None:
    days, names, spend, clicks = map(list, zip(*rows, strict=True))
    ads = source("ad_platform")
    given_ = table(date=[str(day) for day in days], campaign=names, spend=spend, clicks=clicks)
    tidy = apply_layout(given_, ads)
    told = frame(tidy).groupby("variable")["value"].sum()
    assert told["spend"] == pytest.approx(sum(spend))
    assert told["clicks"] == sum(clicks)
    named = frame(name_series(tidy, ads))
    assert named["value"].sum() == pytest.approx(sum(spend) + sum(clicks))
    distinct = frame(raw_names(tidy))
    assert distinct["name"].is_unique
    assert distinct["spend"].sum() == pytest.approx(sum(spend))
    assert set(distinct["name"]) == {name.strip() or NO_NAME for name in names}


def test_name_is_made_of_several_columns() -> None:
    given_ = table(
        date=["2024-01-01"] * 2, campaign=["A", None], ad_group=["g", None], spend=[1, 2]
    )
    ads = source("ad_platform", name_from=("campaign", "ad_group"))
    assert set(frame(apply_layout(given_, ads))["name"]) == {"A | g", NO_NAME}


@given(st.text(max_size=20))
def test_slug_is_stable(text: str) -> None:
    assert slug(slug(text)) == slug(text)
