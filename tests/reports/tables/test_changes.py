from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmmlib.params.load import params_of
from mmmlib.refresh.compare import compare_refreshes
from mmmlib.refresh.comparison import Comparison, ParameterChange
from mmmlib.reports.cells import Change
from mmmlib.reports.tables.changes import (
    data_changes_table,
    movement_table,
    parameter_table,
    restated_table,
)
from mmmlib.reports.words.statements import compared_sentence
from tests.fakes import fake_params
from tests.refresh.test_compare import make


def test_a_comparison_as_tables(tmp_path: Path) -> None:
    parent = make(tmp_path)
    run = make(tmp_path, parent, scale=1.6)
    comparison = compare_refreshes(run, parent)
    returns = comparison.of("revenue.pooled", "roi")
    table = movement_table(params_of(run), returns)
    assert len(table.rows) == 4
    assert set(table.column("Movement")) == {"more than noise"}
    changes = [abs(cell.value) for cell in table.column("Change of the median")
               if isinstance(cell, Change)]  # fmt: skip
    assert changes == sorted(changes, reverse=True)
    told = compared_sentence(comparison).replace("\N{NO-BREAK SPACE}", " ")
    assert told.startswith(f"Compared with {parent.name}, on the 104 weeks that both")
    assert "refresh.period" in parameter_table(comparison.parameter_changes).column("What")


def test_a_first_refresh_has_empty_tables_with_their_columns() -> None:
    comparison = Comparison(parent=None, reason="This is the first refresh.")
    assert movement_table(fake_params(), comparison.of("revenue.pooled", "roi")).rows == ()
    assert data_changes_table(fake_params(), ()).columns[0].head == "Series"
    assert compared_sentence(comparison) == "This is the first refresh."
    assert compared_sentence(Comparison(parent="gone")) == "Compared with gone."


def test_a_long_setting_is_cut_for_readers_only() -> None:
    changes = [ParameterChange(key="a", before="null", after="x" * 500)]
    table = parameter_table(changes)
    assert table.rows[0][1:3] == ("not set", "x" * 500)
    assert "x" * 121 not in table.to_markdown()
    assert table.to_frame()["Now"][0] == "x" * 500


def test_what_a_setting_is_stands_beside_it() -> None:
    keys = ("model.draws", "channels.search.adstock", "outcomes.revenue.label", "no.such.key")
    changes = [ParameterChange(key=key, before="1", after="2") for key in keys]
    assert parameter_table(changes).column("What it is") == (
        "Draws that each chain keeps.",
        "How the effect of a spend is spread over the weeks after it.",
        None,
        None,
    )


def test_restated_values_are_counted() -> None:
    row = {"series": "spend:search", "region": "north", "week": pd.Timestamp("2026-04-06"),
           "before": 1.0, "after": 2.0, "change": 1.0, "share": 0.1}  # fmt: skip
    table = restated_table(fake_params(), pd.DataFrame([row] * 3), most=2)
    assert len(table.rows) == 2
    assert table.caption.endswith("2 of 3.")
    assert "6\N{NO-BREAK SPACE}Apr\N{NO-BREAK SPACE}2026" in table.to_markdown()
