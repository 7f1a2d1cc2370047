"""What stands behind the health findings, as tables for the notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.estimates import Estimate, format_number, format_range
from mmmlib.findings import Finding, Level, Status, worst
from mmmlib.health.baseline import negative_probability
from mmmlib.health.learning import shrinkage
from mmmlib.health.lift import compare_lifts
from mmmlib.health.predictive import MASSES, band, coverage
from mmmlib.model.effects import baseline, roi


def overview_table(findings: Mapping[str, Sequence[Finding]]) -> pd.DataFrame:
    """Count findings per model: passed, to review, blocking, and those that did not run."""
    rows = [
        {
            "model": model,
            "worst": worst(found).value,
            "passed": sum(one.status is Status.OK for one in found),
            "to review": sum(one.level is Level.WARN for one in found),
            "blocking": sum(one.level is Level.BLOCK for one in found),
            "not run": sum(one.status is Status.NOT_RUN for one in found),
        }
        for model, found in findings.items()
    ]
    return pd.DataFrame(rows)


def coverage_table(effects: xr.Dataset) -> pd.DataFrame:
    """Share of the fitted weeks inside each predictive band."""
    inside = effects.isel(week=np.flatnonzero(effects["in_sample"].to_numpy()))
    shares = [coverage(inside, mass) for mass in MASSES]
    return pd.DataFrame(
        {
            "band": [format_number(mass, "share") for mass in MASSES],
            "weeks": [weeks for _, weeks in shares],
            "inside": [format_number(share, "share") for share, _ in shares],
        }
    )


def holdout_table(holdout: xr.Dataset | None) -> pd.DataFrame:
    """Weeks that the fit did not see: what came, and what the model had expected.

    No row where there is no such fit.
    """
    if holdout is None:
        return pd.DataFrame(columns=["week", "seen", "expected (90 %)", "inside"])
    unseen = holdout.isel(week=np.flatnonzero(~holdout["in_sample"].to_numpy()))
    unit = holdout.attrs["outcome_unit"]
    low, high = band(unseen, 0.9)
    observed = unseen["observed"].to_numpy()
    return pd.DataFrame(
        {
            "week": pd.DatetimeIndex(unseen["week"].to_numpy()).date,
            "seen": [format_number(value, unit) for value in observed],
            "expected (90 %)": [format_range(*ends, unit) for ends in zip(low, high, strict=True)],
            "inside": np.where((low <= observed) & (observed <= high), "yes", "no"),
        }
    )


def learning_table(effects: xr.Dataset) -> pd.DataFrame:
    """Return of every channel before and after the fit; the least learnt first.

    A channel without spend, or whose prior was not stated, is left out.
    """
    unit = effects.attrs["return_unit"]
    returns = roi(effects)
    rows = []
    for channel in effects["channel"].to_numpy():
        before = effects["prior_roi"].sel(channel=channel).to_numpy().astype(float)
        after = returns.sel(channel=channel).to_numpy().astype(float)
        if np.isfinite(before).all() and np.isfinite(after).all():
            narrowed = shrinkage(before, after)
            rows.append(
                {
                    "channel": str(channel),
                    "before the fit": Estimate.from_draws(before, unit).text(),
                    "after the fit": Estimate.from_draws(after, unit).text(),
                    "narrowed by": format_number(narrowed, "share"),
                    "_order": narrowed,
                }
            )
    table = pd.DataFrame(
        rows, columns=["channel", "before the fit", "after the fit", "narrowed by", "_order"]
    )
    return table.sort_values("_order", ignore_index=True).drop(columns="_order")


def baseline_table(effects: xr.Dataset) -> pd.DataFrame:
    """Baseline by year: its mean per week, and how likely it was below zero."""
    unit = effects.attrs["outcome_unit"]
    below = negative_probability(effects)
    level = baseline(effects)
    rows = [
        {
            "year": int(year),
            "weeks": weeks.sizes["week"],
            "mean per week": Estimate.from_draws(weeks.mean("week"), unit).text(),
            "below zero": format_number(
                float(below.sel(week=weeks["week"]).mean(skipna=False)), "share"
            ),
        }
        for year, weeks in level.groupby("week.year")
    ]
    return pd.DataFrame(rows)


def lift_table(effects: xr.Dataset, uncalibrated: xr.Dataset | None) -> pd.DataFrame:
    """Lift tests beside the model, alone and told of them; the furthest off first.

    Off by counts standard deviations of model and test together. No row where no test
    measured the outcome.
    """
    columns = ["test", "saw", "model alone", "off by", "model with tests", "off by, with tests"]
    found = [] if uncalibrated is None else compare_lifts(effects, uncalibrated)
    rows = [
        (
            one.test.name,
            one.measured.text(),
            one.alone.text(),
            round(one.off_alone, 1),
            one.calibrated.text(),
            round(one.off, 1),
        )
        for one in sorted(found, key=lambda one: -abs(one.off_alone))
    ]
    return pd.DataFrame(rows, columns=columns)
