"""Did a channel begin to work better or worse? (H2)

A model gives every channel one effect for all its weeks. Where an advertisement wore out, a
competitor came, or a part of the spend is no longer reported, that effect is the mean of two and
true of neither. So what the model leaves of the outcome is asked whether a channel's contribution
would fit better at another size in the newest weeks. Nothing is fitted again: a regression.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from mmmlib.estimates import MINUS
from mmmlib.findings import Finding, judge
from mmmlib.model.effects import seen_weeks
from mmmlib.params.limits import HealthParams
from mmmlib.readiness.power import DETECTABLE

CHANGED = "health.changed_effect"
WINDOWS = (26, 39, 52)
"""Newest weeks in which an effect may be another one."""
BEFORE = 52
"""Least weeks before them that they are compared with."""
SIZE, CHANGE = 0.5, 0.1
"""Prior spreads of a channel's contribution, and of the other channels' changes: shares of what was
fitted. Channels seldom change together, and where all may, none can be named."""
KNOT, RAMP = 26, 0.02
"""Weeks between the bends by which the trend may leave the fitted one, and their spread as a share of
the outcome: a change of level may as well be the trend's."""
ROUNDS = 4
"""Rounds in which the noise and its autocorrelation are found."""


@dataclass(frozen=True)
class EffectChange:
    """How a channel's effect in its newest weeks compares with that before.

    ``weeks`` are the newest weeks that differ most; ``share`` is the change of the effect as a
    share of what was fitted and ``error`` its standard error, both without any prior.
    """

    weeks: int
    share: float
    error: float

    @property
    def distance(self) -> float:
        """The change in standard errors."""
        return self.share / self.error if self.error > 0 else math.nan


def effect_changes(effects: xr.Dataset) -> dict[str, EffectChange]:
    """Measure by channel how its effect changed; nothing where there are too few weeks to compare.

    Notes
    -----
    Generalised least squares on the fitted weeks with first-order autoregressive noise. The trend may
    bend away from the fitted one, the other parts of the baseline and all contributions (medians) may
    take another size, and every contribution once more in the newest weeks; ridge priors keep
    them near what was fitted. The prior of a channel's own change is taken out of its result again.
    """
    inside = seen_weeks(effects)
    outcome = inside["observed"].to_numpy().astype(float)
    media = inside["contribution"].median("draw", skipna=False).transpose("channel", "week")
    parts = inside["baseline_part"].median("draw", skipna=False).transpose("component", "week")
    known = parts.to_numpy().astype(float)[parts["component"].to_numpy() != "trend"]
    paths = media.to_numpy().astype(float)
    weeks = np.arange(len(outcome))
    windows = [one for one in WINDOWS if one + BEFORE <= len(weeks)]
    columns, spread = _columns(outcome.mean(), known, paths)
    rest = outcome - parts.to_numpy().astype(float).sum(0) - paths.sum(0)
    found: dict[str, EffectChange] = {}
    for window in windows:
        recent = (paths * (weeks >= len(weeks) - window)).T
        every = np.concatenate([columns, recent], axis=1)
        mean, covariance = _regression(rest, every, np.r_[spread, [CHANGE] * len(paths)])
        for row, name in enumerate(media["channel"].to_numpy(), start=columns.shape[1]):
            precision = 1 / covariance[row, row] - CHANGE**-2  # by the data alone
            variance = 1 / max(precision, 1e-6) if np.isfinite(precision) else math.nan
            share = mean[row] * variance / covariance[row, row]
            one = EffectChange(window, float(share), math.sqrt(variance))
            before = found.get(str(name), one)
            found[str(name)] = before if abs(before.distance) > abs(one.distance) else one
    return found


def check_changed_effect(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check for every channel that its effect in the newest weeks is that of the weeks before.

    The limit, ``max_effect_change``, is in standard errors. One finding for the model where there
    are too few weeks.

    How to read it: weekly data show such a change seldom, and the message says how large one would
    have to be. How often it was found on simulated companies stands in ``docs/benchmarks.md``.
    """
    model, limit = str(effects.attrs["model"]), limits.max_effect_change
    changes = effect_changes(effects)
    if not changes:
        weeks = int(effects["in_sample"].sum())
        message = f"{weeks} weeks are too few to tell newest ones from those before."
        return [judge(CHANGED, model, passed=True, message=message)]
    return [
        judge(
            CHANGED,
            f"{model}/{name}",
            passed=abs(one.distance) <= limit,
            value=one.distance,
            limit=f"{MINUS}{limit:g} to {limit:g}",
            message=_message(one, limit),
        )
        for name, one in changes.items()
    ]


def _message(one: EffectChange, limit: float) -> str:
    if not math.isfinite(one.distance):
        return "Whether the effect changed could not be computed: not all draws are numbers."
    way = "higher" if one.share > 0 else "lower"
    seen = 100 * (DETECTABLE - 1.96 + limit) * one.error
    could = (
        "no change could be seen" if seen > 1000 else f"one of {seen:.0f} % would mostly be seen"
    )
    return (
        f"In the last {one.weeks} weeks the effect is {100 * abs(one.share):.0f} % {way} than in "
        f"those before, {abs(one.distance):.1f} standard errors (limit {limit:g}); {could}."
    )


def _columns(size: float, known: np.ndarray, paths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return level, trend, known parts of the baseline and contributions, with their spreads."""
    weeks = paths.shape[1]
    knots = np.linspace(0, weeks - 1, max(weeks // KNOT, 1) + 1)
    ramps = np.clip((np.arange(weeks) - knots[:-1, None]) / np.diff(knots)[:, None], 0, 1)
    columns = np.concatenate([np.full((1, weeks), size), size * ramps, known, paths]).T
    spread = [[10.0], [RAMP] * len(ramps), [1.0] * len(known), [SIZE] * len(paths)]
    return columns, np.concatenate(spread)


def _regression(
    rest: np.ndarray, columns: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the columns' coefficients, under the noise that they leave."""
    carry, noise, weeks = 0.0, max(float(np.diff(rest).std()), np.finfo(float).tiny), len(rest)
    for _ in range(ROUNDS):
        every, left = _whitened(columns, carry), _whitened(rest, carry)
        mean, covariance = _posterior(every, left, noise, spread)
        error = rest - columns @ mean
        used = float(np.sum(covariance * (every.T @ every))) / noise**2
        carry = float(np.clip(error[1:] @ error[:-1] / (error @ error) + 2 / weeks, 0.0, 0.95))
        fresh = _whitened(error, carry)
        noise = math.sqrt(float(fresh @ fresh) / max(weeks - used, 1.0))
    return _posterior(_whitened(columns, carry), _whitened(rest, carry), noise, spread)


def _posterior(
    columns: np.ndarray, values: np.ndarray, noise: float, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the columns' coefficients under priors around zero."""
    covariance = np.linalg.inv(columns.T @ columns / noise**2 + np.diag(spread**-2))
    return covariance @ (columns.T @ values) / noise**2, covariance


def _whitened(values: np.ndarray, carry: float) -> np.ndarray:
    """Take off what a week has from the week before, so that the errors are independent."""
    fresh = values.astype(float)
    fresh[1:] -= carry * values[:-1]
    fresh[0] *= math.sqrt(1 - carry**2)
    return fresh
