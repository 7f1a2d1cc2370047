"""The panel's promises: a regular grid, finite numbers, sums that add up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.panel import Panel
from tests.fakes import fake_panel, fake_params

REGIONS = ("north", "south", "west")


def test_arrays_have_the_shape_that_they_say() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=30, regions=REGIONS)
    spend = panel.array("spend")
    assert spend.dims == ("channel", "region", "week")
    assert spend.shape == (len(params.channels), 3, 30)
    south = panel.frame[panel.frame["region"] == "south"]
    np.testing.assert_array_equal(
        spend.sel(channel="social", region="south"), south["spend:social"]
    )
    assert panel.outcome("revenue.pooled").dims == ("region", "week")
    assert panel.array("event").sizes == {"event": 0, "region": 3, "week": 30}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.drop(columns="imputed"), "needs the columns"),
        (lambda f: f.iloc[:-1], "one row for every region and week"),
        (lambda f: f[f["week"] != f["week"].iloc[5]], "seven days apart"),
        (lambda f: f.assign(**{"spend:search": np.nan}), "must be finite"),
        (lambda f: f.assign(**{"control:price": np.inf}), "must be finite"),
    ],
)
def test_what_is_no_regular_grid_is_refused(spoil: object, message: str) -> None:
    panel = fake_panel(weeks=20, regions=REGIONS)
    assert callable(spoil)
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(panel, frame=spoil(panel.frame))


def test_to_national_adds_up_and_averages_by_population() -> None:
    panel = fake_panel(weeks=20, regions=REGIONS)
    people = panel.frame["region"].map({"north": 1.0, "south": 2.0, "west": 7.0})
    imputed = pd.Series("", index=panel.frame.index)
    imputed[3] = "spend:search"
    imputed[23] = "control:price;spend:search"
    frame = panel.frame.assign(population=people, imputed=imputed, **{"funnel:all": 1.0})
    regional = dataclasses.replace(panel, frame=frame)
    national = regional.to_national()
    assert national.regions == [NATIONAL]
    assert national.units == panel.units
    for role in ("outcome", "spend", "funnel"):
        np.testing.assert_allclose(
            national.array(role).isel(region=0), regional.array(role).sum("region")
        )
    price = regional.array("control").to_numpy()[0]
    np.testing.assert_allclose(national.frame["control:price"], np.array([0.1, 0.2, 0.7]) @ price)
    assert set(national.frame["population"]) == {10.0}
    assert national.frame.loc[3, "imputed"] == "control:price;spend:search"
    assert regional.population is not None
    assert regional.population.sel(region="west") == 7.0
    assert panel.population is None


def test_to_national_of_a_national_panel_is_itself() -> None:
    panel = fake_panel()
    assert panel.to_national() is panel


def test_regions_keep_their_order() -> None:
    panel = fake_panel(weeks=20, regions=("z", "a", "m"))
    assert panel.regions == ["z", "a", "m"]
    assert isinstance(panel, Panel)
