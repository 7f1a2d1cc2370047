"""The demo's model finds what really happened."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_worlds import cover, fewest_covered

from mmmlib.data.panel.build import build_panel
from mmmlib.model.motions import sum_motions
from mmmlib.model.one_fit import FitRequest, fit_one
from mmmlib.params.load import read_params
from mmmlib.runner.lifecycle import taxonomy_beside
from mmmlib.simulate.company import make_company

DEMO = Path(__file__).parents[2] / "params" / "demo.yaml"
SHORT = ["model.chains=2", "model.tune=400", "model.draws=500", "model.kept_draws=1000"]


@pytest.mark.slow
def test_ranges_of_what_leads_hold_the_truth(tmp_path: Path) -> None:
    """At least as many of the 90 % ranges as a fair model misses once in a hundred times."""
    params = read_params(DEMO, SHORT)
    asked = params.data.simulated
    assert asked is not None
    company = make_company(asked.company, asked.seed)
    company.write_vintage(tmp_path, asked.vintage)
    panel = build_panel(params, tmp_path, taxonomy_beside(params, DEMO))
    parts = params.parts_of(params.primary)
    fits = [fit_one(panel, params, FitRequest(part)).effects for part in parts]
    truth = company.truth(asked.vintage)["contribution"].sel(model=list(parts)).sum("model")
    table = cover(sum_motions(params.primary, fits), truth)
    assert table["covered"].sum() >= fewest_covered(len(table)), table.to_string()
    # Ranges that hold everything are worth nothing: the large channels are measured.
    wide = (table["high"] - table["low"]) / table["truth"]
    assert wide["search"] < 1.5, table.to_string()
    assert wide["video"] < 1.5, table.to_string()
