"""What changed in the data since the last refresh, value by value (D4, H3)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, at_most, judge
from mmmlib.params.limits import ComparisonParams
from mmmlib.phrases import date_text
from mmmlib.refresh.comparison import DataChange

ALL = "all series"
"""Name under which weeks that came or went are listed: the panel is a regular grid."""
ROUNDING = 1e-9
"""Relative difference up to which two values are the same."""
WINDOW = 13
"""Weeks in a row over which a restatement is measured: as a share of all history, one that rewrites
half a year looks small."""
CELLS = ["series", "region", "week", "before", "after", "change", "share"]


def restated_cells(before: Panel, after: Panel) -> pd.DataFrame:
    """List every value that differs between two panels, where both have one.

    Returns
    -------
    pandas.DataFrame
        Columns ``series``, ``region``, ``week``, ``before``, ``after``, ``change``
        (after minus before) and ``share`` (size of the change over the series' total
        before), the largest share first.
    """
    series = [name for name in before.series if name in after.series]
    old, new = _on_common_grid(before, after)
    values, others = (frame[series].to_numpy(dtype=float) for frame in (old, new))
    size = np.maximum(np.abs(values), np.abs(others))
    rows, columns = np.nonzero(np.abs(others - values) > ROUNDING * size)
    total = np.abs(values).sum(axis=0)[columns]
    change = others[rows, columns] - values[rows, columns]
    share = np.full(len(rows), math.inf)
    np.divide(np.abs(change), total, out=share, where=total > 0)
    cells = pd.DataFrame(
        {
            "series": np.asarray(series, dtype=object)[columns],
            "region": old.index.get_level_values("region").to_numpy()[rows],
            "week": old.index.get_level_values("week").to_numpy()[rows],
            "before": values[rows, columns],
            "after": others[rows, columns],
            "change": change,
            "share": share,
        },
        columns=CELLS,
    )
    return cells.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def data_changes(before: Panel, after: Panel) -> list[DataChange]:
    """Summarise what was restated, and which series, regions and weeks came or went.

    Restated series come first, the largest share first.
    """
    restated = [
        _restated(str(series), cells, before, after)
        for series, cells in restated_cells(before, after).groupby("series", sort=False)
    ]
    restated.sort(key=lambda change: change.worst_share or 0.0, reverse=True)
    return restated + _series_changes(before, after) + _grid_changes(before, after)


def restated_findings(changes: Sequence[DataChange], limits: ComparisonParams) -> list[Finding]:
    """Judge every restated series; one finding that passes where nothing was restated."""
    restated = [change for change in changes if change.kind == "restated"]
    if not restated:
        return [
            judge(
                "refresh.restated",
                "workbook",
                passed=True,
                message="No value that both refreshes have was restated.",
            )
        ]
    return [
        at_most(
            "refresh.restated",
            change.series,
            math.nan if change.worst_share is None else change.worst_share,
            limits.max_restated_share,
            f"{_count(change.cells)} restated, together {_share(change.share)} of the series, and "
            f"{_share(change.worst_share)} of the {WINDOW} weeks in which it is most (limit "
            f"{_share(limits.max_restated_share)}). The largest: {change.largest}.",
        )
        for change in restated
    ]


def worst_share(cells: pd.DataFrame, panel: Panel, series: str) -> float:
    """Share of a series that was restated in the weeks in a row in which that is most.

    Absolute differences (of ``cells``, those of the series in :func:`restated_cells`) over the
    series' total in the worst :data:`WINDOW` weeks; infinite where there was nothing before.
    """
    sizes = panel.frame[series].abs().groupby(panel.frame["week"]).sum()
    changed = cells["change"].abs().groupby(cells["week"]).sum().reindex(sizes.index, fill_value=0)
    weeks = min(WINDOW, len(sizes))
    sums = np.stack([one.rolling(weeks).sum().to_numpy()[weeks - 1 :] for one in (changed, sizes)])
    touched = sums[0] > 0
    if not (sums[1][touched] > 0).all():
        return math.inf
    return float((sums[0][touched] / sums[1][touched]).max(initial=0.0))


def _share(value: float | None) -> str:
    return format_number(math.nan if value is None else value, "share")


def _count(cells: int) -> str:
    return "1 value was" if cells == 1 else f"{cells} values were"


def _on_common_grid(before: Panel, after: Panel) -> tuple[pd.DataFrame, pd.DataFrame]:
    old, new = (panel.frame.set_index(["region", "week"]) for panel in (before, after))
    common = old.index.intersection(new.index)
    return old.loc[common], new.loc[common]


def _restated(series: str, cells: pd.DataFrame, before: Panel, after: Panel) -> DataChange:
    top = cells.iloc[0]
    unit = _unit(after, series)
    where = f"{top['region']}, " if len(after.regions) > 1 else ""
    return DataChange(
        series=series,
        kind="restated",
        cells=len(cells),
        first=cells["week"].min().date(),
        last=cells["week"].max().date(),
        share=float(cells["share"].sum()),
        worst_share=worst_share(cells, before, series),
        largest=f"{where}{date_text(top['week'])}: {format_number(top['before'], unit)} "
        f"before, {format_number(top['after'], unit)} now",
    )


def _series_changes(before: Panel, after: Panel) -> list[DataChange]:
    added = [name for name in after.series if name not in before.series]
    removed = [name for name in before.series if name not in after.series]
    return [_span(name, "added", after.frame) for name in added] + [
        _span(name, "removed", before.frame) for name in removed
    ]


def _grid_changes(before: Panel, after: Panel) -> list[DataChange]:
    changes = []
    for kind, this, other in (("added", after, before), ("removed", before, after)):
        for region in this.regions:
            if region not in other.regions:
                rows = this.frame["region"] == region
                changes.append(_span(f"region {region}", kind, this.frame[rows]))
    regions = [name for name in after.regions if name in before.regions]
    for kind, this, other in (("extended", after, before), ("removed", before, after)):
        fresh = ~this.frame["week"].isin(other.weeks) & this.frame["region"].isin(regions)
        if fresh.any():
            changes.append(_span(ALL, kind, this.frame[fresh]))
    return changes


def _span(name: str, kind: str, rows: pd.DataFrame) -> DataChange:
    return DataChange(
        series=name,
        kind=kind,  # type: ignore[arg-type]  # one of the four names
        cells=len(rows),
        first=rows["week"].min().date(),
        last=rows["week"].max().date(),
    )


def _unit(panel: Panel, series: str) -> str:
    money = series.startswith(("spend:", "outcome:"))
    return panel.units.get(series, panel.currency if money else "")
