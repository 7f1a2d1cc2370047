"""Spend below zero: money that came back, where it is declared, or a broken promise that is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.ingest import check_data
from mmmlib.data.panel.panel import Panel
from mmmlib.errors import InputError
from mmmlib.findings import Level, Status
from mmmlib.readiness.assess import assess
from mmmlib.readiness.verdict import Verdict
from tests.data.conftest import only, small_params, sources, weekly, weekly_by_day

CREDITED = {
    "search": {"spend": "search_spend", "credit_notes": "earlier_weeks"},
    "tv": {"spend": "tv_spend"},
}


def with_credit(frame: pd.DataFrame, row: int, amount: float) -> pd.DataFrame:
    frame = frame.copy()
    frame.loc[row, "search_spend"] = -amount
    return frame


def test_a_credit_note_is_taken_off_the_weeks_before(built: Callable[..., Panel]) -> None:
    """150 came back in the sixth week: 104 of the week before, and 46 of the one before that."""
    panel = built(with_credit(weekly(), 5, 150.0), channels=CREDITED)
    spent = panel.frame["spend:search"].to_numpy()
    assert spent[:7].tolist() == [100.0, 101.0, 102.0, 57.0, 0.0, 0.0, 106.0]
    assert spent.sum() == weekly()["search_spend"].sum() - 105.0 - 150.0


def test_of_days_their_week_counts(built: Callable[..., Panel]) -> None:
    days = with_credit(weekly_by_day(), 5 * 7 + 3, 400.0)
    panel = built(days, channels=CREDITED, data=sources(grain="day"))
    spent = panel.frame["spend:search"].to_numpy()
    assert (spent >= 0).all()
    assert spent[5] == 0.0
    assert np.isclose(spent.sum(), days["search_spend"].sum())


def test_more_than_was_spent_is_refused(refused: Callable[..., InputError]) -> None:
    place, found, expected, _ = only(refused(with_credit(weekly(), 1, 150.0), channels=CREDITED))
    assert place == "the week of 2024-01-08, column search_spend"
    assert found == "a credit note of 150.00"
    assert expected == "no more than the weeks before it have, 100.00"


def test_undeclared_it_is_refused_and_the_key_is_named(refused: Callable[..., InputError]) -> None:
    place, _, expected, action = only(refused(with_credit(weekly(), 5, 150.0)))
    assert (place, expected) == ("row 7, column search_spend", "zero or more")
    assert "declare credit_notes of the channel" in action
    assert only(refused(with_credit(weekly_by_day(), 38, 900.0), data=sources(grain="day")))[
        3
    ].startswith("If it is money that came back")


PROMISED = {"columns": {"search_spend": {"type": "number", "min": 0}}}


@pytest.mark.parametrize("grain", ["week", "day"])
def test_what_a_contract_forbids_reaches_the_pack(write: Callable[..., Path], grain: str) -> None:
    """As a text that is none of a list does: told with row and column, and nothing is fitted."""
    frame = weekly(104) if grain == "week" else weekly_by_day(104)
    row = 50 if grain == "week" else 350
    folder = write(with_credit(frame, row, 5_000.0))
    params = small_params(
        refresh={"period": "2026-Q1", "as_of": "2026-01-05"},
        data=sources(grain=grain, contract=PROMISED),
    )
    panel, findings = check_data(params, folder)
    (found,) = [f for f in findings if f.check == "data.contract"]
    assert (found.status, found.level) == (Status.FLAG, Level.BLOCK)
    assert f"row {row + 2}, column search_spend: '-5000.0'" in found.message
    assert "expected zero or more" in found.message
    assert assess(panel, params, [found]).overall is Verdict.NOT_READY


def test_cancelled_orders_are_taken_off_the_weeks_before(built: Callable[..., Panel]) -> None:
    """Credit notes of an outcome: the sum stays, and no week is below zero."""
    rows = weekly()
    rows.loc[5, "revenue"] = -400.0
    outcome = {"column": "revenue", "credit_notes": "earlier_weeks"}
    counted = {"orders": {"kind": "count", "unit": "orders", **outcome}}
    for outcomes in (counted, {"revenue": {"kind": "revenue", **outcome}}):
        values = built(rows, outcomes=outcomes).frame.filter(like="outcome:").to_numpy().ravel()
        assert (values >= 0).all()
        assert values[5] == 0.0
        assert np.isclose(values.sum(), rows["revenue"].sum())
