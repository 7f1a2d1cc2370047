from __future__ import annotations

import math

import pytest

from mmmlib.findings import Level, Status
from mmmlib.params.limits import ComparisonParams
from mmmlib.refresh.comparison import Movement
from mmmlib.refresh.drift import detail_finding, is_severe, movement_findings, rank_finding
from mmmlib.refresh.movement import relative_change
from tests.refresh.test_movement import estimate

LIMITS = ComparisonParams()


def moved(
    channel: str = "search",
    before: float = 1.0,
    after: float = 1.0,
    beyond_noise: bool = True,
    quantity: str = "roi",
    ranks: tuple[int, int] = (1, 1),
) -> Movement:
    return Movement(
        model="revenue.pooled",
        channel=channel,
        quantity=quantity,  # type: ignore[arg-type]
        before=estimate(before - 0.1, before + 0.1),
        after=estimate(after - 0.1, after + 0.1),
        change=relative_change(before, after),
        beyond_noise=beyond_noise,
        factor=math.exp(abs(math.log(after / before))) if after * before > 0 else math.nan,
        limit=1.15 if beyond_noise else 100.0,
        rank_before=ranks[0],
        rank_after=ranks[1],
    )


@pytest.mark.parametrize(
    ("after", "beyond_noise", "explained", "level"),
    [
        (1.1, True, False, Level.INFO),  # small, however sure
        (1.8, False, False, Level.INFO),  # large, but noise
        (1.8, True, False, Level.WARN),
        (0.6, True, False, Level.WARN),
        (2.5, True, True, Level.WARN),  # severe, and something explains it
        (2.5, True, False, Level.BLOCK),
        (0.4, True, False, Level.BLOCK),
        (-0.5, True, False, Level.BLOCK),
    ],
)
def test_movements_are_graded(
    after: float, beyond_noise: bool, explained: bool, level: Level
) -> None:
    movement = moved(after=after, beyond_noise=beyond_noise)
    found = movement_findings([movement], LIMITS, explained={"search"} if explained else set())
    finding = found[0]
    assert finding.level is level
    assert finding.subject == "revenue.pooled/search"
    assert finding.value == (pytest.approx(max(after, 1 / after)) if after > 0 else "from zero")
    assert ("Neither" in finding.message) is (level is Level.BLOCK)


def test_a_movement_from_zero_is_not_calm() -> None:
    movement = moved(before=0.0, after=1.0)
    assert math.isnan(movement.change)
    finding, _ = movement_findings([movement], LIMITS, explained={"search"})
    assert finding.level is Level.WARN
    assert "from zero" in finding.message


def test_a_contribution_speaks_where_the_return_stayed() -> None:
    pair = [moved(), moved(after=1.8, quantity="contribution")]
    finding, _ = movement_findings(pair, LIMITS, explained=())
    assert finding.level is Level.WARN
    assert "contribution" in finding.message


def test_a_range_three_times_as_wide_has_a_row_of_its_own() -> None:
    movement = moved(beyond_noise=False).model_copy(update={"after": estimate(0.6, 1.4)})
    calm, wide = movement_findings([movement], LIMITS, explained=())
    assert (calm.status, wide.status) == (Status.OK, Status.FLAG)
    assert wide.value == pytest.approx(4.0)


def test_a_movement_of_a_run_that_kept_no_limit_is_not_calm() -> None:
    movement = moved().model_copy(update={"factor": None, "limit": None})
    assert movement_findings([movement], LIMITS, explained={"search"})[0].level is Level.WARN


def test_both_ranges_are_in_the_message() -> None:
    finding, _ = movement_findings([moved(after=1.8)], LIMITS, explained=())
    assert finding.message.count("90") == 2


def test_severity_is_a_factor_up_or_down() -> None:
    assert is_severe(moved(after=2.01), LIMITS)
    assert is_severe(moved(after=0.49), LIMITS)
    assert not is_severe(moved(after=1.99), LIMITS)
    assert not is_severe(moved(after=0.51), LIMITS)


def test_places_changed_by_noise_pass_and_by_more_are_flagged() -> None:
    for beyond_noise, status in ((False, Status.OK), (True, Status.FLAG)):
        pair = [
            moved("search", 2.0, 1.0, beyond_noise, ranks=(1, 2)),
            moved("video", 1.5, 1.5, False, ranks=(2, 1)),
        ]
        finding = rank_finding("revenue.pooled", pair, str.title)
        assert finding.status is status
        assert "Video now ahead of Search" in finding.message


def test_an_unchanged_order_passes() -> None:
    pair = [moved("search", ranks=(1, 1)), moved("video", ranks=(2, 2))]
    assert rank_finding("revenue.pooled", pair, str.title).value == 0.0


def test_what_lies_behind_returns_warns_with_the_furthest() -> None:
    calm = moved(after=1.1, beyond_noise=False, quantity="half_life")
    ok = detail_finding("revenue.pooled", [calm], str.title)
    assert ok.status is Status.OK
    assert ok.message.startswith("None of 1 returns of the next money and half-lives moved")
    far, further = (moved("video", after=x, quantity="marginal_roi") for x in (1.5, 2.0))
    flagged = detail_finding("revenue.pooled", [calm, far, further], str.title)
    assert (flagged.level, flagged.value) == (Level.WARN, 2.0)
    assert "The furthest: return of the next money of Video, " in flagged.message
    unknown = moved(after=0.0).model_copy(update={"factor": math.nan})
    assert detail_finding("revenue.pooled", [unknown], str.title).status is Status.FLAG
