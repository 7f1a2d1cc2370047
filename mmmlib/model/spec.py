"""From panel and parameters to the arrays of a fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmmlib.data.panel.panel import Panel
from mmmlib.errors import MMMError
from mmmlib.model.arrays import ModelData, Scales
from mmmlib.model.budgets import first_rows
from mmmlib.model.columns import make_columns
from mmmlib.model.faults import refuse_faults, refuse_priors
from mmmlib.model.lift import lift_arrays
from mmmlib.model.odd_weeks import odd_weeks
from mmmlib.model.priors import LinearPrior, model_priors
from mmmlib.model.rotation import measure_noise_weight
from mmmlib.params import Params


def spend_and_media(panel: Panel, params: Params) -> tuple[np.ndarray, np.ndarray]:
    """Money of every channel, and what its effect follows; ``(channel, region, week)`` each.

    The exposure of a channel without spend stands for both: its prior is on its share of the
    outcome, which the unit cancels from.
    """
    exposure = dict(zip(panel.names("exposure"), panel.values("exposure"), strict=True))
    paid = dict(zip(panel.names("spend"), panel.values("spend"), strict=True))
    spend = {name: paid[name] if name in paid else exposure[name] for name in params.channels}
    media = {
        name: exposure[name] if channel.exposure and name in exposure else spend[name]
        for name, channel in params.channels.items()
    }
    return np.stack(list(spend.values())), np.stack(list(media.values()))


def too_young(panel: Panel, params: Params, holdout_weeks: int) -> tuple[str, ...]:
    """Channels of which a fit without the last weeks would see no spend, or no change of it."""
    spend, media = spend_and_media(panel, params)
    seen = len(panel.weeks) - holdout_weeks

    def learnable(weeks: slice) -> np.ndarray:
        moves = np.ptp(media[:, :, weeks].sum(1), axis=-1) > 0
        return np.asarray(moves & (spend[:, :, weeks].sum((1, 2)) > 0))

    young = learnable(slice(None)) & ~learnable(slice(seen))
    return tuple(name for name, one in zip(params.channels, young, strict=True) if one)


def prepare(
    panel: Panel,
    params: Params,
    model: str,
    holdout_weeks: int = 0,
    scales: Scales | None = None,
    calibrated: bool = True,
    ahead: bool = False,
) -> ModelData:
    """Make the arrays of one fit.

    Parameters
    ----------
    holdout_weeks
        Last weeks that the fit must not see.
    scales
        Scales of an earlier fit, to keep refits comparable; measured if not given.
    calibrated
        Whether the panel's lift tests are part of the likelihood.
    ahead
        The weeks that are held out are still to come: terms are as in a fit of the others.

    Raises
    ------
    MMMError
        If nothing can be learned from the data: too few weeks, an outcome that is
        zero or constant, a channel without spend, two identical channels; or if the priors
        leave no room for the data.
    """
    panel = modelled(panel, params)
    channels = tuple(params.channels)
    seen = len(panel.weeks) - holdout_weeks
    outcome, spend, media = _series(panel, params, model, seen)
    likelihood = _likelihood(params, model)
    apart: tuple[str, ...] = ()
    if likelihood == "auto":
        likelihood, apart = "normal", odd_weeks(panel, params, model, seen)
    columns, names, components, sd, groups = make_columns(
        panel, params, seen, seen if ahead else None, apart
    )
    scales = scales or _measure_scales(panel, outcome[:, :seen], media[:, :, :seen])
    adstock = tuple(params.channels[name].adstock for name in channels)
    saturation = tuple(params.channels[name].saturation for name in channels)
    parts = params.parts_of(model.partition(".")[0])
    paid = np.array([params.channels[name].spend is not None for name in channels])
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
        whole_of=np.where(
            paid, first_rows(spend[:, :, :seen].sum(axis=1) * paid[:, None]), np.arange(len(paid))
        ),
    )
    controls = zip(panel.names("control"), panel.values("control"), strict=True)
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
        paid=paid,
        alike=paid & [params.channels[name].prior is None for name in channels],
        likeness=params.model.returns_alike,
        calibrated=calibrated,
        levers={name: values for name, values in controls if name in params.levers},
    )
    refuse_priors(data)
    return replace(data, lifts=lift_arrays(panel.lift_tests, data))


def why_not(
    panel: Panel,
    params: Params,
    model: str,
    holdout_weeks: int = 0,
    scales: Scales | None = None,
) -> str:
    """Say why a fit would be refused; nothing where it would not. See :func:`prepare`."""
    try:
        prepare(panel, params, model, holdout_weeks, scales)
    except MMMError as error:
        return str(error)
    return ""


def modelled(panel: Panel, params: Params) -> Panel:
    """Return the panel as the model sees it: summed over regions for a national one."""
    return panel.to_national() if params.model.geography == "national" else panel


def _series(
    panel: Panel, params: Params, model: str, seen: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, spend and media of a model; refused where no answer can come from them."""
    channels = tuple(params.channels)
    spend, media = spend_and_media(panel, params)
    outcome = panel.outcome(model).to_numpy()
    refuse_faults(
        model, channels, outcome, spend, media, seen, _likelihood(params, model),
        params.unpaid_channels,
    )  # fmt: skip
    return outcome, spend, media


def _likelihood(params: Params, model: str) -> str:
    return params.outcome_of(model).likelihood or params.model.likelihood


def fresh_scales(panel: Panel, params: Params, model: str) -> Scales:
    """Scales that a fit to all weeks would measure."""
    panel = modelled(panel, params)
    outcome, _, media = _series(panel, params, model, len(panel.weeks))
    return _measure_scales(panel, outcome, media)


def _measure_scales(panel: Panel, outcome: np.ndarray, media: np.ndarray) -> Scales:
    """Measure the scales on the fitted weeks; see :class:`Scales`."""
    population = None if panel.population is None else panel.population.to_numpy()
    heads = np.ones(media.shape[1]) if population is None else population
    per_head = media / heads[:, None]
    used = per_head > 0
    if population is None:
        level = per_head.sum(-1) / np.maximum(used.sum(-1), 1)
        # A region that never had a channel takes the mean of the others.
        total = level.sum(-1, keepdims=True) / np.maximum((level > 0).sum(-1, keepdims=True), 1)
        level = np.where(level > 0, level, total)
    else:
        level = per_head.sum((1, 2)) / used.sum((1, 2))
        level = level[:, None] * np.ones(media.shape[1])
    return Scales(outcome=outcome.mean(-1), media=level * heads)
