"""R2: flat weeks by hand, and channels that cannot be told apart."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Status
from mmmlib.params import Params
from mmmlib.readiness.variation import (
    check_separation,
    check_variation,
    flat_weeks,
    separation_table,
    variation_table,
)
from mmmlib.readiness.verdict import Verdict
from tests.fakes import fake_panel, fake_params

WEEKS = 104


def with_spend(params: Params, **spend: Any) -> Panel:
    """A panel in which some channels' spend is as given, one value a week."""
    panel = fake_panel(params, weeks=WEEKS)
    frame = panel.frame.copy()
    for name, values in spend.items():
        frame[f"spend:{name}"] = values
    return dataclasses.replace(panel, frame=frame)


def varied(flat: int, level: float = 100.0) -> np.ndarray:
    """Weeks of which the last ``flat`` are at a level, and the others far from theirs."""
    values = np.full(WEEKS, level)
    moving = np.arange(WEEKS - flat)
    values[: WEEKS - flat] = np.array([30.0, 100.0, 190.0])[moving % 3]
    return values


def test_flat_weeks_by_hand() -> None:
    level, flat = flat_weeks(np.array([[0, 90, 100, 110, 111, 89, 0.0]]), 0.10)
    assert level.tolist() == [[100] * 7]
    assert flat.tolist() == [[False, True, True, True, False, False, False]]


def test_weeks_of_a_channel_that_does_not_run_at_all_are_flat() -> None:
    level, flat = flat_weeks(np.zeros((2, 5)), 0.10)
    assert not level.any()
    assert flat.all()


def share_of_flat_weeks(spend: np.ndarray) -> float:
    return float(flat_weeks(spend, 0.10)[1].mean())


def test_two_flat_levels_with_one_step_are_flat() -> None:
    weeks = np.arange(156)
    rng = np.random.default_rng(3)
    hardly = np.exp(rng.normal(0, 0.02, 156))
    assert share_of_flat_weeks(np.where(weeks < 78, 100.0, 160.0) * hardly) > 0.9
    promoted = np.where(weeks % 13 == 5, 300.0, 100.0) * hardly
    assert share_of_flat_weeks(promoted) == pytest.approx(12 / 13)
    assert share_of_flat_weeks(np.where(weeks < 100, 100.0, 0.0) * hardly) > 0.9  # it ended
    assert share_of_flat_weeks((100 + weeks) * hardly) > 0.9  # a slow trend
    for length in (6, 13):  # levels that alternate are contrast
        steps = np.where(weeks // length % 2, 160.0, 100.0)
        assert share_of_flat_weeks(steps * hardly) < 0.2


@pytest.mark.parametrize(
    ("flat", "verdict"),
    [
        (0, Verdict.READY),
        (30, Verdict.READY),  # and a third of the varied weeks are at their level
        (52, Verdict.CAVEATS),
        (80, Verdict.NOT_READY),
        (104, Verdict.NOT_READY),
    ],
)
def test_the_share_of_flat_weeks_decides(flat: int, verdict: Verdict) -> None:
    params = fake_params()
    panel = with_spend(params, search=varied(flat))
    share = variation_table(panel, params).loc["search", "flat_share"]
    assert share == pytest.approx((flat + (WEEKS - flat) / 3) / WEEKS, abs=0.02)
    judged = {
        (item.finding.check, item.finding.subject): item for item in check_variation(panel, params)
    }
    item = judged["readiness.variation", "search"]
    assert item.verdict is verdict
    assert (item.finding.status is Status.OK) == (verdict is Verdict.READY)


def test_two_varied_years_and_a_flat_one_are_ready() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=156)
    spend = panel.frame["spend:search"].to_numpy(copy=True)
    spend[104:] = np.median(spend)
    panel = dataclasses.replace(panel, frame=panel.frame.assign(**{"spend:search": spend}))
    items = [i for i in check_variation(panel, params) if i.finding.subject == "search"]
    assert {item.verdict for item in items} == {Verdict.READY}
    assert "100 % of the last year" in items[0].finding.message.replace("\u00a0", " ")


def test_being_off_is_contrast_and_not_flat() -> None:
    params = fake_params()
    bursts = np.where(np.arange(WEEKS) % 4 == 0, 500.0, 0.0)
    row = variation_table(with_spend(params, search=bursts), params).loc["search"]
    assert row["flat_share"] == pytest.approx(26 / 104)
    assert row["active_weeks"] == 13
    assert row["level"] == 500


@pytest.mark.parametrize(
    ("active", "verdict"),
    [(0, Verdict.NOT_READY), (1, Verdict.CAVEATS), (5, Verdict.CAVEATS), (6, Verdict.READY)],
)
def test_weeks_with_spend_in_the_last_year(active: int, verdict: Verdict) -> None:
    params = fake_params(readiness={"flat_warn": 0.9, "flat_limit": 0.95})
    spend = varied(0)
    spend[-52:] = 0
    spend[WEEKS - 52 : WEEKS - 52 + active] = 100
    items = [
        item
        for item in check_variation(with_spend(params, search=spend), params)
        if item.finding.subject == "search"
    ]
    assert max(items, key=lambda item: list(Verdict).index(item.verdict)).verdict is verdict


def test_a_channel_that_is_flat_in_every_region_is_flat_whatever_their_sum_does() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=WEEKS, regions=("north", "south"))
    frame = panel.frame.copy()
    frame.loc[frame["region"] == "north", "spend:search"] = 100.0
    frame.loc[frame["region"] == "south", "spend:search"] = 900.0
    row = variation_table(dataclasses.replace(panel, frame=frame), params).loc["search"]
    assert row["flat_share"] == pytest.approx(1)
    assert row["level"] == 1000
    # One flat region of nine tenths of the spend makes the channel nine tenths flat.
    moving = np.where(np.arange(WEEKS) % 2, 20.0, 180.0)
    frame.loc[frame["region"] == "north", "spend:search"] = moving
    row = variation_table(dataclasses.replace(panel, frame=frame), params).loc["search"]
    assert row["flat_share"] == pytest.approx(0.9)


# --- apart from the others ----------------------------------------------------------------


def verdicts(panel: Panel, params: Params, check: str) -> dict[str, Verdict]:
    return {
        item.finding.subject: item.verdict
        for item in check_separation(panel, params)
        if item.finding.check == check
    }


def test_independent_channels_are_told_apart() -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=WEEKS)
    assert {item.verdict for item in check_separation(panel, params)} == {Verdict.READY}


def test_identical_channels_are_named_and_not_ready() -> None:
    params = fake_params()
    spend = fake_panel(params, weeks=WEEKS).frame["spend:search"]
    panel = with_spend(params, social=3 * spend)
    table = separation_table(panel, params)
    assert table.loc["social", "like"] == "search"
    assert table.loc["social", "correlation"] == pytest.approx(1)
    assert table.loc["social", "own_share"] == pytest.approx(0, abs=1e-9)
    found = verdicts(panel, params, "readiness.collinearity")
    assert found == {
        "search": Verdict.NOT_READY,
        "social": Verdict.NOT_READY,
        "video": Verdict.READY,
        "events": Verdict.READY,
    }


def test_a_mirror_image_is_as_bad_as_a_copy() -> None:
    params = fake_params()
    spend = fake_panel(params, weeks=WEEKS).frame["spend:search"]
    panel = with_spend(params, social=spend.max() - spend)
    assert verdicts(panel, params, "readiness.collinearity")["social"] is Verdict.NOT_READY


def test_a_near_copy_is_a_caveat() -> None:
    params = fake_params()
    spend = fake_panel(params, weeks=WEEKS).frame["spend:search"].to_numpy()
    rng = np.random.default_rng(3)
    mixed = spend + rng.uniform(0, 1.2 * spend.std(), WEEKS) * 1.5
    panel = with_spend(params, social=mixed)
    correlation = separation_table(panel, params).loc["social", "correlation"]
    assert 0.8 < correlation < 0.98
    assert verdicts(panel, params, "readiness.collinearity")["social"] is Verdict.CAVEATS


def test_a_sum_of_two_others_has_nothing_of_its_own() -> None:
    params = fake_params()
    frame = fake_panel(params, weeks=WEEKS).frame
    both = frame["spend:search"] / frame["spend:search"].std()
    both = both + frame["spend:social"] / frame["spend:social"].std()
    panel = with_spend(params, video=both)
    found = verdicts(panel, params, "readiness.own_variation")
    assert found["video"] is Verdict.CAVEATS
    assert separation_table(panel, params).loc["video", "own_share"] < 1e-6


def test_a_channel_that_follows_the_season_has_little_of_its_own() -> None:
    params = fake_params()
    wave = 100 + 50 * np.sin(2 * np.pi * np.arange(WEEKS) / 52.1775)
    panel = with_spend(params, video=wave)
    assert separation_table(panel, params).loc["video", "own_share"] < 0.01


def test_a_constant_channel_did_not_run_and_does_not_pass() -> None:
    params = fake_params()
    panel = with_spend(params, video=0.1)
    items = [i for i in check_separation(panel, params) if i.finding.subject == "video"]
    assert {i.finding.status for i in items} == {Status.NOT_RUN}
    assert {i.verdict for i in items} == {Verdict.NOT_READY}
    # And nobody else's.
    assert "video" not in set(separation_table(panel, params)["like"])


def test_exposure_is_looked_at_where_the_response_follows_it() -> None:
    channels = {
        name: {"spend": f"{name}_spend", "exposure": f"{name}_views"}
        for name in ("search", "social")
    }
    params = fake_params(channels=channels, key_questions=[])
    panel = fake_panel(params, weeks=WEEKS)
    frame = panel.frame.copy()
    frame["exposure:search"] = frame["exposure:social"] = frame["spend:search"]
    table = separation_table(dataclasses.replace(panel, frame=frame), params)
    assert table["correlation"].to_numpy() == pytest.approx([1, 1])


def test_a_single_channel_moves_like_no_other() -> None:
    params = fake_params(channels={"search": {"spend": "x"}})
    items = list(check_separation(fake_panel(params, weeks=WEEKS), params))
    assert [item.finding.check for item in items] == ["readiness.own_variation"]
