"""A contract proposed from data: the data keeps it, and its types are what the layout reads."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmlib.data.contract.draft import draft_contract
from mmmlib.data.contract.pasted import contract_yaml
from mmmlib.data.panel.build import build_panel
from mmmlib.errors import InputError
from mmmlib.params.source import Source
from tests.data.conftest import small_params, sources
from tests.data.reading import daily, days_of_revenue, words


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
    assert "type: date" in contract_yaml(contract)


def test_a_draft_takes_an_id_for_the_key(tmp_path: Path) -> None:
    daily(14).assign(product="one").to_csv(tmp_path / "ads.csv", index=False)
    source = Source(path="ads.csv", layout="ad_platform", grain="day")
    assert draft_contract("ads", source, tmp_path)["unique"] == ["date", "campaign", "product"]
    daily(14).assign(id=[f"n{number}" for number in range(28)]).to_csv(
        tmp_path / "ads.csv", index=False
    )
    assert draft_contract("ads", source, tmp_path)["unique"] == ["id"]


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
