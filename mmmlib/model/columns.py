"""Linear terms beside the regions' levels: trend, seasonality, events, controls, demand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from mmmlib.data.panel.panel import Panel
from mmmlib.model.budgets import YEAR, common_spend
from mmmlib.model.effects import ODD_WEEKS
from mmmlib.model.holidays import holiday_weeks
from mmmlib.model.rotation import varies_by_region
from mmmlib.params import Params

MEASURED = ("holidays", "events", "controls")
"""Components that are measured: budgets that follow them follow no demand that nobody saw."""
DEMAND = 0.1
"""Prior spread of what all budgets have in common, where they have all of their movement so."""


def make_columns(
    panel: Panel, params: Params, seen: int, laid: int | None = None, apart: Sequence[str] = ()
) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...], np.ndarray, np.ndarray]:
    """Linear terms with their prior spread and the learned scale that they share.

    The spread is in units of the region's mean outcome. Group 0 has a fixed
    spread; the others multiply it by a scale that is learned. The trend is laid over the first
    ``laid`` weeks (all, if not given) and goes on in the same steps after them. Weeks that stand
    ``apart`` get a level of their own, as wide as the outcome, and so tell of nothing else.
    """
    weeks, regions = len(panel.weeks), len(panel.regions)
    rows: list[tuple[str, str, np.ndarray, float, int]] = []
    groups: list[str] = []

    def group(name: str) -> int:
        if name not in groups:
            groups.append(name)
        return groups.index(name) + 1

    laid = laid or weeks
    time = np.arange(weeks)
    if params.model.trend != "none":
        # One unit over two years, so that the prior does not depend on the history's length.
        rows.append(("slope", "trend", (time - (laid - 1) / 2) / 104, 0.3, 0))
    knots = np.linspace(0, laid - 1, params.model.trend_knots + 1)
    if laid < weeks:
        later = np.arange(knots[-1], weeks - 1, knots[-1] - knots[-2]) + knots[-1] - knots[-2]
        knots = np.append(knots, later)
    if params.model.trend == "piecewise":
        for number, knot in enumerate(knots[1:-1]):
            bend = np.maximum(time - knot, 0) / 104
            rows.append((f"bend_{number + 1}", "trend", bend, 3.0, group("trend")))
    if params.model.trend == "random_walk":
        for number, (start, end) in enumerate(pairwise(knots)):
            ramp = np.clip((time - start) / (end - start), 0, 1)
            rows.append((f"knot_{number + 1}", "trend", ramp, 1.0, group("trend")))
    days = (panel.weeks - pd.Timestamp("2000-01-03")).days.to_numpy()
    for order in range(1, params.model.seasonality + 1):
        angle = 2 * np.pi * order * days / 7 / YEAR
        for name, wave in (("sin", np.sin(angle)), ("cos", np.cos(angle))):
            rows.append((f"{name}_{order}", "seasonality", wave, 1.0, group("seasonality")))
    if params.model.holidays is not None:
        for name, days in holiday_weeks(params.model.holidays, panel.weeks, panel.regions).items():
            if days[:, :seen].any():
                rows.append((name, "holidays", days, 1.0, group("holidays")))
    for role, component, spread in (
        ("event", "events", 0.3),
        ("control", "controls", 0.2),
    ):
        for name, values in zip(panel.names(role), panel.values(role), strict=True):
            inside = values[:, :seen]
            if role == "control":
                # Centred by region: differences between regions belong to their levels.
                deviation = inside - inside.mean(-1, keepdims=True)
                if not (np.ptp(inside, axis=-1) > 0).any():
                    continue  # a mean's rounding would be taken for its movement
                size = deviation.std()
                values = (values - inside.mean(-1, keepdims=True)) / size
            elif not inside.any():
                continue
            rows.append((name, component, values, spread, 0))
    for number, week in enumerate(panel.weeks[:seen]):
        if str(week.date()) in apart:
            rows.append((str(week.date()), ODD_WEEKS, (time == number) * 1.0, 1.0, 0))
    seen_of_demand = [
        np.broadcast_to(row[2], (regions, weeks)).mean(0) for row in rows if row[1] in MEASURED
    ]
    known = np.reshape(seen_of_demand, (-1, weeks))
    common = common_spend(panel.values("spend").sum(1), seen, known)
    if params.model.demand_proxy and common is not None:
        proxy, reliability = common
        # What independent budgets have in common by chance is not demand.
        rows.append(("common_spend", "demand", proxy, DEMAND * max(reliability, 0.1), 0))
    if not rows:
        empty = np.zeros((regions, 0, weeks))
        return empty, (), (), np.zeros(0), np.zeros(0, dtype=int)
    # Columns that differ between regions come first: the rest speak of all regions at once.
    rows.sort(key=lambda row: not varies_by_region(row[2]))
    stacked = np.stack([np.broadcast_to(row[2], (regions, weeks)) for row in rows], axis=1)
    return (
        np.ascontiguousarray(stacked, dtype=float),
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        np.array([row[3] for row in rows]),
        np.array([row[4] for row in rows]),
    )
