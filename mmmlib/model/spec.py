"""What is fitted, as arrays: from panel and parameters to scaled data. No PyMC here.

Everything that the log density needs is in a :class:`ModelData`; a national model
is the one-region case of the same arrays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.panel import Panel
from mmmlib.errors import MMMError
from mmmlib.model.priors import LinearPrior, channel_priors
from mmmlib.model.rotation import measure_noise_weight, varies_by_region
from mmmlib.params import Params
from mmmlib.transforms import SATURATIONS

RECENT_WEEKS = 52
"""Weeks over which the cost of a unit of exposure is measured."""
SAME_SIZE = 3.0
"""Factor by which a scale may have grown or shrunk and still be carried on."""
YEAR = 365.25 / 7
"""Weeks in a year."""


@dataclass(frozen=True)
class Scales:
    """What outcome and media are divided by, so that priors mean the same everywhere.

    Parameters
    ----------
    outcome
        By region: mean weekly outcome.
    media
        By channel and region: mean of the weeks with spend, or that mean per head
        over all regions times the region's population where it is known.
    """

    outcome: np.ndarray
    media: np.ndarray


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
    autocorrelated
        Whether what is left follows its own past (AR(1)) or is independent.
    noise_weight
        By region: noise relative to the others; see :mod:`mmmlib.model.rotation`.
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
    autocorrelated: bool
    noise_weight: np.ndarray

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

    def having(self, form: str) -> list[int]:
        """Rows of the channels whose adstock or saturation is ``form``."""
        return [
            row
            for row, forms in enumerate(zip(self.adstock, self.saturation, strict=True))
            if form in forms
        ]


def prepare(
    panel: Panel,
    params: Params,
    model: str,
    holdout_weeks: int = 0,
    scales: Scales | None = None,
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
    _check(model, channels, outcome, spend, media, seen)
    columns, names, components, sd, groups = _columns(panel, params, seen)
    population = None if panel.population is None else panel.population.to_numpy()
    scales = scales or measure_scales(outcome[:, :seen], media[:, :, :seen], population)
    adstock = tuple(params.channels[name].adstock for name in channels)
    saturation = tuple(params.channels[name].saturation for name in channels)
    return ModelData(
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
        priors=channel_priors(
            params,
            model,
            adstock,
            saturation,
            regions=len(panel.regions),
            spend=spend[:, :, :seen].sum(axis=(1, 2)),
            total=float(outcome[:, :seen].sum()),
            groups=groups,
        ),
        max_media_share=params.model.max_media_share,
        autocorrelated=params.model.noise == "ar1",
        noise_weight=measure_noise_weight(outcome[:, :seen] / scales.outcome[:, None]),
    )


def measure_scales(outcome: np.ndarray, media: np.ndarray, population: np.ndarray | None) -> Scales:
    """Measure the scales on the fitted weeks; see :class:`Scales`."""
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


def carried_scales(effects: xr.Dataset, panel: Panel, params: Params) -> Scales | None:
    """Scales that an earlier fit was told, for a refit that shall be comparable.

    Returns
    -------
    Scales or None
        None where they do not fit this panel: other channels or regions, or a size
        that changed by more than the factor ``SAME_SIZE`` (a unit or a source changed).
    """
    told_scales = json.loads(effects.attrs["told"]).get("scales", {})
    panel = panel.to_national() if params.model.geography == "national" else panel
    outcome, media = told_scales.get("outcome", {}), told_scales.get("media", {})
    if set(outcome) != set(panel.regions) or set(media) != set(params.channels):
        return None
    scales = Scales(
        outcome=np.array([outcome[region] for region in panel.regions]),
        media=np.array([[media[name][r] for r in panel.regions] for name in params.channels]),
    )
    fresh = prepare(panel, params, effects.attrs["model"]).scales
    for old, new in ((scales.outcome, fresh.outcome), (scales.media, fresh.media)):
        if not (np.abs(np.log(old / new)) < np.log(SAME_SIZE)).all():
            return None
    return scales


def media_cost(data: ModelData) -> np.ndarray:
    """Money per unit of media by channel and region, over the latest year; 1 if spend-driven."""
    spend = data.spend[:, :, -RECENT_WEEKS:].sum(-1)
    media = data.media[:, :, -RECENT_WEEKS:].sum(-1)
    everywhere = spend.sum(1, keepdims=True) / np.maximum(media.sum(1, keepdims=True), 1e-300)
    longer = data.spend.sum((1, 2)) / data.media.sum((1, 2))
    everywhere = np.where(media.sum(1, keepdims=True) > 0, everywhere, longer[:, None])
    return np.where(media > 0, spend / np.maximum(media, 1e-300), everywhere)


def _check(
    model: str,
    channels: tuple[str, ...],
    outcome: np.ndarray,
    spend: np.ndarray,
    media: np.ndarray,
    seen: int,
) -> None:
    """Refuse data from which no answer can come, with all reasons at once."""
    faults: list[str] = []
    visible = media[:, :, : max(seen, 0)]
    if seen < 2 * len(channels) + 10:
        faults.append(
            f"{max(seen, 0)} weeks are too few for {len(channels)} channels "
            f"(at least {2 * len(channels) + 10} are needed): bring more history, "
            f"join channels, or shorten the holdout"
        )
    elif not (outcome[:, :seen].mean(-1) > 0).all():
        faults.append("a region's outcome is zero in all weeks: take the region out")
    elif not (outcome[:, :seen].std(-1) > 0).all():
        faults.append("a region's outcome never changes, so nothing can explain it")
    else:
        for row, name in enumerate(channels):
            if not visible[row].any() or not spend[row, :, :seen].any():
                faults.append(f"channel {name} has no spend in the fitted weeks: remove it")
            elif np.ptp(visible[row], axis=-1).max() == 0:
                faults.append(
                    f"channel {name} never changes, so its effect cannot be told from "
                    f"the level: leave it out, or vary it"
                )
            faults += [
                f"channels {channels[other]} and {name} are identical: join them"
                for other in range(row)
                if visible[row].any() and np.array_equal(visible[row], visible[other])
            ]
    if faults:
        raise MMMError(f"{model} cannot be fitted. " + "; ".join(faults) + ".")


def _columns(
    panel: Panel, params: Params, seen: int
) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...], np.ndarray, np.ndarray]:
    """Linear terms with their prior spread and the learned scale that they share.

    The spread is in units of the region's mean outcome. Group 0 has a fixed
    spread; the others multiply it by a scale that is learned.
    """
    weeks, regions = len(panel.weeks), len(panel.regions)
    rows: list[tuple[str, str, np.ndarray, float, int]] = []
    groups: list[str] = []

    def group(name: str) -> int:
        if name not in groups:
            groups.append(name)
        return groups.index(name) + 1

    time = np.arange(weeks)
    if params.model.trend != "none":
        # One unit over two years, so that the prior does not depend on the history's length.
        rows.append(("slope", "trend", (time - time.mean()) / 104, 0.3, 0))
    if params.model.trend == "piecewise":
        knots = np.linspace(0, weeks - 1, params.model.trend_knots + 1)
        for number, (start, end) in enumerate(pairwise(knots)):
            ramp = np.clip((time - start) / (end - start), 0, 1)
            rows.append((f"knot_{number + 1}", "trend", ramp, 1.0, group("trend")))
    days = (panel.weeks - pd.Timestamp("2000-01-03")).days.to_numpy()
    for order in range(1, params.model.seasonality + 1):
        angle = 2 * np.pi * order * days / 7 / YEAR
        for name, wave in (("sin", np.sin(angle)), ("cos", np.cos(angle))):
            rows.append((f"{name}_{order}", "seasonality", wave, 1.0, group("seasonality")))
    for role, component, spread in (
        ("event", "events", 0.3),
        ("control", "controls", 0.2),
    ):
        array = panel.array(role).to_numpy()
        for name, values in zip(panel.names(role), array, strict=True):
            inside = values[:, :seen]
            if role == "control":
                # Centred by region: differences between regions belong to their levels.
                deviation = inside - inside.mean(-1, keepdims=True)
                size = deviation.std()
                if not size > 0:
                    continue
                values = (values - inside.mean(-1, keepdims=True)) / size
            elif not inside.any():
                continue
            rows.append((name, component, values, spread, 0))
    proxy = common_spend(panel.array("spend").to_numpy().sum(1), seen)
    if params.model.demand_proxy and proxy is not None:
        rows.append(("common_spend", "demand", proxy, 0.1, 0))
    if not rows:
        empty = np.zeros((regions, 0, weeks))
        return empty, (), (), np.zeros(0), np.zeros(0, dtype=int)
    # Columns that differ between regions come first: the rest speak of all regions at once.
    rows.sort(key=lambda row: not varies_by_region(row[2]))
    stacked = np.stack([np.broadcast_to(row[2], (regions, weeks)) for row in rows], axis=1)
    return (
        np.ascontiguousarray(stacked, dtype=float),
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        np.array([row[3] for row in rows]),
        np.array([row[4] for row in rows]),
    )


def common_spend(spend: np.ndarray, seen: int) -> np.ndarray | None:
    """What all channels' spend has in common, week by week: a stand-in for demand.

    Budgets follow demand that no column measures, and a model takes that demand for
    the channels' doing. Where budgets follow one demand they move together, so their
    common movement (first principal component of log spend) is put beside the
    channels as a linear term; it takes up what is as likely demand as media.

    Parameters
    ----------
    spend
        ``(channel, week)``.
    seen
        Weeks of the fit; the component is found in them.

    Returns
    -------
    ndarray or None
        ``(week,)``, spread one; None below three channels, where common and own
        movement cannot be told apart.

    Notes
    -----
    A control function with one factor, after Wooldridge (2015), *Control function
    methods in applied econometrics*.
    """
    spend = spend[np.ptp(spend[:, :seen], axis=-1) > 0]
    if len(spend) < 3:
        return None
    level = np.log1p(spend / spend[:, :seen].mean(-1, keepdims=True))
    moved = level - level[:, :seen].mean(-1, keepdims=True)
    moved = moved / moved[:, :seen].std(-1, keepdims=True)
    left, _, _ = np.linalg.svd(moved[:, :seen], full_matrices=False)
    direction = left[:, 0] * np.sign(left[:, 0].sum() or 1.0)
    common = direction @ moved
    return np.asarray(common / common[:seen].std())


def told(data: ModelData) -> dict[str, Any]:
    """What the model was told, as plain values: priors, scales, forms."""
    return {
        "scales": {
            "outcome": dict(zip(data.regions, data.scales.outcome.tolist(), strict=True)),
            "media": {
                name: dict(zip(data.regions, row.tolist(), strict=True))
                for name, row in zip(data.channels, data.scales.media, strict=True)
            },
        },
        "priors": {
            name: {"mean": np.asarray(mean).tolist(), "sd": np.asarray(sd).tolist()}
            for name, (mean, sd) in data.priors.items()
            if name != "deviation"
        },
        "forms": {
            name: {"adstock": a, "saturation": s, "parameters": list(SATURATIONS[s])}
            for name, a, s in zip(data.channels, data.adstock, data.saturation, strict=True)
        },
        "linear": {
            name: {"component": part, "sd": float(sd), "group": int(group)}
            for name, part, sd, group in zip(
                data.column_names,
                data.components,
                data.linear.sd,
                data.linear.group,
                strict=True,
            )
        },
        "noise": "ar1" if data.autocorrelated else "independent",
        "max_media_share": data.max_media_share,
        "fitted_weeks": data.fitted_weeks,
    }
