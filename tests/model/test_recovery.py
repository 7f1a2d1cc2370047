"""Ranges hold what really happened, in worlds that were not drawn from the model's own prior."""

from __future__ import annotations

import pandas as pd
import pytest
from small_worlds import MODEL, cover, fewest_covered, make_world

from mmmlib.model.one_fit import FitRequest, fit_one

SHORT = {"chains": 2, "tune": 300, "draws": 400, "kept_draws": 800, "form_error": 0.0}
"""Few draws, and none of the allowance for a form that is not the true one: here it is."""


USUAL = ("geometric", "delayed"), ("logistic", "logistic", "hill")
OTHERS = ("weibull",), ("michaelis_menten", "michaelis_menten", "logistic")


def fit_worlds(
    regions: int, count: int, weeks: int, forms: tuple[tuple[str, ...], tuple[str, ...]]
) -> pd.DataFrame:
    """Coverage of every channel of some worlds."""
    tables = []
    for seed in range(count):
        world = make_world(
            seed,
            weeks=weeks,
            regions=regions,
            autocorrelation=0.3,
            adstock=forms[0],
            saturation=forms[1],
        )
        model = world.params.model.model_copy(update=SHORT)
        params = world.params.model_copy(update={"model": model})
        fit = fit_one(world.panel, params, FitRequest(MODEL))
        tables.append(cover(fit.effects, world.truth["contribution"]))
    return pd.concat(tables, keys=range(count), names=["seed"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("regions", "count", "weeks", "forms"),
    [(1, 12, 130, USUAL), (4, 6, 104, USUAL), (1, 12, 130, OTHERS)],
    ids=["national", "regional", "other forms"],
)
def test_ranges_hold_the_truth_and_halves_of_them_would_not(
    regions: int, count: int, weeks: int, forms: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    table = fit_worlds(regions, count, weeks, forms)
    least = fewest_covered(len(table))
    assert table["covered"].sum() >= least, table.to_string()
    # The test has teeth: a model half as unsure as it should be fails it.
    low = (table["low"] + table["median"]) / 2
    high = (table["high"] + table["median"]) / 2
    assert table["truth"].between(low, high).sum() < least, table.to_string()
    # Truths lie on both sides: returns are told neither too low nor too high.
    spread = (1 / 12 / len(table)) ** 0.5  # of a mean of ranks that are uniform
    assert abs(table["rank"].mean() - 0.5) < 3 * spread, table.to_string()
