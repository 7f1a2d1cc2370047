"""Public data sets come in through parameters alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mmmlib.data.panel.build import build_panel

PROJECT = Path(__file__).parents[2]


PUBLIC = PROJECT.parent / "shared" / "data"


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public data sets are not here")
@pytest.mark.parametrize(
    ("name", "weeks", "regions", "channels"),
    [
        ("robyn_weekly", 208, 1, 5),
        ("meridian_national", 156, 1, 4),
        ("meridian_geo", 156, 20, 4),
    ],
)
def test_public_data_comes_in_through_parameters_alone(
    name: str, weeks: int, regions: int, channels: int
) -> None:
    from mmmlib.params.load import read_params

    params = read_params(PROJECT / "params" / f"{name}.yaml")
    panel = build_panel(params, PUBLIC)
    assert (len(panel.weeks), len(panel.regions)) == (weeks, regions)
    assert len(panel.names("spend")) == channels
    assert params.model.geography == ("regional" if regions > 1 else "national")
    if name == "robyn_weekly":
        events = panel.array("event").sum(["region", "week"])
        raw = pd.read_csv(PUBLIC / "robyn_weekly.csv", keep_default_na=False)["events"]
        assert dict(zip(panel.names("event"), events.to_numpy(), strict=True)) == {
            "event1": (raw == "event1").sum(),
            "event2": (raw == "event2").sum(),
        }
        assert float(events.min()) > 0
