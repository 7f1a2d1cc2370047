"""What counts as true, and lines that are read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from honesty_tables import direction, held, share
from kept_lines import measured, read_lines


@pytest.mark.parametrize(
    ("probability", "true", "right"),
    [(0.9, True, True), (0.9, False, False), (0.1, False, True), (0.5, True, None)],
)
def test_a_direction_is_said_from_a_clear_probability_on(
    probability: float, true: bool, right: bool | None
) -> None:
    assert direction({"what": "cut", "probability": probability, "true": true}) is right


def test_a_first_place_is_said_only_of_the_first() -> None:
    assert direction({"what": "first", "probability": 0.1, "true": False}) is None


def test_a_range_holds_what_lies_inside() -> None:
    assert held({"low": 1.0, "high": 2.0, "truth": 2.0})
    assert not held({"low": 1.0, "high": 2.0, "truth": 2.1})


def test_a_share_is_told_with_its_interval_and_counts() -> None:
    assert share([True] * 9 + [False]) == "90 % (60 to 98; 9 of 10)"
    assert share([]) == "–"


def make_line(kind: str, seed: int) -> dict[str, object]:
    return {"kind": kind, "seed": seed}


def test_a_line_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "worlds.jsonl"
    file.write_text('{"kind": "threshold", "seed": 1}\n{"kind": "thresh')
    assert read_lines(file) == [{"kind": "threshold", "seed": 1}]
    assert measured(file, [("threshold", 1)], make_line) == [{"kind": "threshold", "seed": 1}]
    assert measured(file, [("threshold", 1), ("outliers", 2)], make_line) == [
        make_line("threshold", 1),
        make_line("outliers", 2),
    ]
    assert read_lines(file) == measured(file, [("threshold", 1), ("outliers", 2)], None)
