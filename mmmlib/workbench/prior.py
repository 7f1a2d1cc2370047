"""What a specification says before it has seen the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmmlib.estimates import format_number, format_range
from mmmlib.model.derive import derive_effects
from mmmlib.model.one_fit import FitRequest, seed_of
from mmmlib.model.prior_draws import draw_prior
from mmmlib.reports.blocks import Prose
from mmmlib.reports.figures.weeks import actual_against_fitted
from mmmlib.reports.quantities import ModelNumbers, held
from mmmlib.reports.tables.channels import channel_table
from mmmlib.reports.words.figures import Words
from mmmlib.workbench.overview import Overview

if TYPE_CHECKING:
    from mmmlib.workbench.specification import Specification

DRAWS = 500


def prior_page(trial: Specification, model: str) -> Overview:
    """Draw parameters and an outcome from the prior alone, and show them."""
    params = trial.params
    data = trial.prepare(model)
    seed = seed_of(params, FitRequest(model, label="prior"))
    params = params.model_copy(
        update={"model": params.model.model_copy(update={"kept_draws": DRAWS})}
    )
    prior = draw_prior(data, DRAWS, np.random.default_rng(seed))
    effects, _ = derive_effects(data, params, prior, seed + 1)
    numbers = ModelNumbers(effects)
    table = channel_table(params, numbers, numbers.by_contribution)
    every = np.ones(effects.sizes["week"], dtype=bool)
    inside, weeks = held(effects, every)
    low, high = np.quantile(effects["predicted"].mean("week").to_numpy(), [0.05, 0.95])
    mean = float(effects["observed"].mean())
    unit = numbers.unit
    seen = (
        f"{inside} of {weeks} weeks as seen lie inside the 90 % band. A week's outcome on average: "
        f"{format_range(low, high, unit)} before the fit, {format_number(mean, unit)} as seen."
    )
    advice = (
        "The prior all but excludes what was seen: the fit will be drawn between the two."
        if not low <= mean <= high or inside < weeks / 2
        else ""
    )
    below = float((effects["predicted"].to_numpy() < 0).mean())
    if below > 0.1:
        advice += f" {format_number(below, 'share')} of the drawn weeks are below zero, which no outcome is."
    first, last = (pd.Timestamp(effects["week"].to_numpy()[at]).date() for at in (0, -1))
    words = Words(
        f"Before the fit {params.model_label(model)} could be {format_range(low, high, unit)} a week",
        f"{unit} a week; dots: as seen; bands: 50 and 90 % of what the prior expects",
        f"What the prior expects, {first} to {last}. Dots outside the band were a surprise to it.",
        seen,
    )
    picture = words.picture("prior", actual_against_fitted, effects, None)
    shares = table.only(
        "Channel", "Prior as stated", "Return", "Share of outcome", "Half of the effect after",
        name="prior-channels",
        caption=f"{params.model_label(model)}: what the prior alone says of each channel; ranges hold 90 %. "
        f"Where a share looks absurd, the prior is not what was meant.",
    )  # fmt: skip
    said = [Prose(text) for text in (seen, advice.strip()) if text]
    return Overview(f"Before the fit: {trial.label}", {"": (*said, picture, shares)})
