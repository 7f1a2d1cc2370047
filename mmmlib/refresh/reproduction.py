"""Can a run be recreated from what it kept? (H4)

Two fits of the same data with the same specification are the same draw by draw, the same but for
the noise of their draws, or different. The next refresh asks it of the last one by a fit with
fewer draws, which is the first step of its movement bridge; ``mmm reproduce`` asks it in full.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from mmmlib.findings import Finding, at_most
from mmmlib.model.effects import contribution, roi
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.schema import Params

Verdict = Literal["same", "same within sampling error", "different"]
MOST_ERRORS = 4.0
"""Monte Carlo errors by which the same number may differ: dozens of numbers are compared."""


@dataclass(frozen=True)
class Recreated:
    """One number (``roi``, ``contribution`` or ``half life``) of a run beside itself, made again.

    ``before`` and ``after`` are medians, ``factor`` is the larger over the smaller, and ``limit``
    the factor that the noise of the draws explains.
    """

    quantity: str
    channel: str
    before: float
    after: float
    factor: float
    limit: float
    identical: bool

    @property
    def verdict(self) -> Verdict:
        """Whether it is the same; NaN is different."""
        if self.identical:
            return "same"
        return "same within sampling error" if self.factor <= self.limit else "different"


def recreated_numbers(before: xr.Dataset, after: xr.Dataset) -> Iterator[Recreated]:
    """Hold the numbers of two fits of one model, on the same weeks, against each other."""
    numbers = {"roi": roi, "contribution": contribution, "half life": lambda one: one["half_life"]}
    for quantity, number in numbers.items():
        then, now = (number(one).transpose("draw", "channel") for one in (before, after))
        for name in then["channel"].to_numpy():
            pair = [one.sel(channel=name).to_numpy().astype(float) for one in (then, now)]
            if all(np.isfinite(one).all() for one in pair):
                yield _held(quantity, str(name), *pair)


def _held(quantity: str, channel: str, then: np.ndarray, now: np.ndarray) -> Recreated:
    middles = float(np.median(then)), float(np.median(now))
    identical = then.shape == now.shape and bool((then == now).all())
    factor, limit = math.nan, math.nan
    if identical:
        factor = limit = 1.0
    elif min(middles) > 0:
        factor = max(middles) / min(middles)
        errors = [
            monte_carlo_error(one) / middle
            for one, middle in zip((then, now), middles, strict=True)
        ]
        limit = math.exp(MOST_ERRORS * math.hypot(*errors))
    return Recreated(quantity, channel, *middles, factor, limit, identical)


def reproduction_finding(
    model: str, before: xr.Dataset, after: xr.Dataset, params: Params
) -> Finding:
    """Judge whether the last refresh can be recreated, by the return that differs most.

    What differs by less than ``comparison.large_movement`` is no difference that matters.
    """
    found = [one for one in recreated_numbers(before, after) if one.quantity == "roi"]
    least = 1 + params.comparison.large_movement

    def excess(one: Recreated) -> float:
        return math.inf if math.isnan(one.factor) else one.factor / max(one.limit, least)

    worst = max(found, key=excess, default=None)
    if worst is None:
        return at_most(
            "refresh.reproduction", model, math.nan, least, "No return could be recreated."
        )
    limit = max(worst.limit, least)
    same = "the same within sampling error" if worst.factor <= limit else "different"
    return at_most(
        "refresh.reproduction",
        model,
        worst.factor,
        limit,
        f"Fitted again from what the last refresh kept, its returns are {same}: the most differs that "
        f"of {params.channel_label(worst.channel)}, by a factor of {worst.factor:.3g} (at most "
        f"{limit:.3g}).",
    )
