from __future__ import annotations

import numpy as np

from mmmlib.findings import judge, not_run
from mmmlib.health.tables import (
    baseline_table,
    coverage_table,
    holdout_table,
    learning_table,
    overview_table,
)
from tests.fakes import fake_effects


def test_the_overview_counts_by_model() -> None:
    findings = [
        judge("health.bfmi", "m", passed=True, message=""),
        judge("health.ess_bulk", "m", passed=False, message=""),
        not_run("health.rhat", "m", "why"),
    ]
    row = overview_table({"m": findings, "n": findings[:1]}).to_dict("records")[0]
    assert row == {
        "model": "m",
        "worst": "block",
        "passed": 1,
        "to review": 1,
        "blocking": 1,
        "not run": 1,
    }


def test_the_holdout_shows_its_weeks_with_their_ranges() -> None:
    effects = fake_effects(holdout_weeks=8)
    effects["observed"][-1] = 1e9
    table = holdout_table(effects)
    assert len(table) == 8
    assert list(table["inside"])[-1] == "no"
    assert all(" to " in text for text in table["expected (90 %)"])


def test_coverage_is_that_of_the_fitted_weeks() -> None:
    table = coverage_table(fake_effects(holdout_weeks=8))
    assert list(table["weeks"]) == [96, 96]


def test_what_was_learnt_least_comes_first_and_unknown_priors_are_left_out() -> None:
    effects = fake_effects(draws=1000)
    table = learning_table(effects)
    assert len(table) == 4
    narrowed = [float(text.split()[0]) for text in table["narrowed by"]]
    assert narrowed == sorted(narrowed)
    effects["prior_roi"] = effects["prior_roi"] * np.nan
    assert learning_table(effects).empty


def test_the_baseline_is_shown_by_year() -> None:
    table = baseline_table(fake_effects())
    assert list(table["year"]) == [2024, 2025]
    assert sum(table["weeks"]) == 104
