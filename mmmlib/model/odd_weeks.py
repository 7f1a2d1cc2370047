"""Weeks of the outcome that are far from all that the model knows of them."""

from __future__ import annotations

import numpy as np

from mmmlib.data.checks.signals import outliers
from mmmlib.data.panel.panel import Panel
from mmmlib.model.columns import make_columns
from mmmlib.params import Params
from mmmlib.transforms import geometric_weights, lagged

MOST = 0.05
"""Largest share of the weeks that are odd: more of them are what the outcome is like."""
CARRIED = geometric_weights(np.array(0.4), 8)
"""A carryover that is near enough to any, to tell an odd week from one with a burst of spend."""
ROUNDS, HUBER = 20, 1.345
"""Rounds of reweighing, and from how many robust deviations a week counts less (95 % efficiency)."""


def odd_weeks(panel: Panel, params: Params, model: str, seen: int | None = None) -> tuple[str, ...]:
    """Find the weeks whose outcome neither season, events, controls nor spend explain: first days.

    Regions are summed; ``seen`` is how many of the weeks the fit sees, from the first; all of them
    if not given. A robust regression (Huber, 1964) on everything linear that the model has beside
    its trend, and on carried, saturated spend; then weeks are held against their neighbours
    (:func:`mmmlib.data.checks.signals.outliers`, ``data.limits.outlier_distance``), so that a
    lasting move is none. Known before anything is fitted.
    """
    national = panel.to_national()
    outcome = national.outcome(model).to_numpy()[0, :seen]
    weeks = len(outcome)
    columns, _, components, _, _ = make_columns(national, params, weeks)
    known = columns[0, [part not in ("trend", "demand") for part in components], :weeks]
    spend = national.spend_or_exposure().sel(channel=list(params.channels)).to_numpy()[:, 0, :weeks]
    carried = lagged(spend, len(CARRIED)) @ CARRIED
    level = np.maximum(carried.mean(-1, keepdims=True), np.finfo(float).tiny)
    explaining = np.concatenate([known, carried / (carried + level)]).T
    if not outcome.std() > 0 or 2 * explaining.shape[1] > weeks:
        return ()
    distance = outliers(outcome - _robust_fit(explaining, outcome))
    far = np.flatnonzero(distance > params.data.limits.outlier_distance)
    far = far[np.argsort(-distance[far])][: int(MOST * weeks)]
    return tuple(str(national.weeks[int(place)].date()) for place in sorted(far))


def _robust_fit(columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return what columns explain of values beside a slow trend, odd values counting little."""
    weeks = len(values)
    knots = np.linspace(0, weeks - 1, max(weeks // 26, 2))
    trend = [np.interp(np.arange(weeks), knots, row) for row in np.eye(len(knots))]
    everything = np.column_stack([*trend, columns])
    scale = np.abs(everything).max(axis=0)
    everything = everything / np.where(scale > 0, scale, 1)
    ridge = 1e-3 * np.eye(everything.shape[1])
    weight = np.ones(weeks)
    for _ in range(ROUNDS):
        weighed = everything * weight[:, None]
        slopes = np.linalg.solve(everything.T @ weighed + ridge, weighed.T @ values)
        left = np.abs(values - everything @ slopes)
        spread = max(1.4826 * float(np.median(left)), np.finfo(float).tiny)
        weight = 1 / np.maximum(left / (HUBER * spread), 1.0)
    return np.asarray(everything[:, len(knots) :] @ slopes[len(knots) :])
