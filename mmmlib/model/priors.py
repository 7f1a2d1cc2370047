"""Priors that a marketer can state, and the laws that follow from them.

Every sampled parameter is normal on its unconstrained scale: log for what is
positive, logit for what lies between zero and one (or zero and the adstock's
length). A stated 90 % range therefore maps to two numbers, and the whole prior is
two vectors.

How to read the defaults: a channel's half-life is rarely above a month; at its
usual spend it is somewhere between nearly linear and nearly full; regions differ
from each other by some tens of percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmmlib.data.panel.lift_grid import REGIONS_DIFFER
from mmmlib.model.quantiles import Z90, split_lognormal
from mmmlib.params import Params
from mmmlib.params.model import Range
from mmmlib.params.series import Prior
from mmmlib.transforms import ADSTOCKS

LEVEL_MEAN, LEVEL_SD = 0.7, 0.5
"""Prior of a region's level, as a share of its mean outcome."""
SHARE_WIDTH = 0.03
"""How sharply the prior falls where all channels together pass ``max_media_share``."""

LOG = (
    "weibull_shape",
    "weibull_scale",
    "steepness",
    "half_saturation",
    "slope",
    "roi",
    "pooling",
    "sigma",
    "degrees",
    "scale",
)
LOGIT = ("retention", "peak", "autocorrelation")
"""Parameters by their unconstrained scale; ``deviation`` (region by channel) is normal as it is."""


@dataclass(frozen=True)
class LinearPrior:
    """Normal priors of the linear terms, in units of a region's mean outcome, by column.

    ``group`` is 0 where the spread ``sd`` of the coefficient stands as it is; else the number (from
    1) of the learned scale that multiplies it.
    """

    sd: np.ndarray
    group: np.ndarray


def lognormal(stated: Range) -> tuple[float, float]:
    """Mean and spread of the logarithm for a 90 % range.

    >>> lognormal(Range(low=1, high=1.0001))[1] < 0.001
    True
    """
    low, high = np.log(stated.low), np.log(stated.high)
    return float((low + high) / 2), float((high - low) / 2 / Z90)


@dataclass(frozen=True)
class Stated:
    """What a parameter file (or its default) says of a channel's return on an outcome.

    ``kind`` is ``roi``, ``share`` or ``cost_per``; ``default_share`` is the share of a channel with
    the usual spend. ``name`` says whose return it is: an outcome, over all its motions, or one
    motion (``outcome.motion``).
    """

    kind: str
    range: Range
    name: str


def stated_prior(prior: Prior | None, params: Params, model: str, *, paid: bool = True) -> Stated:
    """Find what is stated of a channel's return for a model, an outcome or one of its motions.

    What is stated for the motion itself comes first; without a prior the defaults of
    ``params.model`` hold. A return stated in money is used for outcomes in money, a cost per unit
    for the outcome that it names. Of a channel that is not ``paid`` for, a share is believed of any
    outcome.
    """
    outcome, _, motion = model.partition(".")
    money = params.outcome_unit(model) == params.currency
    own = prior.motions.get(motion) if prior is not None else None
    for name, one in ((model, own), (outcome, prior)):
        if one is None:
            continue
        if cost := one.cost_per.get(outcome):
            return Stated("cost_per", cost, name)
        if one.share is not None:
            return Stated("share", one.share, name)
        if money and one.roi is not None:
            return Stated("roi", one.roi, name)
    if not paid:
        return Stated("share", params.model.default_share, outcome)
    if money:
        return Stated("roi", params.model.default_roi, outcome)
    return Stated("default_share", params.model.default_share, outcome)


def return_prior(
    prior: Prior | None,
    params: Params,
    model: str,
    spend: float,
    totals: Mapping[str, float],
    usual_spend: float,
    *,
    paid: bool = True,
) -> tuple[float, float]:
    """Prior of a channel's return (outcome per unit of money), as mean and spread of its logarithm.

    What is stated on an outcome means the outcome, not each of its motions: it is split by the
    motions' shares of the outcome, so that the sum over the motions is what was stated. A share
    becomes a return by ``share * total / spend``.

    Parameters
    ----------
    prior, params, model, paid
        See :func:`stated_prior`.
    spend
        Money of the channel in the fitted weeks; of one without spend, its exposure.
    totals
        Outcome of every motion in the fitted weeks, by model.
    usual_spend
        Mean of the channels' money. By default a channel that costs as much is believed to
        cause ``default_share`` of a counted outcome, and others in proportion: before the
        data have spoken, a unit of money does the same everywhere.
    """
    stated = stated_prior(prior, params, model, paid=paid)
    whole = sum(totals.values())
    total = totals.get(stated.name, whole)
    if stated.kind == "cost_per":
        mean, sd = lognormal(Range(low=1 / stated.range.high, high=1 / stated.range.low))
    else:
        mean, sd = lognormal(stated.range)
    if stated.kind == "share":
        mean += float(np.log(total / spend))
    elif stated.kind == "default_share":
        mean += float(np.log(total / usual_spend))
    if stated.name == model or model not in totals:
        return mean, sd
    shift, sd = split_lognormal(sd, tuple(one / whole for one in totals.values()))
    return mean + shift + float(np.log(totals[model] / whole)), sd


def model_priors(
    params: Params,
    model: str,
    adstock: tuple[str, ...],
    saturation: tuple[str, ...],
    likelihood: str,
    regions: int,
    spend: np.ndarray,
    totals: Mapping[str, float],
    groups: np.ndarray,
    whole_of: np.ndarray,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and spread of every sampled parameter on its unconstrained scale.

    In the order in which the sampler sees them; absent where no channel has the form. ``whole_of``
    names the first row of the channel that a row is a part of
    (:func:`mmmlib.model.budgets.first_rows`).
    """
    channels = len(adstock)
    kept = [form for form in adstock if "retention" in ADSTOCKS[form]]
    delayed = np.array([form == "delayed" for form in kept], dtype=bool)
    weibull = adstock.count("weibull")
    logistic = saturation.count("logistic")
    hill = saturation.count("hill")
    halves = hill + saturation.count("michaelis_menten")
    paid = np.array([channel.spend is not None for channel in params.channels.values()])
    usual = float(spend[paid].sum() / len(np.unique(whole_of[paid])))
    returns = np.array(
        [
            return_prior(
                channel.prior, params, model, money, totals, usual, paid=channel.spend is not None
            )
            for channel, money in zip(params.channels.values(), spend, strict=True)
        ]
    )
    default = np.array([channel.prior is None for channel in params.channels.values()])
    returns[default] = split_rows(returns, spend, whole_of, params.model.returns_alike)[default]
    learned = int(groups.max(initial=0))
    half = params.model.adstock_weeks / 2
    priors: dict[str, tuple[np.ndarray, np.ndarray]] = {
        # Retention of 0.4 (0.7 for the bell of the delayed form), 90 % about 0.1 to 0.8.
        "retention": (np.where(delayed, 0.8, -0.4), np.full(len(kept), 1.0)),
        "peak": _filled(int(delayed.sum()), _logit(min(2.0, half) / (2 * half)), 0.8),
        # From a plain decay (shape 0.8) to a bell; most of an effect within a month.
        "weibull_shape": _filled(weibull, np.log(1.5), 0.4),
        "weibull_scale": _filled(weibull, np.log(min(2.5, half)), 0.6),
        "steepness": _filled(logistic, 0.3, 0.8),
        "half_saturation": _filled(halves, np.log(1.2), 0.7),
        "slope": _filled(hill, np.log(1.2), 0.3),
        "roi": (returns[:, 0], returns[:, 1]),
        **_noise(likelihood, params.model.noise == "ar1", regions),
        "scale": _filled(learned, np.log(0.08), 0.8),
    }
    if regions > 1:
        priors["pooling"] = _filled(channels, np.log(REGIONS_DIFFER), 0.5)
        priors["deviation"] = (
            np.zeros((channels, regions)),
            np.ones((channels, regions)),
        )
    return {name: prior for name, prior in priors.items() if prior[0].size}


def split_rows(
    returns: np.ndarray, spend: np.ndarray, whole_of: np.ndarray, likeness: float
) -> np.ndarray:
    """Prior of the rows of a channel with which all of them together have the channel's own.

    A sum of uncertain parts has a higher middle than each part, and a narrower range: without this,
    a channel told in three rows would be believed to return a third more.

    ``returns``, ``(channel, 2)``, are mean and spread of the logarithm, as believed of a whole
    channel; ``likeness`` is the correlation of the logarithms of two returns. For ``whole_of`` see
    :func:`mmmlib.model.budgets.first_rows`.
    """
    rows = returns.copy()
    for first in np.unique(whole_of):
        mine = whole_of == first
        shares = tuple(spend[mine] / spend[mine].sum())
        for row in np.flatnonzero(mine):
            shift, rows[row, 1] = split_lognormal(float(returns[row, 1]), shares, likeness)
            rows[row, 0] += shift
    return rows


def _noise(
    likelihood: str, autocorrelated: bool, regions: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Noise: of the common movement and of the differences between regions."""
    if likelihood == "negative_binomial":
        # Spread of a count beyond that of chance alone, as a share of its mean.
        return {"sigma": _filled(1, np.log(0.15), 1.0)}
    movements = min(regions, 2)
    # The common movement of many regions carries their shared shocks as well.
    return {
        "sigma": (
            np.log(0.08) + np.array([0.25 * np.log(regions), 0.0])[:movements],
            np.array([1.0 if regions > 1 else 0.8, 0.8])[:movements],
        ),
        # From tails that are heavy (2.5) to nearly normal ones (25).
        "degrees": _filled(int(likelihood == "student_t"), np.log(8), 0.7),
        "autocorrelation": _filled(movements * int(autocorrelated), -0.5, 1.2),
    }


def _filled(count: int, mean: float, sd: float) -> tuple[np.ndarray, np.ndarray]:
    return np.full(count, mean), np.full(count, sd)


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))
