"""Forecasts: the weeks that are added to a panel, and what their ranges are worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmmlib.model.columns import make_columns
from mmmlib.model.effects import effects_of
from mmmlib.runs import Run
from mmmlib.scenarios.baseline import baseline_of
from mmmlib.scenarios.forecast import Forecast, ModelForecast
from mmmlib.scenarios.forecasting import independent_weeks, panels_ahead, worth_together
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.scenarios.helpers import with_rising


@pytest.mark.parametrize("trend", ["linear", "piecewise", "random_walk"])
def test_terms_of_the_fitted_weeks_stay_as_they_were_fitted(trend: str) -> None:
    params = fake_params(model={"trend": trend, "trend_knots": 6})
    longer = fake_panel(params, weeks=104)
    fitted = fake_panel(params, weeks=104)
    frame = fitted.frame[fitted.frame["week"] < fitted.weeks[91]].reset_index(drop=True)
    short, names, *_ = make_columns(type(fitted)(frame, "USD"), params, 91)
    ahead, more, *_ = make_columns(longer, params, 91, laid=91)
    mine = [more.index(name) for name in names]
    np.testing.assert_allclose(ahead[:, mine, :91], short, atol=1e-12)
    new = [place for place, name in enumerate(more) if name not in names]
    assert bool(new) == (trend != "linear")
    assert not ahead[:, new, :91].any()  # of the steps to come the data says nothing


def test_each_path_is_off_by_what_an_earlier_quarter_was_off_by() -> None:
    events = {"fair": {"label": "Fair", "start": "2026-01-05", "end": "2026-01-11"}}
    params = fake_params(events=events)
    panel = fake_panel(params, weeks=104)  # ends with the week of 2025-12-22
    panel = replace(panel, frame=panel.frame.assign(**{"event:fair": 0.0}))
    effects = fake_effects(params, panel)
    base = baseline_of(effects, params)
    paths = panels_ahead(panel, params, base, effects)
    assert len(paths) == 4  # a year has to lie before the first
    channel = next(iter(base.spend))
    coming = np.array([one.frame[f"spend:{channel}"].to_numpy()[104:] for one in paths])
    assert coming.shape == (4, 13)
    assert (np.std(coming, axis=0) > 0).all()
    spend = panel.frame[f"spend:{channel}"].to_numpy()
    expected = base.spend[channel][0] + spend[-13:] - spend[-26:-13].mean()
    np.testing.assert_allclose(coming[0], np.maximum(expected, 0.0))
    assert list(paths[0].frame["event:fair"].to_numpy()[104:107]) == [0, 1, 0]


def test_the_exposure_to_come_is_bought_at_the_price_of_its_spend() -> None:
    channels = {name: one.model_dump() for name, one in fake_params().channels.items()}
    channels["search"]["exposure"] = "views"
    params = fake_params(channels=channels)
    panel = fake_panel(params, weeks=60)
    panel = replace(panel, frame=panel.frame.assign(**{"exposure:search": 1.0}))
    effects = fake_effects(params, panel)
    effects["media_cost"] = effects["media_cost"] * 5
    level = float(effects["spend_today"].sel(channel="search"))
    dearer = with_rising(effects, {"search": (level / 2, level, 3 * level)}, (0.5, 0.8, 1.6))
    base = baseline_of(effects, params)
    for one, price in ((effects, 5.0), (dearer, 4.0)):
        (path,) = panels_ahead(panel, params, base, one)
        coming = path.frame["exposure:search"].to_numpy()[60:]
        np.testing.assert_allclose(coming, level / price, rtol=1e-6)


def test_weeks_whose_errors_go_together_are_worth_fewer() -> None:
    rng = np.random.default_rng(1)
    alone = rng.normal(size=(4000, 13))
    assert independent_weeks(alone) > 12
    assert independent_weeks(np.repeat(alone[:, :1], 13, axis=1)) == pytest.approx(1, abs=0.1)
    between = independent_weeks(alone + 1.5 * rng.normal(size=(4000, 1)))
    assert 1.5 < between < 8


@pytest.mark.slow
def test_models_that_the_same_path_moves_are_worth_fewer() -> None:
    rng = np.random.default_rng(2)
    path = 2.0 * np.repeat(rng.normal(size=8), 200)[:, None]
    draws = [path + rng.normal(size=(1600, 13)) for _ in range(3)]
    alone = [rng.normal(size=(1600, 13)) for _ in range(3)]
    for given, least, most in ((draws, 0.9, 1.6), (alone, 2.7, 3.0)):
        each = [ModelForecast.model_construct(independent=independent_weeks(one)) for one in given]
        worth = sum(one.independent for one in worth_together(each, given))
        assert least < worth / each[0].independent <= most


def test_a_refresh_forecasts_the_weeks_after_its_data(small_run: Run) -> None:
    forecast = small_run.load_json("forecast.json", Forecast)
    (one,) = forecast.models
    effects = effects_of(small_run, one.model)
    assert one.weeks[0] == (effects["week"].to_numpy()[-1] + np.timedelta64(7, "D")).astype(
        "datetime64[D]"
    ).astype(object)
    assert len(one.weeks) == len(one.outcome) == 13
    seen = effects["observed"].to_numpy()
    for week in one.outcome:
        assert seen.min() < week.median < seen.max()
        assert week.width < 6 * seen.std()
