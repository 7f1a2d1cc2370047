"""Every kind of bad input: one clear error with file, place, found and expected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mmmlib.data.panel.build import build_panel
from mmmlib.data.read.problems import SHOWN
from mmmlib.errors import InputError
from tests.data.conftest import (
    REGIONAL,
    Refused,
    only,
    regional,
    small_params,
    sources,
    weekly,
)


def set_cell(row: int, column: str, value: str) -> pd.DataFrame:
    """Change one cell; ``row`` is that of the file, the header being row 1."""
    frame = weekly().astype(str)
    frame.loc[row - 2, column] = value
    return frame


@pytest.mark.parametrize(
    ("cell", "found", "expected", "action"),
    [
        ("-5", "'-5'", "zero or more", ""),
        ("-5e3", "'-5e3'", "zero or more", ""),
        ("inf", "'inf'", "a finite number", "'missing'"),
        ("-Infinity", "'-Infinity'", "a finite number", "'missing'"),
        ("NaN", "'NaN'", "a finite number", "'missing'"),
        ("1e999", "'1e999'", "a finite number", ""),
        ("twelve", "'twelve'", "a number", "'missing'"),
        ("12,5", "'12,5'", "a number with a decimal point", "1234.5"),
        ("1,234.50", "'1,234.50'", "a number", "thousands"),
        ("1 234", "'1 234'", "a number", "thousands"),
        ("$12", "'$12'", "a number", ""),
        ("1_000", "'1_000'", "a number", ""),
        ("0x1F", "'0x1F'", "a number", ""),
        ("٣", "'٣'", "a number", ""),
        ("<script>alert(1)</script>", "'<script>alert(1)</script>'", "a number", ""),
    ],
)
def test_a_cell_that_is_no_good_number(
    refused: Refused, cell: str, found: str, expected: str, action: str
) -> None:
    problem = only(refused(set_cell(5, "search_spend", cell)))
    assert problem[:3] == ("row 5, column search_spend", found, expected)
    assert action in problem[3]


def test_an_empty_cell(refused: Refused) -> None:
    place, found, expected, action = only(refused(set_cell(5, "search_spend", "")))
    assert (place, found) == ("row 5, column search_spend", "an empty cell")
    assert expected == "a value every week"
    assert "gaps" in action


def test_missing_file_suggests_the_near_one(write: Callable[..., Path]) -> None:
    folder = write(weekly(), "medio.csv")
    with pytest.raises(InputError) as caught:
        build_panel(small_params(), folder)
    place, found, expected, action = only(caught.value)
    assert place == "data.sources.media"
    assert (found, expected) == ("no such file", f"the file of this source in {folder.resolve()}")
    assert action == "Did you mean 'medio.csv'?"


def test_empty_file(refused: Refused) -> None:
    for content in ("", "\n\n", " , \n"):
        place, found, expected, _ = only(refused(content))
        assert (place, found) == ("the file", "an empty file")
        assert expected == "a header and one row for every week"


def test_header_without_rows(refused: Refused) -> None:
    assert only(refused(weekly().head(0)))[:2] == ("row 2", "no rows below the header")


def test_header_twice(refused: Refused) -> None:
    lines = weekly().to_csv(index=False).splitlines()
    lines.insert(6, lines[0])
    place, found, expected, action = only(refused("\n".join(lines)))
    assert (place, found, expected) == ("row 7", "the header again", "data")
    assert action == "Remove this row."


def test_column_twice(refused: Refused) -> None:
    lines = weekly().to_csv(index=False).replace("price", "revenue", 1)
    place, found, *_ = only(refused(lines))
    assert (place, found) == ("row 1", "the column 'revenue' 2 times")


def test_row_with_another_number_of_cells(refused: Refused) -> None:
    lines = weekly().to_csv(index=False).splitlines()
    lines[3] += ",9"
    place, found, expected, _ = only(refused("\n".join(lines)))
    assert (place, found, expected) == ("row 4", "6 cells", "5 cells, as in the header")


def test_cut_off_inside_the_last_row(refused: Refused) -> None:
    content = weekly().to_csv(index=False)
    place, found, _, action = only(refused(content[: content.rindex(",")].rsplit(",", 1)[0]))
    assert (place, found) == ("row 13", "3 cells")
    assert action == "The file may be cut off: ask for it again."


def test_a_delivery_that_came_twice(refused: Refused) -> None:
    place, found, _, action = only(refused(pd.concat([weekly(), weekly()])))
    assert (place, found) == ("column date", "24 rows for 12 weeks and regions")
    assert "the delivery came twice" in action


def test_semicolons(refused: Refused) -> None:
    content = weekly().to_csv(index=False, sep=";", decimal=",")
    place, found, expected, action = only(refused(content))
    assert place == "how it is written"
    assert found == "columns separated by ';'; decimals after a comma"
    assert expected == "that the source declares it"
    assert action == "Add to the source: separator: semicolon, decimal: comma."


def test_not_utf8(refused: Refused) -> None:
    content = weekly().to_csv(index=False).encode().replace(b"2024-01-15", b"2024-01-1\xe9")
    written, day = refused(content).problems
    assert written.found == "letters of cp1252"
    assert "is '2024-01-1é,1002.0" in written.action
    assert (day.place, day.found) == ("row 4, column date", "'2024-01-1é'")


def test_cut_off_inside_quotes(refused: Refused) -> None:
    place, found, expected, _ = only(refused(weekly().to_csv(index=False) + '"2024-03'))
    assert place == "line 14"
    assert found.startswith("broken quoting")
    assert expected == "every quote closed"


def test_not_a_parquet_file_and_an_unknown_ending(write: Callable[..., Path]) -> None:
    for name, found in (
        ("media.parquet", "no readable Parquet file"),
        ("media.xlsx", "no readable workbook"),
        ("media.txt", "the ending '.txt'"),
    ):
        folder = write("nothing of the kind", name)
        with pytest.raises(InputError) as caught:
            build_panel(small_params(data=sources(path=name)), folder)
        assert len(caught.value.problems) == 1
        assert caught.value.problems[0].found.startswith(found)


# --- weeks ----------------------------------------------------------------------------


def test_mixed_date_formats(refused: Refused) -> None:
    place, found, expected, action = only(refused(set_cell(5, "date", "22/01/2024")))
    assert place == "row 5, column date"
    assert found == "'22/01/2024'"
    assert expected == "a date as in most rows: YYYY-MM-DD"
    assert action == "Write all dates as YYYY-MM-DD."


def test_mixed_time_zones(refused: Refused) -> None:
    frame = weekly()
    frame["date"] += "T00:00:00+01:00"
    frame.loc[3, "date"] = "2024-01-22T00:00:00Z"
    place, found, expected, action = only(refused(frame))
    assert place == "row 5, column date"
    assert found == "'2024-01-22T00:00:00Z'"
    assert expected == "the time zone of most rows (+01:00)"
    assert action == "Write dates without time and time zone."


def test_a_time_zone_in_one_row_only(refused: Refused) -> None:
    error = refused(set_cell(5, "date", "2024-01-22T00:00:00Z"))
    assert only(error)[2] == "the time zone of most rows (none)"


@pytest.mark.parametrize("cell", ["2024-02-31", "2024-13-01"])
def test_no_day_of_the_calendar(refused: Refused, cell: str) -> None:
    assert only(refused(set_cell(5, "date", cell)))[1:3] == (
        f"'{cell}'",
        "a day of the calendar",
    )


@pytest.mark.parametrize(("cell", "found"), [("", "an empty cell"), ("next week", "'next week'")])
def test_no_date(refused: Refused, cell: str, found: str) -> None:
    error = refused(set_cell(5, "date", cell))
    assert only(error)[:3] == ("row 5, column date", found, "a date such as 2024-01-29")


def test_day_and_month_that_cannot_be_told_apart(refused: Refused) -> None:
    frame = weekly(3)
    frame["date"] = ["01/02/2024", "08/02/2024", "02/03/2024"]
    found = only(refused(frame))[1]
    assert found == "'01/02/2024', which may be day/month or month/day"


# --- what is asked of the values --------------------------------------------------------


def test_region_without_a_name(refused: Refused) -> None:
    frame = regional("north", "south").reset_index(drop=True)
    frame.loc[15, "region"] = ""
    error = refused(frame, **REGIONAL)
    first = error.problems[0]
    assert (first.place, first.found) == ("row 17, column region", "an empty cell")


def test_negative_count(refused: Refused) -> None:
    outcomes = {"signups": {"kind": "count", "unit": "signups", "column": "revenue"}}
    error = refused(set_cell(5, "revenue", "-1"), outcomes=outcomes)
    assert only(error)[:3] == ("row 5, column revenue", "'-1'", "zero or more")


# --- all at once ------------------------------------------------------------------------


def test_all_problems_of_all_files_are_told_at_once(write: Callable[..., Path]) -> None:
    media = weekly().astype(str)[["date", "revenue", "price"]]
    media.loc[1, "revenue"], media.loc[2, "price"] = "x", "y"
    write(media)
    folder = write(weekly()[["date", "search_spend"]].assign(tv_spend=-1.0), "ads.csv")
    both = {"sources": {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv"}}}
    with pytest.raises(InputError) as caught:
        build_panel(small_params(data=both), folder)
    assert caught.value.file == "2 files"
    assert len(caught.value.problems) == 2 + SHOWN + 1
    text = str(caught.value)
    assert "media.csv (source media, owner not named), row 3, column revenue: found 'x'" in text
    assert "row 4, column price: found 'y'" in text
    assert "ads.csv (source ads, owner not named), row 6, column tv_spend: found '-1.0'" in text


def test_problems_are_capped_and_the_rest_is_counted(refused: Refused) -> None:
    frame = weekly(60).assign(search_spend="much")
    error = refused(frame)
    assert len(error.problems) == SHOWN + 1
    assert error.problems[-1].place == "column search_spend"
    assert error.problems[-1].found == "55 more of these"
