"""The promises of a contract: every one, its examples, and what is only told or stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.data.read.problems import Problems
from mmmlib.errors import InputError
from tests.data.conftest import small_params, sources, weekly
from tests.data.reading import CONTRACT, daily, days_of_revenue, read, refused, words


@pytest.mark.parametrize(
    ("cell", "found", "expected"),
    [
        ("1,5", "'1,5'", "a number with a decimal point"),
        ("1,234.50", "'1,234.50'", "a number. Write it without thousands separators"),
        ("nan", "'nan'", "a finite number"),
        ("much", "'much'", "a number"),
    ],
)
def test_no_number_stops_with_file_row_and_column(
    tmp_path: Path, cell: str, found: str, expected: str
) -> None:
    frame = daily()
    frame.loc[5, "spend"] = cell
    frame.to_csv(tmp_path / "ads.csv", index=False)
    text = refused(tmp_path)
    assert f"row 7, column spend: found {found}; expected {expected}" in text
    assert "ads.csv" in text


def test_two_date_formats(tmp_path: Path) -> None:
    frame = daily()
    frame.loc[5, "date"] = "06/01/2024"
    frame.to_csv(tmp_path / "ads.csv", index=False)
    told = refused(tmp_path)
    assert (
        "row 7, column date: found '06/01/2024'; expected a date as in most rows: YYYY-MM-DD"
        in told
    )
    assert told.endswith("Write all dates as YYYY-MM-DD.")


def test_twenty_examples_and_the_count_of_the_rest(tmp_path: Path) -> None:
    frame = daily(40)
    frame.loc[:29, "spend"] = "-1"
    frame.to_csv(tmp_path / "ads.csv", index=False)
    (told,) = words(tmp_path)
    assert told.count("'-1'") == 5
    assert told.endswith("and 25 more.")
    assert "expected zero or more" in told
    assert "ads.csv, row 2, column spend" in told


def test_currencies_by_rates_and_a_changed_one(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("currency,from,rate\nEUR,2023-01-01,2\nEUR,2024-01-08,3\n")
    frame = daily(14).assign(money="EUR")
    frame.to_csv(tmp_path / "ads.csv", index=False)
    columns = CONTRACT["columns"] | {"money": {}}
    told = {"contract": CONTRACT | {"columns": columns}, "currency_column": "money"}
    problems = Problems(tmp_path)
    delivery = read(tmp_path, problems, **told)
    problems.raise_if_any()
    assert delivery is not None
    spend = delivery.weekly.query("series == 'brand.spend'")["value"].tolist()
    assert spend == [7 * 10.5 * 2, 7 * 10.5 * 3]
    frame.loc[3, "money"] = "GBP"
    frame.to_csv(tmp_path / "ads.csv", index=False)
    text = refused(tmp_path, **told)
    assert "row 5, column money: found 'GBP'; expected a currency with a rate (EUR, USD)" in text


def test_weeks_start_on_the_declared_day(tmp_path: Path) -> None:
    weekly(first="2024-01-02").to_csv(tmp_path / "media.csv", index=False)
    data = sources(contract={"min_rows": 2}) | {"week_start": "monday"}
    params = small_params(data=data)
    flags = [
        f
        for f in check_panel(params, read_and_build(params, tmp_path))
        if f.check == "data.contract"
    ]
    assert "a Monday, on which weeks start" in flags[0].message


UNTYPED: list[dict[str, Any]] = [
    {"columns": {"date": {}, "revenue": {}}},
    {"columns": {"date": {"type": "integer", "min": 0}, "revenue": {"type": "date"}}},
    {"columns": {"date": {"nullable": True}, "revenue": {"nullable": True, "pattern": ".*"}}},
]


@pytest.mark.parametrize("contract", UNTYPED)
def test_a_contract_without_types_reads_numbers_and_days_all_the_same(
    tmp_path: Path, contract: dict[str, Any]
) -> None:
    params = small_params(data=sources(grain="day", contract=contract))
    rows = days_of_revenue()
    rows.to_csv(tmp_path / "media.csv", index=False)
    assert (build_panel(params, tmp_path).frame["outcome:revenue.pooled"] == 6300).all()
    for column, cell, expected in (
        ("revenue", "1,234.50", "a number"),
        ("date", "someday", "a date such as 2024-01-29"),
    ):
        spoilt = rows.copy()
        spoilt.loc[3, column] = cell
        spoilt.to_csv(tmp_path / "media.csv", index=False)
        with pytest.raises(InputError, match=f"row 5, column {column}.*{expected}"):
            build_panel(params, tmp_path)


def test_a_day_that_may_be_empty_is_still_needed(tmp_path: Path) -> None:
    rows = days_of_revenue()
    rows.loc[3, "date"] = ""
    rows.to_csv(tmp_path / "media.csv", index=False)
    contract = {"columns": {"date": {"type": "date", "nullable": True}}}
    with pytest.raises(InputError, match="row 5, column date"):
        build_panel(small_params(data=sources(grain="day", contract=contract)), tmp_path)
