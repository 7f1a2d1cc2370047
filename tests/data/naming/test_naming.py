"""Series are named by channel, variable and motion, without empty parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmmlib.data.naming.naming import apply_layout, name_series, series_name
from tests.data.naming.test_naming_layouts import frame, source, table


def test_crm_without_motions_is_named_by_the_outcome() -> None:
    given_ = table(
        opportunity=["1"], stage=["won"], created=["2024-01-02"], closed=[""], amount=["1"]
    )
    crm = source("crm_pipeline", won=("won",))
    rows = frame(name_series(apply_layout(given_, crm), crm))
    assert set(rows["series"]) == {"opportunities", "pipeline", "won", "bookings"}


@given(st.lists(st.sampled_from(["a", "b", ""]), min_size=3, max_size=3))
def test_series_names_have_no_empty_part(parts: list[str]) -> None:
    assert "" not in (series_name(*parts).split(".") if any(parts) else [])
