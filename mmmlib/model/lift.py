"""Lift tests as the model sees them: two paths of media, and the difference that was measured.

The incremental outcome that the model gives a test is, in the test's regions and weeks::

    part * sum over regions and weeks of
        counted[week] * coefficient[channel, region]
        * (saturation(adstock(tested)) - saturation(adstock(without)))

with ``tested`` and ``without`` the channel's media with the change of spend and without it,
and ``coefficient`` the outcome at full saturation. What was measured is normal around it
with the test's standard error.

Carryover is in it, as the test saw it. Media from before the window is in front of both
paths and raises both, so it matters only by how far it fills the saturation. What the
changed spend brings in the weeks that were counted is in the difference; what it brings
after them is not, on either side: the return of a channel whose effect comes late is larger
than what a short test saw of it, and the model knows by how much.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmmlib.data.panel.lift_grid import Lift
from mmmlib.model.arrays import LiftArrays, ModelData


def lift_arrays(tests: Sequence[Lift], data: ModelData) -> tuple[LiftArrays, ...]:
    """Turn the tests of a model's outcome into arrays.

    Those that a fit does not see to their last counted week are left out. Where a response follows
    exposure, a test's exposure is in proportion to its spend: by the week's own cost of a unit, or
    the usual cost in a week without.
    """
    seen = set(data.weeks[: data.fitted_weeks].date)
    return tuple(
        _arrays(test, data)
        for test in tests
        if test.model == data.model and test.channel in data.channels and seen >= set(test.weeks)
    )


def _arrays(test: Lift, data: ModelData) -> LiftArrays:
    row, lags = data.channels.index(test.channel), data.adstock_weeks
    chosen = [data.regions.index(region) for region in test.regions]
    first = int(data.weeks.searchsorted(pd.Timestamp(test.weeks[0])))
    inside = slice(first, first + len(test.weeks))
    media, spend = data.media[row, chosen], data.spend[row, chosen]
    usual = 1 / data.media_cost[row, chosen]
    changed = np.array([week <= test.end for week in test.weeks])
    before = np.pad(media, ((0, 0), (lags - 1, 0)))[:, first : first + lags - 1]

    def path(money: tuple[tuple[float, ...], ...]) -> np.ndarray:
        ran = [
            _media_for(*one, changed)
            for one in zip(np.array(money), spend[:, inside], media[:, inside], usual, strict=True)
        ]
        whole = np.concatenate([before, np.array(ran)], axis=1)
        return whole / data.scales.media[row, chosen][:, None]

    return LiftArrays(
        test=test,
        channel=row,
        regions=tuple(chosen),
        without=path(test.without),
        tested=path(test.tested),
        counted=test.part * np.array(test.counted),
    )


def _media_for(
    money: np.ndarray, paid: np.ndarray, ran: np.ndarray, usual: float, changed: np.ndarray
) -> np.ndarray:
    """Media of one region's weeks if they had cost ``money`` instead of what was ``paid``.

    ``usual`` is the media for a unit of money, where the weeks themselves do not tell; ``changed``
    are the weeks of the test's window, in which it changed what ran.
    """
    if ((paid > 0) == (ran > 0)).all():
        return np.where(paid > 0, ran * money / np.where(paid > 0, paid, 1.0), money * usual)
    # Booked in other weeks than it ran: the weeks of the test are scaled as one.
    booked, total = paid[changed].sum(), ran[changed].sum()
    if booked > 0 and total > 0:
        return np.where(changed, ran * money[changed].sum() / booked, ran)
    return np.where(changed, np.maximum(ran + (money - paid) * usual, 0.0), ran)
