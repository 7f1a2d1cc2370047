"""Worlds whose truth is known: the truth is that of the data that is fitted."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from known_worlds import CHANNELS, KINDS, LENGTH, LEVEL, WEEKS, KnownWorld, make_known

from mmmlib.model.effects import roi
from mmmlib.model.response import spend_effect


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_is_a_world(kind: str) -> None:
    one, same, other = (make_known(kind, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.case.outcome, same.case.outcome)
    assert not np.array_equal(one.case.outcome, other.case.outcome)
    assert one.contribution().shape == (CHANNELS, WEEKS)
    assert (one.contribution() >= 0).all()


def test_without_its_channels_a_world_has_its_level() -> None:
    world = make_known("independent", 5)
    rest = world.case.outcome.sum(0) - world.contribution().sum(0)
    assert np.mean(rest) == pytest.approx(LEVEL, rel=0.15)


@pytest.mark.parametrize("kind", ["returns at 0.5", "independent", "returns at 2.5", "threshold"])
def test_returns_lie_where_the_kind_says(kind: str) -> None:
    returns = np.concatenate([make_known(kind, seed).returns() for seed in range(30)])
    assert np.median(returns) == pytest.approx(KINDS[kind].centre, rel=0.15)
    assert np.log(returns).std() == pytest.approx(0.6, abs=0.1)


def test_spend_follows_demand_where_the_kind_says() -> None:
    def together(kind: str) -> float:
        found = []
        for seed in range(20):
            world = make_known(kind, seed)
            rest = world.case.outcome.sum(0) - world.contribution().sum(0)
            slope = np.polyval(np.polyfit(np.arange(WEEKS), rest, 1), np.arange(WEEKS))
            spend = np.log1p(world.case.spend.sum((0, 1)))
            found.append(np.corrcoef(spend, rest - slope)[0, 1])
        return float(np.mean(found))

    assert abs(together("independent")) < 0.1
    assert 0.1 < together("follows demand") < together("follows demand strongly")


def test_a_plan_that_changes_nothing_brings_nothing_and_more_brings_more() -> None:
    world = make_known("regions", 2)
    today = {name: np.full((4, 13), 2_500.0) for name in world.names}
    assert world.gain(today, today) == 0
    more = today | {world.names[0]: np.full((4, 13), 3_000.0)}
    assert world.gain(more, today) > 0
    assert world.gain(today, more) == pytest.approx(-world.gain(more, today))


def outcome_of(world: KnownWorld, channel: int, last: int) -> float:
    """What one channel's spend up to a week causes, ever: week by week, with nothing shared."""
    effect, total = world.effects[channel], 0.0
    for region, spend in enumerate(world.case.spend[channel]):
        for week in range(last + LENGTH):
            carried = sum(
                effect.weights[lag] * spend[week - lag] / effect.scale[region]
                for lag in range(LENGTH)
                if 0 <= week - lag <= last
            )
            total += float(effect.coefficient[region] * effect.curve(np.array([carried]))[0])
    return total


@pytest.mark.parametrize("kind", ["independent", "threshold", "regions"])
def test_a_true_return_is_what_spend_adds_to_its_end_over_that_spend(kind: str) -> None:
    world = make_known(kind, 7)
    for weeks in (slice(None), slice(-52, None), slice(40, 60)):
        first, end, _ = weeks.indices(WEEKS)
        for channel in (0, 4):
            added = outcome_of(world, channel, end - 1)
            added -= outcome_of(world, channel, first - 1) if first else 0.0
            spent = world.case.spend[channel][:, first:end].sum()
            assert world.returns(weeks)[channel] == pytest.approx(added / spent, rel=1e-9)


def test_a_return_of_the_library_is_that_of_the_truth_where_the_form_is_the_true_one() -> None:
    """Effects whose one draw is the truth have the true returns, over all weeks and over some."""
    world = make_known("regions", 3)
    for channel, effect in enumerate(world.effects):
        kind, shape = "michaelis_menten", (1.3, np.nan)
        true = replace(effect, curve=lambda carried: carried / (carried + 1.3))
        world = replace(
            world, effects=tuple(true if n == channel else e for n, e in enumerate(world.effects))
        )
        regions = [f"region_{n}" for n in range(4)]
        effects = xr.Dataset(
            {
                "media": (("channel", "region", "week"), world.case.spend[[channel]]),
                "spend": (("channel", "week"), world.case.spend[[channel]].sum(1)),
                "media_scale": (("channel", "region"), effect.scale[None]),
                "adstock_weight": (("draw", "channel", "lag"), effect.weights[None, None]),
                "saturation": (("draw", "channel", "shape"), np.array([[shape]])),
                "coefficient": (("draw", "channel", "region"), effect.coefficient[None, None]),
            },
            coords={
                "draw": [0],
                "channel": ["one"],
                "region": regions,
                "week": pd.date_range("2023-01-02", periods=WEEKS, freq="7D"),
            },
            attrs={"formula": 1, "saturation_kinds": json.dumps({"one": kind})},
        )
        effects["spend_effect"] = spend_effect(effects)
        for weeks in (slice(None), slice(-52, None), slice(40, 60)):
            said = float(roi(effects, effects["week"].to_numpy()[weeks])[0, 0])
            assert said == pytest.approx(world.returns(weeks)[channel], rel=1e-4)
