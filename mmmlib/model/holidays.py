"""Public holidays as columns: which share of a week belongs to each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmmlib.errors import MMMError
from mmmlib.params.model import Holidays


def holiday_weeks(
    asked: Holidays, weeks: pd.DatetimeIndex, regions: Sequence[str]
) -> dict[str, np.ndarray]:
    """Share of every week that each public holiday takes, its days before and after included.

    By English name, in the order of their names: shape ``(region, week)``, between 0 and 1. Days
    that are moved because a holiday falls on a weekend do not count. Dates are those of the
    ``holidays`` package.

    Raises
    ------
    MMMError
        If ``only`` or ``regions`` name what is not there.
    """
    unknown = sorted(set(asked.regions) - set(regions))
    if unknown:
        raise MMMError(
            f"model.holidays.regions names {', '.join(unknown)}; the regions that are modelled "
            f"are {', '.join(regions)}."
        )
    # A year more at both ends: a window may reach over New Year.
    years = range(weeks[0].year - 1, weeks[-1].year + 2)
    found: dict[str, np.ndarray] = {}
    for row, region in enumerate(regions):
        for name, dates in asked.regions.get(region, asked).dates(years).items():
            days = {
                day + dt.timedelta(days=shift)
                for day in dates
                for shift in range(-asked.before_days, asked.after_days + 1)
            }
            places = np.array([(day - weeks[0].date()).days // 7 for day in sorted(days)])
            places = places[(places >= 0) & (places < len(weeks))]
            shares = np.bincount(places.astype(int), minlength=len(weeks)) / 7
            found.setdefault(name, np.zeros((len(regions), len(weeks))))[row] = shares
    missing = sorted(set(asked.only) - set(found))
    if missing:
        raise MMMError(
            f"model.holidays.only names {', '.join(missing)}; holidays of these weeks are "
            f"{', '.join(sorted(found))}."
        )
    return {name: found[name] for name in sorted(found) if name in asked.only or not asked.only}
