"""The grids of all series put together, and their money brought to the prices of one day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.contract.declared_series import DeclaredSeries
from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.contract.side_tables import read_steps
from mmmlib.data.panel.grid import Calendar, Grid
from mmmlib.data.panel.lift_grid import at_factors
from mmmlib.data.panel.panel import Panel, over_regions
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.weekly import share_of_week
from mmmlib.params import Params

PRICE_INDEX = ("from", "index")
"""Columns of a price index."""


def assemble(
    params: Params, grids: dict[DeclaredSeries, Grid], calendar: Calendar, regional: bool
) -> Panel:
    """Put the grids of all series together.

    Parameters
    ----------
    grids
        One for every part of a series that a source tells; ``values`` of shape
        ``(region, week)``, one region where the source is national.
    calendar
        Weeks and regions of the panel.
    regional
        Whether the panel is by region; else regions are added up or averaged.
    """
    regions = calendar.regions if regional else [NATIONAL]
    shape = (len(regions), len(calendar.weeks))
    population = next((g.values for w, g in grids.items() if w.role == "population"), None)
    worth = {w.name: grid for w, grid in grids.items() if w.role == "value"}
    columns: dict[str, np.ndarray] = {}
    filled: dict[str, np.ndarray] = {}
    for declared, grid in grids.items():
        if declared.role in ("value", "population"):
            continue
        price = worth.get(declared.name.partition(".")[0])
        if declared.role == "outcome" and price is not None:
            grid = _in_money(grid, price, population)
        values, imputed = grid.values, grid.imputed
        if not regional and len(values) > 1:
            values = over_regions(declared.role, values, population)
            imputed = imputed.any(axis=0, keepdims=True)
        # What several sources tell of one series is added up, marks of filled cells too.
        columns[declared.series] = (
            columns.get(declared.series, 0.0) + np.broadcast_to(values, shape).ravel()
        )
        filled[declared.series] = (
            filled.get(declared.series, False) | np.broadcast_to(imputed, shape).ravel()
        )
    for name, event in params.events.items():
        if event.start is not None and event.end is not None:
            share = share_of_week(calendar.weeks, event.start, event.end)
            columns[f"event:{name}"] = np.broadcast_to(share, shape).ravel()
    order = [f"event:{name}" for name in params.events]
    frame = pd.DataFrame(
        {
            "region": np.repeat(regions, len(calendar.weeks)),
            "week": np.tile(calendar.weeks.to_numpy(), len(regions)),
            **{name: v for name, v in columns.items() if not name.startswith("event:")},
            **{name: columns[name] for name in order},
        }
    )
    if population is not None:
        people = population if regional else population.sum(axis=0, keepdims=True)
        frame["population"] = np.broadcast_to(people, shape).ravel()
    frame["imputed"] = _imputed_names(filled, len(frame))
    units = {f"outcome:{model}": params.outcome_unit(model) for model in params.model_names}
    return Panel(frame, params.currency, units)


def _in_money(count: Grid, price: Grid, population: np.ndarray | None) -> Grid:
    """Turn a count into money; a filled price makes the product a filled one."""
    each, filled = price.values, price.imputed
    if len(count.values) == 1 < len(each):  # a national count has one price, the mean
        each = over_regions("value", each, population)
        filled = filled.any(axis=0, keepdims=True)
    return Grid(count.values * each, count.imputed | filled)


def _imputed_names(filled: dict[str, np.ndarray], rows: int) -> pd.Series:
    names = pd.Series("", index=range(rows), dtype="str")
    for name, mask in filled.items():
        if mask.any():
            names[mask] += ";" + name
    return names.str.removeprefix(";")


# --- money at the prices of one day ----------------------------------------------------


def read_price_index(path: Path, problems: Problems) -> pd.Series | None:
    """Read a price index: the level of prices by the day from which on it holds, ascending.

    None where it cannot be used, which is reported.
    """
    frame = read_steps(path, "data.price_level.path", "a price index", PRICE_INDEX, problems)
    return None if frame is None else frame.set_index("from")["index"].sort_index()


def price_factors(
    params: Params, folder: Path, weeks: pd.DatetimeIndex, problems: Problems
) -> np.ndarray | None:
    """Return what money of each week is multiplied by, to be told in prices of the base day.

    Parameters
    ----------
    folder
        Where the index lies.
    weeks
        First days.

    Returns
    -------
    ndarray or None
        Shape ``(week,)``: the index of the base day over that of the week's first day. None
        where no index is declared, or it cannot be used.
    """
    rule = params.data.price_level
    if rule is None:
        return None
    path = folder / rule.path
    index = read_price_index(path, problems)
    if index is None:
        return None
    base = float(index.reindex([pd.Timestamp(rule.base)], method="ffill").iloc[0])
    levels = index.reindex(weeks, method="ffill").to_numpy(dtype=float)
    first = index.index[0].date()
    if not np.isfinite(base):
        problems.add(
            path,
            "data.price_level.base",
            f"{rule.base}, and the index begins on {first}",
            "a day that the index covers",
        )
    early = weeks[~np.isfinite(levels)]
    if len(early):
        problems.add(
            path,
            "column from",
            f"an index that begins on {first}; the panel begins in the week of {early[0].date()}",
            "the level of prices from the first week on",
        )
    return base / levels


def at_prices(panel: Panel, factors: np.ndarray) -> Panel:
    """Multiply all money of a panel, spend and outcomes, by one factor per week."""
    money = [
        name
        for name in panel.series
        if name.startswith("spend:") or panel.units.get(name) == panel.currency
    ]
    each = np.tile(factors, len(panel.regions))
    frame = panel.frame.assign(**{name: panel.frame[name] * each for name in money})
    lifts = []
    for lift in panel.lift_tests:
        first = int(panel.weeks.searchsorted(pd.Timestamp(lift.weeks[0])))
        part = factors[first : first + len(lift.weeks)]
        lifts.append(at_factors(lift, part, money=f"outcome:{lift.model}" in money))
    return replace(panel, frame=frame, lift_tests=tuple(lifts))
