"""All checks on one model, in order (H2)."""

from __future__ import annotations

from collections.abc import Callable

import xarray as xr

from mmmlib.findings import Finding, Level, not_run, worst
from mmmlib.health import REQUIRED_CHECKS
from mmmlib.health.baseline import check_flat_baseline, check_negative_baseline
from mmmlib.health.changed_effect import check_changed_effect
from mmmlib.health.convergence import check_convergence
from mmmlib.health.demand import check_common_spend, check_demand
from mmmlib.health.holdout import NoHoldout, check_holdout
from mmmlib.health.learning import check_conflict, check_shrinkage
from mmmlib.health.lift import check_lift_tests
from mmmlib.health.odd_weeks import check_odd_weeks
from mmmlib.health.plausibility import check_apart, check_media_share, check_returns, check_to_come
from mmmlib.health.predictive import check_coverage
from mmmlib.health.prior_sensitivity import check_prior_sensitivity
from mmmlib.health.residuals import check_autocorrelation
from mmmlib.params.limits import HealthParams

EFFECTS_CHECKS: tuple[Callable[[xr.Dataset, HealthParams], list[Finding]], ...] = (
    check_coverage,
    check_autocorrelation,
    check_negative_baseline,
    check_flat_baseline,
    check_shrinkage,
    check_conflict,
    check_to_come,
    check_prior_sensitivity,
    check_returns,
    check_apart,
    check_media_share,
    check_demand,
    check_common_spend,
    check_changed_effect,
    check_odd_weeks,
)


def check_fit(
    effects: xr.Dataset,
    limits: HealthParams,
    *,
    posterior: xr.DataTree | None,
    uncalibrated: xr.Dataset | None = None,
) -> list[Finding]:
    """Put those checks to a model that need no holdout.

    Where the chains have not converged, no other check is run, those with a holdout included: any
    number read off such a fit would mislead.

    Parameters
    ----------
    posterior
        The sampler's draws by chain, with its statistics; None where there are none.
    uncalibrated
        Effects of the fit without lift tests; None where it was not made.
    """
    model = str(effects.attrs["model"])
    findings = check_convergence(model, posterior, limits)
    if worst(findings) is Level.BLOCK:
        return findings + not_converged(model, findings)
    for check in EFFECTS_CHECKS:
        findings = findings + check(effects, limits)
    return findings + check_lift_tests(effects, uncalibrated, limits)


def add_holdout(
    findings: list[Finding],
    model: str,
    holdout: xr.Dataset | None,
    limits: HealthParams,
    no_holdout: NoHoldout | None = None,
) -> list[Finding]:
    """Add the checks with a holdout to the findings of :func:`check_fit`.

    All of them come in the order of ``REQUIRED_CHECKS``. ``holdout`` has the effects of the fit
    without the last weeks; None, and ``no_holdout`` says why, where it was not made.
    """
    done = {finding.check for finding in findings}
    more = check_holdout(model, holdout, limits, no_holdout)
    findings = findings + [finding for finding in more if finding.check not in done]
    return sorted(findings, key=lambda finding: REQUIRED_CHECKS.index(finding.check))


def not_converged(model: str, findings: list[Finding]) -> list[Finding]:
    """Say for every check that is not in ``findings`` that it was not run, and why."""
    blocking = ", ".join(sorted({f.check for f in findings if f.level is Level.BLOCK}))
    why = f"Not run, because the fit is not known to have converged ({blocking})."
    done = {finding.check for finding in findings}
    return [
        not_run(check, model, why, action="See to the convergence first.")
        for check in REQUIRED_CHECKS
        if check not in done
    ]
