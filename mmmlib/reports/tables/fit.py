"""What a modeller looks at after a fit: the sampler's health, the baseline, weeks not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.health.baseline import negative_probability
from mmmlib.health.predictive import MASSES, coverage
from mmmlib.model.effects import baseline, seen_weeks
from mmmlib.reports.cells import Chance, Column, Observed
from mmmlib.reports.table import Columns, Table, tabulate


def diagnostics_table(posterior: xr.DataTree, worst: int = 10) -> Table:
    """Make a row for each of the parameters that converged least.

    How to read it: R-hat above 1.01 means that chains disagree; an effective sample size below
    400 means that ranges are still noisy. Bulk is for medians, tail for the ends of ranges.
    """
    import arviz_stats

    summary = arviz_stats.summary(
        posterior["posterior"].to_dataset(), kind="diagnostics", round_to="none"
    ).astype(float)
    columns: Columns[tuple[Any, pd.Series]] = {
        "Parameter": lambda row: str(row[0]),
        "R-hat": lambda row: f"{row[1]['r_hat']:.3f}",
        "Bulk ESS": lambda row: Observed(row[1]["ess_bulk"].round()),
        "Tail ESS": lambda row: Observed(row[1]["ess_tail"].round()),
    }
    found = summary.sort_values("ess_bulk").head(worst)
    caption = f"The {len(found)} of {len(summary)} parameters that converged least."
    return tabulate("diagnostics", caption, found.iterrows(), columns)


def sampler_table(posterior: xr.DataTree) -> Table:
    """Make a row for each chain: divergences, steps and energy.

    How to read it: divergences should be zero; an energy fraction (E-BFMI) below 0.3 means that
    the sampler had trouble to move between levels of energy.
    """
    stats = posterior["sample_stats"]
    energy = stats["energy"].to_numpy()
    numbers = (
        stats["chain"].to_numpy() + 1,
        stats["diverging"].sum("draw").to_numpy(),
        stats["n_steps"].mean("draw").to_numpy(),
        np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1),
    )
    return Table(
        "sampler",
        "How the sampler did in each chain.",
        tuple(map(Column, ("Chain", "Divergences", "Steps per draw", "E-BFMI"))),
        tuple(tuple(Observed(float(one)) for one in row) for row in zip(*numbers, strict=True)),
    )


def coverage_table(effects: xr.Dataset) -> Table:
    """Make a row for each predictive band: the share of the fitted weeks inside."""
    inside = seen_weeks(effects)
    columns: Columns[float] = {
        "Band": lambda mass: Observed(mass, "share"),
        "Weeks": lambda mass: Observed(coverage(inside, mass)[1]),
        "Inside": lambda mass: Observed(coverage(inside, mass)[0], "share"),
    }
    caption = "Share of the fitted weeks inside each predictive band."
    return tabulate("coverage", caption, MASSES, columns)


def holdout_table(holdout: xr.Dataset | None) -> Table:
    """Make a row for each week that a fit did not see: what came, and what it had expected.

    No row where there is no such fit.
    """
    weeks: list[xr.Dataset] = []
    if holdout is not None:
        unseen = np.flatnonzero(~holdout["in_sample"].to_numpy())
        weeks = [holdout.isel(week=place) for place in unseen]
    unit = str(holdout.attrs["outcome_unit"]) if holdout is not None else ""

    def expected(week: xr.Dataset) -> Estimate:
        return Estimate.from_draws(week["predicted"].to_numpy(), unit)

    columns: Columns[xr.Dataset] = {
        "Week": lambda week: week["week"].dt.date.item(),
        "Seen": lambda week: Observed(float(week["observed"]), unit),
        "Expected": expected,
        "Inside": lambda week: "no" if expected(week).excludes(float(week["observed"])) else "yes",
    }
    caption = "The weeks that the fit was not shown; its ranges hold 90 %."
    missing = "There is no fit without the last weeks."
    return tabulate("holdout", caption if weeks else missing, weeks, columns)


def baseline_table(effects: xr.Dataset) -> Table:
    """Make a row for each year: the baseline's mean per week, how likely it was below zero."""
    unit = str(effects.attrs["outcome_unit"])
    level, below = baseline(effects), negative_probability(effects)

    def chance(weeks: xr.DataArray) -> Chance:
        return Chance(float(below.sel(week=weeks["week"]).mean(skipna=False)))

    columns: Columns[tuple[Any, xr.DataArray]] = {
        "Year": lambda year: str(year[0]),
        "Weeks": lambda year: Observed(year[1].sizes["week"]),
        Column("Mean per week", unit): lambda year: Estimate.from_draws(
            year[1].mean("week").to_numpy(), unit
        ),
        "Chance to be below zero": lambda year: chance(year[1]),
    }
    caption = "The baseline by year; ranges hold 90 %."
    return tabulate("baseline", caption, level.groupby("week.year"), columns)
