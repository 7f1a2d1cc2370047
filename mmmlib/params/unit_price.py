"""How a channel's unit price rises with weekly spend, as a parameter file declares it by points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from mmmlib.params.places import KeyProblem
from mmmlib.params.section import Positive, Section
from mmmlib.prices import UnitPrice


class PricePoint(Section):
    """What a unit of a channel's exposure costs at a level of spend."""

    weekly: Positive
    """Money a week, over all regions."""
    price: Positive
    """Price of a unit there, in any unit (a price per thousand, an index): only how the points stand
    to each other counts. The level is measured from the latest weeks."""


def price_by(points: Sequence[PricePoint]) -> UnitPrice:
    """Return the price through these points, its level left open; one that does not move without any."""
    return UnitPrice(tuple(one.weekly for one in points), tuple(one.price for one in points))


def price_faults(points: Sequence[PricePoint], lacking: Sequence[str]) -> Iterator[KeyProblem]:
    """Yield what is wrong with the points, and those of spend and exposure that the channel lacks."""
    if not points:
        return
    if lacking:
        expected = "a channel with 'spend' and 'exposure': what its money buys"
        yield KeyProblem(("unit_price",), f"a unit price, and no '{lacking[0]}'", expected)
    if len(points) == 1:
        yield KeyProblem(("unit_price",), "one point", "two points or more: a price that rises")
    faults = []
    for place, (one, two) in enumerate(pairwise(points), start=1):
        if not two.weekly > one.weekly:
            found = f"{two.weekly:g} after {one.weekly:g}"
            faults.append((place, "weekly", found, "points by rising 'weekly' spend"))
        elif not two.price >= one.price:
            found = f"{two.price:g} after {one.price:g}"
            faults.append((place, "price", found, "a price that does not fall as more is spent"))
        elif not two.weekly / two.price > one.weekly / one.price:
            found = (
                f"{two.price:g} at {two.weekly:g} a week, which buys no more than "
                f"{one.price:g} at {one.weekly:g}"
            )
            below = one.price * two.weekly / one.weekly
            faults.append((place, "price", found, f"a price below {below:g}: more money buys more"))
    if len(points) > 1 and not faults:
        for place in price_by(points).too_steep():
            one, two = points[place - 1 : place + 1]
            found = (
                f"{two.price:g} after {one.price:g}, so steep that on the way from "
                f"{one.weekly:g} to {two.weekly:g} a week more money buys less"
            )
            faults.append((place, "price", found, "a gentler rise, or another point between"))
    for place, key, found, expected in faults:
        yield KeyProblem(("unit_price", place, key), found, expected)
