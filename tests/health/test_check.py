from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from mmmlib.findings import Finding, Level, Status, worst
from mmmlib.governance.policy import read_policy
from mmmlib.health import REQUIRED_CHECKS
from mmmlib.health.check import add_holdout, check_fit
from mmmlib.params.limits import HealthParams
from mmmlib.refresh import required_checks
from tests.fakes import fake_effects
from tests.health.test_convergence import tree

LIMITS = HealthParams()


def names(findings: object) -> list[str]:
    return list(dict.fromkeys(finding.check for finding in findings))  # type: ignore[attr-defined]


def check_model(
    effects: xr.Dataset,
    limits: HealthParams,
    *,
    posterior: xr.DataTree | None,
    holdout: xr.Dataset | None,
) -> list[Finding]:
    findings = check_fit(effects, limits, posterior=posterior)
    return add_holdout(findings, str(effects.attrs["model"]), holdout, limits)


def test_every_required_check_runs_and_in_order() -> None:
    findings = check_model(
        fake_effects(), LIMITS, posterior=tree(), holdout=fake_effects(holdout_weeks=8)
    )
    assert names(findings) == list(REQUIRED_CHECKS)
    assert not [finding for finding in findings if finding.status is Status.NOT_RUN]


def test_after_non_convergence_the_rest_says_why_it_was_not_run() -> None:
    sigma = np.random.default_rng(1).normal(size=(4, 500)) + 5 * np.arange(4)[:, None]
    findings = check_model(
        fake_effects(),
        LIMITS,
        posterior=tree(sigma=sigma),
        holdout=fake_effects(holdout_weeks=8),
    )
    assert names(findings) == list(REQUIRED_CHECKS)
    rest = [finding for finding in findings if finding.check == "health.media_share"]
    assert rest[0].status is Status.NOT_RUN
    assert "health.rhat" in rest[0].message
    assert worst(findings) is Level.BLOCK


def test_without_chains_and_holdout_every_check_still_leaves_a_finding() -> None:
    findings = check_model(fake_effects(), LIMITS, posterior=None, holdout=None)
    assert names(findings) == list(REQUIRED_CHECKS)
    assert {finding.status for finding in findings} == {Status.NOT_RUN}
    assert {finding.subject for finding in findings} == {"revenue.pooled"}


def test_without_a_holdout_only_those_checks_block() -> None:
    findings = check_model(fake_effects(), LIMITS, posterior=tree(), holdout=None)
    blocked = {finding.check for finding in findings if finding.level is Level.BLOCK}
    assert blocked == {
        "health.holdout_error",
        "health.holdout_coverage",
        "health.holdout_skill",
        "health.holdout_channels",
    }


def test_the_policy_requires_every_check_of_health_and_refresh() -> None:
    policy = read_policy(Path(__file__).parents[2] / "params" / "governance" / "policy.yaml")
    required = {one.check for one in policy.required}
    assert set(REQUIRED_CHECKS) <= required
    assert set(required_checks("a parent")) <= required
