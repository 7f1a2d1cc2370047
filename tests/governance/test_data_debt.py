"""What restated history moved, and the range of the next restatement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mmmlib.data.history.restatement import MOVES, write_revisions
from mmmlib.governance.data_debt import next_restatements, restated_by_refresh
from mmmlib.refresh.comparison import Comparison
from mmmlib.reports.results import results_of
from mmmlib.reports.sections import change_log
from mmmlib.reports.table import Table
from mmmlib.reports.words.restatements import next_text, restated_cost_sentence
from mmmlib.scenarios.pack import ScenarioPack
from tests.fake_run import make_fake_pair


def moves(*shares: float, age: int = 0) -> pd.DataFrame:
    """A source of which one series moves by these shares, refresh by refresh, and one never."""
    rows = [
        ("ads", series, age, number, 1, abs(share) * 100, 100.0, share * 100)
        for number, of_revenue in enumerate(shares)
        for series, share in (("revenue", of_revenue), ("tv", 0.0))
    ]
    return pd.DataFrame(rows, columns=MOVES)


def test_the_next_restatement_lies_in_the_span_of_those_before_with_its_probability() -> None:
    (found,) = next_restatements(moves(0.02, -0.01, 0.05, 0.03))
    assert (found.source, found.series) == ("ads", "revenue")
    assert found.moved == pytest.approx((0.02, -0.01, 0.05, 0.03))
    assert found.chance == pytest.approx(3 / 5)
    assert "60" in next_text(found)


def test_one_restatement_has_no_range_and_old_weeks_and_old_runs_tell_nothing() -> None:
    (found,) = next_restatements(moves(0.02))
    assert found.chance == 0
    assert next_text(found).endswith("no range yet")
    assert next_restatements(moves(0.02, age=9)) == []
    assert next_restatements(moves(0.02).drop(columns="delivery")) == []
    assert next_restatements(moves()) == []


def test_what_restated_history_moved_is_counted_in_returns_and_in_the_plan(tmp_path: Path) -> None:
    before, after = make_fake_pair(tmp_path)
    (one,) = restated_by_refresh(after)
    assert one.series == 1
    compared = after.load_json("refresh.json", Comparison)
    pack = before.load_json("scenarios.json", ScenarioPack)
    plan = next(p for p in pack.scenarios if p.name == (pack.recommended or pack.candidate))
    expected = 0.0
    for line in plan.plan:
        way = compared.bridge_of(pack.model, line.channel, "roi")
        assert way is not None
        expected += line.change * pack.weeks * way.steps[2].shift
    assert one.gain is not None
    assert one.gain.shift == pytest.approx(expected)
    assert one.gain.shift != 0
    write_revisions(after, moves(0.02, 0.04))
    results = results_of(after)
    said = restated_cost_sentence(results, one)
    assert said.startswith("Restated history moved the return of ")
    assert f"({plan.title}) is " in said
    noise = one.gain.model_copy(update={"error": abs(one.gain.shift)})
    told = restated_cost_sentence(results, replace(one, gain=noise))
    assert "did not move by more than the noise of the draws" in told
    tables = {block.name for block in change_log.data(results) if isinstance(block, Table)}
    assert tables == {"restatements"}
    # Without steps, what it moved is not known: not that it moved nothing.
    after.save_json("refresh.json", compared.model_copy(update={"bridges": ()}))
    (alone,) = restated_by_refresh(after)
    assert (alone.returns, alone.gain) == (None, None)
    assert "not known" in restated_cost_sentence(results, alone)
