"""The compiled log density is that of the PyMC model, linear terms integrated out."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode

from mmmlib.model.arrays import ModelData
from mmmlib.model.build import build_model
from mmmlib.model.kernel.compiled import evaluate
from mmmlib.model.layout import layout_of, pack
from mmmlib.model.sample import density_name
from mmmlib.transforms import ADSTOCKS, SATURATIONS
from tests.model.worlds import mixed_data

MORE = {"incremental_outcome": 30_000, "standard_error": 9_000}
LESS = {"incremental_outcome": -20_000, "standard_error": 5_000}
TESTS = {
    # Several of one channel, every form, one in the first weeks, one whose end is counted later.
    "more": MORE | {"channel": "search", "start": "2024-03-04", "end": "2024-04-14"},
    "again": MORE | {"channel": "search", "start": "2024-09-02", "end": "2024-09-08"},
    "off": LESS | {"channel": "social", "start": "2024-01-03", "end": "2024-01-30"},
    "late": MORE
    | {
        "channel": "video",
        "start": "2024-06-03",
        "end": "2024-06-30",
        "measured_until": "2024-08-06",
        "spend_change": 45_000,
    },
    "fair": LESS | {"channel": "events", "start": "2024-10-07", "end": "2024-11-03"},
}
PLACES = {name: test | {"regions": ["south"]} for name, test in TESTS.items()}
PLACES["again"] |= {"regions": ["north", "west"]}
PLACES["off"] |= {"regions": []}
for switched in (TESTS, PLACES):
    for name in ("off", "fair"):
        switched[name] |= {"spend_change_share": -1}
CASES = {
    "lift tests": mixed_data(seasonality=0, trend="none", lift_tests=TESTS),
    "regional lift tests": mixed_data(
        regional=True, seasonality=0, trend="none", lift_tests=PLACES
    ),
    "national": mixed_data(seasonality=1, trend_knots=2),
    "regional": mixed_data(regional=True, seasonality=1, trend_knots=2),
    "independent": mixed_data(holdout_weeks=8, seasonality=1, trend="linear", noise="independent"),
    "returns alike": mixed_data(seasonality=0, trend="none", returns_alike=0.6),
    "level only": mixed_data(regional=True, holdout_weeks=8, seasonality=0, trend="none"),
}
SAMPLED = {
    "student_t": mixed_data(
        seasonality=1, trend="linear", likelihood="student_t", lift_tests=TESTS
    ),
    "student_t, regional": mixed_data(
        regional=True, seasonality=1, trend="linear", likelihood="student_t", noise="independent"
    ),
    "counts, regional": mixed_data(regional=True, counts=True, seasonality=1, trend_knots=2),
}
LINEAR = ("level", "slope_of")


def at_random(data: ModelData, seed: int) -> np.ndarray:
    """A point of the sampler's vector, near the prior's middle."""
    mean = np.concatenate([np.ravel(prior[0]) for prior in data.priors.values()])
    sd = np.concatenate([np.ravel(prior[1]) for prior in data.priors.values()])
    layout = layout_of(data)
    near = np.random.default_rng(seed).normal(size=layout.size)
    near[: layout.known] = mean + 0.4 * sd * near[: layout.known]
    return near


def density(data: ModelData, theta: np.ndarray) -> tuple[float, np.ndarray]:
    return evaluate(density_name(data), theta, pack(data))


class Joint:
    """Log density of the PyMC model and its automatic gradient, as a function of vectors."""

    def __init__(self, data: ModelData) -> None:
        self.layout = layout_of(data)
        # Each graph is evaluated some dozen times: rewriting it, and keeping a trace of where
        # each part was written, costs more than it saves.
        plain = Mode(linker="py", optimizer=None)
        with pytensor.config.change_flags(traceback__limit=0):
            model = build_model(data)
            self.names = [model.values_to_rvs[value].name for value in model.value_vars]
            density = model.logp()
            outputs = [density, *pt.grad(density, model.value_vars)]
            self.function = pytensor.function(model.value_vars, outputs, mode=plain)
        self.sizes = [len(data.regions), len(data.column_names)]

    def __call__(
        self, theta: np.ndarray, linear: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """Value; gradient by the sampled parameters, and by the linear terms."""
        point, start = {}, 0
        for name, (first, last) in self.layout.places.items():
            known = "peak_share" if name == "peak" else name
            point[known] = theta[first:last].reshape(self.layout.shapes[name])
        for name, size in zip(LINEAR, self.sizes, strict=True):
            point[name] = linear[start : start + size]
            start += size
        value, *slopes = self.function(*(point[name] for name in self.names))
        parts = {name: np.ravel(slope) for name, slope in zip(self.names, slopes, strict=True)}
        inner = np.empty(self.layout.known)
        for name, (first, last) in self.layout.places.items():
            inner[first:last] = parts["peak_share" if name == "peak" else name]
        return float(value), inner, np.concatenate([parts[name] for name in LINEAR])

    def integrated(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log density with the linear terms integrated out, and its gradient.

        Both are exact: the log density is quadratic in the linear terms, so its
        Hessian comes from differences of gradients, and the mean of a quadratic
        function over a normal law from symmetric points on its axes.
        """
        size = sum(self.sizes)
        slope = self(theta, np.zeros(size))[2]
        hessian = np.stack([self(theta, step)[2] - slope for step in np.eye(size)])
        precision = -(hessian + hessian.T) / 2
        mode = np.linalg.solve(precision, slope)
        value = self(theta, mode)[0]
        value += size / 2 * np.log(2 * np.pi) - np.linalg.slogdet(precision)[1] / 2
        axes = np.sqrt(size) * np.linalg.cholesky(np.linalg.inv(precision)).T
        points = [mode + sign * axis for axis in axes for sign in (1, -1)]
        return value, np.mean([self(theta, p)[1] for p in points], axis=0)


def test_every_form_occurs_here() -> None:
    """One that is added to the formulas alone would be computed as another in compiled code."""
    data = mixed_data()
    assert set(data.adstock) == set(ADSTOCKS)
    assert set(data.saturation) == set(SATURATIONS)


@pytest.mark.parametrize("name", CASES)
def test_is_the_pymc_model_with_linear_terms_integrated_out(name: str) -> None:
    data = CASES[name]
    joint = Joint(data)
    first, second = at_random(data, 1), at_random(data, 2)
    value, gradient = density(data, first)
    expected, expected_gradient = joint.integrated(first)
    np.testing.assert_allclose(
        gradient, expected_gradient, rtol=1e-6, atol=1e-6 * np.abs(gradient).max()
    )
    # The compiled one leaves out constants, so differences are compared.
    other = density(data, second)[0] - joint.integrated(second)[0]
    assert value - expected == pytest.approx(other, abs=1e-6)


@pytest.mark.parametrize("name", SAMPLED)
def test_is_the_pymc_model_with_linear_terms_sampled(name: str) -> None:
    data = SAMPLED[name]
    joint, whitening = Joint(data), layout_of(data).whitening
    assert whitening is not None

    def terms(z: np.ndarray, roi: np.ndarray) -> np.ndarray:
        named = whitening.name(z, roi)
        return np.concatenate([named["level"], named["slope_of"]])

    known, returns = layout_of(data).known, slice(*layout_of(data).places["roi"])
    none = np.zeros(returns.stop - returns.start)
    start = terms(np.zeros(len(whitening.origin)), none)
    slopes = [terms(axis, none) - start for axis in np.eye(len(whitening.origin))]
    by_return = [terms(0 * whitening.origin, axis) - start for axis in np.eye(len(none))]
    offsets = []
    for seed in (1, 2):
        theta = at_random(data, seed)
        value, gradient = density(data, theta)
        roi = np.exp(theta[returns])
        expected, inner, by_terms = joint(theta, terms(theta[known:], roi))
        inner[returns] += roi * (np.stack(by_return) @ by_terms)
        np.testing.assert_allclose(
            gradient,
            np.concatenate([inner, np.stack(slopes) @ by_terms]),
            rtol=1e-6,
            atol=1e-8 * np.abs(gradient).max(),
        )
        offsets.append(value - expected)
    assert offsets[0] == pytest.approx(offsets[1], abs=1e-6)


@pytest.mark.parametrize("name", SAMPLED)
def test_levels_give_way_to_what_media_cause(name: str) -> None:
    # The data fix the outcome's mean: a level that stayed would have to follow every return.
    data = SAMPLED[name]
    whitening = layout_of(data).whitening
    assert whitening is not None
    z, roi = np.ones(len(whitening.origin)), np.linspace(0.5, 2.0, len(data.channels))
    caused = float(roi @ data.seen_spend / data.seen_total)
    once, twice = (whitening.name(z, factor * roi)["level"] for factor in (1, 2))
    np.testing.assert_allclose(once - twice, caused)


@pytest.mark.parametrize("name", CASES)
def test_gradient_is_that_of_its_own_value(name: str) -> None:
    data = CASES[name]
    theta, step = at_random(data, 3), 1e-5
    gradient = density(data, theta)[1]
    differences = [
        (density(data, theta + step * axis)[0] - density(data, theta - step * axis)[0]) / (2 * step)
        for axis in np.eye(theta.size)
    ]
    np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=1e-6 * np.abs(gradient).max())


def test_extreme_points_are_refused_not_wrong() -> None:
    data = CASES["national"]
    theta = at_random(data, 4)
    theta[layout_of(data).places["sigma"][0]] = -800.0
    value, gradient = density(data, theta)
    assert not (np.isfinite(value) and np.isfinite(gradient).all())
