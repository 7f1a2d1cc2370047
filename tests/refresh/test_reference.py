from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmmlib.estimates import Estimate
from mmmlib.findings import Status
from mmmlib.params.limits import ComparisonParams
from mmmlib.refresh.comparison import Movement
from mmmlib.refresh.drift import movement_findings
from mmmlib.refresh.reference import Reference, reference, shared_shift
from tests.refresh.test_movement import estimate


def held(before: Estimate, after: Estimate, new: float = 0.1, **options: float) -> Reference:
    return reference(
        before, after, new, **({"max_shift": 3.0, "least": 0.0, "spread": 1.0} | options)
    )


def posterior(mean: float, weeks: int, rng: np.random.Generator) -> Estimate:
    """Posterior of the logarithm of a return, known from unit-noise weeks alone."""
    return Estimate.from_draws(np.exp((mean + rng.normal(size=2000) / math.sqrt(weeks)) / 2))


def alarm_rate(old: int, new: int, shift: float = 0.0, max_shift: float = 2.0) -> float:
    """Share of pairs beyond the limit; the newer one has seen the older one's weeks, and more.

    ``shift`` is in standard deviations of what the new weeks do in an unchanged world.
    """
    alarms = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        common = rng.normal(size=old).sum()
        before = common / old
        after = (common + rng.normal(size=new - old).sum()) / new
        after += shift * math.sqrt(1 / old - 1 / new)
        pair = posterior(before, old, rng), posterior(after, new, rng)
        alarms += held(*pair, 1 - old / new, max_shift=max_shift).beyond
    return alarms / 400


def test_an_unchanged_world_is_beyond_two_deviations_as_often_as_a_normal() -> None:
    """The overlap of ranges, which was asked before, spoke up in less than one of a hundred."""
    assert alarm_rate(104, 156) == pytest.approx(0.05, abs=0.03)
    assert alarm_rate(104, 117) == pytest.approx(0.05, abs=0.03)


def test_a_shift_of_four_deviations_is_found_though_ranges_overlap() -> None:
    assert alarm_rate(104, 117, shift=4.0) >= 0.9


def test_the_same_data_leave_only_the_noise_of_the_draws() -> None:
    one = estimate(0.8, 1.25, median=1.0)
    same = held(one, one, new=0.0)
    assert not same.beyond
    assert same.limit < 1.06


def test_a_median_that_left_the_last_range_has_moved_however_wide_the_new_one() -> None:
    assert held(estimate(0.8, 1.2), estimate(0.2, 3.0, median=1.4), max_shift=100.0).beyond
    assert not held(estimate(0.8, 1.2), estimate(0.2, 3.0, median=1.15), max_shift=100.0).beyond


def test_a_movement_of_no_consequence_is_none() -> None:
    pair = estimate(0.99, 1.01), estimate(1.04, 1.06)
    assert held(*pair).beyond
    assert not held(*pair, least=0.1).beyond


def test_numbers_that_are_not_positive_are_held_on_their_own_scale() -> None:
    assert not held(estimate(-2, 1), estimate(-1.8, 1.1), new=0.3).beyond
    assert held(estimate(-2, -1), estimate(1, 2), new=0.3).beyond
    assert held(estimate(-1, 1, median=0.0), estimate(1, 2)).beyond


sizes = st.floats(-50, 50)


@given(
    st.lists(sizes, min_size=3, max_size=3),
    st.lists(sizes, min_size=3, max_size=3),
    st.floats(0, 1),
)
@example([0.0, 2.0, 2.0], [0.0, 5e-324, 1.0], 0.0)
def test_a_row_beyond_its_limit_never_reads_as_passed(
    then: list[float], now: list[float], new: float
) -> None:
    """A level move of −79 % against 25 % was once printed as passed: a second rule let it pass."""
    limits = ComparisonParams()
    before, after = (
        estimate(low, high, median=middle) for low, middle, high in (sorted(then), sorted(now))
    )
    found = reference(before, after, new, max_shift=limits.max_shift, least=limits.large_movement)
    movement = Movement(
        model="revenue.pooled",
        channel="search",
        quantity="roi",
        before=before,
        after=after,
        change=0.0,
        beyond_noise=found.beyond,
        factor=found.factor,
        limit=found.limit,
        rank_before=1,
        rank_after=1,
    )
    for finding in movement_findings([movement], limits, explained=()):
        assert isinstance(finding.limit, float)
        inside = isinstance(finding.value, float) and finding.value <= finding.limit
        assert (finding.status is Status.OK) is inside


def test_a_file_that_has_the_limit_on_overlap_is_still_read() -> None:
    """It decides nothing any more; runs of before it have it in their parameters."""
    assert ComparisonParams.model_validate({"min_overlap": 0.3}) == ComparisonParams()


def test_the_more_numbers_the_further_one_of_them_may_move_by_chance() -> None:
    assert shared_shift(2.5, 1) == pytest.approx(2.5)
    alone, each = (1 - 2 * NormalDist().cdf(-shift) for shift in (2.5, shared_shift(2.5, 40)))
    assert each**40 == pytest.approx(alone)
    assert shared_shift(2.5, 0) == pytest.approx(2.5)
