"""The optimiser against finite differences, grids, and limits that cannot be kept."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from mmmlib.scenarios import interior
from mmmlib.scenarios.baseline import baseline_of
from mmmlib.scenarios.gradients import PlanResponse
from mmmlib.scenarios.optimise import cheapest, optimise
from mmmlib.scenarios.projection import outcome_function
from mmmlib.scenarios.question import Bounds, Limit, Question, with_budget
from mmmlib.scenarios.risk import Objective
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.scenarios.helpers import known_effects, with_rising

AIMS = ("expected", "quantile", "shortfall", "mean_deviation")
FORMS = ("logistic", "hill", "michaelis_menten")


def _world(draws=40, regions=("north", "south"), slope=(0.7, 1.6), weeks=6, rising=False):
    """Effects of channels that saturate in different forms, and a baseline.

    ``rising``: two of them cost more the more is spent, and the baseline lies on the way.
    """
    params = fake_params(scenarios={"horizon_weeks": weeks})
    effects = fake_effects(params, fake_panel(params, weeks=40, regions=regions), draws=draws)
    rng = np.random.default_rng(5)
    kinds = dict(zip([str(n) for n in effects["channel"].to_numpy()], itertools.cycle(FORMS)))
    effects.attrs["saturation_kinds"] = json.dumps(kinds)
    for place, kind in enumerate(kinds.values()):
        if kind != "logistic":
            effects["saturation"][:, place, 0] = rng.uniform(0.3, 0.8, draws)
            effects["saturation"][:, place, 1] = rng.uniform(*slope, draws)
    effects["media_cost"] = effects["media_cost"] * 2.5
    if rising:
        today = effects["spend_today"].to_series()
        names = list(kinds)[:2]
        effects = with_rising(effects, {n: today[n] * np.array([0.4, 1.2, 3.0]) for n in names})
    base = baseline_of(effects, params)
    response = PlanResponse.of([effects])
    money = np.stack([base.spend[name] for name in response.channels])
    return effects, response, money


def _question(money, detail="channel", **options):
    bounds = [Bounds("the range", 0.5 * money, 1.5 * money)]
    free = np.ones(money.shape, bool)
    return Question(money, free, detail, options.pop("bounds", bounds), [], **options)


def _figure(question, response, money):
    gain = response.totals(money) - response.totals(question.start)
    return question.objective.value(gain - (money.sum() - question.start.sum()))


def test_totals_are_the_projection():
    effects, response, money = _world()
    outcome = outcome_function(effects)
    carried = response.totals(np.zeros_like(money))
    each = [outcome(name, paid).total for name, paid in zip(response.channels, money, strict=True)]
    np.testing.assert_allclose(response.totals(money) - carried, np.sum(each, axis=0), rtol=1e-9)
    plans = {n: [paid, 1.1 * paid] for n, paid in zip(response.channels, money, strict=True)}
    many = response.many_totals(plans)
    np.testing.assert_allclose(many[0], response.totals(money), rtol=1e-12)
    np.testing.assert_allclose(many[1], response.totals(1.1 * money), rtol=1e-12)


@pytest.mark.parametrize("rising", [False, True])
@pytest.mark.parametrize("aim", AIMS)
def test_gradients_are_those_of_finite_differences(aim, rising):
    _, response, money = _world(rising=rising)
    base = response.totals(money)
    way = np.random.default_rng(2).normal(size=money.shape) * money
    objective = Objective(aim).softened(response.totals(1.1 * money) - base)
    here = 1.05 * money
    _, gradient = response.with_gradient(here, lambda found: objective.weights(found - base))
    step = 1e-4
    above, below = (
        objective.climbed(response.totals(here + sign * step * way) - base) for sign in (1, -1)
    )
    assert (gradient * way).sum() == pytest.approx((above - below) / (2 * step), rel=1e-5)


@pytest.mark.parametrize("rising", [False, True])
def test_second_derivatives_are_those_of_finite_differences(rising):
    _, response, money = _world(rising=rising)
    way = np.random.default_rng(2).normal(size=money.shape) * money
    bend = response.curvature(money, np.full(response.draws, 1 / response.draws))
    step = 1e-4
    (_, above), (_, below) = (response.with_gradient(money + sign * step * way) for sign in (1, -1))
    np.testing.assert_allclose(
        np.einsum("crij,crj->cri", bend, way),
        (above - below) / (2 * step),
        atol=1e-5 * np.abs(above).max(),
    )


@pytest.mark.parametrize(("aim", "rising"), [*((aim, False) for aim in AIMS), ("expected", True)])
def test_nothing_on_a_grid_is_better(aim, rising):
    _, response, money = _world(regions=("national",), rising=rising)
    question = with_budget(_question(money, objective=Objective(aim, aversion=0.5)), money.sum())
    found = optimise(question, response)
    assert found.converged, found.message
    assert found.money.sum() == pytest.approx(money.sum(), rel=1e-9)
    paid = money.sum((1, 2))
    best = -np.inf
    for shares in itertools.product(np.linspace(0.5, 1.5, 11), repeat=3):
        last = (paid.sum() - paid[:3] @ shares) / paid[3]
        if 0.5 <= last <= 1.5:
            plan = money * np.array([*shares, last])[:, None, None]
            best = max(best, _figure(question, response, plan))
    assert found.value > 0
    assert found.value >= best - 0.01 * abs(best)


def test_an_s_shaped_curve_does_not_hold_it_at_a_bad_top():
    # Two channels that pay only once they are large: halves of the budget are the worst plan.
    effects, _, money = _world(draws=20, regions=("national",), slope=(3.0, 4.0))
    effects.attrs["saturation_kinds"] = json.dumps(
        dict.fromkeys(json.loads(effects.attrs["saturation_kinds"]), "hill")
    )
    effects["saturation"][..., 0], effects["saturation"][..., 1] = 1.0, 4.0
    response = PlanResponse.of([effects])
    free = np.zeros(money.shape, bool)
    free[:2] = True
    level = effects["media_scale"].to_numpy()[:2, :, None] * 2.5 * 0.5
    start = money.copy()
    start[:2] = level
    total = start.sum()
    question = with_budget(
        Question(start, free, "channel", [Bounds("wide", 0 * start, 2 * start)], []), total
    )
    found = optimise(question, response)
    paid = start.sum((1, 2))
    figures = []
    for share in np.linspace(0, 2, 81):
        plan = start.copy()
        plan[0] *= share
        rest = (paid[:2].sum() - share * paid[0]) / paid[1]
        if 0 <= rest <= 2:
            plan[1] *= rest
            figures.append(_figure(question, response, plan))
    assert found.value >= max(figures) - 0.02 * abs(max(figures))


@pytest.mark.parametrize("detail", ["channel", "region", "week"])
def test_limits_are_kept_and_finer_plans_are_no_worse(detail):
    _, response, money = _world()
    every = np.ones(money.shape, bool)
    north, first = every.copy(), every.copy()
    north[:, 1], first[1:] = False, False
    limits = [
        Limit("floor of the north", north, 1.02 * money[:, 0].sum(), np.inf),
        Limit("step of the first", first, 0.9 * money[0].sum(), 1.1 * money[0].sum()),
    ]
    free = every.copy()
    free[3] = False
    question = with_budget(
        Question(money, free, detail, [Bounds("range", 0.5 * money, 1.5 * money)], limits),
        money.sum(),
    )
    if detail == "channel":
        # The money of a channel keeps its regions: the north cannot be given more than its share.
        question = with_budget(
            Question(money, free, detail, question.bounds, limits[1:]), money.sum()
        )
    found = optimise(question, response)
    assert found.converged, found.message
    np.testing.assert_array_equal(found.money[3], money[3])
    assert found.money.sum() == pytest.approx(money.sum(), rel=1e-9)
    assert (found.money >= 0.5 * money * (1 - 1e-6)).all()
    assert (found.money <= 1.5 * money * (1 + 1e-6)).all()
    for limit in question.limits:
        assert limit.low * (1 - 1e-5) <= found.money[limit.cells].sum() <= limit.high * (1 + 1e-5)
    assert not np.allclose(found.money, money)


def test_contradicting_limits_are_named_and_no_others():
    _, response, money = _world()
    every = np.ones(money.shape, bool)
    north, south = every.copy(), every.copy()
    north[:, 1], south[:, 0] = False, False
    limits = [
        Limit("floor of the north", north, 1.2 * money[:, 0].sum(), np.inf),
        Limit("floor of the south", south, 1.0 * money[:, 1].sum(), np.inf),
        Limit("cap of everything", every, 0, 2 * money.sum()),
    ]
    question = with_budget(
        Question(money, every, "region", [Bounds("range", 0.2 * money, 2 * money)], limits),
        money.sum(),
    )
    found = optimise(question, response)
    assert found.money is None
    assert not found.converged
    assert set(found.contradicting) == {"floor of the north", "floor of the south", "the budget"}
    assert "floor of the north" in found.message


def test_limits_that_meet_exactly_have_a_plan():
    _, response, money = _world()
    every = np.ones(money.shape, bool)
    rows = [np.zeros(money.shape, bool) for _ in range(2)]
    for region, row in enumerate(rows):
        row[:, region] = True
    limits = [Limit(f"floor {n}", row, money[row].sum(), np.inf) for n, row in enumerate(rows)]
    question = with_budget(
        Question(money, every, "region", [Bounds("range", 0.2 * money, 2 * money)], limits),
        money.sum(),
    )
    found = optimise(question, response)
    assert found.converged, found.message
    np.testing.assert_allclose(found.money.sum((0, 2)), money.sum((0, 2)), rtol=1e-6)


def test_what_did_not_converge_says_so(monkeypatch):
    _, response, money = _world()
    monkeypatch.setattr(interior, "STEPS", 1)
    found = optimise(with_budget(_question(money, "week"), money.sum()), response)
    assert not found.converged
    assert found.gap > 0
    assert "did not converge" in found.message


def test_a_shortfall_is_better_in_the_bad_draws_than_the_best_mean():
    _, effects = known_effects({"a": 3.0, "b": 2.0, "c": 1.0}, draws=200)
    luck = np.exp(np.random.default_rng(1).normal(0, 0.8, 200) - 0.32)
    effects["coefficient"][:, 0, 0] *= luck  # the best channel on average is the least certain
    response = PlanResponse.of([effects])
    money = np.full((3, 1, 13), 100.0)
    plans, bad = {}, {}
    for aim in ("expected", "shortfall"):
        question = with_budget(_question(money, objective=Objective(aim)), money.sum())
        found = optimise(question, response)
        assert found.converged, found.message
        plans[aim] = found.money
        gain = response.totals(found.money) - response.totals(money)
        bad[aim] = Objective("shortfall").value(gain)
    assert bad["shortfall"] > bad["expected"] + 100
    assert plans["shortfall"][0].sum() < plans["expected"][0].sum()


def test_the_cost_of_a_target_is_the_smallest_budget_that_reaches_it():
    _, effects = known_effects({"a": 4.0, "b": 2.0, "c": 1.0})
    response = PlanResponse.of([effects])
    money = np.full((3, 1, 13), 100.0)
    question = Question(
        money, np.ones(money.shape, bool), "channel", [Bounds("r", 0.5 * money, 1.5 * money)], []
    )
    found = cheapest(question, response, 2600.0)
    # All returns are constant: the best channel as far as it may, the worst as little as it may, and
    # the other one fills up what is missing.
    assert found.converged, found.message
    paid = found.money.sum((1, 2))
    brought = paid @ np.array([4.0, 2.0, 1.0]) - money.sum((1, 2)) @ np.array([4.0, 2.0, 1.0])
    assert brought == pytest.approx(2600, rel=0.01)
    np.testing.assert_allclose(paid, [1950, 1625, 650], rtol=0.01)
    beyond = cheapest(question, response, 1e6)
    assert beyond.money is None
    assert "the target" in beyond.contradicting
