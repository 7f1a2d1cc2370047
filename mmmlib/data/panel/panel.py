"""The panel: the regular grid that models read, time x region."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.contract.declared_series import SUMMED
from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.lift_grid import Lift, nationwide
from mmmlib.data.read.parts import INDEX, read_parts, store_of, write_parts
from mmmlib.errors import RunError
from mmmlib.runs import Run

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Panel", "panel_of"]

PANEL_FILE = "panel.parquet"
"""A folder of parts."""
PANEL_INDEX = f"{PANEL_FILE}/{INDEX}"
METADATA = b"mmm.panel"
"""Key of a file's metadata under which runs of earlier versions keep currency and units."""
ROLES = ("outcome", "spend", "exposure", "control", "event", "funnel")


@dataclass(frozen=True)
class Panel:
    """Weekly values by region, with what they are.

    Parameters
    ----------
    frame
        One row per region and week, sorted by both. Columns ``region`` (text),
        ``week`` (first day, ``datetime64``), one column per series named
        ``role:name`` (``outcome:revenue.pooled``, ``spend:tv``,
        ``exposure:tv``, ``control:price``, ``event:launch``,
        ``funnel:all`` and ``funnel:paid`` for R3), optionally ``population``, and
        ``imputed``: names of the columns that were filled in this row, joined by
        ``;``, empty for a row as delivered.
    currency
        Code of the currency that spend (and revenue) is in.
    units
        Unit per column, where it is not the currency.
    kept_out
        Weeks after the last one that the sources had, and that were kept out because they
        still move.
    lift_tests
        Experiments that lie in these weeks.

    Notes
    -----
    All numbers are finite, every region has every week; the constructor checks
    this, so that what comes after need not.
    """

    frame: pd.DataFrame
    currency: str
    units: dict[str, str] = field(default_factory=dict)
    kept_out: tuple[pd.Timestamp, ...] = ()
    lift_tests: tuple[Lift, ...] = ()

    def __post_init__(self) -> None:
        columns = self.frame.columns
        missing = {"region", "week", "imputed"} - set(columns)
        if missing:
            raise ValueError(f"a panel needs the columns {sorted(missing)}")
        rows = len(self.frame)
        if rows != len(self.regions) * len(self.weeks):
            raise ValueError("a panel needs one row for every region and week")
        steps = np.diff(self.weeks.to_numpy())
        if len(steps) and not (steps == np.timedelta64(7, "D")).all():
            raise ValueError("a panel's weeks must be seven days apart, without gaps")
        numbers = self.frame[self.series]
        if not np.isfinite(numbers.to_numpy(dtype=float)).all():
            raise ValueError("a panel's numbers must be finite")

    @cached_property
    def series(self) -> list[str]:
        """Names of all series columns."""
        return [name for name in self.frame.columns if name.partition(":")[0] in ROLES]

    @cached_property
    def weeks(self) -> pd.DatetimeIndex:
        """First days of the weeks, ascending."""
        return pd.DatetimeIndex(sorted(self.frame["week"].unique()), name="week")

    @cached_property
    def regions(self) -> list[str]:
        """Regions in their order; one called ``national`` where there is no split."""
        return list(dict.fromkeys(self.frame["region"]))

    def names(self, role: str) -> list[str]:
        """Names of the series of a role, in column order."""
        prefix = f"{role}:"
        return [name.removeprefix(prefix) for name in self.series if name.startswith(prefix)]

    def values(self, role: str) -> NDArray[np.float64]:
        """Return the series of a role as plain numbers, shape ``(role, region, week)``."""
        names = [f"{role}:{name}" for name in self.names(role)]
        shape = (len(names), len(self.regions), len(self.weeks))
        return self.frame[names].to_numpy(dtype=float).T.reshape(shape)

    @property
    def unpaid(self) -> list[str]:
        """Channels without spend, in the panel's order."""
        paid = set(self.names("spend"))
        return [name for name in self.names("exposure") if name not in paid]

    @property
    def channels(self) -> list[str]:
        """Channels: those with spend, then those without."""
        return [*self.names("spend"), *self.unpaid]

    def spend_or_exposure(self) -> xr.DataArray:
        """Spend of every channel, of one without spend its exposure; as :meth:`array` gives them."""
        spend = self.array("spend")
        if not self.unpaid:
            return spend
        import xarray as xr

        return xr.concat([spend, self.array("exposure").sel(channel=self.unpaid)], "channel")

    def array(self, role: str) -> xr.DataArray:
        """Return the series of a role.

        Returns
        -------
        xarray.DataArray
            Dimensions ``(role, region, week)``, where the first one carries the
            role's name (``spend`` and ``exposure`` use ``channel``).
        """
        dim = "channel" if role in ("spend", "exposure") else role
        names = self.names(role)
        import xarray as xr

        return xr.DataArray(
            self.values(role),
            dims=(dim, "region", "week"),
            coords={dim: names, "region": self.regions, "week": self.weeks},
            name=role,
        )

    def outcome(self, model: str) -> xr.DataArray:
        """Return the outcome of a model, dimensions ``(region, week)``, in its unit."""
        import xarray as xr

        values = self.frame[f"outcome:{model}"].to_numpy(dtype=float, copy=True)
        return xr.DataArray(
            values.reshape(len(self.regions), len(self.weeks)),
            dims=("region", "week"),
            coords={"region": self.regions, "week": self.weeks},
            name="outcome",
        )

    @cached_property
    def population(self) -> xr.DataArray | None:
        """Population by region, or None where it was not given."""
        if "population" not in self.frame:
            return None
        import xarray as xr

        values = self.frame.groupby("region", sort=False)["population"].first()
        return xr.DataArray(values.to_numpy(float), dims="region", coords={"region": self.regions})

    def to_national(self) -> Panel:
        """Return the panel summed over regions.

        Outcomes, spend, exposures and population add up; controls and events are
        averaged, weighted by population where it is known. Lift tests of regions become
        ones of the country, see :func:`mmmlib.data.panel.lift_grid.nationwide`.
        """
        if len(self.regions) == 1:
            return self
        shape = (len(self.regions), len(self.weeks))
        known = [*self.series, *(["population"] if "population" in self.frame else [])]
        grids = {name: self.frame[name].to_numpy(dtype=float).reshape(shape) for name in known}
        people = grids.get("population")
        columns: dict[str, object] = {"region": NATIONAL, "week": self.weeks}
        for name, grid in grids.items():
            columns[name] = over_regions(name.partition(":")[0], grid, people)[0]
        imputed = self.frame["imputed"].to_numpy().reshape(shape).T
        columns["imputed"] = [_join_names(cells) for cells in imputed]
        lifts = tuple(self._nationwide(lift) for lift in self.lift_tests)
        national = pd.DataFrame(columns)
        return Panel(national, self.currency, dict(self.units), self.kept_out, lifts)

    def _nationwide(self, lift: Lift) -> Lift:
        weeks = pd.DatetimeIndex([pd.Timestamp(week) for week in lift.weeks])
        spend = self.array("spend").sel(channel=lift.channel, week=weeks).to_numpy()
        return nationwide(lift, spend, self.regions, NATIONAL)


def _join_names(values: Iterable[str]) -> str:
    names = {name for value in values for name in value.split(";") if name}
    return ";".join(sorted(names))


def over_regions(
    role: str, values: NDArray[np.float64], population: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Bring the values of a role from ``(region, week)`` to ``(1, week)``: summed, or averaged."""
    if role in (*SUMMED, "population"):
        return values.sum(axis=0, keepdims=True)
    same = population is not None and population.shape == values.shape
    return np.average(values, axis=0, weights=population if same else None)[None]


# --- on disk -----------------------------------------------------------------------


def write_panel(run: Run, panel: Panel) -> Path:
    """Keep the panel as an artefact, in parts that runs share; see :mod:`mmmlib.data.read.parts`.

    Returns
    -------
    Path
        The index of its folder. ``pandas.read_parquet`` reads the folder as one table.
    """
    facts = {
        "currency": panel.currency,
        "units": json.dumps(panel.units),
        "kept_out": json.dumps([str(week.date()) for week in panel.kept_out]),
        "lift_tests": json.dumps([lift.model_dump(mode="json") for lift in panel.lift_tests]),
    }
    target = run.target(PANEL_FILE)
    frame = panel.frame.reset_index(drop=True)
    return write_parts(target, store_of(run.runs_dir), frame, frame["week"], facts)


def panel_of(run: Run) -> Panel:
    """Return the panel of a run.

    Parameters
    ----------
    run
        An open run.

    Returns
    -------
    Panel
        The grid that its models were fitted to.

    Raises
    ------
    RunError
        If the run has no panel yet, or the file is not one.
    """
    path = run.artefact(PANEL_FILE)
    if path.is_file():
        return _panel_of_file(path)
    if not (path / INDEX).is_file():
        raise RunError(run.manifest.why_missing(f"artefacts/{PANEL_FILE}"))
    frame, facts = read_parts(path)
    if not {"currency", "units"} <= set(facts):
        raise RunError(f"{path}: not a panel (currency and units are missing).")
    kept_out = tuple(pd.Timestamp(week) for week in json.loads(facts.get("kept_out", "[]")))
    frame.index = pd.RangeIndex(len(frame))
    lifts = tuple(map(Lift.model_validate, json.loads(facts.get("lift_tests", "[]"))))
    return Panel(frame, facts["currency"], json.loads(facts["units"]), kept_out, lifts)


def panel_file(run: Run) -> str:
    """Return the artefact by which a run's panel is known to be there and unchanged."""
    old = run.artefact(PANEL_FILE).is_file()
    return PANEL_FILE if old else PANEL_INDEX


def _panel_of_file(path: Path) -> Panel:
    """Read the panel of a run that was made when a panel was one file."""
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        table = pq.read_table(file)
    metadata = table.schema.metadata or {}
    if METADATA not in metadata:
        raise RunError(f"{path}: not a panel (currency and units are missing).")
    facts = json.loads(metadata[METADATA])
    return Panel(table.to_pandas(), facts["currency"], facts["units"])
