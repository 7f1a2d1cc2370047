"""Do experiments and the model tell the same? (H2, M8)

A lift test is held against what the model expects of it twice: as the model is, which has
seen the test, and as it would be without any test. The first says whether test and data can
be reconciled at all, the second what the tests brought.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from mmmlib.data.panel.lift_grid import Lift
from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, Level, at_most, judge, not_run
from mmmlib.model.chains import agreed, rhat_text
from mmmlib.model.effects import lift_tests_of
from mmmlib.model.one_fit import COMPARED_DRAWS
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.limits import HealthParams

CHECK = "health.lift_tests"


@dataclass(frozen=True)
class LiftComparison:
    """One lift test beside the model, in the outcome's unit.

    Parameters
    ----------
    test
        As declared and laid on the panel.
    measured
        What the test saw, with the error that the likelihood uses.
    alone, calibrated
        What the model expects of it without any test, and as it is.
    off_alone, off
        Measured minus expected, in standard deviations of both together (the posterior
        predictive distribution): beyond 1.6 either way the test lies outside the 90 % range.
    """

    test: Lift
    measured: Estimate
    alone: Estimate
    calibrated: Estimate
    off_alone: float
    off: float
    error: float


def compare_lifts(effects: xr.Dataset, uncalibrated: xr.Dataset) -> list[LiftComparison]:
    """Hold every lift test of a model against it.

    Parameters
    ----------
    effects, uncalibrated
        Of the fit with lift tests and of the one without.
    """
    unit = str(effects.attrs["outcome_unit"])
    found = []
    for test in lift_tests_of(effects):
        alone, calibrated = (
            fit["lift_expected"].sel(test=test.name).to_numpy().astype(float)
            for fit in (uncalibrated, effects)
        )
        found.append(
            LiftComparison(
                test=test,
                measured=Estimate.from_measurement(test.incremental_outcome, test.error, unit),
                alone=Estimate.from_draws(alone, unit),
                calibrated=Estimate.from_draws(calibrated, unit),
                off_alone=distance(test, alone),
                off=distance(test, calibrated),
                error=max(
                    monte_carlo_error(draws, "mean") / float(np.hypot(test.error, draws.std()))
                    for draws in (alone, calibrated)
                ),
            )
        )
    return found


def distance(test: Lift, expected: np.ndarray) -> float:
    """Return how far a test lies off its posterior predictive mean, in standard deviations.

    Parameters
    ----------
    expected
        Draws of the incremental outcome that the model gives the test.
    """
    spread = float(np.hypot(test.error, expected.std()))
    return float((test.incremental_outcome - expected.mean()) / spread)


def check_lift_tests(
    effects: xr.Dataset, uncalibrated: xr.Dataset | None, limits: HealthParams
) -> list[Finding]:
    """Flag every lift test that lies outside what the model expects of it.

    Parameters
    ----------
    uncalibrated
        Effects of the fit without lift tests.
    limits
        ``max_lift_distance``, held against the larger of both distances.

    Returns
    -------
    list of Finding
        One per test, subject ``model/channel``; one for a model that has none.
    """
    model = str(effects.attrs["model"])
    if not lift_tests_of(effects):
        message = "No lift test measured this outcome in the fitted weeks."
        return [judge(CHECK, model, passed=True, message=message)]
    if uncalibrated is None or not agreed(uncalibrated):
        why, action = "The fit without lift tests was not made.", "Run notebook 02 again."
        if uncalibrated is not None:
            why = f"The fit without lift tests did not converge ({rhat_text(uncalibrated)})."
            action = (
                f"Raise model.tune, and model.draws where it is below {COMPARED_DRAWS} (this fit "
                f"takes more only with a higher model.kept_draws), and refresh again."
            )
        return [not_run(CHECK, model, why, level=Level.WARN, action=action)]
    limit = limits.max_lift_distance
    return [
        at_most(
            CHECK,
            f"{model}/{one.test.channel}",
            max(abs(one.off_alone), abs(one.off)),
            limit,
            f"The test {one.test.name} saw {one.measured.text()}. Without tests the "
            f"model expected {one.alone.text(mass=False)} ({_off(one.off_alone)}); with them "
            f"it says {one.calibrated.text(mass=False)} ({_off(one.off)}; limit {limit:g}).",
            error=one.error,
        )
        for one in compare_lifts(effects, uncalibrated)
    ]


def _off(distance: float) -> str:
    side = "above" if distance > 0 else "below"
    return f"the test lies {abs(distance):.1f} standard deviations {side}"
