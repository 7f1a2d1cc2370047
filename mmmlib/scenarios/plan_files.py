"""Plans that people filled in: a table of channel, region, week and spend, read strictly.

Rows of levers, where there are some, stand beside those of channels, in columns of their own: a sum of
``spend`` stays money.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.contract.side_tables import read_side_table, type_columns
from mmmlib.data.read.problems import Problems
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.schema import Params
from mmmlib.phrases import some_of
from mmmlib.runs import write_with
from mmmlib.scenarios.history import spend_history
from mmmlib.scenarios.levers import EVERYWHERE, lever_paths

COLUMNS = ("channel", "region", "week", "spend", "currency")
NEEDED = ("channel", "region", "week", "spend")
LEVER_COLUMNS = ("lever", "value", "unit")
EMPTY = {
    "week": "the first day of a week",
    "spend": "an amount; 0 for none",
    "value": "a number",
}
"""What an empty cell should have held."""


class Planned(NamedTuple):
    """What a table plans; ``(region, week)`` each."""

    spend: dict[str, np.ndarray]
    """Money by channel."""
    levers: dict[str, np.ndarray]
    """Values of the levers that have rows."""


class LeverRows(NamedTuple):
    """What the rows of a lever have to say."""

    unit: str
    regions: tuple[str, ...] = ()
    """None before the data is there."""


@dataclass(frozen=True)
class PlanGrid:
    """What a plan has to cover: every channel, region and week of the horizon.

    Before the data is there, no regions and weeks are known. ``never`` are channels that never
    spent money: nothing is known of their effect. ``levers`` may have rows; ``still`` are levers that
    never moved, and ``controls`` what is no lever.
    """

    channels: tuple[str, ...]
    regions: tuple[str, ...]
    weeks: pd.DatetimeIndex
    currency: str
    never: frozenset[str] = frozenset()
    levers: Mapping[str, LeverRows] = field(default_factory=dict)
    still: frozenset[str] = frozenset()
    controls: frozenset[str] = frozenset()

    @classmethod
    def before_data(cls, params: Params) -> PlanGrid:
        """What is known from the parameters alone."""
        return cls(
            params.paid_channels,
            (),
            pd.DatetimeIndex([]),
            params.currency,
            levers={name: LeverRows(one.unit) for name, one in params.levers.items()},
            controls=frozenset(params.controls) - set(params.levers),
        )

    @classmethod
    def of(cls, effects: xr.Dataset, params: Params, weeks: int, skip: int = 0) -> PlanGrid:
        """Begin in the week after the last one of the effects, or some weeks later."""
        known = lever_paths(effects, params, weeks)
        last = pd.Timestamp(effects["week"].to_numpy()[-1]) + pd.Timedelta(weeks=skip)
        history = spend_history(effects, effects.sizes["week"])
        return cls(
            channels=tuple(history),
            regions=tuple(str(name) for name in effects["region"].to_numpy()),
            weeks=pd.date_range(last + pd.Timedelta(days=7), periods=weeks, freq="7D"),
            currency=str(effects.attrs["currency"]),
            never=frozenset(name for name, money in history.items() if not money.any()),
            levers={name: LeverRows(one.unit, one.regions) for name, one in known.items()},
            still=frozenset(params.levers) - set(known),
            controls=frozenset(params.controls) - set(params.levers),
        )


def read_plan(path: Path, key: str, grid: PlanGrid, problems: Problems) -> Planned:
    """Read one plan.

    Parameters
    ----------
    path
        A CSV file or a sheet with the columns ``channel``, ``region``, ``week`` (its first day),
        ``spend`` and, if wanted, ``currency``; ``mmm plan template`` writes one. A row with a ``lever``
        has a ``value`` and, if wanted, its ``unit``, and no channel.
    key
        Where the parameters name it, for messages.
    grid
        What it has to cover. Weeks beside the horizon may be there and are not read. Levers without
        rows stay as in the baseline.
    problems
        Receives everything that is wrong, by row and column.

    Returns
    -------
    Planned
        Empty where anything is wrong.
    """
    what = f"a table with the columns {', '.join(NEEDED)}; 'mmm plan template' writes one"
    text = read_side_table(path, key, what, NEEDED, problems, (*COLUMNS, *LEVER_COLUMNS))
    if text is None:
        return Planned({}, {})
    if "lever" not in text:
        text = text.assign(lever="")
    levers = text[text["lever"] != ""]
    money = _read_channels(text.drop(levers.index), path, grid, problems)
    values = _read_levers(levers, path, grid, problems)
    named = set(levers["lever"])
    every = dict.fromkeys(grid.channels, grid.regions)
    some = {name: one.regions for name, one in grid.levers.items() if name in named}
    planned = Planned(
        _on_grid(money, "channel", "spend", every, grid.weeks, path, problems),
        _on_grid(values, "lever", "value", some, grid.weeks, path, problems),
    )
    return Planned({}, {}) if problems.of(path) else planned


def _read_channels(
    text: pd.DataFrame, path: Path, grid: PlanGrid, problems: Problems
) -> pd.DataFrame:
    """Check the rows of channels, each by itself."""
    frame = _read_rows(text, "channel", "spend", path, problems)

    def add(row: Hashable, column: str, found: str, expected: str, action: str = "") -> None:
        problems.add(path, f"row {row}, column {column}", found, expected, action)

    for column, known in (("channel", grid.channels), ("region", grid.regions)):
        if not known:
            continue
        for row, name in frame.loc[~frame[column].isin(known), column].items():
            near = did_you_mean(name, known)
            if name in {*grid.levers, *grid.still, *grid.controls}:
                near = "It is a control: a lever has its name in the column 'lever'."
            add(row, column, shown(name) if name else "an empty cell", _one_of(known), near)
    for row in frame.index[frame["spend"] < 0]:
        add(row, "spend", shown(text["spend"][row]), "zero or more")
    for row in frame.index[(frame["spend"] > 0) & frame["channel"].isin(grid.never)]:
        expected = "a channel that spent money before: nothing is known of the effect of this one"
        action = "Set it to 0, and test the channel first."
        add(row, "spend", f"{text['spend'][row]} for {frame['channel'][row]}", expected, action)
    if "currency" in text:
        for row, name in text.loc[text["currency"] != grid.currency, "currency"].items():
            found = shown(name) if name else "an empty cell"
            add(row, "currency", found, f"{grid.currency}, the currency of the workbook")
    for column in LEVER_COLUMNS[1:]:
        for row in text.index[text[column] != ""] if column in text else ():
            add(row, column, shown(text[column][row]), "an empty cell: the row names no lever")
    return frame


def _read_levers(
    text: pd.DataFrame, path: Path, grid: PlanGrid, problems: Problems
) -> pd.DataFrame:
    """Check the rows of levers, each by itself."""
    if len(text) and "value" not in text:
        problems.add(path, "column value", "no such column", "the value of every lever")
    text = text.reindex(columns=list(dict.fromkeys([*text, "value"])), fill_value="0")
    frame = _read_rows(text, "lever", "value", path, problems)

    def add(row: Hashable, column: str, found: str, expected: str, action: str = "") -> None:
        found = shown(found) if found else "an empty cell"
        problems.add(path, f"row {row}, column {column}", found, expected, action)

    units = [one.unit if (one := grid.levers.get(name)) else "" for name in frame["lever"]]
    units = list(text["unit"]) if "unit" in text else units
    for row, name, region, unit in zip(
        frame.index, frame["lever"], frame["region"], units, strict=True
    ):
        one = grid.levers.get(name)
        if one is None:
            add(row, "lever", name, *_no_lever(name, grid))
            continue
        if one.regions and region not in one.regions:
            near = did_you_mean(region, one.regions)
            if one.regions == (EVERYWHERE,):
                near = "The data has this control with the same value in all regions."
            add(row, "region", region, _one_of(one.regions), near)
        if unit != one.unit:
            add(row, "unit", unit, f"{one.unit}, the unit of {name}")
    for column in ("channel", "spend"):
        for row in text.index[text[column] != ""]:
            add(row, column, text[column][row], "an empty cell: the row is of a lever")
    return frame


def _no_lever(name: str, grid: PlanGrid) -> tuple[str, str]:
    """Say what was expected instead of a name that is no lever, and what to do."""
    expected = f"a lever: {_one_of(tuple(grid.levers))}" if grid.levers else "no levers"
    if name in grid.controls:
        return (
            f"{expected}; this control is not declared a lever",
            f"Declare controls.{name}.lever: its unit, and what a unit costs per week.",
        )
    if name in grid.still:
        expected = (
            f"{expected}; the model has no coefficient of this one: it did not move in the past"
        )
        return expected, "Leave it out, and test it first."
    return expected, did_you_mean(name, grid.levers)


def _read_rows(
    text: pd.DataFrame, name: str, value: str, path: Path, problems: Problems
) -> pd.DataFrame:
    """Read the cells that every row has, and report what is empty."""
    typed = type_columns(text, {"week": "date", value: "number"}, path, problems)
    for column in ("week", value):
        for row in text.index[text[column] == ""]:
            problems.add(path, f"row {row}, column {column}", "an empty cell", EMPTY[column])
    return text[[name, "region"]].join(typed)


def _on_grid(
    frame: pd.DataFrame,
    name: str,
    value: str,
    rows: Mapping[str, tuple[str, ...]],
    weeks: pd.DatetimeIndex,
    path: Path,
    problems: Problems,
) -> dict[str, np.ndarray]:
    """Lay rows out by region and week of the horizon, and report what is there twice or missing."""
    keys = [name, "region", "week"]
    for row in frame.index[frame["week"].notna() & frame.duplicated(keys)]:
        found = f"{frame[name][row]}, {frame['region'][row]}, {frame['week'][row].date()} again"
        expected = f"every {name}, region and week once"
        problems.add(path, f"row {row}, column week", found, expected)
    if not len(weeks):
        return {}
    for row, week in frame.loc[frame["week"].notna(), "week"].items():
        if week.weekday() != weeks[0].weekday():
            expected = f"a {weeks[0]:%A}, with which weeks begin"
            problems.add(path, f"row {row}, column week", str(week.date()), expected)
    laid, there = {}, frame.drop_duplicates(keys).assign(there=True).set_index(keys)
    for one, regions in rows.items():
        every = pd.MultiIndex.from_product([[one], regions, weeks], names=keys)
        whole, shape = there.reindex(every), (len(regions), len(weeks))
        missing = whole["there"].isna().to_numpy().reshape(shape)
        for region, lacking in zip(regions, missing, strict=True):
            place = f"{name} {one}, region {region}"
            _report_missing(place, lacking, path, weeks, problems)
        laid[one] = whole[value].to_numpy(dtype=float).reshape(shape)
    return laid


def _report_missing(
    place: str, missing: np.ndarray, path: Path, weeks: pd.DatetimeIndex, problems: Problems
) -> None:
    """Name the weeks that a plan lacks of one channel in one region."""
    lacking = [str(week.date()) for week in weeks[missing]]
    if lacking:
        expected = f"all {len(weeks)} weeks of the horizon from {weeks[0].date()}"
        found = "no rows" if missing.all() else f"no {some_of(lacking)}"
        action = "Write 0 for weeks without spend." if place.startswith("channel") else ""
        problems.add(path, place, found, expected, action)


def plan_frame(
    spend: Mapping[str, np.ndarray], grid: PlanGrid, levers: Mapping[str, np.ndarray] | None = None
) -> pd.DataFrame:
    """Write a plan as the table that :func:`read_plan` reads."""
    rows: list[dict[str, object]] = [
        {
            "channel": channel,
            "region": region,
            "week": week.date().isoformat(),
            "spend": round(float(spend[channel][r, w]), 2),
            "currency": grid.currency,
        }
        for channel in grid.channels
        for r, region in enumerate(grid.regions)
        for w, week in enumerate(grid.weeks)
    ]
    rows += [
        {
            "region": region,
            "week": week.date().isoformat(),
            "lever": lever,
            "value": float(values[r, w]),
            "unit": grid.levers[lever].unit,
        }
        for lever, values in (levers or {}).items()
        for r, region in enumerate(grid.levers[lever].regions)
        for w, week in enumerate(grid.weeks)
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, *(LEVER_COLUMNS if levers else ())])


def write_plan(frame: pd.DataFrame, path: Path) -> Path:
    """Write the table of a plan as CSV, or as a sheet if the name ends in ``.xlsx``."""
    if path.suffix.lower() == ".xlsx":
        return write_with(path, lambda place: _write_sheet(frame, place))
    return write_with(path, lambda place: frame.to_csv(place, index=False))


def _write_sheet(frame: pd.DataFrame, path: Path) -> None:
    options = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
    with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs=options) as book:
        frame.to_excel(book, index=False, sheet_name="plan")


def _one_of(names: Sequence[str]) -> str:
    return f"one of {', '.join(names)}"
