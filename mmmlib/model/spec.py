"""What is fitted, as arrays: from panel and parameters to scaled data. No PyMC here.

Everything that the log density needs is in a :class:`ModelData`; a national model
is the one-region case of the same arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmmlib.data.panel.panel import Panel
from mmmlib.model.columns import make_columns
from mmmlib.model.faults import refuse_faults
from mmmlib.model.lift import LiftArrays, lift_arrays
from mmmlib.model.priors import LinearPrior, model_priors
from mmmlib.model.rotation import measure_noise_weight
from mmmlib.model.scales import Scales, measure_scales
from mmmlib.params import Params
from mmmlib.transforms import ADSTOCKS, SATURATIONS

FORM_PARAMETERS = {
    name for forms in (ADSTOCKS, SATURATIONS) for names in forms.values() for name in names
}
"""Parameters that only channels of some forms have."""

RECENT_WEEKS = 52
"""Weeks over which the cost of a unit of exposure is measured."""


@dataclass(frozen=True)
class ModelData:
    """Arrays of one fit.

    Parameters
    ----------
    model
        ``outcome.motion``.
    channels, regions, weeks
        Labels, in the order of the arrays; ``weeks`` are all weeks of the panel.
    fitted_weeks
        How many of the weeks the fit sees, from the first.
    outcome
        ``(region, week)``, in its unit.
    spend, media
        ``(channel, region, week)``, money; spend or exposure.
    adstock, saturation
        Name of the form of every channel.
    columns
        ``(region, column, week)``: linear terms beside the regions' levels.
    column_names, components
        Of every column: its name, and the part of the baseline that it belongs to.
    linear
        Prior of levels and columns.
    scales
        See :class:`Scales`.
    adstock_weeks
        Length of the adstock.
    priors
        Prior of every sampled parameter; see :mod:`mmmlib.model.priors`.
    max_media_share
        Share of the outcome that all channels together hardly pass.
    likelihood
        Law of the noise: ``normal``, ``student_t`` or ``negative_binomial``.
    autocorrelated
        Whether what is left follows its own past (AR(1)) or is independent.
    noise_weight
        By region: noise relative to the others; see :mod:`mmmlib.model.rotation`.
    lifts
        Lift tests of this outcome in the fitted weeks; see :mod:`mmmlib.model.lift`.
    calibrated
        Whether they are part of the likelihood.
    """

    model: str
    channels: tuple[str, ...]
    regions: tuple[str, ...]
    weeks: pd.DatetimeIndex
    fitted_weeks: int
    outcome: np.ndarray
    spend: np.ndarray
    media: np.ndarray
    adstock: tuple[str, ...]
    saturation: tuple[str, ...]
    columns: np.ndarray
    column_names: tuple[str, ...]
    components: tuple[str, ...]
    linear: LinearPrior
    scales: Scales
    adstock_weeks: int
    priors: dict[str, tuple[np.ndarray, np.ndarray]]
    max_media_share: float
    likelihood: str
    autocorrelated: bool
    noise_weight: np.ndarray
    lifts: tuple[LiftArrays, ...] = ()
    calibrated: bool = True

    @property
    def calibration(self) -> tuple[LiftArrays, ...]:
        """Lift tests that are part of the likelihood."""
        return self.lifts if self.calibrated else ()

    @property
    def seen_outcome(self) -> np.ndarray:
        """Outcome of the fitted weeks divided by its scale; ``(region, week)``."""
        return self.outcome[:, : self.fitted_weeks] / self.scales.outcome[:, None]

    @property
    def scaled_media(self) -> np.ndarray:
        """Media of all weeks divided by its scale; ``(channel, region, week)``."""
        return self.media / self.scales.media[:, :, None]

    @property
    def seen_spend(self) -> np.ndarray:
        """Money by channel in the fitted weeks, all regions."""
        return self.spend[:, :, : self.fitted_weeks].sum(axis=(1, 2))

    @property
    def seen_total(self) -> float:
        """Outcome of the fitted weeks, all regions, in its unit."""
        return float(self.outcome[:, : self.fitted_weeks].sum())

    @property
    def media_cost(self) -> np.ndarray:
        """Money per unit of media by channel and region, of the latest year; 1 if spend-driven.

        A region (or a year) in which media ran and nothing was booked, or the other way
        round, has no cost of its own: that of all regions counts, or of the whole history.
        """
        spend = self.spend[:, :, -RECENT_WEEKS:].sum(-1)
        media = self.media[:, :, -RECENT_WEEKS:].sum(-1)
        cost = (self.spend.sum((1, 2)) / self.media.sum((1, 2)))[:, None] * np.ones_like(spend)
        for paid, ran in (
            (spend.sum(1, keepdims=True), media.sum(1, keepdims=True)),
            (spend, media),
        ):
            np.divide(paid, ran, out=cost, where=(paid > 0) & (ran > 0) & np.ones_like(cost, bool))
        return cost

    def using(self, parameter: str) -> list[int]:
        """Rows of the channels that have a parameter: all, unless their forms say otherwise."""
        forms = list(zip(self.adstock, self.saturation, strict=True))
        if parameter not in FORM_PARAMETERS:
            return list(range(len(forms)))
        return [
            row
            for row, (adstock, saturation) in enumerate(forms)
            if parameter in (*ADSTOCKS[adstock], *SATURATIONS[saturation])
        ]


def prepare(
    panel: Panel,
    params: Params,
    model: str,
    holdout_weeks: int = 0,
    scales: Scales | None = None,
    calibrated: bool = True,
) -> ModelData:
    """Make the arrays of one fit.

    Parameters
    ----------
    panel
        As the data room made it; summed over regions for a national model.
    params, model
        What is asked, and which of ``params.model_names``.
    holdout_weeks
        Last weeks that the fit must not see.
    scales
        Scales of an earlier fit, to keep refits comparable; measured if not given.
    calibrated
        Whether the panel's lift tests are part of the likelihood.

    Raises
    ------
    MMMError
        If nothing can be learned from the data: too few weeks, an outcome that is
        zero or constant, a channel without spend, two identical channels.
    """
    if params.model.geography == "national":
        panel = panel.to_national()
    channels = tuple(params.channels)
    seen = len(panel.weeks) - holdout_weeks
    spend = panel.array("spend").sel(channel=list(channels)).to_numpy()
    media = spend.copy()
    exposures = set(panel.names("exposure"))
    for row, name in enumerate(channels):
        if params.channels[name].exposure and name in exposures:
            media[row] = panel.array("exposure").sel(channel=name).to_numpy()
    outcome = panel.outcome(model).to_numpy()
    likelihood = params.outcome_of(model).likelihood or params.model.likelihood
    refuse_faults(model, channels, outcome, spend, media, seen, likelihood)
    columns, names, components, sd, groups = make_columns(panel, params, seen)
    population = None if panel.population is None else panel.population.to_numpy()
    scales = scales or measure_scales(outcome[:, :seen], media[:, :, :seen], population)
    adstock = tuple(params.channels[name].adstock for name in channels)
    saturation = tuple(params.channels[name].saturation for name in channels)
    parts = params.parts_of(model.partition(".")[0])
    totals = {part: float(panel.outcome(part).to_numpy()[:, :seen].sum()) for part in parts}
    priors = model_priors(
        params,
        model,
        adstock,
        saturation,
        likelihood,
        regions=len(panel.regions),
        spend=spend[:, :, :seen].sum(axis=(1, 2)),
        totals=totals,
        groups=groups,
    )
    data = ModelData(
        model=model,
        channels=channels,
        regions=tuple(panel.regions),
        weeks=panel.weeks,
        fitted_weeks=seen,
        outcome=outcome,
        spend=spend,
        media=media,
        adstock=adstock,
        saturation=saturation,
        columns=columns,
        column_names=names,
        components=components,
        linear=LinearPrior(sd=sd, group=groups),
        scales=scales,
        adstock_weeks=params.model.adstock_weeks,
        priors=priors,
        max_media_share=params.model.max_media_share,
        likelihood=likelihood,
        autocorrelated="autocorrelation" in priors,
        noise_weight=np.ones(len(panel.regions))
        if likelihood == "negative_binomial"
        else measure_noise_weight(outcome[:, :seen] / scales.outcome[:, None]),
        calibrated=calibrated,
    )
    return replace(data, lifts=lift_arrays(panel.lift_tests, data))
