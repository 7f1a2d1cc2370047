"""What a fit would have said under another reasonable prior: its draws, weighted anew. (H2, M5)

The draws of a fit are draws of another fit too, if each counts by how much likelier the other
prior makes it. Nothing is sampled again, so every fit can be asked. The priors that are tried on a
channel's return have their middle half a spread higher, half a spread lower, or are a
quarter as wide again.

The weights are smoothed, and where a few draws would carry everything (Pareto's k) the answer is
not known. After Vehtari et al. (2024), *Pareto smoothed importance sampling*, and Kallioinen et al.
(2024), *Detecting and diagnosing prior and likelihood sensitivity with power-scaling*.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from mmmlib.model.effects import seen_weeks

SHIFT = 0.5
"""By how many of its spreads the middle of a prior is moved; spreads are of the logarithm."""
WIDER = 1.25
"""By which factor the spread of a prior is widened. By half as much again the draws could not tell in
a quarter of the fits: the wider prior's weight lies where a fit has no draws."""
MAX_PARETO_K = 0.7
"""Above it, weighted draws say nothing reliable (Vehtari et al.)."""
ALTERNATIVES = ("higher", "lower", "wider")


@dataclass(frozen=True)
class Reweighted:
    """Weights of a fit's draws under other priors of one channel's return, or of all of them.

    ``weights`` are ``(alternative, draw)``, see :data:`ALTERNATIVES`; each row sums to one.
    ``pareto_k`` is the largest of the alternatives; NaN where it could not be told.
    """

    weights: np.ndarray
    pareto_k: float

    @property
    def known(self) -> bool:
        """Whether the weighted draws can be relied on."""
        return bool(self.pareto_k <= MAX_PARETO_K)

    def medians(self, draws: np.ndarray) -> np.ndarray:
        """Median of a quantity under each alternative."""
        order = np.argsort(draws)
        reached = np.cumsum(self.weights[:, order], axis=1)
        places = (reached < 0.5).sum(axis=1).clip(max=len(draws) - 1)
        return np.asarray(draws[order][places])

    def chances(self, true: np.ndarray) -> np.ndarray:
        """Probability of an event under each alternative, from its draws of yes and no."""
        return np.asarray(self.weights @ true.astype(float))


@dataclass(frozen=True)
class StatedReturns:
    """What a fit was told of the logarithms of the returns: mean and spread by channel.

    ``precision`` is the inverse of their correlations, ``(channel, channel)``.
    """

    mean: np.ndarray
    sd: np.ndarray
    precision: np.ndarray

    def log_density(self, logs: np.ndarray, shift: np.ndarray, wider: np.ndarray) -> np.ndarray:
        """Log density of draws ``(draw, channel)``, but for a constant, under other priors.

        By channel, ``shift`` is what is added to each mean, in spreads, and ``wider`` by what each
        spread is multiplied.
        """
        off = ((logs - self.mean) / self.sd - shift) / wider
        return np.asarray(-0.5 * np.einsum("dc,ce,de->d", off, self.precision, off))


def stated_returns(effects: xr.Dataset) -> StatedReturns | None:
    """What the fit was told of the returns.

    None where the engine does not say, or where several motions were added up.
    """
    inputs = json.loads(effects.attrs["inputs"])
    prior, alike = inputs.get("priors", {}).get("roi"), inputs.get("alike", {})
    if prior is None:
        return None
    mean, sd = (np.asarray(prior[name], dtype=float) for name in ("mean", "sd"))
    names = [str(name) for name in effects["channel"].to_numpy()]
    if not mean.shape == sd.shape == (len(names),):
        return None
    like = np.array([name in alike.get("channels", ()) for name in names])
    correlations = np.where(np.outer(like, like), alike.get("correlation", 0.0), 0.0)
    np.fill_diagonal(correlations, 1.0)
    return StatedReturns(mean, sd, np.linalg.inv(correlations))


def reweigh(*parts: xr.Dataset) -> dict[str | None, Reweighted]:
    """Weigh a fit's draws by other priors of each channel's return, and of all together.

    ``parts`` are the effects of one fit; of an outcome over its motions those of each, whose priors
    are changed together. By channel; ``None`` is all channels at once. Empty where the priors are
    not known.
    """
    each = [_log_ratios(effects) for effects in parts]
    known = [one for one in each if one is not None]
    if len(known) < len(each) or len({one.shape for one in known}) != 1:
        return {}
    names: list[str | None] = [str(name) for name in parts[0]["channel"].to_numpy()]
    ratios = sum(known[1:], known[0])
    return {name: _smoothed(one) for name, one in zip([*names, None], ratios, strict=True)}


def _log_ratios(effects: xr.Dataset) -> np.ndarray | None:
    """How much likelier each draw is under another prior, ``(channels and all, alternative, draw)``."""
    stated = stated_returns(effects)
    if stated is None:
        return None
    seen = seen_weeks(effects)
    # The prior is on what the spend brings to its end, as the return is.
    whole = seen["spend_effect"].transpose("draw", "channel", "week").to_numpy().astype(float)
    spend = seen["spend"].transpose("channel", "week").to_numpy().astype(float).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(whole.sum(-1) / spend)
    if "form_factor" in effects:  # what was believed, and fitted, is the return without it
        logs -= np.log(effects["form_factor"].transpose("draw", "channel").to_numpy().astype(float))
    channels = logs.shape[1]
    none, one = np.zeros(channels), np.ones(channels)
    tried = [
        [
            stated.log_density(logs, SHIFT * mask, one),
            stated.log_density(logs, -SHIFT * mask, one),
            stated.log_density(logs, none, 1 + (WIDER - 1) * mask),
        ]
        for mask in [*np.eye(channels), one]
    ]
    return np.array(tried) - stated.log_density(logs, none, one)


def lowest_chance(
    true: np.ndarray,
    under: Mapping[str | None, Reweighted],
    channels: Iterable[str],
    draws: slice = slice(None),
) -> float | None:
    """Return the probability of an event under the least favourable of the priors that are tried.

    No larger than under the fit's own prior; NaN where the draws cannot tell, None where the priors
    are not known.

    Parameters
    ----------
    true
        Whether it is so, by draw; ``draws`` are the fit's draws that it is of.
    under
        See :func:`reweigh`.
    channels
        Those that the event hangs on: each one's prior is changed by itself, and all at once.
    """
    tried = [under.get(name) for name in (None, *channels)]
    chances = [float(true.mean())]
    for one in tried:
        if one is None:
            return None
        if true.all():
            continue  # whatever the weights
        weights = one.weights[:, draws]
        chances += (weights @ true / weights.sum(axis=1)).tolist() if one.known else [np.nan]
    return float(np.min(chances))


def _smoothed(log_ratios: np.ndarray) -> Reweighted:
    from arviz_stats.base import array_stats

    unknown = Reweighted(np.full(log_ratios.shape, np.nan), np.nan)
    if not np.isfinite(log_ratios).all():
        return unknown
    try:
        # It is written for leaving an observation out: it takes what is divided by.
        log_weights, k = array_stats.psislw(-log_ratios, axis=-1)
    except ValueError:  # the largest weights are all the same: draws that hardly differ
        return unknown
    return Reweighted(np.exp(log_weights), float(np.max(k)))
