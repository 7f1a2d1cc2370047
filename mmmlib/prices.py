"""What money buys where the price of a unit rises with what is spent in a week.

Everything that turns money into exposure asks one value: what money is *worth at today's price*. It is
the money itself where the price does not move, which is the simplest case and the usual one. That worth
over today's price is the exposure.

Between its points a rising price runs smoothly and never falls (:class:`scipy.interpolate.PchipInterpolator`);
below the first it is the price there; beyond the last, what more money buys goes on as at the last point.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np

EXACT = 1e-12
"""Share of the last point's worth to which money is found from what it buys."""
FINE = 200
"""Levels of spend between two points at which a curve is looked at."""


class Worth(NamedTuple):
    """What money is worth at today's price, with its first and second derivative by money."""

    value: np.ndarray
    slope: np.ndarray
    bend: np.ndarray


@dataclass(frozen=True, eq=False)
class UnitPrice:
    """The price of a channel's exposure by weekly money, relative to today's price.

    Parameters
    ----------
    weekly, price
        Points of the curve: money a week over all regions, and the price there over today's.
        There are none where the price does not move.
    share
        By region: its part of the channel's money today. A region is a market of its own: its
        price moves with its own money as the whole's does with all, so that money which is shared
        out as today pays the price of the curve in every region.
    """

    weekly: tuple[float, ...] = ()
    price: tuple[float, ...] = ()
    share: tuple[float, ...] = (1.0,)

    @property
    def rises(self) -> bool:
        """Whether the price moves at all."""
        return bool(self.weekly)

    @property
    def last(self) -> float:
        """Weekly money, over all regions, up to which the price is declared."""
        return self.weekly[-1] if self.rises else np.inf

    @property
    def last_in_regions(self) -> np.ndarray:
        """The same in each region."""
        return self.last * np.array(self.share)

    @property
    def whole(self) -> Self:
        """The same of money over all regions, shared out as today."""
        return replace(self, share=(1.0,))

    def worth(self, money: np.ndarray) -> np.ndarray:
        """Say what money is worth at today's price; ``(region, ...)``.

        Returns
        -------
        ndarray
            Divided by today's price it is the exposure. 90 for money of 100 means that it
            buys what 90 would if the price stayed as it is today.
        """
        return self.followed(money).value if self.rises else money

    def followed(self, money: np.ndarray) -> Worth:
        """Say the same with its derivatives; ``(region, ...)`` each.

        The inverse of ``slope`` is the price of the next unit over today's.
        """
        if not self.rises:
            return Worth(money, np.ones_like(money), np.zeros_like(money))
        share = self._shares(money)
        spent = money / share
        end = self.weekly[-1]
        at = np.minimum(spent, end)
        inside = np.maximum(at, self.weekly[0])
        price, rise, turn = (one(inside) for one in self._curves)
        rise, turn = (np.where(at > self.weekly[0], one, 0.0) for one in (rise, turn))
        slope = (price - at * rise) / price**2
        bend = -at * turn / price**2 - 2 * rise * slope / price
        value = at / price + slope * (spent - at)
        return Worth(share * value, slope, np.where(spent <= end, bend, 0.0) / share)

    def money(self, worth: np.ndarray) -> np.ndarray:
        """Say which money buys this: the inverse of :meth:`worth`; ``(region, ...)``."""
        if not self.rises:
            return worth
        from scipy.optimize.elementwise import find_root

        share = self._shares(worth)
        bought, one = worth / share, self.whole
        end = np.array([self.weekly[-1]])
        top, slope, _ = (float(part[0]) for part in one.followed(end))
        inside = np.minimum(bought, top)
        found = find_root(
            lambda spent, aim: one.worth(spent[None])[0] - aim,
            (np.zeros_like(inside), np.full_like(inside, end * (1 + EXACT))),
            args=(inside,),
            tolerances={"xatol": EXACT * float(end[0])},
        )
        return share * (found.x + (bought - inside) / slope)

    def relative_to(self, weekly: np.ndarray) -> Self:
        """The same with the price of some weeks, all their money together, as today's.

        Parameters
        ----------
        weekly
            Money of the weeks over which today's price was measured: at the new prices it is
            worth itself.
        """
        level = weekly.sum() / self.whole.worth(weekly[None]).sum()
        return replace(self, price=tuple(float(one / level) for one in self.price))

    def too_steep(self) -> list[int]:
        """Points before which more money buys less, somewhere on the way from the point before."""
        levels = np.linspace(self.weekly[:-1], self.weekly[1:], FINE, axis=1)
        bought = self.whole.followed(levels[None]).slope[0]
        return [place for place, one in enumerate(bought, start=1) if not (one > 0).all()]

    def _shares(self, money: np.ndarray) -> np.ndarray:
        return np.reshape(self.share, (-1,) + (1,) * (money.ndim - 1))

    @cached_property
    def _curves(self) -> tuple[Any, Any, Any]:
        """Price and its derivatives: flat before the first point, straight on after the last."""
        from scipy.interpolate import PchipInterpolator

        weekly, price = self.weekly, self.price
        step, rise = weekly[-1] - weekly[-2], price[-1] - price[-2]
        curve = PchipInterpolator(
            [weekly[0] - step, *weekly, weekly[-1] + step], [price[0], *price, price[-1] + rise]
        )
        return curve, curve.derivative(), curve.derivative(2)
