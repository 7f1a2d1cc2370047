"""Plans that people filled in: a table of channel, region, week and spend, read strictly."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.contract.side_tables import read_side_table, type_columns
from mmmlib.data.read.problems import Problems
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.phrases import some_of
from mmmlib.runs import write_with
from mmmlib.scenarios.history import spend_history

COLUMNS = ("channel", "region", "week", "spend", "currency")
NEEDED = ("channel", "region", "week", "spend")


@dataclass(frozen=True)
class PlanGrid:
    """What a plan has to cover: every channel, region and week of the horizon.

    Before the data is there, no regions and weeks are known. ``never`` are channels that never
    spent money: nothing is known of their effect.
    """

    channels: tuple[str, ...]
    regions: tuple[str, ...]
    weeks: pd.DatetimeIndex
    currency: str
    never: frozenset[str] = frozenset()

    @classmethod
    def of(cls, effects: xr.Dataset, weeks: int, skip: int = 0) -> PlanGrid:
        """Begin in the week after the last one of the effects, or some weeks later."""
        last = pd.Timestamp(effects["week"].to_numpy()[-1]) + pd.Timedelta(weeks=skip)
        history = spend_history(effects, effects.sizes["week"])
        return cls(
            channels=tuple(history),
            regions=tuple(str(name) for name in effects["region"].to_numpy()),
            weeks=pd.date_range(last + pd.Timedelta(days=7), periods=weeks, freq="7D"),
            currency=str(effects.attrs["currency"]),
            never=frozenset(name for name, money in history.items() if not money.any()),
        )


def read_plan(path: Path, key: str, grid: PlanGrid, problems: Problems) -> dict[str, np.ndarray]:
    """Read one plan; money by channel, ``(region, week)``.

    Parameters
    ----------
    path
        A CSV file or a sheet with the columns ``channel``, ``region``, ``week`` (its first day),
        ``spend`` and, if wanted, ``currency``; ``mmm plan template`` writes one.
    key
        Where the parameters name it, for messages.
    grid
        What it has to cover. Weeks beside the horizon may be there and are not read.
    problems
        Receives everything that is wrong, by row and column.

    Returns
    -------
    dict
        Empty where anything is wrong.
    """
    what = f"a table with the columns {', '.join(NEEDED)}; 'mmm plan template' writes one"
    text = read_side_table(path, key, what, NEEDED, problems, COLUMNS)
    if text is None:
        return {}
    typed = type_columns(text, {"week": "date", "spend": "number"}, path, problems)
    frame = text[["channel", "region"]].join(typed)

    def add(row: Hashable, column: str, found: str, expected: str, action: str = "") -> None:
        problems.add(path, f"row {row}, column {column}", found, expected, action)

    for column, known in (("channel", grid.channels), ("region", grid.regions)):
        if not known:
            continue
        for row, name in frame.loc[~frame[column].isin(known), column].items():
            near = did_you_mean(name, known)
            add(row, column, shown(name) if name else "an empty cell", _one_of(known), near)
    for column, expected in (
        ("week", "the first day of a week"),
        ("spend", "an amount; 0 for none"),
    ):
        for row in frame.index[text[column] == ""]:
            add(row, column, "an empty cell", expected)
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
    keys = ["channel", "region", "week"]
    for row in frame.index[frame["week"].notna() & frame.duplicated(keys)]:
        found = (
            f"{frame['channel'][row]}, {frame['region'][row]}, {frame['week'][row].date()} again"
        )
        add(row, "week", found, "every channel, region and week once")
    if not len(grid.weeks):
        return {}
    first = grid.weeks[0]
    for row, week in frame.loc[frame["week"].notna(), "week"].items():
        if week.weekday() != first.weekday():
            add(row, "week", str(week.date()), f"a {first:%A}, with which weeks begin")
    frame = frame.drop_duplicates(keys).assign(there=True)
    every = pd.MultiIndex.from_product([grid.channels, grid.regions, grid.weeks], names=keys)
    whole = frame.set_index(keys).reindex(every)
    shape = len(grid.channels), len(grid.regions), len(grid.weeks)
    missing = whole["there"].isna().to_numpy().reshape(shape)
    for c, r in np.ndindex(shape[:2]):
        place = f"channel {grid.channels[c]}, region {grid.regions[r]}"
        _report_missing(place, missing[c, r], path, grid.weeks, problems)
    if problems.of(path):
        return {}
    money = whole["spend"].to_numpy(dtype=float).reshape(shape)
    return dict(zip(grid.channels, money, strict=True))


def _report_missing(
    place: str, missing: np.ndarray, path: Path, weeks: pd.DatetimeIndex, problems: Problems
) -> None:
    """Name the weeks that a plan lacks of one channel in one region."""
    lacking = [str(week.date()) for week in weeks[missing]]
    if lacking:
        expected = f"all {len(weeks)} weeks of the horizon from {weeks[0].date()}"
        found = "no rows" if missing.all() else f"no {some_of(lacking)}"
        problems.add(path, place, found, expected, "Write 0 for weeks without spend.")


def plan_frame(spend: Mapping[str, np.ndarray], grid: PlanGrid) -> pd.DataFrame:
    """Write a plan as the table that :func:`read_plan` reads."""
    rows = [
        (
            channel,
            region,
            week.date().isoformat(),
            round(float(spend[channel][r, w]), 2),
            grid.currency,
        )
        for channel in grid.channels
        for r, region in enumerate(grid.regions)
        for w, week in enumerate(grid.weeks)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


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
