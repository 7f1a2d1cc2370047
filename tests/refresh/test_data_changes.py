from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Level, Status
from mmmlib.params.limits import ComparisonParams
from mmmlib.phrases import date_text
from mmmlib.refresh.data_changes import ALL, data_changes, restated_cells, restated_findings
from tests.fakes import fake_panel

LIMITS = ComparisonParams()
REGIONS = ("north", "south")


def changed(panel: Panel, edit: object) -> Panel:
    frame = panel.frame.copy()
    edit(frame)  # type: ignore[operator]
    return Panel(frame, panel.currency, dict(panel.units))


def test_equal_panels_differ_in_nothing() -> None:
    assert data_changes(fake_panel(), fake_panel()) == []
    assert restated_cells(fake_panel(), fake_panel()).empty


def test_a_restated_cell_is_listed_exactly() -> None:
    before = fake_panel(regions=REGIONS)
    place = 104 + 40  # south, week 40

    def edit(frame: pd.DataFrame) -> None:
        frame.loc[place, "spend:video"] += 1234.5

    after = changed(before, edit)
    cells = restated_cells(before, after)
    assert len(cells) == 1
    row = cells.iloc[0]
    assert (row["series"], row["region"]) == ("spend:video", "south")
    assert row["week"] == before.weeks[40]
    assert row["before"] == before.frame.loc[place, "spend:video"]
    assert row["change"] == pytest.approx(1234.5)
    [change] = data_changes(before, after)
    assert (change.series, change.kind, change.cells) == ("spend:video", "restated", 1)
    assert change.first == change.last == before.weeks[40].date()
    assert change.share == pytest.approx(1234.5 / before.frame["spend:video"].sum())
    assert change.largest.startswith(f"south, {date_text(before.weeks[40].date())}: USD")


def test_rounding_is_no_restatement() -> None:
    before = fake_panel()

    def edit(frame: pd.DataFrame) -> None:
        frame["spend:search"] *= 1 + 1e-12

    assert data_changes(before, changed(before, edit)) == []


def test_the_order_of_rows_and_regions_does_not_matter() -> None:
    before = fake_panel(regions=REGIONS)
    frame = pd.concat([before.frame[104:], before.frame[:104]], ignore_index=True)
    assert data_changes(before, Panel(frame, before.currency, dict(before.units))) == []


def test_new_weeks_are_one_entry() -> None:
    before, after = fake_panel(weeks=104, seed=3), fake_panel(weeks=104, seed=3)
    longer = pd.date_range(after.weeks[-1] + pd.Timedelta(days=7), periods=13, freq="7D")
    more = after.frame.iloc[:13].assign(week=longer)
    after = Panel(pd.concat([after.frame, more], ignore_index=True), "USD", dict(after.units))
    [change] = data_changes(before, after)
    assert (change.series, change.kind, change.cells) == (ALL, "extended", 13)
    assert change.first == dt.date(2025, 12, 29)
    [dropped] = data_changes(after, before)
    assert (dropped.series, dropped.kind, dropped.cells) == (ALL, "removed", 13)


def test_series_and_regions_that_come_or_go_are_named() -> None:
    before = fake_panel(regions=REGIONS)
    frame = before.frame[before.frame["region"] == "north"].drop(columns="control:price")
    after = Panel(frame.reset_index(drop=True), "USD", dict(before.units))
    found = {(change.series, change.kind) for change in data_changes(before, after)}
    assert found == {("control:price", "removed"), ("region south", "removed")}
    back = {(change.series, change.kind) for change in data_changes(after, before)}
    assert back == {("control:price", "added"), ("region south", "added")}


def test_the_most_restated_series_comes_first() -> None:
    before = fake_panel()

    def edit(frame: pd.DataFrame) -> None:
        frame.loc[3, "spend:search"] *= 1.01
        frame.loc[5:9, "spend:social"] *= 2

    found = data_changes(before, changed(before, edit))
    assert [change.series for change in found] == ["spend:social", "spend:search"]


def test_restatements_above_the_limit_are_flagged() -> None:
    before = fake_panel()

    def edit(frame: pd.DataFrame) -> None:
        frame.loc[3, "spend:search"] *= 1.01
        frame["spend:social"] *= 1.1

    found = restated_findings(data_changes(before, changed(before, edit)), LIMITS)
    assert {(f.subject, f.status) for f in found} == {
        ("spend:social", Status.FLAG),
        ("spend:search", Status.OK),
    }
    flagged = next(f for f in found if f.status is Status.FLAG)
    assert flagged.value == pytest.approx(0.1)
    assert flagged.level is Level.WARN


def test_a_series_that_was_all_zero_and_is_not_is_flagged() -> None:
    before = fake_panel()

    def clear(frame: pd.DataFrame) -> None:
        frame["spend:video"] = 0.0

    found = restated_findings(data_changes(changed(before, clear), before), LIMITS)
    assert [(f.subject, f.status, f.value) for f in found] == [("spend:video", Status.FLAG, np.inf)]


def test_nothing_restated_is_said() -> None:
    [finding] = restated_findings(data_changes(fake_panel(), fake_panel()), LIMITS)
    assert finding.status is Status.OK
