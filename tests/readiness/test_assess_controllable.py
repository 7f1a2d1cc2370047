"""R3: the paid share of the top of the funnel."""

from __future__ import annotations

import dataclasses

import pytest

from mmmlib.findings import Finding, Level, Status
from mmmlib.readiness.assess import check_controllable
from tests.fakes import fake_panel, fake_params


def controllable(paid: float, everything: float, **limits: float) -> Finding:
    params = fake_params(readiness=limits)
    panel = fake_panel(params, regions=("north", "south"))
    frame = panel.frame.assign(**{"funnel:all": everything, "funnel:paid": paid})
    # What was before the last year does not count.
    frame.loc[frame["week"] < panel.weeks[-52], "funnel:paid"] = 0.0
    return check_controllable(dataclasses.replace(panel, frame=frame), params)


@pytest.mark.parametrize(
    ("paid", "level"),
    [
        (10, Level.BLOCK),
        (19, Level.BLOCK),
        (20, Level.WARN),
        (29, Level.WARN),
        (30, Level.INFO),
        (100, Level.INFO),
    ],
)
def test_the_share_decides(paid: float, level: Level) -> None:
    finding = controllable(paid, 100)
    assert finding.level is level
    assert finding.value == pytest.approx(paid / 100)
    assert f"{paid} %" in finding.message


def test_limits_come_from_the_parameters() -> None:
    assert controllable(10, 100, controllable_limit=0.05, controllable_warn=0.08).status is (
        Status.OK
    )


@pytest.mark.parametrize(("paid", "everything"), [(110, 100), (0, 0)])
def test_columns_that_cannot_be_right_block(paid: float, everything: float) -> None:
    finding = controllable(paid, everything)
    assert (finding.level, finding.status) == (Level.BLOCK, Status.FLAG)
    assert "not a part of" in finding.message


def test_not_declared_says_so() -> None:
    params = fake_params()
    finding = check_controllable(fake_panel(params), params)
    assert (finding.status, finding.level) == (Status.NOT_RUN, Level.INFO)
    assert "top_of_funnel" in finding.action
