"""Events that a column tells of, whatever its type."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pyarrow as pa
import pytest

from mmmlib.data.events import marks_by_column
from mmmlib.params.source import Source

DAY = pa.array([dt.date(2024, 1, day) for day in (1, 2, 3)], pa.date32())


@pytest.mark.parametrize(
    ("column", "text", "marked"),
    [
        (["spring", " spring ", None], "spring", [1, 1, 0]),
        (["1", "1.0", "0"], "1", [1, 0, 0]),
        ([1, 2, None], "1", [1, 0, 0]),
        ([1.0, 0.5, 1.0], "1", [1, 0, 1]),
        ([1, 2, 3], "spring", [0, 0, 0]),
        ([True, False, None], "1", [1, 0, 0]),
        ([True, False, None], "false", [0, 1, 0]),
    ],
)
def test_rows_are_marked(column: list[Any], text: str, marked: list[float]) -> None:
    table = ibis.memtable(pa.table({"date": DAY, "note": pa.array(column)}))
    source = Source(path="media.csv", grain="day")
    marks = marks_by_column(table, source, [("note", text), ("absent", text)])
    assert marks is not None
    rows = marks.to_pyarrow().to_pylist()
    assert [row["value"] for row in sorted(rows, key=lambda row: row["date"])] == marked
    assert {row["series"] for row in rows} == {f"note = {text}"}


def test_no_column_no_marks() -> None:
    table = ibis.memtable(pa.table({"date": DAY}))
    assert marks_by_column(table, Source(path="media.csv"), [("note", "spring")]) is None
