"""What of a weekly series is trend and season: a small regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

YEAR = 52.1775
"""Weeks in a year."""


def trend_and_season(weeks: int, order: int = 2) -> NDArray[np.float64]:
    """Return a line and yearly harmonics, shape ``(week, 2 + 2 * order)``.

    Under one year the harmonics would take the trend; only the line is given then.
    """
    time = np.arange(weeks)
    columns = [np.ones(weeks), (time - time.mean()) / max(weeks, 2)]
    if weeks >= YEAR:
        for number in range(1, order + 1):
            angle = 2 * np.pi * number * time / YEAR
            columns += [np.sin(angle), np.cos(angle)]
    return np.stack(columns, axis=1)


def residual_noise(
    values: NDArray[np.float64], columns: NDArray[np.float64]
) -> tuple[float, float]:
    """Return the noise of a series that some columns do not explain.

    Parameters
    ----------
    values
        Shape ``(week,)``.
    columns
        Shape ``(week, k)``.

    Returns
    -------
    tuple
        Standard deviation of the residual, with the degrees of freedom that the
        columns took, and its autocorrelation at a lag of one week (corrected for
        the bias of ``-(1 + 3 r) / n`` that short series have; Kendall, 1954), kept
        in 0 to 0.95.
    """
    basis, upper = np.linalg.qr(columns)
    rank = int((np.abs(np.diag(upper)) > 1e-10 * np.abs(upper).max()).sum())
    residual = values - basis @ (basis.T @ values)
    count = len(values)
    sd = float(np.sqrt((residual**2).sum() / max(count - rank, 1)))
    power = float(residual @ residual)
    raw = float(residual[1:] @ residual[:-1]) / power if power > 0 else 0.0
    corrected = raw + (1 + 3 * raw) / count
    return sd, float(np.clip(corrected, 0.0, 0.95))
