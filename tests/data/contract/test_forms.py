"""Dates and numbers as people write them: read as declared, refused where they can be read in two ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmlib.data.contract.promises import why_no_number
from mmmlib.data.panel.build import build_panel
from mmmlib.data.read.problems import Problems
from mmmlib.errors import InputError
from tests.data.conftest import Built, Refused, only, small_params, sources, weekly
from tests.data.reading import CONTRACT, read, words
from tests.data.reading import daily as campaign_days
from tests.data.reading import refused as refused_source

ASKED = "numbers that can be read in one way only"


def spend(*texts: str) -> pd.DataFrame:
    """Weeks whose spend on search is written so, one after the other."""
    rows = weekly().astype(str)
    return rows.assign(search_spend=[texts[n % len(texts)] for n in range(len(rows))])


def total(built: Built, texts: tuple[str, ...], **said: Any) -> float:
    panel = built(spend(*texts), data=sources(**said))
    return float(panel.frame["spend:search"].sum()) / 12 * len(texts)


@pytest.mark.parametrize(
    "texts", [("539", "2.739", "179"), ("1.000",), ("2.500", "4.000"), ("999.999", "1.234")]
)
def test_points_that_may_stand_between_thousands_are_asked_for(
    refused: Refused, texts: tuple[str, ...]
) -> None:
    place, found, expected, action = only(refused(spend(*texts)))
    first = next(number for number, text in enumerate(texts, 2) if "." in text)
    assert place == f"row {first}, column search_spend"
    assert f"which may be {texts[first - 2]} or {texts[first - 2].replace('.', '')}" in found
    assert expected == ASKED
    assert "'decimal: point'" in action
    assert "'thousands: point'" in action


@pytest.mark.parametrize(
    ("texts", "sums"),
    [
        (("2.739", "2.5"), 5.239),
        (("2.739", "0.739"), 3.478),
        (("2.739", "1234.567"), 1237.306),
        (("2.739", "1e1"), 12.739),
        (("539", "179"), 718),
        (("2.73", "2.7391"), 5.4691),
    ],
)
def test_one_value_that_can_be_read_in_one_way_settles_a_column(
    built: Built, texts: tuple[str, ...], sums: float
) -> None:
    if texts == ("2.739", "1e1"):  # an exponent has no point: the other value is still unclear
        with pytest.raises(InputError, match=ASKED):
            total(built, texts)
        return
    assert total(built, texts) == pytest.approx(sums)


def test_what_is_declared_is_not_asked_for(built: Built) -> None:
    texts = ("539", "2.739", "179")
    assert total(built, texts, decimal="point") == pytest.approx(720.739)
    rows = spend(*texts).replace(r"^([0-9]+)\.([0-9])$", r"\1,\2", regex=True)
    panel = built(rows, data=sources(thousands="point"))
    assert float(panel.frame["spend:search"].sum()) / 4 == pytest.approx(3457)


def test_columns_that_disagree_are_refused(refused: Refused) -> None:
    """Spend has points between thousands, revenue before decimals: no one option reads both."""
    error = refused(spend("2.739"), data=sources(thousands="point"))
    first = error.problems[0]
    assert (first.place, first.found) == ("row 2, column revenue", "'1000.0'")
    assert first.expected == "a number with a decimal comma, as the source declares"
    assert "in one way" in first.action


@pytest.mark.parametrize(
    ("said", "texts", "sums"),
    [
        ({"decimal": "comma"}, ("12,5", "3"), 15.5),
        ({"thousands": "point"}, ("1.234,50", "12,5"), 1247),
        ({"thousands": "comma"}, ("1,234.50", "12.5"), 1247),
        ({"thousands": "comma"}, ("1,234,567", "1"), 1234568),
        ({"thousands": "apostrophe"}, ("1'234.5", "1\u2019234"), 2468.5),
        ({"thousands": "space", "decimal": "comma"}, ("1\u202f234,5", "1 234"), 2468.5),
        ({"signs": ["€", "EUR"]}, ("12.5 €", "EUR 3"), 15.5),
        ({"signs": ["€"], "decimal": "comma"}, ("12,5 €", "€3"), 15.5),
    ],
)
@pytest.mark.parametrize("grain", ["week", "day"])
def test_numbers_are_read_as_declared(
    tmp_path: Path, said: dict[str, Any], texts: tuple[str, ...], sums: float, grain: str
) -> None:
    rows = spend(*texts)
    if grain == "day":
        rows = rows.loc[rows.index.repeat(7)].assign(
            date=pd.date_range("2024-01-01", periods=84).strftime("%Y-%m-%d")
        )
    # One mark before decimals holds for the whole file.
    comma = said.get("decimal") == "comma" or said.get("thousands") == "point"
    for name in ("revenue", "price", "tv_spend"):
        if comma:
            rows[name] = rows[name].astype(str).str.replace(".", ",", regex=False)
    rows.to_csv(tmp_path / "media.csv", index=False)
    panel = build_panel(small_params(data=sources(grain=grain, **said)), tmp_path)
    days = 7 if grain == "day" else 1
    mean = float(panel.frame["spend:search"].mean())
    assert mean * len(texts) / days == pytest.approx(sums)


@pytest.mark.parametrize(
    ("said", "cell"),
    [
        ({"decimal": "comma"}, "1.234"),
        ({"decimal": "comma"}, "1.234,5"),
        ({"thousands": "point"}, "12.5"),
        ({"thousands": "point"}, "1.23.456"),
        ({"thousands": "comma"}, "1,23"),
        ({"thousands": "comma"}, "12,3456"),
        ({"thousands": "space"}, "1 23"),
    ],
)
def test_a_cell_that_is_not_written_as_declared_is_refused(
    refused: Refused, said: dict[str, Any], cell: str
) -> None:
    rows = weekly().astype(str)
    for name in rows.columns.drop("date"):
        rows[name] = rows[name].str.partition(".")[0]
    rows.loc[3, "search_spend"] = cell
    found = only(refused(rows, data=sources(**said)))
    assert found[:2] == ("row 5, column search_spend", f"'{cell}'")


@pytest.mark.parametrize(
    ("cell", "option"),
    [
        ("1,234", "'thousands: comma' on the source if it is 1234"),
        ("1,234", "'decimal: comma' if it is 1.234"),
        ("12,5", "'decimal: comma'"),
        ("1,234.50", "'thousands: comma'"),
        ("1.234.567", "'thousands: point'"),
        ("1'234", "'thousands: apostrophe'"),
        ("1\u202f234", "'thousands: space'"),
        ("€ 12", "signs: ['€']"),
        ("12.5 EUR", "signs: ['EUR']"),
        ("7%", "signs: ['%'] on the source and 'unit: percent' in its contract"),
        ("--", "'missing'"),
    ],
)
def test_a_refusal_names_the_option(cell: str, option: str) -> None:
    if option.startswith("'thousands: comma' on"):
        option = "'thousands: comma' if it is 1234"
    assert option in why_no_number(cell)[1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-(10**9), 10**9), min_size=12, max_size=12))
def test_thousands_are_read_exactly(
    tmp_path_factory: pytest.TempPathFactory, values: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("numbers")
    rows = weekly().assign(price=[f"{value:,}" for value in values])
    rows.to_csv(folder / "media.csv", index=False)
    panel = build_panel(small_params(data=sources(thousands="comma")), folder)
    assert panel.frame["control:price"].tolist() == values


def test_numbers_of_excel_are_numbers(write: Callable[..., Path], tmp_path: Path) -> None:
    rows = weekly().assign(search_spend=2.739)
    rows.to_excel(tmp_path / "media.xlsx", index=False)
    panel = build_panel(small_params(data=sources(path="media.xlsx")), tmp_path)
    assert set(panel.frame["spend:search"]) == {2.739}
    rows.astype(str).to_excel(tmp_path / "media.xlsx", index=False)
    with pytest.raises(InputError, match=ASKED):
        build_panel(small_params(data=sources(path="media.xlsx")), tmp_path)


def test_two_marks_are_different(write: Callable[..., Path]) -> None:
    with pytest.raises(ValueError, match="another mark between thousands than before decimals"):
        small_params(data=sources(thousands="comma", decimal="comma"))


def test_day_first_dates_are_read_when_all_are(tmp_path: Path) -> None:
    frame = campaign_days()
    frame["date"] = pd.to_datetime(frame["date"]).dt.strftime("%d/%m/%Y")
    frame.to_csv(tmp_path / "ads.csv", index=False)
    assert words(tmp_path) == []


def test_time_zone_decides_the_day(tmp_path: Path) -> None:
    frame = campaign_days(7).assign(clicks="1")
    frame["date"] += "T23:30:00Z"
    frame.to_csv(tmp_path / "ads.csv", index=False)
    columns = CONTRACT["columns"] | {"date": {"type": "time"}}
    problems = Problems(tmp_path)
    delivery = read(
        tmp_path,
        problems,
        time_zone="Europe/Berlin",
        contract=CONTRACT | {"columns": columns},
    )
    # The first day is a Tuesday there: the weeks at both ends are covered in part.
    assert delivery is None
    with pytest.raises(InputError, match="no whole week"):
        problems.raise_if_any()


def test_a_moment_has_a_day_where_the_zone_is_declared(tmp_path: Path) -> None:
    """Midnight in Berlin is 23:00 of the day before in UTC, in which Parquet keeps it."""
    frame = campaign_days(14).astype({"spend": float, "clicks": float})
    frame["date"] = pd.to_datetime(frame["date"]).dt.tz_localize("Europe/Berlin")
    frame.to_parquet(tmp_path / "ads.parquet")
    columns = CONTRACT["columns"] | {"clicks": {"type": "number"}}
    told = {"path": "ads.parquet", "contract": CONTRACT | {"columns": columns}}
    text = refused_source(tmp_path, **told)
    assert "row 1, column date: found '2023-12-31" in text
    assert "expected a day, or a moment whose time_zone is declared" in text
    assert "Europe/Berlin" in text
    columns = columns | {"date": {"type": "time"}}
    problems = Problems(tmp_path)
    declared = told | {"contract": CONTRACT | {"columns": columns}}
    delivery = read(tmp_path, problems, time_zone="Europe/Berlin", **declared)
    problems.raise_if_any()
    assert delivery is not None
    weeks = delivery.weekly.query("series == 'brand.spend'")
    assert weeks["week"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-08")]
    assert weeks["value"].tolist() == [73.5, 73.5]
