"""A channel that cannot have worked: flagged where the data raised it, and never passed without a fit."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.findings import Level, Status
from mmmlib.health.placebo import (
    PLACEBO,
    check_placebo,
    most_spend,
    placebo_panel,
    raised,
    with_placebo,
)
from mmmlib.model.effects import roi
from mmmlib.model.one_fit import Fit, FitRequest
from mmmlib.monte_carlo import ERRORS, monte_carlo_error
from tests.fakes import fake_effects, fake_panel, fake_params
from tests.health.test_convergence import tree

MODEL = "revenue.pooled"


@pytest.fixture(scope="module")
def fit() -> Fit:
    params, panel = fake_params(), fake_panel()
    channel = most_spend(panel, params)
    shuffled = placebo_panel(panel, channel, np.random.default_rng(1))
    effects = fake_effects(with_placebo(params, MODEL), shuffled, MODEL)
    return Fit(FitRequest(MODEL, label=PLACEBO), tree(), effects, (0.0, 0.0, 0.0))


@pytest.mark.parametrize(("size", "status"), [(0.01, Status.OK), (100.0, Status.FLAG)])
def test_what_the_data_raise_is_flagged(fit: Fit, size: float, status: Status) -> None:
    effects = fit.effects.copy(deep=True)
    effects["spend_effect"].loc[{"channel": PLACEBO}] *= size
    found = check_placebo(
        MODEL, Fit(fit.request, fit.posterior, effects, fit.times), fake_params().health
    )
    assert found.status is status
    assert found.value == pytest.approx(raised(effects))
    assert found.limit == 1.0


def test_the_limit_is_kept_by_the_error_of_the_low_end_and_not_of_the_middle(fit: Fit) -> None:
    """The low end of few draws is less certain than their median: only just inside is not inside."""
    found = roi(fit.effects).sel(channel=PLACEBO).to_numpy()
    middle = float(np.median(fit.effects["prior_roi"].sel(channel=PLACEBO)))
    error = ERRORS * monte_carlo_error(found, "quantile", 0.05) / middle
    assert error > 1.2 * ERRORS * monte_carlo_error(found) / middle
    just = fake_params(health={"max_placebo": raised(fit.effects) + 0.95 * error}).health
    assert check_placebo(MODEL, fit, just).status is Status.FLAG


def test_without_a_fit_or_with_chains_apart_nothing_passes(fit: Fit) -> None:
    limits = fake_params().health
    assert check_placebo(MODEL, None, limits, "Too few weeks.").status is Status.NOT_RUN
    apart = fit.posterior.copy(deep=True)
    for name in apart["posterior"].data_vars:
        apart["posterior"][name][0] += 100
    found = check_placebo(MODEL, Fit(fit.request, apart, fit.effects, fit.times), limits)
    assert (found.status, found.level) == (Status.NOT_RUN, Level.WARN)
    assert "did not converge" in found.message


def test_it_has_the_prior_of_a_channel_that_nothing_is_said_of() -> None:
    params = with_placebo(fake_params(), MODEL)
    prior = params.channels[PLACEBO].prior
    assert prior is not None
    assert prior.roi == params.model.default_roi
    counted = with_placebo(fake_params(), "signups.pooled").channels[PLACEBO].prior
    assert counted is not None
    assert counted.share == params.model.default_share
