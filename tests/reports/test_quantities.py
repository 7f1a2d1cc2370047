"""Numbers of a model are those of its effects."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.model.effects import contribution, roi
from mmmlib.reports.quantities import ModelNumbers, held
from mmmlib.reports.words.returns import return_text
from tests.fakes import fake_effects, fake_params


@pytest.fixture(scope="module")
def numbers() -> ModelNumbers:
    return ModelNumbers(fake_effects(scale=3.0))


def test_returns_are_those_of_the_effects(numbers: ModelNumbers) -> None:
    draws = roi(numbers.effects)
    for row in numbers.channels:
        assert row.roi is not None
        own = draws.sel(channel=row.channel)
        assert row.roi.median == pytest.approx(float(own.median("draw")), rel=1e-5)
        assert row.loses == pytest.approx(float((own < 1).mean()))


def test_a_return_says_what_of_it_is_still_to_come() -> None:
    effects = fake_effects(scale=0.3).copy(deep=True)
    before = ModelNumbers(effects)
    assert "still to come" not in return_text(before, before.channels[0])
    effects["contribution"][:, 0] *= 0.7
    young = ModelNumbers(effects).channels[0]
    assert young.roi is not None
    assert young.to_come.median == pytest.approx(0.3, abs=0.02)
    assert ", of which 30" in return_text(ModelNumbers(effects), young)


def test_a_channel_leads_as_often_as_its_draws_are_the_highest(numbers: ModelNumbers) -> None:
    draws = roi(numbers.effects).transpose("draw", "channel").to_numpy()
    names = [row.channel for row in numbers.channels]
    chances = numbers.chances_of_first(names)
    assert sum(chances.values()) == pytest.approx(1)
    assert chances[names[0]] == pytest.approx((draws.argmax(axis=1) == 0).mean())
    assert numbers.chances_of_first(names[1:2]) == {names[1]: 1.0}


def test_the_whole_is_summed_draw_by_draw(numbers: ModelNumbers) -> None:
    total = contribution(numbers.effects).sum("channel")
    assert numbers.all_channels.high == pytest.approx(float(total.quantile(0.95)), rel=1e-5)
    parts = sum(row.contribution.high for row in numbers.channels)
    assert numbers.all_channels.high < parts


def test_order_is_by_size(numbers: ModelNumbers) -> None:
    brought = [row.contribution.median for row in numbers.by_contribution]
    assert brought == sorted(brought, reverse=True)


def test_a_channel_without_spend_has_no_return() -> None:
    effects = fake_effects().copy(deep=True)
    effects["spend"][0] = 0.0
    numbers = ModelNumbers(effects)
    row = numbers.channels[0]
    assert (row.roi, row.loses) == (None, None)
    assert numbers.by_return[-1].channel == row.channel
    assert row.channel not in numbers.ranks


def test_an_unstated_belief_is_none() -> None:
    effects = fake_effects().copy(deep=True)
    effects["prior_roi"][:, 1] = np.nan
    priors = [row.prior for row in ModelNumbers(effects).channels]
    assert [prior is None for prior in priors] == [False, True, False, False]


def test_counted_outcomes_are_told_per_thousand() -> None:
    params = fake_params()
    numbers = ModelNumbers(fake_effects(params, model="signups.pooled"))
    row = numbers.channels[0]
    raw = float(roi(numbers.effects).isel(channel=0).median("draw"))
    assert row.roi is not None
    assert row.roi.median == pytest.approx(1000 * raw, rel=1e-5)
    assert row.roi.unit == "signups"
    assert row.loses is None


def test_ranks_are_places(numbers: ModelNumbers) -> None:
    for rank in numbers.ranks.values():
        assert 1 <= rank.low <= rank.high <= 4


def test_weeks_inside_the_band_are_counted(numbers: ModelNumbers) -> None:
    effects = numbers.effects.copy(deep=True)
    where = np.zeros(effects.sizes["week"], dtype=bool)
    where[-8:] = True
    effects["observed"][-8:] = effects["predicted"].median("draw")[-8:]
    assert held(effects, where) == (8, 8)
    effects["observed"][-3:] = 1e9
    assert held(effects, where) == (5, 8)
    effects["observed"][-1] = np.nan
    assert held(effects, where)[0] == 5


def test_a_declared_margin_raises_the_return_that_pays() -> None:
    effects = fake_effects(scale=3.0)
    plain, half = ModelNumbers(effects), ModelNumbers(effects, margin=0.5)
    assert (plain.break_even, half.break_even) == (1.0, 2.0)
    for one, other in zip(plain.channels, half.channels, strict=True):
        assert one.roi == other.roi
        assert (other.loses or 0) > (one.loses or 0) or other.loses == 1.0


def test_shares_of_effect_and_spend_are_of_the_whole() -> None:
    rows = ModelNumbers(fake_effects(scale=3.0)).channels
    assert sum(row.spend_share for row in rows) == pytest.approx(1)
    assert all(0 < row.effect_share.low < row.effect_share.high < 1 for row in rows)
