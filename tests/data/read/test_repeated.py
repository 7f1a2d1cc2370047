"""A value that stands in every row of a week of a long file is a series, taken once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.panel.build import build_panel
from mmmlib.data.panel.panel import Panel
from mmmlib.errors import InputError
from tests.data.conftest import only, regional, small_params, sources, weekly

LONG = sources(layout="long", name="medium", value="cost", repeated=["revenue", "price"])
CHANNELS = {"search": {"spend": "search"}, "tv": {"spend": "tv"}}


def long(wide: pd.DataFrame) -> pd.DataFrame:
    """Spend by row, outcome and price repeated beside it, as an agency's export has them."""
    keys = [name for name in wide.columns if not name.endswith("_spend")]
    rows = wide.melt(keys, var_name="medium", value_name="cost")
    rows["medium"] = rows["medium"].str.removesuffix("_spend")
    return rows.sort_values([k for k in ("date", "region") if k in keys], kind="stable")


def test_it_is_the_panel_of_the_wide_file(built: Callable[..., Panel]) -> None:
    expected = built(weekly())
    panel = built(long(weekly()), data=LONG, channels=CHANNELS)
    pd.testing.assert_frame_equal(panel.frame, expected.frame)


def test_once_by_region(built: Callable[..., Panel]) -> None:
    wide = regional("north", "south")
    wide.loc[wide["region"] == "south", "revenue"] += 500
    model = {"geography": "regional"}
    expected = built(wide, data=sources(region="region"), model=model)
    data = {"sources": {"media": LONG["sources"]["media"] | {"region": "region"}}}
    panel = built(long(wide), data=data, channels=CHANNELS, model=model)
    pd.testing.assert_frame_equal(panel.frame, expected.frame)


def test_of_parquet_too(write: Callable[..., object]) -> None:
    folder = write("", "other.csv")
    long(weekly()).to_parquet(folder / "media.parquet", index=False)  # type: ignore[operator]
    data = {"sources": {"media": LONG["sources"]["media"] | {"path": "media.parquet"}}}
    panel = build_panel(small_params(data=data, channels=CHANNELS), folder)  # type: ignore[arg-type]
    assert np.allclose(panel.frame["outcome:revenue.pooled"], weekly()["revenue"])


def test_rows_that_differ_are_named(refused: Callable[..., InputError]) -> None:
    rows = long(weekly()).reset_index(drop=True)
    rows.loc[5, "revenue"] += 1  # the second row of the third week
    place, found, expected, action = only(refused(rows, data=LONG, channels=CHANNELS))
    assert place == "the rows of 2024-01-15, from row 6 on, column revenue"
    assert found == "'1002.0' and '1003.0'"
    assert "the same value in all of them" in expected
    assert action == "Correct it, or take revenue off 'repeated'."


def test_without_the_key_the_message_names_it(refused: Callable[..., InputError]) -> None:
    plain = sources(layout="long", name="medium", value="cost")
    error = refused(long(weekly()), data=plain, channels=CHANNELS, controls={})
    place, found, _, action = only(error)
    assert (place, found) == ("column revenue (outcomes.revenue.column)", "no such series")
    assert "write repeated: [revenue] in the source" in action


def test_a_column_that_is_not_there_is_named(refused: Callable[..., InputError]) -> None:
    data = sources(layout="long", name="medium", value="cost", repeated=["revenu"])
    place, _, _, action = only(refused(long(weekly()), data=data, channels=CHANNELS))
    assert place == "column revenu (data.sources.media.repeated)"
    assert action == "Did you mean 'revenue'?"


def test_it_is_a_key_of_the_long_layout_only() -> None:
    with pytest.raises(ValueError, match="'repeated' for the layout long only"):
        small_params(data=sources(repeated=["revenue"]))
