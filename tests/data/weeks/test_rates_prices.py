"""Money at the prices of one day, and rates that are out of date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.panel.build import read_and_build
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.rates import read_rates
from mmmlib.errors import InputError
from mmmlib.findings import Finding, Status
from tests.data.conftest import WEEKS, small_params, sources, weekly

Write = Callable[..., Path]
INDEX = "from,index\n2023-12-01,100\n2024-01-01,100\n2024-02-01,110\n2024-03-01,121\n"


def made(
    write: Write, index: str = INDEX, base: str = "2024-01-15", **more: Any
) -> tuple[Panel, dict[str, Finding]]:
    write(index, "prices.csv")
    rule = {"path": "prices.csv", "base": base}
    params = small_params(data=sources() | {"price_level": rule} | more)
    result = read_and_build(params, write(weekly()))
    return result.panel, {f.check: f for f in check_panel(params, result)}


def test_money_is_brought_to_the_prices_of_the_base(write: Write) -> None:
    panel, found = made(write)
    frame, raw = panel.frame, weekly()
    # weeks of 2024-01-01 to 01-29 at 100, of 02-05 to 02-26 at 110, then at 121
    level = np.array([100] * 5 + [110] * 4 + [121] * 3) / 100
    assert len(level) == WEEKS
    for series, column in (("outcome:revenue.pooled", "revenue"), ("spend:tv", "tv_spend")):
        np.testing.assert_allclose(frame[series], raw[column] / level)
    np.testing.assert_allclose(frame["control:price"], raw["price"])
    assert found["data.price_level"].status is Status.OK


def test_the_base_may_be_late(write: Write) -> None:
    panel, _ = made(write, base="2024-06-01")
    assert panel.frame["spend:search"].iloc[0] == pytest.approx(100 * 1.21)


@pytest.mark.parametrize(
    ("base", "days", "status"),
    [
        ("2024-04-15", 45, "ok"),
        ("2024-04-16", 46, "flag"),
        ("2027-01-01", 1036, "flag"),
        ("2024-01-15", 0, "ok"),
    ],
)
def test_a_base_that_nobody_knows_the_prices_of_is_told(
    write: Write, base: str, days: int, status: str
) -> None:
    write(INDEX, "prices.csv")
    rule = {"path": "prices.csv", "base": base}
    params = small_params(data=sources() | {"price_level": rule})
    findings = check_panel(params, read_and_build(params, write(weekly())))
    (found,) = [f for f in findings if (f.check, f.subject) == ("data.price_level", "base")]
    assert (found.value, found.limit, found.status.value) == (days, 45.0, status)
    assert (f"is {days:,} days after the newest price level (of 2024-03-01)" in found.message) == (
        days > 0
    )


def test_an_index_that_ends_early_is_told(write: Write) -> None:
    _, found = made(write, max_rate_age_days=20)
    finding = found["data.price_level"]
    assert finding.status is Status.FLAG
    assert finding.value == 3.0  # the ends of January and February
    assert "the last one known was used" in finding.message


@pytest.mark.parametrize(
    ("index", "base", "words"),
    [
        (None, "2024-01-15", "no such file"),
        ("from,level\n2023-12-01,1\n", "2024-01-15", "column index: found no such column"),
        ("from,index\n2023-12-01,0\n", "2024-01-15", "row 2, column index: found '0'"),
        ("from,index\n2023-12-01,\n", "2024-01-15", "row 2, column index: found an empty cell"),
        ("from,index\n2023-12-01,1,0\n", "2024-01-15", "row 2: found 3 cells"),
        ("from,index\nMarch,1\n", "2024-01-15", "row 2, column from: found 'March'"),
        ("from,index\n2024-02-01,1\n", "2024-03-01", "the panel begins in the week of 2024-01-01"),
        ("from,index\n2023-12-01,1\n", "2023-01-15", "the index begins on 2023-12-01"),
        ("from,index\n2023-12-01,1\n2023-12-01,2\n", "2024-01-15", "2023-12-01 again"),
    ],
)
def test_a_broken_index_stops(write: Write, index: str | None, base: str, words: str) -> None:
    if index is not None:
        write(index, "prices.csv")
    folder = write(weekly())
    rule = {"path": "prices.csv", "base": base}
    with pytest.raises(InputError) as caught:
        read_and_build(small_params(data=sources() | {"price_level": rule}), folder)
    assert words in str(caught.value)


def test_a_rate_that_is_out_of_date_is_told(write: Write) -> None:
    write("currency,from,rate\nEUR,2023-12-01,1.1\n", "rates.csv")
    contract = {
        "columns": {
            "date": {"type": "date"},
            "revenue": {"type": "number", "unit": "currency"},
            "search_spend": {"type": "number", "unit": "currency"},
            "tv_spend": {"type": "number", "unit": "currency"},
            "price": {"type": "number"},
        }
    }
    data = sources(currency="EUR", contract=contract) | {"rates": "rates.csv"}
    params = small_params(data=data)
    result = read_and_build(params, write(weekly()))
    found = {f.check: f for f in check_panel(params, result)}
    np.testing.assert_allclose(result.panel.frame["spend:search"], weekly()["search_spend"] * 1.1)
    finding = found["data.rates"]
    assert (finding.subject, finding.status) == ("EUR", Status.FLAG)
    assert finding.value == 9.0


def test_a_table_of_rates_that_is_called_otherwise(tmp_path: Path) -> None:
    (tmp_path / "rate.csv").write_text("currency,from,rat\nEUR,2023-12-01,1.1\n")
    for name, told in (
        ("rates.csv", r"no such file.*Did you mean 'rate\.csv'\?"),
        ("rate.csv", r"column rate: found no such column.*mean 'rat'\?"),
    ):
        problems = Problems()
        assert read_rates(tmp_path / name, "USD", problems) is None
        with pytest.raises(InputError, match=told):
            problems.raise_if_any()
