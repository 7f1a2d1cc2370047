"""Units of a contract: numbers arrive in micros or thousands and reach the panel in whole ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.contract.draft import draft_contract
from mmmlib.data.contract.pasted import contract_yaml
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.data.read.problems import Problems, breach_words
from mmmlib.data.weeks.rates import read_rates
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.errors import InputError
from mmmlib.params.contract import MONEY, SCALES, Unit
from mmmlib.params.load import read_params
from mmmlib.params.source import Source
from tests.data.conftest import small_params, sources, weekly
from tests.data.reading import daily, read_delivery
from tests.small import write_workbook


def read(folder: Path, **told: Any) -> SourceRows:
    problems = Problems()
    source = Source.model_validate({"path": "ads.csv", "grain": "day"} | told)
    rates = read_rates(
        folder / "rates.csv" if (folder / "rates.csv").exists() else None, "USD", Problems()
    )
    delivery = read_delivery("ads", source, folder, problems, rates=rates)
    problems.raise_if_any()
    assert delivery is not None
    return delivery


def flat_file(folder: Path, days: int = 7) -> dict[str, Any]:
    """An agency's flat file: one column holds money and thousands of impressions."""
    dates = pd.date_range("2024-01-01", periods=days).strftime("%Y-%m-%d")
    parts = [
        pd.DataFrame(
            {"period": dates, "geography": "US", "campaign": "tv", "variable": name, "value": value}
        )
        for name, value in (("Spend", "250"), ("Impressions", "1.5"), ("GRPs", "3"))
    ]
    pd.concat(parts).to_csv(folder / "ads.csv", index=False)
    units = {"Spend": "cents", "Impressions": "thousands", "GRPs": "count"}
    return {"layout": "master_flat_file", "contract": {"units": units}}


def totals(delivery: SourceRows) -> dict[str, float]:
    return delivery.weekly.groupby("series")["value"].sum().to_dict()


@pytest.mark.parametrize(
    ("unit", "delivered", "whole"),
    [
        ("micros", "12340000", 12.34),
        ("cents", "1234", 12.34),
        ("percent", "1234", 12.34),
        ("currency_thousands", "1.25", 1250.0),
        ("millions", "1.25", 1_250_000.0),
        ("count", "1.25", 1.25),
    ],
)
def test_a_number_in_whole_units(tmp_path: Path, unit: str, delivered: str, whole: float) -> None:
    daily(7).query("campaign == 'brand'").assign(spend=delivered).to_csv(
        tmp_path / "ads.csv", index=False
    )
    # The range is of the number as delivered.
    spend = {"type": "number", "unit": unit, "max": float(delivered)}
    delivery = read(tmp_path, layout="ad_platform", contract={"columns": {"spend": spend}})
    assert delivery.breaches == ()
    assert totals(delivery)["brand.spend"] == pytest.approx(7 * whole, rel=1e-15)


def test_every_unit_has_a_scale() -> None:
    assert set(SCALES) == set(Unit.__args__)
    assert all(SCALES[unit] == scale for unit, scale in MONEY.items())


def test_micros_of_another_currency(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("currency,from,rate\nEUR,2023-01-01,2\n")
    daily(7).assign(spend="1500000").to_csv(tmp_path / "ads.csv", index=False)
    contract = {"columns": {"spend": {"type": "number", "unit": "micros"}}}
    delivery = read(tmp_path, layout="ad_platform", currency="EUR", contract=contract)
    assert totals(delivery)["brand.spend"] == 7 * 1.5 * 2
    assert totals(delivery)["brand.clicks"] == 7 * 3


def test_one_column_holds_several_units(tmp_path: Path) -> None:
    told = flat_file(tmp_path)
    assert totals(read(tmp_path, **told)) == {
        "tv.grps": 21.0,
        "tv.impressions": 10500.0,
        "tv.spend": 17.5,
    }
    (tmp_path / "rates.csv").write_text("currency,from,rate\nEUR,2023-01-01,2\n")
    in_euro = totals(read(tmp_path, currency="EUR", **told))
    # Impressions are no money: the rate is not theirs.
    assert in_euro == {"tv.grps": 21.0, "tv.impressions": 10500.0, "tv.spend": 35.0}


def test_a_variable_without_a_unit_breaks_the_contract(tmp_path: Path) -> None:
    told = flat_file(tmp_path)
    del told["contract"]["units"]["GRPs"]
    (breach,) = read(tmp_path, **told).breaches
    words = breach_words(breach)
    assert breach.count == 7
    assert "expected a variable that 'units' knows (Spend, Impressions)" in words
    assert "ads.csv, row 16, column variable: 'GRPs'" in words


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_weekly_sources_reach_the_panel_in_whole_units(tmp_path: Path, suffix: str) -> None:
    frame = weekly()
    panel = build_panel_of(tmp_path, frame, suffix, {})
    contract = {
        "columns": {
            "search_spend": {"type": "number", "unit": "micros"},
            "price": {"type": "number", "unit": "percent"},
        }
    }
    told = frame.assign(search_spend=frame["search_spend"] * 1e6, price=frame["price"] * 100)
    again = build_panel_of(tmp_path, told, suffix, {"contract": contract})
    pd.testing.assert_frame_equal(again, panel)


def build_panel_of(
    folder: Path, frame: pd.DataFrame, suffix: str, told: dict[str, Any]
) -> pd.DataFrame:
    name = f"media.{suffix}"
    if suffix == "csv":
        frame.to_csv(folder / name, index=False)
    else:
        frame.to_parquet(folder / name)
    return build_panel(small_params(data=sources(path=name, **told)), folder).frame


def test_a_kept_contract_says_what_was_converted(tmp_path: Path) -> None:
    weekly().to_csv(tmp_path / "media.csv", index=False)
    contract = {"columns": {"tv_spend": {"type": "number", "unit": "currency_thousands"}}}
    params = small_params(data=sources(contract=contract))
    (finding,) = [
        f
        for f in check_panel(params, read_and_build(params, tmp_path))
        if f.check == "data.contract"
    ]
    assert "Converted to whole units: tv_spend (currency_thousands)." in finding.message


def test_an_unknown_unit_is_named_with_its_place(tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "w")
    text = file.read_text()
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if line.strip().startswith("path:"))
    pad = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines.insert(at + 1, f"{pad}contract: {{columns: {{tv: {{type: number, unit: micro}}}}}}")
    file.write_text("\n".join(lines))
    with pytest.raises(InputError) as caught:
        read_params(file)
    (problem,) = caught.value.problems
    assert problem.found == "'micro'"
    assert problem.expected.startswith("one of ")
    assert "currency, cents, micros" in problem.expected
    assert problem.action == "Did you mean 'micros'?"
    assert f"line {at + 2}" in problem.place


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            {"layout": "wide", "contract": {"units": {"tv": "micros"}}},
            "the layouts long, master_flat_file only",
        ),
        (
            {
                "layout": "master_flat_file",
                "contract": {
                    "units": {"Spend": "micros"},
                    "columns": {"value": {"type": "number", "unit": "cents"}},
                },
            },
            "either 'contract.units' or the 'unit' of value",
        ),
    ],
)
def test_units_that_contradict_the_layout(told: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Source.model_validate({"path": "ads.csv", **told})


def test_a_draft_guesses_units_by_names(tmp_path: Path) -> None:
    frame = daily(14).assign(
        **{
            "cost_micros": "10500000",
            "Impressions (000)": "1.5",
            "CTR %": "0.2",
            "Budget": "5",
            "price_index": "1.1",
        }
    )
    frame = frame.drop(columns="spend")
    frame.to_csv(tmp_path / "ads.csv", index=False)
    source = Source(path="ads.csv", layout="ad_platform", grain="day")
    contract = draft_contract("ads", source, tmp_path)
    units = {name: column.get("unit") for name, column in contract["columns"].items()}
    assert units == {
        "date": None,
        "campaign": None,
        "clicks": None,
        "cost_micros": "micros",
        "Impressions (000)": "thousands",
        "CTR %": "percent",
        "Budget": "currency",
        "price_index": None,
    }
    assert "Units are guessed by the names" in contract_yaml(contract)
    flat_file(tmp_path, days=14)
    flat = Source(path="ads.csv", layout="master_flat_file", grain="day")
    assert draft_contract("ads", flat, tmp_path)["units"] == {
        "GRPs": "count",
        "Impressions": "count",
        "Spend": "currency",
    }
