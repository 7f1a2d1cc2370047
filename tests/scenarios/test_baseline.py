"""The baseline: its kinds, its rhythm, and what is spent now beside it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.errors import InputError
from mmmlib.params.scenarios import ScenarioParams
from mmmlib.scenarios.baseline import baseline_of, baseline_view
from mmmlib.scenarios.history import spend_history
from mmmlib.scenarios.plans import change_of, increase_plan
from tests.fakes import fake_effects, fake_panel
from tests.scenarios.helpers import known_effects, with_rising

GAINS = {"weak": 0.2, "best": 4.0}


def _with(params, **scenarios):
    return params.model_copy(update={"scenarios": ScenarioParams(**scenarios)})


def spent(effects, channel, weekly):
    """Effects whose channel spent this in the last weeks, the pattern repeated back in time."""
    weeks = effects.sizes["week"]
    pattern = np.resize(weekly[::-1], weeks)[::-1].astype(float)
    for name in ("spend", "media"):
        values = effects[name].copy()
        values.loc[{"channel": channel}] = xr.DataArray(
            pattern, dims="week", coords={"week": effects["week"]}
        )
        effects[name] = values
    return effects


@pytest.mark.parametrize(
    ("kind", "expected"), [("recent_mean", 100.0), ("current_rate", 300.0), ("last_year", 50.0)]
)
def test_each_kind_takes_its_weeks(kind, expected):
    params, effects = known_effects(GAINS)
    weekly = np.full(104, 1.0)
    weekly[-52:-39] = 50.0
    weekly[-13:] = 100.0 / 13 * 13
    weekly[-4:] = 300.0
    weekly[-13:-4] = (13 * 100.0 - 4 * 300.0) / 9
    effects = spent(effects, "best", weekly)
    base = baseline_of(effects, _with(params, baseline=kind))
    assert base.kind == kind
    assert base.weeks == 13
    assert base.weekly["best"] == pytest.approx(expected)


def test_last_year_goes_week_by_week():
    params, effects = known_effects(GAINS)
    effects = spent(effects, "best", np.arange(1.0, 105.0))
    base = baseline_of(effects, _with(params, baseline="last_year"))
    np.testing.assert_allclose(base.spend["best"].sum(0), np.arange(53.0, 66.0))


def test_last_year_needs_a_year():
    params, _ = known_effects(GAINS)
    short = fake_effects(params, fake_panel(params, weeks=40), draws=3)
    with pytest.raises(InputError, match=r"scenarios\.baseline: found last_year, with 40 weeks"):
        baseline_of(short, _with(params, baseline="last_year"))


def test_a_channel_in_bursts_goes_on_in_bursts():
    params, effects = known_effects(GAINS)
    bursts = [0.0, 0.0, 0.0, 600.0, 400.0, 0.0, 0.0, 0.0, 0.0, 500.0, 700.0, 0.0, 0.0]
    effects = spent(effects, "best", np.array(bursts))
    base = baseline_of(effects, params)
    np.testing.assert_allclose(base.spend["best"].sum(0), bursts)
    longer = baseline_of(effects, _with(params, horizon_weeks=20))
    np.testing.assert_allclose(longer.spend["best"].sum(0), [*bursts, *bursts[:7]])


class TestAnotherLevel:
    bursts = np.array([0.0, 0.0, 0.0, 600.0, 400.0, 0.0, 0.0, 0.0, 0.0, 500.0, 700.0, 0.0, 0.0])

    def _base(self, bursts=None):
        params, effects = known_effects(GAINS)
        effects = spent(effects, "best", self.bursts if bursts is None else bursts)
        return baseline_of(effects, params)

    def test_bursts_grow(self):
        base = self._base()
        more = base.at("best", base.weekly["best"] * 1.2)
        np.testing.assert_allclose(more.sum(0), self.bursts * 1.2)
        assert base.outside("best", more)  # 840 was never seen

    def test_there_are_fewer_rather_than_smaller_than_ever(self):
        base = self._base()
        less = base.at("best", base.weekly["best"] * 0.5)
        assert less.sum() == pytest.approx(0.5 * self.bursts.sum())
        assert not base.outside("best", less)
        assert (less.sum(0) > 0).sum() == 2

    def test_of_equal_bursts_the_last_go_first(self):
        bursts = np.array([0.0, 500.0, 0.0, 500.0, 0.0, 500.0, 0.0, 500.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        base = self._base(bursts)
        less = base.at("best", base.weekly["best"] * 0.5)
        np.testing.assert_allclose(less.sum(0)[:5], [0.0, 500.0, 0.0, 500.0, 0.0])
        assert not less[:, 5:].any()

    def test_what_is_less_than_one_burst_was_not_seen(self):
        base = self._base()
        assert base.outside("best", base.at("best", 10.0))

    def test_the_floor_stays(self):
        flights = np.array([10.0] * 6 + [90.0, 120.0, 80.0, 100.0, 110.0, 95.0, 105.0])
        base = self._base(flights)
        more = base.at("best", base.weekly["best"] * 1.2).sum(0)
        np.testing.assert_allclose(more[:6], 10.0)
        assert more.sum() == pytest.approx(1.2 * flights.sum())
        less = base.at("best", base.weekly["best"] * 0.5)
        assert less.sum() == pytest.approx(0.5 * flights.sum())
        assert not base.outside("best", less)

    def test_steady_spend_is_scaled(self):
        base = self._base(np.full(13, 100.0))
        np.testing.assert_allclose(base.at("best", 120.0).sum(0), 120.0)

    def test_the_same_level_is_the_same_money(self):
        base = self._base()
        assert base.at("best", base.weekly["best"]) is base.spend["best"]

    def test_there_is_no_other_level_of_nothing(self):
        base = self._base(np.zeros(13))
        with pytest.raises(ValueError, match="no level to start from"):
            base.at("best", 1.0)


def test_what_is_spent_now_stands_beside_it():
    params, effects = known_effects(GAINS)
    weekly = np.full(104, 100.0)
    weekly[-4:] = 230.0
    weekly[-52:-39] = 70.0
    effects = spent(effects, "best", weekly)
    base = baseline_of(effects, params)
    view = baseline_view(base, effects, params)
    line = next(one for one in view.lines if one.channel == "best")
    assert (line.recent, line.last_year) == (pytest.approx(230.0), pytest.approx(70.0))
    assert line.weekly == line.quarter == pytest.approx((9 * 100 + 4 * 230) / 13)
    assert line.differs and not line.in_bursts
    assert view.name == "the mean of the last 13\N{NO-BREAK SPACE}weeks"
    tolerant = _with(params, rate_tolerance=0.9)
    assert not any(
        one.differs
        for one in baseline_view(baseline_of(effects, tolerant), effects, tolerant).lines
    )


def test_only_what_spends_now_can_be_changed():
    params, effects = known_effects(GAINS)
    effects["spend"].loc[{"channel": "weak", "week": effects["week"][-4:]}] = 0.0
    base = baseline_of(effects, params)
    assert base.weekly["weak"] > 0
    assert base.spends_now == {"best"}


def test_regions_keep_what_they_had():
    params, _ = known_effects(GAINS)
    panel = fake_panel(params, regions=("north", "south"))
    effects = fake_effects(params, panel, "revenue.pooled", draws=3)
    base = baseline_of(effects, params)
    history = spend_history(effects, 13)["best"]
    np.testing.assert_allclose(base.spend["best"][:, 0], history[:, -13:].mean(axis=1))


def test_a_price_is_declared_so_far_and_no_farther():
    params, effects = known_effects({"a": 2.0, "b": 1.0})
    effects = fake_effects(params, fake_panel(params, regions=("north", "south")), draws=2)
    level = float(effects["spend_today"].sel(channel="a"))
    effects = with_rising(effects, {"a": (0.5 * level, level, 1.2 * level)}, (0.9, 1.0, 1.1))
    base = baseline_of(effects, params)
    money = base.spend["a"]
    high = float(effects["spend_high"].sel(channel="a"))
    assert base.range.high["a"] == pytest.approx(min(1.2 * level, high))
    assert not base.unpriced("a", money) and not base.unpriced("b", 9 * base.spend["b"])
    assert base.unpriced("a", 1.21 * money) and base.outside("a", 1.21 * money)
    moved = money * np.array([[1.3], [1 - 0.3 * money[0].sum() / money[1].sum()]])
    assert not base.unpriced("a", moved)
    assert base.unpriced("a", moved, by_region=True)
    # A fifth more money pays a tenth more a unit; weeks are shared out a little unlike each other.
    assert base.dearer("a", 1.2 * money) == pytest.approx(0.1, rel=0.01)
    assert base.dearer("b", 2 * base.spend["b"]) is None


def test_more_of_a_channel_is_more_than_now_where_the_past_has_seen_as_much():
    """20 % above the mean of a quarter was a cut against the last four weeks, and called an increase."""
    params, effects = known_effects(GAINS)
    weekly = np.full(104, 100.0)
    weekly[-4:], weekly[20:24], weekly[40:44] = 150.0, 190.0, 30.0
    effects = spent(effects, "best", weekly)
    base = baseline_of(effects, _with(params))
    mean = base.weekly["best"]
    assert change_of(base, "best", 0.2, params) == pytest.approx((150.0, 180.0))
    assert change_of(base, "best", -0.2, params) == pytest.approx((mean, 0.8 * mean))
    assert change_of(base, "best", 0.5, params) == pytest.approx((mean, 1.5 * mean))  # never seen
    plan = increase_plan(base, ["best"], params, {"best": "Best"})
    assert plan.weekly["best"] == pytest.approx(180.0)
    assert plan.title.endswith("(from what is spent now: Best)")
    year = baseline_of(effects, _with(params, baseline="last_year"))
    assert change_of(year, "best", 0.2, params)[0] == year.weekly["best"]
