"""A series without a row on days on which it usually has one: its week is short, and that is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.panel.build import read_and_build
from tests.data.conftest import Built, small_params, sources, weekly
from tests.data.weeks.test_delivery_days import REVENUE, daily

LONG = {"layout": "long", "name": "series", "value": "value", "grain": "day"}


def long_rows(rows: pd.DataFrame) -> pd.DataFrame:
    keys = [name for name in ("date", "region") if name in rows]
    return rows.melt(keys, var_name="series")


def without(rows: pd.DataFrame, series: str, first: str, last: str, region: str = "") -> Any:
    """Leave out the rows of a series from a day to a day."""
    gone = (rows["series"] == series) & rows["date"].between(first, last)
    return rows[~(gone & (rows["region"] == region) if region else gone)]


def flagged(write: Callable[..., Path], rows: pd.DataFrame, **options: Any) -> list[str]:
    params = small_params(data=sources(**LONG, **options))
    found = check_panel(params, read_and_build(params, write(rows)))
    return [one.message for one in found if one.check == "data.days" and one.status == "flag"]


@pytest.mark.parametrize("contract", [None, {"units": dict.fromkeys(daily().columns[1:], "count")}])
def test_a_series_that_lacks_days_of_a_week_is_flagged(
    write: Callable[..., Path], contract: dict[str, Any] | None
) -> None:
    rows = long_rows(daily())
    assert flagged(write, rows, contract=contract) == []
    short = without(rows, "tv_spend", "2024-01-31", "2024-02-02")
    short = without(short, "revenue", "2024-02-05", "2024-02-05")
    assert flagged(write, short, contract=contract) == [
        (
            "2 weeks without rows of usual days: revenue in the week of 2024-02-05 (1 day), "
            "tv_spend in the week of 2024-01-29 (3 days)."
        )
    ]


def test_a_series_of_one_region_is_named_with_it(write: Callable[..., Path]) -> None:
    parts = [long_rows(daily().assign(region=name)) for name in ("uk", "us")]
    rows = pd.concat(parts, ignore_index=True)
    short = without(rows, "tv_spend", "2024-01-31", "2024-02-02", "uk")
    assert flagged(write, short, region="region") == [
        (
            "1 week without rows of usual days: region 'uk', tv_spend in the week of 2024-01-29 "
            "(3 days)."
        )
    ]


def test_a_day_without_any_row_is_told_once(write: Callable[..., Path]) -> None:
    rows = long_rows(daily())
    assert flagged(write, rows[rows["date"] != "2024-02-01"]) == [
        "1 week without rows of usual days: the week of 2024-01-29 (1 day)."
    ]


def test_a_level_is_the_mean_of_the_days_that_it_has(write: Callable[..., Path]) -> None:
    assert flagged(write, without(long_rows(daily()), "price", "2024-01-31", "2024-02-02")) == []


def test_series_that_rest_or_come_now_and_then_lack_nothing(write: Callable[..., Path]) -> None:
    rows = long_rows(daily())
    weekend = pd.to_datetime(rows["date"]).dt.day_of_week > 4
    rows = rows[~(weekend & (rows["series"] == "revenue"))].reset_index(drop=True)
    some = np.random.default_rng(3).random(len(rows)) < 0.5
    assert flagged(write, rows[some | (rows["series"] != "tv_spend")]) == []


@pytest.mark.parametrize("days", [("2024-03-23", "2024-03-24"), ("2024-01-01", "2024-01-02")])
def test_an_outcome_that_lacks_days_at_an_end_makes_the_week_partial(
    built: Built, days: tuple[str, str]
) -> None:
    panel = built(without(long_rows(daily()), "revenue", *days), data=sources(**LONG))
    assert panel.frame[REVENUE].tolist() == [700.0] * 11


def test_spend_that_stops_amid_the_last_week_is_kept_where_a_gap_is_a_zero(
    write: Callable[..., Path], built: Built
) -> None:
    rows = without(long_rows(daily()), "tv_spend", "2024-03-22", "2024-03-24")
    data = sources(**LONG, gaps="zero")
    assert built(rows, data=data).frame["spend:tv"].tolist() == [35.0] * 11 + [20.0]
    (message,) = flagged(write, rows, gaps="zero")
    assert "tv_spend in the week of 2024-03-18 (3 days)" in message


def test_names_that_a_taxonomy_gives_are_held_to_their_days(tmp_path: Path) -> None:
    weekly()[["date", "revenue", "price"]].to_csv(tmp_path / "media.csv", index=False)
    rows = long_rows(daily()[["date", "tv_spend", "search_spend"]])
    without(rows, "tv_spend", "2024-01-31", "2024-02-02").to_csv(tmp_path / "ads.csv", index=False)
    rules = [{"exact": f"{name}_spend", "channel": name} for name in ("tv", "search")]
    taxonomy = Taxonomy.model_validate({"version": "1", "valid_from": "2024-01-01", "rules": rules})
    ads = {"path": "ads.csv", "taxonomy": True, **LONG}
    data = {"taxonomy": "t.yaml", "sources": {"media": {"path": "media.csv"}, "ads": ads}}
    channels = {name: {"spend": name} for name in ("tv", "search")}
    params = small_params(data=data, channels=channels)
    found = check_panel(params, read_and_build(params, tmp_path, taxonomy=taxonomy))
    (message,) = [f.message for f in found if f.check == "data.days" and f.status == "flag"]
    assert "tv in the week of 2024-01-29 (3 days)" in message


def test_a_flat_file_that_lacks_one_variable_of_a_channel(tmp_path: Path) -> None:
    """A campaign that paused has no rows at all; that is no fault."""
    weekly().to_csv(tmp_path / "media.csv", index=False)
    days = daily()[["date"]].rename(columns={"date": "period"})
    rows = pd.concat(
        [
            days.assign(geography="us", product="p", campaign=name, variable=word, value=1.0)
            for name in ("brand", "promo")
            for word in ("Cost", "GRPs")
        ],
        ignore_index=True,
    )
    out = rows["period"].between("2024-01-31", "2024-02-02")
    paused = (rows["campaign"] == "promo") | (rows["variable"] == "Cost")
    rows = rows[~(out & paused)]
    rows.to_csv(tmp_path / "agency.csv", index=False)
    agency = {"path": "agency.csv", "layout": "master_flat_file", "grain": "day"}
    data = {"sources": {"media": {"path": "media.csv"}, "agency": agency}}
    channels = {name: {"spend": f"{name}.cost"} for name in ("brand", "promo")}
    params = small_params(data=data, channels=channels)
    found = check_panel(params, read_and_build(params, tmp_path))
    (message,) = [f.message for f in found if f.check == "data.days" and f.status == "flag"]
    assert message == (
        "1 week without rows of usual days: region 'us', brand.cost in the week of 2024-01-29 "
        "(3 days)."
    )
