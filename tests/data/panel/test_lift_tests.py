"""Lift tests are read strictly: from a table, and from the parameter file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmmlib.data.checks.status import read_status
from mmmlib.data.history.vintages import compare_vintages, vintage_of
from mmmlib.data.ingest import hash_inputs, ingest
from mmmlib.data.panel.build import read_and_build
from mmmlib.data.panel.lift_tests import lift_findings, lift_status, read_lift_tests
from mmmlib.data.panel.panel import panel_of
from mmmlib.data.read.problems import Problems
from mmmlib.errors import InputError
from mmmlib.findings import Level, Status
from mmmlib.runs import Manifest, Run, write_atomic
from tests.data.conftest import regional, small_params, sources, weekly

HEAD = (
    "test,channel,region,outcome,motion,start,end,measured_until,spend_change,"
    "spend_change_share,already_in_spend,incremental_outcome,standard_error\n"
)
GOOD = HEAD + (
    "more search,search,,revenue,,2024-01-15,2024-01-28,,100,,,250.5,40\n"
    "tv off,tv,,revenue,,2024-01-08,2024-01-21,2024-01-28,,-1,no,-30,12\n"
)
FROM_TABLE = {"data": sources() | {"lift_tests": "lift_tests.csv"}}


def test_a_table_becomes_tests_of_the_panel(write: Callable[..., Path]) -> None:
    write(GOOD, "lift_tests.csv")
    built = read_and_build(small_params(**FROM_TABLE), write(weekly()))
    more, off = built.panel.lift_tests
    assert (more.name, more.channel, more.model) == ("more search", "search", "revenue.pooled")
    assert (more.incremental_outcome, more.standard_error, more.error) == (250.5, 40, 40)
    # Money follows the spend that is there: 102 and 103 in the two weeks.
    np.testing.assert_allclose(np.array(more.tested) - more.without, [[102 / 2.05, 103 / 2.05]])
    assert [str(week) for week in off.weeks] == ["2024-01-08", "2024-01-15", "2024-01-22"]
    np.testing.assert_allclose(off.tested, [[0, 0, 0]])  # the third week has no spend anyway
    found = lift_findings(built.lift_tests, built.panel, small_params())
    assert [one.message.replace("\xa0", " ") for one in found] == [
        "It calibrates Search in Revenue, 15 Jan 2024 to 28 Jan 2024.",
        "It calibrates Tv in Revenue, 8 Jan 2024 to 28 Jan 2024.",
    ]


def test_everything_that_is_wrong_is_told_at_once(
    write: Callable[..., Path], refused: Callable[..., InputError]
) -> None:
    bad = HEAD + (
        "a,serch,,revenue,,2024-01-15,2024-01-28,,100,,,250,0\n"
        "b,search,,revnue,self,2024-01-15,soon,,100,,,250,-3\n"
        "c,search,north,revenue,,2024-01-28,2024-01-15,,100,,,250,nan\n"
        "d,search,,revenue,,2024-01-15,2024-01-28,,100,0.5,maybe,250,3\n"
        "e,search,,revenue,,2023-12-01,2024-01-07,,100,,,x,3\n"
        "f,search,,revenue,brand,2024-02-05,2024-02-11,,,,,250,3\n"
        ",search,,revenue,,2024-02-12,2024-02-18,,,-1.5,,,\n"
    )
    write(bad, "lift_tests.csv")
    error = refused(weekly(), **FROM_TABLE)
    told = [str(problem) for problem in error.problems]
    for words in (
        "row 2, column channel: found 'serch'; expected one of search, tv. Did you mean 'search'?",
        "row 2, column standard_error: found 0.0; expected more than 0.",
        "row 3, column end: found 'soon'; expected a date such as 2024-01-29.",
        "row 3, column outcome: found 'revnue'; expected one of revenue. Did you mean 'revenue'?",
        "row 3, column standard_error: found -3.0; expected more than 0.",
        "row 4, column standard_error: found 'nan'; expected a finite number.",
        "row 5, column already_in_spend: found 'maybe'; expected yes or no.",
        "row 6, column incremental_outcome: found 'x'; expected a number.",
        "row 7, column motion: found 'brand'; expected a motion: one of pooled.",
        "row 8, column test: found an empty cell; expected a name for the test.",
        "row 8, column spend_change_share: found -1.5; expected -1 or more.",
        "row 8, column standard_error: found an empty cell;",
    ):
        assert any(line.startswith(words) for line in told), f"{words}\n" + "\n".join(told)
    assert error.file is not None and error.file.endswith("lift_tests.csv")


def test_a_row_is_checked_as_a_whole(
    write: Callable[..., Path], refused: Callable[..., InputError]
) -> None:
    write(
        HEAD + "a,search,,revenue,,2024-01-28,2024-01-15,,100,0.5,,250,3\n"
        "b,search,,revenue,,2024-01-15,2024-01-28,2024-01-20,,,,250,3\n"
        "c,tv,,revenue,,2024-01-15,2024-01-28,,,-1,yes,250,3\n",
        "lift_tests.csv",
    )
    told = str(refused(weekly(), **FROM_TABLE))
    assert "start not after end, but they are 2024-01-28 and 2024-01-15." in told
    assert "row 3: found the test 'b'; expected measured_until not before end" in told
    assert told.count("exactly one of them") == 2
    assert "row 4: found the test 'c'; expected 'spend_change' in money for a pause" in told


def test_what_the_data_cannot_hold_is_refused(
    write: Callable[..., Path], refused: Callable[..., InputError]
) -> None:
    write(
        HEAD + "a,search,,revenue,,2023-12-01,2024-01-07,,100,,,250,3\n"
        "b,search,north,revenue,,2024-01-15,2024-01-21,,100,,,250,3\n"
        "c,search,,revenue,,2024-02-05,2024-02-11,,-900,,,250,3\n"
        "d,search,,revenue,,2024-02-12,2024-02-18,2024-04-01,100,,,250,3\n"
        "e,tv,,revenue,,2024-01-01,2024-01-07,,,0.5,,250,3\n",
        "lift_tests.csv",
    )
    told = [str(problem) for problem in refused(weekly(), **FROM_TABLE).problems]
    assert len(told) == 5
    assert "row 2, column start: found 2023-12-01; expected a day of the data's weeks" in told[0]
    assert "row 3, column region: found 'north'; expected no region" in told[1]
    assert "row 4, column spend_change: found -900, and the data has 105" in told[2]
    assert "set already_in_spend" in told[2]
    assert "row 5, column measured_until: found 2024-04-01" in told[3]
    assert "row 6, column spend_change_share: found 0.5, and no spend" in told[4]


def test_the_same_effect_measured_twice_is_refused(
    write: Callable[..., Path], refused: Callable[..., InputError]
) -> None:
    inline = {
        "second": {
            "channel": "search", "outcome": "revenue", "start": "2024-01-20", "end": "2024-02-03",
            "spend_change_share": 0.5, "incremental_outcome": 20, "standard_error": 3,
        }
    }  # fmt: skip
    write(GOOD, "lift_tests.csv")
    told = str(refused(weekly(), lift_tests=inline, **FROM_TABLE))
    assert (
        "lift_tests.second: found the test 'second', which overlaps 'more search' (row 2)" in told
    )
    write(GOOD.replace("tv off,tv", "more search,tv"), "lift_tests.csv")
    assert "found 'more search' again (first in row 2)" in str(refused(weekly(), **FROM_TABLE))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "data.lift_tests: found no such file"),
        ("test,channel\na,search\n", "column standard_error: found no such column"),
        (GOOD.replace("measured_until", "measured_untill"), "Did you mean 'measured_until'?"),
    ],
)
def test_a_table_that_is_none(
    write: Callable[..., Path], refused: Callable[..., InputError], text: str | None, words: str
) -> None:
    if text is not None:
        write(text, "lift_tests.csv")
    assert words in str(refused(weekly(), **FROM_TABLE))


def test_columns_that_lack_and_columns_too_many_are_told_at_once(
    write: Callable[..., Path], refused: Callable[..., InputError]
) -> None:
    write(GOOD.replace("standard_error", "sd").replace("measured_until", "until"), "lift_tests.csv")
    told = str(refused(weekly(), **FROM_TABLE))
    assert "column standard_error: found no such column" in told
    assert "column sd: found an unknown column" in told
    assert "column until: found an unknown column" in told


def test_tests_of_regions_in_a_regional_and_a_national_model(write: Callable[..., Path]) -> None:
    table = HEAD + "a,search,north; west,revenue,,2024-01-15,2024-01-28,,,0.5,,250,30\n"
    write(table, "lift_tests.csv")
    data = sources(region="region") | {"lift_tests": "lift_tests.csv"}
    folder = write(regional("north", "south", "west"))
    by_region = read_and_build(
        small_params(data=data, model={"geography": "regional"}), folder
    ).panel
    [lift] = by_region.lift_tests
    assert (lift.regions, lift.part, lift.error) == (("north", "west"), 1.0, 30)
    built = read_and_build(small_params(data=data), folder)
    [national] = built.panel.lift_tests
    # Two regions of three that spend alike: two thirds of a test of the whole country.
    assert national.part == pytest.approx(2 / 3)
    np.testing.assert_allclose(np.array(national.tested), 1.5 * np.array(national.without))
    assert national.error == pytest.approx(np.hypot(30, 0.2 * 250 * np.sqrt(1 / 3)))
    # The panel by region turns into the same test of the country.
    [summed] = by_region.to_national().lift_tests
    np.testing.assert_allclose(summed.tested, national.tested)
    assert summed.part == pytest.approx(national.part)
    [finding] = lift_findings(built.lift_tests, built.panel, small_params())
    assert (
        "It was of north, west, 66.7\N{NO-BREAK SPACE}% of the channel's spend" in finding.message
    )


def test_status_says_what_there_is_and_what_is_wrong(write: Callable[..., Path]) -> None:
    write(GOOD, "lift_tests.csv")
    params, folder = small_params(**FROM_TABLE), write(weekly())
    declared = read_lift_tests(params, folder, Problems())
    assert lift_status(declared) == (
        "2 lift tests of revenue.pooled; the last one counted until 2024-01-28."
    )
    assert lift_status([]) == ""
    assert read_status(params, folder)[1] is None
    write(GOOD.replace(",40\n", ",0\n"), "lift_tests.csv")
    error = read_status(params, folder)[1]
    assert error is not None
    assert "more than 0" in str(error)


def test_tests_in_weeks_that_are_kept_out_wait(write: Callable[..., Path]) -> None:
    write(GOOD.replace("2024-01-28,,100", "2024-03-24,,100"), "lift_tests.csv")
    data = FROM_TABLE["data"] | {"settling": {"weeks": 2}}
    built = read_and_build(small_params(data=data), write(weekly()))
    assert [lift.name for lift in built.panel.lift_tests] == ["tv off"]
    waiting = next(iter(lift_findings(built.lift_tests, built.panel, small_params())))
    assert waiting.status == "flag"
    assert "kept out of the fit" in waiting.message


def test_a_run_keeps_its_tests_and_their_table(write: Callable[..., Path], tmp_path: Path) -> None:
    write(GOOD, "lift_tests.csv")
    params = small_params(**FROM_TABLE)
    before = hash_inputs(params, write(weekly()))
    runs = [new_run(tmp_path / "runs", period) for period in ("2026-Q1", "2026-Q2")]
    panel = ingest(params, runs[0], tmp_path)
    assert panel_of(runs[0]).lift_tests == panel.lift_tests
    write(GOOD.replace("250.5", "200"), "lift_tests.csv")
    ingest(params, runs[1], tmp_path)
    assert before["data.lift_tests"] != hash_inputs(params, tmp_path)["data.lift_tests"]
    kept = [vintage_of(run, "data.lift_tests") for run in runs]
    [change] = compare_vintages(*kept).to_dict("records")
    assert (change["series"], change["region"], change["change"], change["kind"]) == (
        "incremental_outcome",
        "more search",
        -50.5,
        "restated",
    )


def new_run(folder: Path, period: str) -> Run:
    path = folder / f"fake-{period}-abc"
    created = dt.datetime.now(dt.UTC)
    manifest = Manifest(run=path.name, workbook="fake", period=period, created=created)
    write_atomic(path / "manifest.json", manifest.sealed())
    return Run(path)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("more,search,,revenue,,2024-01-15,2024-01-28,,100,,,-250,40", "its sign is against"),
        ("off,tv,,revenue,,2024-01-08,2024-01-21,,,-1,no,300,40", "its sign is against"),
        ("more,search,,revenue,,2024-01-15,2024-01-28,,100,,,9000,400", "all that was counted"),
        ("off,tv,,revenue,,2024-01-08,2024-01-21,,,-1,no,-9000,400", "all that was counted"),
    ],
)
def test_a_test_that_cannot_be_blocks(write: Callable[..., Path], row: str, why: str) -> None:
    write(HEAD + row + "\n", "lift_tests.csv")
    built = read_and_build(small_params(**FROM_TABLE), write(weekly()))
    [finding] = lift_findings(built.lift_tests, built.panel, small_params())
    assert (finding.level, finding.status) == (Level.BLOCK, Status.FLAG)
    assert why in finding.message


@pytest.mark.parametrize(
    "row",
    [
        "more,search,,revenue,,2024-01-15,2024-01-28,,100,,,-70,40",
        "more,search,,revenue,,2024-01-15,2024-01-28,,100,,,2500,300",
        "off,tv,,revenue,,2024-01-08,2024-01-21,,-10,,yes,-9000,400",
    ],
)
def test_a_test_within_its_error_is_used(write: Callable[..., Path], row: str) -> None:
    write(HEAD + row + "\n", "lift_tests.csv")
    built = read_and_build(small_params(**FROM_TABLE), write(weekly()))
    [finding] = lift_findings(built.lift_tests, built.panel, small_params())
    assert finding.status is Status.OK
