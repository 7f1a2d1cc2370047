"""An outcome over its motions is the sum of its models, draw by draw."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmmlib.model.effects import baseline, check_effects, contribution, fitted, roi
from mmmlib.model.motions import sum_motions
from tests.fakes import fake_effects


def parts():
    one = fake_effects(draws=30, seed=1)
    other = fake_effects(draws=20, seed=2, scale=0.5)
    one.attrs["model"], other.attrs["model"] = "revenue.self_serve", "revenue.sales_assisted"
    return one, other


def test_everything_that_adds_up_is_added():
    one, other = parts()
    whole = check_effects(sum_motions("revenue", [one, other]))
    first = one.isel(draw=slice(20))
    for quantity in (contribution, roi, baseline, fitted):
        np.testing.assert_allclose(
            quantity(whole), (quantity(first) + quantity(other)).transpose(*quantity(whole).dims),
            rtol=1e-4,
        )  # fmt: skip
    np.testing.assert_allclose(whole["marginal_roi"], first["marginal_roi"] + other["marginal_roi"])
    np.testing.assert_allclose(whole["observed"], one["observed"] + other["observed"])


def test_money_is_spent_once():
    one, other = parts()
    whole = sum_motions("revenue", [one, other])
    for name in ("spend", "spend_today", "media"):
        np.testing.assert_array_equal(whole[name], one[name])


def test_half_life_lies_between_the_motions():
    one, other = parts()
    whole = sum_motions("revenue", [one, other])["half_life"].to_numpy()
    both = np.stack([one["half_life"][:20], other["half_life"]])
    assert (whole >= both.min(0) - 1e-6).all()
    assert (whole <= both.max(0) + 1e-6).all()
    assert not np.isclose(whole, both.mean(0)).all()


def test_it_has_no_formula_and_says_what_it_is_the_sum_of():
    whole = sum_motions("revenue", parts())
    assert (whole.attrs["model"], whole.attrs["formula"]) == ("revenue", 0)
    assert json.loads(whole.attrs["inputs"])["sum_of"] == [
        "revenue.self_serve",
        "revenue.sales_assisted",
    ]


def test_a_component_that_one_motion_lacks_counts_nothing_there():
    one, other = parts()
    fewer = other.isel(component=slice(1))
    whole = sum_motions("revenue", [one, fewer])
    np.testing.assert_allclose(
        whole["baseline_part"].sum("component"),
        one["baseline_part"][:20].sum("component") + fewer["baseline_part"].sum("component"),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e.isel(week=slice(1, None)), "weeks"),
        (lambda e: e.isel(channel=slice(1, None)), "channels"),
        (lambda e: e.assign_attrs(outcome_unit="signups"), "unit"),
    ],
)
def test_what_cannot_be_added_is_refused(change, message):
    one, other = parts()
    with pytest.raises(ValueError, match=f"motions of revenue do not have the same {message}"):
        sum_motions("revenue", [one, change(other)])
