"""What the coming weeks should bring if the baseline plan is followed; ``artefacts/forecast.json``.

A value that is read without the model: :mod:`mmmlib.scenarios.forecasting` makes it.
"""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict

from mmmlib.estimates import Estimate


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelForecast(_Frozen):
    """The coming weeks of one model."""

    model: str
    weeks: tuple[dt.date, ...]
    """First days."""
    outcome: tuple[Estimate, ...]
    """Outcome of each week, with its noise."""
    total: Estimate
    """Outcome of all the weeks."""
    baseline: tuple[Estimate, ...]
    """What would come in each week without the channels; without noise."""
    baseline_total: Estimate
    """The same over all the weeks."""
    independent: float
    """So many independent weeks tell as much of the ranges as these, whose errors go together: from
    week to week, and with those of the run's other models."""


class Forecast(_Frozen):
    """Forecasts of a run's models, under one plan."""

    plan: str
    """What is supposed to be spent: "the mean of the last 13 weeks"."""
    spend: dict[str, tuple[float, ...]]
    """Money by channel and week, all regions."""
    models: tuple[ModelForecast, ...]
