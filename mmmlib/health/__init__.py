"""May this fit be trusted?

:data:`CHECKS` names every question that is put to a model, in the order in which
they are asked. Each leaves at least one finding per model, whatever happens: a
check that could not run says so.

The subject of a finding is the model (``revenue.pooled``), or the model and one
of its channels (``revenue.pooled/search``).
"""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "health.rhat": "Chains agree (R-hat)",
    "health.ess_bulk": "Effective draws, centre",
    "health.ess_tail": "Effective draws, tails",
    "health.divergences": "Divergent steps",
    "health.bfmi": "Energy exploration (E-BFMI)",
    "health.coverage_50": "Weeks inside the 50 % band",
    "health.coverage_90": "Weeks inside the 90 % band",
    "health.autocorrelation": "Errors of neighbouring weeks",
    "health.holdout_error": "Error on weeks not seen",
    "health.holdout_coverage": "Unseen weeks inside the 90 % band",
    "health.holdout_skill": "Better than last year repeated",
    "health.negative_baseline": "Baseline below zero",
    "health.flat_baseline": "Baseline moves at all",
    "health.prior_shrinkage": "What the data added to the prior",
    "health.high_return": "Return too high to believe",
    "health.media_share": "Share explained by all channels",
    "health.unseen_demand": "Spend that follows demand",
    "health.lift_tests": "Lift tests and the model",
}
"""Every check and its name for people."""

REQUIRED_CHECKS: tuple[str, ...] = tuple(CHECKS)
"""Checks that must have run on every model; one that did not, blocks."""
