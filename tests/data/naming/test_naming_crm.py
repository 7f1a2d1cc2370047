"""CRM exports: deals that would be lost or counted twice, and weeks in which nothing was won."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.panel.build import Built, read_and_build
from mmmlib.errors import InputError
from mmmlib.findings import Finding, Level, Status
from mmmlib.params import Params
from tests.data.conftest import small_params, weekly

BOOKINGS = {"revenue": {"kind": "revenue", "column": "bookings.sales"}}


def deals(days: int = 84) -> pd.DataFrame:
    """One deal a day, won on the day on which it was made."""
    dates = pd.date_range("2024-01-01", periods=days).strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "opportunity": [f"o{number}" for number in range(days)],
            "stage": "Closed Won",
            "created": dates,
            "closed": dates,
            "amount": 100.0,
            "motion": "sales",
        }
    )


def crm_params(outcomes: dict[str, Any] = BOOKINGS, **told: Any) -> Params:
    crm = {"path": "crm.csv", "layout": "crm_pipeline", "grain": "event", "owner": "Sales"} | told
    data = {"sources": {"media": {"path": "media.csv"}, "crm": crm}}
    return small_params(data=data, outcomes=outcomes)


def made(folder: Path, export: pd.DataFrame, **told: Any) -> tuple[Built, list[Finding]]:
    """Build from an export, and return what is said of its contract."""
    weekly().to_csv(folder / "media.csv", index=False)
    export.to_csv(folder / "crm.csv", index=False)
    params = crm_params(**told)
    built = read_and_build(params, folder)
    said = [f for f in check_panel(params, built) if f.check == "data.contract"]
    return built, said


def test_deals_that_were_won_and_have_no_day_of_closing_are_told(tmp_path: Path) -> None:
    export = deals()
    export.loc[export.index[::3], "closed"] = ""
    (finding,) = made(tmp_path, export)[1]
    assert (finding.level, finding.value, finding.unit) == (Level.BLOCK, 28.0, "missing")
    assert "closed: expected a closing date of a deal that was won" in finding.message
    assert "crm.csv, row 2, column closed: an empty cell; row 5" in finding.message
    assert "23 more" in finding.message
    assert "in no week's deals or bookings" in finding.action
    assert "Sales" in finding.action


def test_deals_that_are_open_need_no_day_of_closing(tmp_path: Path) -> None:
    export = deals()
    export.loc[export.index[::3], ["stage", "closed"]] = ["Open", ""]
    assert made(tmp_path, export)[1] == []


@pytest.mark.parametrize("typed", [False, True])
def test_deals_that_were_won_and_have_no_amount_are_told(tmp_path: Path, typed: bool) -> None:
    """Their week's bookings are short, and no other check would see it."""
    export = deals()
    export.loc[[3, 38], "amount"] = None
    export.loc[5, ["stage", "closed", "amount"]] = ["Open", "", None]
    weekly().to_csv(tmp_path / "media.csv", index=False)
    export.to_csv(tmp_path / "crm.csv", index=False)
    export.to_parquet(tmp_path / "crm.parquet")
    params = crm_params(path="crm.parquet" if typed else "crm.csv")
    built = read_and_build(params, tmp_path)
    (finding,) = [f for f in check_panel(params, built) if f.check == "data.contract"]
    assert (finding.level, finding.value, finding.unit) == (Level.BLOCK, 2.0, "missing")
    assert "amount: expected the amount of a deal that was won" in finding.message
    first = 4 if typed else 5
    assert f"row {first}, column amount: an empty cell; row {first + 35}," in finding.message
    assert "in no week's bookings" in finding.action


def test_amounts_are_needed_only_where_they_add_up(tmp_path: Path) -> None:
    export = deals().astype({"amount": object})
    export.loc[[3, 38], "amount"] = ""
    outcomes = {"deals": {"kind": "count", "unit": "deals", "column": "won.sales"}}
    assert made(tmp_path, export, outcomes=outcomes)[1] == []
    outcomes["deals"]["value_per_unit"] = "bookings.sales"  # the mean deal
    assert made(tmp_path, export, outcomes=outcomes)[1] == []


def test_an_amount_that_the_contract_asks_for_is_told_once(tmp_path: Path) -> None:
    export = deals().astype({"amount": object})
    export.loc[3, "amount"] = ""
    contract = {"columns": {"amount": {"type": "number"}}}
    (finding,) = made(tmp_path, export, contract=contract)[1]
    assert "amount: expected a value in every row" in finding.message


def test_stages_that_are_called_otherwise_and_typed_dates(tmp_path: Path) -> None:
    export = deals().assign(Stage="Signed").drop(columns="stage")
    export["closed"] = pd.to_datetime(export["closed"]).where(export.index != 7)
    weekly().to_csv(tmp_path / "media.csv", index=False)
    export.to_parquet(tmp_path / "crm.parquet")
    params = crm_params(path="crm.parquet", won=["Signed"], columns={"stage": "Stage"})
    (finding,) = [
        f
        for f in check_panel(params, read_and_build(params, tmp_path))
        if f.check == "data.contract"
    ]
    assert "row 8, column closed: an empty cell" in finding.message


def test_an_export_that_came_twice_is_told(tmp_path: Path) -> None:
    (finding,) = made(tmp_path, pd.concat([deals(), deals()]))[1]
    assert (finding.level, finding.value, finding.unit) == (Level.BLOCK, 84.0, "uniqueness")
    assert "the key opportunity o0: it 2 times (row 2, row 86)" in finding.message


@pytest.mark.parametrize(("unique", "flags"), [((), 1), (("opportunity", "closed"), 0)])
def test_the_contract_says_what_is_unique(
    tmp_path: Path, unique: tuple[str, ...], flags: int
) -> None:
    """An opportunity of several lines is for its owner to declare."""
    export = pd.concat([deals(), deals().assign(closed="2024-02-01").iloc[:5]])
    contract = {"min_rows": 2, "unique": unique}
    said = made(tmp_path, export, contract=contract)[1]
    assert sum(finding.level is Level.BLOCK for finding in said) == flags


def without_week(export: pd.DataFrame, week: str = "2024-02-05") -> pd.DataFrame:
    days = pd.to_datetime(export["created"])
    first = pd.Timestamp(week)
    return export[~days.between(first, first + pd.Timedelta(days=6))]


def test_a_week_in_which_nothing_was_won_is_a_zero(tmp_path: Path) -> None:
    panel = made(tmp_path, without_week(deals()))[0].panel
    booked = panel.frame.set_index("week")["outcome:revenue.pooled"]
    assert booked.loc["2024-02-05"] == 0.0
    assert set(booked.drop(pd.Timestamp("2024-02-05"))) == {700.0}
    assert set(panel.frame["imputed"]) == {""}


def test_a_week_of_deals_without_amounts_is_no_zero(tmp_path: Path) -> None:
    export = deals().astype({"amount": object})
    export.loc[35:41, "amount"] = ""
    with pytest.raises(InputError) as caught:
        made(tmp_path, export)
    (problem,) = caught.value.problems
    assert problem.place == "the week of 2024-02-05, bookings.sales"
    assert problem.found == "an empty cell"


def test_an_outcome_that_never_happened_is_no_outcome(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"bookings\.sales.*no such column"):
        made(tmp_path, deals().assign(stage="Open"))


def test_a_long_gap_amid_deals_is_still_told(tmp_path: Path) -> None:
    weekly(80).to_csv(tmp_path / "media.csv", index=False)
    export = deals(560)
    for week in ("2024-05-06", "2024-05-13", "2024-05-20"):
        export = without_week(export, week)
    export.to_csv(tmp_path / "crm.csv", index=False)
    params = crm_params()
    findings = check_panel(params, read_and_build(params, tmp_path))
    told = {f.subject: f for f in findings if f.check == "data.zero_gap"}
    assert told["outcome:revenue.pooled"].status is Status.FLAG
