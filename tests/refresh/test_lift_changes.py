"""Lift tests that came, went or are told differently since the last refresh."""

from __future__ import annotations

from dataclasses import replace

from mmmlib.data.panel.lift_grid import Lift
from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Level
from mmmlib.refresh.lift_changes import lift_change_findings, lift_changes
from mmmlib.reports.tables.changes import lift_changes_table
from tests.fakes import fake_lift, fake_panel, fake_params

PANEL = fake_panel()


def having(*lifts: Lift) -> Panel:
    return replace(PANEL, lift_tests=lifts)


def test_every_kind_of_change_is_told() -> None:
    before = having(
        fake_lift(PANEL, "same"), fake_lift(PANEL, "new result"), fake_lift(PANEL, "old")
    )
    after = having(
        fake_lift(PANEL, "same"),
        fake_lift(PANEL, "new result", incremental_outcome=20_000.0, channel="video"),
        fake_lift(PANEL, "fresh", outcome="signups", incremental_outcome=300, standard_error=90),
    )
    changed, removed, added = lift_changes(before, after)
    assert (changed.test, changed.kind) == ("new result", "changed")
    assert (
        changed.what
        == "channel search → video; incremental outcome USD 30 k → USD 20 k".replace(
            " k", "\N{NO-BREAK SPACE}k"
        ).replace("USD ", "USD\N{NO-BREAK SPACE}")
    )
    assert (removed.test, removed.kind) == ("old", "removed")
    assert (added.test, added.model) == ("fresh", "signups.pooled")
    said = added.what.replace("\N{NO-BREAK SPACE}", " ")
    assert "everywhere, 11 Mar 2024 to 7 Apr 2024, it saw 152 to 448" in said
    levels = [finding.level for finding in lift_change_findings([changed, removed, added])]
    assert levels == [Level.WARN, Level.WARN, Level.INFO]
    table = lift_changes_table(fake_params(), [changed, removed, added])
    assert table.column("Change") == ("changed", "gone", "new")


def test_the_same_tests_are_no_change_though_spend_was_restated() -> None:
    frame = PANEL.frame.assign(**{"spend:search": PANEL.frame["spend:search"] * 1.1})
    restated = Panel(frame, PANEL.currency, PANEL.units)
    after = replace(restated, lift_tests=(fake_lift(restated),))
    assert after.lift_tests[0].spend_change != fake_lift(PANEL).spend_change
    assert lift_changes(having(fake_lift(PANEL)), after) == []
    [finding] = lift_change_findings([])
    assert finding.status == "ok"
