"""Days, and other rows that become weeks: what a row lacks is told, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.build import build_panel
from mmmlib.data.taxonomy import Taxonomy
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
    assert len(error.problems) == 21
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
