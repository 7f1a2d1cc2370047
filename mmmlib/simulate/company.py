"""A company with known truth: its vintages as files, and what really happened.

>>> company = make_company("b2b_software", seed=1)
>>> company.write_vintage("data", vintage=1)  # doctest: +SKIP
>>> company.truth(1)["roi"]  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmmlib.errors import InputError
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.runs import NETCDF, write_with
from mmmlib.simulate import b2b_software as firm
from mmmlib.simulate.delivery import deliver, differences
from mmmlib.simulate.exports import export, write_export
from mmmlib.simulate.history import History

if TYPE_CHECKING:
    import xarray as xr

COMPANIES = ("b2b_software",)


def make_company(name: str, seed: int = 1) -> Company:
    """Return a company; the same name and seed give the same company.

    Raises
    ------
    InputError
        If there is no company of that name, or the seed is negative.
    """
    if name not in COMPANIES:
        expected = f"one of {', '.join(COMPANIES)}"
        hint = did_you_mean(name, COMPANIES)
        raise InputError.one(None, "data.simulated.company", shown(name), expected, hint)
    if seed < 0:
        raise InputError.one(None, "data.simulated.seed", shown(seed), "zero or more")
    return Company(name, seed)


def write_vintages(company: str, seed: int, out: str | Path, vintages: Sequence[int]) -> list[Path]:
    """Write vintages of a company, each to its own folder with the truth beside the data.

    A folder, ``out/vintage_<number>``, holds the files of the firm and ``truth.nc``, which no
    refresh reads.
    """
    chosen = make_company(company, seed)
    for vintage in vintages:
        chosen.weeks(vintage)  # refuse a wrong number before anything is written
    folders = []
    for vintage in vintages:
        folder = Path(out) / f"vintage_{vintage}"
        chosen.write_vintage(folder, vintage)
        write = partial(chosen.truth(vintage).to_netcdf, engine=NETCDF)
        write_with(folder / "truth.nc", write)
        folders.append(folder)
    return folders


@dataclass(frozen=True)
class Company:
    """The B2B software company of :mod:`mmmlib.simulate.b2b_software`, with a seed."""

    name: str
    seed: int

    @cached_property
    def history(self) -> History:
        """What happened, all of it."""
        return History(self.seed)

    def weeks(self, vintage: int) -> pd.DatetimeIndex:
        """First days (Mondays) of the weeks that a vintage has."""
        if not 1 <= vintage <= firm.LAST_VINTAGE:
            expected = f"a whole number from 1 to {firm.LAST_VINTAGE}"
            raise InputError.one(None, "data.simulated.vintage", shown(vintage), expected)
        return self.history.weeks[: firm.WEEKS + firm.WEEKS_PER_VINTAGE * (vintage - 1)]

    def weekly(self, vintage: int) -> dict[str, pd.DataFrame]:
        """Return what each system of the firm tells of every week, by the system's name."""
        return deliver(self.history, vintage, len(self.weeks(vintage)))

    def delivered(self, vintage: int) -> dict[str, pd.DataFrame]:
        """Return the files of a vintage as tables, by file name."""
        return export(self.history, self.weekly(vintage))

    def write_vintage(self, folder: str | Path, vintage: int) -> list[Path]:
        """Write the files of a vintage, as the firm's systems would export them.

        ``ads.csv`` (daily, by campaign), ``agency.csv`` (a master flat file),
        ``crm.parquet`` (opportunities), ``product.xlsx`` and ``web.jsonl`` (weekly, by
        region), ``controls.csv`` (weekly, national), ``lift_tests.csv``. Same seed,
        same bytes.
        """
        return [
            write_export(Path(folder) / name, table)
            for name, table in self.delivered(vintage).items()
        ]

    def restated(self, earlier: int, later: int) -> pd.DataFrame:
        """List every value that two vintages tell differently for the same week.

        See :func:`mmmlib.simulate.delivery.differences`.
        """
        return differences(self.weekly(earlier), self.weekly(later))

    def truth(self, vintage: int) -> xr.Dataset:
        """Return what really happened over the weeks of a vintage.

        Returns
        -------
        xarray.Dataset
            ``contribution`` (model, channel, region, week) in the outcome's unit;
            ``baseline``, ``noise`` and ``outcome`` (model, region, week), which add
            up: outcome = baseline + contribution + noise, to the rounding of counts;
            ``spend`` (channel, region, week), USD; ``roi`` (model, channel), what
            these weeks' spend brings to the end of its effect, per USD; ``half_life`` (model, channel), weeks;
            ``adstock_weight`` (model, channel, lag); ``saturation`` (channel, shape);
            ``media_scale`` (channel, region); ``coefficient`` (model, channel, region).
        """
        import xarray as xr

        history, weeks = self.history, self.weeks(vintage)
        known = slice(len(weeks))
        by_region = ("model", "region", "week")
        by_channel = ("model", "channel")
        lags = firm.ADSTOCK_WEEKS
        responses = [history.responses(model) for model in firm.OUTCOMES]
        truth = xr.Dataset(
            {
                "contribution": (
                    (*by_channel, "region", "week"),
                    history.contribution[..., known],
                ),
                "baseline": (by_region, history.baseline[..., known]),
                "noise": (by_region, history.noise[..., known]),
                "outcome": (by_region, history.outcome[..., known]),
                "spend": (("channel", "region", "week"), history.spend[..., known]),
                "half_life": (by_channel, [[r.half_life(lags) for r in row] for row in responses]),
                "adstock_weight": (
                    (*by_channel, "lag"),
                    [[r.weights(lags) for r in row] for row in responses],
                ),
                "saturation": (
                    ("channel", "shape"),
                    [(*c.shape, np.nan)[:2] for c in firm.CHANNELS.values()],
                ),
                "media_scale": (("channel", "region"), history.scale),
                "coefficient": ((*by_channel, "region"), history.coefficient),
            },
            coords={
                "model": list(firm.OUTCOMES),
                "channel": list(firm.CHANNELS),
                "region": list(firm.REGIONS),
                "week": weeks,
            },
            attrs={"company": self.name, "seed": self.seed, "vintage": vintage},
        )
        # To the end of what the last week's spend brings.
        to_end = np.pad(history.spend[..., known], ((0, 0), (0, 0), (0, lags - 1)))
        active = np.stack([history.activity(model, to_end).sum(-1) for model in firm.OUTCOMES])
        returned = (history.coefficient * active).sum(-1)
        truth["roi"] = xr.DataArray(returned, dims=by_channel) / truth["spend"].sum(
            ["region", "week"]
        )
        return truth
