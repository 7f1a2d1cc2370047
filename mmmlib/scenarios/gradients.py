"""What a plan brings in every draw, and its gradient in closed form. NumPy only.

The same formulas as in :mod:`mmmlib.model.response`, laid out so that lags meet draws in one matrix
product. Draws are taken in chunks: memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr

from mmmlib.model.prices import price_of
from mmmlib.model.response import saturation_kinds
from mmmlib.prices import UnitPrice
from mmmlib.transforms import SATURATIONS, lagged, saturate

CHUNK = 64
"""Draws at a time."""
SMALL = 1e-9
"""Adstocked media, in units of its scale, below which Hill's slope is that of this amount."""


@dataclass(frozen=True, eq=False)
class _Formula:
    """One channel in one model: everything by draw, media by region."""

    kind: str
    weights: np.ndarray
    """``(draw, lag)``"""
    shapes: tuple[np.ndarray, ...]
    coefficient: np.ndarray
    """``(draw, region)``"""
    past: np.ndarray
    """Scaled media before the horizon; ``(region, week)``."""
    per_money: np.ndarray
    """Scaled media that one unit of money buys at today's price, by region."""
    price: UnitPrice

    def lags(self, money: np.ndarray) -> np.ndarray:
        """Scaled media and its past; ``(lag, region * week)``, to the end of the carryover."""
        lag = self.weights.shape[1]
        bought = self.price.worth(money) * self.per_money[:, None]
        path = np.concatenate([self.past, bought, np.zeros((len(money), lag - 1))], axis=1)
        return lagged(path, lag)[:, self.past.shape[1] :].reshape(-1, lag).T

    def by_money(self, money: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and second derivative of the scaled media by money; ``(region, week)`` each."""
        worth = self.price.followed(money)
        return worth.slope * self.per_money[:, None], worth.bend * self.per_money[:, None]

    def parameters(self, draws: slice | np.ndarray) -> dict[str, np.ndarray]:
        names = SATURATIONS[self.kind]
        return {n: x[draws, None] for n, x in zip(names, self.shapes, strict=True)}


class PlanResponse:
    """What plans bring, draw by draw, as a function that can be optimised.

    Parameters
    ----------
    channels
        Names, in the order of all arrays.
    regions, draws
        How many.
    """

    def __init__(self, channels: Sequence[str], parts: Sequence[Sequence[_Formula]]) -> None:
        self.channels = tuple(channels)
        self._parts = parts
        self.regions = parts[0][0].coefficient.shape[1]
        self.draws = min(len(one.weights) for part in parts for one in part)

    @classmethod
    def of(cls, parts: Sequence[xr.Dataset]) -> Self:
        """Read the formulas of the models whose outcomes are added up (one, or one a motion).

        Raises
        ------
        ValueError
            If a model's formula is not known.
        """
        for effects in parts:
            if not effects.attrs.get("formula"):
                raise ValueError(f"{effects.attrs.get('model')}: its formula is not known")
        names = [str(name) for name in parts[0]["channel"].to_numpy()]
        return cls(names, [[_formula_of(effects, name) for name in names] for effects in parts])

    def thinned(self, count: int) -> PlanResponse:
        """The same with at most ``count`` draws, evenly picked."""
        if count >= self.draws:
            return self
        return self.picked(np.linspace(0, self.draws - 1, count).round().astype(int))

    def picked(self, draws: np.ndarray) -> PlanResponse:
        """The same with some of the draws."""
        parts = [
            [
                _Formula(
                    one.kind,
                    one.weights[draws],
                    tuple(shape[draws] for shape in one.shapes),
                    one.coefficient[draws],
                    one.past,
                    one.per_money,
                    one.price,
                )
                for one in part
            ]
            for part in self._parts
        ]
        return PlanResponse(self.channels, parts)

    def totals(self, money: np.ndarray) -> np.ndarray:
        """Return what a plan and the carryover into it bring, to the end of its effect; ``(draw,)``.

        ``money`` is ``(channel, region, week)``.
        """
        total = np.zeros(self.draws)
        for one, paid in self._each(money):
            media = one.lags(paid)
            for draws in self._chunks():
                value = saturate(one.kind, one.weights[draws] @ media, one.parameters(draws))
                total[draws] += _over_regions(value, one.coefficient[draws])
        return total

    def many_totals(self, plans: Mapping[str, Sequence[np.ndarray]]) -> np.ndarray:
        """Return what many plans bring; ``(plan, draw)``.

        Parameters
        ----------
        plans
            Money of every channel by plan, ``(region, week)`` each. Where plans share what they
            spend in a channel (the very same array), it is worked out once.
        """
        count = len(next(iter(plans.values())))
        total = np.zeros((count, self.draws))
        for part in self._parts:
            for name, one in zip(self.channels, part, strict=True):
                paths = {id(paid): paid for paid in plans[name]}
                place = {key: row for row, key in enumerate(paths)}
                contribution = np.empty((len(paths), self.draws))
                for row, paid in enumerate(paths.values()):
                    media = one.lags(paid)
                    for draws in self._chunks():
                        value = saturate(
                            one.kind, one.weights[draws] @ media, one.parameters(draws)
                        )
                        contribution[row, draws] = _over_regions(value, one.coefficient[draws])
                total += contribution[[place[id(paid)] for paid in plans[name]]]
        return total

    def with_gradient(
        self, money: np.ndarray, weigh: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return totals, and the weighted sum of the draws' gradients by money.

        Parameters
        ----------
        money
            ``(channel, region, week)``.
        weigh
            Weights of the draws, from their totals; equal ones, in one pass, if not given.
        """
        equal = np.full(self.draws, 1 / self.draws)
        if weigh is not None:
            equal = weigh(self.totals(money))
        total = np.zeros(self.draws)
        gradient = np.zeros(money.shape)
        rows = [row for _ in self._parts for row in range(len(self.channels))]
        for row, (one, paid) in zip(rows, self._each(money), strict=True):
            media = one.lags(paid)
            by_lag = np.zeros(media.shape)
            for draws in self._chunks():
                carried = one.weights[draws] @ media
                value, slope = _slope(one.kind, carried, one.parameters(draws))
                total[draws] += _over_regions(value, one.coefficient[draws])
                by_lag += self._by_lag(one, slope, draws, equal)
            gradient[row] += self._by_media(by_lag, money.shape[2]) * one.by_money(paid)[0]
        return total, gradient

    def _by_lag(
        self, one: _Formula, slope: np.ndarray, draws: slice, weights: np.ndarray
    ) -> np.ndarray:
        """What a chunk's slopes say of each week's media by lag; ``slope`` is used up."""
        by_region = slope.reshape(len(slope), self.regions, -1)
        by_region *= (one.coefficient[draws] * weights[draws, None])[:, :, None]
        return one.weights[draws].T @ slope

    def _by_media(self, by_lag: np.ndarray, weeks: int) -> np.ndarray:
        """Add up over lags what the media of a week does; ``(region, week)``."""
        each = by_lag.reshape(len(by_lag), self.regions, -1)
        total = np.zeros((self.regions, weeks))
        for back, one in enumerate(each):
            total += one[:, back : back + weeks]
        return total

    def by_draw(self, money: np.ndarray) -> np.ndarray:
        """Return every draw's own gradient; ``(draw, channel, region, week)``: for few draws."""
        found = np.zeros((self.draws, *money.shape))
        rows = [row for _ in self._parts for row in range(len(self.channels))]
        weeks = money.shape[2]
        for row, (one, paid) in zip(rows, self._each(money), strict=True):
            draws = slice(self.draws)
            carried = one.weights[draws] @ one.lags(paid)
            _, slope = _slope(one.kind, carried, one.parameters(draws))
            up = slope.reshape(self.draws, self.regions, -1) * one.coefficient[draws, :, None]
            bought, _ = one.by_money(paid)
            for back in range(one.weights.shape[1]):
                share = one.weights[draws, back, None, None] * bought
                found[:, row] += share * up[:, :, back : back + weeks]
        return found

    def curvature(self, money: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return second derivatives by two weeks of one channel in one region, draws weighed.

        Returns
        -------
        ndarray
            ``(channel, region, week, week)``: spend in different channels or regions does not
            meet in the formula.
        """
        weeks = money.shape[2]
        found = np.zeros((*money.shape, weeks))
        rows = [row for _ in self._parts for row in range(len(self.channels))]
        for row, (one, paid) in zip(rows, self._each(money), strict=True):
            media = one.lags(paid)
            lag = len(media)
            pairs, by_lag = np.zeros((lag * lag, media.shape[1])), np.zeros(media.shape)
            for draws in self._chunks():
                carried = one.weights[draws] @ media
                bend, slope = _bend(one.kind, carried, one.parameters(draws))
                if one.price.rises:
                    by_lag += self._by_lag(one, slope, draws, weights)
                by_region = bend.reshape(len(bend), self.regions, -1)
                by_region *= (one.coefficient[draws] * weights[draws, None])[:, :, None]
                both = one.weights[draws, :, None] * one.weights[draws, None, :]
                pairs += both.reshape(len(both), -1).T @ bend
            each = pairs.reshape(lag, lag, self.regions, -1)
            # By how many weeks the two lie apart; lags that are as far apart add up.
            apart = np.zeros((2 * lag - 1, self.regions, weeks))
            for one_lag in range(lag):
                for other in range(lag):
                    met = each[one_lag, other, :, one_lag : one_lag + weeks]
                    apart[one_lag - other + lag - 1] += met
            bought, dearer = one.by_money(paid)
            when = np.arange(weeks)
            for by in range(1 - min(lag, weeks), min(lag, weeks)):
                first = when[max(0, -by) : weeks - max(0, by)]
                met = apart[by + lag - 1][:, first]
                found[row][:, first, first + by] += met * (bought[:, first] * bought[:, first + by])
            found[row][:, when, when] += self._by_media(by_lag, weeks) * dearer
        return found

    def _each(self, money: np.ndarray) -> Iterator[tuple[_Formula, np.ndarray]]:
        for part in self._parts:
            yield from zip(part, money, strict=True)

    def _chunks(self) -> Iterator[slice]:
        for first in range(0, self.draws, CHUNK):
            yield slice(first, min(first + CHUNK, self.draws))


def _formula_of(effects: xr.Dataset, channel: str) -> _Formula:
    kind = saturation_kinds(effects)[channel]
    one = effects.sel(channel=channel)
    scale = one["media_scale"].to_numpy().astype(float)
    cost = one["media_cost"].to_numpy().astype(float)
    shapes = one["saturation"].transpose("draw", ...).to_numpy().astype(float)
    past = one["media"].transpose("region", "week").to_numpy().astype(float)
    lag = effects.sizes["lag"]
    per_money = np.zeros_like(cost)
    np.divide(1.0, cost * scale, out=per_money, where=cost > 0)
    return _Formula(
        kind,
        one["adstock_weight"].transpose("draw", "lag").to_numpy().astype(float),
        tuple(shapes[:, place] for place in range(len(SATURATIONS[kind]))),
        one["coefficient"].transpose("draw", "region").to_numpy().astype(float),
        past[:, past.shape[1] - min(lag - 1, past.shape[1]) :] / scale[:, None],
        per_money,
        price_of(effects, channel),
    )


def _over_regions(value: np.ndarray, coefficient: np.ndarray) -> np.ndarray:
    """Sum of a chunk's response over weeks, then regions by their coefficient."""
    by_region = value.reshape(len(value), coefficient.shape[1], -1).sum(2)
    return np.einsum("dr,dr->d", by_region, coefficient)


def _slope(
    kind: str, carried: np.ndarray, shapes: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Saturation and its derivative by the adstocked media."""
    value = saturate(kind, carried, dict(shapes))
    if kind == "logistic":
        return value, shapes["steepness"] / 2 * (1 - value * value)
    if kind == "hill":
        return value, shapes["slope"] * value * (1 - value) / np.maximum(carried, SMALL)
    return value, shapes["half_saturation"] / (carried + shapes["half_saturation"]) ** 2


def _bend(
    kind: str, carried: np.ndarray, shapes: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Second and first derivative of the saturation by the adstocked media."""
    value, slope = _slope(kind, carried, shapes)
    if kind == "logistic":
        return -shapes["steepness"] * value * slope, slope
    if kind == "hill":
        bend = slope * (shapes["slope"] * (1 - 2 * value) - 1) / np.maximum(carried, SMALL)
        return bend, slope
    return -2 * slope / (carried + shapes["half_saturation"]), slope
