from __future__ import annotations

import math

import pytest
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.findings import Status
from mmmlib.model.effects import roi
from mmmlib.params.limits import ComparisonParams
from mmmlib.refresh.comparison import Movement
from mmmlib.refresh.drift import detail_finding
from mmmlib.refresh.movement import (
    channel_movements,
    common_weeks,
    detail_movements,
    new_share,
    relative_change,
    widened,
)
from tests.fakes import fake_effects, fake_panel, fake_params

LIMITS = ComparisonParams()


def estimate(low: float, high: float, median: float | None = None) -> Estimate:
    middle = (low + high) / 2 if median is None else median
    return Estimate(
        median=middle, low=low, high=high, inner_low=middle, inner_high=middle, draws=100
    )


def test_a_range_that_exploded_is_told_by_its_width() -> None:
    """Two odd weeks left the medians inside each other's range, as that had become so wide."""
    then, now = estimate(0.8, 1.2), estimate(0.3, 1.6, median=1.1)
    assert widened(then, now) == pytest.approx(1.3 / 0.4)
    assert widened(estimate(1, 1), now) == math.inf


def test_change_is_relative_and_unknown_from_zero() -> None:
    assert relative_change(2.0, 3.0) == 0.5
    assert relative_change(-2.0, -3.0) == -0.5
    assert math.isnan(relative_change(0.0, 1.0))


# --- on effects ----------------------------------------------------------------------


def test_the_window_is_what_both_fits_saw() -> None:
    params = fake_params()
    before = fake_effects(params, fake_panel(params, weeks=60), holdout_weeks=8)
    after = fake_effects(params, fake_panel(params, weeks=70, first="2024-02-05"))
    weeks = common_weeks(before, after)
    assert (str(weeks[0].date()), len(weeks)) == ("2024-02-05", 60 - 8 - 5)


def test_new_weeks_are_a_share_of_what_the_newer_fit_saw() -> None:
    params = fake_params()
    before = fake_effects(params, fake_panel(params, weeks=104))
    after = fake_effects(params, fake_panel(params, weeks=130))
    assert new_share(before, after) == pytest.approx(0.2)
    assert new_share(before, before) == 0


def test_an_effect_three_times_as_large_is_found_with_its_size_and_the_same_is_not() -> None:
    params = fake_params()
    before = fake_effects(params, fake_panel(params, weeks=104), seed=1)
    for scale, expected in ((1.0, False), (3.0, True)):
        after = fake_effects(params, fake_panel(params, weeks=104), seed=2, scale=scale)
        found = channel_movements(before, after, common_weeks(before, after), LIMITS)
        assert len(found) == 8
        assert {movement.beyond_noise for movement in found} == {expected}
        for movement in found:
            assert 1 + movement.change == pytest.approx(scale, rel=0.12)


def test_numbers_are_those_of_the_window_only() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=117)
    before = fake_effects(params, fake_panel(params, weeks=104))
    after = fake_effects(params, panel)
    weeks = common_weeks(before, after)
    found = {
        (movement.quantity, movement.channel): movement
        for movement in channel_movements(before, after, weeks, LIMITS)
    }
    window = slice(weeks[0], weeks[-1])
    expected = float(roi(after, window).sel(channel="video").median())
    assert found["roi", "video"].after.median == pytest.approx(expected, rel=1e-5)
    assert found["roi", "video"].after.unit == "USD/USD"
    assert found["contribution", "video"].after.unit == "USD"


def test_the_largest_movement_comes_first_and_ranks_are_by_median() -> None:
    before, after = fake_effects(), fake_effects()
    for name in ("contribution", "spend_effect"):
        values = after[name].to_numpy().copy()
        values[:, 2] *= 3
        after[name] = (after[name].dims, values)
    found = channel_movements(before, after, common_weeks(before, after), LIMITS)
    assert [movement.channel for movement in found[:2]] == ["video", "video"]
    returns = [movement for movement in found if movement.quantity == "roi"]
    assert sorted(movement.rank_after for movement in returns) == [1, 2, 3, 4]
    assert returns[0].rank_after == 1
    medians = {movement.channel: movement.before.median for movement in returns}
    order = sorted(medians, key=medians.__getitem__, reverse=True)
    assert {m.channel: m.rank_before for m in returns} == {
        name: place for place, name in enumerate(order, 1)
    }


def test_half_life_next_return_and_regions_are_found_where_they_alone_moved() -> None:
    params = fake_params(model={"geography": "regional"})
    panel = fake_panel(params, regions=("NORTH", "SOUTH", "WEST"))
    before = fake_effects(params, panel, seed=1)
    weeks = common_weeks(before, before)

    def beyond(after: xr.Dataset) -> set[tuple[str, str, str]]:
        found = detail_movements(before, after, weeks, LIMITS)
        assert len(found) == 4 * (1 + 1 + 3)
        assert max(found, key=lambda one: abs(one.change)) == found[0]
        return {
            (one.quantity, one.channel, one.region)
            for one in found
            if not (one.factor or math.inf) <= (one.limit or 0)
        }

    assert beyond(fake_effects(params, panel, seed=2)) == set()
    slower = before.copy(deep=True)
    slower["half_life"].loc[{"channel": "video"}] *= 4
    assert beyond(slower) == {("half_life", "video", "")}
    steeper = before.copy(deep=True)
    steeper["response"].loc[{"channel": "video"}] *= 3
    assert beyond(steeper) == {("marginal_roi", "video", "")}
    region = str(before["region"].to_numpy()[1])
    moved = before.copy(deep=True)
    moved["coefficient"].loc[{"channel": "video", "region": region}] *= 3
    assert beyond(moved) == {("contribution", "video", region)}


def test_a_row_of_details_says_what_their_check_says() -> None:
    """Their check asks nothing of ranges; a row that said "more than noise" would contradict it."""
    before = fake_effects()
    wide = before.copy(deep=True)
    middle = wide["half_life"].median("draw")
    wide["half_life"] = middle * (wide["half_life"] / middle) ** 8
    found = detail_movements(before, wide, common_weeks(before, wide), LIMITS)
    assert max(widened(one.before, one.after) for one in found) > LIMITS.max_widening
    assert not any(one.beyond_noise for one in found)
    assert detail_finding("revenue.pooled", found, str).status is Status.OK


def test_next_returns_are_those_of_the_same_spend() -> None:
    """That more is spent now is no movement of the curve."""
    before = fake_effects()
    after = before.assign(spend_today=2 * before["spend_today"])
    found = detail_movements(before, after, common_weeks(before, after), LIMITS)
    assert {one.change for one in found} == {0.0}
    assert {one.before.unit for one in found} == {"USD/USD", "weeks"}


def test_a_channel_without_spend_has_no_return_to_compare() -> None:
    before, after = fake_effects(), fake_effects(seed=2)
    before["spend"] = before["spend"] * (before["channel"] != "video")
    found = channel_movements(before, after, common_weeks(before, after), LIMITS)
    kinds = {movement.quantity for movement in found if movement.channel == "video"}
    assert kinds == {"contribution"}


def test_a_movement_of_an_older_run_is_still_read() -> None:
    """It says how far both ranges overlap, which is asked no more."""
    before, after = fake_effects(), fake_effects(seed=2)
    movement = channel_movements(before, after, common_weeks(before, after), LIMITS)[0]
    older = movement.model_dump(mode="json", exclude={"region"}) | {"overlap": 0.5}
    assert Movement.model_validate(older) == movement
