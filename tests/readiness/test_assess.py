"""R4: the verdict as a whole."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Level, Status, checks_of, judge, worst
from mmmlib.readiness.assess import assess
from mmmlib.readiness.verdict import Readiness, Verdict, verdict_text
from mmmlib.reports.cells import Observed
from mmmlib.reports.tables.checks import design_table
from mmmlib.reports.tables.data import readiness_table
from mmmlib.reports.words.figures import spend_words
from mmmlib.scenarios.evidence import channel_evidence
from tests.fakes import CHANNELS, fake_panel, fake_params


def changed(panel: Panel, **spend: Any) -> Panel:
    columns = {f"spend:{name}": values for name, values in spend.items()}
    return dataclasses.replace(panel, frame=panel.frame.assign(**columns))


def flagged(readiness: Readiness) -> set[tuple[str, str]]:
    return {(f.check, f.subject) for f in readiness.findings if f.status is Status.FLAG}


def test_good_data_is_ready_and_every_check_speaks() -> None:
    params = fake_params()
    readiness = assess(fake_panel(params), params)
    assert readiness.overall is Verdict.READY
    assert set(readiness.channels.values()) == {Verdict.READY}
    assert readiness.alternatives == ()
    assert {finding.check for finding in readiness.findings} == set(checks_of("readiness"))
    assert worst(readiness.findings) is Level.INFO
    assert Readiness.model_validate_json(readiness.model_dump_json()) == readiness


@pytest.mark.parametrize("level", [20_000.0, 0.0])
def test_one_channel_that_cannot_be_measured_is_a_caveat_with_a_test(level: float) -> None:
    params = fake_params()
    readiness = assess(changed(fake_panel(params), video=level), params)
    assert readiness.overall is Verdict.CAVEATS
    assert readiness.channels["video"] is Verdict.NOT_READY
    assert {readiness.channels[name] for name in CHANNELS if name != "video"} == {Verdict.READY}
    assert [design.channel for design in readiness.alternatives] == ["video"]
    assert worst(readiness.findings) is Level.WARN
    assert ("readiness.measurable", "workbook") in flagged(readiness)


def test_two_identical_channels_are_both_not_ready() -> None:
    params = fake_params()
    panel = fake_panel(params)
    readiness = assess(changed(panel, social=panel.frame["spend:search"] / 2), params)
    lost = {name for name, v in readiness.channels.items() if v is Verdict.NOT_READY}
    assert lost == {"search", "social"}
    assert readiness.overall is Verdict.CAVEATS
    assert [design.channel for design in readiness.alternatives] == ["search", "social"]


def test_no_measurable_channel_is_not_ready() -> None:
    params = fake_params()
    constant = {name: 1000.0 * (n + 1) for n, name in enumerate(CHANNELS)}
    readiness = assess(changed(fake_panel(params), **constant), params)
    assert readiness.overall is Verdict.NOT_READY
    # What was spent is so little that no test would find what it is believed to bring.
    assert readiness.alternatives == ()
    assert readiness.left_out.startswith(
        "4 tests are left out (Events, Video, Social, Search): even"
    )
    assert readiness.left_out in verdict_text(readiness)
    assert worst(readiness.findings) is Level.BLOCK


def test_a_short_history_is_not_ready_and_tests_the_largest_channels() -> None:
    params = fake_params()
    readiness = assess(fake_panel(params, weeks=60), params)
    assert readiness.overall is Verdict.NOT_READY
    assert flagged(readiness) == {("readiness.history", "workbook")}
    assert [design.channel for design in readiness.alternatives] == list(CHANNELS[:2])
    assert readiness.left_out.startswith(
        "1 test is left out (Video): even in 12 weeks it would miss"
    )
    assert set(readiness.channels.values()) == {Verdict.READY}


def test_an_unusable_outcome_is_not_ready_and_has_no_test() -> None:
    params = fake_params()
    panel = fake_panel(params)
    frame = panel.frame.assign(**{"outcome:revenue.pooled": 0.0})
    readiness = assess(dataclasses.replace(panel, frame=frame), params)
    assert readiness.overall is Verdict.NOT_READY
    assert readiness.alternatives == ()


def test_data_that_blocks_is_not_ready_and_no_test_is_the_answer() -> None:
    params = fake_params()
    broken = judge(
        "data.contract",
        "media",
        passed=False,
        message="price: expected at most 1.",
        case="broken",
        source="media",
        promise="range",
        owner="Data team",
        what_to_do="",
    )
    readiness = assess(fake_panel(params), params, [broken])
    assert readiness.overall is Verdict.NOT_READY
    assert flagged(readiness) == {("readiness.data", "workbook")}
    assert readiness.alternatives == ()
    told = verdict_text(readiness)
    assert "Correct what stands below" in told
    assert "The data blocks (media): price: expected at most 1." in told


def test_too_little_in_our_hands_is_not_ready() -> None:
    params = fake_params()
    panel = fake_panel(params)
    frame = panel.frame.assign(**{"funnel:all": 100.0, "funnel:paid": 10.0})
    readiness = assess(dataclasses.replace(panel, frame=frame), params)
    assert readiness.overall is Verdict.NOT_READY
    assert flagged(readiness) == {("readiness.controllable", "workbook")}


def test_limits_come_from_the_parameters() -> None:
    params = fake_params(readiness={"min_weeks": 26, "caveat_weeks": 26})
    assert assess(fake_panel(params, weeks=60), params).overall is Verdict.READY


def test_less_than_two_years_are_a_caveat_on_every_channel() -> None:
    params = fake_params()
    for weeks, verdict in ((103, Verdict.CAVEATS), (104, Verdict.READY)):
        readiness = assess(fake_panel(params, weeks=weeks), params)
        assert set(readiness.channels.values()) == {readiness.overall} == {verdict}
    short = assess(fake_panel(params, weeks=90), params)
    doubts = channel_evidence("search", "revenue.pooled", short, None).doubts
    assert "below 104 all that is told carries a caveat" in doubts[0]


def test_a_tiny_channel_is_not_called_ready() -> None:
    params = fake_params()
    panel = fake_panel(params)
    share = 0.001 * panel.outcome("revenue.pooled").sum() / panel.array("spend").sum("week")
    tiny = panel.frame["spend:video"] * float(share.sel(channel="video").squeeze())
    readiness = assess(changed(panel, video=tiny), params)
    assert readiness.channels["video"] is Verdict.CAVEATS
    assert flagged(readiness) == {("readiness.signal", "video")}


def test_the_smallest_regional_panel_gets_a_holdout() -> None:
    params = fake_params(model={"geography": "regional"})
    panel = fake_panel(params, weeks=60, regions=("north", "south"))
    designs = assess(panel, params).alternatives
    assert {design.kind for design in designs} == {"geo holdout"}
    assert all(np.isfinite(design.detectable_share) for design in designs)


# --- what the notebook shows ------------------------------------------------------------


def test_tables_and_words_tell_the_verdict() -> None:
    params = fake_params()
    panel = changed(fake_panel(params), video=20_000.0)
    readiness = assess(panel, params)
    text = verdict_text(readiness)
    assert text.startswith("READY WITH CAVEATS. A model may be fitted")
    assert "- 3 of 4 channels can be measured; not: Video." in text
    table = readiness_table(readiness, panel, params)
    rows = {row[0]: row for row in table.rows}
    assert rows["Video"][1] == "not ready"
    assert rows["Video"][4] == Observed(1.0, "share")
    assert "never changes" in str(rows["Video"][-1])
    assert rows["Search"][-1] is None
    assert design_table(params, readiness.alternatives).column("Channel") == ("Video",)
    words = spend_words(readiness, params)
    assert words.title == "Spend moved too little in 1 of 4 channels: Video"
    assert "USD" in words.subtitle


def test_tables_of_what_is_ready() -> None:
    params = fake_params()
    readiness = assess(fake_panel(params), params)
    assert verdict_text(readiness).splitlines()[0] == "READY. A model may be fitted."
    assert design_table(params, readiness.alternatives).rows == ()
    assert spend_words(readiness, params).title == "Spend moved enough in all 4 channels"


PROJECT = Path(__file__).parents[2]
PUBLIC = PROJECT.parent / "shared" / "data"


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public data sets are not here")
@pytest.mark.parametrize(
    ("name", "small"),
    [
        ("robyn_weekly", {"print", "facebook", "search"}),  # 0.1 to 0.5 % of the outcome
        ("meridian_national", set()),
        ("meridian_geo", set()),
    ],
)
def test_public_data_is_ready(name: str, small: set[str]) -> None:
    from mmmlib.data.panel.build import build_panel
    from mmmlib.params.load import read_params

    params = read_params(PROJECT / "params" / f"{name}.yaml")
    readiness = assess(build_panel(params, PUBLIC), params)
    assert flagged(readiness) == {("readiness.signal", name) for name in small}
    assert readiness.overall is (Verdict.CAVEATS if small else Verdict.READY)
