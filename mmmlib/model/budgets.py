"""How budgets move: each by itself, and all together, which stands for demand nobody measured."""

from __future__ import annotations

import numpy as np

YEAR = 365.25 / 7
"""Weeks in a year."""
SAME = 8
"""Power of the correlation by which two rows count as one budget: 0.95 mostly do, 0.7 hardly do."""
ONE = 0.99
"""Correlation of weekly spend from which rows are one channel told in parts, as with its fee."""
FEWEST = 2.5
"""Budgets that it takes at least to tell what they have in common from what each does alone."""


def beside_season(
    series: np.ndarray, seen: int | None = None, measured: np.ndarray | None = None
) -> np.ndarray:
    """Take trend and season of the weeks seen, and what is measured, off ``(series, week)``."""
    weeks = np.arange(series.shape[1])
    angles = [2 * np.pi * order * weeks / YEAR for order in (1, 2)]
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    beside = () if measured is None else tuple(measured)
    slow = np.stack([np.ones(len(weeks)), weeks, *waves, *beside], axis=1)
    fitted = np.linalg.lstsq(slow[:seen], series[:, :seen].T)[0]
    return np.asarray(series - (slow @ fitted).T)


def own_movement(spend: np.ndarray, seen: int, measured: np.ndarray | None = None) -> np.ndarray:
    """Movement of each channel's log spend beside trend and season, in units of its spread.

    ``spend`` and the result have the shape ``(channel, week)``; NaN for a channel whose spend never
    changes. Trend, season and spread are those of the weeks that are ``seen``. ``measured`` are
    controls and events, ``(column, week)``: what follows them follows nothing unseen.
    """
    mean = spend[:, :seen].mean(-1, keepdims=True)
    times = np.divide(spend, mean, out=np.zeros_like(spend, dtype=float), where=mean > 0)
    left = beside_season(np.log1p(times), seen, measured)
    spread = left[:, :seen].std(-1, keepdims=True)
    return np.divide(left, spread, out=np.full_like(left, np.nan), where=spread > 1e-9)


def common_spend(
    spend: np.ndarray, seen: int, measured: np.ndarray | None = None
) -> tuple[np.ndarray, float] | None:
    """What all channels' spend has in common, week by week: a stand-in for demand.

    Budgets follow demand that no column measures, and a model takes that demand for the channels'
    doing. Where budgets follow one demand they move together, so their mean movement (log spend
    beside trend and season, each in units of its spread) is put beside the channels as a linear
    term; it takes up what is as likely demand as media.

    A row counts the less, the more rows move as it does: a channel that is told in two rows, or
    with its fee as a second one, is one budget.

    Returns
    -------
    tuple or None
        ``(week,)``, spread one; and its reliability between 0 and 1, the share of its variance
        that the budgets have in common (Cronbach's alpha). None below three budgets, where
        common and own movement cannot be told apart.

    Notes
    -----
    A control function with one factor, after Wooldridge (2015), *Control function
    methods in applied econometrics*.
    """
    moved = own_movement(spend, seen, measured)
    moved = moved[np.isfinite(moved).all(-1)]
    if not len(moved):
        return None
    alike = np.corrcoef(moved[:, :seen]).reshape(len(moved), len(moved))
    same = np.maximum(alike, 0) ** SAME
    weight = 1 / same.sum(1)
    budgets = weight.sum()
    if budgets < FEWEST:
        return None
    whole, own = weight @ alike @ weight, weight @ (alike * same) @ weight
    reliability = budgets / (budgets - 1) * (1 - own / whole)
    common = weight @ moved
    return common / common[:seen].std(), float(np.clip(reliability, 0, 1))


def first_rows(spend: np.ndarray) -> np.ndarray:
    """Find the rows that are one channel told in parts: their spend is proportional.

    By row of ``spend``, ``(channel, week)``: the place of the first row of the same channel.
    """
    moved = spend - spend.mean(-1, keepdims=True)
    size = np.linalg.norm(moved, axis=-1, keepdims=True)
    moved = np.divide(moved, size, out=np.zeros_like(moved), where=size > 0)
    same = moved @ moved.T > ONE
    np.fill_diagonal(same, True)
    return np.asarray(same.argmax(axis=1))
