"""Money of another currency: what the parameters take for money is converted, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.panel.build import build_panel, read_and_build
from mmmlib.data.panel.panel import Panel
from mmmlib.errors import InputError
from mmmlib.findings import Finding, Level
from tests.data.conftest import small_params, sources, weekly
from tests.data.naming.test_naming_crm import BOOKINGS, deals

Write = Callable[..., Path]
MONEY = {"type": "number", "unit": "currency"}


def panel_of(folder: Path, params: dict[str, Any] | None = None, **source: Any) -> Panel:
    """A source in euro, beside one in dollars that tells what is not asked of it."""
    (folder / "rates.csv").write_text("currency,from,rate\nEUR,2023-01-01,2\n")
    data = {"rates": "rates.csv", "sources": {"ads": {"currency": "EUR"} | source}}
    if source["path"] != "media.csv":
        data["sources"]["media"] = {"path": "media.csv"}
    return build_panel(small_params(data=data, **(params or {})), folder)


def refused(folder: Path, params: dict[str, Any] | None = None, **source: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        panel_of(folder, params, **source)
    return caught.value


def marked(*columns: str) -> dict[str, Any]:
    return {"columns": dict.fromkeys(columns, MONEY)}


def test_columns_that_are_money_in_the_parameters_alone_are_named(write: Write) -> None:
    error = refused(write(weekly()), path="media.csv", contract=marked("search_spend"))
    places = [problem.place for problem in error.problems]
    start = "data.sources.ads.contract.columns."
    assert places == [start + "revenue", start + "tv_spend"]
    assert "another currency (EUR)" in error.problems[0].found
    assert "take for money: tv_spend" in error.problems[1].expected


def test_all_money_is_converted_and_nothing_else(write: Write) -> None:
    contract = marked("search_spend", "tv_spend", "revenue")
    frame = panel_of(write(weekly()), path="media.csv", contract=contract).frame
    told = weekly()
    np.testing.assert_allclose(frame["spend:tv"], told["tv_spend"] * 2)
    np.testing.assert_allclose(frame["outcome:revenue.pooled"], told["revenue"] * 2)
    np.testing.assert_allclose(frame["control:price"], told["price"])


def test_a_count_is_no_money_but_its_value_is(write: Write) -> None:
    params = {
        "outcomes": {
            "deals": {"kind": "count", "unit": "deals", "column": "revenue"}
            | {"value_per_unit": "price"}
        },
        "controls": {},
    }
    folder = write(weekly())
    spends = ("search_spend", "tv_spend")
    (problem,) = refused(folder, params, path="media.csv", contract=marked(*spends)).problems
    assert problem.place.endswith("contract.columns.price")
    contract = marked(*spends, "price")
    frame = panel_of(folder, params, path="media.csv", contract=contract).frame
    np.testing.assert_allclose(
        frame["outcome:deals.pooled"], weekly()["revenue"] * weekly()["price"] * 2
    )


def flat_file() -> pd.DataFrame:
    rows = [
        (week, "us", name, variable, 10.0)
        for week in weekly()["date"]
        for name in ("search", "tv")
        for variable in ("Net Cost", "Fees", "GRPs")
    ]
    names = ["period", "geography", "campaign", "variable", "value"]
    return pd.DataFrame(rows, columns=names)


def test_variables_of_a_flat_file(write: Write) -> None:
    write(weekly())
    folder = write(flat_file(), "ads.csv")
    channels = {"search": {"spend": "search.net_cost"}, "tv": {"spend": "tv.net_cost"}}
    told = {"path": "ads.csv", "layout": "master_flat_file"}
    units = {"Net Cost": "", "Fees": "currency", "GRPs": "count"}
    error = refused(folder, {"channels": channels}, contract={"units": units}, **told)
    (problem,) = error.problems
    assert problem.place.endswith("contract.units, net_cost of column variable")
    assert "search.net_cost, tv.net_cost" in problem.expected
    units["Net Cost"] = "currency"
    panel = panel_of(folder, {"channels": channels}, contract={"units": units}, **told)
    assert set(panel.frame["spend:search"]) == {20.0}


def test_amounts_of_a_crm_export(write: Write) -> None:
    folder = write(weekly())
    deals().assign(fee=1.0).to_csv(folder / "crm.csv", index=False)
    told = {"path": "crm.csv", "layout": "crm_pipeline", "grain": "event"}
    params = {"outcomes": BOOKINGS}
    (problem,) = refused(folder, params, contract=marked("fee"), **told).problems
    assert problem.place.endswith("contract.columns.amount")
    panel = panel_of(folder, params, contract=marked("amount"), **told)
    assert set(panel.frame["outcome:revenue.pooled"]) == {1400.0}


def test_rates_that_cannot_be_read_are_told_once(write: Write) -> None:
    folder = write(weekly())
    media = {"path": "media.csv", "currency": "EUR", "contract": marked("revenue")}
    data = {"rates": "rate.csv", "sources": {"media": media}}
    with pytest.raises(InputError, match=r"rate\.csv.*no such file"):
        build_panel(small_params(data=data), folder)


def several(folder: Path, **told: Any) -> list[Finding]:
    """Say what is said of the currencies of a source whose rows name them."""
    weekly().assign(ccy=["EUR", "USD"] * 6, note="ABC", land="NOR").to_csv(
        folder / "media.csv", index=False
    )
    params = small_params(data=sources(**told))
    found = check_panel(params, read_and_build(params, folder))
    return [one for one in found if one.check == "data.currencies" and one.status == "flag"]


def test_a_column_of_several_currencies_that_nobody_declared_warns(tmp_path: Path) -> None:
    (finding,) = several(tmp_path)
    assert (finding.subject, finding.level) == ("media", Level.WARN)
    assert "'ccy' (EUR, USD)" in finding.message
    assert "currency_column: ccy" in finding.action
    assert several(tmp_path, contract={"columns": {"ccy": {}}}) == []


def test_one_currency_in_a_column_is_no_fault(tmp_path: Path) -> None:
    weekly().assign(ccy="USD").to_csv(tmp_path / "media.csv", index=False)
    params = small_params()
    found = check_panel(params, read_and_build(params, tmp_path))
    (finding,) = [one for one in found if one.check == "data.currencies"]
    assert finding.status == "ok"
