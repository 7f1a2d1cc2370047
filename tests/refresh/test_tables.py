from __future__ import annotations

from pathlib import Path

from mmmlib.refresh.compare import compare
from mmmlib.refresh.comparison import Comparison
from mmmlib.refresh.tables import change_table, comparison_text, data_table, movement_table
from tests.refresh.test_compare import make


def test_a_comparison_as_tables(tmp_path: Path) -> None:
    parent = make(tmp_path)
    comparison = compare(make(tmp_path, parent, scale=1.6), parent)
    table = movement_table(comparison, "revenue.pooled")
    assert len(table) == 4
    assert set(table["more than noise"]) == {"yes"}
    changes = [float(text.split("\N{NO-BREAK SPACE}")[0]) for text in table["change"]]
    assert changes == sorted(changes, reverse=True)
    assert comparison_text(comparison).startswith(f"Compared with {parent.name} on the 104 weeks")
    assert "refresh.period" in set(change_table(comparison.parameter_changes)["what"])


def test_a_first_refresh_has_empty_tables_with_their_columns() -> None:
    comparison = Comparison(parent=None, reason="This is the first refresh.")
    assert movement_table(comparison, "revenue.pooled").empty
    assert "series" in data_table(comparison).columns
    assert comparison_text(comparison) == "This is the first refresh."
    assert comparison_text(Comparison(parent="gone")).startswith(
        "No return can be compared with gone"
    )
