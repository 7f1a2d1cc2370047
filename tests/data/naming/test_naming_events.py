"""Events that a column tells of, whatever its type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.naming.naming import marks_by_column
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.errors import InputError
from mmmlib.params.source import Source
from tests.data.conftest import Built, Refused, small_params, sources, weekly

Write = Callable[..., Path]
DAY = pa.array([dt.date(2024, 1, day) for day in (1, 2, 3)], pa.date32())


@pytest.mark.parametrize(
    ("column", "text", "marked"),
    [
        (["spring", " spring ", None], "spring", [1, 1, 0]),
        (["1", "1.0", "0"], "1", [1, 1, 0]),
        ([1, 2, None], "1", [1, 0, 0]),
        ([1.0, 0.5, 1.0], "1", [1, 0, 1]),
        ([1, 2, 3], "spring", [0, 0, 0]),
        ([True, False, None], "1", [1, 0, 0]),
        ([True, False, None], "false", [0, 1, 0]),
        ([True, False, None], "spring", [0, 0, 0]),
        (["True", "FALSE", "y"], "1", [1, 0, 1]),
        (["Y", "N", "n/a"], "no", [0, 1, 0]),
        (["nan", "inf", "2.0"], "2", [0, 0, 1]),
        ([1.0, 0.0, 2.0], "yes", [1, 0, 0]),
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


HAPPENED = np.isin(np.arange(12), (3, 4))


@pytest.mark.parametrize(
    ("promo", "equals"),
    [
        (HAPPENED, "1"),
        (np.where(HAPPENED, "TRUE", "FALSE"), "1"),
        (np.where(HAPPENED, 1.0, np.nan), "1"),
        (np.where(HAPPENED, "Y", "N"), "y"),
        (np.where(HAPPENED, 7.0, 1.0), "7"),
    ],
)
@pytest.mark.parametrize("name", ["media.csv", "media.parquet", "media.xlsx"])
@pytest.mark.parametrize("grain", ["week", "day"])
def test_both_roads_read_an_event_alike(
    tmp_path: Path, promo: np.ndarray, equals: str, name: str, grain: str
) -> None:
    rows = weekly().assign(promo=promo)
    if grain == "day":
        rows = rows.loc[rows.index.repeat(7)].reset_index(drop=True)
        rows["date"] = pd.date_range("2024-01-01", periods=84).strftime("%Y-%m-%d")
    write = {"csv": rows.to_csv, "xlsx": rows.to_excel, "parquet": rows.to_parquet}
    write[name.partition(".")[2]](tmp_path / name, index=False)
    data = {"sources": {"media": {"path": name, "grain": grain}}}
    events = {"promo": {"column": "promo", "equals": equals}}
    panel = build_panel(small_params(data=data, events=events), tmp_path)
    assert panel.frame["event:promo"].tolist() == HAPPENED.astype(float).tolist()


@pytest.mark.parametrize(("word", "share"), [("Y", 1.0), ("N", 0.0)])
def test_a_typed_truth_is_what_it_says(built: Built, word: str, share: float) -> None:
    rows = weekly().assign(promo=word)
    contract = {"columns": {"promo": {"type": "boolean"}}}
    data = sources(grain="day", contract=contract)
    days = rows.loc[rows.index.repeat(7)].assign(
        date=pd.date_range("2024-01-01", periods=84).strftime("%Y-%m-%d")
    )
    panel = built(days, data=data, events={"promo": {"column": "promo", "equals": "Y"}})
    assert (panel.frame["event:promo"] == share).all()


@pytest.mark.parametrize("grain", ["week", "day"])
def test_what_is_no_word_of_truth_is_refused(refused: Refused, grain: str) -> None:
    rows = weekly().assign(promo=["ja", *["no"] * 11])
    data = sources(grain=grain, contract={"columns": {"promo": {"type": "boolean"}}})
    told = refused(rows, data=data, events={"promo": {"column": "promo"}}).problems
    assert (told[0].place, told[0].found) == ("row 2, column promo", "'ja'")
    assert "yes" in told[0].expected


def test_days_of_an_event_that_are_taken_for_weeks_are_refused(write: Write) -> None:
    days = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=84)}).assign(promo=0)
    days.loc[23:25, "promo"] = 1
    write(weekly())
    folder = write(days, "days.csv")
    data: dict[str, Any] = {
        "sources": {"media": {"path": "media.csv"}, "days": {"path": "days.csv"}}
    }
    events = {"promo": {"column": "promo"}}
    with pytest.raises(InputError, match=r"84 rows for 12 weeks and regions.*grain: day does it"):
        build_panel(small_params(data=data, events=events), folder)
    data["sources"]["days"]["grain"] = "day"
    panel = build_panel(small_params(data=data, events=events), folder)
    assert panel.frame["event:promo"].tolist()[3] == pytest.approx(3 / 7)


def test_an_event_that_never_happens_is_flagged(write: Write) -> None:
    folder = write(weekly().assign(promo=np.where(HAPPENED, "Sale", "")))
    for equals, status in (("Sale", "ok"), ("sale", "flag")):
        params = small_params(events={"promo": {"column": "promo", "equals": equals}})
        (told,) = [
            one
            for one in check_panel(params, read_and_build(params, folder))
            if one.check == "data.events"
        ]
        assert told.status == status
        assert told.message.startswith(f"Column promo reads '{equals}' in ")


def test_no_column_no_marks() -> None:
    table = ibis.memtable(pa.table({"date": DAY}))
    assert marks_by_column(table, Source(path="media.csv"), [("note", "spring")]) is None


def test_events_by_date_and_by_column(built: Built) -> None:
    frame = weekly().assign(note="na")
    frame.loc[[2, 5], "note"] = ["Sale", "Fair"]
    events = {
        "launch": {"start": "2024-01-15", "end": "2024-01-21"},
        "sale": {"column": "note", "equals": "Sale"},
        "fair": {"column": "note", "equals": "Fair"},
    }
    panel = built(frame, events=events)
    assert panel.names("event") == ["launch", "sale", "fair"]
    assert list(np.flatnonzero(panel.frame["event:launch"])) == [2]
    assert list(np.flatnonzero(panel.frame["event:sale"])) == [2]
    assert list(np.flatnonzero(panel.frame["event:fair"])) == [5]
