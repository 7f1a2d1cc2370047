"""Levers in the effects: a unit of the control goes with what its column says."""

from __future__ import annotations

import numpy as np
import xarray as xr

from mmmlib.model.effects import check_effects
from mmmlib.model.levers import with_levers
from mmmlib.model.motions import sum_motions
from mmmlib.model.spec import prepare
from tests.fakes import fake_effects, fake_panel, fake_params, two_motions
from tests.model.worlds import MODEL, REGIONS

LEVER = {"column": "price", "lever": {"unit": "points"}}


def test_a_unit_goes_with_what_the_column_of_the_model_says() -> None:
    params = fake_params(controls={"price": LEVER}, model={"geography": "regional"})
    panel = fake_panel(params, regions=REGIONS)
    data = prepare(panel, params, MODEL, holdout_weeks=8)
    slopes = np.random.default_rng(1).normal(size=(5, len(data.column_names)))
    known = with_levers(xr.Dataset(), data, slopes)
    place = data.column_names.index("price")
    # What the model adds to its outcome in two weeks, against what the control differs by.
    added = slopes[:, place, None, None] * data.columns[:, place] * data.scales.outcome[:, None]
    raw = panel.array("control").sel(control="price").to_numpy()
    per_unit = (added[..., 3] - added[..., 50]) / (raw[:, 3] - raw[:, 50])
    np.testing.assert_allclose(known["lever_effect"].sel(lever="price"), per_unit, rtol=1e-4)
    np.testing.assert_array_equal(known["lever_value"].sel(lever="price"), raw)


def test_what_is_no_lever_or_never_moved_is_left_out() -> None:
    params = fake_params(controls={"price": LEVER, "rival": {"column": "rival"}})
    panel = fake_panel(params)
    panel.frame["control:price"] = 7.0
    data = prepare(panel, params, MODEL)
    effects = xr.Dataset()
    assert with_levers(effects, data, np.ones((2, len(data.column_names)))) is effects


def test_motions_are_added_and_the_control_is_the_same() -> None:
    params = two_motions(controls={"price": LEVER})
    parts = [fake_effects(params, model=name, draws=20) for name in params.model_names]
    whole = check_effects(sum_motions("revenue", parts))
    together = parts[0]["lever_effect"] + parts[1]["lever_effect"]
    np.testing.assert_allclose(whole["lever_effect"], together)
    np.testing.assert_array_equal(whole["lever_value"], parts[0]["lever_value"])
    without = parts[1].drop_dims("lever")
    assert "lever" not in sum_motions("revenue", [parts[0], without]).dims
