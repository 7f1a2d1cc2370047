"""The firm's exports: other shapes, the same weeks to the cent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.naming.taxonomy import read_taxonomy
from mmmlib.data.panel.build import build_panel
from mmmlib.params.load import read_params
from mmmlib.provenance import RELEASED
from mmmlib.simulate import b2b_software as firm
from mmmlib.simulate.company import COMPANIES, make_company

(NAME,) = COMPANIES


def week_of(days: pd.Series) -> pd.Series:
    return days - pd.to_timedelta(days.dt.day_of_week, unit="D")


@pytest.mark.parametrize(("seed", "vintage"), [(1, 1), (1, 2), (7, 1), (23, 12)])
def test_exports_add_up_to_what_the_systems_hold(seed: int, vintage: int) -> None:
    company = make_company(NAME, seed)
    weekly, files = company.weekly(vintage), company.delivered(vintage)
    media = weekly["media"].groupby(["channel", "week"])["spend"].sum()
    ads, agency = files["ads.csv"], files["agency.csv"]
    for channel, campaigns in firm.CAMPAIGNS.items():
        stems = tuple(pattern.partition("{")[0] for pattern, *_ in campaigns)
        rows = ads[ads["Campaign name"].str.startswith(stems)]
        told = rows["Cost"].groupby(week_of(rows["Day"])).sum()
        assert np.allclose(told, media[firm.CHANNELS[channel].column], rtol=0, atol=1e-6)
    for channel, pattern in firm.BOOKINGS.items():
        rows = agency[agency["Campaign"].str.startswith(pattern.partition("{")[0])]
        told = rows.groupby("Period")["Value"].sum()
        assert np.allclose(told, media[firm.CHANNELS[channel].column], rtol=0, atol=1e-6)
    crm = files["crm.parquet"]
    held = weekly["crm"].set_index(["week", "region"])
    created = crm.groupby([week_of(crm["Created Date"]).rename("week"), crm["Region"]]).size()
    assert (created.reindex(held.index) == held["opportunities_sales_assisted"]).all()
    won = crm[crm["Stage"] == firm.WON]
    booked = won.groupby([week_of(won["Close Date"]).rename("week"), won["Region"]])["Amount"].sum()
    assert np.allclose(booked.reindex(held.index), held["revenue_sales_assisted"], atol=1e-6)
    assert crm["Opportunity Id"].is_unique
    assert (crm["Close Date"].dropna() >= crm.loc[crm["Close Date"].notna(), "Created Date"]).all()


def test_a_later_vintage_tells_the_same_deals() -> None:
    company = make_company(NAME, 1)
    key = "Opportunity Id"
    old, new = (company.delivered(v)["crm.parquet"].set_index(key) for v in (1, 2))
    assert old.index.isin(new.index).all()
    assert (new.loc[old.index, "Created Date"] == old["Created Date"]).all()
    closed = old[old["Stage"] == "Closed Lost"].index
    assert (new.loc[closed, "Stage"] == "Closed Lost").all()


def test_the_panel_is_the_weekly_truth(tmp_path: Path) -> None:
    """Through files, contracts, layouts and taxonomy, to the last bit."""
    company = make_company(NAME, 1)
    company.write_vintage(tmp_path, 1)
    params = read_params(RELEASED / "params" / "demo.yaml", ["model.geography=regional"])
    taxonomy = read_taxonomy(RELEASED / "params" / "taxonomies" / "demo.yaml")
    panel = build_panel(params, tmp_path, taxonomy).frame.set_index(["region", "week"])
    weekly = company.weekly(1)
    media = weekly["media"].set_index(["region", "week"])
    for channel, truth in firm.CHANNELS.items():
        spend = media.loc[media["channel"] == truth.column, "spend"]
        assert (panel[f"spend:{channel}"] == spend.reindex(panel.index)).all()
    for model in params.model_names:
        truth_ = firm.OUTCOMES[model]
        held = weekly[truth_.file].set_index(["region", "week"])[truth_.column]
        assert (panel[f"outcome:{model}"] == held.reindex(panel.index)).all()
    assert (panel["imputed"] == "").all()
