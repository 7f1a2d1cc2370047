"""Does spend follow demand? Then demand that nobody measured is behind the returns. (H2)

Budgets are raised where business is good. A model sees spend and outcome rise
together, and credits the channels with what the demand behind both brought. What it
measures of demand it takes out; what it does not measure stays, and no range of it
holds that error.
"""

from __future__ import annotations

import json
import math

import numpy as np
import xarray as xr

from mmmlib.estimates import format_number
from mmmlib.findings import Finding, at_most, judge
from mmmlib.model.budgets import beside_season, common_spend, own_movement
from mmmlib.model.effects import lift_tests_of, seen_weeks
from mmmlib.params.limits import HealthParams

COMMON, DEMAND = "health.common_spend", "health.unseen_demand"


def follow_demand(effects: xr.Dataset) -> dict[str, float]:
    """Measure how far each channel's spend moves with the outcome that media did not cause.

    By channel, the correlation over the fitted weeks of log spend with what the outcome is without
    the channels' median contributions, trend and season taken off both; NaN for spend that never
    changes.
    """
    inside = seen_weeks(effects)
    contributed = inside["contribution"].median("draw", skipna=False).sum("channel", skipna=False)
    rest = beside_season((inside["observed"] - contributed).to_numpy().astype(float)[None])[0]
    return {name: _correlation(moved, rest) for name, moved in _own_movements(inside).items()}


def move_together(effects: xr.Dataset) -> dict[str, float]:
    """Measure how far each channel's spend moves with that of the others together.

    By channel, the correlation over the fitted weeks of log spend with the mean of the other
    channels', each in units of its spread, trend and season taken off. Zero where there is no other
    channel, NaN for spend that never changes.
    """
    inside = seen_weeks(effects)
    moves = _own_movements(inside)
    moved = np.stack(list(moves.values()))
    return {name: _with_others(moved, row) for row, name in enumerate(moves)}


def _own_movements(inside: xr.Dataset) -> dict[str, np.ndarray]:
    spend = inside["spend"].transpose("channel", "week").to_numpy().astype(float)
    names = [str(name) for name in inside["channel"].to_numpy()]
    return dict(zip(names, own_movement(spend, spend.shape[1]), strict=True))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if not (np.isfinite(one).all() and np.isfinite(other).all() and other.std() > 0):
        return math.nan
    return float(np.corrcoef(one, other)[0, 1])


def _with_others(moved: np.ndarray, row: int) -> float:
    others = [one for place, one in enumerate(moved) if place != row and np.isfinite(one).all()]
    if not np.isfinite(moved[row]).all():
        return math.nan
    together = np.mean(others, axis=0) if others else np.zeros(1)
    return _correlation(moved[row], together) if together.std() > 0 else 0.0


def check_common_spend(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check for every channel that its spend has a way of its own (``max_common_spend``).

    How to read it: budgets that rise and fall together follow something, mostly demand. The demand
    proxy takes a part of that out, never all. In worlds made for it, ranges of channels above the
    limit missed the truth in one of three cases, always above it.
    """
    model = str(effects.attrs["model"])
    limit = limits.max_common_spend
    tested = tested_channels(effects)
    findings = []
    for name, value in move_together(effects).items():
        message = "The spend never changes, so it moves with nothing."
        passed = value <= limit
        if not math.isnan(value):
            number = format_number(round(value, 2))
            message = (
                f"The spend moves with that of the other channels together: correlation {number}"
            )
            message += (
                ", and a lift test measured what it brings."
                if name in tested
                else f" (limit {limit:g})."
            )
            passed = passed or name in tested
        findings.append(
            judge(
                COMMON, f"{model}/{name}", passed=passed, value=value, limit=limit, message=message
            )
        )
    return findings


def check_demand(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Say how far demand may be behind the returns, and which way they then lean.

    One finding for the model (``max_budgets_in_common``), and one for each channel whose spend
    alone moves with the outcome that the channels did not cause (``max_spend_follows_demand``):
    that is a matter of its return, and of no other one's.

    How to read it: the value is the share of the budgets' mean movement, beside trend, season and
    controls, that is common to them. In 90 worlds made for it, it was above 0.35 in all of 20 whose
    budgets follow an unseen demand, and in none of the others. A demand that one budget alone
    follows is not in it: that shows as a correlation with what the channels did not cause, and does
    not show where the model already gave the demand to the channel.
    """
    model = str(effects.attrs["model"])
    together, most = in_common(effects), limits.max_budgets_in_common
    limit = limits.max_spend_follows_demand
    known = {name: r for name, r in follow_demand(effects).items() if not math.isnan(r)}
    share, upper = (format_number(one, "share") for one in (together, most))
    message = "Could not be computed: no channel's spend changes, or the outcome is no number."
    if known and together > most:
        message = (
            f"Of the budgets' mean movement beside trend and season, {share} is common to them "
            f"(limit {upper}): they follow something that no control measures, and returns are "
            f"more likely too high than too low."
        )
    elif known:
        common = "Too few budgets to tell what they have in common."
        if not math.isnan(together):
            common = f"The budgets have {share} of their mean movement in common (limit {upper})."
        message = (
            f"{common} What this cannot see: a demand that one budget alone follows, and that the "
            f"model gave to its channel. Its return is then more likely too high than too low."
        )
    passed = bool(known) and not together > most
    found = [judge(DEMAND, model, passed=passed, value=together, limit=most, message=message)]
    for name, value in known.items():
        if abs(value) > limit and name not in tested_channels(effects):
            leans = "too high than too low" if value > 0 else "too low than too high"
            message = (
                f"The spend moves with the outcome that the channels did not cause (correlation "
                f"{format_number(round(value, 2))}, limit {limit:g}): the return is more likely {leans}."
            )
            found.append(at_most(DEMAND, f"{model}/{name}", abs(value), limit, message))
    return found


def in_common(effects: xr.Dataset) -> float:
    """Share of the budgets' mean movement that is common to them; NaN where nobody can tell.

    As the fit measured it, beside its controls; from the spend alone where the engine does
    not say.
    """
    if "budgets_in_common" in effects.attrs:
        return float(effects.attrs["budgets_in_common"])
    inside = seen_weeks(effects)
    spend = inside["spend"].transpose("channel", "week").to_numpy().astype(float)
    found = common_spend(spend, spend.shape[1])
    return math.nan if found is None else found[1]


def tested_channels(effects: xr.Dataset) -> set[str]:
    """Channels that a lift test measured, where the fit was calibrated by it."""
    if not json.loads(effects.attrs["inputs"]).get("calibrated"):
        return set()
    return {one.channel for one in lift_tests_of(effects)}
