"""From good sources to the panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.errors import InputError
from tests.data.conftest import (
    WEEKS,
    Built,
    small_params,
    sources,
    weekly,
    weekly_by_day,
)


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
    done = read_and_build(small_params(data=both), folder)
    assert len(done.panel.weeks) == WEEKS - 3
    assert done.panel.weeks[0] == pd.Timestamp("2024-01-22")
    assert done.calendar.covers["ads"][1] == pd.Timestamp("2024-04-08")


# --- regions ----------------------------------------------------------------------------


# --- gaps -------------------------------------------------------------------------------


# --- events, money, motions -----------------------------------------------------------------


# --- public data ----------------------------------------------------------------------------
