"""Levers in plans: their effect by hand, what is said of it, and what cannot be followed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.read.problems import Problems
from mmmlib.errors import InputError
from mmmlib.params import Params
from mmmlib.runs import Run
from mmmlib.scenarios.baseline import baseline_of
from mmmlib.scenarios.build import build_pack
from mmmlib.scenarios.effect import plan_effect
from mmmlib.scenarios.levers import EVERYWHERE, moved_levers
from mmmlib.scenarios.own import PlanFiles, own_plans, read_plan_files
from mmmlib.scenarios.pack import Label
from mmmlib.scenarios.plan import channel_labels
from mmmlib.scenarios.plan_files import PlanGrid, plan_frame, read_plan, write_plan
from mmmlib.scenarios.projection import outcome_function, sum_outcomes
from mmmlib.scenarios.template import template_of_run
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.scenarios.helpers import healthy, known_effects, ready

MODEL = "revenue.pooled"
CONTROLS = {
    "price": {
        "column": "price",
        "label": "Price",
        "lever": {"unit": "points", "cost_per_week": 0},
    },
    "promo": {"column": "promo", "label": "Promotion", "lever": {"unit": "shops"}},
    "rival": {"column": "rival"},
}
PER_UNIT = -300.0


def _with(params: Params, cost: float | str = 0.0, **plans) -> Params:
    content = params.model_dump(mode="json")
    price = CONTROLS["price"] | {"lever": {"unit": "points", "cost_per_week": cost}}
    content["controls"] = CONTROLS | {"price": price}
    content["scenarios"]["plans"] = plans
    return Params.model_validate(content)


def _known(cost: float | str = 0.0, **plans):
    """Price was 100 to 104 points and is 102 in the baseline; a point goes with 300 less a week."""
    params, effects = known_effects({"weak": 0.2, "best": 4.0})
    weeks = effects.sizes["week"]
    value = np.full((1, 1, weeks), 102.0)
    value[0, 0, :2] = 100.0, 104.0
    spread = np.linspace(-0.1, 0.1, effects.sizes["draw"])
    each = PER_UNIT * (1 + spread)[:, None, None]
    effects = effects.assign_coords(lever=["price"])
    effects["lever_value"] = (("lever", "region", "week"), value)
    effects["lever_effect"] = (("draw", "lever", "region"), each)
    return _with(params, cost, **plans), effects


def _step(**rule):
    return {"label": "Price up", "levers": {"price": rule}}


def _pack(params, effects):
    return build_pack({MODEL: effects}, ready(params), healthy(MODEL), params)


@pytest.fixture(scope="module")
def pack():
    """A point costs 50 a week."""
    both = _step(value=104.0, first=3, weeks=4) | {"change": {"best": 0.1}}
    more = {"label": "More", "change": {"best": 0.1}}
    down, beyond = _step(value=100.0), _step(value=99.0, weeks=1)
    return _pack(*_known(cost=50.0, both=both, more=more, down=down, beyond=beyond))


def _plan(pack, name):
    return next(one for one in pack.scenarios if one.name == f"own_{name}")


def test_a_lever_is_projected_by_hand_and_told_apart_from_spend(pack):
    plan, alone = _plan(pack, "both"), _plan(pack, "more")
    (line,) = plan.levers
    assert (
        line.move
        == "Price from 102\N{NO-BREAK SPACE}points to 104\N{NO-BREAK SPACE}points in 4 weeks"
    )
    assert line.effect.median == pytest.approx(PER_UNIT * 2 * 4)  # a point, two of them, four weeks
    assert line.effect.width == pytest.approx(0.18 * 2400, rel=0.05)
    assert plan.lever_cost == line.cost == 50.0 * 2 * 4
    assert plan.of_spend == alone.difference
    total = alone.difference.median + line.effect.median
    assert plan.difference.median == pytest.approx(total, rel=1e-6)
    assert plan.net.median == pytest.approx(total - plan.spend_change - 400.0, rel=1e-6)
    # The return of the money is as if no lever were moved.
    assert plan.spend_change == alone.spend_change
    assert plan.roi == alone.roi and plan.marginal_roi == alone.marginal_roi
    assert plan.return_on_change == alone.return_on_change
    assert plan.payback_weeks == alone.payback_weeks
    assert alone.levers == () and alone.of_spend is None


def test_the_baseline_and_the_standing_plans_leave_levers_where_they_are(pack):
    params, effects = known_effects({"weak": 0.2, "best": 4.0})
    same = _pack(params, effects)
    compared = {"best_share", "regret"}
    rest = [one for one in pack.scenarios if one.kind != "own"]
    assert [one.model_dump(exclude=compared) for one in rest] == [
        one.model_dump(exclude=compared) for one in same.scenarios
    ]


def test_a_lever_needs_review_and_outside_of_what_was_seen_nothing_is_inferred(pack):
    plan = _plan(pack, "down")
    assert plan.probability_better == 1.0  # and yet
    assert plan.label is Label.REVIEW
    assert any("association, and was not tested" in one for one in plan.reasons)
    assert plan.name not in (pack.recommended, pack.candidate)
    assert plan.best_share is not None  # it stands beside the others
    plan = _plan(pack, "beyond")
    assert plan.label is Label.DO_NOT_INFER and plan.levers[0].extrapolated
    assert "the past has seen Price from 100 to 104" in plan.reasons[0]


def test_of_a_lever_whose_cost_is_not_known_no_profit_is_told():
    plan = _plan(_pack(*_known(cost="unknown", down=_step(value=100.0))), "down")
    assert plan.net is None and plan.lever_cost is None
    assert not plan.comparable and plan.best_share is None
    assert any("What moving Price costs is not known" in one for one in plan.reasons)
    assert not any("probability" in one for one in plan.reasons)


def test_motions_add_up_and_a_model_without_the_lever_is_not_asked():
    _, effects = _known()
    _, bare = known_effects({"weak": 0.2, "best": 4.0})
    one, other = outcome_function(effects), outcome_function(bare)
    both = sum_outcomes([one, one])
    np.testing.assert_allclose(both.levers["price"], 2 * one.levers["price"])
    assert not sum_outcomes([one, other]).levers


def _base(**plans):
    params, effects = _known(**plans)
    base = baseline_of(effects, params)
    return base, own_plans(base, PlanFiles(), params, channel_labels(params, effects))


def test_rules_set_a_lever_by_share_or_value_in_some_weeks():
    _, (plan,) = _base(up=_step(change=0.1, first=10))
    (move,) = plan.levers
    np.testing.assert_allclose(move.values[0], [102.0] * 10 + [112.2] * 3)
    assert (
        plan.description
        == "Price from 102\N{NO-BREAK SPACE}points to 112\N{NO-BREAK SPACE}points in 3 weeks."
    )
    _, (still,) = _base(same=_step(value=102.0))
    assert not still.levers and still.description == "It is the baseline."


def test_all_rules_that_cannot_be_followed_are_told_together():
    params, effects = _known(
        a=_step(value=1.0, first=13),
        b=_step(value=1.0, regions=["north"]),
        c={"label": "c", "levers": {"promo": {"value": 1.0}}},
        d=_step(change=0.1),
    )
    effects["lever_value"][...] = 0.0
    base = baseline_of(effects, params)
    with pytest.raises(InputError) as error:
        own_plans(base, PlanFiles(), params, channel_labels(params, effects))
    text = str(error.value)
    assert "plans.a.levers.price: found 'first: 13'; expected less than 13" in text
    assert "plans.b.levers.price: found the region 'north'; expected one of national" in text
    assert "plans.c.levers.promo: found a lever of which the model has no coefficient" in text
    assert "plans.d.levers.price: found a share of nothing: Price is 0 in the baseline" in text


def test_names_and_rules_are_checked_with_the_parameters():
    params, _ = _known()
    for levers, words in (
        ({"rival": {"value": 1}}, "'rival', a control that is not declared a lever"),
        ({"prise": {"value": 1}}, "expected a lever: one of price, promo"),
        ({"price": {}}, "either 'change' or 'value'"),
        ({"price": {"value": float("nan")}}, "finite number"),
    ):
        with pytest.raises(ValueError, match="levers") as error:
            _with(params, one={"label": "x", "levers": levers})
        assert words in str(error.value)
    with pytest.raises(ValueError, match="cost_per_week"):
        _with(params, cost=-1.0)


# --- files ---------------------------------------------------------------------------------


REGIONS = ("north", "south")


@pytest.fixture(scope="module")
def regional():
    """Price is the same in both regions, promotions are not."""
    params = fake_params(controls=CONTROLS)
    panel = fake_panel(params, regions=REGIONS)
    effects = fake_effects(params, panel, draws=20)
    effects["lever_value"].loc[{"lever": "price"}] = np.linspace(100.0, 104.0, 104)
    base = baseline_of(effects, params)
    return params, effects, base, PlanGrid.of(effects, params, base.weeks)


def _written(regional, tmp_path, name="plan.csv", change=None):
    _, _, base, grid = regional
    frame = plan_frame(base.spend, grid, {name: one.values for name, one in base.levers.items()})
    if change is not None:
        frame = change(frame.astype(object))
    return write_plan(frame, tmp_path / name)


def _read(regional, path):
    problems = Problems(path.parent)
    plan = read_plan(path, "FILE", regional[3], problems)
    problems.raise_if_any()
    return plan


@pytest.mark.parametrize("name", ["plan.csv", "plan.xlsx"])
def test_a_template_is_read_as_it_was_written_and_moves_nothing(regional, tmp_path, name):
    base = regional[2]
    plan = _read(regional, _written(regional, tmp_path, name))
    assert {name: one.shape for name, one in plan.levers.items()} == {
        "price": (1, 13),
        "promo": (2, 13),
    }
    assert not moved_levers(plan.levers, base.levers)
    assert base.levers["price"].regions == (EVERYWHERE,)


def test_the_template_of_a_run_has_its_levers_and_may_begin_later(regional, tmp_path):
    params, effects, base, _ = regional
    (tmp_path / "artefacts").mkdir()
    (tmp_path / "manifest.json").touch()
    run = Run(tmp_path)
    for name in ("params.json", "params.yaml"):
        (tmp_path / name).write_text(params.model_dump_json())
    run.save_dataset("models/revenue.pooled/effects.nc", effects)
    frame = template_of_run(run, weeks=4, skip=2)
    mine = frame[(frame["lever"] == "promo") & (frame["region"] == "south")]
    assert list(mine["value"]) == list(base.levers["promo"].values[1, 2:6])
    assert set(mine["unit"]) == {"shops"} and mine["channel"].isna().all()


def test_a_move_in_a_file_is_projected_in_its_region_and_weeks(regional, tmp_path):
    _, effects, base, _ = regional

    def set_promo(frame):
        mine = (frame["lever"] == "promo") & (frame["region"] == "south")
        frame.loc[mine, "value"] += 1.0
        return frame[frame["lever"] != "price"]  # no rows: stays as in the baseline

    plan = _read(regional, _written(regional, tmp_path, change=set_promo))
    (move,) = moved_levers(plan.levers, base.levers)
    assert move.words.endswith("in 13 weeks in south") and move.cost is None
    effect = plan_effect(
        outcome_function(effects), base.spend, base.spend, worth=1.0, levers=[move]
    )
    south = effects["lever_effect"].sel(lever="promo", region="south")
    np.testing.assert_allclose(effect.difference, 13 * south, rtol=1e-6)


def test_everything_wrong_with_levers_is_said_at_once(regional, tmp_path):
    def spoil(frame):
        rows = frame.index[frame["lever"] == "price"]
        frame.loc[rows[0], "lever"] = "rival"
        frame.loc[rows[1], "lever"] = "prize"
        frame.loc[rows[2], "unit"] = "percent"
        frame.loc[rows[3], "value"] = "nan"
        frame.loc[rows[4], "value"] = ""
        frame.loc[rows[5], "region"] = "north"
        frame.loc[rows[6], "spend"] = "7"
        frame.loc[0, ["channel", "value"]] = ["price", "3"]
        return frame.drop(rows[7])

    with pytest.raises(InputError) as error:
        _read(regional, _written(regional, tmp_path, change=spoil))
    text = str(error.value)
    for words in (
        "column lever: found 'rival'; expected a lever: one of price, promo; this control is not declared",
        "Declare controls.rival.lever",
        "column lever: found 'prize'",
        "Did you mean 'price'?",
        "column unit: found 'percent'; expected points, the unit of price",
        "column value: found 'nan'; expected a finite number",
        "column value: found an empty cell; expected a number",
        "column region: found 'north'; expected one of all. The data has this control with the same value",
        "column spend: found '7'; expected an empty cell: the row is of a lever",
        "row 2, column value: found '3'; expected an empty cell: the row names no lever",
        "row 2, column channel: found 'price'",
        "lever price, region all: found no ",
    ):
        assert words in text, words


def test_a_lever_that_never_moved_is_in_no_template_and_in_no_plan(regional, tmp_path):
    params, effects, base, _ = regional
    grid = PlanGrid.of(effects.sel(lever=["price"]), params, base.weeks)
    assert list(grid.levers) == ["price"]
    path = _written(regional, tmp_path)
    with pytest.raises(InputError, match="the model has no coefficient of this one"):
        _read((*regional[:3], grid), path)


def test_a_booked_plan_leaves_levers_alone(regional, tmp_path):
    params, effects, *_ = regional
    booked = params.scenarios.model_copy(update={"baseline": "booked", "booked_plan": "q3.csv"})
    params = params.model_copy(update={"scenarios": booked})
    (tmp_path / "plans").mkdir()
    _written(regional, tmp_path / "plans").rename(tmp_path / "plans" / "booked.csv")
    assert read_plan_files(tmp_path, params, effects).booked

    def cheaper(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame["lever"] == "price", "value"] = 100.0
        return frame

    path = _written(regional, tmp_path / "plans", change=cheaper)
    path.rename(tmp_path / "plans" / "booked.csv")
    with pytest.raises(InputError, match=r"q3\.csv.*lever price.*plan of its own"):
        read_plan_files(tmp_path, params, effects)
