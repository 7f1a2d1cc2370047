"""Do experiments and the model tell the same? (H2, M8)

A lift test is held against what the model expects of it twice: as the model is, which has
seen the test, and as it would be without any test. The first says whether test and data can
be reconciled at all, the second what the tests brought.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from mmmlib.data.panel.lift_grid import Lift
from mmmlib.estimates import Estimate, format_number
from mmmlib.findings import Finding, Level, at_least, at_most, judge, not_run
from mmmlib.model.chains import agreed, rhat_text
from mmmlib.model.effects import fitted, lift_tests_of, roi
from mmmlib.model.one_fit import COMPARED_DRAWS
from mmmlib.model.quantiles import Z90
from mmmlib.monte_carlo import at_most_for_certain, monte_carlo_error
from mmmlib.params.limits import HealthParams

CHECK = "health.lift_tests"
ALONE, GAP, ERROR = "health.lift_alone", "health.lift_gap", "health.lift_error"
CONTROLLED = 0.2
"""What is left of the noise at least where regions are compared: the others take off what moves all."""


@dataclass(frozen=True)
class LiftComparison:
    """One lift test beside the model, in the outcome's unit.

    ``measured`` is what the test saw, with the error that the likelihood uses; ``alone`` and
    ``calibrated`` are what the model expects of it without any test, and as it is. ``off_alone``
    and ``off`` are measured minus expected, in standard deviations of both together (the posterior
    predictive distribution): beyond 1.6 either way the test lies outside the 90 % range.
    """

    test: Lift
    measured: Estimate
    alone: Estimate
    calibrated: Estimate
    off_alone: float
    off: float


def compare_lifts(effects: xr.Dataset, uncalibrated: xr.Dataset) -> list[LiftComparison]:
    """Hold every lift test of a model against the fit with lift tests and the one without."""
    unit = str(effects.attrs["outcome_unit"])
    found = []
    for test in lift_tests_of(effects):
        alone, calibrated = (_expected(fit, test) for fit in (uncalibrated, effects))
        found.append(
            LiftComparison(
                test=test,
                measured=Estimate.from_measurement(test.incremental_outcome, test.error, unit),
                alone=Estimate.from_draws(alone, unit),
                calibrated=Estimate.from_draws(calibrated, unit),
                off_alone=distance(test, alone),
                off=distance(test, calibrated),
            )
        )
    return found


def _expected(fit: xr.Dataset, test: Lift) -> np.ndarray:
    """Draws of the incremental outcome that a fit gives a test."""
    return fit["lift_expected"].sel(test=test.name).to_numpy().astype(float)


def _error_of_distance(test: Lift, expected: np.ndarray) -> float:
    """Monte Carlo error of :func:`distance`; reports do without it, and so without ArviZ."""
    return monte_carlo_error(expected, "mean") / float(np.hypot(test.error, expected.std()))


def distance(test: Lift, expected: np.ndarray) -> float:
    """Return how far a test lies off its posterior predictive mean, in standard deviations.

    ``expected`` has draws of the incremental outcome that the model gives the test.
    """
    spread = float(np.hypot(test.error, expected.std()))
    return float((test.incremental_outcome - expected.mean()) / spread)


def check_lift_tests(
    effects: xr.Dataset, uncalibrated: xr.Dataset | None, limits: HealthParams
) -> list[Finding]:
    """Ask of every lift test whether it can be, and of every tested channel what rests on it.

    Per channel with one test, whether its return rests on that (:data:`ALONE`, ``max_lift_shift``);
    per test, whether it is of another magnitude than the model (:data:`GAP`, ``max_lift_gap``),
    whether its error can be (:data:`ERROR`, ``min_lift_error``), and whether it lies outside what
    the model expects (:data:`CHECK`, the larger of both distances, ``max_lift_distance``). One of
    each for a model without tests; ``uncalibrated`` has the effects of the fit without them.
    """
    model = str(effects.attrs["model"])
    checks = (ALONE, GAP, ERROR, CHECK)
    if not lift_tests_of(effects):
        message = "No lift test measured this outcome in the fitted weeks."
        return [judge(check, model, passed=True, message=message) for check in checks]
    if uncalibrated is None or not agreed(uncalibrated):
        why, action = "The fit without lift tests was not made.", "Run notebook 02 again."
        if uncalibrated is not None:
            why = f"The fit without lift tests did not converge ({rhat_text(uncalibrated)})."
            action = (
                f"Raise model.tune, and model.draws where it is below {COMPARED_DRAWS} (this fit "
                f"takes more only with a higher model.kept_draws), and refresh again."
            )
        return [not_run(one, model, why, level=Level.WARN, action=action) for one in checks]
    limit = limits.max_lift_distance
    compared = compare_lifts(effects, uncalibrated)
    return [
        *_rest_on_one(effects, uncalibrated, limits),
        *(_gap(model, one, limits) for one in compared),
        *(_error(model, one.test, effects, limits) for one in compared),
    ] + [
        at_most(
            CHECK,
            f"{model}/{one.test.channel}",
            max(abs(one.off_alone), abs(one.off)),
            limit,
            f"The test {one.test.name} saw {one.measured.text()}. Without tests the "
            f"model expected {one.alone.text(mass=False)} ({_off(one.off_alone)}); with them "
            f"it says {one.calibrated.text(mass=False)} ({_off(one.off)}; limit {limit:g}).",
            error=max(
                _error_of_distance(one.test, _expected(fit, one.test))
                for fit in (uncalibrated, effects)
            ),
        )
        for one in compared
    ]


def _rest_on_one(
    effects: xr.Dataset, uncalibrated: xr.Dataset, limits: HealthParams
) -> list[Finding]:
    """Hold the return of every channel with a test against the one without tests."""
    model, unit = str(effects.attrs["model"]), str(effects.attrs["return_unit"])
    by_channel: dict[str, list[str]] = {}
    for test in lift_tests_of(effects):
        by_channel.setdefault(test.channel, []).append(test.name)
    found = []
    for channel, names in by_channel.items():
        calibrated, alone = (
            roi(one).sel(channel=channel).to_numpy().astype(float)
            for one in (effects, uncalibrated)
        )
        medians = [float(np.median(one)) for one in (calibrated, alone)]
        ratio = medians[0] / medians[1] if min(medians) > 0 else math.nan
        value, limit = max(ratio, 1 / ratio) - 1, limits.max_lift_shift
        errors = (monte_carlo_error(one) / np.median(one) for one in (calibrated, alone))
        error = (1 + value) * math.hypot(*errors)
        single = len(names) == 1
        lead = f"The return rests on one lift test ({names[0]})"
        if not single:
            lead = f"{len(names)} lift tests are behind the return"
        before, after = (Estimate.from_draws(one, unit).text() for one in (alone, calibrated))
        found.append(
            judge(
                ALONE,
                f"{model}/{channel}",
                passed=not single or at_most_for_certain(value, limit, error),
                value=value,
                limit=limit,
                message=f"{lead}: {before} without, {after} with it"
                f"{'' if single else ' all'} (limit for one test: {100 * limit:g} %).",
            )
        )
    return found


def _gap(model: str, one: LiftComparison, limits: HealthParams) -> Finding:
    """Hold the near end of a test's 90 % range against what the model alone expects of it."""
    expected, sign = abs(one.alone.median), np.sign(one.alone.median)
    ends = sign * one.measured.median + Z90 * one.test.error * np.array([-1.0, 1.0])
    low, high = float(ends[0]), float(ends[1])
    value = math.nan
    if expected > 0:
        value = max(low / expected, expected / high if high > 0 else math.inf, 1.0)
    return at_most(
        GAP,
        f"{model}/{one.test.channel}",
        value,
        limits.max_lift_gap,
        f"The test {one.test.name} saw {one.measured.text()}; without tests the model expected "
        f"{one.alone.text(mass=False)}.",
    )


def _error(model: str, test: Lift, effects: xr.Dataset, limits: HealthParams) -> Finding:
    """Hold a test's standard error against the noise of its own weeks and regions."""
    subject, unit = f"{model}/{test.channel}", str(effects.attrs["outcome_unit"])
    if test.by_person:
        message = f"The test {test.name} compared single people, whatever the weeks brought."
        return judge(ERROR, subject, passed=True, message=message)
    noise = effects["predicted"] - fitted(effects)
    weeks = noise.sel(week=[np.datetime64(week) for week in test.weeks]).to_numpy().astype(float)
    money = effects["spend_region"].sum("channel")  # a region's part of the noise is at least that
    share = test.part * float(money.sel(region=list(test.regions)).sum() / money.sum())
    least = share * float((weeks @ np.array(test.counted)).std())
    value = test.standard_error / least if least > 0 else math.nan
    limit = limits.min_lift_error * (CONTROLLED if test.where else 1.0)
    return at_least(
        ERROR,
        subject,
        value,
        limit,
        f"The test {test.name} states a standard error of {format_number(test.standard_error, unit)}; "
        f"what the model does not explain of these weeks and regions comes to "
        f"{format_number(least, unit)}.",
    )


def _off(distance: float) -> str:
    side = "above" if distance > 0 else "below"
    return f"the test lies {abs(distance):.1f} standard deviations {side}"
