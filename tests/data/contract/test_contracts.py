"""Contracts: a source held against all of what its owner promised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.contract.draft import draft_contract
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.data.read.problems import Problems
from mmmlib.findings import Level
from mmmlib.params.source import Source
from tests.data.conftest import small_params, sources, weekly
from tests.data.reading import CONTRACT, daily, read, refused, words


def test_kept(tmp_path: Path) -> None:
    daily().to_csv(tmp_path / "ads.csv", index=False)
    assert words(tmp_path) == []


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
