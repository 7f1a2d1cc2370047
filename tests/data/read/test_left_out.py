"""Rows that are left out on purpose are counted, and never more than the rules say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.checks.status import left_out_findings
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.errors import InputError
from mmmlib.findings import Level
from mmmlib.params.source import LeftOut
from tests.data.conftest import small_params, sources, weekly

PLANNED = {"where": {"kind": ["Plan*"]}, "because": "planned weeks are not spent yet"}


def with_planned(folder: Path) -> pd.DataFrame:
    frame = weekly().assign(kind="Actual")
    plan = frame.tail(3).assign(kind=["Plan A", "Plan B", "planned"], search_spend=1e6)
    plan["date"] = ["2030-01-07", "2030-01-14", "2030-01-21"]
    pd.concat([frame, plan]).to_csv(folder / "media.csv", index=False)
    return frame


def test_filters_leave_out_what_they_name_and_are_told(tmp_path: Path) -> None:
    frame = with_planned(tmp_path)
    rules: list[dict[str, Any]] = [
        PLANNED,
        {"where": {"kind": ["planned"], "date": ["2030-*"]}, "because": "a plan, too"},
    ]
    params = small_params(data=sources(filters=rules))
    built = read_and_build(params, tmp_path)
    assert built.panel.frame["spend:search"].sum() == frame["search_spend"].sum()
    (found,) = left_out_findings(built.sources)
    assert (found.value, found.level) == (3, Level.INFO)
    assert f"3 of {len(frame) + 3} rows" in found.message
    assert "2 by kind Plan* (planned weeks are not spent yet)" in found.message


def test_all_but_some_may_be_left_out(tmp_path: Path) -> None:
    frame = with_planned(tmp_path)
    rule = {"unless": {"kind": ["Actual"]}, "because": "the rest is a plan"}
    panel = build_panel(small_params(data=sources(filters=[rule])), tmp_path)
    assert panel.frame["spend:search"].sum() == frame["search_spend"].sum()


def test_a_rule_that_names_no_row_warns(tmp_path: Path) -> None:
    weekly().assign(kind="Actual").to_csv(tmp_path / "media.csv", index=False)
    built = read_and_build(small_params(data=sources(filters=[PLANNED])), tmp_path)
    (found,) = left_out_findings(built.sources)
    assert found.level is Level.WARN
    assert "kind Plan*" in found.action


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    weekly().assign(kinds="Actual").to_csv(tmp_path / "media.csv", index=False)
    with pytest.raises(InputError, match=r"column kind .*Did you mean 'kinds'"):
        build_panel(small_params(data=sources(filters=[PLANNED])), tmp_path)


def test_rows_of_files_that_are_streamed_keep_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example of what is wrong was counted among the rows that are left out."""
    monkeypatch.setattr("mmmlib.data.read.opening.WHOLE", 0)
    monkeypatch.setattr("mmmlib.data.read.relations.HELD", 0)
    frame = pd.concat([weekly().tail(1).assign(date="2030-01-07", kind="Plan A"), weekly()])
    frame = frame.astype(object).fillna("Actual")
    frame.iloc[0, frame.columns.get_loc("price")] = "y"
    frame.iloc[4, frame.columns.get_loc("price")] = "x"
    frame.to_csv(tmp_path / "media.csv", index=False)
    with pytest.raises(InputError) as caught:
        build_panel(small_params(data=sources(filters=[PLANNED])), tmp_path)
    assert [one.place for one in caught.value.problems] == ["row 6, column price"]


def test_a_rule_says_one_thing() -> None:
    with pytest.raises(ValueError, match="either 'where' or 'unless'"):
        LeftOut(because="both")
    assert str(LeftOut(unless={"a": ("b",)}, because="x")) == "all but a b"
