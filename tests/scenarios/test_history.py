"""What the past has seen of a channel, and whether it ran in bursts."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.model.prices import price_of
from mmmlib.scenarios.history import SeenSpend, exposure_worth, in_bursts, spend_history
from tests.fakes import fake_effects, fake_panel
from tests.scenarios.helpers import with_rising

STEADY = np.array([90.0, 100.0, 110.0, 105.0] * 13)
BURSTS = np.array([0.0, 0.0, 80.0, 120.0] * 13)
FLOOR = np.array([8.0, 9.0, 80.0, 120.0] * 13)


def test_bursts_are_told_from_steady_spend():
    assert in_bursts(BURSTS)
    assert in_bursts(FLOOR)
    assert not in_bursts(STEADY)
    assert not in_bursts(np.where(np.arange(52) == 3, 0.0, STEADY))  # one week off is no rhythm
    assert not in_bursts(np.zeros(13))


@pytest.mark.parametrize("level", [90.0, 110.0, 100.0, 110.0 + 1e-5])
def test_a_steady_channel_has_seen_what_lies_between_its_ends(level):
    assert not SeenSpend.of(STEADY).outside(np.array([level]))


@pytest.mark.parametrize("level", [0.0, 50.0, 89.0, 111.0, np.nan])
def test_a_steady_channel_has_not_seen_less_nor_more(level):
    assert SeenSpend.of(STEADY).outside(np.array([level]))


@pytest.mark.parametrize("level", [1.0, 40.0, 79.0, 121.0])
def test_between_nothing_and_the_smallest_burst_nothing_was_seen(level):
    seen = SeenSpend.of(BURSTS)
    assert not seen.outside(np.array([0.0, 80.0, 120.0]))
    assert seen.outside(np.array([0.0, level]))


def test_a_week_off_does_not_make_little_spend_seen():
    weekly = np.where(np.arange(52) == 3, 0.0, STEADY)
    seen = SeenSpend.of(weekly)
    assert not seen.outside(np.array([0.0, 100.0]))
    assert seen.outside(np.array([50.0]))


def test_the_floor_between_flights_is_seen_and_what_lies_above_it_is_not():
    seen = SeenSpend.of(FLOOR)
    assert not seen.outside(np.array([8.0, 9.0, 100.0]))
    assert seen.outside(np.array([40.0]))
    assert seen.outside(np.array([0.0]))


def test_money_that_buys_more_exposure_than_was_ever_bought_is_not_seen():
    """The price has halved: what the most views ever bought cost then buys twice as many today."""
    seen = SeenSpend.of(STEADY, worth=STEADY / 2)
    assert seen.outside(np.array([STEADY.max()]))
    assert not seen.outside(np.array([STEADY.max() / 2]))
    noisy = SeenSpend.of(STEADY, worth=STEADY * 0.9)  # prices that go up and down
    assert not noisy.outside(np.array([STEADY.max()]))


def test_what_media_would_cost_today_is_told_at_the_price_of_its_size():
    effects = fake_effects(panel=fake_panel(regions=("north", "south")), draws=2)
    top = float(effects["spend_high"].sel(channel="video"))
    dearer = with_rising(effects, {"video": (top / 4, top / 2, 2 * top)}, (0.9, 1.0, 1.5))
    worth = exposure_worth(dearer).sel(channel="video")
    bought = price_of(dearer, "video").worth(worth.to_numpy())
    np.testing.assert_allclose(bought, effects["media"].sel(channel="video"), rtol=1e-6, atol=1e-6)
    assert float(worth.sum("region").max()) > 1.05 * top  # more than today's price would ask
    others = {"channel": ["search", "social"]}
    np.testing.assert_array_equal(
        exposure_worth(dearer).sel(others), exposure_worth(effects).sel(others)
    )


def test_beyond_the_last_point_of_a_price_nothing_is_seen():
    seen = SeenSpend.of(STEADY).up_to(100.0)
    assert not seen.outside(np.array([95.0]))
    assert seen.outside(np.array([105.0]))
    assert SeenSpend.of(STEADY).up_to(np.inf) == SeenSpend.of(STEADY)


def test_history_by_region_adds_up_to_what_was_paid():
    effects = fake_effects(panel=fake_panel(regions=("north", "south")), draws=2)
    effects["media"].loc[{"channel": "video", "week": effects["week"][-5:]}] = 0.0  # paid, not run
    history = spend_history(effects, 13)
    for name, money in history.items():
        assert (money >= 0).all()
        np.testing.assert_allclose(money.sum(0), effects["spend"].sel(channel=name), rtol=1e-6)
