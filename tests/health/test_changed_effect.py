"""An effect that changed in the newest weeks is seen where the data allow, and seldom else."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import FindingList, Status
from mmmlib.health.changed_effect import check_changed_effect, effect_changes
from mmmlib.params.limits import HealthParams
from mmmlib.readiness.verdict import Readiness
from mmmlib.scenarios.evidence import channel_evidence
from tests.health.test_residuals import errors

LIMITS = HealthParams()
WEEKS, MODEL = 182, "revenue.pooled"


def company(seed: int, changed: float = 0.0, noise: float = 0.8, weeks: int = WEEKS) -> xr.Dataset:
    """Two channels of ten of a hundred each; the first one's effect changes a year before the end."""
    rng = np.random.default_rng(seed)
    media = 10 * np.exp(rng.normal(0, 0.5, (2, weeks)))
    truth = media.copy()
    truth[0, -52:] *= 1 + changed
    wander = noise * errors(0.6, 5_000 + seed, weeks)[0]
    season = 3 * np.sin(np.arange(weeks) / 52.18 * 2 * np.pi)
    return xr.Dataset(
        {
            "observed": ("week", 80 + season + wander + truth.sum(0)),
            "baseline_part": (
                ("draw", "component", "week"),
                np.stack([np.full(weeks, 80.0), season])[None],
            ),
            "contribution": (("draw", "channel", "week"), media[None]),
            "in_sample": ("week", np.ones(weeks, dtype=bool)),
        },
        coords={"channel": ["search", "video"], "component": ["trend", "seasonality"]},
        attrs={"model": MODEL},
    )


def flagged(effects: xr.Dataset) -> set[str]:
    found = check_changed_effect(effects, LIMITS)
    return {f.subject.partition("/")[2] for f in found if f.status is not Status.OK}


def test_a_halved_effect_is_seen_and_a_stable_one_is_not() -> None:
    """Effects were static, and compared on the weeks before the change only."""
    halved = [flagged(company(seed, -0.5)) for seed in range(60)]
    assert sum("search" in one for one in halved) >= 57
    assert sum("video" in one for one in halved) <= 8
    stable = [flagged(company(seed)) for seed in range(60)]
    assert sum(map(bool, stable)) <= 3
    # In twenty times the noise nobody could see it, and the message says so.
    loud = company(1, -0.5, noise=16.0)
    assert not flagged(loud)
    assert "would mostly be seen" in check_changed_effect(loud, LIMITS)[0].message


def test_the_change_is_measured() -> None:
    changes = [effect_changes(company(seed, -0.5))["search"] for seed in range(30)]
    assert {one.weeks for one in changes} == {52}
    assert np.median([one.share for one in changes]) == pytest.approx(-0.5, abs=0.05)
    spread = np.std([one.share for one in changes])
    assert 0.4 < spread / np.mean([one.error for one in changes]) < 1.4  # rather too careful


def test_a_channel_whose_effect_changed_is_not_safe_to_act_on() -> None:
    health = FindingList(findings=tuple(check_changed_effect(company(2, -0.5), LIMITS)))
    ready = Readiness(overall="ready", channels={"search": "ready", "video": "ready"}, findings=())
    doubts = {name: channel_evidence(name, MODEL, ready, health).doubts for name in ready.channels}
    assert "% lower than in those before" in doubts["search"][0]
    assert doubts["video"] == ()


def test_too_few_weeks_tell_nothing_and_what_is_no_number_fails() -> None:
    [finding] = check_changed_effect(company(1, -0.5, weeks=70), LIMITS)
    assert finding.status is Status.OK
    assert "too few" in finding.message
    broken = company(1)
    broken["contribution"][:, 0, 5] = np.nan
    found = check_changed_effect(broken, LIMITS)
    assert {f.status for f in found} == {Status.FLAG}
    idle = company(1)
    idle["contribution"][:, 0, -60:] = 0.0
    found = check_changed_effect(idle, LIMITS)
    assert "no change could be seen" in found[0].message
    assert found[0].status is Status.OK
