"""Columns that the parameters name are found, or the near ones are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mmmlib.data.panel.build import build_panel
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.delivery import read_sources
from mmmlib.data.weeks.source_rows import find_column
from mmmlib.errors import InputError
from tests.data.conftest import (
    Built,
    Refused,
    only,
    small_params,
    sources,
    weekly,
)


def test_find_column_prefers_the_whole_name(write: Callable[..., Path]) -> None:
    folder = write(weekly().rename(columns={"tv_spend": "media.search_spend"}))
    problems = Problems()
    tables = read_sources(small_params(), folder, problems)
    found = find_column(tables, "media.search_spend", "key", problems)
    assert found is not None
    assert found[1] == "media.search_spend"
    assert not problems


def test_names_of_sources_may_be_in_front_of_columns(write: Callable[..., Path]) -> None:
    write(weekly())
    folder = write(weekly().assign(search_spend=7), "ads.csv")
    both = {"sources": {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv"}}}
    params = small_params(
        data=both,
        channels={"search": {"spend": "ads.search_spend"}},
        outcomes={"revenue": {"kind": "revenue", "column": "media.revenue"}},
        controls={},
    )
    panel = build_panel(params, folder)
    assert set(panel.frame["spend:search"]) == {7.0}


def test_a_column_whose_own_name_has_a_dot(built: Built) -> None:
    frame = weekly().rename(columns={"tv_spend": "tv.spend"})
    channels = {"search": {"spend": "search_spend"}, "tv": {"spend": "tv.spend"}}
    assert "spend:tv" in built(frame, channels=channels).series


def test_missing_column_suggests_the_near_one(refused: Refused) -> None:
    channels = {"tv": {"spend": "tv_spnd"}}
    place, found, expected, action = only(refused(weekly(), channels=channels))
    assert place == "column tv_spnd (channels.tv.spend)"
    assert found == "no such column"
    assert expected == "one of date, revenue, search_spend, tv_spend, price"
    assert action == "Did you mean 'tv_spend'?"


def test_missing_date_column(refused: Refused) -> None:
    place, found, _, action = only(refused(weekly(), data=sources(date="dates")))
    assert (place, found) == ("column dates (data.sources.media.date)", "no such column")
    assert action == "Did you mean 'date'?"


def test_a_column_that_no_source_has_is_sought_in_all(write: Callable[..., Path]) -> None:
    write(weekly().drop(columns="price"))
    folder = write(weekly()[["date", "price"]].rename(columns={"price": "fare"}), "prices.csv")
    both = {"sources": {"media": {"path": "media.csv"}, "prices": {"path": "prices.csv"}}}
    with pytest.raises(InputError) as caught:
        build_panel(small_params(data=both), folder)
    (problem,) = caught.value.problems
    assert problem.place == "column price (controls.price.column)"
    assert problem.found == "no such column in any source"
    assert problem.expected == (
        "one of media: date, revenue, search_spend, tv_spend; prices: date, fare"
    )
    assert "renamed" in problem.action


def test_a_source_of_which_nothing_is_named(write: Callable[..., Path]) -> None:
    write(weekly())
    folder = write(weekly()[["date", "price"]].to_json(orient="records", lines=True), "web.jsonl")
    both = {"sources": {"media": {"path": "media.csv"}, "web": {"path": "web.jsonl"}}}
    controls = {"price": {"column": "media.price"}}
    told = small_params(data=both, controls=controls)
    del both["sources"]["web"]
    build_panel(small_params(data=both, controls=controls), folder)
    with pytest.raises(InputError, match="no column that the parameters name") as caught:
        build_panel(
            told,
            write(
                pd.DataFrame({"date": ["2024-01-01"], "visits": [1]}).to_json(
                    orient="records", lines=True
                ),
                "web.jsonl",
            ),
        )
    assert "there are visits" in str(caught.value)
    assert "leave the source out" in str(caught.value)


def test_column_of_two_sources_is_asked_for_by_its_full_name(
    write: Callable[..., Path],
) -> None:
    write(weekly())
    folder = write(weekly(), "ads.csv")
    both = {"sources": {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv"}}}
    with pytest.raises(InputError, match=r"Write 'media\.revenue' or 'ads\.revenue'"):
        build_panel(small_params(data=both), folder)
