"""What a week's spend brings, to its end; and the returns that follow from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.model.effects import (
    at_spend,
    contribution,
    effects_of,
    marginal_roi,
    roi,
    still_to_come,
)
from mmmlib.model.one_fit import FitRequest, fit_one
from mmmlib.model.response import contribution_by_region, respond, spend_effect
from mmmlib.params import Params
from mmmlib.simulate.structure import Response, activity
from tests.fake_run import make_fake_run
from tests.fakes import fake_effects, fake_panel, fake_params

MODEL = "revenue.pooled"
WEEKS, LAGS = 104, 12
LATE = Response("delayed", (0.85, 5.0), "logistic", (0.8,))
SOON = Response("geometric", (0.4,), "logistic", (0.8,))


def longer(effects: xr.Dataset, kept: slice) -> xr.DataArray:
    """Media of some weeks only, with the weeks in which their effect comes to its end."""
    lags = effects.sizes["lag"]
    media = effects["media"].copy(deep=True)
    media.loc[{"week": media["week"].to_numpy()}] *= 0
    media[{"week": kept}] = effects["media"][{"week": kept}]
    media = media.pad(week=(0, lags - 1), constant_values=0.0)
    weeks = pd.date_range(effects["week"].to_numpy()[0], periods=media.sizes["week"], freq="7D")
    return media.assign_coords(week=weeks)


def test_the_weeks_add_up_to_all_that_the_spend_brings() -> None:
    effects = fake_effects(draws=20)
    whole = respond(effects, longer(effects, slice(None))).sum("week")
    np.testing.assert_allclose(effects["spend_effect"].sum("week"), whole, rtol=1e-5)
    part = respond(effects, longer(effects, slice(80))) - respond(
        effects, longer(effects, slice(60))
    )
    np.testing.assert_allclose(
        effects["spend_effect"][..., 60:80].sum("week"), part.sum("week"), rtol=1e-4
    )
    np.testing.assert_allclose(
        1 - contribution(effects) / whole, still_to_come(effects), rtol=1e-3, atol=1e-6
    )


def test_regions_add_up_to_the_contribution_of_the_weeks() -> None:
    params = fake_params(model={"geography": "regional"})
    effects = fake_effects(
        params, fake_panel(params, regions=("NORTH", "SOUTH", "WEST")), draws=120
    )
    weeks = pd.DatetimeIndex(effects["week"].to_numpy()[20:50])
    by_region = contribution_by_region(effects, weeks)
    assert by_region.dims == ("draw", "channel", "region")
    np.testing.assert_allclose(by_region.sum("region"), contribution(effects, weeks), rtol=1e-4)
    everything = contribution_by_region(effects, pd.DatetimeIndex(effects["week"]))
    np.testing.assert_allclose(everything, effects["contribution_region"], rtol=1e-4)


def test_the_next_money_is_the_slope_of_the_curve_at_a_level() -> None:
    effects = fake_effects(draws=50)
    today = effects["spend_today"]
    np.testing.assert_allclose(marginal_roi(effects, today), effects["marginal_roi"], rtol=0.1)
    unspent = marginal_roi(effects, 0 * today)
    first = at_spend(effects, 0.1 * effects["spend_high"])
    np.testing.assert_allclose(unspent, first / (0.1 * effects["spend_high"]), rtol=1e-5)
    assert (unspent > marginal_roi(effects, today)).all()  # every curve is concave
    end = effects["response"].isel(point=-1)
    np.testing.assert_allclose(at_spend(effects, 9 * effects["spend_high"]), end, rtol=1e-6)


def test_effects_of_an_older_run_get_what_was_not_kept_then(tmp_path: Path) -> None:
    effects = fake_effects(draws=20)
    older = effects.drop_vars("spend_effect")
    older.attrs["told"] = older.attrs.pop("inputs")
    run = make_fake_run(tmp_path)
    run.exploring = False
    run.save_dataset(f"models/{MODEL}/effects.nc", older)
    loaded = effects_of(run, MODEL)
    np.testing.assert_allclose(loaded["spend_effect"], effects["spend_effect"], rtol=1e-5)
    assert loaded.attrs["inputs"] == effects.attrs["inputs"]


def test_later_spend_changes_nothing_of_what_earlier_spend_brought() -> None:
    effects = fake_effects(draws=20)
    cut = effects.isel(week=slice(90))
    np.testing.assert_allclose(spend_effect(cut), effects["spend_effect"][..., :90], rtol=1e-5)
    window = slice(effects["week"][40], effects["week"][89])
    cut["spend_effect"] = spend_effect(cut)
    np.testing.assert_allclose(roi(cut, window), roi(effects, window), rtol=1e-5)
    assert not np.allclose(contribution(cut) / cut["spend"].sum("week"), roi(cut), rtol=1e-3)


def test_a_return_holds_no_carryover_of_earlier_spend() -> None:
    """A channel that stopped, but for a small late invoice, had "returned most" (25 to 490)."""
    effects = fake_effects(draws=20)
    media = effects["media"].copy(deep=True)
    media[{"channel": 0, "week": slice(50, None)}] = 0.0
    media[{"channel": 0, "week": 80}] = 100.0
    stopped = effects.assign(media=media, spend=media.sum("region"))
    stopped["contribution"] = respond(stopped, media)
    stopped["spend_effect"] = spend_effect(stopped)
    window = slice(effects["week"][50], None)
    carried = contribution(stopped, window) / stopped["spend"].sel(week=window).sum("week")
    assert float(carried[:, 0].min()) > 10
    first = float((stopped["coefficient"] * stopped["saturation"][:, :, 0] / 2)[:, 0].max())
    most = first / float(stopped["media_scale"][0, 0])  # the return of the very first money
    assert 0 < float(roi(stopped, window)[:, 0].max()) <= most * 1.001


def world(
    spend: np.ndarray, responses: list[Response], returns: list[float]
) -> tuple[Panel, Params]:
    """A panel whose channels return what is stated, to the end of their effects."""
    names = [f"channel_{number}" for number in range(len(spend))]
    forms = {
        name: {"spend": name, "adstock": one.adstock, "saturation": one.saturation}
        for name, one in zip(names, responses, strict=True)
    }
    model = {"adstock_weeks": LAGS, "trend": "linear", "seasonality": 1, "chains": 2, "tune": 300}
    outcomes = {"revenue": {"kind": "revenue", "column": "revenue"}}
    params = fake_params(
        channels=forms,
        outcomes=outcomes,
        controls={},
        key_questions=[],
        model=model | {"draws": 400, "kept_draws": 800, "demand_proxy": False, "form_error": 0.0},
    )
    scale = (spend.sum(1) / (spend > 0).sum(1))[:, None]
    to_end = np.pad(spend, ((0, 0), (0, LAGS - 1)))[:, None]
    active = activity(to_end, scale, responses, LAGS)[:, 0]
    size = np.array(returns) * spend.sum(1) / active.sum(1)
    rng = np.random.default_rng(5)
    season = np.sin(2 * np.pi * np.arange(WEEKS) / 52.18)
    outcome = 1e6 * (1 + 0.03 * season + 0.015 * rng.normal(size=WEEKS))
    outcome += (size[:, None] * active)[:, :WEEKS].sum(0)
    panel = fake_panel(params, weeks=WEEKS)
    frame = panel.frame.assign(
        **{f"outcome:{MODEL}": outcome},
        **{f"spend:{name}": values for name, values in zip(names, spend, strict=True)},
    )
    return replace(panel, frame=frame), params


def channels(last: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.stack([5e4 * rng.gamma(3.0, 1 / 3, WEEKS), 4e4 * rng.gamma(3.0, 1 / 3, WEEKS), last])


@pytest.mark.slow
def test_a_young_channel_with_a_late_effect_is_not_told_that_it_lost_money() -> None:
    """It was told as "did not come back" (0.40 to 0.94); over its whole effect it returns 1.5."""
    rng = np.random.default_rng(4)
    young = np.r_[np.zeros(WEEKS - 14), 2e5 * rng.gamma(6.0, 1 / 6, 14)]
    panel, params = world(channels(young), [SOON, SOON, LATE], [1.2, 0.9, 1.5])
    effects = fit_one(panel, params, FitRequest(MODEL), cores=2).effects
    draws = roi(effects).sel(channel="channel_2").to_numpy()
    low, high = np.quantile(draws, (0.05, 0.95))
    assert low < 1.5 < high
    assert (draws < 1).mean() < 0.5
    seen = contribution(effects).sel(channel="channel_2") / young.sum()
    assert float(seen.quantile(0.95)) < 1.5
    assert float(still_to_come(effects).sel(channel="channel_2").median()) > 0.25
    # Of the others, nearly all has come.
    assert float(still_to_come(effects).sel(channel="channel_0").median()) < 0.05


@pytest.mark.slow
def test_a_stopped_channel_with_a_late_invoice_does_not_return_most() -> None:
    """Carryover of earlier spend over a small invoice made a return of 25 to 490."""
    rng = np.random.default_rng(6)
    stopped = np.r_[2e5 * rng.gamma(6.0, 1 / 6, WEEKS - 52), np.zeros(52)]
    stopped[-20] = 2_000.0
    responses, returns = [SOON, SOON, LATE], [1.2, 0.9, 1.5]
    panel, params = world(channels(stopped), responses, returns)
    effects = fit_one(panel, params, FitRequest(MODEL), cores=2).effects
    window = slice(effects["week"][-52], None)
    last_year = roi(effects, window).sel(channel="channel_2").to_numpy()
    whole = roi(effects).sel(channel="channel_2").to_numpy()
    low, high = np.quantile(whole, (0.05, 0.95))
    assert low < 1.5 < high
    # The first money into a channel returns more than its mean, by what saturation takes: no more.
    truth = 0.8 / 2 * 1.5 / np.tanh(0.8 / 2)
    low, high = np.quantile(last_year, (0.05, 0.95))
    assert low < truth * 1.3
    assert high < 6
