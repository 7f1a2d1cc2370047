"""A lift test in the model: what it is compared with, and which fits see it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmmlib.model.arrays import ModelData
from mmmlib.model.derive import derive_effects
from mmmlib.model.effects import lift_tests_of
from mmmlib.model.layout import layout_of, split
from mmmlib.model.response import respond
from mmmlib.model.sample import named_tree
from mmmlib.model.spec import prepare
from tests.fakes import fake_panel
from tests.model.worlds import MODEL, REGIONS, mixed_data, mixed_params, with_tests

TEST = {"incremental_outcome": 30_000, "standard_error": 9_000}
PAUSE = TEST | {"channel": "video", "start": "2024-06-03", "end": "2024-06-30"}
SHAPE = {"form_error": 0.0, "seasonality": 0, "trend": "none", "kept_draws": 100}


def effects_of(data: ModelData, **model: object):  # type: ignore[no-untyped-def]
    """Effects of draws from the prior: nothing is sampled."""

    layout = layout_of(data)
    mean = np.concatenate([np.ravel(prior[0]) for prior in data.priors.values()])
    sd = np.concatenate([np.ravel(prior[1]) for prior in data.priors.values()])
    theta = mean + 0.3 * sd * np.random.default_rng(5).normal(size=(2, 50, mean.size))
    assert split(layout, theta, data.adstock_weeks)
    tree = named_tree(theta, {}, layout, data)
    params = mixed_params(**SHAPE, **model)
    return derive_effects(data, params, tree["posterior"].to_dataset(), 1)[0]


@pytest.mark.parametrize("regional", [False, True], ids=["national", "regional"])
def test_expected_is_the_difference_of_two_plans_in_the_weeks_counted(regional: bool) -> None:
    where = {"regions": ["south", "west"]} if regional else {}
    options = PAUSE | where | {"spend_change_share": -1, "measured_until": "2024-07-10"}
    data = mixed_data(regional=regional, lift_tests={"off": options}, **SHAPE)
    effects = effects_of(data, geography="regional" if regional else "national")
    paused = effects["media"].astype(float)
    weeks = slice("2024-06-03", "2024-06-30")
    regions = ["south", "west"] if regional else ["national"]
    paused.loc[{"channel": "video", "region": regions, "week": weeks}] = 0.0
    change = respond(effects, paused) - respond(effects, effects["media"])
    gained = change.sel(channel="video")
    assert float(abs(gained.sel(week=slice("2024-07-15", None))).max()) > 0  # carried on later
    whole = gained.sel(week=slice(None, "2024-07-07")).sum("week")
    counted = whole + 3 / 7 * gained.sel(week="2024-07-08")
    expected = effects["lift_expected"].sel(test="off").to_numpy()
    np.testing.assert_allclose(expected, counted, rtol=2e-4)
    [told] = lift_tests_of(effects)
    assert (told.name, told.where) == ("off", tuple(where.get("regions", ())))


def test_exposure_follows_the_spend_of_a_test() -> None:
    params = mixed_params(**SHAPE)
    channels = {name: one.model_dump() for name, one in params.channels.items()}
    channels["video"]["exposure"] = "video_seen"
    params = type(params).model_validate(params.model_dump() | {"channels": channels})
    panel = fake_panel(params, weeks=60)
    frame = panel.frame.assign(**{"exposure:video": panel.frame["spend:video"] * 40})
    panel = with_tests(replace(panel, frame=frame), {"more": PAUSE})
    seen = prepare(panel, params, MODEL).lifts[0]
    plain = prepare(with_tests(fake_panel(params, weeks=60), {"more": PAUSE}), params, MODEL)
    np.testing.assert_allclose(seen.tested, plain.lifts[0].tested)


def test_a_fit_sees_the_tests_of_its_outcome_and_its_weeks() -> None:
    late = PAUSE | {"start": "2025-01-06", "end": "2025-01-19"}
    tests = {"early": PAUSE, "late": late}
    data = mixed_data(weeks=60, lift_tests=tests, **SHAPE)
    assert [lift.test.name for lift in data.lifts] == ["early", "late"]
    unseen = mixed_data(weeks=60, holdout_weeks=8, lift_tests=tests, **SHAPE)
    assert [lift.test.name for lift in unseen.lifts] == ["early"]
    params = mixed_params(**SHAPE)
    panel = with_tests(fake_panel(params, weeks=60), tests)
    panel.frame["outcome:signups.pooled"] = panel.frame["outcome:signups.pooled"].round()
    assert prepare(panel, params, "signups.pooled").lifts == ()
    alone = prepare(panel, params, MODEL, calibrated=False)
    assert (len(alone.lifts), alone.calibration) == (2, ())


def test_a_national_model_of_regional_data_takes_its_tests_along() -> None:
    params = mixed_params(geography="national", **SHAPE)
    panel = fake_panel(params, weeks=60, regions=REGIONS)
    tested = with_tests(panel, {"more": PAUSE | {"regions": ["south"]}})
    [lift] = prepare(tested, params, MODEL).lifts
    assert lift.regions == (0,)
    assert 0.1 < lift.test.part < 0.6
    np.testing.assert_allclose(lift.counted, lift.test.part)
    np.testing.assert_allclose(lift.tested[:, 7:] / lift.without[:, 7:], 1.5)


@pytest.mark.parametrize("share", [-1.0, 0.5])
def test_media_that_is_booked_in_other_weeks_is_changed_by_the_share_of_the_test(
    share: float,
) -> None:
    """Invoiced every fourth week, seen in every one: the test changes what was seen."""
    params = mixed_params(**SHAPE)
    channels = {name: one.model_dump() for name, one in params.channels.items()}
    channels["video"]["exposure"] = "video_seen"
    params = type(params).model_validate(params.model_dump() | {"channels": channels})
    panel = fake_panel(params)
    frame = panel.frame.copy()
    seen = frame["spend:video"].to_numpy() + 1.0
    frame["exposure:video"] = seen / 0.02
    booked = np.zeros_like(seen)
    booked[::4] = np.add.reduceat(seen, np.arange(0, len(seen), 4))
    frame["spend:video"] = booked
    first = 76
    days = {
        "start": str(panel.weeks[first].date()),
        "end": str((panel.weeks[first + 4] - pd.Timedelta(days=1)).date()),
    }
    test = PAUSE | days | {"spend_change_share": share}
    booked_panel = with_tests(replace(panel, frame=frame), {"off": test})
    data = prepare(booked_panel, params, MODEL)
    [lift] = data.lifts
    ran = data.scaled_media[lift.channel, 0, first : first + 4]
    inside = slice(data.adstock_weeks - 1, None)
    np.testing.assert_allclose(lift.without[0, inside], ran)
    np.testing.assert_allclose(lift.tested[0, inside], ran * (1 + share), atol=1e-12)
