"""Worlds whose truth is known: the truth is that of the data that is fitted."""

from __future__ import annotations

import numpy as np
import pytest
from known_worlds import CHANNELS, KINDS, LEVEL, WEEKS, make_known


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
