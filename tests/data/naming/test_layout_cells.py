"""Cells as the layouts read them: names of several columns, variables as slugs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmmlib.data.naming.layout_cells import NO_NAME, slug
from mmmlib.data.naming.layouts import apply_layout
from tests.data.naming.test_layouts import frame, source, table


def test_name_is_made_of_several_columns() -> None:
    given_ = table(
        date=["2024-01-01"] * 2, campaign=["A", None], ad_group=["g", None], spend=[1, 2]
    )
    ads = source("ad_platform", name_from=("campaign", "ad_group"))
    assert set(frame(apply_layout(given_, ads))["name"]) == {"A | g", NO_NAME}


@given(st.text(max_size=20))
def test_slug_is_stable(text: str) -> None:
    assert slug(slug(text)) == slug(text)
