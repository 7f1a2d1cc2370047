"""The demo company: its truth adds up, its vintages repeat, its data is plausible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mmmlib.errors import InputError
from mmmlib.runs import NETCDF, sha256_file
from mmmlib.simulate import b2b_software as firm
from mmmlib.simulate.company import (
    COMPANIES,
    Company,
    make_company,
    write_vintages,
)

FILES = {
    "ads.csv",
    "agency.csv",
    "crm.parquet",
    "product.xlsx",
    "web.jsonl",
    "controls.csv",
    "lift_tests.csv",
}
(NAME,) = COMPANIES


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(NAME, seed=1)


def test_truth_adds_up(company: Company) -> None:
    truth = company.truth(1)
    parts = truth["baseline"] + truth["contribution"].sum("channel") + truth["noise"]
    whole = [outcome.whole for outcome in firm.OUTCOMES.values()]
    error = abs(truth["outcome"] - parts).max(["region", "week"]).to_numpy()
    assert (error <= np.where(whole, 0.5, 0.005) + 1e-6).all()
    assert (truth["contribution"] >= 0).all()
    assert (truth["baseline"] > 0).all()


def test_truth_is_what_the_table_states(company: Company) -> None:
    truth = company.truth(1)
    roi = truth["roi"]
    for name, channel in firm.CHANNELS.items():
        for model, stated in (
            ("revenue.self_serve", channel.roi_self_serve),
            ("revenue.sales_assisted", channel.roi_sales_assisted),
        ):
            # What comes after the last week is in the return, and was not stated.
            assert stated <= float(roi.sel(model=model, channel=name)) < 1.06 * stated
    half = truth["half_life"]
    assert (half.sel(model="signups.self_serve") < half.sel(model="revenue.sales_assisted")).all()
    share = truth["contribution"].sum(["channel", "region", "week"]) / truth["outcome"].sum(
        ["region", "week"]
    )
    assert ((share > 0.15) & (share < 0.5)).all()


def test_truth_follows_from_its_own_parameters(company: Company) -> None:
    """Recompute one channel from the structural equation, week by week."""
    truth = company.truth(1).sel(channel="search", region="emea", model="revenue.self_serve")
    scaled = (truth["spend"] / truth["media_scale"]).to_numpy()
    weights = truth["adstock_weight"].to_numpy()
    for week in (0, 5, 100):
        past = scaled[max(0, week - len(weights) + 1) : week + 1][::-1]
        stocked = float(past @ weights[: len(past)])
        effect = float(truth["coefficient"]) * np.tanh(
            firm.CHANNELS["search"].shape[0] * stocked / 2
        )
        assert effect == pytest.approx(float(truth["contribution"][week]))


def test_history_does_not_change_when_it_goes_on(company: Company) -> None:
    first, third = company.truth(1), company.truth(3)
    assert third.sizes["week"] == first.sizes["week"] + 26
    xr.testing.assert_equal(third["contribution"].sel(week=first["week"]), first["contribution"])
    xr.testing.assert_equal(third["outcome"].sel(week=first["week"]), first["outcome"])


def test_same_seed_same_bytes_other_seed_others(tmp_path: Path) -> None:
    hashes = []
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        paths = make_company(NAME, seed).write_vintage(tmp_path / folder, 1)
        assert {path.name for path in paths} == FILES
        hashes.append([sha256_file(path) for path in paths])
    assert hashes[0] == hashes[1]
    assert not set(hashes[0]) & set(hashes[2])


def test_vintages_differ_only_where_declared(company: Company) -> None:
    changed = company.restated(1, 2)
    last = company.weeks(1)[-1]
    newest = last - pd.Timedelta(weeks=firm.INVOICE_WEEKS - 1)
    booked = last - pd.Timedelta(weeks=len(firm.LATE_BOOKINGS) - 1)
    channel, region, first, lasting, factor, _ = firm.FEES
    begun = pd.Timestamp(first)
    fees = changed["series"] == firm.CHANNELS[channel].column
    late = changed["series"].isin([firm.CHANNELS[name].column for name in firm.LATE_INVOICES])
    deals = changed["system"] == "crm"
    assert fees.any()
    assert late.any()
    assert deals.any()
    assert (fees | late | deals).all()
    assert set(changed.loc[fees, "region"]) == {region}
    assert changed.loc[fees, "week"].between(begun, begun + pd.Timedelta(weeks=lasting - 1)).all()
    ratio = changed.loc[fees, "before"] / changed.loc[fees, "after"]
    np.testing.assert_allclose(ratio, factor, rtol=1e-4)
    assert (changed.loc[late, "week"] >= newest).all()
    assert (changed.loc[deals, "week"] >= booked).all()
    assert (changed.loc[deals, "before"] < changed.loc[deals, "after"]).all()
    assert company.restated(2, 2).empty


def test_later_vintages_hold_the_final_values(company: Company) -> None:
    weeks = company.weeks(1)
    media = company.weekly(2)["media"]
    media = media[(media["region"] == "emea") & media["week"].isin(weeks)]
    truth = company.truth(1)["spend"].sel(region="emea")
    for name, channel in firm.CHANNELS.items():
        seen = media.loc[media["channel"] == channel.column, "spend"]
        np.testing.assert_allclose(seen, truth.sel(channel=name))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_spend_is_plausible_and_of_different_character(seed: int) -> None:
    spend = make_company(NAME, seed).truth(1)["spend"].sum("region")
    assert float(spend.min()) >= 0
    for name, channel in firm.CHANNELS.items():
        assert float(spend.sel(channel=name).mean()) == pytest.approx(channel.weekly, rel=0.5)
    idle = (spend == 0).mean("week")
    assert float(idle.sel(channel="events")) > 0.4
    assert 0.2 < float(idle.sel(channel="video")) < 0.7
    assert (idle.sel(channel=["search", "social", "partner", "brand", "display"]) == 0).all()
    spread = spend.std("week") / spend.mean("week")
    assert spread.idxmin("channel") == "display"
    assert spread.idxmax("channel") == "events"
    together = np.corrcoef(spend.to_numpy()) - np.eye(len(firm.CHANNELS))
    assert np.abs(together).max() < 0.6
    demand = make_company(NAME, seed).history.controls["category_demand"][: spend.sizes["week"]]
    assert np.corrcoef(spend.sel(channel="search"), demand)[0, 1] > 0.25


def test_files_are_what_systems_deliver(company: Company, tmp_path: Path) -> None:
    company.write_vintage(tmp_path, 1)
    ads = pd.read_csv(tmp_path / "ads.csv", parse_dates=["Day"])
    campaigns = sum(map(len, firm.CAMPAIGNS.values()))
    pilot = ads["Campaign name"] == firm.PILOT[0]
    assert (~pilot).sum() == 7 * firm.WEEKS * len(firm.REGIONS) * campaigns
    assert pilot.sum() == firm.PILOT[3]
    agency = pd.read_csv(tmp_path / "agency.csv", parse_dates=["Period"])
    assert len(agency) == firm.WEEKS * len(firm.REGIONS) * len(firm.BOOKINGS)
    assert (agency["Period"].dt.day_name() == "Monday").all()
    crm = pd.read_parquet(tmp_path / "crm.parquet")
    assert crm["Close Date"].notna().any()
    assert pd.read_excel(tmp_path / "product.xlsx")["signups_self_serve"].dtype == "int64"
    web = pd.read_json(tmp_path / "web.jsonl", lines=True)
    assert 0.3 < web["paid_visits"].sum() / web["visits"].sum() < 0.7
    controls = pd.read_csv(tmp_path / "controls.csv")
    assert set(controls["price_index"]) == {100.0, 108.0}


def test_lift_tests_saw_the_truth_within_their_error() -> None:
    """Work every lift out of the truth's own parameters, and score what the test saw."""
    scores = []
    for seed in range(1, 13):
        company = make_company(NAME, seed)
        tests, truth = company.weekly(3)["lift_tests"], company.truth(3)
        assert len(tests) == len([t for t in firm.LIFT_TESTS if t.vintage <= 3])
        assert (tests["standard_error"] > 0).all()
        for row in tests.itertuples():
            one = truth.sel(channel=row.channel, region=row.region)
            one = one.sel(model=f"{row.outcome}.{row.motion}")
            spend = one["spend"].to_series()
            tested = spend.copy()
            share = 1 + row.spend_change / spend[row.start : row.end].sum()
            tested[row.start : row.end] *= share
            gained = respond(one, tested) - respond(one, spend)
            lift = float(gained[row.start : row.end].sum())
            assert np.sign(lift) == np.sign(row.spend_change)
            scores.append((row.incremental_outcome - lift) / row.standard_error)
    assert len(scores) == 60
    assert abs(np.mean(scores)) < 3 / np.sqrt(len(scores))
    assert 0.7 < np.std(scores) < 1.3


def respond(truth: xr.Dataset, spend: pd.Series) -> pd.Series:
    """Weekly outcome that spend causes, from the structural equation."""
    weights = truth["adstock_weight"].to_numpy()
    stocked = np.convolve(spend / float(truth["media_scale"]), weights)[: len(spend)]
    shape = truth["saturation"].to_numpy()
    if np.isfinite(shape[1]):  # Hill
        active = stocked ** shape[1] / (stocked ** shape[1] + shape[0] ** shape[1])
    else:
        active = np.tanh(shape[0] * stocked / 2)
    return pd.Series(float(truth["coefficient"]) * active, index=spend.index)


def test_vintages_get_folders_of_their_own_with_the_truth_beside(tmp_path: Path) -> None:
    folders = write_vintages(NAME, 1, tmp_path / "out", [1, 3])
    assert [folder.name for folder in folders] == ["vintage_1", "vintage_3"]
    for folder, vintage in zip(folders, (1, 3), strict=True):
        assert {path.name for path in folder.iterdir()} == FILES | {"truth.nc"}
        with xr.open_dataset(folder / "truth.nc", engine=NETCDF) as saved:
            xr.testing.assert_allclose(saved.load(), make_company(NAME, 1).truth(vintage))


def test_wrong_names_seeds_and_vintages(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"company: found 'b2b_softwear'.*Did you mean"):
        make_company("b2b_softwear")
    with pytest.raises(InputError, match="seed: found -1; expected zero or more"):
        make_company(NAME, -1)
    for vintage in (0, firm.LAST_VINTAGE + 1):
        with pytest.raises(InputError, match=f"vintage: found {vintage}; expected"):
            write_vintages(NAME, 1, tmp_path / "out", [1, vintage])
    assert not (tmp_path / "out").exists()
