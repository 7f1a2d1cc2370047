"""What a refresh shows: a line a minute in a log, with the time that is left."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mmmlib.manifest import StepRecord
from mmmlib.model.under_way import progress_text
from mmmlib.runner.progress import Log


def event(fit: str, at: float, done: float) -> dict[str, Any]:
    return {"fit": fit, "began": 0.0, "at": at, "done": done}


def test_fits_tell_how_far_they_are_and_what_is_left() -> None:
    told = [event("a", 10, 0.1), event("a", 60, 1.0), event("b", 30, 0.25)]
    # One fit takes 60 to 120 s, so 90; 0.75 of b and all of c are left, for two workers.
    assert progress_text(told, 3, 2) == "1 of 3 fits done; b 25 %; about 1 min left"
    assert progress_text(told, 3, 1) == "1 of 3 fits done; b 25 %; about 3 min left"


def test_nothing_is_guessed_before_anything_is_known() -> None:
    assert progress_text([], 2, 2) == "0 of 2 fits done"
    assert progress_text([event("a", 1, 0.01)], 1, 2) == "0 of 1 fit done; a 1 %"


def test_fits_that_are_over_say_nothing() -> None:
    assert progress_text([event("a", 60, 1.0)], 1, 2) == ""


def test_a_log_has_lines_of_long_steps_only(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(every=0.05)
    log.step_begins("data")
    log.step_ends(StepRecord(name="data", status="done"), kept=False)
    log.step_begins("model_fit")
    log.step_says("model_fit", "1 of 3 fits done")
    time.sleep(0.3)
    log.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all("model_fit, 0 min: 1 of 3 fits done" in line for line in lines)
    assert len(lines) <= 6
