from __future__ import annotations

import numpy as np
import pytest

from mmmlib.findings import Level, Status
from mmmlib.health.baseline import (
    check_flat_baseline,
    check_negative_baseline,
    negative_probability,
)
from mmmlib.params.limits import HealthParams
from tests.fakes import fake_effects

LIMITS = HealthParams()


def test_a_healthy_baseline_passes() -> None:
    effects = fake_effects()
    assert check_negative_baseline(effects, LIMITS)[0].status is Status.OK
    assert check_flat_baseline(effects, LIMITS)[0].status is Status.OK


def test_the_probability_is_counted_over_draws() -> None:
    effects = fake_effects(draws=100)
    parts = np.zeros((100, 2, 104), dtype="float32")
    parts[:, 0] = 1.0
    parts[:30, 1, 5] = -2.0
    effects["baseline_part"] = (("draw", "component", "week"), parts)
    weekly = negative_probability(effects)
    assert float(weekly[5]) == pytest.approx(0.3)
    assert float(weekly.sum()) == pytest.approx(0.3)


def shifted(share_below: float) -> object:
    effects = fake_effects(draws=1000)
    parts = np.ones((1000, 2, 104), dtype="float32")
    rows = np.random.default_rng(0).permutation(1000)[: round(1000 * share_below)]
    parts[rows] = -1.0
    effects["baseline_part"] = (("draw", "component", "week"), parts)
    return effects


@pytest.mark.parametrize(
    ("share", "level"),
    [(0.03, Level.INFO), (0.04, Level.WARN), (0.2, Level.WARN), (0.6, Level.BLOCK)],
)
def test_negative_baselines_are_graded(share: float, level: Level) -> None:
    finding = check_negative_baseline(shifted(share), LIMITS)[0]
    assert finding.level is level
    assert finding.value == pytest.approx(share)


def test_a_baseline_that_is_not_a_number_blocks() -> None:
    effects = fake_effects()
    effects["baseline_part"][0, 0, 3] = np.nan
    assert check_negative_baseline(effects, LIMITS)[0].level is Level.BLOCK
    assert check_flat_baseline(effects * np.nan, LIMITS)[0].status is Status.FLAG


def test_a_flat_baseline_under_a_moving_outcome_is_flagged() -> None:
    effects = fake_effects()
    effects["baseline_part"] = effects["baseline_part"] * 0 + 1e5
    finding = check_flat_baseline(effects, LIMITS)[0]
    assert finding.level is Level.WARN
    assert finding.value == pytest.approx(0, abs=1e-6)
