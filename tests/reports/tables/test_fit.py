from __future__ import annotations

from mmmlib.estimates import Estimate
from mmmlib.reports.cells import Observed
from mmmlib.reports.tables.fit import baseline_table, coverage_table, holdout_table
from tests.fakes import fake_effects


def test_the_holdout_shows_its_weeks_with_their_ranges() -> None:
    effects = fake_effects(holdout_weeks=8)
    effects["observed"][-1] = 1e9
    table = holdout_table(effects)
    assert len(table.rows) == 8
    assert table.column("Inside")[-1] == "no"
    assert all(isinstance(cell, Estimate) for cell in table.column("Expected"))
    assert holdout_table(None).rows == ()


def test_coverage_is_that_of_the_fitted_weeks() -> None:
    table = coverage_table(fake_effects(holdout_weeks=8))
    assert table.column("Weeks") == (Observed(96), Observed(96))


def test_the_baseline_is_shown_by_year() -> None:
    table = baseline_table(fake_effects())
    assert table.column("Year") == ("2024", "2025")
    assert table.column("Weeks") == (Observed(53), Observed(51))
