"""A first design of the test that takes the model's place (R4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from mmmlib.data.checks.signals import residual_noise, trend_and_season
from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import format_number, format_range
from mmmlib.model.priors import return_prior
from mmmlib.model.quantiles import POINTS, lognormal_points, sum_points
from mmmlib.params import Params
from mmmlib.phrases import count_text, some_of
from mmmlib.readiness.power import (
    POWER,
    SIGNIFICANCE,
    contrast,
    detectable_effect,
    split_regions,
)
from mmmlib.readiness.verdict import TestDesign

LENGTHS = (4, 6, 8, 10, 12)
"""Lengths of a test in weeks, from which the shortest sufficient one is taken."""
BEFORE = 52
"""Most weeks before the test that it is held against."""
SHOWN = 6
"""Regions that a sentence names; the others are counted."""
LEAST = 1e-12
"""Share of the outcome that a channel without spend is taken to have spent."""


@dataclass(frozen=True)
class Yardstick:
    """The outcome's noise in the comparison that a test would make, as a share of the outcome."""

    kind: str
    noise: float
    carry: float
    before_weeks: int
    holdout: tuple[str, ...] = ()

    def detects(self, weeks: int) -> float:
        """Smallest effect, as a share of the outcome, that ``weeks`` of test detect."""
        return detectable_effect(self.noise, self.carry, weeks, self.before_weeks)


def make_yardstick(panel: Panel, params: Params) -> Yardstick | None:
    """Measure the primary outcome's noise for the kind of test that the panel allows.

    A geo holdout where there are two regions or more, else a pause test. Trend,
    season and (for a pause) controls are taken out first; the effects of other spend
    are not, so that the noise is rather too large than too small. None where the outcome is not positive
    or too short to tell its noise.
    """
    outcome = primary_outcome(panel, params).to_numpy()
    columns = trend_and_season(len(panel.weeks))
    if outcome.sum() <= 0 or len(panel.weeks) < 2 * columns.shape[1]:
        return None
    before = min(BEFORE, len(panel.weeks))
    regions = len(panel.regions)
    if regions > 1:
        held = split_regions(outcome.sum(axis=1))
        if outcome[held].sum() > 0 and outcome[~held].sum() > 0:
            noise, carry = residual_noise(contrast(outcome, held), columns)
            names = tuple(name for name, out in zip(panel.regions, held, strict=True) if out)
            return Yardstick("geo holdout", noise, carry, before, names)
    total = outcome.sum(axis=0)
    known = np.concatenate([columns, controls_as_columns(panel)], axis=1)
    if known.shape[1] * 2 > len(total):
        known = columns
    noise, carry = residual_noise(total / total.mean(), known)
    return Yardstick("pause test", noise, carry, before)


def primary_outcome(panel: Panel, params: Params) -> xr.DataArray:
    """Return the outcome that leads the pack, over all its motions; ``(region, week)``."""
    first, *more = (panel.outcome(model) for model in params.parts_of(params.primary))
    return sum(more, start=first)


def design_test(
    channel: str,
    panel: Panel,
    params: Params,
    believed: tuple[float, float, float] | None = None,
) -> TestDesign | None:
    """Design the shortest test that could see what the channel is believed to bring.

    The test lies in the regions where the channel ran in the last year: elsewhere nothing can be
    stopped. Where even the longest test is too short, the design says so. Shares are of the outcome
    of those regions. None where :func:`make_yardstick` has none.

    Parameters
    ----------
    believed
        Share of the outcome: low, middle, high. Without it, what the model's prior of the return
        gives the last year's spend.
    """
    whole, panel = panel, where_it_runs(channel, panel)
    yardstick = make_yardstick(panel, params)
    if yardstick is None:
        return None
    if believed is None:
        low, middle, high = believed_share(channel, whole, params, panel)
    else:
        total, within = (_outcome_of_year(one, params) for one in (whole, panel))
        low, middle, high = (share * total / within for share in believed)
    enough = [weeks for weeks in LENGTHS if yardstick.detects(weeks) <= middle]
    weeks = enough[0] if enough else LENGTHS[-1]
    detectable = yardstick.detects(weeks)
    running = _spend(channel, panel).sum() > 0
    label = params.channel_label(channel)
    verb = "Stop" if running else "Buy"
    narrow = len(panel.regions) < len(whole.regions)
    if yardstick.kind == "geo holdout":
        regions = f"{len(panel.regions)} regions"
        which = f"the {regions} where it runs" if narrow else regions
        where = (
            f"in {len(yardstick.holdout)} of {which} "
            f"({some_of(yardstick.holdout, SHOWN)}), and compare with the others; pairs are alike in "
            f"size, so which of a pair goes into the test may be drawn by lot"
        )
    else:
        place = (
            f"in {some_of(panel.regions, SHOWN)}, where alone it runs" if narrow else "everywhere"
        )
        where = f"{place}, and compare with the weeks before"
    there = " there" if narrow else ""
    text = (
        f"{verb} {label} for {weeks} weeks {where}. Keep everything else as it is. It would "
        f"find an effect of {format_number(detectable, 'share')} of the outcome{there} or more "
        f"({POWER * 100:.0f} % power, {SIGNIFICANCE * 100:.0f} % two-sided)"
    )
    if running:
        text += f"; the channel is believed to bring {format_range(low, high, 'share')}."
        text += "" if enough else _too_small(middle)
        text += (
            " Earlier spend still works in the first weeks: let the test start when it has faded."
        )
    else:
        text += "; it has no spend to go by, so choose a budget that could move that much."
    return TestDesign(
        channel=channel,
        kind=yardstick.kind,
        weeks=weeks,
        detectable_share=detectable,
        detects=bool(running and enough),
        description=text,
    )


def believed_share(
    channel: str, panel: Panel, params: Params, part: Panel | None = None
) -> tuple[float, float, float]:
    """Share of the primary outcome that the model's prior gives a channel: low, middle, high.

    The ends are those of the prior's 90 % range, the middle is its median. ``panel`` has all
    regions, ``part`` those whose outcome it is a share of; they have all of the channel's spend.
    """
    total, within = (_outcome_of_year(one, params) for one in (panel, part or panel))
    least = LEAST * total  # a stated share is one of the outcome, though nothing was spent
    usual = np.mean([_spend(name, panel).sum() for name in params.paid_channels])
    spend = float(_spend(channel, panel).sum()) or least
    motions = params.parts_of(params.primary.partition(".")[0])
    totals = {
        name: float(panel.outcome(name).isel(week=slice(-BEFORE, None)).sum()) for name in motions
    }
    prior = params.channels[channel].prior
    parts = [
        return_prior(prior, params, name, spend, totals, float(usual) or least)
        for name in params.parts_of(params.primary)
        if totals[name] > 0
    ]
    points = [lognormal_points(*one, POINTS) for one in parts]
    low, middle, high = sum_points(points, np.array([0.05, 0.5, 0.95])) * spend / within
    return float(low), float(middle), float(high)


def where_it_runs(channel: str, panel: Panel) -> Panel:
    """Return the regions in which a channel spent in the last year; all if it spent in none."""
    runs = _spend(channel, panel) > 0
    if runs.all() or not runs.any():
        return panel
    kept = [name for name, one in zip(panel.regions, runs, strict=True) if one]
    frame = panel.frame[panel.frame["region"].isin(kept)].reset_index(drop=True)
    return replace(panel, frame=frame, lift_tests=())


def _outcome_of_year(panel: Panel, params: Params) -> float:
    return float(primary_outcome(panel, params).isel(week=slice(-BEFORE, None)).sum())


def _spend(channel: str, panel: Panel) -> NDArray[np.float64]:
    """Spend of the last year, by region."""
    spend = panel.array("spend").sel(channel=channel).isel(week=slice(-BEFORE, None))
    return spend.sum("week").to_numpy()


def controls_as_columns(panel: Panel) -> NDArray[np.float64]:
    """Controls as columns, centred and scaled; those that never change are left out."""
    names = panel.names("control")
    if not names:
        return np.empty((len(panel.weeks), 0))
    values = panel.to_national().values("control")[:, 0].T
    spread = values.std(axis=0)
    kept = values[:, spread > 0]
    return (kept - kept.mean(axis=0)) / kept.std(axis=0)


def left_out_sentence(names: Sequence[str]) -> str:
    """Say of which channels no test is proposed, and why; empty where there are none."""
    if not names:
        return ""
    them = some_of(names, SHOWN)
    one = len(names) == 1
    return (
        f"{count_text(len(names), 'test')} {'is' if one else 'are'} left out ({them}): even in "
        f"{LENGTHS[-1]} weeks {'it' if one else 'they'} would miss what the "
        f"{'channel is' if one else 'channels are'} believed to bring; raise the spend strongly for "
        f"some weeks, or test for longer."
    )


def _too_small(middle: float) -> str:
    return (
        f" Its middle, {format_number(middle, 'share')}, would be missed: raise the spend strongly "
        f"in the test weeks instead of stopping it, or test for longer."
    )
