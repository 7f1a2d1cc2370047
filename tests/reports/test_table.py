"""One table, for a page, a notebook, a spreadsheet and pandas."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from mmmlib.estimates import Estimate
from mmmlib.reports.blocks import label_mark
from mmmlib.reports.cells import Chance, Change, Column, Days, Observed, Places
from mmmlib.reports.table import Columns, Table, stacked, tabulate
from mmmlib.scenarios.pack import Label

COLUMNS = (Column("Channel"), Column("Return"))
MONEY = Estimate.from_draws(np.linspace(1, 2, 101), "USD")
SHARE = Estimate.from_draws(np.linspace(0.1, 0.2, 101), "share")


def table(unit: str = "USD") -> Table:
    estimate = MONEY.model_copy(update={"unit": unit})
    return Table(
        "t",
        "What each channel did.",
        (Column("Channel"), Column("Gain", unit), Column("Share"), Column("Label")),
        (
            ("TV", estimate, SHARE, label_mark(Label.SAFE)),
            ("Radio", "no spend", None, label_mark(Label.REVIEW)),
        ),
    )


@pytest.mark.parametrize("cell", [1.4, np.float64(1.4), 3, True, np.float32(2)])
def test_a_bare_number_is_refused(cell: Any) -> None:
    with pytest.raises(TypeError, match="model's number is an Estimate"):
        Table("t", "caption", COLUMNS, (("tv", cell),))


def test_estimates_and_what_was_counted_are_taken() -> None:
    cells = (MONEY, Observed(3.0, "USD"), Chance(0.2), label_mark(Label.SAFE), "no spend", None)
    assert len(Table("t", "caption", COLUMNS, tuple(("tv", cell) for cell in cells)).rows) == 6


def test_a_row_must_fill_the_columns() -> None:
    with pytest.raises(ValueError, match="a row has 1 cells, the table 2 columns"):
        Table("t", "caption", COLUMNS, (("tv",),))


def test_rows_are_read_off_items() -> None:
    columns: Columns[int] = {
        "Word": lambda one: "x" * one,
        Column("Money", "USD"): lambda one: Observed(one, "USD"),
    }
    made = tabulate("t", "caption", [1, 2], columns)
    assert [column.title for column in made.columns] == ["Word", "Money (USD)"]
    assert made.column("Word") == ("x", "xx")


def test_a_reader_is_shown_some_columns() -> None:
    part = table().only("Label", "Channel", name="part", caption="Less.")
    assert [column.head for column in part.columns] == ["Label", "Channel"]
    assert (part.name, part.caption, part.column("Channel")) == ("part", "Less.", ("TV", "Radio"))
    with pytest.raises(KeyError, match="no column 'Cost': it has Channel, Gain, Share, Label"):
        table().only("Cost")


def test_a_spreadsheet_has_every_end_of_a_range_as_a_number() -> None:
    plain = {part.head: part for part in table().plain_columns()}
    assert list(plain) == [
        "Channel",
        "Gain (USD): low", "Gain (USD): median", "Gain (USD): high",
        "Share: low", "Share: median", "Share: high",
        "Label",
    ]  # fmt: skip
    assert plain["Gain (USD): median"].values == (1.5, None)
    assert plain["Gain (USD): median"].formats == ("#,##0.00", "")
    assert plain["Share: low"].formats == ("#,##0.0%", "")
    assert plain["Label"].values == ("safe to act on", "needs review")
    frame = table().to_frame()
    assert list(frame.columns) == list(plain)
    assert frame["Gain (USD): high"].dtype == float


@pytest.mark.parametrize(
    ("cell", "values", "shown"),
    [
        (Observed(12_345.6, "USD"), {"H (USD)": 12_345.6}, "#,##0"),
        (Observed(4.0), {"H": 4.0}, "#,##0"),
        (Observed(0.00123, "USD"), {"H (USD)": 0.00123}, "#,##0.00000"),
        (Observed(0.0000000123), {"H": 0.0000000123}, "0.00E+00"),
        (Observed(float("nan"), "share"), {"H": float("nan")}, ""),
        (Observed(0.0698, "share"), {"H": 0.0698}, "#,##0.00%"),
        (Change(-300_000.0, "USD"), {"H (USD)": -300_000.0}, "#,##0"),
        (Chance(0.873), {"H": 0.873}, "#,##0%"),
        (Places(3, 1), {"H: before": 3, "H: now": 1}, "#,##0"),
        (dt.date(2026, 4, 6), {"H": dt.date(2026, 4, 6)}, ""),
        (
            Days(dt.date(2026, 4, 6), dt.date(2026, 4, 7)),
            {"H: first": dt.date(2026, 4, 6), "H: last": dt.date(2026, 4, 7)},
            "",
        ),
    ],
)
def test_every_kind_of_cell_as_plain_values(cell: Any, values: dict[str, Any], shown: str) -> None:
    parts = Table("t", "", (Column("H"),), ((cell,),)).plain_columns()
    assert {part.head: part.values[0] for part in parts} == pytest.approx(values, nan_ok=True)
    assert {part.formats[0] for part in parts} == {shown}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Change(-300_000.0, "USD"), "\N{MINUS SIGN}USD 300 k"),
        (Change(0.298, "share"), "+29.8 %"),
        (Change(float("nan"), "share"), "from zero"),
        (Chance(0.995), "over 99 %"),
        (Places(3, 1), "3 → 1"),
        (dt.date(2026, 4, 6), "6 Apr 2026"),
        (Days(dt.date(2026, 4, 6), dt.date(2026, 4, 6)), "6 Apr 2026"),
        (Days(dt.date(2026, 4, 6), dt.date(2026, 5, 3)), "6 Apr 2026 to 3 May 2026"),
        (SHARE, "10.5 to 19.5 %"),
        (None, "–"),
        ("x" * 30, "x" * 19 + "…"),
    ],
)
def test_every_kind_of_cell_as_a_reader_sees_it(cell: Any, text: str) -> None:
    shown = Column("H", longest=20 if isinstance(cell, str) else None).text(cell)
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == text


def test_tables_are_stacked_with_their_units() -> None:
    both = stacked("Outcome", [("Revenue", table()), ("Signups", table("signups"))])
    assert [column.title for column in both.columns][:3] == ["Outcome", "Channel", "Gain"]
    frame = both.to_frame()
    assert list(frame["Outcome"]) == ["Revenue", "Revenue", "Signups", "Signups"]
    assert list(frame["Gain: unit"].dropna()) == ["USD", "signups"]
    same = stacked("Outcome", [("Revenue", table()), ("Revenue", table())])
    assert len(same.rows) == 4
    assert "Gain (USD): low" in same.to_frame()
    assert stacked("Outcome", []).rows == ()
    with pytest.raises(ValueError, match="different columns"):
        stacked("Outcome", [("a", table()), ("b", table().only("Channel"))])


def test_a_notebook_has_words_left_numbers_right_and_names_as_text() -> None:
    name = "<script>alert(1)</script> | `x`"
    long = "A sentence that is longer than forty letters, told in full."
    made = Table(
        "t", name, (Column(name), Column("Gain", "USD"), Column("Why")), ((name, MONEY, long),)
    )
    shown = made._repr_mimebundle_()
    assert "<script>" not in shown["text/html"]
    assert shown["text/plain"].splitlines()[1:] == [
        f"{name} | Gain (USD) | Why",
        f"{name} | 1.05 to 1.95 | {long}",
    ]
    assert [part.split(";")[0] for part in shown["text/html"].split('<td style="')[1:]] == [
        "text-align: left",
        "text-align: right",
        "text-align: left",
    ]
    assert "1.05 to 1.95" in shown["text/html"]
    assert shown == made._repr_mimebundle_()
    assert "<caption" in Table("t", "Nothing.", COLUMNS, ()).to_html()


@pytest.mark.parametrize(
    ("head", "cell", "room"),
    [
        ("unexplained", "no", "11ch"),
        ("where", "a" * 60, "13em"),
        ("channel", "x" * 30, "24ch"),
    ],
)
def test_a_word_of_a_head_or_cell_is_never_broken_into_letters(
    head: str, cell: str, room: str
) -> None:
    html = Table("t", "", (Column(head),), ((cell,),)).to_html()
    assert html.count(f"min-width: {room}; overflow-wrap: anywhere") == 2
