"""Does the answer hang on something that it should not? A placebo, weeks and regions left out one by one.

What a placebo is, and what it must not do, is said in :mod:`mmmlib.health.placebo`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.errors import InputError
from mmmlib.estimates import Estimate, format_number
from mmmlib.findings import Status
from mmmlib.health.placebo import (
    BLOCK,
    PLACEBO,
    check_placebo,
    most_spend,
    placebo_panel,
    with_placebo,
)
from mmmlib.model.arrays import Scales
from mmmlib.model.effects import fitted, roi
from mmmlib.model.fit import fit_each
from mmmlib.model.one_fit import Fit, FitRequest, quick
from mmmlib.model.start import learned
from mmmlib.params.messages import refuse_unknown
from mmmlib.params.schema import Params
from mmmlib.reports.blocks import Block, Prose
from mmmlib.reports.cells import Column, Mark
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure
from mmmlib.reports.style import CHANNEL_COLOURS, MUTED
from mmmlib.reports.table import Table
from mmmlib.reports.words.figures import Words
from mmmlib.workbench.bar import progress_bar
from mmmlib.workbench.overview import Overview
from mmmlib.workbench.specification import Specification

LEFT_OUT = "left_out"
"""An event of one week takes all that this week would say."""
MOST_MOVED = 1.0
"""Standard deviations of a return's logarithm by which one week, or one region, may move it."""
LEAST_REGIONS = 3
"""Fewer leave no comparison between regions when one is gone."""


def sensitivity(
    trial: Specification, model: str, channel: str, weeks: int, regions: int
) -> Overview:
    """Fit a placebo and without single weeks and regions; see :meth:`mmmlib.workbench.trial.Trial.sensitivity`."""
    if trial.custom:
        found = f"a custom model ({trial.custom.name})"
        raise InputError.one(
            None,
            "sensitivity",
            found,
            "the workbook's own",
            "It cannot be fitted to other data by itself.",
        )
    if PLACEBO in trial.params.channels:
        raise InputError.one(
            None, "sensitivity", "a channel called 'placebo'", "another name for it"
        )
    effects = trial.fit(model).effects(model)
    names = [str(name) for name in effects["channel"].to_numpy()]
    channel = channel or most_spend(trial.panel, trial.params)
    refuse_unknown("sensitivity", channel, names)
    panel = placebo_panel(trial.panel, channel, np.random.default_rng(trial.params.model.seed))
    placebo_asked = FitRequest(model, label=PLACEBO)
    left_out = {
        FitRequest(model, label=f"week {one}"): one for one in most_surprising(effects, weeks)
    }
    gone = {FitRequest(model, label=f"region {one}"): one for one in _largest(effects, regions)}
    without, others = {}, {}
    earlier = {model: learned(trial.fits[model].posterior)}
    with progress_bar([placebo_asked, *left_out, *gone]) as progress:
        asked = with_placebo(trial.params, model)
        fits = fit_each(panel, quick(asked), [placebo_asked], progress, earlier=earlier)
        with_it = next(iter(fits))
        for request, week in left_out.items():
            end = (pd.Timestamp(week) + pd.Timedelta(days=6)).date().isoformat()
            other = trial.change(f"events.{LEFT_OUT}", start=week, end=end)
            for fit in fit_each(
                other.panel, quick(other.params), [request], progress, trial.scales, earlier
            ):
                without[week] = fit.effects
        for request, region in gone.items():
            rest, scales = without_region(trial, region)
            for fit in fit_each(rest, quick(trial.params), [request], progress, scales, earlier):
                others[region] = fit.effects
    parts = {
        "A placebo channel": tuple(_placebo_blocks(trial.params, effects, with_it, channel)),
        "Without single weeks": tuple(_week_blocks(trial.params, effects, without)),
    }
    if gone:
        parts["Without single regions"] = (_region_table(trial.params, effects, others),)
    return Overview(f"What {trial.params.model_label(model)} hangs on: {trial.label}", parts)


def most_surprising(effects: xr.Dataset, count: int) -> list[str]:
    """Return the first days of the fitted weeks that the model missed by most."""
    off = abs(effects["observed"] - fitted(effects).median("draw")).to_numpy()
    off = np.where(effects["in_sample"].to_numpy(), off, -1.0)
    worst = np.sort(np.argsort(-off)[:count])
    return [str(np.datetime_as_string(effects["week"].to_numpy()[at], unit="D")) for at in worst]


def _largest(effects: xr.Dataset, count: int) -> list[str]:
    """Return the regions with the most spend; none where too few would be left."""
    if effects.sizes["region"] < LEAST_REGIONS:
        return []
    spend = effects["spend_region"].sum("channel")
    return [str(one) for one in spend.sortby(spend, ascending=False)["region"].to_numpy()[:count]]


def without_region(trial: Specification, region: str) -> tuple[Panel, dict[str, Scales]]:
    """Return the panel without a region, and scales for it; a lift test that the region was in goes, too."""
    panel, kept = trial.panel, [one != region for one in trial.panel.regions]
    frame = panel.frame[panel.frame["region"] != region].reset_index(drop=True)
    tests = tuple(lift for lift in panel.lift_tests if region not in lift.regions)
    scales = {
        model: replace(one, outcome=one.outcome[kept], media=one.media[:, kept])
        for model, one in trial.scales.items()
    }
    return replace(panel, frame=frame, lift_tests=tests), scales


def _placebo_blocks(params: Params, before: xr.Dataset, fit: Fit, channel: str) -> Iterator[Block]:
    after = fit.effects
    finding = check_placebo(str(after.attrs["model"]), fit, params.health)
    returns = roi(after).transpose("draw", "channel")
    stated = after["prior_roi"].sel(channel=PLACEBO).to_numpy()
    found = returns.sel(channel=PLACEBO).to_numpy()
    unit = str(after.attrs["return_unit"])
    raised = finding.status is Status.FLAG
    label = params.channel_label(channel)
    heads = {Status.OK: "Passed.", Status.FLAG: "Flagged.", Status.NOT_RUN: "Not judged."}
    yield Prose(
        f"The spend of {label} was shuffled in blocks of {BLOCK} weeks. {finding.message} "
        f"{finding.meaning if raised else ''}".strip(),
        heads[finding.status],
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
    words = Words(
        title,
        f"Return ({unit}) beside the placebo; pale: before",
        "Pale: what was stated of the placebo, and returns without it.",
        f"{title}: {alt}.",
    )
    yield words.picture("placebo", interval_figure, rows)


def _week_blocks(
    params: Params, effects: xr.Dataset, without: dict[str, xr.Dataset]
) -> Iterator[Block]:
    now = roi(effects)
    yield _left_out_table(
        "weeks-left-out",
        "Week",
        f"The weeks that the model missed by most, each left out by itself; ranges hold 90 %. A return that one "
        f"week moves by more than {MOST_MOVED:g} standard deviation rests on that week.",
        params,
        {week: (now, roi(other)) for week, other in sorted(without.items())},
        str(effects.attrs["return_unit"]),
    )


def _region_table(params: Params, effects: xr.Dataset, without: dict[str, xr.Dataset]) -> Table:
    def of_others(one: xr.Dataset, gone: str) -> xr.DataArray:
        """Contribution over spend of the regions that stay: both fits say something of it."""
        there = one.sel(region=[name for name in one["region"].to_numpy() if name != gone])
        spend = there["spend_region"].sum("region")
        return (there["contribution_region"].sum("region") / spend).sel(channel=spend > 0)

    return _left_out_table(
        "regions-left-out",
        "Region",
        f"The regions with the most spend, each left out by itself, with the lift tests that it was in: what the other "
        f"regions brought, over their spend; ranges hold 90 %. One that moves by more than {MOST_MOVED:g} standard "
        f"deviation rests on that region.",
        params,
        {
            gone: (of_others(effects, gone), of_others(other, gone))
            for gone, other in without.items()
        },
        str(effects.attrs["return_unit"]),
    )


def _left_out_table(
    name: str,
    what: str,
    caption: str,
    params: Params,
    pairs: dict[str, tuple[xr.DataArray, xr.DataArray]],
    unit: str,
) -> Table:
    """Make a row for each part that was left out: the return that moves most, with it and without."""
    rows = []
    for gone, both in pairs.items():
        names = [str(one) for one in both[0]["channel"].to_numpy()]
        now, then = (one.transpose("draw", "channel").sel(channel=names).to_numpy() for one in both)
        moved = np.abs(np.median(np.log(then), axis=0) - np.median(np.log(now), axis=0))
        sizes = moved / np.log(now).std(axis=0)
        place = int(np.argmax(sizes))
        far = float(sizes[place])
        rows.append(
            (
                gone,
                params.channel_label(names[place]),
                Estimate.from_draws(now[:, place], unit),
                Estimate.from_draws(then[:, place], unit),
                f"{format_number(far)} standard deviations",
                Mark("▲", "look at it", "level warn")
                if not far <= MOST_MOVED
                else Mark("●", "passed", "level info"),
            )
        )
    heads = (f"{what} left out", "Return that moves most", "With it", "Without it", "Moved by", "Verdict")  # fmt: skip
    return Table(name, caption, tuple(map(Column, heads)), tuple(rows))
