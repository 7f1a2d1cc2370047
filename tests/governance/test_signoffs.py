"""Who signs what."""

from __future__ import annotations

from pathlib import Path

from mmmlib.findings import not_run
from mmmlib.governance.roles import read_roles
from mmmlib.governance.signoffs import (
    data_change_text,
    model_change_text,
    new_tests_text,
    sign_offs_needed,
)
from mmmlib.refresh.comparison import Comparison, DataChange, LiftChange, ParameterChange
from mmmlib.scenarios.build import build_pack
from tests.fakes import fake_params
from tests.scenarios.helpers import healthy, known_effects, ready

ROLES = read_roles(Path(__file__).parents[2] / "params" / "governance" / "roles.yaml")


def _who(comparison, scenarios=None):
    return {
        (one.subject, one.role)
        for one in sign_offs_needed(comparison, scenarios, ROLES, fake_params())
    }


def _change(key):
    return ParameterChange(key=key, before="1", after="2")


DATA = {("data", "Data Owner"), ("data", "MMM Product Owner")}
MODEL = {("model", "Model Owner"), ("model", "MMM Product Owner")}
NOTHING = {("publication", "MMM Product Owner")}


def test_new_weeks_alone_are_released_by_the_product_owner():
    longer = DataChange(series="spend:tv", kind="extended", cells=13)
    assert _who(Comparison(parent="a", data_changes=(longer,))) == NOTHING


def test_restated_data_is_signed_by_its_owner():
    restated = DataChange(series="spend:tv", kind="restated", cells=3)
    assert _who(Comparison(parent="a", data_changes=(restated,))) == DATA
    both = (restated, restated.model_copy(update={"series": "spend:search"}))
    said = data_change_text(Comparison(parent="a", data_changes=both), fake_params())
    assert said == "Spend: tv, spend: Search restated.", said
    moved = (_change("data.sources.media.path"),)
    assert _who(Comparison(parent="a", parameter_changes=moved)) == DATA


def test_model_limits_and_software_are_signed_by_the_model_owner():
    for parts in (
        {"parameter_changes": (_change("model.trend_knots"),)},
        {"parameter_changes": (_change("health.max_rhat"),)},
        {"code_changes": (_change("pymc"),)},
    ):
        assert _who(Comparison(parent="a", **parts)) == MODEL


def test_the_period_is_no_change_of_the_model():
    keys = ("refresh.period", "title", "compute.workers", "data.root", "data.simulated.vintage")
    changes = tuple(map(_change, keys))
    assert _who(Comparison(parent="a", parameter_changes=changes)) == NOTHING


def test_a_lift_test_that_went_or_changed_is_signed_and_a_new_one_is_not():
    for kind, signed in (("removed", MODEL), ("changed", MODEL), ("added", NOTHING)):
        one = LiftChange(test="spring", model="revenue.pooled", channel="tv", kind=kind, what="x")
        comparison = Comparison(parent="a", lift_changes=(one,))
        assert _who(comparison) == signed
        assert bool(new_tests_text(comparison)) is (kind == "added")
        assert (f"lift test spring {kind}" in model_change_text(comparison)) is (signed is MODEL)


def test_what_cannot_be_compared_is_signed_as_if_all_had_changed():
    unread = not_run("refresh.parent", "workbook", "It is gone.")
    comparison = Comparison(parent="a", reason="The last one is gone.", findings=(unread,))
    assert _who(comparison) == DATA | MODEL
    assert data_change_text(comparison, fake_params()).startswith("The last one is gone.")
    assert model_change_text(comparison).startswith("The last one is gone.")


def test_a_first_refresh_is_signed_as_a_whole():
    assert _who(Comparison(parent=None)) == DATA | MODEL


def test_a_recommendation_is_signed_by_the_decision_owner():
    params, effects = known_effects({"weak": 0.2, "good": 3.0})
    model = "revenue.pooled"
    pack = build_pack({model: effects}, ready(params), healthy(model), params)
    assert pack.recommended
    assert _who(Comparison(parent="a"), pack) == {("recommendation", "Decision Owner")}


def test_the_model_owner_never_signs_alone():
    for comparison in (Comparison(parent=None), Comparison(parent="a"), None):
        roles = {role for _, role in _who(comparison)}
        assert roles & {"MMM Product Owner", "Decision Owner"}
