"""What is fitted, as arrays: everything that the log density needs. No PyMC here.

A national model is the one-region case of the same arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mmmlib.data.panel.lift_grid import Lift
from mmmlib.model.priors import LinearPrior
from mmmlib.transforms import ADSTOCKS, SATURATIONS

FORM_PARAMETERS = {
    name for forms in (ADSTOCKS, SATURATIONS) for names in forms.values() for name in names
}
"""Parameters that only channels of some forms have."""

RECENT_WEEKS = (4, 13, 52)
"""Weeks over which the cost of a unit of exposure is measured: the fewest in which a channel spent."""
USUAL = 0.5
"""Share of a year's mean spend that such weeks have to hold: a late invoice is no price."""


@dataclass(frozen=True)
class Scales:
    """What outcome and media are divided by, so that priors mean the same everywhere.

    ``outcome`` is by region the mean weekly outcome; ``media`` by channel and region the mean of
    the weeks with spend, or that mean per head over all regions times the region's population where
    it is known.
    """

    outcome: np.ndarray
    media: np.ndarray


@dataclass(frozen=True)
class LiftArrays:
    """One lift test, as arrays, by rows of its channel and its regions.

    ``without`` and ``tested`` are scaled media without the change and with it, ``(region, week)``.
    In front of the test's weeks there are as many as the adstock reaches back. ``counted`` is by
    week of the test: share of the week's outcome that was counted, times the part of the panel's
    regions that was tested.
    """

    test: Lift
    channel: int
    regions: tuple[int, ...]
    without: np.ndarray
    tested: np.ndarray
    counted: np.ndarray

    @property
    def measured(self) -> float:
        """Incremental outcome, in its unit."""
        return self.test.incremental_outcome

    @property
    def error(self) -> float:
        """Standard error that the likelihood uses, in the outcome's unit."""
        return self.test.error

    @property
    def signed(self) -> tuple[tuple[float, np.ndarray], ...]:
        """Both paths with the sign by which they count."""
        return (1.0, self.tested), (-1.0, self.without)


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
        ``(channel, region, week)``, money; spend or exposure. Of a channel without spend, its
        exposure is both.
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
    paid
        Channels with spend.
    alike, likeness
        Channels without a prior of their own, whose returns are believed to be like each other's,
        and the correlation of their logarithms.
    lifts
        Lift tests of this outcome in the fitted weeks; see :mod:`mmmlib.model.lift`.
    calibrated
        Whether they are part of the likelihood.
    levers
        Controls that plans may set, in their units; ``(region, week)`` each.
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
    paid: np.ndarray
    alike: np.ndarray
    likeness: float
    lifts: tuple[LiftArrays, ...] = ()
    calibrated: bool = True
    levers: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def calibration(self) -> tuple[LiftArrays, ...]:
        """Lift tests that are part of the likelihood."""
        return self.lifts if self.calibrated else ()

    @property
    def unpaid(self) -> list[str]:
        """Channels without spend."""
        return [name for name, paid in zip(self.channels, self.paid, strict=True) if not paid]

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
        """Money per unit of media by channel and region at today's price; 1 if spend-driven.

        Today's is that of the latest four weeks, or of the latest quarter or year where a channel
        hardly spent in them. A region (or a year) in which media ran and nothing was booked, or the
        other way round, has no cost of its own: that of all regions counts, or of the whole history.
        """
        whole = self.spend.sum((1, 2)) / self.media.sum((1, 2))
        cost = np.repeat(whole[:, None], len(self.regions), axis=1)
        totals = (part.sum(1, keepdims=True) for part in (self.spend, self.media))
        for spend, media in (tuple(totals), (self.spend, self.media)):
            for _, paid, ran, known in _recent_prices(spend, media):
                np.divide(paid, ran, out=cost, where=np.broadcast_to(known, cost.shape))
        return cost

    @property
    def priced_weeks(self) -> np.ndarray:
        """How many of the latest weeks today's price of each channel is that of, all regions together."""
        found = np.full(len(self.channels), len(self.weeks))
        for weeks, _, _, known in _recent_prices(self.spend.sum(1), self.media.sum(1)):
            found[known] = weeks
        return found

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


def _recent_prices(
    spend: np.ndarray, media: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Weeks, money, media, and whether these tell a price; the most weeks first; ``(..., week)``."""
    year = spend[..., -RECENT_WEEKS[-1] :].mean(-1)
    for weeks in reversed(RECENT_WEEKS):
        paid, ran = spend[..., -weeks:].mean(-1), media[..., -weeks:].mean(-1)
        yield weeks, paid, ran, (paid > 0) & (ran > 0) & (paid >= USUAL * year)
