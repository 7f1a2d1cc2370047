"""What leads the pack, and what it consists of."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.fakes import fake_params, two_motions


def test_an_outcome_with_motions_leads_as_their_sum() -> None:
    params = two_motions()
    assert params.primary == "revenue"
    assert params.parts_of("revenue") == ("revenue.self_serve", "revenue.sales_assisted")
    assert params.views == ("revenue", *params.model_names)
    assert params.model_label("revenue") == params.subject_label("revenue") == "Revenue"
    assert params.return_unit("revenue") == "USD/USD"


def test_one_motion_may_lead() -> None:
    params = two_motions(primary_outcome="revenue.sales_assisted")
    assert params.primary == "revenue.sales_assisted"
    assert params.views == ("revenue.sales_assisted", "revenue.self_serve")


def test_an_outcome_without_motions_is_its_model() -> None:
    assert fake_params().primary == "revenue.pooled"
    assert fake_params(primary_outcome="signups").primary == "signups.pooled"
    assert fake_params().views == fake_params().model_names


def test_what_is_neither_outcome_nor_model_cannot_lead() -> None:
    with pytest.raises(
        ValidationError,
        match="found 'profit'; expected one of revenue, signups,",
    ):
        fake_params(primary_outcome="profit")
