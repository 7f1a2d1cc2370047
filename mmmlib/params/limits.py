"""Limits of the checks on readiness, health and comparability."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from mmmlib.params.section import Name, Positive, Section, Share

LEAST_HOLDOUT = 4
"""Weeks; a shorter holdout says nothing about how well a model predicts."""


class _Limits(Section):
    """Limits of which some are not asked for any more: they may stand in a file or a run, and do nothing."""

    _old_keys: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _without_old_keys(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {key: value for key, value in given.items() if key not in cls._old_keys}
        return given


class ReadinessParams(Section):
    """Limits of R1 to R3."""

    min_weeks: Annotated[int, Field(ge=26, le=5200)] = 78
    """Fewest weeks of history."""
    sales_cycle_weeks: Annotated[int, Field(ge=0, le=520)] = 0
    """Declared length of the sales cycle; it is added to ``min_weeks`` and ``caveat_weeks`` (R1)."""
    caveat_weeks: Annotated[int, Field(ge=26, le=5200)] = 104
    """Weeks of history below which everything carries a caveat: a season seen less than twice is
    hardly told from an effect."""
    flat_band: Share = 0.10
    """A week counts as flat when its spend is within this share of the level of the half year
    around it, the mean of the middle half of its weeks with spend (R2). Weeks without spend are contrast, not flat,
    where the channel ran in that half year."""
    flat_warn: Share = 0.6
    flat_limit: Share = 0.8
    """Share of flat weeks from which a channel has caveats (``flat_warn``) or is not ready
    (``flat_limit``)."""
    min_signal: Positive = 1.0
    """How many times as high as the smallest return that could be seen in the outcome's noise the
    highest one that is believed has to be; below, a channel has caveats."""
    min_active_weeks: Annotated[int, Field(ge=1, le=52)] = 6
    """Weeks with spend in the last year below which a channel has caveats."""
    collinear_warn: Share = 0.8
    collinear_limit: Share = 0.98
    """Correlation with another channel from which a channel has caveats (``collinear_warn``) or is not
    ready (``collinear_limit``)."""
    min_own_variation: Share = 0.1
    """Share of a channel's variation that no other channel, control, trend or season explains,
    below which it has caveats (the inverse of the variance inflation factor)."""
    max_zero_outcome: Share = 0.1
    """Largest share of weeks without any outcome."""
    controllable_warn: Share = 0.30
    controllable_limit: Share = 0.20
    """Share of top-of-funnel activity that paid channels must make up (R3)."""
    top_of_funnel: Name | None = None
    """Column that measures all top-of-funnel activity; with ``paid_top_of_funnel`` it gives R3."""
    paid_top_of_funnel: Name | None = None


class HealthParams(_Limits):
    """Limits of the health checks (H1, H2)."""

    _old_keys: ClassVar[frozenset[str]] = frozenset({"max_odd_shift"})

    max_rhat: Annotated[float, Field(gt=1)] = 1.01
    """Largest R-hat: how far the chains may disagree."""
    min_ess: Positive = 400
    """Fewest independent draws that a number rests on."""
    max_divergent_share: Share = 0.001
    """Largest share of draws at which the sampler diverged."""
    min_bfmi: Positive = 0.3
    """Least energy with which chains move between draws."""
    coverage_tolerance: Share = 0.08
    """How far the share of weeks inside the 90 % band may be off 90 %."""
    holdout_weeks: Annotated[int, Field(ge=LEAST_HOLDOUT, le=52)] = 8
    """Weeks at the end that a second fit does not see."""
    max_holdout_error: Positive = 0.20
    """Largest mean absolute error over the holdout, as a share of its mean."""
    min_holdout_coverage: Share = 0.70
    """Least share of held-out weeks inside their 90 % range."""
    min_holdout_skill: Annotated[float, Field(lt=1)] = 0.0
    """Smallest skill on the holdout: one minus the error over that of a seasonal repeat."""
    max_residual_autocorrelation: Share = 0.30
    """Largest correlation between the errors of neighbouring weeks, of either sign, beyond what the
    model expects."""
    max_negative_baseline: Share = 0.05
    """Largest probability that the baseline is below zero in a week, averaged over weeks."""
    min_baseline_movement: Share = 0.05
    """Smallest spread of the baseline over weeks, as a share of the outcome's spread."""
    max_spend_follows_demand: Share = 0.5
    """Largest correlation, of either sign, between a channel's spend and the outcome that the
    channels did not cause; above it, unmeasured demand is likely behind the return."""
    max_common_spend: Share = 0.2
    """Largest correlation of a channel's spend with that of the other channels together, beside trend
    and season; above it, what all budgets follow may be behind its return."""
    max_budgets_in_common: Share = 0.35
    """Largest share of the budgets' mean movement, beside trend, season and what controls measure, that
    is common to them; above it, they follow a demand that nobody measured."""
    min_prior_shrinkage: Share = 0.15
    """Smallest reduction of the prior's spread; below it the data said little about a return."""
    max_prior_distance: Positive = 2.576
    """By how many of the prior's standard deviations a result may lie from the prior's median before
    the two contradict each other; 2.576 is the end of a 99 % range."""
    max_still_to_come: Share = 0.25
    """Share of what a channel's spend brings that may still come after the last week, for its return
    to be judged."""
    max_prior_sensitivity: Positive = 0.25
    """By what share a return's median may move under another reasonable prior; above it, the return
    is more our assumption than the data."""
    placebo: bool = False
    """Whether each model is fitted once more with a channel that cannot have worked (the spend of the
    largest one in shuffled blocks of weeks), to see whether it finds an effect there."""
    max_placebo: Positive = 1.0
    """How high the low end of that channel's 90 % range may be, in units of the middle of its prior."""
    max_effect_change: Positive = 2.9
    """By how many standard errors a channel's effect in its newest weeks may differ from that before."""
    max_plausible_roi: Positive = 10.0
    """Largest return that is believed."""
    max_return_apart: Annotated[float, Field(gt=1)] = 3.0
    """By what factor a channel's return may lie above that of the other channels together; one above
    it is more often high by chance, or by what it has not caused, than high."""
    max_media_share: Share = 0.7
    """Largest plausible share of the outcome that all channels together explain."""
    max_lift_distance: Positive = 1.645
    """By how many standard deviations (of model and test together) a lift test may differ from what
    the model expects; 1.645 is the end of a 90 % range."""
    max_lift_shift: Positive = 0.5
    """By what share one lift test alone may move a return's median from what the data say without
    it, for the return to rest on it."""
    max_lift_gap: Annotated[float, Field(gt=1)] = 10.0
    """How many times as large, or as small, as the model expects a test's whole 90 % range may be;
    beyond it something else was measured, and nothing may be inferred of the channel."""
    min_lift_error: Share = 0.5
    """Smallest standard error of a lift test, as a share of what the outcome's noise in its weeks
    and regions comes to; a smaller one is questioned. A fifth of it where regions were compared."""


class ComparisonParams(_Limits):
    """Limits of the comparison with the parent run (H3)."""

    _old_keys: ClassVar[frozenset[str]] = frozenset({"min_overlap"})

    max_shift: Positive = 2.5
    """By how many standard deviations of what more data does in an unchanged world a median may move."""
    large_movement: Share = 0.10
    """A movement of a median by a factor of up to 1 plus this, up or down, is never flagged."""
    severe_movement: Positive = 1.0
    """A movement by a factor of 1 plus this, up or down, needs an explanation (G3)."""
    max_widening: Positive = 3.0
    """How many times as wide a range may become."""
    max_forecast_distance: Positive = 3.0
    """By how many standard deviations the weeks since the last refresh may lie, together, from what its
    model says of them."""
    min_common_weeks: Annotated[int, Field(ge=4, le=5200)] = 26
    """Fewest weeks that two refreshes must share to be compared."""
    max_restated_share: Share = 0.05
    """Share of a series' total in any 13 weeks by which a restatement may change it without being
    flagged."""
