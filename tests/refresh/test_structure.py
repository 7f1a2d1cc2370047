from __future__ import annotations

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Level, Status
from mmmlib.refresh.structure import structure_findings
from tests.fakes import fake_panel


def test_the_same_structure_passes() -> None:
    [finding] = structure_findings(fake_panel(), fake_panel(weeks=117))
    assert finding.status is Status.OK


def test_a_channel_that_came_and_one_that_went_are_named_and_a_rebuild_is_advised() -> None:
    before = fake_panel()
    frame = before.frame.rename(columns={"spend:video": "spend:podcast"})
    [finding] = structure_findings(before, Panel(frame, "USD", dict(before.units)))
    assert (finding.subject, finding.level) == ("channels", Level.WARN)
    assert finding.value == "added podcast; removed video"
    assert "rebuild" in finding.meaning
    assert "refresh.parent" in finding.action


def test_outcomes_and_regions_are_compared() -> None:
    before = fake_panel(regions=("north", "south"))
    frame = before.frame[before.frame["region"] == "north"]
    frame = frame.drop(columns="outcome:signups.pooled").reset_index(drop=True)
    after = Panel(frame, "USD", dict(before.units))
    assert {finding.subject for finding in structure_findings(before, after)} == {
        "outcomes",
        "regions",
    }


def test_other_units_block() -> None:
    before = fake_panel()
    euros = Panel(before.frame, "EUR", dict(before.units))
    [finding] = structure_findings(before, euros)
    assert finding.level is Level.BLOCK
    assert "currency USD then, EUR now" in finding.message
    other = Panel(before.frame, "USD", before.units | {"outcome:signups.pooled": "trials"})
    [finding] = structure_findings(before, other)
    assert "outcome:signups.pooled in signups then, trials now" in finding.message
