"""Does the answer hang on something that it should not? A placebo, and weeks left out one by one.

A placebo channel has the spend of a real one, shuffled in blocks of weeks: it moves as spend does and
cannot have worked. A return of a channel is positive in this model, so that no range reaches zero;
what a placebo must not do is to be raised by the data above what was stated of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.errors import InputError
from mmmlib.estimates import Estimate, format_number
from mmmlib.model.effects import fitted, roi
from mmmlib.model.fit import fit_each
from mmmlib.model.one_fit import FitRequest
from mmmlib.params.load import change_params
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.schema import Params
from mmmlib.params.strict import KeyChange
from mmmlib.refresh.refits import quick
from mmmlib.reports.blocks import Block, Picture, Prose
from mmmlib.reports.cells import Column, Mark
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure
from mmmlib.reports.style import CHANNEL_COLOURS, MUTED
from mmmlib.reports.table import Table
from mmmlib.workbench.bar import progress_bar
from mmmlib.workbench.overview import Overview
from mmmlib.workbench.specification import Specification

PLACEBO = "placebo"
LEFT_OUT = "left_out"
"""An event of one week takes all that this week would say."""
BLOCK = 8
"""Weeks of a block: carryover and bursts stay inside of most."""
MOST_MOVED = 1.0
"""Standard deviations of a return's logarithm by which one week may move it."""


def placebo_panel(panel: Panel, channel: str, rng: np.random.Generator) -> Panel:
    """Return the panel with a channel more, whose spend is another's in shuffled blocks of weeks.

    Parameters
    ----------
    panel
        Of the specification.
    channel
        Whose spend is shuffled, in all regions alike.
    rng
        Shuffles.
    """
    weeks = len(panel.weeks)
    starts = rng.permutation(np.arange(0, weeks, BLOCK))
    order = np.concatenate([np.arange(start, min(start + BLOCK, weeks)) for start in starts])
    spend = panel.array("spend").sel(channel=channel).to_numpy()
    frame = panel.frame.copy()
    at = list(frame.columns).index(f"spend:{panel.names('spend')[-1]}") + 1
    frame.insert(at, f"spend:{PLACEBO}", spend[:, order].ravel())
    return replace(panel, frame=frame)


def with_placebo(params: Params) -> Params:
    """Return parameters with the placebo among the channels; it has the prior of one without its own."""
    about = {"label": "Placebo", "spend": PLACEBO}
    return change_params(params, [KeyChange(("channels", PLACEBO), about, "the placebo")])


def is_raised(stated: np.ndarray, found: np.ndarray) -> bool:
    """Say whether the data raised a return above what was stated: its low end is above that middle."""
    return not np.quantile(found, 0.05) <= np.median(stated)


def sensitivity(trial: Specification, model: str, channel: str, weeks: int) -> Overview:
    """Fit a placebo and without single weeks; see :meth:`mmmlib.workbench.trial.Trial.sensitivity`."""
    if PLACEBO in trial.params.channels:
        raise InputError.one(
            None, "sensitivity", "a channel called 'placebo'", "another name for it"
        )
    effects = trial.fit(model).effects(model)
    spend = effects["spend"].sum("week")
    names = [str(name) for name in spend["channel"].to_numpy()]
    channel = channel or names[int(np.argmax(spend.to_numpy()))]
    if channel not in names:
        near = did_you_mean(channel, names)
        raise InputError.one(
            None, "sensitivity", shown(channel), f"one of {', '.join(names)}", near
        )
    panel = placebo_panel(trial.panel, channel, np.random.default_rng(trial.params.model.seed))
    placebo_asked = FitRequest(model, label=PLACEBO)
    left_out = {
        FitRequest(model, label=f"week {one}"): one for one in most_surprising(effects, weeks)
    }
    without = {}
    with progress_bar([placebo_asked, *left_out]) as progress:
        asked = with_placebo(trial.params)
        placebo = next(iter(fit_each(panel, quick(asked), [placebo_asked], progress))).effects
        for request, week in left_out.items():
            end = (pd.Timestamp(week) + pd.Timedelta(days=6)).date().isoformat()
            other = trial.change(f"events.{LEFT_OUT}", start=week, end=end)
            for fit in fit_each(
                other.panel, quick(other.params), [request], progress, trial.scales
            ):
                without[week] = fit.effects
    parts = {
        "A placebo channel": tuple(_placebo_blocks(trial.params, effects, placebo, channel)),
        "Without single weeks": tuple(_week_blocks(trial.params, effects, without)),
    }
    return Overview(f"What {trial.params.model_label(model)} hangs on: {trial.label}", parts)


def most_surprising(effects: xr.Dataset, count: int) -> list[str]:
    """Return the first days of the fitted weeks that the model missed by most."""
    off = abs(effects["observed"] - fitted(effects).median("draw")).to_numpy()
    off = np.where(effects["in_sample"].to_numpy(), off, -1.0)
    worst = np.sort(np.argsort(-off)[:count])
    return [str(np.datetime_as_string(effects["week"].to_numpy()[at], unit="D")) for at in worst]


def _placebo_blocks(
    params: Params, before: xr.Dataset, after: xr.Dataset, channel: str
) -> Iterator[Block]:
    returns = roi(after).transpose("draw", "channel")
    stated = after["prior_roi"].sel(channel=PLACEBO).to_numpy()
    found = returns.sel(channel=PLACEBO).to_numpy()
    unit = str(after.attrs["return_unit"])
    raised = is_raised(stated, found)
    label = params.channel_label(channel)
    yield Prose(
        f"The spend of {label} in shuffled blocks of {BLOCK} weeks, which cannot have worked, returned "
        f"{Estimate.from_draws(found, unit)}; stated was {Estimate.from_draws(stated, unit)}. "
        + (
            "The data raised it: the model finds effects where there are none."
            if raised
            else "The data did not raise it above the middle of what was stated."
        ),
        "Flagged." if raised else "Passed.",
    )
    names = [str(name) for name in before["channel"].to_numpy()]
    rows = [
        IntervalRow("Placebo", Estimate.from_draws(found, unit), CHANNEL_COLOURS[0], faint=Estimate.from_draws(stated, unit)),
        *(
            IntervalRow(
                params.channel_label(name),
                Estimate.from_draws(returns.sel(channel=name).to_numpy(), unit),
                MUTED,
                faint=Estimate.from_draws(roi(before).sel(channel=name).to_numpy(), unit),
            )
            for name in names
        ),
    ]  # fmt: skip
    title = f"The placebo {'was raised by the data' if raised else 'stays where it was stated'}"
    alt = "; ".join(f"{row.name} {row.estimate.text()}" for row in rows)
    draw = partial(
        interval_figure, rows, title, f"Return ({unit}) beside the placebo; pale: before"
    )
    yield Picture(
        "placebo",
        draw,
        "Pale: what was stated of the placebo, and returns without it.",
        f"{title}: {alt}.",
    )


def _week_blocks(
    params: Params, effects: xr.Dataset, without: dict[str, xr.Dataset]
) -> Iterator[Block]:
    unit = str(effects.attrs["return_unit"])
    names = [str(name) for name in effects["channel"].to_numpy()]
    now = roi(effects).transpose("draw", "channel").to_numpy()
    rows = []
    for week, other in sorted(without.items()):
        then = roi(other).transpose("draw", "channel").to_numpy()
        moved = np.abs(np.median(np.log(then), axis=0) - np.median(np.log(now), axis=0))
        sizes = moved / np.log(now).std(axis=0)
        place = int(np.argmax(sizes))
        name, far = names[place], float(sizes[place])
        rows.append(
            (
                week,
                params.channel_label(name),
                Estimate.from_draws(now[:, place], unit),
                Estimate.from_draws(then[:, place], unit),
                f"{format_number(far)} standard deviations",
                Mark("▲", "look at it", "level warn")
                if not far <= MOST_MOVED
                else Mark("●", "passed", "level info"),
            )
        )
    heads = (
        "Week left out",
        "Return that moves most",
        "With it",
        "Without it",
        "Moved by",
        "Verdict",
    )
    yield Table(
        "weeks-left-out",
        f"The weeks that the model missed by most, each left out by itself; ranges hold 90 %. A return that one "
        f"week moves by more than {MOST_MOVED:g} standard deviation rests on that week.",
        tuple(map(Column, heads)),
        tuple(rows),
    )
