"""What is usually restated, by age, and which weeks are kept out for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.history.restatement import falling, moving_weeks, restatements, revision_shares
from mmmlib.data.history.vintages import Shape, Vintage, past_runs
from mmmlib.data.ingest import check_data, ingest
from mmmlib.data.panel.panel import panel_of
from mmmlib.errors import InputError
from mmmlib.findings import FindingList, Level, Status
from mmmlib.params.data import Settling
from mmmlib.runs import Run
from tests.data.conftest import small_params, sources, weekly
from tests.data.history.test_vintages import finish, make_run

Write = Callable[..., Path]
USED = {"media": {"revenue", "tv_spend"}}
AUTO = Settling(weeks="auto")


def told(weeks: int, low: tuple[float, ...] = (), column: str = "revenue") -> pd.DataFrame:
    """A history whose youngest weeks are told too low, the youngest first."""
    frame = weekly(weeks)
    frame["tv_spend"] += 5.0
    for age, share in enumerate(low):
        frame.loc[weeks - 1 - age, column] *= 1 - share
    return frame


def vintage(frame: pd.DataFrame) -> Vintage:
    return Vintage("media", frame.astype("str"), Shape("date"), "here")


def learned(now: pd.DataFrame, *past: pd.DataFrame) -> pd.DataFrame:
    return restatements({"media": vintage(now)}, {"media": [vintage(one) for one in past]}, USED)


def test_moves_are_told_by_age() -> None:
    moves = learned(told(40), told(30, (0.2, 0.1)), told(34, (0.4, 0.1)))
    assert moves["delivery"].nunique() == 2
    revenue = moves[moves["series"] == "revenue"].groupby("age")[["moved", "of", "shift"]].sum()
    share = revenue["moved"] / revenue["of"]
    assert share[0] == pytest.approx(0.3, abs=0.001)
    assert share[1] == pytest.approx(0.1, abs=0.001)
    assert share[2:].max() == 0
    assert revenue["shift"][0] > 0
    assert set(moves["series"]) == {"revenue", "tv_spend"}


def test_weeks_that_are_young_today_teach_nothing() -> None:
    assert learned(told(33, (0.3,)), told(30, (0.3,))).empty
    assert not learned(told(34, (0.3,)), told(30, (0.3,))).empty


def test_the_series_that_settles_last_decides() -> None:
    moves = learned(told(40), told(30, (0.2, 0.1, 0.05)))
    assert moving_weeks(moves, AUTO) == {"media": 3}
    assert moving_weeks(moves, Settling(weeks="auto", max_move=0.15)) == {"media": 1}
    assert moving_weeks(moves, Settling(weeks="auto", max_weeks=2)) == {"media": 2}
    assert moving_weeks(learned(told(40), told(30)), AUTO) == {"media": 0}


def test_history_that_is_rewritten_as_a_whole_keeps_nothing_out() -> None:
    rewritten = told(40).assign(revenue=told(40)["revenue"] * 1.2)
    assert moving_weeks(learned(rewritten, told(30)), AUTO) == {"media": 0}


def test_a_hole_among_young_weeks_is_smoothed() -> None:
    share = falling(np.array([10.0, 0.0, 6.0, 1.0]), np.full(4, 100.0))
    np.testing.assert_allclose(share, [0.10, 0.03, 0.03, 0.01])
    assert falling(np.array([1.0]), np.array([0.0]))[0] > 1e9
    assert falling(np.zeros(2), np.zeros(2)).tolist() == [0.0, 0.0]


# --- in a run ----------------------------------------------------------------------


def in_runs(tmp_path: Path, write: Write, settle: dict[str, Any], *frames: pd.DataFrame) -> Any:
    data = sources() | {"settle": settle}
    params = small_params(data=data, refresh={"period": "2024-Q3", "as_of": "2024-10-10"})
    for number, frame in enumerate(frames):
        run = make_run(tmp_path, number)
        ingest(params, run, write(frame))
        finish(run)
    found = run.load_json("data.json", FindingList).findings
    return panel_of(run), {(f.check, f.subject): f for f in found}


def test_auto_keeps_out_what_past_refreshes_restated(tmp_path: Path, write: Write) -> None:
    frames = told(30, (0.2, 0.1)), told(40, (0.2, 0.1))
    panel, found = in_runs(tmp_path, write, {"weeks": "auto"}, *frames)
    assert len(panel.weeks) == 38
    assert [str(week.date()) for week in panel.kept_out] == ["2024-09-23", "2024-09-30"]
    assert found["data.restatement", "media"].status is Status.OK
    told_out = found["data.kept_out", "workbook"]
    assert (told_out.status, told_out.level, told_out.value) == (Status.FLAG, Level.INFO, 2.0)
    assert "2024-09-23 to 2024-09-30" in told_out.message
    # revenue moved by 15 %, the other three series not at all
    words = "Its last 2 weeks move by 3.7"
    assert found["data.restatement", "media"].message.startswith(words)


def test_without_the_rule_moving_weeks_in_the_panel_are_flagged(
    tmp_path: Path, write: Write
) -> None:
    frames = told(30, (0.2, 0.1)), told(40, (0.2, 0.1))
    panel, found = in_runs(tmp_path, write, {}, *frames)
    assert (len(panel.weeks), panel.kept_out) == (40, ())
    finding = found["data.restatement", "media"]
    assert (finding.status, finding.level, finding.value) == (Status.FLAG, Level.WARN, 2.0)
    assert "auto" in finding.action
    assert "(outcome: Revenue most, by 15" in finding.message


def test_revisions_by_age(tmp_path: Path, write: Write) -> None:
    in_runs(tmp_path, write, {}, told(30, (0.2, 0.1)), told(40, (0.2, 0.1)))
    first, second = sorted(p.parent for p in (tmp_path / "runs").glob("*/manifest.json"))
    assert revision_shares(Run(first)).empty
    table = revision_shares(Run(second))
    assert list(table.columns) == ["media"]
    assert list(table.index) == [*map(str, range(8)), "8 and older"]
    shares = list(table["media"])
    assert shares[0] > shares[1] > 0
    assert set(shares[2:]) == {0.0}


def test_a_declared_number_of_weeks_needs_no_past(tmp_path: Path, write: Write) -> None:
    panel, found = in_runs(tmp_path, write, {"weeks": 3}, told(40))
    assert len(panel.weeks) == 37
    assert found["data.kept_out", "workbook"].value == 3.0
    assert found["data.restatement", "workbook"].status is Status.OK


def test_auto_without_a_past_keeps_all(tmp_path: Path, write: Write) -> None:
    panel, _ = in_runs(tmp_path, write, {"weeks": "auto"}, told(40))
    assert len(panel.weeks) == 40


def test_all_weeks_kept_out_is_an_error(tmp_path: Path, write: Write) -> None:
    with pytest.raises(InputError, match=r"all of them kept out as still moving"):
        in_runs(tmp_path, write, {"weeks": 12}, told(12))


def test_a_damaged_past_is_told_and_left_out(tmp_path: Path, write: Write) -> None:
    params = small_params(refresh={"period": "2024-Q3", "as_of": "2024-10-10"})
    run = make_run(tmp_path, 1)
    ingest(params, run, write(told(30, (0.2,))))
    finish(run)
    part = max((run.path / "inputs" / "media.parquet").glob("*.parquet"))
    part.unlink()
    _, findings = check_data(params, write(told(40)), run.runs_dir)
    (finding,) = [f for f in findings if f.check == "data.past"]
    assert (finding.status, finding.level) == (Status.FLAG, Level.WARN)
    assert part.name in finding.message


def test_only_finished_runs_teach(tmp_path: Path, write: Write) -> None:
    run = make_run(tmp_path, 1)
    ingest(small_params(), run, write(weekly()))
    assert past_runs(run.runs_dir, "fake") == []
    finish(run)
    assert [one.name for one in past_runs(run.runs_dir, "fake")] == [run.name]
    assert past_runs(run.runs_dir, "fake", run.manifest.created) == []
    assert past_runs(run.runs_dir, "other") == []
