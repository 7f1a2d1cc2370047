"""Files as tables of text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.contract.side_tables import read_cells
from mmmlib.data.panel.build import build_panel
from mmmlib.data.read.problems import Problems
from mmmlib.errors import InputError
from tests.data.conftest import small_params, sources, weekly

Write = Callable[..., Path]


def read(path: Path) -> pd.DataFrame:
    problems = Problems()
    table = read_cells(path, problems)
    problems.raise_if_any()
    assert table is not None
    return table


def test_cells_are_text_and_rows_are_those_of_the_file(write: Write) -> None:
    folder = write('\ufeffdate,name,x\n2024-01-01,"a, ""b""",007\n\n,,\n2024-01-08,NA,1e3\n')
    table = read(folder / "media.csv")
    assert list(table.index) == [2, 5]
    assert list(table.columns) == ["date", "name", "x"]
    assert table.loc[2, "name"] == 'a, "b"'
    assert list(table["x"]) == ["007", "1e3"]
    assert table.loc[5, "name"] == "NA"  # nobody's idea of a missing value slips in


def test_a_column_without_a_name_is_kept_apart(write: Write) -> None:
    table = read(write(",x\n0,5\n") / "media.csv")
    assert list(table.columns) == ["(column 1)", "x"]


def test_parquet_and_excel_give_the_panel_of_the_csv(write: Write, tmp_path: Path) -> None:
    folder = write(weekly())
    expected = build_panel(small_params(), folder).frame
    typed = weekly().assign(date=pd.to_datetime(weekly()["date"]))
    typed.to_parquet(tmp_path / "media.parquet")
    typed.to_excel(tmp_path / "media.xlsx", index=False)
    for name in ("media.parquet", "media.xlsx"):
        frame = build_panel(small_params(data=sources(path=name)), folder).frame
        pd.testing.assert_frame_equal(frame, expected)


def test_parquet_keeps_every_digit(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=50) * 10.0 ** np.arange(-20, 30)
    pd.DataFrame({"x": values}).to_parquet(tmp_path / "x.parquet")
    table = read(tmp_path / "x.parquet")
    np.testing.assert_array_equal(table["x"].astype(float), values)


def test_excel_names_the_row_of_a_bad_cell(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["date", "x"])
    sheet.append(["2024-01-01", 1.5])
    sheet.append([])
    sheet.append(["2024-01-08", "#REF!"])
    book.save(tmp_path / "x.xlsx")
    table = read(tmp_path / "x.xlsx")
    assert dict(table["x"]) == {2: "1.5", 4: "#REF!"}


TITLE = 'Weekly report\n"1 January 2024 - 24 March 2024"\n'


def test_a_title_above_the_header_is_named_and_can_be_declared(write: Write) -> None:
    folder = write(TITLE + weekly().to_csv(index=False))
    with pytest.raises(InputError) as caught:
        build_panel(small_params(), folder)
    (problem,) = caught.value.problems
    assert problem.found == "the column names in row 3"
    assert "header_row: 3. Look at it first: above it stands: Weekly report" in problem.action
    panel = build_panel(small_params(data=sources(header_row=3)), folder)
    assert panel.frame["spend:search"].sum() == weekly()["search_spend"].sum()


def test_rows_below_a_title_are_counted_as_in_the_file(write: Write) -> None:
    bad = weekly().astype(str)
    bad.loc[2, "price"] = "x"
    for text in (bad.to_csv(index=False), bad.to_csv(index=False).replace("\n", "\n\n", 2)):
        folder = write(TITLE + text)
        row = next(n for n, line in enumerate((TITLE + text).split("\n"), 1) if line.endswith(",x"))
        with pytest.raises(InputError, match=f"row {row}, column price"):
            build_panel(small_params(data=sources(header_row=3)), folder)


def test_large_files_have_titles_and_separators_too(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmmlib.data.read.opening.WHOLE", 0)
    declared = sources(header_row=3, separator="semicolon", decimal="comma")
    rows = weekly().to_csv(index=False, sep=";", decimal=",")
    folder = write(TITLE.replace("2024 -", "2024;-") + rows)
    panel = build_panel(small_params(data=declared), folder)
    assert panel.frame["control:price"].tolist() == weekly()["price"].tolist()
    folder = write(TITLE + rows.replace(";9,6\n", ";x\n"))
    with pytest.raises(InputError, match="row 5, column price"):
        build_panel(small_params(data=declared), folder)


def test_rows_of_totals_can_be_left_out(write: Write) -> None:
    total = weekly().sum(numeric_only=True).to_frame().T.assign(date="Total")
    folder = write(pd.concat([weekly(), total[weekly().columns]]))
    with pytest.raises(InputError, match=r"marked 'Total'.*leave_out: \['Total'\]"):
        build_panel(small_params(), folder)
    panel = build_panel(small_params(data=sources(leave_out=["Total"])), folder)
    assert panel.frame["spend:search"].sum() == weekly()["search_spend"].sum()


@pytest.mark.parametrize("written", ["%G-W%V", "%d-%b-%y", "%d %b %Y"])
def test_weeks_and_months_in_words_are_read(write: Write, written: str) -> None:
    days = pd.to_datetime(weekly()["date"])
    panel = build_panel(small_params(), write(weekly().assign(date=days.dt.strftime(written))))
    assert panel.weeks.tolist() == days.tolist()


def test_a_cover_sheet_is_named_with_the_others(write: Write, tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "media.xlsx") as book:
        cover = pd.DataFrame({"Report of May": ["made by us"]})
        cover.to_excel(book, sheet_name="Cover", index=False)
        weekly().to_excel(book, sheet_name="Weeks", index=False)
    with pytest.raises(InputError) as caught:
        build_panel(small_params(data=sources(path="media.xlsx")), tmp_path)
    (problem,) = caught.value.problems
    assert problem.found == "a table on the sheet Weeks"
    assert "sheet: Weeks. Look at it first: " in problem.action
    assert "the others are Cover" in problem.action
    panel = build_panel(small_params(data=sources(path="media.xlsx", sheet="Weeks")), tmp_path)
    assert len(panel.weeks) == 12
